"""Where instruments come from: their files are found by name and read whole, and checked later.

The nearest file wins: one in the current folder, then the user's own, then those that come with the
program. A file is text; reading it does nothing. What it says is carried out by the commands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chronus.data import data_path
from chronus.dsp.declaration import Family
from chronus.errors import Code, Span, UserError
from chronus.language.blocks import gathered
from chronus.language.instruments import Instrument
from chronus.language.parser import read
from chronus.modules.catalog import kinds
from chronus.settings import data_dir

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chronus.language.instruments import Manner
    from chronus.language.statements import Said
    from chronus.patch.model import Patch

ENDING: Final = ".chronus"
MOST_BYTES: Final = 200_000
"""No file of an instrument is longer, comments and all."""
LONGEST: Final = 15_000
"""Nor its commands without comments: a line of a journal holds them all."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(?:-[a-z0-9_]+)*", re.ASCII)
_HEAD: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|#[^\n]*\n)*instrument\s"
    rb'(?:"[^"\n]*"|[^"{#\n])*(?:#[^\n]*)?(?:\n|\Z)',
    re.IGNORECASE,
)
"""A file whose first command is `instrument`, and no block: that may begin a song."""


@dataclass(frozen=True, slots=True)
class Source:
    """An instrument as it is written.

    Attributes:
        head: its first command.
        parts: the others.
        text: all of it as one command, `instrument NAME … { … }`.
        origin: the file, or what else it comes from.
        mistakes: what is not understood in it.
    """

    head: Instrument
    parts: tuple[Said, ...]
    text: str
    origin: str
    mistakes: tuple[UserError, ...] = ()


def folders() -> tuple[Path, ...]:
    """Where instruments are looked for, the nearest first."""
    return (Path(), data_dir() / "instruments", *_shipped())


def _shipped() -> tuple[Path, ...]:
    try:
        return (data_path("patches", "instruments"),)
    except FileNotFoundError:
        return ()


def doc_in(text: str) -> str:
    """What the text of an instrument's file says of it in a line, without reading all of it."""
    head = next((line for line in text.splitlines() if line.startswith("instrument ")), "")
    return head.partition('"')[2].partition('"')[0]


def find(name: str) -> Path | None:
    """The file of the instrument of a name; None where there is none, or a kind has that name."""
    return None if is_kinds_own(name) else _file_of(name)


def _file_of(name: str) -> Path | None:
    if not _NAME.fullmatch(name):
        return None
    for folder in folders():
        path = folder / f"{name}{ENDING}"
        if path.is_file() and (folder != Path() or begins_an_instrument(path)):
            return path
    return None


def is_kinds_own(name: str) -> bool:
    """Whether a name means a kind of module, whatever files there are.

    A drum is played as a whole: an instrument may have its name and is loaded in its place. So may
    one that comes with the program, and then the user's own in place of that.
    """
    if name not in kinds() or kinds()[name].family is Family.DRUM:
        return False
    return not any((folder / f"{name}{ENDING}").is_file() for folder in _shipped())


def files() -> dict[str, Path]:
    """The files of all instruments by their names, also of those that a kind hides."""
    found: dict[str, Path] = {}
    for folder in folders():
        if folder.is_dir():
            for path in folder.glob(f"*{ENDING}"):
                name = path.name.removesuffix(ENDING)
                if name not in found and (there := _file_of(name)) is not None:
                    found[name] = there
    return dict(sorted(found.items()))


def begins_an_instrument(path: Path) -> bool:
    """Whether the first command of a file is `instrument`."""
    try:
        if not path.is_file():
            return False  # a pipe would hold up all that plays
        with path.open("rb") as file:
            return _HEAD.match(file.read(MOST_BYTES)) is not None
    except OSError:
        return False


def read_file(path: Path, span: Span | None = None) -> Source:
    """An instrument as its file writes it.

    Args:
        path: of the file.
        span: where it was asked for.

    Raises:
        UserError: E_FILE, it cannot be read, is no text or no instrument, or not the one that its
            name says; E_LIMIT, it is too long.
    """
    text = _text_of(path, span)
    try:
        return _parsed(path, text)
    except UserError as error:
        raise error if span is None else error.at(span) from error


@lru_cache(maxsize=128)
def _parsed(path: Path, content: str) -> Source:
    """The instrument that a text is; completion asks for it at each key."""
    head: Instrument | None = None
    parts: list[Said] = []
    mistakes: list[UserError] = []
    for text, number in gathered(content.split("\n")):
        try:
            said = read(text, number)
        except UserError as error:
            mistakes.append(error.at(Span(number, 1, 1)))
            continue
        if head is None and said:
            head, said = _head(path, said), said[1:]
        parts += said
    if head is None:
        if mistakes:
            first = mistakes[0]
            message = f"cannot read {path}: {first.message}"
            raise UserError(Code.FILE, message, None, first.suggestions, [str(first)])
        raise _no_instrument(path)
    return source_of(head, parts, str(path), None, mistakes)


def _text_of(path: Path, span: Span | None) -> str:
    if path.exists() and not path.is_file():
        raise UserError(Code.FILE, f"cannot read {path}: it is no file", span)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            message = f"{path} is longer than {MOST_BYTES} bytes, which is the most"
            raise UserError(Code.LIMIT, message, span)
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise UserError(Code.FILE, message, span) from error
    except UnicodeDecodeError as error:
        message = f"{path} is no text: byte {error.start} is not UTF-8"
        raise UserError(Code.FILE, message, span) from error


def _head(path: Path, said: tuple[Said, ...]) -> Instrument:
    head = said[0].statement
    name = path.name.removesuffix(ENDING)
    if not isinstance(head, Instrument) or head.body is not None:
        raise _no_instrument(path)
    if head.name.text != name:
        message = f"{path} holds the instrument '{head.name.text}', and its name says '{name}'"
        raise UserError(Code.FILE, message)
    return head


def _no_instrument(path: Path) -> UserError:
    name = path.name.removesuffix(ENDING)
    message = f"{path} is no instrument: its first command is not `instrument {name}`"
    return UserError(Code.FILE, message)


def source_of(
    head: Instrument,
    parts: list[Said],
    origin: str,
    span: Span | None,
    mistakes: list[UserError] | None = None,
) -> Source:
    """An instrument of its commands.

    Raises:
        UserError: E_LIMIT, it is too long.
    """
    text = text_with(head, [part.text for part in parts])
    if len(text) > LONGEST:
        message = f"{origin} has more than {LONGEST} characters of commands, which is the most"
        raise UserError(Code.LIMIT, message, span)
    return Source(head, tuple(parts), text, origin, tuple(mistakes or ()))


def text_with(head: Instrument, parts: Iterable[str]) -> str:
    """An instrument as one command, by its head and its other commands."""
    body = "; ".join(" ".join(part.split()) for part in parts)
    return f"{_head_text(head)} {{ {body} }}"


def _head_text(head: Instrument) -> str:
    doc = f' "{head.doc}"' if head.doc else ""
    return f"instrument {head.name.text}{doc}{manner_text(head.manner)}"


def manner_text(manner: Manner) -> str:
    """How an instrument is played, as it is written behind its name."""
    words = [] if manner.voices is None else [f"voices {manner.voices.text}"]
    if manner.legato is not None:
        words.append("legato" if manner.legato else "legato off")
    if manner.glide is not None:
        words.append(f"glide {manner.glide.text}")
    return "".join(f" {word}" for word in words)


def made_here(patch: Patch) -> frozenset[str]:
    """The instruments of a patch, by their kinds, that no file makes so at this moment."""
    made = [i.definition for i in patch.instruments.values() if i.definition is not None]
    texts = {(definition.name, definition.written) for definition in made}
    return frozenset(kind for kind, text in texts if not _is_made_by_file(kind, text))


def _is_made_by_file(name: str, text: str) -> bool:
    path = find(name)
    try:
        return path is not None and read_file(path).text == text
    except UserError:
        return False
