"""Help on playing with others in one session."""

from __future__ import annotations

from chronus.commands.topic import Topic

TOPIC = Topic(
    name="together",
    doc="several at once: attach, locks, undo of one's own, hear and show",
    page="""
`chronus attach` is the prompt of a live session in another terminal; `chronus
--server` is a session without a prompt of its own, until `quit`. A program
pipes its lines into `chronus attach` or `chronus send`, with `--json` for
objects. `chronus sessions` lists what is live.

What one says that does something is news to all others, a line that begins
with `! `: `! client 3: set filter.cutoff 800hz`. `history` tells who said what.

Keep others' hands off what you are about to play; they get E_LOCKED, and your
name. It ends by `unlock`, or when you go:

> load kick; load hat; lock kick
> list locks
> unlock kick

`undo --mine` takes back your own last change, and leaves what others have
changed since; where that is the same port or cable, it is an error:

> set hat.decay 90ms; set kick.level -3db
> undo --mine

Look and listen before you say that it was the others. `hear` says in words what
has just been heard: loudness, colour, pitch, onsets, and what is wrong:

> show graph
> sequence kick: x...; wait 1 bar
> show meters
> hear last 1 bar
""",
)
