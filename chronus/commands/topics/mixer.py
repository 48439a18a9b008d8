"""Help on mixer."""

from __future__ import annotations

from chronus.commands.topic import Topic

TOPIC = Topic(
    name="mixer",
    doc="levels, pans, sends, buses, mute and solo",
    page="""
Channel: A.level in dB (-60 is silence) and A.pan from -1, left, to 1, right,
of equal power: a side alone is 3 dB above each side of the middle.
`out.level` is the master. Send: a cable into an effect, `by` so much of the
sound, before the channel's level. What still goes to `out` as well needs that
cable by hand: patch A > out. Bus: a `mix`; what is patched into it is heard
through it, and its level goes for all. Mute and solo: of a channel, a bus, an
effect, or a node behind a bus. What is soloed is heard through its buses and
effects, alone. A muted node sends nothing to anybody. All of it fades within
5 ms, glides with `over`, is moved by cables and sequences, and belongs to the
patch: saved, undone, part of scenes and snapshots.

> load kick; load hat; load saw as bass; load delay as echo; load mix as drums
> set bass.level -9db bass.pan -0.2
> patch kick, hat > drums; set drums.level -3db
> patch bass > echo by -12db; patch bass > out; set echo.mix 1
> solo kick
> unsolo kick; mute hat
> set drums.level -20db over 2 bars
> set out.level -1db
""",
)
