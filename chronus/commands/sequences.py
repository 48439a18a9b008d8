"""Patterns play nodes and move ports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.commands.values import MUSICAL, checked_value
from chronus.errors import Code, UserError, nearest
from chronus.language.quantities import format_value, number
from chronus.language.statements import Sequence, Swing, Unsequence, meaning, played_by
from chronus.patch.instruments import own_pitch, played_ports
from chronus.patch.naming import shown_target
from chronus.patch.tables import Table, note_table, plays_own_pitch, value_table
from chronus.session.draft import Result
from chronus.session.saving import number_text
from chronus.session.sequences import roles_of

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input
    from chronus.language.statements import PortRef, Quantity
    from chronus.patch.model import Node, Patch
    from chronus.session.draft import Draft
    from chronus.session.sequences import Ports
    from chronus.session.tempo import Transport


def _sequence(draft: Draft, statement: Sequence) -> None:
    shown = str(statement.target)
    target, sequence = _as_of_now(draft, statement)
    now = statement.options.now
    already = draft.patch.sequences.get(target) == meaning(sequence) and not now
    if not already:
        draft.patch = draft.patch.with_sequence(target, sequence)
        play(draft, target, now=now)
    table, _ = table_of(draft.patch, target, draft.pace)
    data = {
        "sequence": shown,
        "pattern": sequence.text,
        "steps": len(sequence.steps),
        "beats": table.beats,
    }
    count = len(sequence.steps)
    draft.say(Result(f"{shown}: {sequence.text} ({count} steps)", data=data, already=already))


def play(draft: Draft, target: str, *, now: bool) -> None:
    """Let a sequence of the patch play, from the next bar line on or now.

    Raises:
        UserError: E_LIMIT, there is no room for it.
    """
    table, roles = table_of(draft.patch, target, draft.pace)
    tables = draft.session.writer.tables
    draft.patterns.append(len(table.entries))
    players = map(draft.patch.player, draft.patch.sequences)
    tables.check_room(draft.patterns, (p for p in players if not tables.plays(p)))
    player = draft.patch.player(target)
    draft.touch(lambda console: console.play(player, table, roles, now=now))


def table_of(patch: Patch, target: str, transport: Transport) -> tuple[Table, Ports]:
    """The table of a sequence of a patch, and the ports that its entries move."""
    sequence = patch.sequences[target]
    node = patch.nodes[sequence.target.node.text]
    if sequence.target.port is not None:
        port = node.port(sequence.target.port.text)
        assert port is not None, target
        table = value_table(
            sequence,
            lambda value: checked_value(port, value, transport),
            port.ramp_s,
            patch.swing,
        )
        return table, roles_of(patch, target)
    own_hz = sequence.own_hz or own_pitch(patch, node.name)
    return note_table(sequence, own_hz, patch.swing), roles_of(patch, target)


def _as_of_now(draft: Draft, statement: Sequence) -> tuple[str, Sequence]:
    """What a sequence plays, and the sequence with what depends on the moment worked out.

    That is its own pitch, and musical time. An instrument is played by the node that stands for
    it, and a port that it exposes is that of a node.

    Raises:
        UserError: E_NAME, E_PORT, E_STATE, the node cannot be played so; E_VALUE or E_RANGE, a step
            is wrong.
    """
    if statement.target.port is None:
        node = draft.played(statement.target.node)
        _check_playable(draft, node, statement)
        own_hz = own_pitch(draft.patch, node.name) if plays_own_pitch(statement) else None
        return node.name, replace(played_by(statement, node.name), own_hz=own_hz)
    node, own, port = draft.input_at(statement.target)
    target = f"{node.name}.{own}"
    named = replace(statement.target.port, text=own)
    statement = played_by(statement, node.name)
    statement = replace(statement, target=replace(statement.target, port=named))
    steps, words = [], []
    for step in statement.steps:
        word = {"hit": "", "hold": "_", "rest": "."}[step.kind]
        value = step.value
        if value is not None:
            value = _without_time(port, value, checked_value(port, value, draft.pace))
            word = value.text
        steps.append(replace(step, value=value))
        words.append(word)
    if tuple(steps) == statement.steps:
        return target, statement
    return target, replace(statement, steps=tuple(steps), text=" ".join(words))


def _without_time(port: Input, value: Quantity, in_port_unit: float) -> Quantity:
    """A value in musical time as what it is at the tempo of the moment; any other as it is."""
    if value.unit not in MUSICAL or port.unit not in ("ms", "s", "hz"):
        return value
    return number(f"{number_text(in_port_unit)}{port.unit}", value.span)


def _check_playable(draft: Draft, node: Node, statement: Sequence) -> None:
    ports = played_ports(draft.patch, node.name)
    name = statement.target.node.text
    owner = draft.patch.instruments.get(name)
    called = f"{name} ({node.kind if owner is None else owner.kind})"
    hits = [step for step in statement.steps if step.kind == "hit"]
    pitched = [step for step in hits if step.pitch is not None]
    if pitched and "freq" not in ports:
        message = f"{called} has no freq: play it by a grid such as x..."
        raise UserError(Code.PORT, message, pitched[0].span)
    if "gate" not in ports and "freq" not in ports:
        names = tuple(
            f"{node.name}.{port.name}" for port in node.declaration.inputs if port.name != "in"
        )
        message = f"{called} has neither freq nor gate: sequence one of its ports"
        raise UserError(Code.PORT, message, statement.target.span, names[:3])
    if "gate" not in ports and len(pitched) < len(hits):
        bare = next(step for step in hits if step.pitch is None)
        message = f"{called} has no gate: its steps are notes, such as c2"
        raise UserError(Code.PORT, message, bare.span)
    for step in pitched:
        _, port = ports["freq"]
        hz = (step.pitch or 0.0) * 2.0 ** (statement.options.transpose_st / 12.0)
        if not port.low <= hz <= port.high:
            message = (
                f"that step is {hz:.1f}hz; {name}.freq goes from {port.low}hz to {port.high}hz"
            )
            raise UserError(Code.RANGE, message, step.span)


def target_of(draft: Draft, ref: PortRef) -> str:
    """The sequence that `unsequence` names.

    Raises:
        UserError: E_NAME, there is none.
    """
    shown = {shown_target(draft.patch, target): target for target in draft.patch.sequences}
    target = shown.get(str(ref), str(ref))
    if target not in draft.patch.sequences:
        message = f"nothing plays {ref}; `list sequences` shows what is played"
        raise UserError(Code.NAME, message, ref.span, nearest(str(ref), shown))
    return target


def _swing(draft: Draft, statement: Swing) -> None:
    already = draft.patch.swing == statement.swing
    draft.patch = replace(draft.patch, swing=statement.swing)
    follow = [t for t, s in draft.patch.sequences.items() if s.options.swing is None]
    if not already:
        for target in follow:
            play(draft, target, now=False)
    text = f"swing {format_value(statement.swing * 100.0, '%')}"
    draft.say(Result(text, data={"swing": statement.swing}, already=already))


def _unsequence(draft: Draft, statement: Unsequence) -> None:
    target = target_of(draft, statement.target)
    player = draft.patch.player(target)
    draft.patch = draft.patch.with_sequence(target, None)
    draft.touch(lambda console: console.stop_playing(player, now=False))
    shown = str(statement.target)
    draft.say(Result(f"{shown} stops at the bar line", data={"sequence": shown}))


COMMANDS = (
    Command(
        verb="sequence",
        form="sequence A: PATTERN [options], or sequence A.port: VALUES [options]",
        doc="Play a node by a pattern, or move a port step by step, from the next bar line on",
        examples=(
            "load kick; load saw; load adsr; patch saw > adsr; load filter; patch adsr > filter",
            "sequence kick: x...x...x...x.o.",
            "sequence adsr: X.x.x_x. gate 80%",
            "sequence saw: c2 . eb2 g2~ c3 step 1/8",
            "sequence filter.cutoff: 400 800 1.2khz . step 1/4",
            "sequence kick: x..x..x. swing 58% now",
        ),
        handles={Sequence: _sequence},
        more=(
            "Grid: x hit, X accent, o ghost, . rest, _ hold; | and spaces are for the eye.",
            "Steps: words, each one step: notes such as c2 f#2 eb3, x for the node's own pitch,",
            ". rest, _ hold; c2~ slides into the next step.",
            "Options: step 1/16, swing 60%, rotate 2, gate 80%, transpose -12st, now.",
        ),
    ),
    Command(
        verb="swing",
        form="swing SHARE",
        doc="Delay every second step of the sequences that name no swing; 50% is straight",
        examples=("load hat; sequence hat: xxxx", "swing 58%"),
        handles={Swing: _swing},
        more=(
            "What plays takes it up at the next bar line; `sequence ... swing 60%` has its own.",
        ),
    ),
    Command(
        verb="unsequence",
        form="unsequence A, or unsequence A.port",
        doc="Let nothing play A any more, from the next bar line on",
        examples=("load hat", "sequence hat: x.x.", "unsequence hat"),
        handles={Unsequence: _unsequence},
    ),
)
