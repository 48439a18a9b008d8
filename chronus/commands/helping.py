"""Help: a first page that leads on, a page for each command, kind and topic, and a search."""

from __future__ import annotations

import os
import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chronus.commands.accounts import (
    columns,
    definition_data,
    definition_lines,
    describe_kind,
    doc_of,
)
from chronus.commands.declaration import Command
from chronus.commands.looking import kind_rows
from chronus.commands.making import known
from chronus.commands.topic import topics
from chronus.data import data_path
from chronus.errors import Code, Span, UserError, nearest
from chronus.language.asking import Search
from chronus.language.statements import Help
from chronus.modules.catalog import kinds
from chronus.session import instrument_files
from chronus.session.draft import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from chronus.dsp.declaration import Kind
    from chronus.session.draft import Draft

COLUMNS: Final = 79
ROWS: Final = 22
"""Of a terminal of 24, so that the closing line and the next prompt are there as well."""
FORMS: Final = "commands"
"""`help commands` shows the form of each."""
MOST_FOUND: Final = 40

HEADINGS: Final = {
    "build": ("nodes", "copying", "sounds", "cables", "strips", "values"),
    "play": ("playing", "sequences", "time", "later"),
    "change": ("undoing", "snapshots", "files", "locking"),
    "look": ("looking", "describing", "helping", "showing", "hearing", "mending"),
}
"""Which files of commands stand together on the first page; all others stand under `more`."""


# ---- pages


@cache
def pages() -> Mapping[str, Command | None]:
    """Every word that has a page: commands, and topics (None)."""
    # Imported late: the registry imports this file.
    from chronus.commands.registry import commands  # noqa: PLC0415

    return {**dict.fromkeys(topics()), **commands()}


def _commands() -> Iterator[Command]:
    return (command for command in pages().values() if command is not None)


def _row(head: str, text: str, width: int) -> list[str]:
    """Text behind a head, on as many lines as it takes."""
    return textwrap.wrap(
        text,
        COLUMNS,
        initial_indent=f"  {head.ljust(width)}",
        subsequent_indent=" " * (width + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _first_page() -> tuple[str, ...]:
    from chronus.commands.registry import commands_by_file  # noqa: PLC0415 - see `pages`

    files = commands_by_file()
    named = {file for group in HEADINGS.values() for file in group}
    groups = {**HEADINGS, "more": tuple(file for file in files if file not in named)}
    lines = [
        "One line, one command; `;` parts several, `{ }` binds them, `#` comments. Try:",
        "",
        "  load saw as bass; load filter; patch bass > filter",
        "  sequence bass: c2 . eb2 c2~ g1 . c3 .",
        "  set filter.cutoff 300hz over 4 bars",
        "",
        "Commands (`help COMMAND` shows form and examples, `help commands` all forms):",
    ]
    for heading, group in groups.items():
        verbs = [command.verb for file in group for command in files[file]]
        lines += _row(heading, " ".join(verbs), 9) if verbs else []
    lines.append("Topics (`help TOPIC` is a page with examples):")
    width = max(len(name) for name in topics()) + 2
    rows = [line for page in topics().values() for line in _row(page.name, page.doc, width)]
    last = "Also: `list kinds`, `describe KIND|NODE|PORT`, `search WORD`; Tab completes."
    if len(lines) + len(rows) + 1 > ROWS:
        rows = _row("", " ".join(topics()), 0)
    return (*lines, *rows, last)


def _all_forms() -> tuple[str, ...]:
    return tuple(line for c in _commands() for line in (c.form, f"    {c.doc}"))


def help_lines(topic: str | None, span: Span | None = None) -> tuple[str, ...]:
    """A page of help.

    Args:
        topic: of it; None is where to begin.
        span: where it was asked for.

    Raises:
        UserError: E_NAME, there is no such topic.
    """
    if topic is None:
        return _first_page()
    if topic == FORMS:
        return _all_forms()
    command = pages().get(topic)
    if command is not None:
        examples = (f"  {example}" for example in command.examples)
        return (command.form, command.doc, *command.more, "examples:", *examples)
    if topic in topics():
        return topics()[topic].lines
    if topic in kinds():
        return describe_kind(kinds()[topic])
    offered = [*pages(), FORMS, *(name for name, _ in kind_rows()), *instrument_files.files()]
    speaks_of_it = any(_has(row, (topic,)) for row in _all_that_is_there())
    near = nearest(topic, offered)
    message = f"there is no help on '{topic}'"
    suggestions = (f"search {topic}", *near) if speaks_of_it or not near else near
    raise UserError(Code.NAME, message, span, suggestions)


def help_data(topic: str | None) -> dict[str, Any]:
    """The same for programs.

    Raises:
        UserError: E_NAME, there is no such topic.
    """
    data: dict[str, Any] = {"topic": topic, "text": list(help_lines(topic))}
    command = pages().get(topic or "")
    if topic is None or topic == FORMS:
        data["commands"] = [_command_data(each) for each in _commands()]
        data["topics"] = [{"topic": page.name, "doc": page.doc} for page in topics().values()]
    elif command is not None:
        data |= _command_data(command)
    elif topic in topics():
        page = topics()[topic]
        data |= {"doc": page.doc, "examples": [example.line for example in page.examples]}
    return data


def _command_data(command: Command) -> dict[str, Any]:
    return {
        "command": command.verb,
        "form": command.form,
        "doc": command.doc,
        "examples": list(command.examples),
        "more": list(command.more),
    }


def _help(draft: Draft, statement: Help) -> None:
    name = statement.topic
    topic = name.text if name is not None else None
    definition = None
    if topic is not None and topic != FORMS and topic not in pages():
        definition = known(draft, topic)
    if definition is not None:
        draft.say(
            Result(definition.name, definition_lines(definition), definition_data(definition))
        )
    else:
        span = name.span if name is not None else None
        draft.say(Result(topic or "help", help_lines(topic, span), help_data(topic)))


# ---- search


def _search(draft: Draft, statement: Search) -> None:
    found = [row for row in _all_that_is_there() if _has(row, statement.words)]
    # What is called by the word comes first, then what begins with it.
    found.sort(key=lambda row: _nearness(row[1], statement.words[0]))
    rows = [(what, name, doc) for what, name, doc, _ in found[:MOST_FOUND]]
    lines = list(columns([*rows]))
    if len(found) > len(rows):
        lines.append(f"and {len(found) - len(rows)} more; another word narrows it down")
    data = {"found": [{"what": what, "name": name, "doc": doc} for what, name, doc, _ in found]}
    text = f"{len(found)} found for {' '.join(statement.words)}"
    draft.say(Result(text, tuple(lines), data))


def _has(row: tuple[str, str, str, str], words: tuple[str, ...]) -> bool:
    return all(any(word in part.lower() for part in row[1:]) for word in words)


def _nearness(name: str, word: str) -> int:
    parts = name.lower().split(".")
    return 0 if word in parts else 1 if any(part.startswith(word) for part in parts) else 2


def _all_that_is_there() -> Iterator[tuple[str, str, str, str]]:
    """What it is, its name, a line on it, and further text that is looked through."""
    for kind in kinds().values():
        if not kind.hidden:
            yield ("kind", kind.name, doc_of(kind), f"{kind.source} {kind.family}")
            yield from _ports_of(kind)
    for name, file in instrument_files.files().items():
        source = file.read_text(encoding="utf-8", errors="replace")
        yield ("instrument", name, instrument_files.doc_in(source), source)
    for command in _commands():
        yield ("command", command.verb, command.doc, " ".join((command.form, *command.more)))
    for page in topics().values():
        yield ("topic", page.name, page.doc, page.page)
    for path, text in songs().items():
        first = next((line for line in text.splitlines() if line.startswith("#")), "")
        yield ("song", path, first.strip("# "), text)


def _ports_of(kind: Kind) -> Iterator[tuple[str, str, str, str]]:
    for name, doc in [(p.name, p.doc) for p in kind.inputs] + [
        (p.name, p.doc) for p in kind.outputs
    ]:
        yield ("port", f"{kind.name}.{name}", doc, "")


@cache
def songs() -> Mapping[str, str]:
    """The text of each command file that comes with the program, by its path."""
    folder = data_path("patches") / "songs"
    return {
        _short(path): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.chronus"))
    }


def _short(path: Path) -> str:
    """A path as it can be typed here."""
    near = os.path.relpath(path)
    return str(path) if near.startswith("..") else near


COMMANDS = (
    Command(
        verb="help",
        form="help [COMMAND|KIND|INSTRUMENT|TOPIC]",
        doc="Say what there is to say; `help` alone fits a screen and leads on",
        examples=("help", "help sequence", "help patching", "help filter", "help commands"),
        handles={Help: _help},
        more=("`describe` says the same of a kind or command, and knows nodes and ports.",),
    ),
    Command(
        verb="search",
        form="search WORD ...",
        doc="Find kinds, ports, commands, topics and songs that speak of all the words",
        examples=("search lowpass", "search echo time", "search acid"),
        handles={Search: _search},
    ),
)
