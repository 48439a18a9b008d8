"""Describing: all that is known of a kind, a node, a port, a command or a topic."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from chronus.commands.declaration import Command
from chronus.commands.helping import help_data, help_lines, pages
from chronus.commands.looking import columns, kind_rows
from chronus.commands.values import show_range, show_value
from chronus.errors import Code, UserError, nearest
from chronus.language.statements import Describe
from chronus.modules.catalog import kinds
from chronus.patch.graph import cable_key, computing_order, graph_of, heard
from chronus.patch.model import STRIP_PORTS
from chronus.session.draft import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chronus.dsp.declaration import Input, Kind
    from chronus.language.statements import Name
    from chronus.patch.model import Cable, Node, Patch
    from chronus.session.draft import Draft

LARGEST_RANGE: Final = 1e12
"""A port that goes further than this takes signals: its range says nothing."""


# ---- ports


def _walked(port: Input) -> str:
    """The range of a port and how it is walked."""
    walks = not port.choices and port.high < LARGEST_RANGE
    return f"{show_range(port)}, {port.curve}" if walks else show_range(port)


def _example_value(port: Input, now: float) -> float:
    """A value that a port may be set to, another one than it has."""
    if port.choices:
        return float((round(now) + 1) % len(port.choices))
    if port.high >= LARGEST_RANGE:
        return 1.0
    for share in (0.5, 0.75):
        if port.low > 0:
            value = float(port.low * (port.high / port.low) ** share)
        else:
            value = port.low + (port.high - port.low) * share
        value = min(max(float(f"{value:.2g}"), port.low), port.high)
        if not math.isclose(value, now):
            break
    return value


def port_example(name: str, port: Input, now: float) -> str:
    """A line that does something with a port of a node."""
    if port.name == "in":
        return f"load noise; patch noise > {name}"
    if port.name == "gate":
        return f"trigger {name}"
    return f"set {name}.{port.name} {show_value(port, _example_value(port, now))}"


def _port_data(port: Input, value: float | None = None) -> dict[str, Any]:
    data = {
        "name": port.name,
        "doc": port.doc,
        "default": port.default,
        "low": port.low if math.isfinite(port.low) else None,
        "high": port.high if math.isfinite(port.high) else None,
        "unit": port.unit,
        "curve": str(port.curve),
        "choices": list(port.choices),
    }
    return data if value is None else {**data, "value": value}


def _port_lines(port: Input) -> list[str]:
    shown = "left and right" if port.channels == 2 else "one signal"
    unit = f"unit: {port.unit}" if port.unit else "unit: none, a bare number"
    return [
        f"{port.name}: {port.doc}",
        f"range: {_walked(port)}",
        "unit: words" if port.choices else unit,
        *([f"takes: {shown}"] if port.channels == 2 else []),
        f"default: {show_value(port, port.default)}",
    ]


def _all_inputs(patch: Patch, node: Node) -> Iterator[Input]:
    """The inputs of a node, and of its channel strip where it is heard."""
    yield from node.declaration.inputs
    if node.name in heard(patch):
        for port in kinds()["strip"].inputs:
            if port.name in STRIP_PORTS and node.declaration.find_input(port.name) is None:
                yield port


def _describe_port(draft: Draft, kind: Kind, node: Node | None, ref: tuple[Name, Name]) -> Result:
    name, wanted = ref[0].text, ref[1]
    inputs = kind.inputs if node is None else tuple(_all_inputs(draft.patch, node))
    port = next((port for port in inputs if port.name == wanted.text), None)
    output = kind.find_output(wanted.text)
    if port is not None:
        value = None if node is None else node.value(port.name)
        lines = _port_lines(port)
        if value is not None:
            lines.append(f"set to: {show_value(port, value)}")
        example = port_example(name, port, port.default if value is None else value)
        data = {**_port_data(port, port.default if value is None else value), "example": example}
        lines.append(f"example: {example}")
        return Result(f"{name}.{port.name}", tuple(lines), data)
    if output is None:
        names = [p.name for p in inputs] + [p.name for p in kind.outputs]
        message = f"{name} has no port '{wanted.text}'; it has {', '.join(names)}"
        raise UserError(Code.PORT, message, wanted.span, nearest(wanted.text, names))
    out = kind.outputs[output]
    example = f"patch {name}.{out.name} > out"
    lines = [f"{out.name}: {out.doc} (output)", f"example: {example}"]
    data = {"name": out.name, "doc": out.doc, "output": True, "port": out.name, "example": example}
    return Result(f"{name}.{out.name}", tuple(lines), data)


def port_owners(name: str) -> list[tuple[str, Input | None]]:
    """The kinds that have a port of a name, and the port; None where it is an output."""
    found: list[tuple[str, Input | None]] = []
    for kind in kinds().values():
        index = kind.find_input(name)
        if not kind.hidden and (index is not None or kind.find_output(name) is not None):
            found.append((kind.name, None if index is None else kind.inputs[index]))
    return found


def _describe_port_name(draft: Draft, name: str) -> Result:
    """Which kinds and nodes have a port."""
    owners = port_owners(name)
    rows = [
        (kind, port.doc, f"{show_value(port, port.default)} ({_walked(port)})")
        if port
        else (kind, kinds()[kind].outputs[kinds()[kind].find_output(name) or 0].doc, "an output")
        for kind, port in owners
    ]
    names = [kind for kind, _ in owners]
    nodes = [node for node in draft.patch.nodes.values() if node.kind in names]
    lines = [f"{name}: a port of these kinds (default, range):"]
    lines += [f"  {row}" for row in columns([*rows])]
    if name in STRIP_PORTS:
        lines.append("and of every node that is heard: its channel strip")
    lines += [f"node {node.name} ({node.kind}) has it" for node in nodes]
    data = {"port": name, "kinds": names, "nodes": [node.name for node in nodes]}
    return Result(name, tuple(lines), data)


# ---- kinds and nodes


def _input_row(port: Input, value: float) -> tuple[str, ...]:
    return (port.name, show_value(port, value), _walked(port), port.doc)


def describe_kind(kind: Kind) -> tuple[str, ...]:
    """All that is known of a kind, as lines."""
    lines = [f"{kind.name}: {kind.doc}", "inputs (default, range):"]
    lines += [f"  {row}" for row in columns([_input_row(p, p.default) for p in kind.inputs])]
    lines.append("outputs:")
    lines += [f"  {row}" for row in columns([(p.name, p.doc) for p in kind.outputs])]
    if kind.makes_sound:
        lines.append("heard by itself where it is patched to nothing; it has level and pan then")
    return (*lines, f"source: {kind.source}", f"example: {kind.example}")


def kind_data(kind: Kind) -> dict[str, Any]:
    """The same for programs."""
    return {
        "kind": kind.name,
        "doc": kind.doc,
        "source": kind.source,
        "example": kind.example,
        "inputs": [_port_data(port) for port in kind.inputs],
        "outputs": [{"name": port.name, "doc": port.doc} for port in kind.outputs],
    }


def _cables_of(patch: Patch, node: Node) -> list[tuple[Cable, bool]]:
    """The cables of a node, and whether each is one block late."""
    graph = graph_of(patch)
    _, closing = computing_order(graph.nodes, graph.cables.values())
    return [
        (cable, cable_key(patch, cable) in closing)
        for cable in patch.cables
        if node.name in (cable.source, cable.target)
    ]


def _describe_node(draft: Draft, node: Node) -> Result:
    patch = draft.patch
    inputs = [(port, node.value(port.name)) for port in _all_inputs(patch, node)]
    rows = [_input_row(port, value) for port, value in inputs]
    lines = [f"{node.name}: {node.kind}, {node.declaration.doc}"]
    lines += ["inputs (set to, range):", *(f"  {row}" for row in columns(rows))]
    cables = []
    for cable, is_late in _cables_of(patch, node):
        late = ", one block late: it closes a cycle" if is_late else ""
        amount = f" by {cable.text}" if cable.text else ""
        ends = f"{cable.source}.{cable.output} > {cable.target}.{cable.input}{amount}"
        lines.append(f"cable: {ends}{late}")
        cables.append({"text": ends, "late": is_late})
    is_heard = node.name in heard(patch)
    sequences = {
        target: sequence.text
        for target, sequence in patch.sequences.items()
        if target.split(".")[0] == node.name
    }
    lines += ["heard at out"] * is_heard
    lines += [f"sequence {target}: {text}" for target, text in sequences.items()]
    data = {
        **kind_data(node.declaration),
        "node": node.name,
        "inputs": [_port_data(port, value) for port, value in inputs],
        "cables": cables,
        "sequences": sequences,
        "heard": is_heard,
    }
    return Result(node.name, tuple(lines), data)


# ---- the command


def _describe(draft: Draft, statement: Describe) -> None:
    ref = statement.target
    name = ref.node.text
    node = draft.patch.nodes.get(name)
    kind = node.declaration if node else kinds().get(name)
    if ref.port is not None and kind is not None:
        draft.say(_describe_port(draft, kind, node, (ref.node, ref.port)))
    elif ref.port is None and node is not None:
        draft.say(_describe_node(draft, node))
    elif ref.port is None and kind is not None:
        draft.say(Result(name, describe_kind(kind), kind_data(kind)))
    elif ref.port is None and name in pages():
        also = [kind for kind, _ in port_owners(name)]
        lines = [f"{name} is also a port of {', '.join(also)}"] if also else []
        draft.say(Result(name, (*help_lines(name), *lines), help_data(name)))
    elif ref.port is None and port_owners(name):
        draft.say(_describe_port_name(draft, name))
    else:
        raise _unknown(draft, ref.node)


def _unknown(draft: Draft, name: Name) -> UserError:
    ports = {port.name for kind in kinds().values() if not kind.hidden for port in kind.inputs}
    offered = [*draft.patch.nodes, *(n for n, _ in kind_rows()), *pages(), *sorted(ports)]
    near = nearest(name.text, dict.fromkeys(offered))
    message = f"there is no node, kind, port, command or topic '{name.text}'"
    return UserError(Code.NAME, message, name.span, near or (f"search {name.text}",))


COMMANDS = (
    Command(
        verb="describe",
        form="describe KIND|NODE|COMMAND|TOPIC, or describe A.port, or describe PORT",
        doc="Say all that is known of a kind, a node or a port",
        examples=(
            "describe filter",
            "describe filter.cutoff",
            "load kick",
            "describe kick",
            "describe cutoff",
        ),
        handles={Describe: _describe},
        more=("The name of a port alone says which kinds and nodes have it.",),
    ),
)
