"""Help on musical time."""

from __future__ import annotations

from chronus.commands.topic import Topic

TOPIC = Topic(
    name="time",
    doc="tempo, bars, waiting, what happens later, glides and undo",
    page="""
Time is counted in bars, beats and thousandths of a beat: 5.1.000 is the first
beat of bar 5. A reply names the bar and the frame at which it took effect.

> tempo 174; meter 4/4; load kick; sequence kick: x...x...
> tempo 140 over 4 bars                    # on an even way there

At the prompt a line happens at once, and `at` says when else:

> at next bar trigger kick
> at bar 17 { set kick.decay 400ms; set kick.freq 50hz }
> every 8 bars trigger kick
> at +500ms set kick.level -3db
> list pending
> cancel all

WHEN is: next bar, next 4 bars, bar 17, beat 3, +500ms, +2 beats. Braces may
span lines: all that they hold takes effect on one block, or nothing does.

In a file or a pipe time stands still, and only `wait` moves it. So a file is a
score: `chronus render FILE -o OUT.wav` gives what `chronus play FILE` plays.

> wait 2 bars
> wait until bar 9; set kick.level -12db over 1 bar; wait 1 bar

A new sequence takes over at the next bar line; with `now`, at once:

> sequence kick: X..x..x. step 1/8 now

`undo` and `redo` change the patch back and forth while it plays; `snapshot A`
keeps it, and `recall A over 2 bars` morphs to it:

> snapshot drop; set kick.freq 90hz; undo; redo; recall drop over 1 bar
""",
)
