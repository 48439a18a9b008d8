"""The cases for SuperCollider's server: scores that it renders without real time."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pythonosc.osc_message_builder import OscMessageBuilder

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

    from tests.bench.peers.spec import Case

PROGRAMS = ("scsynth", "sclang")
HEAD, TAIL = 0, 1
"""Where a new node is put: before or behind the others."""
BUS, BASS, MASTER = 16, 1000, 1001
AT_ONCE = 32
"""Messages in one bundle."""


def build(folder: Path) -> None:
    """Compile the sounds."""
    environment = {
        **os.environ,
        "PEERS_OUT": str(folder),
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
    }
    call = ["sclang", Path(__file__).with_name("defs.scd")]
    subprocess.run(call, check=True, env=environment, stdout=subprocess.DEVNULL)


def command(case: str, seconds: int, sound: Path | None, folder: Path) -> list[str]:
    """What plays a case; the score is written first."""
    score = folder / f"{case}-{seconds}.osc"
    _write(CASES[case], seconds, folder, score)
    channels = 2 if CASES[case].work == "effects" else 1
    call = ["scsynth", "-N", score, "_", sound or os.devnull, RATE_HZ, "WAV", "float"]
    sizes = ["-o", channels, "-i", 0, "-z", BLOCK, "-n", 2048, "-m", 65536, "-w", 256]
    return [str(word) for word in (*call, *sizes)]


def _write(case: Case, seconds: int, folder: Path, score: Path) -> None:
    sounds = [_message("/d_recv", path.read_bytes()) for path in sorted(folder.glob("*.scsyndef"))]
    packets = [_bundle(0.0, [sound]) for sound in sounds]
    for when, messages in _events(case, seconds):
        firsts = range(0, len(messages), AT_ONCE)
        packets += [_bundle(when, messages[first : first + AT_ONCE]) for first in firsts]
    packets.append(_bundle(seconds, [_message("/c_set", 0, 0)]))
    score.write_bytes(b"".join(struct.pack(">i", len(p)) + p for p in packets))


def _events(case: Case, seconds: int) -> Iterator[tuple[float, list[bytes]]]:
    if case.work == "drums":
        yield 0.0, [_new("bass", BASS, HEAD), _new("master", MASTER, TAIL)]
        for step in range(int(seconds / STEP_S)):
            names = (("kick", KICK), ("snare", SNARE), ("hat", HAT))
            hits = [_new(name, -1, HEAD) for name, steps in names if step % 16 in steps]
            cutoff = _message("/n_set", BASS, "cutoff", float(BASS_HZ[step % 16]))
            yield step * STEP_S, [*hits, cutoff]
        return
    amp = gain(case.voices)
    own = {"phase": gate_phase, "out": lambda _: BUS if case.work == "effects" else 0}
    has_more = case.work in ("voice", "effects")
    sound = "voice" if has_more else case.work
    found = []
    for i in range(case.voices):
        more = [word for name, of in own.items() for word in (name, of(i))] if has_more else []
        found.append(_new(sound, -1, HEAD, "freq", freq_hz(i), "amp", amp, *more))
    yield 0.0, [*found, *([_new("effects", -1, TAIL)] if case.work == "effects" else [])]


def _new(sound: str, number: int, place: int, *settings: str | float) -> bytes:
    return _message("/s_new", sound, number, place, 0, *settings)


def _message(address: str, *arguments: str | float | bytes) -> bytes:
    built = OscMessageBuilder(address)
    for argument in arguments:
        built.add_arg(argument)
    return built.build().dgram


def _bundle(when_s: float, messages: list[bytes]) -> bytes:
    """A bundle for a score, whose times begin at 0."""
    ticks = round(when_s * 2**32)
    parts = b"".join(struct.pack(">i", len(message)) + message for message in messages)
    return b"#bundle\x00" + struct.pack(">Q", ticks) + parts
