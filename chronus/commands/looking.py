"""Looking: what there is, and how things stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.engine.layout import Clock
from chronus.language.quantities import format_value
from chronus.language.statements import List, Status
from chronus.modules.catalog import kinds
from chronus.patch.graph import heard
from chronus.patch.model import OUT
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.patch.model import Patch
    from chronus.session.draft import Draft
    from chronus.session.session import Session


# ---- list


def kind_rows() -> list[tuple[str, str]]:
    """Name and one line of every kind that users can load."""
    return [(k.name, k.doc) for k in kinds().values() if not k.hidden and k.name != OUT]


def columns(rows: list[tuple[str, ...]]) -> tuple[str, ...]:
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
    elif what == "devices":
        rows = [(name,) for name in draft.session.backend.facts().get("devices", ("null",))]
    else:
        assert what == "instruments", what
        rows = []
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


COMMANDS = (
    Command(
        verb="list",
        form="list [kinds|instruments|nodes|cables|sequences|devices|pending|snapshots]",
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
        verb="status",
        form="status",
        doc="Say how things stand: position, tempo, device, underruns, processes",
        examples=("status",),
        handles={Status: _status},
    ),
)
