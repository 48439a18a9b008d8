"""Looking: what there is, and how things stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.commands.accounts import columns, doc_of
from chronus.commands.counting import counted
from chronus.commands.declaration import Command
from chronus.commands.drawing import length_text, pattern_text
from chronus.commands.locking import lock_rows
from chronus.commands.making import define
from chronus.commands.scenes import song_facts
from chronus.dsp import own
from chronus.engine.layout import Clock
from chronus.errors import UserError
from chronus.language.quantities import format_value
from chronus.language.statements import List, Status
from chronus.modules.catalog import catalog, kinds
from chronus.patch.hearing import NOT_SOLOED, heard, why_silent
from chronus.patch.model import OUT
from chronus.patch.naming import is_within, shown_ends, shown_node, shown_target
from chronus.session import instrument_files
from chronus.session.draft import Result
from chronus.session.naming import counts, kind_in, names_in

if TYPE_CHECKING:
    from chronus.patch.instruments import Definition
    from chronus.patch.model import Patch
    from chronus.session.draft import Draft
    from chronus.session.session import Session


# ---- list


def kind_rows() -> list[tuple[str, str]]:
    """Name and one line of every kind that users can load; of the user's own, where it is from."""
    return [(k.name, doc_of(k)) for k in kinds().values() if not k.hidden and k.name != OUT]


def _wrong_modules() -> list[tuple[str, ...]]:
    """Files of the user's own that gave no kinds, and why."""
    wrong = catalog().wrong.items()
    return [(name.removeprefix(own.PREFIX), f"wrong: {error.message}") for name, error in wrong]


def _nodes(patch: Patch) -> list[tuple[str, ...]]:
    apart = [name for name, why in why_silent(patch).items() if why == NOT_SOLOED]
    states = (
        *(("heard", heard(patch)), ("muted", patch.muted)),
        *((NOT_SOLOED, apart), ("soloed", patch.soloed)),
    )
    shown = [(word, {shown_node(patch, name) for name in names}) for word, names in states]
    return [
        (name, kind_in(patch, name), ", ".join(word for word, names in shown if name in names))
        for name in names_in(patch)
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
    return [
        (f"{shown_target(patch, t)}:", pattern_text(shown_target(patch, t), s), length_text(s))
        for t, s in patch.sequences.items()
    ]


def _instruments(draft: Draft) -> list[tuple[str, ...]]:
    """Name, one line and ports of each instrument; of a wrong one, what is wrong."""
    rows = {name: _instrument_row(d) for name, d in draft.definitions.items()}
    for name, path in instrument_files.files().items():
        if name in rows:
            continue
        if instrument_files.is_kinds_own(name):
            rows[name] = (name, f"{path} is not loaded: {name} is a kind of module", "")
            continue
        try:
            rows[name] = _instrument_row(define(draft, instrument_files.read_file(path)))
        except UserError as error:
            rows[name] = (name, f"wrong: {error.message}", "")
    return [rows[name] for name in sorted(rows)]


def _instrument_row(definition: Definition) -> tuple[str, ...]:
    return (definition.name, definition.doc, ", ".join(definition.ports))


def _snapshot_row(name: str, patch: Patch) -> tuple[str, ...]:
    numbers = (*counts(patch), len(patch.sequences))
    nouns = ("node", "cable", "sequence")
    return (name, ", ".join(map(counted, numbers, nouns)))


def _list(draft: Draft, statement: List) -> None:
    what = statement.what or "nodes"
    patch = draft.patch
    if what == "pending":
        _list_pending(draft)
        return
    if what == "kinds":
        rows: list[tuple[str, ...]] = [*kind_rows(), *_wrong_modules()]
    elif what == "nodes":
        rows = _nodes(patch)
    elif what == "cables":
        rows = _cables(patch)
    elif what == "sequences":
        rows = _sequences(patch)
    elif what == "snapshots":
        rows = [_snapshot_row(name, kept) for name, kept in draft.snapshots.items()]
    elif what == "scenes":
        rows = [(name, "; ".join(commands)) for name, commands in patch.scenes.items()]
    elif what == "locks":
        rows = lock_rows(draft)
    elif what == "devices":
        rows = [(name,) for name in draft.session.backend.facts().get("devices", ("null",))]
    else:
        assert what == "instruments", what
        rows = _instruments(draft)
    data = {what: [[cell.rstrip(":") for cell in row] for row in rows]}
    draft.say(Result(counted(len(rows), what.removesuffix("s")), columns(rows), data))


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
        **({"song": song} if (song := song_facts(session)) is not None else {}),
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


COMMANDS = (
    Command(
        verb="list",
        form=(
            "list [kinds|instruments|nodes|cables|sequences|devices|pending|snapshots|scenes|locks]"
        ),
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
        verb="status",
        form="status",
        doc="Say how things stand: position, tempo, device, underruns, processes",
        examples=("status",),
        handles={Status: _status},
    ),
)
