"""The cases for Csound: one orchestra and score in a file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.peers.spec import (
    BASS_HZ,
    BLOCK,
    CASES,
    HAT,
    KICK,
    RATE_HZ,
    SNARE,
    STEP_S,
    freq_hz,
    gain,
    gate_phase,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bench.peers.spec import Case

PROGRAMS = ("csound",)
FILE = """<CsoundSynthesizer>
<CsOptions>
-d -m0
</CsOptions>
<CsInstruments>
sr = {rate}
ksmps = {block}
nchnls = {channels}
0dbfs = 1
giSine ftgen 1, 0, 16384, 10, 1
gaBus init 0
{orchestra}
</CsInstruments>
<CsScore>
{score}
f0 {seconds}
</CsScore>
</CsoundSynthesizer>
"""
# The envelope begins anew at each tick of a clock; its gate is 125 ms long.
VOICE = """instr 1
  ktick metro 4, p5
  if ktick == 1 then
    reinit again
  endif
again:
  aenv linseg 0, .005, 1, .1, .4, .02, .4, .06, 0, 1, 0
  rireturn
  kenv downsamp aenv
  asaw vco2 1, p4
  alow zdf_2pole asaw, 200 + 4000 * kenv, 4
  {out}
endin
"""
DRUMS = """instr 1
  kfreq expon 200, .08, 50
  aenv expseg .001, .001, 1, .25, .001
  asine poscil .8, (kfreq < 50 ? 50 : kfreq), giSine
  gaBus = gaBus + asine * aenv
endin
instr 2
  anoise rand 1
  aband butterbp anoise, 1800, 1800
  awires expseg .001, .001, 1, .18, .001
  askin expseg .001, .001, 1, .12, .001, 1, .001
  asine poscil .4, 190, giSine
  gaBus = gaBus + aband * awires * .8 + asine * askin
endin
instr 3
  anoise rand 1
  ahigh buthp anoise, 8000
  aenv expseg .001, .001, 1, .05, .001
  gaBus = gaBus + ahigh * aenv * .3
endin
instr 4
  kcutoff chnget "cutoff"
  kcutoff port kcutoff, .005, 500
  asaw vco2 1, 55
  alow zdf_2pole asaw, kcutoff, 3.3
  gaBus = gaBus + alow * .4
endin
instr 5
  chnset p4, "cutoff"
endin
instr 9
  aout compress2 gaBus, gaBus, -90, -12, -3, 20, .002, .1, .01
  out aout
  gaBus = 0
endin
"""
EFFECTS = """instr 9
  aecho delayr .375
  delayw gaBus + aecho * .5
  asum = gaBus + aecho * .5
  aleft, aright freeverb asum, asum, .7, .5
  outs asum * .67 + aleft * .33, asum * .67 + aright * .33
  gaBus = 0
endin
"""
# A user's opcode that runs sample by sample, so that the feedback is as late as in the others.
FM = """opcode Fed, a, i
  setksmps 1
  ifreq xin
  amod init 0
  aphase phasor ifreq
  amod tablei aphase + amod * .07957747, giSine, 1, 0, 1
  xout amod
endop
instr 1
  amod Fed p4 * 2
  aphase phasor p4
  aout tablei aphase + amod * .31830989, giSine, 1, 0, 1
  out aout * p6
endin
"""
LADDER = """instr 1
  asweep poscil 800, p4 * .5, giSine
  asaw vco2 1, p4
  alow moogladder2 asaw, 1200 + asweep, .7
  out alow * p6
endin
"""
ORCHESTRAS = {
    "voice": VOICE.format(out="out alow * aenv * p6"),
    "effects": VOICE.format(out="gaBus = gaBus + alow * aenv * p6") + EFFECTS,
    "drums": DRUMS,
    "fm": FM,
    "ladder": LADDER,
}


def build(_folder: Path) -> None:
    """Nothing is compiled beforehand."""


def command(case: str, seconds: int, sound: Path | None, folder: Path) -> list[str]:
    """What plays a case; its file is written first."""
    file = folder / f"{case}-{seconds}.csd"
    work = CASES[case].work
    text = FILE.format(
        rate=RATE_HZ,
        block=BLOCK,
        channels=2 if work == "effects" else 1,
        orchestra=ORCHESTRAS[work],
        score="\n".join(_events(CASES[case], seconds)),
        seconds=seconds,
    )
    file.write_text(text)
    into = ["-n"] if sound is None else ["-W", "-f", "-o", str(sound)]
    return ["csound", *into, str(file)]


def _events(case: Case, seconds: int) -> Iterator[str]:
    if case.work != "drums":
        for i in range(case.voices):
            settings = f"{freq_hz(i):.5f} {gate_phase(i)} {gain(case.voices):.6f}"
            yield f"i1 0 {seconds} {settings}"
    if case.work in ("drums", "effects"):
        yield f"i9 0 {seconds}"
    if case.work == "drums":
        yield f"i4 0 {seconds}"
        for step in range(int(seconds / STEP_S)):
            at = f"{step * STEP_S:.6f}"
            yield f"i5 {at} .01 {BASS_HZ[step % 16]}"
            for number, long_s, steps in ((1, 0.251, KICK), (2, 0.181, SNARE), (3, 0.051, HAT)):
                if step % 16 in steps:
                    yield f"i{number} {at} {long_s}"
