"""The cases in this engine: `python -m tests.bench.peers.ours CASE SECONDS [OUT.wav]` plays one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.bench.peers.spec import BASS_HZ, CASES, HAT, KICK, RATE_HZ, SNARE, freq_hz, gain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bench.peers.spec import Case

MOST_VOICES = 64
"""Of one instrument; more are shared out over several."""

# Notes hold the voices for ever; what opens the gate of each is an oscillator of its own, ahead by
# its velocity.
VOICE = """instrument voice {
load keys; load saw freq=0.01; load lfo as clock rate=4 shape=square
load adsr as env attack=5 decay=100 sustain=0.4 release=60 velocity=1
load filter cutoff=200hz resonance=0.83; load vca gain=0; load poly
patch keys.freq > saw.freq; patch keys.velocity > clock.phase; patch clock > env.gate
patch env.env > filter.cutoff by 4khz; patch env.env > vca.gain
patch saw > filter > vca > poly > out }"""
# One voice is patched by hand, as anyone would.
ALONE = """load saw freq=55hz; load lfo rate=4 shape=square
load adsr as env attack=5 decay=100 sustain=0.4 release=60 velocity=1
load filter cutoff=200hz resonance=0.83; load vca gain=0; patch lfo > env.gate
patch env.env > filter.cutoff by 4khz; patch env.env > vca.gain
patch saw > filter > vca; set vca.level -6db""".splitlines()
FM = """instrument voice {
load keys; load fm freq=0.01 ratio=2 index=2 feedback=0.3; load poly
patch keys.freq > fm.freq; patch fm > poly > out }"""
LADDER = """instrument voice {
load keys; load saw freq=0.01; load sine as sweep freq=0.01; load poly
load ladder cutoff=1200hz resonance=0.7
patch keys.freq > saw.freq; patch keys.freq > sweep.freq by 0.5
patch sweep > ladder.cutoff by 800hz; patch saw > ladder > poly > out }"""
SNARE_LINES = """load noise as wires; load filter as band cutoff=1800hz resonance=0.3 mode=band
load strike as rattle decay=180; load sine as skin freq=190hz; load strike as thump decay=120
patch wires > band > rattle; patch skin > thump
load noise as air; load filter as top cutoff=8khz mode=high; load strike as tick decay=50
patch air > top > tick"""


def score(case: Case) -> list[str]:
    """The lines of a case."""
    return list(_drums() if case.work == "drums" else _voices(case))


def _voices(case: Case) -> Iterator[str]:
    if case.voices == 1:
        yield from ALONE
        return
    yield {"fm": FM, "ladder": LADDER}.get(case.work, VOICE)
    yield "load mix as sum"
    for first in range(0, case.voices, MOST_VOICES):
        count = min(case.voices - first, MOST_VOICES)
        name = f"part{first // MOST_VOICES + 1}"
        yield f"load voice as {name} voices {count}"
        yield f"patch {name} > sum by {gain(case.voices):.6f}"
        for phase in range(min(8, count)):
            notes = " ".join(f"{freq_hz(i):.4f}hz" for i in range(first + phase, first + count, 8))
            yield f"note {name} {notes} for 3600s at {phase / 8}"
    if case.work == "effects":
        yield "load delay time=375ms feedback=0.5 mix=0.5; load reverb decay=2s mix=0.33"
        yield "patch sum > delay > reverb"


def _drums() -> Iterator[str]:
    yield "tempo 174"
    yield "load kick; load saw as bass freq=55hz; load filter resonance=0.8; patch bass > filter"
    yield SNARE_LINES.replace("\n", "; ")
    yield "load mix as sum; load limiter; patch kick, filter > sum; patch sum > limiter"
    yield "patch rattle > sum by 0.8; patch thump > sum by 0.4; patch tick > sum by 0.3"
    for name, steps in (("kick", KICK), ("rattle", SNARE), ("thump", SNARE), ("tick", HAT)):
        yield f"sequence {name}: {''.join('x' if i in steps else '.' for i in range(16))}"
    yield f"sequence filter.cutoff: {' '.join(map(str, BASS_HZ))}"


def command(case: str, seconds: int, sound: Path | None) -> list[str]:
    """What plays a case."""
    call = [sys.executable, "-m", "tests.bench.peers.ours", case, str(seconds)]
    return call if sound is None else [*call, str(sound)]


def command_apart(case: str, seconds: int, sound: Path | None) -> list[str]:
    """The same without kernels for whole groups of voices."""
    return ["env", "CHRONUS_FUSE=0", *command(case, seconds, sound)]


def main(case: str, seconds: str, sound: str | None = None) -> None:
    """Play a case, into a file where one is named."""
    from chronus.commands.registry import handlers  # noqa: PLC0415 - who measures needs none of it
    from chronus.machine.recorder import FileRecorder  # noqa: PLC0415
    from chronus.session.offline import Offline  # noqa: PLC0415
    from chronus.session.session import Length, Session  # noqa: PLC0415

    backend = Offline(RATE_HZ)
    if sound is not None:
        backend.add_sink(FileRecorder(sound, RATE_HZ), 0)
    session = Session(backend, handlers(), is_score=True)
    for line in score(CASES[case]):
        reply = session.run_line(line)
        assert reply.ok, reply
    session.length = Length(float(seconds))
    session.finish()
    backend.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
