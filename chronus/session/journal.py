"""The journal of a session: what took effect and when, as a score that plays it again.

Each instant stands at the frame at which it took effect, in the words that were said, so rendering
the journal gives the very samples that were heard.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from chronus.patch.instruments import text_of
from chronus.session.saving import patch_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from chronus.patch.model import Patch
    from chronus.session.ledger import Done
    from chronus.session.tempo import Transport

FORMAT: Final = 1
_HEADER: Final = re.compile(r"# chronus journal (\d+) at (\d+) hz\b")
_QUIT: Final = "quit"
_MADE: Final = "instrument "
_PENDING: Final = "# pending:"
_LATER: Final = "#   "
_AT_FRAME: Final = re.compile(r"at frame (\d+) (.*)$")
_FRAME: Final = re.compile(r"wait until frame (\d+)$")


@dataclass(frozen=True, slots=True)
class Header:
    """What the first line of a journal says.

    Attributes:
        format: number of the form in which it is written.
        rate_hz: frames a second of the session.
    """

    format: int
    rate_hz: int


def header_lines(rate_hz: int, began: datetime, what: str) -> list[str]:
    """The first lines of a journal.

    Args:
        rate_hz: of the session.
        began: with its time zone.
        what: the session, as others know it.
    """
    return [
        f"# chronus journal {FORMAT} at {rate_hz} hz",
        f"# {began.isoformat(timespec='seconds')} {_in_one_line(what)}",
    ]


def read_header(line: str) -> Header | None:
    """The header of a journal; None where the line is none."""
    found = _HEADER.match(line)
    return None if found is None else Header(int(found[1]), int(found[2]))


def entry_lines(
    done: Done, at: datetime, needed: Iterable[str] = (), *, goes_on: bool
) -> list[str]:
    """The lines of one instant.

    Args:
        done: what was done.
        at: when.
        needed: lines that have to come before it.
        goes_on: whether it was published in one piece with the entry before it.
    """
    texts = [_in_one_line(text) for text in done.texts]
    made = dict.fromkeys(text for text in texts if text.startswith(_MADE))
    said = "; ".join(text for text in texts if text not in made)
    mark = f"  # {at:%H:%M:%S} {_in_one_line(done.who)}".rstrip()
    # An instrument changes nothing that plays, and may be long: it has a line of its own.
    lines = [*needed, *(f"{text}{mark}" for text in (*made, said) if text)]
    return lines if goes_on else [_wait(done.frame), *lines]


def shortened(
    patch: Patch, snapshots: Mapping[str, Patch], transport: Transport, frame: int
) -> tuple[list[str], int]:
    """A journal that leads to a patch, its snapshots and a place in its bars, and to nothing more.

    It stands for one that has grown too long: it can be gone on from, but not rendered to what was
    heard, and what was said before it cannot be undone. Patterns begin where their bars do.

    Args:
        patch: as it is.
        snapshots: by name.
        transport: as it is.
        frame: where it is.

    Returns:
        The lines behind the header, and the frame at which that place lies in them.
    """
    bar_beats = 4.0 * patch.meter[0] / patch.meter[1]
    beats = (transport.bar_at(transport.beat_at(frame)) - 1.0) * bar_beats
    there = round(beats * 60.0 * transport.rate_hz / patch.bpm)
    lines = []
    for name, kept in snapshots.items():
        lines += [*_opened(kept), f"snapshot {name}"]
    return [*lines, *_opened(patch), _wait(there)], there


def _opened(patch: Patch) -> list[str]:
    made = dict.fromkeys(map(text_of, patch.instruments.values()))
    built = "; ".join(patch_lines(patch, in_block=True))
    return [*made, f"open {{ {built} }}"]


def pending_lines(lines: Sequence[str], shift: int) -> list[str]:
    """What is to be done later, for who goes on with the session: comments to all others.

    Args:
        lines: that have it done.
        shift: frames by which a journal's own lie behind those of its session.
    """
    return [_PENDING, *(f"{_LATER}{_shifted(_in_one_line(line), shift)}" for line in lines)]


def _shifted(line: str, shift: int) -> str:
    found = _AT_FRAME.match(line)
    return line if found is None else f"at frame {int(found[1]) + shift} {found[2]}"


def pending_at_end(lines: Sequence[str], frame: int, rate_hz: int) -> list[str]:
    """The lines that were pending when a journal ended.

    Args:
        lines: of the journal.
        frame: where it ended; what is due at a frame is so much later.
        rate_hz: frames a second.
    """
    starts = [n for n, line in enumerate(lines) if line == _PENDING]
    if not starts:
        return []
    rest = lines[starts[-1] + 1 :]
    found = takewhile(lambda line: line.startswith(_LATER), rest)
    return [_from(line.removeprefix(_LATER), frame, rate_hz) for line in found]


def _from(line: str, frame: int, rate_hz: int) -> str:
    """A line that is due at a frame as one that is due so much later."""
    found = _AT_FRAME.match(line)
    if found is None:
        return line
    seconds = (int(found[1]) - frame) / rate_hz
    return f"at +{seconds:.9f}s {found[2]}" if seconds > 0.0 else found[2]


def end_lines(frame: int) -> list[str]:
    """The lines of a session's end."""
    return [_wait(frame), _QUIT]


def in_order(lines: Sequence[str]) -> list[str]:
    """A score's lines; those of a journal in the order of their frames.

    What a score has published ahead stands before a line from outside that came in between.
    """
    if not lines or read_header(lines[0]) is None:
        return list(lines)
    parts: list[tuple[int, list[str]]] = [(0, [])]
    for line in lines:
        found = _FRAME.match(line)
        if found:
            parts.append((int(found[1]), []))
        parts[-1][1].append(line)
    return [line for _, part in sorted(parts, key=lambda part: part[0]) for line in part]


def last_frame(lines: Iterable[str]) -> int:
    """The last frame that a journal names, 0 for none."""
    found = (_FRAME.match(line) for line in lines)
    return max((int(match[1]) for match in found if match), default=0)


def without_end(lines: Sequence[str]) -> list[str]:
    """A journal's lines without those that end its session."""
    return [line for line in lines if line != _QUIT]


def _wait(frame: int) -> str:
    return f"wait until frame {frame}"


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
