"""What OSC packets mean: each message as the line of the language that it stands for.

    /mod/NODE/PORT value...          set NODE.PORT value ...
    /gate/NODE 0|1                   gate NODE off|on
    /note/NODE pitch [velocity [s]]  note NODE pitch at velocity for s
    /cmd "any line"                  any line
    /test                            test

A number is in the port's own unit, a string is a value as it is written: "800hz", "+7st", "c4". The
pitch of a note is a MIDI number (60 is c4) or a string; its velocity is 0 to 1, a whole number from
2 on one of MIDI (127 is 1); a velocity of 0 closes the gate. Node names may hold digits, and `/`
where they lie in an instrument. Nothing here touches a session, a socket or a clock.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pythonosc import osc_bundle, osc_message
from pythonosc.parsing import osc_types

from chronus.errors import Code, UserError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

BUNDLE: Final = b"#bundle\x00"
DEEPEST: Final = 8
"""Bundles in bundles."""
MOST_MESSAGES: Final = 1000
"""In one packet."""
TAGS: Final = frozenset("ihfdsbrmtTFN[]")
"""Types of arguments that are read; which ones mean something is said by the address."""
SWITCHES: Final = {"on": True, "off": False}
FORMS: Final = ("/mod/NODE/PORT", "/gate/NODE", "/note/NODE", "/cmd", "/test")
NAME: Final = re.compile(r"[A-Za-z0-9_/-]+")
UNFIT: Final = re.compile(r'[;{}"\x00-\x1f\x7f]')
"""What would end a value, or begin something else."""
PITCHES: Final = ("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b")
HIGHEST: Final = 127
"""Pitch and velocity of MIDI."""


class MalformedError(Exception):
    """A packet that is no OSC."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its address, and its arguments."""

    address: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Messages that belong together.

    Attributes:
        messages: in their order.
        time_s: since 1970, at which they are to be done; None for at once.
        is_bundle: whether all of them are done, or none.
    """

    messages: tuple[Message, ...]
    time_s: float | None
    is_bundle: bool


def read(packet: bytes) -> list[Group]:
    """The messages of a packet; a bundle within another is done for itself, behind it.

    Raises:
        MalformedError: it is no OSC, or goes beyond what is taken.
    """
    groups: list[Group] = []
    try:
        if packet.startswith(BUNDLE):
            groups += _bundle(packet, 1)
        else:
            groups.append(Group((_message(packet),), None, is_bundle=False))
    except (osc_message.ParseError, osc_bundle.ParseError, osc_types.ParseError) as error:
        raise MalformedError(str(error.args[0])) from error
    except (UnicodeDecodeError, IndexError, ValueError, OverflowError, struct.error) as error:
        raise MalformedError(str(error)) from error
    if sum(len(group.messages) for group in groups) > MOST_MESSAGES:
        raise MalformedError(f"a packet holds at most {MOST_MESSAGES} messages")
    return groups


def _bundle(packet: bytes, depth: int) -> Iterator[Group]:
    if depth > DEEPEST:
        raise MalformedError(f"bundles lie at most {DEEPEST} deep in each other")
    time_s, at = osc_types.get_date(packet, len(BUNDLE))
    messages, inner = [], []
    while at < len(packet):
        size, at = osc_types.get_int(packet, at)
        # The library takes a negative size, and goes back by it for ever.
        if size <= 0 or size % 4 or at + size > len(packet):
            raise MalformedError(f"a bundle has an element of {size} bytes")
        element = packet[at : at + size]
        at += size
        if element.startswith(BUNDLE):
            inner.append(element)
        else:
            messages.append(_message(element))
    when = None if time_s == osc_types.IMMEDIATELY else time_s
    yield Group(tuple(messages), when, is_bundle=True)
    for element in inner:
        yield from _bundle(element, depth + 1)


def _message(packet: bytes) -> Message:
    if not packet.startswith(b"/"):
        raise MalformedError("a packet begins with / or #bundle")
    address, at = osc_types.get_string(packet, 0)
    if at < len(packet):
        tags, _ = osc_types.get_string(packet, at)
        unknown = sorted(set(tags[1:]) - TAGS)
        if not tags.startswith(",") or unknown:
            # The library would complain of these on stderr, and go on.
            raise MalformedError(f"there are no arguments of type {tags[:20]!r}")
    return Message(address, tuple(osc_message.OscMessage(packet).params))


# ---- lines


def line_of(message: Message) -> str:
    """The line that a message stands for.

    Raises:
        UserError: E_NAME, E_SYNTAX, E_VALUE or E_RANGE, it stands for none.
    """
    family, *rest = message.address[1:].split("/")
    values = message.arguments
    if family == "cmd" and not rest:
        return _command(values)
    if family == "test" and not rest:
        return "test"
    if family not in {"mod", "gate", "note"}:
        names = [form.split("/")[1] for form in FORMS]
        near = tuple(f"/{name}" for name in nearest(family, names))
        message_ = f"there is no address {message.address!r}; there are {', '.join(FORMS)}"
        raise UserError(Code.NAME, message_, None, near)
    place = "/".join(rest)
    if not NAME.fullmatch(place) or "" in rest or (family == "mod" and len(rest) < 2):
        form = next(form for form in FORMS if form.startswith(f"/{family}"))
        raise UserError(Code.SYNTAX, f"an address of this kind is {form}, not {message.address!r}")
    if family == "mod":
        node, port = "/".join(rest[:-1]), rest[-1]
        shown = [_value(value) for value in values]
        if not shown:
            raise UserError(Code.VALUE, f"{message.address} needs a value")
        return f"set {node}.{port} {' '.join(shown)}"
    return _gate(place, values) if family == "gate" else _note(place, values)


def _command(values: tuple[Any, ...]) -> str:
    if not values or not all(isinstance(value, str) for value in values):
        raise UserError(Code.VALUE, "/cmd takes a line as a string", None, ('/cmd "status"',))
    return " ".join(values)


def _gate(node: str, values: tuple[Any, ...]) -> str:
    value = values[0] if len(values) == 1 else None
    if isinstance(value, str):
        value = SWITCHES.get(value.lower())
    if not isinstance(value, (bool, int, float)) or math.isnan(value):
        raise UserError(Code.VALUE, f"/gate/{node} takes 1 or 0")
    return f"gate {node} {'on' if value > 0 else 'off'}"


def _note(node: str, values: tuple[Any, ...]) -> str:
    if not 1 <= len(values) <= 3:
        message = f"/note/{node} takes a pitch, a velocity and a length in seconds"
        raise UserError(Code.VALUE, message)
    pitch, *rest = values
    words = ["note", node, _pitch(pitch)]
    velocity = _number(rest[0], "a velocity") if rest else None
    if velocity == 0.0:
        return f"gate {node} off"
    if len(rest) > 1:
        words += ["for", f"{_shown(_number(rest[1], 'a length'))}s"]
    if velocity is not None:
        is_midi = isinstance(rest[0], int) and rest[0] > 1
        limit = HIGHEST if is_midi else 1
        if not 0.0 < velocity <= limit:
            message = f"a velocity goes from 0 to 1, or as a whole number to {HIGHEST}"
            raise UserError(Code.RANGE, f"{message}; {_shown(velocity)} is outside")
        words += ["at", _shown(round(velocity / limit, 6))]
    return " ".join(words)


def _pitch(value: Any) -> str:
    """A pitch as it is written."""
    if isinstance(value, str):
        return _value(value)
    number = _number(value, "a pitch")
    if not 0 <= number <= HIGHEST:
        message = f"a pitch is a MIDI number from 0 to {HIGHEST}; {_shown(number)} is outside"
        raise UserError(Code.RANGE, message)
    whole = round(number)
    if whole == number:
        return f"{PITCHES[whole % 12]}{whole // 12 - 1}"
    return f"{440.0 * 2.0 ** ((number - 69.0) / 12.0):.9g}hz"


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise UserError(Code.VALUE, f"{what} is a number")
    return value


def _value(value: Any) -> str:
    """A value as it is written.

    Raises:
        UserError: E_VALUE, it is none.
    """
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (int, float)):
        return _shown(_number(value, "a value"))
    if not isinstance(value, str) or not value.strip() or UNFIT.search(value):
        raise UserError(Code.VALUE, "a value is a number, or a string such as 800hz")
    return value.strip()


def _shown(number: float) -> str:
    """A number in the fewest digits that mean it: most of OSC's numbers have 32 bits."""
    if isinstance(number, int):
        return str(number)
    if _in_32_bits(number) == number:
        digits = (f"{number:.{count}g}" for count in range(1, 10))
        return next(text for text in digits if _in_32_bits(float(text)) == number)
    return repr(number).removesuffix(".0")


def _in_32_bits(number: float) -> float:
    try:
        (rounded,) = struct.unpack("f", struct.pack("f", number))
    except OverflowError:
        return math.inf
    return float(rounded)
