"""Whether a node can be played by a pattern, and what of the pattern depends on the moment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chronus.commands.values import MUSICAL, checked_value
from chronus.errors import Code, UserError
from chronus.language.quantities import number
from chronus.language.steps import Lock, has_chance, hits
from chronus.language.written import steps_text
from chronus.patch.tables import MOST_LOCKED, Role, locked_ports, plays_own_pitch
from chronus.session.saving import number_text, seed_of

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input
    from chronus.language.statements import Quantity
    from chronus.language.steps import Sequence, Step
    from chronus.patch.model import Node
    from chronus.session.draft import Draft


def roles(node: Node) -> dict[Role, bool]:
    """Which of the ports that a pattern of notes moves a node has."""
    return {role: node.declaration.find_input(role.name.lower()) is not None for role in Role}


def as_of_now(draft: Draft, statement: Sequence) -> Sequence:
    """A sequence with what depends on the moment worked out.

    That is its own pitch, values in musical time, and the seed of its chance, which is that of the
    name that its target has now.

    Raises:
        UserError: E_NAME, E_PORT, E_STATE, the node cannot be played so; E_VALUE or E_RANGE, a step
            is wrong; E_LIMIT, too many ports are locked.
    """
    node = draft.node(statement.target.node)
    options = statement.options
    if options.seed is None and has_chance(statement.steps):
        statement = replace(
            statement, options=replace(options, seed=seed_of(str(statement.target)))
        )
    if statement.target.port is not None:
        _, _, port = draft.input_at(statement.target)
        if options.smooth and port.choices:
            message = f"{port.name} is a word, and goes from one to the next without a way between"
            raise UserError(Code.VALUE, message, statement.target.span)
        return _with(statement, tuple(_value_now(draft, port, step) for step in statement.steps))
    has = roles(node)
    _check_playable(node, statement, has)
    locked = _with(statement, tuple(_locks_now(draft, node, step) for step in statement.steps))
    names = locked_ports(locked)
    if len(names) > MOST_LOCKED:
        message = f"a pattern locks up to {MOST_LOCKED} ports, and this one {len(names)}"
        raise UserError(Code.LIMIT, message, statement.span)
    uses_own = has[Role.FREQ] and plays_own_pitch(locked)
    return replace(locked, own_hz=node.value("freq") if uses_own else None)


def _with(statement: Sequence, steps: tuple[Step, ...]) -> Sequence:
    """A sequence with other steps, written anew if they differ."""
    if steps == statement.steps:
        return statement
    return replace(statement, steps=steps, text=steps_text(steps))


def _value_now(draft: Draft, port: Input, step: Step) -> Step:
    """A step of values, with those in musical time as what they are now."""
    parts = tuple(_value_now(draft, port, part) for part in step.parts)
    if step.value is None:
        return replace(step, parts=parts)
    value = _without_time(port, step.value, checked_value(port, step.value, draft.pace))
    return replace(step, value=value, word=value.text)


def _locks_now(draft: Draft, node: Node, step: Step) -> Step:
    """A step that plays a node, with its locks in musical time as what they are now."""
    locks = []
    for lock in step.locks:
        if lock.port.text in {"freq", "gate"}:
            message = f"a step plays {lock.port.text} itself, and cannot lock it"
            raise UserError(Code.PORT, message, lock.port.span)
        port = draft.input_of(node, lock.port)
        value = checked_value(port, lock.value, draft.pace)
        locks.append(Lock(lock.port, _without_time(port, lock.value, value)))
    parts = tuple(_locks_now(draft, node, part) for part in step.parts)
    return replace(step, locks=tuple(locks), parts=parts)


def _without_time(port: Input, value: Quantity, in_port_unit: float) -> Quantity:
    """A value in musical time as what it is at the tempo of the moment; any other as it is."""
    if value.unit not in MUSICAL or port.unit not in ("ms", "s", "hz"):
        return value
    return number(f"{number_text(in_port_unit)}{port.unit}", value.span)


def _check_playable(node: Node, statement: Sequence, has: dict[Role, bool]) -> None:
    played = hits(statement.steps)
    pitched = [step for step in played if step.pitch is not None]
    if pitched and not has[Role.FREQ]:
        message = f"{node.name} ({node.kind}) has no freq: play it by a grid such as x..."
        raise UserError(Code.PORT, message, pitched[0].span)
    if not has[Role.GATE] and not has[Role.FREQ]:
        names = tuple(
            f"{node.name}.{port.name}" for port in node.declaration.inputs if port.name != "in"
        )
        message = f"{node.name} ({node.kind}) has neither freq nor gate: sequence one of its ports"
        raise UserError(Code.PORT, message, statement.target.span, names[:3])
    if not has[Role.GATE] and len(pitched) < len(played):
        bare = next(step for step in played if step.pitch is None)
        message = f"{node.name} ({node.kind}) has no gate: its steps are notes, such as c2"
        raise UserError(Code.PORT, message, bare.span)
    port = node.port("freq")
    for step in pitched:
        assert port is not None
        for pitch in (step.pitch or 0.0, *step.chord):
            hz = pitch * 2.0 ** (statement.options.transpose_st / 12.0)
            if not port.low <= hz <= port.high:
                message = (
                    f"that step is {hz:.1f}hz; {node.name}.freq goes from {port.low}hz"
                    f" to {port.high}hz"
                )
                raise UserError(Code.RANGE, message, step.span)
