"""Nodes are played by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.commands.values import checked_value
from chronus.errors import Code, UserError
from chronus.language.quantities import Duration, duration, format_value, in_unit, note_name
from chronus.language.statements import Gate, Note, Trigger
from chronus.patch.instruments import played_ports
from chronus.patch.voices import voices_played_by
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.language.statements import Name
    from chronus.patch.model import Node
    from chronus.session.draft import Draft
    from chronus.session.session import Session

NOTE_BEATS = Fraction(1)
"""How long a note is whose length is not said."""
TRIGGER_S = 0.01
HIT_VELOCITY = 0.8
LONGEST_NOTE_S = 3600.0


def gated(draft: Draft, name: Name, what: str) -> Node:
    """The node whose gate it is that is opened when something is struck.

    Raises:
        UserError: E_NAME, there is none; E_PORT, it has no gate.
    """
    ports = played_ports(draft.patch, draft.played(name).name)
    if "gate" not in ports:
        message = f"{_called(draft, name)} has no gate, so it cannot be {what}"
        raise UserError(Code.PORT, message, name.span, ("load adsr",))
    return ports["gate"][0]


def _called(draft: Draft, name: Name) -> str:
    """A node or instrument with its kind."""
    owner = draft.patch.instruments.get(name.text) or draft.node(name)
    return f"{owner.name} ({owner.kind})"


def _gate(draft: Draft, statement: Gate) -> None:
    name = statement.node.text
    node = gated(draft, statement.node, "opened")
    draft.do(lambda session: session.console.set_gate(node, is_open=statement.on))
    word = "on" if statement.on else "off"
    draft.say(Result(f"gate {name} {word}", data={"node": name, "gate": int(statement.on)}))


def _trigger(draft: Draft, statement: Trigger) -> None:
    name = statement.node.text
    node = gated(draft, statement.node, "triggered")
    frames = round(TRIGGER_S * draft.session.rate_hz)
    draft.do(lambda session: session.console.set_gate(node, is_open=True, frames=frames))
    draft.say(Result(f"trigger {name}", data={"node": name}))


def _note(draft: Draft, statement: Note) -> None:
    name = statement.node.text
    ports = played_ports(draft.patch, draft.played(statement.node).name)
    span = statement.node.span
    if "freq" not in ports:
        message = f"{_called(draft, statement.node)} has no freq, so it plays no notes"
        near = (f"trigger {name}",) if "gate" in ports else ()
        raise UserError(Code.PORT, message, span, near)
    player, port = ports["freq"]
    voices = voices_played_by(draft.patch, player)
    if len(statement.pitches) > voices:
        many = "one note" if voices == 1 else f"{voices} notes"
        message = f"{name} plays {many} at a time"
        raise UserError(Code.VALUE, message, statement.pitches[voices].span)
    pitches = [checked_value(port, pitch, draft.pace) for pitch in statement.pitches]
    hz = pitches[0]
    length = Duration(beats=NOTE_BEATS)
    if statement.duration is not None:
        length = duration(statement.duration)
    frames = draft.transport.frames_of(length, draft.frame)
    if not 1 <= frames <= LONGEST_NOTE_S * draft.session.rate_hz:
        assert statement.duration is not None
        message = f"a note lasts at most {LONGEST_NOTE_S:.0f}s, and at least one frame"
        raise UserError(Code.RANGE, message, statement.duration.span)
    velocity = _velocity(statement)
    values = {"freq": hz, "velocity": velocity}
    # Each voice has a pitch of its own, and what the instrument is set to stays.
    moved = [(*ports[role], v) for role, v in values.items() if role in ports and voices == 1]
    for node, own, value in moved:
        draft.patch = draft.patch.with_value(node.name, own.name, value)

    def act(session: Session) -> None:
        for node, own, value in moved:
            session.console.set_port(node, own.name, value)
        if voices > 1:
            session.console.play_notes(player, pitches, velocity, round(frames))
        elif "gate" in ports:
            session.console.set_gate(ports["gate"][0], is_open=True, frames=round(frames))

    draft.do(act)
    names = ", ".join(f"{note_name(hz)} ({format_value(hz, 'hz')})" for hz in pitches)
    text = f"note {name} {names}"
    if "gate" not in ports:
        text += ", pitch only: it has no gate"
    data = {"node": name, "freq": hz, "velocity": velocity, "frames": round(frames)}
    if len(pitches) > 1:
        data["freqs"] = pitches
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
        form="note A NOTE… [for DURATION] [at VELOCITY]",
        doc="Play a note: sets freq and velocity, opens the gate for the duration (else one beat)",
        examples=("load kick", "note kick c2", "note kick 55hz for 1/8 at 100%"),
        handles={Note: _note},
        more=(
            "An instrument of several voices plays several notes at once. A note takes a voice",
            "that is silent, else the one that was released longest ago, else, where all are held,",
            "the quietest; of several alike the first. One that is taken while it is held closes",
            "its gate for an instant: its envelope rises anew from where it is. With `legato`, an",
            "instrument of one voice moves the pitch alone while a note is held.",
        ),
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
