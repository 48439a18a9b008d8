"""Whether a node can be played by a pattern, and what of the pattern depends on the moment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chronus.commands.values import checked_value
from chronus.errors import Code, UserError
from chronus.language.quantities import number
from chronus.language.statements import PortRef
from chronus.language.steps import Lock, has_chance, hits, played_by
from chronus.language.written import steps_text
from chronus.patch.instruments import locked_port, own_pitch, played_ports
from chronus.patch.musical import UNITS as MUSICAL
from chronus.patch.musical import Musical
from chronus.patch.tables import MOST_LOCKED, locked_ports, plays_own_pitch
from chronus.session.saving import number_text, seed_of

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input
    from chronus.language.statements import Name, Quantity
    from chronus.language.steps import Sequence, Step
    from chronus.patch.model import Node
    from chronus.session.draft import Draft


def as_of_now(draft: Draft, statement: Sequence) -> tuple[str, Sequence]:
    """What a sequence plays, and the sequence with what depends on the moment worked out.

    That is its own pitch, bars, lengths that a pitch is given, and the seed of its chance, which is
    that of the name that its target has now. An instrument is played by the node that stands for
    it, and a port that it exposes is that of a node.

    Raises:
        UserError: E_NAME, E_PORT, E_STATE, the node cannot be played so; E_VALUE or E_RANGE, a step
            is wrong; E_LIMIT, too many ports are locked.
    """
    options = statement.options
    if options.seed is None and has_chance(statement.steps):
        statement = replace(
            statement, options=replace(options, seed=seed_of(str(statement.target)))
        )
    if statement.target.port is not None:
        return _values_now(draft, statement, statement.target.port)
    node = draft.played(statement.target.node)
    _check_playable(draft, node, statement)
    owner = statement.target.node
    locked = _with(statement, tuple(_locks_now(draft, owner, step) for step in statement.steps))
    names = locked_ports(locked)
    if len(names) > MOST_LOCKED:
        message = f"a pattern locks up to {MOST_LOCKED} ports, and this one {len(names)}"
        raise UserError(Code.LIMIT, message, statement.span)
    own_hz = own_pitch(draft.patch, node.name) if plays_own_pitch(locked) else None
    return node.name, replace(played_by(locked, node.name), own_hz=own_hz)


def _values_now(draft: Draft, statement: Sequence, called: Name) -> tuple[str, Sequence]:
    """The same for what moves a port."""
    node, own, port = draft.input_at(statement.target)
    if statement.options.smooth and port.choices:
        message = f"{port.name} is a word, and goes from one to the next without a way between"
        raise UserError(Code.VALUE, message, statement.target.span)
    statement = _with(statement, tuple(_value_now(draft, port, step) for step in statement.steps))
    statement = played_by(statement, node.name)
    target = replace(statement.target, port=replace(called, text=own))
    return f"{node.name}.{own}", replace(statement, target=target)


def _with(statement: Sequence, steps: tuple[Step, ...]) -> Sequence:
    """A sequence with other steps, written anew if they differ."""
    if steps == statement.steps:
        return statement
    return replace(statement, steps=steps, text=steps_text(steps))


def _value_now(draft: Draft, port: Input, step: Step) -> Step:
    """A step of values, with those that depend on the moment as what they are now."""
    parts = tuple(_value_now(draft, port, part) for part in step.parts)
    if step.value is None:
        return replace(step, parts=parts)
    in_port_unit = checked_value(port, step.value, draft.pace, builds=draft.builds)
    value = _of_now(port, step.value, in_port_unit)
    return replace(step, value=value, word=value.text)


def _locks_now(draft: Draft, owner: Name, step: Step) -> Step:
    """A step that plays a node, with locks that depend on the moment as what they are now."""
    if not step.locks and not step.parts:
        return step
    locks = []
    for lock in step.locks:
        if lock.port.text in {"freq", "gate"}:
            message = f"a step plays {lock.port.text} itself, and cannot lock it"
            raise UserError(Code.PORT, message, lock.port.span)
        # The strip of what is not heard now may come later; what is there no longer is an error.
        found = locked_port(draft.patch, draft.played(owner).name, lock.port.text)
        port = draft.input_at(PortRef(owner, lock.port))[2] if found is None else found[1]
        value = checked_value(port, lock.value, draft.pace, builds=draft.builds)
        locks.append(Lock(lock.port, _of_now(port, lock.value, value)))
    parts = tuple(_locks_now(draft, owner, part) for part in step.parts)
    return replace(step, locks=tuple(locks), parts=parts)


def _of_now(port: Input, value: Quantity, in_port_unit: float) -> Quantity:
    """A value as it is written; one that depends on tempo or meter as what it is at the moment.

    What goes with the tempo does not depend on it: bars are so many beats, and beats stay beats.
    """
    if value.unit not in MUSICAL or port.unit not in ("ms", "s", "hz"):
        return value
    if not isinstance(in_port_unit, Musical):
        return number(f"{number_text(in_port_unit)}{port.unit}", value.span)
    return number(str(in_port_unit), value.span) if value.unit == "bars" else value


def _check_playable(draft: Draft, node: Node, statement: Sequence) -> None:
    ports = played_ports(draft.patch, node.name)
    name = statement.target.node.text
    owner = draft.patch.instruments.get(name)
    called = f"{name} ({node.kind if owner is None else owner.kind})"
    played = hits(statement.steps)
    pitched = [step for step in played if step.pitch is not None]
    if pitched and "freq" not in ports:
        message = f"{called} has no freq: play it by a grid such as x..."
        raise UserError(Code.PORT, message, pitched[0].span)
    if "gate" not in ports and "freq" not in ports:
        names = tuple(
            f"{node.name}.{port.name}" for port in node.declaration.inputs if port.name != "in"
        )
        message = f"{called} has neither freq nor gate: sequence one of its ports"
        raise UserError(Code.PORT, message, statement.target.span, names[:3])
    if "gate" not in ports and len(pitched) < len(played):
        bare = next(step for step in played if step.pitch is None)
        message = f"{called} has no gate: its steps are notes, such as c2"
        raise UserError(Code.PORT, message, bare.span)
    for step in pitched:
        _, port = ports["freq"]
        for pitch in (step.pitch or 0.0, *step.chord):
            hz = pitch * 2.0 ** (statement.options.transpose_st / 12.0)
            if not port.low <= hz <= port.high:
                message = (
                    f"that step is {hz:.1f}hz; {name}.freq goes from {port.low}hz to {port.high}hz"
                )
                raise UserError(Code.RANGE, message, step.span)
