"""What is known of a kind, a node or an instrument: lines for people, data for programs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from chronus.commands.drawing import described
from chronus.commands.values import show_range, show_value
from chronus.dsp import own
from chronus.modules.catalog import kinds
from chronus.patch.graph import cable_key
from chronus.patch.hearing import heard, why_silent
from chronus.patch.instruments import inner_nodes
from chronus.patch.model import STRIP_PORTS
from chronus.patch.naming import is_within, shown_ends
from chronus.session.naming import settable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chronus.dsp.declaration import Input, Kind
    from chronus.patch.instruments import Definition, Instrument
    from chronus.patch.model import Cable, Node, Patch
    from chronus.patch.recording import Recording


LARGEST_RANGE: Final = 1e12
"""A port that goes further than this takes signals: its range says nothing."""


def columns(rows: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Rows as text, with the columns under each other."""
    if not rows:
        return ()
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    return tuple(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )


def walked(port: Input) -> str:
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


def _input_row(port: Input, value: float) -> tuple[str, ...]:
    return (port.name, show_value(port, value), walked(port), port.doc)


def _table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"  {row}" for row in columns(list(rows))]


def describe_kind(kind: Kind) -> tuple[str, ...]:
    """All that is known of a kind, as lines."""
    lines = [f"{kind.name}: {kind.doc}", "inputs (default, range):"]
    lines += _table([_input_row(p, p.default) for p in kind.inputs])
    lines.append("outputs:")
    lines += _table([(p.name, p.doc) for p in kind.outputs])
    if kind.makes_sound:
        lines.append("heard by itself where it is patched to nothing; it has level and pan then")
    file = own.origin(kind)
    lines += [] if file is None else [f"a module of your own: {file}"]
    return (*lines, f"source: {kind.source}", f"example: {kind.example}")


def doc_of(kind: Kind) -> str:
    """One line on a kind; of one of the user's own, with its file."""
    file = own.origin(kind)
    return kind.doc if file is None else f"{kind.doc} (your own: {file})"


def kind_data(kind: Kind) -> dict[str, Any]:
    """The same for programs."""
    return {
        "kind": kind.name,
        "doc": kind.doc,
        "source": kind.source,
        "example": kind.example,
        "inputs": [port_data(port) for port in kind.inputs],
        "outputs": [{"name": port.name, "doc": port.doc} for port in kind.outputs],
        **({} if own.origin(kind) is None else {"file": own.origin(kind)}),
    }


def all_inputs(patch: Patch, node: Node) -> Iterator[Input]:
    """The inputs of a node, and of its channel strip where it is heard."""
    yield from node.declaration.inputs
    if node.name in heard(patch):
        for port in kinds()["strip"].inputs:
            if port.name in STRIP_PORTS and node.declaration.find_input(port.name) is None:
                yield port


def port_owners(name: str) -> list[tuple[str, Input | None]]:
    """The kinds that have a port of a name, and the port; None where it is an output."""
    found: list[tuple[str, Input | None]] = []
    for kind in kinds().values():
        index = kind.find_input(name)
        if not kind.hidden and (index is not None or kind.find_output(name) is not None):
            found.append((kind.name, None if index is None else kind.inputs[index]))
    return found


def recording_data(recording: Recording) -> dict[str, Any]:
    """What is known of the sound of a node's file."""
    return {
        "file": recording.path,
        "mark": recording.mark,
        "rate": recording.rate_hz,
        "seconds": recording.seconds,
        "channels": recording.channels,
    }


def node_lines(patch: Patch, node: Node, late: Mapping[str, str]) -> tuple[str, ...]:
    """All that is known of a node, as lines.

    Args:
        patch: that it is in.
        node: the node.
        late: the engine's names of the cables that carry the block before, and why.
    """
    lines = [f"{node.name}: {node.kind}, {node.declaration.doc}"]
    if node.recording is not None:
        lines.append(f"file: {node.recording}, mark {node.recording.mark}")
    rows = [_input_row(p, node.value(p.name)) for p in all_inputs(patch, node)]
    lines += ["inputs (set to, range):", *_table(rows)]
    cables = [c for c in patch.cables if node.name in (c.source, c.target)]
    lines += _cable_lines(patch, cables, "cable", late)
    lines += _heard_line(patch, node.name)
    return (*lines, *_sequence_lines(patch, {node.name}))


def _heard_line(patch: Patch, name: str) -> list[str]:
    """Whether a node goes to `out`, and what silences it there for now."""
    if name not in heard(patch):
        return []
    why = why_silent(patch).get(name)
    return [f"heard at out, but {why} now" if why else "heard at out"]


def instrument_lines(
    patch: Patch, instrument: Instrument, late: Mapping[str, str]
) -> tuple[str, ...]:
    """All that is known of an instrument in the patch, as lines; `late` as for a node's."""
    made = instrument.definition
    doc = f", {made.doc}" if made is not None and made.doc else ""
    lines = [f"{instrument.name}: {instrument.kind}{doc}", "ports (set to, range):"]
    rows = [
        (
            name,
            show_value(port, node.value(own)),
            walked(port),
            f"{port.doc} ({node.name}.{own})",
        )
        for name, node, own, port in settable(patch, instrument.name)
    ]
    lines += [*_table(rows), f"played: {_played(instrument)}", "nodes within:"]
    inner = inner_nodes(patch, instrument)
    lines += _table([(node.name, node.kind, node.declaration.doc) for node in inner])
    names = {node.name for node in inner}
    cables = [c for c in patch.cables if c.source in names or c.target in names]
    lines += _cable_lines(patch, [c for c in cables if is_within(patch, c)], "cable within", late)
    lines += _cable_lines(patch, [c for c in cables if not is_within(patch, c)], "cable", late)
    lines += _heard_line(patch, instrument.heard)
    lines += _sequence_lines(patch, names)
    return (*lines, *([f"file: {made.origin}"] if made is not None else ()))


def definition_lines(made: Definition) -> tuple[str, ...]:
    """All that is known of an instrument that can be loaded, as lines."""
    lines = [f"{made.name}: {made.doc or 'an instrument'}", "ports (default, range):"]
    rows = [
        (*_input_row(e.declared, e.declared.default)[:3], f"{e.declared.doc} ({e.node}.{e.port})")
        for e in made.ports.values()
    ]
    lines += [*_table(rows), f"played: {_played(made)}", "nodes within:"]
    lines += _table([(node.name, node.kind, node.declaration.doc) for node in made.nodes])
    return (*lines, f"heard: {made.output}", f"file: {made.origin}")


def _played(instrument: Instrument | Definition) -> str:
    """How it is played, in words."""
    voices = "one voice" if instrument.voices == 1 else f"{instrument.voices} voices"
    if instrument.player is not None:
        return f"{voices}, legato" if instrument.legato else voices
    return voices if {"gate", "freq"} & instrument.ports.keys() else "by its ports alone"


def _cable_lines(
    patch: Patch, cables: Iterable[Cable], what: str, late: Mapping[str, str]
) -> list[str]:
    lines = []
    for cable in cables:
        why = late.get(cable_key(patch, cable))
        delay = "" if why is None else f", one block late: {why}"
        amount = f" by {cable.text}" if cable.text else ""
        lines.append(f"{what}: {' > '.join(shown_ends(patch, cable))}{amount}{delay}")
    return lines


def _sequence_lines(patch: Patch, names: set[str]) -> list[str]:
    targets = [target for target in patch.sequences if target.split(".")[0] in names]
    return [line for target in targets for line in described(patch, target)]


def port_lines(port: Input, value: float | None) -> tuple[str, ...]:
    """All that is known of a port, as lines; without a value it is one of a kind."""
    unit = f"unit: {port.unit}" if port.unit else "unit: none, a bare number"
    return (
        f"{port.name}: {port.doc}",
        f"range: {walked(port)}",
        "unit: words" if port.choices else unit,
        *(("takes: left and right",) if port.channels == 2 else ()),
        f"default: {show_value(port, port.default)}",
        *((f"set to: {show_value(port, value)}",) if value is not None else ()),
    )


# ---- for programs


def port_data(port: Input, value: float | None = None) -> dict[str, Any]:
    """A port for programs; its value where it has one, else its default."""
    return {
        "name": port.name,
        "doc": port.doc,
        "default": port.default,
        "low": port.low if math.isfinite(port.low) else None,
        "high": port.high if math.isfinite(port.high) else None,
        "unit": port.unit,
        "curve": str(port.curve),
        "choices": list(port.choices),
        "value": port.default if value is None else value,
    }


def definition_data(made: Definition) -> dict[str, Any]:
    """An instrument that can be loaded, for programs."""
    return {
        "instrument": made.name,
        "doc": made.doc,
        "file": made.origin,
        "voices": made.voices,
        "legato": made.legato,
        "nodes": {node.name: node.kind for node in made.nodes},
        "inputs": [
            {**port_data(e.declared), "drives": f"{e.node}.{e.port}"} for e in made.ports.values()
        ],
        "outputs": [{"name": "out", "doc": "What is heard of it"}],
    }


def instrument_data(patch: Patch, instrument: Instrument) -> dict[str, Any]:
    """An instrument in the patch, for programs."""
    made = instrument.definition
    data = {} if made is None else definition_data(made)
    return {
        **data,
        "node": instrument.name,
        "instrument": instrument.kind,
        "voices": instrument.voices,
        "legato": instrument.legato,
        "nodes": {node.name: node.kind for node in inner_nodes(patch, instrument)},
        "inputs": [
            {**port_data(port, node.value(own)), "name": name, "drives": f"{node.name}.{own}"}
            for name, node, own, port in settable(patch, instrument.name)
        ],
    }
