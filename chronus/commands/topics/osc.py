"""Help on OSC: which message stands for which line, and how it is answered."""

from __future__ import annotations

from chronus.commands.topic import Topic

TOPIC = Topic(
    name="osc",
    doc="OSC: which message of a controller stands for which line",
    page="""
A live session takes OSC by UDP at port 5005 of this machine. `--osc 9000` takes
another port, `--osc 0.0.0.0:5005` lets other machines in, `--osc off` nobody.

Each message stands for a line:

    /mod/NODE/PORT 800.0           set NODE.PORT 800, in the port's own unit
    /mod/NODE/PORT "+7st"          set NODE.PORT +7st
    /gate/NODE 1                   gate NODE on, with 0 off
    /note/NODE 60 0.8 0.5          a note: MIDI number or "c4", velocity, s
    /cmd "any line"                that line
    /test                          a tone of 440 Hz, whatever is patched

So where `/mod/filter/cutoff 800.0` comes, this happens:

> load saw; load filter; patch saw > filter; load kick
> set filter.cutoff 800
ok filter.cutoff = 800hz at 1.1.000 (frame 0)
> trigger kick

Each message is answered at the port that it came from, by `/reply n "ok" text`
or `/error n code text`; n counts the messages of that client. A bundle is one
transaction: all of it on one block, or nothing. With a time tag it is heard at
that time; one that comes late is done at once, and its replies say how late.
`status` counts what came, and others are told what is said, as of every client:
`help together`.
""",
)
