"""Help on modulation."""

from __future__ import annotations

from chronus.commands.topic import Topic

TOPIC = Topic(
    name="modulation",
    doc="what moves ports: waves, chance, envelopes, arithmetic and logic of gates",
    page="""
Any output can move any input: patch A > B.port by AMOUNT. What moves it:

lfo       a wave; rate=1/4 is a cycle a quarter note, a gate begins it anew
walk      wanders by chance, smoothly; the same way each time
hold      keeps the value that comes in when its gate opens (S&H)
slew      smooths jumps, up and down apart (lag, portamento)
follower  how loud a sound is
quantize  any pitch becomes a note of a scale; `new` is a gate for each
adsr, ar  envelopes; rise and fall bend them, ar can loop

> load saw as lead freq=0; load filter resonance=0.5; patch lead > filter
> load walk rate=3 step=0.8; load quantize scale=dorian root=d3
> patch walk > quantize.freq by 12st; patch quantize > lead.freq
> load ar attack=5 release=200 fall=-0.5; patch quantize.new > ar.gate
> patch ar.env > filter.cutoff by 2khz
> load lfo rate=1/2 shape=triangle; patch lfo > filter.cutoff by 1oct
> sequence lfo: x... x...        # begins its wave with each of these

A rate or time in beats follows the tempo, its jumps and ramps, to the sample:
rate=1/4 on an lfo, time=3/16 on a delay (which glides there). The wave keeps
its place to the beat from where it was loaded, or from its last gate: begin
it on a bar line where that matters.

> set lfo.rate 1/4; at next bar trigger lfo
> tempo 150 over 2 bars

add mul min max abs compare clip compute at every sample, with `in` and `b`:

> load lfo as vibrato rate=6; load mul b=0; patch vibrato > mul
> load follower; patch filter > follower; patch filter > out
> patch follower > mul.b; patch mul > lead.freq by 30ct

Of gates (0 and 1), min is and, max is or, compare.not is not:

> load lfo as three shape=square rate=3/16; load lfo as four shape=square
> load min as both; patch three > both; patch four > both.b
> load hat; patch both > hat.gate
""",
)
