"""Looking: what there is, what it is, how things stand, and help."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from chronus.commands.declaration import Command
from chronus.commands.locking import lock_rows
from chronus.commands.values import show_range, show_value
from chronus.engine.layout import Clock
from chronus.errors import Code, Span, UserError, nearest
from chronus.language.quantities import format_value
from chronus.language.statements import Describe, Help, List, Status
from chronus.modules.catalog import kinds
from chronus.patch.graph import cable_key, computing_order, graph_of, heard
from chronus.patch.model import OUT, STRIP_PORTS
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input, Kind
    from chronus.patch.model import Node, Patch
    from chronus.session.draft import Draft
    from chronus.session.session import Session


# ---- list


def kind_rows() -> list[tuple[str, str]]:
    """Name and one line of every kind that users can load."""
    return [(k.name, k.doc) for k in kinds().values() if not k.hidden and k.name != OUT]


def _columns(rows: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Rows as text, with the columns under each other."""
    if not rows:
        return ()
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    return tuple(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )


def _nodes(patch: Patch) -> list[tuple[str, ...]]:
    audible = heard(patch)
    return [
        (node.name, node.kind, "heard" if node.name in audible else "")
        for node in patch.nodes.values()
    ]


def _cables(patch: Patch) -> list[tuple[str, ...]]:
    by_hand = {c.source for c in patch.cables if c.target == OUT}
    rows: list[tuple[str, ...]] = [
        (f"{c.source}.{c.output}", ">", f"{c.target}.{c.input}", f"by {c.text}" if c.text else "")
        for c in patch.cables
    ]
    rows += [(f"{n}.out", ">", "out.in", "by itself") for n in heard(patch) if n not in by_hand]
    return rows


def _sequences(patch: Patch) -> list[tuple[str, ...]]:
    return [(f"{target}:", sequence.text) for target, sequence in patch.sequences.items()]


def _snapshot_row(name: str, patch: Patch) -> tuple[str, ...]:
    counts = (len(patch.nodes) - 1, len(patch.cables), len(patch.sequences))
    return (name, "{} nodes, {} cables, {} sequences".format(*counts))


def _list(draft: Draft, statement: List) -> None:
    what = statement.what or "nodes"
    patch = draft.patch
    if what == "pending":
        _list_pending(draft)
        return
    if what == "kinds":
        rows: list[tuple[str, ...]] = list(kind_rows())
    elif what == "nodes":
        rows = _nodes(patch)
    elif what == "cables":
        rows = _cables(patch)
    elif what == "sequences":
        rows = _sequences(patch)
    elif what == "snapshots":
        rows = [_snapshot_row(name, kept) for name, kept in draft.snapshots.items()]
    elif what == "locks":
        rows = lock_rows(draft)
    elif what == "devices":
        rows = [(name,) for name in draft.session.backend.facts().get("devices", ("null",))]
    else:
        assert what == "instruments", what
        rows = []
    data = {what: [[cell.rstrip(":") for cell in row] for row in rows]}
    draft.say(Result(f"{len(rows)} {what}", _columns(rows), data))


def _list_pending(draft: Draft) -> None:
    items = draft.agenda.items
    rows: list[tuple[str, ...]] = [
        (f"#{i.number}", f"{i.repeat}, next at {i.when}" if i.repeat else i.when, i.who, i.text)
        for i in items
    ]
    data = [
        {
            "id": item.number,
            "when": item.when,
            "every": str(item.repeat) if item.repeat else None,
            "frame": item.block_frame(draft.transport),
            "who": item.who,
            "text": item.text,
        }
        for item in items
    ]
    draft.say(Result(f"{len(rows)} pending", _columns(rows), {"pending": data}))


# ---- describe


def _input_row(port: Input, value: float) -> tuple[str, ...]:
    return (port.name, show_value(port, value), show_range(port), port.doc)


def describe_kind(kind: Kind) -> tuple[str, ...]:
    """All that is known of a kind, as lines."""
    lines = [f"{kind.name}: {kind.doc}", "inputs (default, range):"]
    lines += [f"  {row}" for row in _columns([_input_row(p, p.default) for p in kind.inputs])]
    lines.append("outputs:")
    lines += [f"  {row}" for row in _columns([(p.name, p.doc) for p in kind.outputs])]
    return (*lines, f"source: {kind.source}", f"example: {kind.example}")


def _describe_node(draft: Draft, node: Node) -> tuple[str, ...]:
    patch = draft.patch
    lines = [f"{node.name}: {node.kind}, {node.declaration.doc}"]
    rows = [_input_row(p, node.value(p.name)) for p in node.declaration.inputs]
    if node.name in heard(patch):
        strip = kinds()["strip"]
        rows += [
            _input_row(port, node.value(port.name))
            for port in strip.inputs
            if port.name in STRIP_PORTS and node.declaration.find_input(port.name) is None
        ]
    lines += ["inputs (set to, range):", *(f"  {row}" for row in _columns(rows))]
    graph = graph_of(patch)
    _, closing = computing_order(graph.nodes, graph.cables.values())
    for cable in patch.cables:
        if node.name in (cable.source, cable.target):
            is_late = cable_key(patch, cable) in closing
            late = ", one block late: it closes a cycle" if is_late else ""
            amount = f" by {cable.text}" if cable.text else ""
            lines.append(
                f"cable: {cable.source}.{cable.output} > {cable.target}.{cable.input}{amount}{late}"
            )
    if node.name in heard(patch):
        lines.append("heard at out")
    lines += [
        f"sequence {target}: {sequence.text}"
        for target, sequence in patch.sequences.items()
        if target.split(".")[0] == node.name
    ]
    return tuple(lines)


def _port_data(port: Input) -> dict[str, Any]:
    return {
        "name": port.name,
        "doc": port.doc,
        "default": port.default,
        "low": port.low if math.isfinite(port.low) else None,
        "high": port.high if math.isfinite(port.high) else None,
        "unit": port.unit,
        "curve": str(port.curve),
        "choices": list(port.choices),
    }


def _describe(draft: Draft, statement: Describe) -> None:
    # Imported late: the registry imports this file.
    from chronus.commands.registry import commands  # noqa: PLC0415

    ref = statement.target
    name = ref.node.text
    node = draft.patch.nodes.get(name)
    kind = node.declaration if node else kinds().get(name)
    if kind is None:
        if ref.port is None and name in commands():
            draft.say(Result(name, help_lines(name), {"command": name}))
            return
        offered = [*draft.patch.nodes, *(n for n, _ in kind_rows()), *commands()]
        message = f"there is no node, kind or command '{name}'"
        raise UserError(Code.NAME, message, ref.node.span, nearest(name, offered))
    data: dict[str, Any] = {"kind": kind.name, "doc": kind.doc, "source": kind.source}
    data["inputs"] = [_port_data(port) for port in kind.inputs]
    data["outputs"] = [{"name": port.name, "doc": port.doc} for port in kind.outputs]
    if node is not None:
        data["node"] = node.name
    if ref.port is None:
        lines = describe_kind(kind) if node is None else _describe_node(draft, node)
        draft.say(Result(name, lines, data))
        return
    port = node.port(ref.port.text) if node else None
    if port is None:
        index = kind.find_input(ref.port.text)
        port = None if index is None else kind.inputs[index]
    if port is None:
        names = [p.name for p in kind.inputs] + [p.name for p in kind.outputs]
        output = kind.find_output(ref.port.text)
        if output is None:
            message = f"{name} has no port '{ref.port.text}'; it has {', '.join(names)}"
            raise UserError(Code.PORT, message, ref.port.span, nearest(ref.port.text, names))
        out = kind.outputs[output]
        draft.say(Result(str(ref), (f"{out.name}: {out.doc} (output)",), {"port": out.name}))
        return
    value = node.value(port.name) if node else port.default
    lines = (
        f"{port.name}: {port.doc}",
        f"range: {show_range(port)}, {port.curve}",
        f"default: {show_value(port, port.default)}",
        f"{'set to' if node else 'unset'}: {show_value(port, value)}",
    )
    draft.say(Result(str(ref), lines, {**_port_data(port), "value": value}))


# ---- status


def _status(draft: Draft, _statement: Status) -> None:
    draft.say(status_result)


def status_result(session: Session) -> Result:
    """How things stand, for people and programs."""
    facts = dict(session.backend.facts())
    frame = session.frame
    transport = session.transport
    facts = {
        "frame": frame,
        "bar": transport.position(frame),
        "tempo": transport.bpm_at(frame),
        "meter": "{}/{}".format(*session.patch.meter),
        "playing": transport.is_playing,
        "rate": session.rate_hz,
        **facts,
        "late": session.writer.clock(Clock.LATE),
        "nodes": len(session.patch.nodes),
    }
    facts.pop("devices", None)
    lines = []
    for name, value in facts.items():
        if name == "processes":
            lines += [f"process {p['role']} lane {p['lane']} pid {p['pid']}" for p in value]
        elif name == "cpu":
            lines += [f"cpu {role} {share:.3f}" for role, share in value.items()]
        elif isinstance(value, list):
            lines.append(f"{name} {' '.join(value) or 'none'}")
        else:
            lines.append(f"{name} {format_value(value, '') if isinstance(value, float) else value}")
    return Result("status", tuple(lines), facts)


# ---- help


def help_lines(topic: str | None) -> tuple[str, ...]:
    """A page of help.

    Raises:
        UserError: E_NAME, there is no such topic.
    """
    from chronus.commands.registry import commands  # noqa: PLC0415 - the registry imports this file

    if topic is None:
        rows: list[tuple[str, ...]] = [(c.form, c.doc) for c in commands().values()]
        lines = [
            "One line, one command; `;` parts several, `{ }` binds them, `#` begins a comment."
        ]
        for form, doc in rows:
            lines += [form, f"    {doc}"]
        lines.append(
            "`help COMMAND` shows examples, `list kinds` what there is, `describe KIND` its ports."
        )
        return tuple(lines)
    if topic in commands():
        command = commands()[topic]
        return (
            command.form,
            command.doc,
            *command.more,
            "examples:",
            *(f"  {example}" for example in command.examples),
        )
    if topic in kinds():
        return describe_kind(kinds()[topic])
    offered = [*commands(), *(name for name, _ in kind_rows())]
    message = f"there is no help on '{topic}'"
    raise UserError(Code.NAME, message, Span(1, 6, 6 + len(topic)), nearest(topic, offered))


def _help(draft: Draft, statement: Help) -> None:
    lines = help_lines(statement.topic)
    draft.say(
        Result(statement.topic or "help", lines, {"topic": statement.topic, "text": list(lines)})
    )


COMMANDS = (
    Command(
        verb="list",
        form="list [kinds|instruments|nodes|cables|sequences|devices|pending|snapshots|locks]",
        doc="List what there is",
        examples=(
            "list kinds",
            "load kick; sequence kick: x...",
            "list",
            "list cables",
            "list sequences",
        ),
        handles={List: _list},
    ),
    Command(
        verb="describe",
        form="describe KIND|NODE|COMMAND, or describe A.port",
        doc="Say all that is known of a kind, a node or a port",
        examples=("describe filter", "describe filter.cutoff", "load kick", "describe kick"),
        handles={Describe: _describe},
    ),
    Command(
        verb="status",
        form="status",
        doc="Say how things stand: position, tempo, device, underruns, processes",
        examples=("status",),
        handles={Status: _status},
    ),
    Command(
        verb="help",
        form="help [COMMAND|KIND]",
        doc="Say what there is to say",
        examples=("help", "help sequence"),
        handles={Help: _help},
    ),
)
