"""Help on cables, ports and values."""

from __future__ import annotations

from chronus.commands.topic import Topic

TOPIC = Topic(
    name="patching",
    doc="nodes, ports, cables, amounts and values with units",
    page="""
A node is made of a module kind. What makes sound is heard at once, by itself:

> load saw as bass freq=55hz
ok bass: saw > out at 1.1.000 (frame 0)
> load filter; load adsr as env; load delay

`patch` plugs cables, from main output to main input; then the last is heard:

> patch bass > filter > env > delay
ok bass > filter > env > delay at 1.1.000 (frame 0)

Everything is a port, NODE.PORT, and every input takes a value and cables:

> set filter.cutoff 800hz filter.resonance 60%
> set filter.cutoff *1.5; set bass.freq +7st; set env.attack 1/16
> patch env.env > filter.cutoff by 2khz    # `by` scales what the cable brings
> load lfo rate=1/4; patch lfo > bass.freq by 20ct
> set filter.cutoff 3khz over 2 bars       # glides there, exactly that long

Units: 440hz 2khz 10ms 2s 1/8 2bars -6db 50% +7st 25ct 2oct c4 f#2 eb3 on off.
A bare number takes the port's own unit. In st, ct or oct an amount bends a
frequency by equal ratios; in hz it adds.

> load kick; patch kick, bass > filter     # A, B joins two into one
> unpatch kick > filter                    # kick is heard by itself again
> set kick.level -6db kick.pan -0.3        # what is heard has level and pan
> mute kick; unmute kick; copy kick as thud; rename thud low; unload low

`list cables` shows all cables, `describe filter` each port with its range,
`describe cutoff` which kinds have such a port. `save FILE` keeps the patch.
""",
)
