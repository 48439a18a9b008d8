"""From the trees of scenes, songs and music files to their objects; what a scene may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lark import Token, Tree

from chronus.errors import Code, Span, UserError
from chronus.language import keeping, scenes
from chronus.language import statements as st
from chronus.language.build import tokens
from chronus.language.quantities import duration
from chronus.language.steps import Sequence
from chronus.language.tokens import quantity, span_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.language.scenes import Ending

Node = Tree[Token]

PLAYING: Final = (
    *(st.Load, st.Unload, st.Rename, st.Copy, st.ChangeFile, st.Patch, st.Unpatch),
    *(st.Mute, st.Unmute, st.Solo, st.Unsolo, st.Set, st.Note, st.Gate, st.Trigger),
    *(Sequence, st.Unsequence, st.Tempo, st.Meter, st.Swing, st.Start, st.Stop, st.Panic),
    *(st.At, keeping.Recall, st.Reset),
)
"""Statements that a scene may hold: they build and play."""

LONGEST_SCENE: Final = 10_000
"""Characters: a scene has to fit into one line of a journal."""
WORDS: Final = ("end", "loop", "repeat", "now")
MOST_PARTS: Final = 1000
MOST_BARS: Final = 10_000


def check_scene(name: st.Name, body: st.Body) -> None:
    """See that a scene holds what builds and plays, and no more of it than there may be.

    Raises:
        UserError: E_NAME, E_STATE or E_LIMIT, with its place.
    """
    if name.text in WORDS:
        message = f"a scene cannot be called {name.text}, which is a word of songs"
        raise UserError(Code.NAME, message, name.span)
    if not body.parts:
        message = f"the scene {name.text} holds nothing; `unscene {name.text}` throws one away"
        raise UserError(Code.STATE, message, name.span, (f"unscene {name.text}",))
    if len(body.text) > LONGEST_SCENE:
        message = f"a scene has at most {LONGEST_SCENE} characters, this one {len(body.text)}"
        raise UserError(Code.LIMIT, message, name.span)
    for part in body.parts:
        held = part.statement.body.parts if isinstance(part.statement, st.At) else ()
        for one in (part, *held):
            _check_part(one, is_held=one is not part)


def _check_part(part: st.Said, *, is_held: bool) -> None:
    word = part.text.split()[0].lower()
    if isinstance(part.statement, st.At) and is_held:
        message = "in a scene an at holds what is done, and no other at"
        raise UserError(Code.STATE, message, part.span)
    if not isinstance(part.statement, PLAYING):
        message = f"a scene only builds and plays, and {word!r} does something else"
        raise UserError(Code.STATE, message, part.span)
    if '"' in part.text or "\n" in part.text:
        message = "in a scene each command stands on one line, without quotes"
        raise UserError(Code.SYNTAX, message, part.span)


def name_of(tree: Node, line: int) -> st.Name:
    """The scene that a command names."""
    (token,) = tokens(tree, "SCENE")
    return st.Name(token.lower(), span_of(token, line))


def _define(tree: Node, line: int) -> scenes.DefineSong:
    trees = [child for child in tree.children if isinstance(child, Tree)]
    parts = tuple((name_of(part, line), _bars(part, line)) for part in trees)
    endings: dict[str, Ending] = {"end": "end", "loop": "loop", "repeat": "loop"}
    words = tokens(tree, "ENDING")
    span = Span(line, parts[0][0].span.column, parts[-1][0].span.end)
    if len(parts) > MOST_PARTS:
        message = f"a song has at most {MOST_PARTS} parts, this one {len(parts)}"
        raise UserError(Code.LIMIT, message, span)
    return scenes.DefineSong(
        parts,
        endings[words[0].lower()] if words else "",
        starts=not tokens(tree, "READY"),
        span=span,
    )


def _bars(part: Node, line: int) -> int:
    count = quantity(tokens(part, "NUMBER")[0], line)
    if count.unit not in {"", "bars"} or count.exact.denominator != 1:
        message = f"a part of a song lasts a whole number of bars such as 8, not {count.text}"
        raise UserError(Code.VALUE, message, count.span, ("8",))
    if not 1 <= count.exact <= MOST_BARS:
        message = f"a part of a song lasts 1 to {MOST_BARS} bars, not {count.text}"
        raise UserError(Code.RANGE, message, count.span)
    return int(count.exact)


def _whole(value: st.Quantity, what: str) -> st.Quantity:
    if value.unit != "" or value.exact.denominator != 1 or value.exact < 1:
        message = f"{what} is a whole number from 1 on, not {value.text}"
        raise UserError(Code.VALUE, message, value.span, ("1",))
    return value


def _from(tree: Node, line: int, *, now: bool) -> scenes.PlaySong:
    numbers = [quantity(token, line) for token in tokens(tree, "NUMBER")]
    span = numbers[0].span if numbers else Span(line, tree.meta.column, tree.meta.end_column)
    part = int(_whole(numbers[0], "a part of the song").exact) if numbers else 1
    return scenes.PlaySong(part, now, goes_on=False, span=span)


def _path(tree: Node, line: int) -> tuple[str, Span]:
    (token,) = tokens(tree, "FILE")
    return token.strip('"'), span_of(token, line)


def _import(tree: Node, line: int) -> scenes.ImportMidi:
    numbers = [quantity(token, line) for token in tokens(tree, "NUMBER")]
    notes = [quantity(token, line) for token in tokens(tree, "NOTE")]
    (node,) = tokens(tree, "NODE")
    return scenes.ImportMidi(
        *_path(tree, line),
        _whole(numbers[0], "a track") if numbers else None,
        notes[0] if notes else None,
        st.PortRef(st.Name(node.lower(), span_of(node, line)), None),
    )


def _export(tree: Node, line: int) -> scenes.ExportMidi:
    numbers = [quantity(token, line) for token in tokens(tree, "NUMBER")]
    bars = _whole(numbers[0], "the number of bars") if numbers else None
    if bars is not None and bars.exact > MOST_BARS:
        message = f"{MOST_BARS} bars are the most that are exported, not {bars.text}"
        raise UserError(Code.RANGE, message, bars.span)
    return scenes.ExportMidi(*_path(tree, line), bars)


def _capture(tree: Node, line: int) -> scenes.Capture:
    length = quantity(tokens(tree, "DURATION")[0], line)
    duration(length)
    if length.exact == 0:
        raise UserError(Code.RANGE, f"{length.text} is nothing to capture", length.span)
    return scenes.Capture(length, *_path(tree, line))


BUILDERS: Final[dict[str, Callable[[Node, int], st.Statement]]] = {
    "scene_play": lambda tree, line: scenes.PlayScene(name_of(tree, line)),
    "scene_now": lambda tree, line: scenes.PlayScene(name_of(tree, line), now=True),
    "unscene": lambda tree, line: scenes.Unscene(name_of(tree, line)),
    "song_define": _define,
    "song_from": lambda tree, line: _from(tree, line, now=False),
    "song_from_now": lambda tree, line: _from(tree, line, now=True),
    "song_stop": lambda _tree, _line: scenes.StopSong(),
    "song_show": lambda _tree, _line: scenes.ShowSong(),
    "unsong": lambda _tree, _line: scenes.Unsong(),
    "import_midi": _import,
    "export_midi": _export,
    "capture": _capture,
}
