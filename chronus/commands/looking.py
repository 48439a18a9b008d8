"""Looking: what there is, what it is, how things stand, and help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chronus.commands.declaration import Command
from chronus.commands.describing import (
    INSTRUMENTS_PAGE,
    columns,
    definition_data,
    definition_lines,
    describe_kind,
    instrument_data,
    instrument_lines,
    node_lines,
    port_data,
    port_lines,
)
from chronus.commands.making import define, known
from chronus.engine.layout import Clock
from chronus.errors import Code, Span, UserError, nearest
from chronus.language.quantities import format_value
from chronus.language.statements import Describe, Help, List, Status
from chronus.modules.catalog import kinds
from chronus.patch.graph import heard
from chronus.patch.model import OUT
from chronus.patch.naming import is_within, shown_ends, shown_node, shown_target
from chronus.session import library
from chronus.session.draft import Result
from chronus.session.naming import counts, kind_in, names_in

if TYPE_CHECKING:
    from chronus.language.statements import PortRef
    from chronus.patch.instruments import Definition, Instrument
    from chronus.patch.model import Patch
    from chronus.session.draft import Draft
    from chronus.session.session import Session


# ---- list


def kind_rows() -> list[tuple[str, str]]:
    """Name and one line of every kind that users can load."""
    return [(k.name, k.doc) for k in kinds().values() if not k.hidden and k.name != OUT]


def _nodes(patch: Patch) -> list[tuple[str, ...]]:
    audible = {shown_node(patch, name) for name in heard(patch)}
    return [
        (name, kind_in(patch, name), "heard" if name in audible else "") for name in names_in(patch)
    ]


def _cables(patch: Patch) -> list[tuple[str, ...]]:
    by_hand = {c.source for c in patch.cables if c.target == OUT}
    rows: list[tuple[str, ...]] = [
        (source, ">", target, f"by {c.text}" if c.text else "")
        for c in patch.cables
        if not is_within(patch, c)
        for source, target in [shown_ends(patch, c)]
    ]
    by_itself = [shown_node(patch, name) for name in heard(patch) if name not in by_hand]
    return [*rows, *((f"{name}.out", ">", "out.in", "by itself") for name in by_itself)]


def _sequences(patch: Patch) -> list[tuple[str, ...]]:
    return [(f"{shown_target(patch, t)}:", s.text) for t, s in patch.sequences.items()]


def _instruments(draft: Draft) -> list[tuple[str, ...]]:
    """Name, one line and ports of each instrument; of a wrong one, what is wrong."""
    rows = {name: _instrument_row(d) for name, d in draft.definitions.items()}
    for name, path in library.files().items():
        if name in rows:
            continue
        if library.is_kinds_own(name):
            rows[name] = (name, f"{path} is not loaded: {name} is a kind of module", "")
            continue
        try:
            rows[name] = _instrument_row(define(draft, library.read_file(path)))
        except UserError as error:
            rows[name] = (name, f"wrong: {error.message}", "")
    return [rows[name] for name in sorted(rows)]


def _instrument_row(definition: Definition) -> tuple[str, ...]:
    return (definition.name, definition.doc, ", ".join(definition.ports))


def _snapshot_row(name: str, patch: Patch) -> tuple[str, ...]:
    numbers = (*counts(patch), len(patch.sequences))
    return (name, "{} nodes, {} cables, {} sequences".format(*numbers))


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
    elif what == "devices":
        rows = [(name,) for name in draft.session.backend.facts().get("devices", ("null",))]
    else:
        assert what == "instruments", what
        rows = _instruments(draft)
    data = {what: [[cell.rstrip(":") for cell in row] for row in rows]}
    draft.say(Result(f"{len(rows)} {what}", columns(rows), data))


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
    draft.say(Result(f"{len(rows)} pending", columns(rows), {"pending": data}))


# ---- describe


def _describe(draft: Draft, statement: Describe) -> None:
    # Imported late: the registry imports this file.
    from chronus.commands.registry import commands  # noqa: PLC0415

    ref = statement.target
    name = ref.node.text
    if name in draft.patch.instruments:
        _describe_instrument(draft, draft.patch.instruments[name], ref)
        return
    node = draft.patch.nodes.get(name)
    definition = known(draft, name, ref.node.span) if node is None else None
    if definition is not None:
        _describe_definition(draft, definition, ref)
        return
    kind = node.declaration if node else kinds().get(name)
    if kind is None:
        if ref.port is None and name in commands():
            draft.say(Result(name, help_lines(name), {"command": name}))
            return
        offered = [*names_in(draft.patch), *(n for n, _ in kind_rows()), *commands()]
        message = f"there is no node, kind, instrument or command '{name}'"
        near = nearest(name, [*offered, *library.files()])
        raise UserError(Code.NAME, message, ref.node.span, near)
    data: dict[str, Any] = {"kind": kind.name, "doc": kind.doc, "source": kind.source}
    data["inputs"] = [port_data(port) for port in kind.inputs]
    data["outputs"] = [{"name": port.name, "doc": port.doc} for port in kind.outputs]
    if node is not None:
        data["node"] = node.name
    if ref.port is None:
        lines = describe_kind(kind) if node is None else node_lines(draft.patch, node)
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
    value = node.value(port.name) if node else None
    draft.say(Result(str(ref), port_lines(port, value), port_data(port, value)))


def _describe_instrument(draft: Draft, instrument: Instrument, ref: PortRef) -> None:
    patch = draft.patch
    if ref.port is None:
        lines = instrument_lines(patch, instrument)
        draft.say(Result(instrument.name, lines, instrument_data(patch, instrument)))
        return
    node, own, port = draft.input_at(ref)
    value = node.value(own)
    lines = (*port_lines(port, value), f"drives: {node.name}.{own}")
    data = {**port_data(port, value), "drives": f"{node.name}.{own}"}
    draft.say(Result(str(ref), lines, data))


def _describe_definition(draft: Draft, definition: Definition, ref: PortRef) -> None:
    if ref.port is None:
        lines = definition_lines(definition)
        draft.say(Result(definition.name, lines, definition_data(definition)))
        return
    exposed = definition.ports.get(ref.port.text)
    if exposed is None:
        names = list(definition.ports)
        message = f"{definition.name} has no port '{ref.port.text}'; it has {', '.join(names)}"
        raise UserError(Code.PORT, message, ref.port.span, nearest(ref.port.text, names))
    lines = (*port_lines(exposed.declared, None), f"drives: {exposed.node}.{exposed.port}")
    draft.say(Result(str(ref), lines, port_data(exposed.declared)))


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
        "nodes": len(names_in(session.patch)),
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


TOPICS: Final = {"instruments": INSTRUMENTS_PAGE}
"""Pages of help that are neither on a command nor on a kind."""


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
    if topic in TOPICS:
        return TOPICS[topic]
    if topic in kinds():
        return describe_kind(kinds()[topic])
    offered = [*commands(), *TOPICS, *(name for name, _ in kind_rows())]
    message = f"there is no help on '{topic}'"
    raise UserError(Code.NAME, message, Span(1, 6, 6 + len(topic)), nearest(topic, offered))


def is_page(topic: str) -> bool:
    """Whether a page of help is of that name, whatever instruments there are."""
    from chronus.commands.registry import commands  # noqa: PLC0415 - the registry imports this file

    return topic in commands() or topic in TOPICS


def _help(draft: Draft, statement: Help) -> None:
    definition = None
    if statement.topic is not None and not is_page(statement.topic):
        definition = known(draft, statement.topic)
    lines = help_lines(statement.topic) if definition is None else definition_lines(definition)
    draft.say(
        Result(statement.topic or "help", lines, {"topic": statement.topic, "text": list(lines)})
    )


COMMANDS = (
    Command(
        verb="list",
        form="list [kinds|instruments|nodes|cables|sequences|devices|pending|snapshots]",
        doc="List what there is",
        examples=(
            "list kinds",
            "list instruments",
            "load kick; sequence kick: x...",
            "list",
            "list cables",
            "list sequences",
        ),
        handles={List: _list},
    ),
    Command(
        verb="describe",
        form="describe KIND|INSTRUMENT|NODE|COMMAND, or describe A.port",
        doc="Say all that is known of a kind, an instrument, a node or a port",
        examples=(
            "describe filter",
            "describe filter.cutoff",
            "load kick",
            "describe kick",
            "describe tb303",
            "load tb303 as acid",
            "describe acid",
        ),
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
        form="help [COMMAND|KIND|INSTRUMENT|instruments]",
        doc="Say what there is to say",
        examples=("help", "help sequence", "help instruments"),
        handles={Help: _help},
    ),
)
