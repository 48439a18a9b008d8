"""What was probably meant by a wrong line, as far as what is patched tells.

The language knows the form of a command; here its names are known as well: `set cutoff 800` means
the cutoff of the filter that is there. Each piece of advice is a whole command that would be
carried out as things stand.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chronus.errors import Code, UserError
from chronus.language.parser import read
from chronus.modules.catalog import kinds
from chronus.patch.hearing import heard
from chronus.patch.instruments import PLAYED
from chronus.patch.model import OUT
from chronus.session import instrument_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chronus.patch.model import Node, Patch

MOST: Final = 3
LONGEST: Final = 200
"""What is longer gets no advice: each piece of it is tried, and nobody reads so long an answer."""
_NUMBER: Final = re.compile(r"([+-]?[0-9.]+)[a-z%]*$")
_PLAYED: Final = ("gate", "velocity", "in")
_OF_ALL: Final = ("tempo", "meter", "swing")
"""What is no port of a node, and is said by a command of its own."""
_LOUDNESS: Final = ("volume", "vol", "master", "loudness")
_GRID: Final = re.compile(r"[xXo._|\s]+")
_TEMPO: Final = {"fast": 1.25, "faster": 1.25, "slow": 0.8, "slower": 0.8}


def advised(error: UserError, text: str, patch: Patch, works: Callable[[str], bool]) -> UserError:
    """The same error with the commands that were perhaps meant, where it has none.

    Args:
        error: what is wrong.
        text: the line.
        patch: what is patched.
        works: whether a command would be carried out now.
    """
    if len(text) > LONGEST or "\n" in text or ";" in text:
        return error
    command = text.partition(" #")[0].strip()
    if error.suggestions and error.code not in {Code.SYNTAX, Code.CABLE}:
        return error
    kept = () if command.lower().startswith("play ") else error.suggestions
    found: dict[str, None] = {}
    for meant in _meant(error, command, patch):
        if meant not in kept and works(meant):
            found[meant] = None
        if len(found) == MOST:
            break
    if not found:
        return error
    # The language does not know the names: `load kick and=snare` is well formed.
    kept = tuple(text for text in kept if " " not in text or works(text))
    suggestions = (*kept, *found)
    return UserError(error.code, error.message, error.span, suggestions, error.details)


def _meant(error: UserError, command: str, patch: Patch) -> Iterator[str]:
    words = command.split()
    verb, rest = (words[0].lower(), words[1:]) if words else ("", [])
    advise = _BY_VERB.get(verb)
    if advise is not None:
        yield from advise(rest, patch)
    elif error.code is Code.SYNTAX and error.span is not None and error.span.column == 1:
        yield from _without_verb(error, words, patch)
    yield from _with_unit(error, command, patch)
    if "}" in error.message:
        yield from _braced(command, patch)
    if error.code is Code.NAME and error.span is not None:
        name = command[error.span.column - 1 : error.span.end - 1].lower()
        if name not in patch.nodes and name in kinds() and not kinds()[name].hidden:
            yield f"load {name}"


def _braced(command: str, patch: Patch) -> Iterator[str]:
    """A command with a brace too few, or too many."""
    bare = " ".join(command.replace("{", "").replace("}", "").split())
    if command.endswith("{"):
        yield f"{command} trigger {_first(patch, 'gate')} }}"
    elif bare:
        yield f"{command} }}"
        yield bare
        yield f"{{ {bare} }}"


def _nodes(patch: Patch, port: str) -> Iterator[Node]:
    found = (n for n in patch.nodes.values() if n.name != OUT and n.port(port) is not None)
    return (n for n in found if port != "gate" or n.declaration.waits_for_gate)


def _first(patch: Patch, port: str) -> str:
    return next((node.name for node in _nodes(patch, port)), "")


def _set(rest: list[str], patch: Patch) -> Iterator[str]:
    if not rest:
        return
    word, values = rest[0].lower(), rest[1:] if rest[1:2] != ["="] else rest[2:]
    if word in _OF_ALL:
        yield " ".join((word, *values))
    if word in _LOUDNESS:
        yield " ".join(("set out.level", *values))
        yield "set out.level -6db"
    for instrument in patch.instruments.values():
        for shown in instrument.ports:
            is_meant = word == shown or (word == instrument.name and shown not in PLAYED)
            if is_meant:
                yield " ".join(("set", f"{instrument.name}.{shown}", *values))
    node = patch.nodes.get(word)
    if node is not None:
        for port in node.declaration.inputs:
            if port.name not in _PLAYED:
                yield " ".join(("set", f"{node.name}.{port.name}", *values))
    for owner in _nodes(patch, word):
        yield " ".join(("set", f"{owner.name}.{word}", *values))
    name, _, port_name = word.partition(".")
    found = patch.nodes[name].port(port_name) if name in patch.nodes else None
    if found is not None and not values:
        value = found.choices[0] if found.choices else f"{found.default:g}{found.unit}"
        yield f"set {word} {value}"


def _load(rest: list[str], _patch: Patch) -> Iterator[str]:
    words = [word for word in " ".join(rest).replace(",", " ").lower().split() if word != "and"]
    joined = "".join(words[:2])
    names = [*instrument_files.files(), *kinds()]
    for name in names:
        if name == joined or (joined.isdigit() and name.endswith(joined)):
            yield f"load {name}"
    if len(words) > 1:
        yield "; ".join(f"load {word}" for word in words)


def _play(rest: list[str], _patch: Patch) -> Iterator[str]:
    name, more = (rest[0], rest[1:]) if rest else ("", [])
    if more:
        yield " ".join(("note", name, *more))
        yield f"sequence {name}: {' '.join(more)}"
    yield f"trigger {name}"
    yield f"note {name} c2"
    yield f"run {name}"


def _stop(rest: list[str], patch: Patch) -> Iterator[str]:
    name = rest[0].lower() if rest else ""
    if name in patch.sequences:
        yield f"unsequence {name}"
    yield f"mute {name}"
    yield f"gate {name} off"


def _start(rest: list[str], patch: Patch) -> Iterator[str]:
    name = rest[0].lower() if rest else ""
    if name in patch.muted:
        yield f"unmute {name}"
    yield f"trigger {name}"
    yield f"gate {name} on"


def _patch(rest: list[str], patch: Patch) -> Iterator[str]:
    named = [word for word in rest if word.strip("<>-,=|")]
    if len(named) > 1:
        yield f"patch {' > '.join(reversed(named))}"
    if len(named) == 1:
        for node in _nodes(patch, "in"):
            if node.name != named[0].lower():
                yield f"patch {named[0]} > {node.name}"
        for name in heard(patch):
            yield f"patch {name} > {named[0]}"


def _unpatch(rest: list[str], patch: Patch) -> Iterator[str]:
    named = [word.lower().partition(".")[0] for word in rest if word.strip("<>-,=|")]
    for cable in patch.cables:
        if not named or {cable.source, cable.target} == set(named):
            yield f"unpatch {cable.source} > {cable.target}.{cable.input}"


def _tempo(rest: list[str], patch: Patch) -> Iterator[str]:
    word = rest[0].lower() if rest else ""
    number = _NUMBER.match(word)
    yield f"tempo {number[1] if number else f'{patch.bpm * _TEMPO.get(word, 1.0):.4g}'}"


def _note(rest: list[str], patch: Patch) -> Iterator[str]:
    for node in _nodes(patch, "gate"):
        yield " ".join(("note", node.name, *rest))
    yield " ".join(("note", *rest[:1], "c2", *rest[1:]))
    yield " ".join(("note", *rest[:2]))
    yield f"trigger {' '.join(rest[:1])}"


def _sequence(rest: list[str], patch: Patch) -> Iterator[str]:
    for node in _nodes(patch, "gate"):
        yield f"sequence {node.name}: {' '.join(rest)}"


_BY_VERB: Final = {
    "set": _set,
    "load": _load,
    "play": _play,
    "stop": _stop,
    "start": _start,
    "patch": _patch,
    "unpatch": _unpatch,
    "tempo": _tempo,
    "note": _note,
    "sequence:": _sequence,
}
"""What the rest of a command may mean, by its first word."""


def _without_verb(error: UserError, words: list[str], patch: Patch) -> Iterator[str]:
    """A command that begins with no command word, or with one that is misspelt."""
    if any(" " in suggestion for suggestion in error.suggestions):
        return
    for near in error.suggestions[:1]:
        yield from _as_the_language_has_it(" ".join((near, *words[1:])))
    name = words[0].lower() if words else ""
    if name.isalpha() and not error.suggestions:
        yield f"search {name}"
    if len(words) == 1:
        yield f"trigger {name}"
        yield f"describe {name}"
        yield f"load {name}"
    else:
        if _GRID.fullmatch(" ".join(words[1:])):
            yield f"sequence {name}: {' '.join(words[1:])}"
        yield from _set(words, patch)


def _as_the_language_has_it(command: str) -> Iterator[str]:
    """A command, or how the language would mend it."""
    try:
        read(command)
    except UserError as error:
        yield from error.suggestions
    else:
        yield command


def _with_unit(error: UserError, command: str, patch: Patch) -> Iterator[str]:
    """A number in a unit that does not fit, in the one of its port; one from now on."""
    if error.span is None or error.code not in {Code.VALUE, Code.RANGE}:
        return
    start, end = error.span.column - 1, error.span.end - 1
    value = _NUMBER.match(command[start:end])
    before, after = command[:start], command[end:]
    if value is not None:
        port = re.search(r"([a-z0-9_/\-]+)\.([a-z0-9_]+)\s*[=:]?\s*$", before.lower())
        node = patch.nodes.get(port[1]) if port else None
        found = node.port(port[2]) if node and port else None
        units = ("beats", "bars") if found is None else (found.unit,)
        for unit in units:
            yield f"{before}{value[1]}{unit}{after}"
    if command[start : start + 1] == "-":
        yield f"{before}+{command[start + 1 :]}"
        yield f"{before}{command[start + 1 :]}"
