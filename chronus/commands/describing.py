"""Describing: all that is known of what a name stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chronus.commands.accounts import (
    all_inputs,
    columns,
    definition_data,
    definition_lines,
    describe_kind,
    instrument_data,
    instrument_lines,
    kind_data,
    node_lines,
    port_data,
    port_example,
    port_lines,
    port_owners,
    recording_data,
    walked,
)
from chronus.commands.declaration import Command
from chronus.commands.drawing import described, sequence_data
from chronus.commands.helping import help_data, help_lines, pages
from chronus.commands.lateness import why_late
from chronus.commands.looking import kind_rows
from chronus.commands.making import known
from chronus.commands.scenes import describe_song
from chronus.commands.values import show_value
from chronus.errors import Code, UserError, nearest
from chronus.language.statements import Describe
from chronus.modules.catalog import kinds
from chronus.patch.hearing import heard
from chronus.patch.model import STRIP_PORTS
from chronus.session import instrument_files
from chronus.session.draft import Result
from chronus.session.naming import names_in
from chronus.session.scenes import place_text

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input, Kind
    from chronus.language.statements import Name, PortRef
    from chronus.patch.instruments import Definition, Instrument
    from chronus.patch.model import Node, Patch
    from chronus.session.draft import Draft


def _describe(draft: Draft, statement: Describe) -> None:
    ref = statement.target
    name = ref.node.text
    node = draft.patch.nodes.get(name)
    if name in draft.patch.instruments:
        draft.say(_instrument(draft, draft.patch.instruments[name], ref))
        return
    definition = known(draft, name, ref.node.span) if node is None else None
    if definition is not None:
        draft.say(_definition(definition, ref))
        return
    kind = node.declaration if node else kinds().get(name)
    if ref.port is not None and kind is not None:
        draft.say(_port(draft, kind, node, (ref.node, ref.port)))
        return
    found = None if ref.port is not None else _by_name(draft, name, node, kind)
    if found is None:
        raise _unknown(draft, ref.node)
    draft.say(found)


def _by_name(draft: Draft, name: str, node: Node | None, kind: Kind | None) -> Result | None:
    """What a name without a port stands for, but for instruments; None where nothing is known."""
    if node is not None:
        return _node(draft, node)
    scene = draft.patch.scenes.get(name)
    if scene is not None:
        return Result(f"scene {name}", scene, {"scene": name, "commands": list(scene)})
    if name == "song" and draft.patch.song is not None:
        lines, there = describe_song(draft)
        text = f"song: {place_text(draft.patch.song, there)}"
        return Result(text, lines, {"song": str(draft.patch.song)})
    if kind is not None:
        return Result(name, describe_kind(kind), kind_data(kind))
    owners = [kind for kind, _ in port_owners(name)]
    if name in pages():
        also = (f"{name} is also a port of {', '.join(owners)}",) if owners else ()
        return Result(name, (*help_lines(name), *also), help_data(name))
    return _port_name(draft, name) if owners else None


def _unknown(draft: Draft, name: Name) -> UserError:
    ports = {port.name for kind in kinds().values() if not kind.hidden for port in kind.inputs}
    offered = [
        *(*names_in(draft.patch), *draft.patch.scenes, *(n for n, _ in kind_rows())),
        *(*instrument_files.files(), *pages(), *sorted(ports)),
    ]
    near = nearest(name.text, dict.fromkeys(offered))
    message = f"there is no node, kind, instrument, scene, port, command or topic '{name.text}'"
    return UserError(Code.NAME, message, name.span, near or (f"search {name.text}",))


# ---- nodes and instruments


def _targets_of(patch: Patch, name: str) -> list[str]:
    """The sequences of a node and of its ports."""
    return [target for target in patch.sequences if target.split(".")[0] == name]


def _node(draft: Draft, node: Node) -> Result:
    patch = draft.patch
    inputs = [(port, node.value(port.name)) for port in all_inputs(patch, node)]
    cables = [c for c in patch.cables if node.name in (c.source, c.target)]
    data = {
        **kind_data(node.declaration),
        "node": node.name,
        "inputs": [port_data(port, value) for port, value in inputs],
        "cables": [
            {"from": f"{c.source}.{c.output}", "to": f"{c.target}.{c.input}", "by": c.text}
            for c in cables
        ],
        "sequences": [sequence_data(patch, target) for target in _targets_of(patch, node.name)],
        "heard": node.name in heard(patch),
    }
    if node.recording is not None:
        data["recording"] = recording_data(node.recording)
    return Result(node.name, node_lines(patch, node, why_late(draft)), data)


def _instrument(draft: Draft, instrument: Instrument, ref: PortRef) -> Result:
    patch = draft.patch
    if ref.port is None:
        lines = instrument_lines(patch, instrument, why_late(draft))
        data = instrument_data(patch, instrument)
        if instrument.struck is not None:
            targets = _targets_of(patch, instrument.struck)
            data["sequences"] = [sequence_data(patch, target) for target in targets]
        return Result(instrument.name, lines, data)
    if ref.port.text == "out" and "out" not in instrument.ports:
        return _heard(instrument.name)
    node, own, port = draft.input_at(ref)
    value, target = node.value(own), f"{node.name}.{own}"
    example = port_example(instrument.name, port, value)
    lines = (*port_lines(port, value), f"drives: {target}", f"example: {example}")
    data = {**port_data(port, value), "drives": target, "example": example}
    return _with_sequence(patch, target, Result(str(ref), lines, data))


def _definition(definition: Definition, ref: PortRef) -> Result:
    if ref.port is None:
        return Result(definition.name, definition_lines(definition), definition_data(definition))
    exposed = definition.ports.get(ref.port.text)
    if exposed is None and ref.port.text == "out":
        return _heard(definition.name)
    if exposed is None:
        names = list(definition.ports)
        message = f"{definition.name} has no port '{ref.port.text}'; it has {', '.join(names)}"
        raise UserError(Code.PORT, message, ref.port.span, nearest(ref.port.text, names))
    port, drives = exposed.declared, f"{exposed.node}.{exposed.port}"
    example = port_example(definition.name, port, port.default)
    lines = (*port_lines(port, None), f"drives: {drives}", f"example: {example}")
    return Result(str(ref), lines, {**port_data(port), "drives": drives, "example": example})


def _heard(name: str) -> Result:
    """The output of an instrument."""
    example = f"patch {name}.out > out"
    data = {"name": "out", "doc": "What is heard of it", "output": True, "example": example}
    return Result(f"{name}.out", ("out: What is heard of it (output)", f"example: {example}"), data)


# ---- ports


def _port(draft: Draft, kind: Kind, node: Node | None, ref: tuple[Name, Name]) -> Result:
    name, wanted = ref[0].text, ref[1]
    inputs = kind.inputs if node is None else tuple(all_inputs(draft.patch, node))
    port = next((port for port in inputs if port.name == wanted.text), None)
    output = kind.find_output(wanted.text)
    if port is not None:
        return _input(draft.patch, name, node, port)
    if output is None:
        names = [p.name for p in inputs] + [p.name for p in kind.outputs]
        message = f"{name} has no port '{wanted.text}'; it has {', '.join(names)}"
        raise UserError(Code.PORT, message, wanted.span, nearest(wanted.text, names))
    out = kind.outputs[output]
    example = f"patch {name}.{out.name} > out"
    lines = (f"{out.name}: {out.doc} (output)", f"example: {example}")
    data = {"name": out.name, "doc": out.doc, "output": True, "port": out.name, "example": example}
    return Result(f"{name}.{out.name}", lines, data)


def _input(patch: Patch, name: str, node: Node | None, port: Input) -> Result:
    value = None if node is None else node.value(port.name)
    example = port_example(name, port, port.default if value is None else value)
    lines = (*port_lines(port, value), f"example: {example}")
    result = Result(f"{name}.{port.name}", lines, {**port_data(port, value), "example": example})
    return _with_sequence(patch, f"{name}.{port.name}", result)


def _with_sequence(patch: Patch, target: str, result: Result) -> Result:
    """What is said of a port, and of the sequence that moves it."""
    if target not in patch.sequences:
        return result
    data: dict[str, Any] = {**result.data, "sequence": sequence_data(patch, target)}
    return Result(result.text, (*result.lines, *described(patch, target)), data)


def _port_name(draft: Draft, name: str) -> Result:
    """Which kinds and nodes have a port."""
    owners = port_owners(name)
    rows = [
        (kind, port.doc, f"{show_value(port, port.default)} ({walked(port)})")
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


COMMANDS = (
    Command(
        verb="describe",
        form="describe KIND|INSTRUMENT|NODE|SCENE|COMMAND|TOPIC, or describe A.port, or PORT",
        doc="Say all that is known of a kind, an instrument, a node, a scene or a port",
        examples=(
            "describe filter",
            "describe filter.cutoff",
            "load kick",
            "describe kick",
            "describe tb303",
            "load tb303 as acid",
            "describe acid",
            "describe cutoff",
        ),
        handles={Describe: _describe},
        more=("The name of a port alone says which kinds and nodes have it.",),
    ),
)
