"""Patterns play nodes and move ports."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.commands.playable import as_of_now
from chronus.commands.values import checked_value
from chronus.dsp.declaration import Curve
from chronus.errors import Code, UserError, nearest
from chronus.language.quantities import format_value
from chronus.language.statements import Swing, Unsequence
from chronus.language.steps import Sequence, meaning
from chronus.patch.cells import cycle_beats
from chronus.patch.instruments import locked_port, own_pitch
from chronus.patch.musical import for_engine
from chronus.patch.naming import shown_target
from chronus.patch.tables import Glide, Table, note_table, value_table
from chronus.session.draft import Result
from chronus.session.saving import options_text
from chronus.session.sequences import locks_of, roles_of

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input
    from chronus.language.statements import PortRef
    from chronus.language.steps import Lock
    from chronus.patch.model import Patch
    from chronus.session.draft import Draft
    from chronus.session.sequences import Ports
    from chronus.session.tempo import Transport


def _sequence(draft: Draft, statement: Sequence) -> None:
    shown = str(statement.target)
    target, sequence = as_of_now(draft, statement)
    now = statement.options.now
    old = draft.patch.sequences.get(target)
    is_same = old is not None and old.text == sequence.text and old == meaning(sequence)
    already = is_same and not now
    if not already:
        draft.patch = draft.patch.with_sequence(target, sequence)
        play(draft, target, now=now)
    data = {
        "sequence": shown,
        "pattern": sequence.text,
        "options": options_text(shown, sequence).strip(),
        "steps": len(sequence.steps),
        "beats": float(cycle_beats(sequence)),
    }
    count = len(sequence.steps)
    draft.say(Result(f"{shown}: {sequence.text} ({count} steps)", data=data, already=already))


def play(draft: Draft, target: str, *, now: bool) -> None:
    """Let a sequence of the patch play, from the next bar line on or now.

    Raises:
        UserError: E_LIMIT, there is no room for it.
    """
    table, ports = table_of(draft.patch, target, draft.pace)
    locks = locks_of(draft.patch, target)
    tables = draft.session.writer.tables
    draft.patterns.append(len(table.entries))
    players = map(draft.patch.player, draft.patch.sequences)
    tables.check_room(draft.patterns, (p for p in players if not tables.plays(p)))
    player = draft.patch.player(target)
    tables.check_locks(player, table.locked)
    draft.touch(lambda console: console.play(player, table, ports, locks, now=now))


def table_of(patch: Patch, target: str, transport: Transport) -> tuple[Table, Ports]:
    """The table of a sequence of a patch, and the ports that its entries move."""
    sequence = patch.sequences[target]
    node = patch.nodes[sequence.target.node.text]
    if sequence.target.port is not None:
        port = node.port(sequence.target.port.text)
        assert port is not None, target
        table = value_table(
            sequence,
            lambda value: for_engine(port, checked_value(port, value, transport, builds=True)),
            port.ramp_s,
            patch.swing,
            _glide(port) if sequence.options.smooth else Glide.STEPS,
        )
        return table, roles_of(patch, target)
    own_hz = sequence.own_hz or own_pitch(patch, node.name)
    lock = partial(_lock_in, patch, node.name, transport)
    return note_table(sequence, own_hz, patch.swing, lock), roles_of(patch, target)


def _glide(port: Input) -> Glide:
    """How a port gets smoothly from one value to the next."""
    return Glide.BENT if port.curve is Curve.EXPONENTIAL else Glide.LINEAR


def _lock_in(patch: Patch, node: str, transport: Transport, lock: Lock) -> tuple[float, int, float]:
    """A lock as `note_table` takes it. What follows the tempo may have been said at another one."""
    found = locked_port(patch, node, lock.port.text)
    assert found is not None, lock.port.text
    port = found[1]
    value = checked_value(port, lock.value, transport, builds=True)
    return (*for_engine(port, value), port.ramp_s)


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
            "sequence saw: c2(3,8) <eb2 g2>*2 c3?30%",
        ),
        handles={Sequence: _sequence},
        more=(
            "Grid: x hit, X accent, o ghost, . rest, _ hold; | and spaces are for the eye.",
            "Steps: words, each one step: notes such as c2 f#2 eb3, x for the node's own pitch,",
            ". rest, _ hold; c2~ slides into the next step.",
            "Marks: x? chance, x*3 ratchet, x!3 repeat, x%2 every second cycle, c3+eb3 or c3:m7",
            "chord, c2{pan=-1} lock, [a b] group, <a b> turns, x(3,8) Euclid.",
            "Options: step 1/16, swing 60%, rotate 2, gate 80%, transpose -12st, scale c minor,",
            "seed 7, smooth (a port glides), now. `help patterns` has all of it by example.",
            "What is said in beats follows the tempo: c2{time=1/8}, `sequence lfo.rate: 1/4 1/8`.",
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
