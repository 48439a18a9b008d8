"""Ports are set and read."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from chronus.commands.declaration import Command
from chronus.errors import Code, UserError, nearest
from chronus.language.quantities import duration, format_value, in_unit, note_name
from chronus.language.statements import Get, Set
from chronus.patch.musical import UNITS as MUSICAL
from chronus.patch.musical import Musical, can_follow, value_at
from chronus.session.console import Console
from chronus.session.draft import Result
from chronus.session.naming import settable
from chronus.session.tempo import FINEST

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input
    from chronus.language.statements import Assignment, PortRef, Quantity
    from chronus.patch.model import Node
    from chronus.session.draft import Draft
    from chronus.session.session import Session
    from chronus.session.tempo import Transport

LONGEST_GLIDE_S = 24 * 3600.0
LARGEST = 1e12
"""Values of ports without a range stay below this."""
SMALLEST = 1e-30
"""What comes nearer to 0 by a factor is 0: no smaller number can be typed, or read from a file."""


def show_value(port: Input, value: float) -> str:
    """A port's value as it can be typed."""
    if port.choices:
        return port.choices[min(max(round(value), 0), len(port.choices) - 1)]
    if isinstance(value, Musical):
        return str(value)
    return format_value(value, port.unit)


def show_range(port: Input) -> str:
    """What a port may be set to."""
    if port.choices:
        return ", ".join(port.choices)
    if abs(port.low) > LARGEST and abs(port.high) > LARGEST:
        return "any number"
    return f"{show_value(port, port.low)} to {show_value(port, port.high)}"


def bounds(port: Input) -> tuple[float, float]:
    """Lowest and highest value that a port may be set to."""
    return max(port.low, -LARGEST), min(port.high, LARGEST)


def _in_time(port: Input, value: Quantity, transport: Transport) -> float:
    """A length in musical time as a port's milliseconds, seconds, or cycles of that length.

    It follows the tempo from then on, where it is no pitch; bars are those of now.
    """
    lasts = duration(value)
    seconds = transport.frames_of(lasts, transport.origin_frame) / transport.rate_hz
    if port.unit == "hz":
        number = 1.0 / seconds if seconds > 0.0 else LARGEST * 2.0
    else:
        number = seconds * (1000.0 if port.unit == "ms" else 1.0)
    beats = transport.beats_of(lasts, transport.origin_frame).limit_denominator(FINEST)
    return Musical(number, beats) if can_follow(port) and beats else number


def checked_value(
    port: Input, value: Quantity, transport: Transport, *, builds: bool = False
) -> float:
    """A written value in a port's own unit; musical time is taken at the tempo of the transport.

    Args:
        port: what is set.
        value: as it was written.
        transport: of the moment.
        builds: whether a patch file is read: what follows the tempo was right at another one.

    Raises:
        UserError: E_VALUE, it is of another unit or no word of the port; E_RANGE.
    """
    if port.choices:
        if value.unit == "word" and value.text in port.choices:
            return float(port.choices.index(value.text))
        if value.unit == "" and value.value in range(len(port.choices)):
            return value.value
        message = f"{port.name} is one of {show_range(port)}, not '{value.text}'"
        near = nearest(value.text, port.choices)
        raise UserError(Code.VALUE, message, value.span, near or port.choices[:1])
    if value.unit in MUSICAL and port.unit in ("ms", "s", "hz"):
        number = _in_time(port, value, transport)
    else:
        number = in_unit(value, port.unit)
    low, high = bounds(port)
    if not low <= number <= high and not (builds and isinstance(number, Musical)):
        message = f"{port.name} goes from {show_range(port)}; {value.text} is outside"
        limit = show_value(port, low if number < low else high)
        raise UserError(Code.RANGE, message, value.span, (limit,))
    return number


def _changed(draft: Draft, node: Node, name: str, port: Input, assignment: Assignment) -> float:
    """The value that an assignment means; a relative one, to what the port was last set to."""
    value = assignment.value
    if assignment.operator == "":
        return checked_value(port, value, draft.pace, builds=draft.builds)
    if port.choices:
        message = f"{port.name} is a word ({show_range(port)}): it cannot be changed by an amount"
        near = (f"set {_shown(assignment.target, port)} {port.choices[0]}",)
        raise UserError(Code.VALUE, message, value.span, near)
    # Not what the engine has: it may not have heard yet of the lines before this one.
    said = node.value(name)
    before = value_at(port, said, draft.pace.bpm)
    low, high = bounds(port)
    if assignment.operator == "*":
        if value.unit not in ("", "%"):
            message = f"a factor is a bare number or a percentage, not {value.text}"
            raise UserError(Code.VALUE, message, value.span)
        after = before * in_unit(value, "")
        if isinstance(said, Musical) and low <= after <= high and after > 0.0:
            return said.times(value.exact / (100 if value.unit == "%" else 1), port, after)
    elif value.unit in ("st", "oct") and port.unit == "hz":
        octaves = value.value / 12.0 if value.unit == "st" else value.value
        after = before * 2.0 ** (octaves if assignment.operator == "+" else -octaves)
    else:
        amount = in_unit(value, port.unit)
        after = before + (amount if assignment.operator == "+" else -amount)
    after = min(max(after, low), high)
    return after if abs(after) >= SMALLEST else 0.0


def glide_frames(draft: Draft, length: Quantity) -> int:
    """How many frames a glide takes that begins now.

    Raises:
        UserError: E_RANGE, it is too long.
    """
    frames = draft.transport.frames_of(duration(length), draft.block_frame)
    if frames > LONGEST_GLIDE_S * draft.session.rate_hz:
        message = f"that is longer than {LONGEST_GLIDE_S / 3600:.0f} hours"
        raise UserError(Code.RANGE, message, length.span)
    return max(round(frames), 1)


def _check_glides(name: str, port: Input, statement: Set, part: Assignment) -> None:
    if statement.over is not None and (port.choices or name == "gate"):
        what = f"a word ({show_range(port)})" if port.choices else "on or off"
        message = f"{_shown(part.target, port)} is {what}: it cannot glide; leave `over` out"
        at_once = f"set {part.target} {part.value.text}"
        raise UserError(Code.VALUE, message, statement.over.span, (at_once,))


def _set(draft: Draft, statement: Set) -> None:
    told: list[tuple[str, Node, str, Input]] = []
    frames = 0 if statement.over is None else glide_frames(draft, statement.over)
    for assignment in statement.assignments:
        node, name, port = draft.input_at(assignment.target)
        _check_glides(name, port, statement, assignment)
        before = node.value(name)
        value = _changed(draft, node, name, port, assignment)
        draft.patch = draft.patch.with_value(node.name, name, value)
        node = draft.patch.nodes[node.name]
        if frames:
            ends = (before, value)
            draft.touch(partial(Console.glide_port, node=node, port=name, ends=ends, frames=frames))
        else:
            draft.touch(partial(Console.set_port, node=node, port=name, value=value))
        told.append((_shown(assignment.target, port), node, name, port))

    def finish(session: Session) -> Result:
        values = []
        for ref, node, name, port in told:
            value = _reached(session, node, name)
            values.append((ref, _shown_now(node.value(name), port, value), value))
        text = ", ".join(f"{ref} = {shown}" for ref, shown, _ in values)
        data: dict[str, Any] = {"values": {ref: value for ref, _, value in values}}
        if statement.over is not None:
            text += f" over {statement.over.text}"
            data["frames"] = frames
        return Result(text, data=data)

    draft.say(finish)


def _shown(ref: PortRef, port: Input) -> str:
    """A port as it was named, its main input by its name."""
    return f"{ref.node.text}.{port.name}"


def _shown_now(said: float, port: Input, value: float) -> str:
    """A port's value, behind what was said of it where that follows the tempo."""
    shown = show_value(port, value)
    return f"{said} ({shown})" if isinstance(said, Musical) else shown


def _reached(session: Session, node: Node, name: str) -> float:
    """What a port has been set to: what the engine says, where no other line has set it since."""
    here = session.patch.node_of(node.number)
    if here is None or here.value(name) != node.value(name):
        return float(node.value(name))
    return session.port_value(node, name)


def _get(draft: Draft, statement: Get) -> None:
    owner = statement.target.node.text
    kind = draft.node(statement.target.node).kind
    if owner in draft.patch.instruments:
        kind = draft.patch.instruments[owner].kind
    if statement.target.port is not None:
        node, own, declared = draft.input_at(statement.target)
        ports = [(declared.name, node, own, declared)]
    else:
        ports = settable(draft.patch, owner)

    def finish(session: Session) -> Result:
        values: dict[str, float] = {}
        targets: dict[str, float] = {}
        shown = []
        for name, node, own, port in ports:
            target = session.port_value(node, own)
            gliding = session.console.gliding_value(node, own)
            values[name] = target if gliding is None else gliding
            here = session.patch.node_of(node.number) or node
            said = here.value(own) if gliding is None else target
            text = _shown_now(said, port, values[name])
            if port.unit == "hz" and name == "freq":
                text += f" ({note_name(values[name])})"
            if gliding is not None:
                targets[name] = target
                text += f", on its way to {show_value(port, target)}"
            shown.append(f"{owner}.{name} = {text}")
        if len(ports) == 1:
            name = ports[0][0]
            data: dict[str, Any] = {
                "node": owner,
                "port": name,
                "value": values[name],
                "text": shown[0].split(" = ")[1],
            }
            if targets:
                data["target"] = targets[name]
            return Result(shown[0], data=data)
        data = {"node": owner, "values": values}
        if targets:
            data["targets"] = targets
        return Result(f"{owner} ({kind})", tuple(shown), data)

    draft.say(finish)


COMMANDS = (
    Command(
        verb="set",
        form="set A.port VALUE [A.port VALUE ...] [over DURATION]",
        doc="Set ports; `+` `-` `*` change what is there: `set bass.cutoff *1.5`",
        examples=(
            "load saw; load filter; patch saw > filter",
            "set filter.cutoff 800hz",
            "set saw.freq a1 filter.resonance 0.7",
            "set filter.cutoff *1.5",
            "set saw.freq +7st",
            "set filter.mode band",
            "load delay; patch filter > delay",
            "set delay.time 3/16",
            "set filter.cutoff 4khz filter.resonance 0.2 over 2 bars",
            "set saw.freq +7st over 1s",
        ),
        handles={Set: _set},
        more=(
            "`over` glides, exactly that long at the tempo of now: frequencies, times and rates by",
            "equal ratios, all else evenly (what equal ratios never reach too: to or through 0).",
            "A later `set`, or a step of a sequence, takes over from where the glide is.",
            "`+` `-` `*` count from where a glide goes.",
            "A time or rate in beats (1/8, 3 beats, 1 bar) follows the tempo from then on, a pitch",
            "does not; bars are as long as they are now. A step of a sequence takes it as of now.",
        ),
    ),
    Command(
        verb="get",
        form="get A[.port]",
        doc="Say what a port, or every port of a node, is set to; on its way, where it is",
        examples=("load filter", "get filter.cutoff", "get filter"),
        handles={Get: _get},
    ),
)
