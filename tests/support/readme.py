"""The generated parts of the README: tables from the declarations, and a tour with real replies."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from chronus.commands.making import define
from chronus.commands.registry import commands, handlers
from chronus.data import data_path
from chronus.doors.replies import as_text
from chronus.modules.catalog import kinds
from chronus.session.instrument_files import read_file
from chronus.session.offline import Offline
from chronus.session.session import Session

PAGE = Path(__file__).parents[2] / "README.md"


def part(page: str, name: str) -> str:
    """The text between `<!-- name -->` and `<!-- /name -->`."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", page, re.DOTALL)
    assert found is not None, name
    return found.group(1)


def kinds_table() -> str:
    rows = ["| kind | what it is | ports |", "|---|---|---|"]
    for kind in kinds().values():
        if not kind.hidden:
            ports = ", ".join(f"`{port.name}`" for port in kind.inputs)
            rows.append(f"| `{kind.name}` | {kind.doc} | {ports} |")
    return "\n".join(rows) + "\n"


def instruments_table() -> str:
    rows = ["| instrument | what it is | ports |", "|---|---|---|"]
    session = Session(Offline(48_000), handlers(), is_score=True)
    for path in sorted(data_path("patches", "instruments").glob("*.chronus")):
        made = define(session.draft(), read_file(path))
        ports = ", ".join(f"`{port}`" for port in made.ports)
        rows.append(f"| `{made.name}` | {made.doc} | {ports} |")
    return "\n".join(rows) + "\n"


def songs_table() -> str:
    """Each song, by the first sentence of the comment that it begins with."""
    rows = ["| song | what it is |", "|---|---|"]
    for path in sorted(data_path("patches", "songs").glob("*.chronus")):
        head = itertools.takewhile(
            lambda line: line.startswith("# "), path.read_text("utf-8").splitlines()
        )
        said = " ".join(line[2:] for line in head)
        rows.append(f"| `{path.stem}` | {re.split(r'(?<=[a-z0-9])[.] ', said)[0].rstrip('.')} |")
    return "\n".join(rows) + "\n"


def commands_table() -> str:
    rows = ["| command | does |", "|---|---|"]
    for command in commands().values():
        form = command.form.replace("|", "\\|")
        rows.append(f"| `{form}` | {command.doc} |")
    return "\n".join(rows) + "\n"


def tour(text: str) -> str:
    """The tour's lines (those that begin with `> `), each with the reply that it really gets."""
    session = Session(Offline(48_000), handlers(), is_score=True)
    shown = ["```"]
    for line in text.splitlines():
        if line.startswith("> "):
            shown += [line, as_text(session.run_line(line[2:]))]
    return "\n".join([*shown, "```"]) + "\n"


def generated(page: str) -> str:
    """The page with every generated part as it should be."""
    fresh = {
        "tour": tour(part(page, "tour")),
        "commands": commands_table(),
        "kinds": kinds_table(),
        "instruments": instruments_table(),
        "songs": songs_table(),
    }
    for name, text in fresh.items():
        page = page.replace(
            f"<!-- {name} -->\n{part(page, name)}<!-- /{name} -->",
            f"<!-- {name} -->\n{text}<!-- /{name} -->",
        )
    return page


if __name__ == "__main__":
    PAGE.write_text(generated(PAGE.read_text()))
