"""Cables are plugged in and pulled out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.errors import Code, UserError, nearest
from chronus.language.quantities import in_unit
from chronus.language.statements import Patch, Unpatch
from chronus.patch.graph import heard, sounding
from chronus.patch.model import OUT, Cable
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input
    from chronus.language.statements import PortRef, Quantity
    from chronus.patch.model import Node
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


def _input(draft: Draft, ref: PortRef, *, is_last: bool) -> tuple[Node, str, Input]:
    """The input that a stage takes: the named one, or the main one.

    Raises:
        UserError: E_NAME, E_PORT or E_CABLE.
    """
    node = draft.node(ref.node)
    kind = node.declaration
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
    there = {cable.ends: cable for cable in patch.cables}
    fresh = [
        c
        for c in new
        if c.ends not in there or (there[c.ends].amount, there[c.ends].bends) != (c.amount, c.bends)
    ]
    for cable in fresh:
        patch = patch.with_cable(cable)
    if fresh:
        draft.rewire(patch)
    shown = " > ".join(", ".join(str(ref) for ref in stage) for stage in statement.stages)
    amount = f" by {statement.amount.text}" if statement.amount else ""
    data = {"cables": [_as_data(cable) for cable in new]}
    unheard = _unheard(draft, {c.source for c in new} | {c.target for c in new})
    draft.say(Result(shown + amount + unheard, data=data, already=not fresh))


def _as_data(cable: Cable) -> dict[str, object]:
    return {
        "from": f"{cable.source}.{cable.output}",
        "to": f"{cable.target}.{cable.input}",
        "amount": cable.amount,
        "bends": cable.bends,
    }


def _unheard(draft: Draft, names: set[str]) -> str:
    """A warning where something that makes sound ends nowhere."""
    reached = set(heard(draft.patch)) | {OUT}
    while True:
        more = {c.source for c in draft.patch.cables if c.target in reached} - reached
        if not more:
            break
        reached |= more
    lost = sorted((names - reached) & sounding(draft.patch))
    return f" (not heard: {', '.join(lost)})" if lost else ""


def _unpatch(draft: Draft, statement: Unpatch) -> None:
    if len(statement.stages) == 1:
        names = {draft.node(ref.node).name for ref in statement.stages[0]}
        gone = [c for c in draft.patch.cables if c.source in names or c.target in names]
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
    draft.say(Result(text, data={"cables": [_as_data(c) for c in gone]}, already=not is_new))


def _cables_between(draft: Draft, source: PortRef, target: PortRef) -> list[Cable]:
    """The cables of `source > target`.

    Raises:
        UserError: E_CABLE, there is none.
    """
    start, end = draft.node(source.node), draft.node(target.node)
    found = [
        cable
        for cable in draft.patch.cables
        if (cable.source, cable.target) == (start.name, end.name)
        and (source.port is None or cable.output == source.port.text)
        and (target.port is None or cable.input == target.port.text)
    ]
    if not found and end.name != OUT:
        leaving = [c for c in draft.patch.cables if c.source == start.name]
        message = f"there is no cable {source} > {target}"
        near = tuple(f"unpatch {c.source} > {c.target}.{c.input}" for c in leaving[:3])
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
