"""Nodes are played by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.commands.values import checked_value
from chronus.errors import Code, Span, UserError
from chronus.language.quantities import Duration, duration, format_value, in_unit, note_name
from chronus.language.statements import Gate, Note, Trigger
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.patch.model import Node
    from chronus.session.draft import Draft
    from chronus.session.session import Session

NOTE_BEATS = Fraction(1)
"""How long a note is whose length is not said."""
TRIGGER_S = 0.01
HIT_VELOCITY = 0.8
LONGEST_NOTE_S = 3600.0


def gated(node: Node, span: Span, what: str) -> None:
    """Make sure that a node can be struck.

    Raises:
        UserError: E_PORT, it has no gate.
    """
    if node.declaration.find_input("gate") is None:
        message = f"{node.name} ({node.kind}) has no gate, so it cannot be {what}"
        raise UserError(Code.PORT, message, span, ("load adsr",))


def _gate(draft: Draft, statement: Gate) -> None:
    node = draft.node(statement.node)
    gated(node, statement.node.span, "opened")
    draft.do(lambda session: session.console.set_gate(node, is_open=statement.on))
    word = "on" if statement.on else "off"
    draft.say(
        Result(f"gate {node.name} {word}", data={"node": node.name, "gate": int(statement.on)})
    )


def _trigger(draft: Draft, statement: Trigger) -> None:
    node = draft.node(statement.node)
    gated(node, statement.node.span, "triggered")
    frames = round(TRIGGER_S * draft.session.rate_hz)
    draft.do(lambda session: session.console.set_gate(node, is_open=True, frames=frames))
    draft.say(Result(f"trigger {node.name}", data={"node": node.name}))


def _note(draft: Draft, statement: Note) -> None:
    node = draft.node(statement.node)
    kind = node.declaration
    span = statement.node.span
    if kind.find_input("freq") is None:
        message = f"{node.name} ({node.kind}) has no freq, so it plays no notes"
        near = (f"trigger {node.name}",) if kind.find_input("gate") is not None else ()
        raise UserError(Code.PORT, message, span, near)
    if len(statement.pitches) > 1:
        message = f"{node.name} plays one note at a time"
        raise UserError(Code.VALUE, message, statement.pitches[1].span)
    port = kind.inputs[kind.find_input("freq") or 0]
    hz = checked_value(port, statement.pitches[0], draft.pace)
    length = Duration(beats=NOTE_BEATS)
    if statement.duration is not None:
        length = duration(statement.duration)
    frames = draft.transport.frames_of(length, draft.frame)
    if not 1 <= frames <= LONGEST_NOTE_S * draft.session.rate_hz:
        assert statement.duration is not None
        message = f"a note lasts at most {LONGEST_NOTE_S:.0f}s, and at least one frame"
        raise UserError(Code.RANGE, message, statement.duration.span)
    velocity = _velocity(statement)
    draft.patch = draft.patch.with_value(node.name, "freq", hz)
    has = {name: kind.find_input(name) is not None for name in ("gate", "velocity")}
    if has["velocity"]:
        draft.patch = draft.patch.with_value(node.name, "velocity", velocity)

    def act(session: Session) -> None:
        session.console.set_port(node, "freq", hz)
        if has["velocity"]:
            session.console.set_port(node, "velocity", velocity)
        if has["gate"]:
            session.console.set_gate(node, is_open=True, frames=round(frames))

    draft.do(act)
    text = f"note {node.name} {note_name(hz)} ({format_value(hz, 'hz')})"
    if not has["gate"]:
        text += ", pitch only: it has no gate"
    data = {"node": node.name, "freq": hz, "velocity": velocity, "frames": round(frames)}
    draft.say(Result(text, data=data))


def _velocity(statement: Note) -> float:
    """How hard a note is played, 0..1.

    Raises:
        UserError: E_RANGE.
    """
    if statement.velocity is None:
        return HIT_VELOCITY
    velocity = in_unit(statement.velocity, "")
    if not 0.0 <= velocity <= 1.0:
        message = (
            f"a velocity goes from 0 to 1, or 0% to 100%; {statement.velocity.text} is outside"
        )
        raise UserError(Code.RANGE, message, statement.velocity.span, ("0.8",))
    return velocity


COMMANDS = (
    Command(
        verb="note",
        form="note A NOTE [for DURATION] [at VELOCITY]",
        doc="Play a note: sets freq and velocity, opens the gate for the duration (else one beat)",
        examples=("load kick", "note kick c2", "note kick 55hz for 1/8 at 100%"),
        handles={Note: _note},
    ),
    Command(
        verb="gate",
        form="gate A on|off",
        doc="Open or close a gate",
        examples=("load saw; load adsr; patch saw > adsr", "gate adsr on", "gate adsr off"),
        handles={Gate: _gate},
    ),
    Command(
        verb="trigger",
        form="trigger A",
        doc="Strike a node: its gate opens for 10 ms",
        examples=("load snare", "trigger snare"),
        handles={Trigger: _trigger},
    ),
)
