"""Cables are plugged in and pulled out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.errors import Code, UserError, nearest
from chronus.language.quantities import in_unit
from chronus.language.statements import Patch, Unpatch
from chronus.patch.hearing import heard, reached, sounding
from chronus.patch.instruments import inner_nodes
from chronus.patch.model import OUT, Cable
from chronus.patch.naming import is_within, shown_ends, shown_node
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input
    from chronus.language.statements import PortRef, Quantity
    from chronus.patch.instruments import Instrument
    from chronus.patch.model import Node
    from chronus.patch.model import Patch as PlayedPatch
    from chronus.session.draft import Draft

LARGEST_AMOUNT = 1e6


def _output(draft: Draft, ref: PortRef, *, is_first: bool) -> tuple[Node, str]:
    """The output that a stage gives: the named one, or the main one.

    Raises:
        UserError: E_NAME, E_PORT or E_CABLE.
    """
    node = draft.node(ref.node)
    if node.name == OUT:
        raise UserError(Code.CABLE, "out is the end: nothing comes after it", ref.span)
    names = [port.name for port in node.declaration.outputs]
    instrument = draft.patch.instruments.get(ref.node.text)
    if instrument is not None:
        _check_output(draft, instrument, ref, is_first=is_first)
        return node, names[0]
    if ref.port is None or (not is_first and ref.port.text not in names):
        return node, names[0]
    if ref.port.text in names:
        return node, ref.port.text
    if node.port(ref.port.text) is not None:
        message = f"{ref} is an input: a cable starts at an output ({', '.join(names)})"
        raise UserError(Code.CABLE, message, ref.port.span, (f"{node.name}.{names[0]}",))
    message = (
        f"{node.name} ({node.kind}) has no output '{ref.port.text}'; it has {', '.join(names)}"
    )
    raise UserError(Code.PORT, message, ref.port.span, nearest(ref.port.text, names))


def _check_output(draft: Draft, instrument: Instrument, ref: PortRef, *, is_first: bool) -> None:
    """Make sure that an instrument has an output of a name; there is one, `out`.

    Raises:
        UserError: E_CABLE or E_PORT.
    """
    if ref.port is None or ref.port.text == "out" or not is_first:
        return
    if ref.port.text in instrument.ports:
        message = f"{ref} is an input: a cable starts at an output (out)"
        raise UserError(Code.CABLE, message, ref.port.span, (f"{instrument.name}.out",))
    inner = [
        f"{node.name}.{ref.port.text}"
        for node in inner_nodes(draft.patch, instrument)
        if node.declaration.find_output(ref.port.text) is not None
    ]
    message = (
        f"{instrument.name} ({instrument.kind}) has no output '{ref.port.text}'; it has out;"
        f" `describe {instrument.name}` shows the inner ones"
    )
    raise UserError(Code.PORT, message, ref.port.span, (*inner[:2], f"{instrument.name}.out"))


def _input(draft: Draft, ref: PortRef, *, is_last: bool) -> tuple[Node, str, Input]:
    """The input that a stage takes: the named one, or the main one.

    Raises:
        UserError: E_NAME, E_PORT or E_CABLE.
    """
    node = draft.node(ref.node)
    kind = node.declaration
    if ref.node.text in draft.patch.instruments:
        is_out = ref.port is not None and ref.port.text == "out" and not is_last
        return draft.input_at(replace(ref, port=None) if is_out else ref)
    if ref.port is None or kind.find_output(ref.port.text) is None or node.port(ref.port.text):
        return draft.input_at(ref)
    if is_last or kind.main_input is None:
        message = f"{ref} is an output: a cable ends at an input"
        names = [f"{node.name}.{port.name}" for port in kind.inputs]
        raise UserError(Code.CABLE, message, ref.port.span, names[:3])
    main = kind.inputs[kind.main_input]
    return node, main.name, main


def _amount(port: Input, amount: Quantity | None) -> tuple[float, bool, str]:
    """Factor of a cable, whether it bends, and the amount as text.

    Raises:
        UserError: E_VALUE or E_RANGE.
    """
    if amount is None:
        return 1.0, False, ""
    if amount.unit in ("st", "oct"):
        if port.unit != "hz":
            message = f"{amount.text} bends a frequency, and {port.name} is none"
            raise UserError(Code.VALUE, message, amount.span, ("50%",))
        return amount.value / (12.0 if amount.unit == "st" else 1.0), True, amount.text
    # On a level, decibel are its own unit: 6db moves it by that much, and is no factor.
    scales = amount.unit in ("", "%") or (amount.unit == "db" and port.unit != "db")
    factor = in_unit(amount, "" if scales else port.unit)
    if not abs(factor) <= LARGEST_AMOUNT:
        message = f"an amount is at most {LARGEST_AMOUNT:.0f} either way"
        raise UserError(Code.RANGE, message, amount.span)
    return factor, False, amount.text


def _patch(draft: Draft, statement: Patch) -> None:
    patch = draft.patch
    new: list[Cable] = []
    last = len(statement.stages) - 2
    for index, (sources, targets) in enumerate(
        zip(statement.stages, statement.stages[1:], strict=False)
    ):
        for source_ref in sources:
            source, output = _output(draft, source_ref, is_first=index == 0)
            for target_ref in targets:
                target, name, port = _input(draft, target_ref, is_last=index == last)
                # An amount belongs to the last cables of the row.
                how = _amount(port, statement.amount if index == last else None)
                new.append(
                    Cable(patch.count + len(new), source.name, output, target.name, name, *how)
                )
    fresh = []
    for cable in new:
        there = patch.cable_between(*cable.ends)
        if there is None or (there.amount, there.bends) != (cable.amount, cable.bends):
            fresh.append(cable)
    for cable in fresh:
        patch = patch.with_cable(cable)
    if fresh:
        draft.rewire(patch)
    shown = " > ".join(", ".join(str(ref) for ref in stage) for stage in statement.stages)
    amount = f" by {statement.amount.text}" if statement.amount else ""
    data = {"cables": [_as_data(draft.patch, cable) for cable in new]}
    unheard = _unheard(draft, {c.source for c in new} | {c.target for c in new})
    draft.say(Result(shown + amount + unheard, data=data, already=not fresh))


def _as_data(patch: PlayedPatch, cable: Cable) -> dict[str, object]:
    source, target = shown_ends(patch, cable)
    return {
        "from": source,
        "to": target,
        "amount": cable.amount,
        "bends": cable.bends,
    }


def _unheard(draft: Draft, names: set[str]) -> str:
    """A warning where something that makes sound ends nowhere."""
    ends = {*heard(draft.patch), OUT}
    heard_through = reached(ends, ((c.target, c.source) for c in draft.patch.cables))
    lost = sorted((names - heard_through) & sounding(draft.patch))
    shown = ", ".join(shown_node(draft.patch, name) for name in lost)
    return f" (not heard: {shown})" if lost else ""


def _unpatch(draft: Draft, statement: Unpatch) -> None:
    if len(statement.stages) == 1:
        gone = [cable for ref in statement.stages[0] for cable in _cables_of(draft, ref)]
    else:
        gone = []
        for sources, targets in zip(statement.stages, statement.stages[1:], strict=False):
            for source in sources:
                for target in targets:
                    gone += _cables_between(draft, source, target)
    patch = draft.patch.without_cables(frozenset(c.number for c in gone))
    silenced = {
        draft.node(ref.node).name
        for sources, targets in zip(statement.stages, statement.stages[1:], strict=False)
        for ref in sources
        if any(target.node.text == OUT and target.port is None for target in targets)
    }
    if silenced:
        patch = patch.silence(frozenset(silenced))
    is_new = patch != draft.patch
    if is_new:
        draft.rewire(patch)
    shown = " > ".join(", ".join(str(ref) for ref in stage) for stage in statement.stages)
    touched = {c.source for c in gone} | silenced
    text = f"{shown} unpatched{_unheard(draft, touched)}"
    draft.say(
        Result(text, data={"cables": [_as_data(draft.patch, c) for c in gone]}, already=not is_new)
    )


def _cables_of(draft: Draft, ref: PortRef) -> list[Cable]:
    """All cables of a node; of an instrument those that leave or enter it."""
    names = _all_of(draft, ref)
    is_whole = ref.node.text in draft.patch.instruments
    return [
        cable
        for cable in draft.patch.cables
        if (cable.source in names or cable.target in names)
        and not (is_whole and is_within(draft.patch, cable))
    ]


def _all_of(draft: Draft, ref: PortRef) -> frozenset[str]:
    """The nodes that a name means where cables are pulled out: of an instrument, all.

    Raises:
        UserError: E_NAME, there is none.
    """
    instrument = draft.patch.instruments.get(ref.node.text)
    if instrument is None:
        return frozenset({draft.node(ref.node).name})
    return frozenset(node.name for node in inner_nodes(draft.patch, instrument))


def _is_between(patch: PlayedPatch, cable: Cable, source: PortRef, target: PortRef) -> bool:
    """Whether a cable between nodes that are meant is between the ports, too.

    An instrument has one output, and what is within it is not meant by the name of the whole.
    """
    start, end = shown_ends(patch, cable)
    if source.node.text in patch.instruments and start != f"{source.node.text}.out":
        return False
    is_whole = target.node.text in patch.instruments and target.port is None
    if is_whole and is_within(patch, cable):
        return False
    return _is_port(patch, source, start, cable.output) and _is_port(
        patch, target, end, cable.input
    )


def _is_port(patch: PlayedPatch, ref: PortRef, shown: str, own: str) -> bool:
    if ref.port is None or shown == str(ref):
        return True
    return ref.node.text not in patch.instruments and own == ref.port.text


def _cables_between(draft: Draft, source: PortRef, target: PortRef) -> list[Cable]:
    """The cables of `source > target`.

    Raises:
        UserError: E_CABLE, there is none.
    """
    starts, ends = _all_of(draft, source), _all_of(draft, target)
    found = [
        cable
        for cable in draft.patch.cables
        if cable.source in starts
        and cable.target in ends
        and _is_between(draft.patch, cable, source, target)
    ]
    if not found and OUT not in ends:
        leaving = [
            shown_ends(draft.patch, c)
            for c in draft.patch.cables
            if c.source in starts and c.target not in starts
        ]
        message = f"there is no cable {source} > {target}"
        near = tuple(f"unpatch {start.partition('.')[0]} > {end}" for start, end in leaving[:3])
        raise UserError(Code.CABLE, message, target.span, near)
    return found


COMMANDS = (
    Command(
        verb="patch",
        form="patch A > B > C [by AMOUNT]",
        doc="Plug cables: from main output to main input, or A.port > B.port; `A, B > C` joins",
        examples=(
            "load saw; load filter; load delay; load lfo",
            "patch saw > filter > delay",
            "patch lfo > filter.cutoff by 600hz",
            "patch lfo > saw.freq by 10ct",
        ),
        handles={Patch: _patch},
        more=(
            "`by` scales what the last cable carries: a factor, 50%, -12db, or in the unit of the",
            "port. In st, ct or oct on a frequency port it bends exponentially.",
        ),
    ),
    Command(
        verb="unpatch",
        form="unpatch A > B, or unpatch A",
        doc="Pull a cable out, or all cables of a node; `unpatch A > out` silences A for good",
        examples=(
            "load saw; load filter; patch saw > filter",
            "unpatch saw > filter",
            "unpatch saw > out",
        ),
        handles={Unpatch: _unpatch},
    ),
)
