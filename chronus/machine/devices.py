"""Which sound cards there are, asked in a process of its own: asking prints, and may hang."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

PATIENCE_S: Final = 20.0
NULL: Final = "null"
NO_PORTAUDIO: Final = "PortAudio is not installed: sudo apt install libportaudio2"

_ASK: Final = """
import json
try:
    import sounddevice
except OSError as error:
    print(json.dumps({"error": str(error)}))
else:
    apis = sounddevice.query_hostapis()
    default = sounddevice.default.device[1]
    print(json.dumps({"devices": [
        [card["index"], card["name"], apis[card["hostapi"]]["name"], card["index"] == default]
        for card in sounddevice.query_devices() if card["max_output_channels"] >= 2
    ]}))
"""


@dataclass(frozen=True, slots=True)
class Device:
    """A sound card that can play two channels."""

    index: int
    name: str
    api: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Devices:
    """The sound cards, or why there are none."""

    found: tuple[Device, ...]
    trouble: str


def ask() -> Devices:
    """Ask PortAudio what there is."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and text
            [sys.executable, "-c", _ASK],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Devices((), f"the sound system did not answer within {PATIENCE_S:.0f} s")
    last = done.stdout.strip().splitlines()[-1:] or ["{}"]
    answer = json.loads(last[0])
    if "error" in answer:
        return Devices((), NO_PORTAUDIO)
    if "devices" not in answer:
        reason = done.stderr.strip().splitlines()[-1:] or ["it ended without an answer"]
        return Devices((), f"PortAudio failed: {reason[0]}")
    found = tuple(Device(*row) for row in answer["devices"])
    return Devices(found, "" if found else "PortAudio finds no sound card")


def device_lines() -> list[str]:
    """A line for each sound card, and for `null`, which is always there."""
    devices = ask()
    lines = [
        f"{d.index}  {d.name}  ({d.api}){'  default' if d.is_default else ''}"
        for d in devices.found
    ]
    if devices.trouble:
        lines.append(f"none: {devices.trouble}")
    return [*lines, f"{NULL}  a sink paced in real time, without a sound card"]
