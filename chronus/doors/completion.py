"""What may come next in a line: from the grammar, the catalog and the session."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Final

from chronus.commands.looking import kind_rows
from chronus.commands.registry import commands
from chronus.commands.topic import topics
from chronus.commands.values import show_range, show_value
from chronus.errors import UserError
from chronus.language.instruments import Expose
from chronus.language.parser import expected_after
from chronus.patch.hearing import heard
from chronus.patch.model import OUT, STRIP_PORTS
from chronus.session import instrument_files
from chronus.session.naming import kind_in, names_in, settable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from chronus.dsp.declaration import Input
    from chronus.patch.model import Node, Patch

WORD: Final = re.compile(r"[A-Za-z0-9_#/\-]*$")
NUMBER: Final = re.compile(r"(?<![A-Za-z0-9_.#/\-])[0-9]+(?:\.[0-9]*)?[A-Za-z%]*$")
UNITS: Final = {
    "hz": ("hz", "khz"),
    "ms": ("ms", "s", "beats", "bars"),
    "s": ("s", "ms", "beats", "bars"),
    "db": ("db",),
    "st": ("st", "ct", "oct"),
    "%": ("%",),
    "": ("%",),
}
"""What may stand behind a number, by the unit of its port."""
DURATIONS: Final = ("bars", "beats", "s", "ms")
PORT_BEFORE: Final = re.compile(r"([a-z0-9_/\-]+)\.([a-z0-9_]+)\s*=?\s*$")
CATEGORIES: Final = re.compile(r"[A-Z]+")


def completions(text: str, patch: Patch, snapshots: Collection[str] = ()) -> list[tuple[str, str]]:
    """Words that may stand at the end of a line in place of the one begun there.

    Args:
        text: the line up to the cursor.
        patch: for the names of nodes and ports.
        snapshots: their names.

    Returns:
        Each word, and a few words on it; best first.
    """
    begun = begun_word(text).lower()
    before = text[: len(text) - len(begun)]
    if begun[:1].isdigit():
        found = list(_units(begun, before, patch))
    elif before.endswith("."):
        found = _ports(before[:-1], patch)
    elif _is_first_word(before):
        found = [(c.verb, c.form) for c in commands().values()]
    else:
        found = list(_expected(before, patch))
        if "LABEL" in expected_after(before):
            found += [(name, "a snapshot") for name in snapshots]
    return [(word, note) for word, note in found if word.startswith(begun)]


def begun_word(text: str) -> str:
    """The word at the end of a text that is being typed; a number with its fraction is one."""
    match = NUMBER.search(text) or WORD.search(text)
    assert match is not None
    return match.group()


def _is_first_word(before: str) -> bool:
    """Whether a command is to begin here."""
    return not before.strip() or before.rstrip().endswith((";", "{"))


def _expected(before: str, patch: Patch) -> Iterator[tuple[str, str]]:
    expected = expected_after(before.rsplit(" {", maxsplit=1)[-1])
    if "KIND" in expected:
        yield from instrument_rows()
        yield from kind_rows()
    if "MODULE" in expected:
        yield from kind_rows()
    if "NODE" in expected:
        yield from ((name, kind_in(patch, name)) for name in names_in(patch))
        yield from ((n.name, n.kind) for n in patch.nodes.values() if "/" in n.name)
    if "PORT" in expected:
        yield from _settings(before)
    if "VALUE" in expected or "WORD" in expected:
        yield from _values(before, patch)
    if "SCENE" in expected:
        yield from ((name, "; ".join(held)) for name, held in patch.scenes.items())
    if "TOPIC" in expected or before.lower().split()[-1:] == ["describe"]:
        yield from _topics()
    for word in sorted(expected):
        if not CATEGORIES.fullmatch(word) and word.isalpha():
            yield word, ""


def _topics() -> Iterator[tuple[str, str]]:
    yield from ((c.verb, c.doc) for c in commands().values())
    yield from ((page.name, page.doc) for page in topics().values())


def _units(begun: str, before: str, patch: Patch) -> Iterator[tuple[str, str]]:
    """A number that has been begun, with each unit that may stand behind it."""
    number = begun.rstrip(string.ascii_letters + "%")
    found = _port_before(before, patch)
    if found is not None:
        for unit in UNITS.get(found[2].unit, ()):
            yield f"{number}{unit}", show_range(found[2])
    elif "DURATION" in expected_after(before):
        yield from ((f"{number}{unit}", "how long") for unit in DURATIONS)


def _port_before(before: str, patch: Patch) -> tuple[Node, str, Input] | None:
    """The port whose value is to come: the node that has it, its name there, and what it says."""
    match = PORT_BEFORE.search(before.lower())
    if match is None or not (match[1] in patch.nodes or match[1] in patch.instruments):
        return None
    found = (each for each in settable(patch, match[1]) if each[0] == match[2])
    return next(((node, own, port) for _, node, own, port in found), None)


def _ports(before: str, patch: Patch) -> list[tuple[str, str]]:
    """The ports of the node or kind in front of the dot."""
    match = WORD.search(before)
    name = match.group().lower() if match else ""
    verb = before.split(maxsplit=1)[0].lower() if before.split() else ""
    if name in patch.instruments:
        shown = [(n, f"{show_range(p)}  {p.doc}") for n, _, _, p in settable(patch, name)]
        out = [("out", "What is heard of it")] if verb in ("patch", "unpatch") else []
        return shown + out if ">" in before else out + shown
    node = patch.nodes.get(name)
    if node is None:
        return []
    inputs = [(p.name, f"{show_range(p)}  {p.doc}") for p in node.declaration.inputs]
    outputs = [(p.name, p.doc) for p in node.declaration.outputs]
    if node.name in heard(patch):
        strip = [
            (name, "of its channel strip")
            for name in STRIP_PORTS
            if node.declaration.find_input(name) is None
        ]
        inputs += strip if node.name != OUT else []
    if verb in ("patch", "unpatch"):
        return inputs + outputs if ">" in before else outputs + inputs
    return inputs


def _settings(before: str) -> Iterator[tuple[str, str]]:
    """`PORT=` of the kind or instrument that is being loaded."""
    words = before.rsplit(";", maxsplit=1)[-1].split()
    kind = next((k for k in words[1:2]), "").removesuffix("_module")
    from chronus.modules.catalog import kinds  # noqa: PLC0415 - only while typing

    source = _source_of(kind)
    if source is not None:
        for part in source.parts:
            if isinstance(part.statement, Expose):
                what = part.statement
                yield f"{what.port.text}=", what.doc or str(what.target)
    elif kind in kinds():
        for port in kinds()[kind].inputs:
            yield f"{port.name}=", f"{show_range(port)}  {port.doc}"


def _values(before: str, patch: Patch) -> Iterator[tuple[str, str]]:
    """The words of the port that is being set, or its range and what it is set to."""
    found = _port_before(before, patch)
    if found is None:
        return
    node, own, port = found
    if port.choices:
        yield from ((word, port.doc) for word in port.choices)
    else:
        yield show_value(port, node.value(own)), f"now; {show_range(port)}"


def instrument_rows() -> list[tuple[str, str]]:
    """Name and one line of every instrument that can be loaded, as far as its file can be read."""
    sources = [_source_of(name) for name in instrument_files.files()]
    return [(source.head.name.text, source.head.doc) for source in sources if source is not None]


def _source_of(name: str) -> instrument_files.Source | None:
    path = instrument_files.find(name)
    try:
        return None if path is None else instrument_files.read_file(path)
    except UserError:
        return None  # it is told where it is loaded
