"""From the trees of commands that look, listen or lock to their objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from chronus.errors import Code, Span, UserError
from chronus.language import statements as st
from chronus.language import views
from chronus.language.build import tokens
from chronus.language.quantities import duration
from chronus.language.tokens import quantity, span_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lark import Token, Tree

    Node = Tree[Token]


def _graph(tree: Node, line: int) -> views.ShowGraph:
    files = tokens(tree, "FILE")
    if not files:
        return views.ShowGraph(None, Span(line, tree.meta.column, tree.meta.end_column))
    return views.ShowGraph(files[0].strip('"'), span_of(files[0], line))


def _view(tree: Node, line: int) -> views.Show:
    (word,) = tokens(tree, "METERS", "SCOPE", "SPECTRUM")
    what = cast("views.View", word.lower())
    files = tokens(tree, "FILE")
    if not files:
        return views.Show(what, None, span_of(word, line))
    return views.Show(what, files[0].strip('"'), span_of(files[0], line))


def _hear(tree: Node, line: int) -> views.Hear:
    lengths = [quantity(token, line) for token in tokens(tree, "DURATION")]
    for length in lengths:
        duration(length)
        if length.exact <= 0:
            message = f"{length.text} is nothing to listen to"
            raise UserError(Code.RANGE, message, length.span, ("hear last 2 bars",))
    return views.Hear(lengths[0] if lengths else None)


def _names(tree: Node, line: int) -> tuple[st.Name, ...]:
    return tuple(st.Name(token.lower(), span_of(token, line)) for token in tokens(tree, "NODE"))


def _only(tree: Node, line: int) -> views.UndoOnly:
    count = quantity(tokens(tree, "NUMBER")[0], line)
    if count.unit != "" or count.exact.denominator != 1 or count.exact < 1:
        message = f"which change counts from 1, the last one, on, not {count.text}"
        raise UserError(Code.VALUE, message, count.span, ("1",))
    return views.UndoOnly(int(count.exact), count.span)


BUILDERS: Final[dict[str, Callable[[Node, int], st.Statement]]] = {
    "show_graph": _graph,
    "show_view": _view,
    "watch": lambda _tree, _line: views.Watch(),
    "hear": _hear,
    "test": lambda _tree, _line: views.Tone(),
    "lock": lambda tree, line: views.Lock(_names(tree, line)),
    "unlock": lambda tree, line: views.Unlock(_names(tree, line)),
    "undo_mine": lambda _tree, _line: views.UndoMine(),
    "undo_only": _only,
}
