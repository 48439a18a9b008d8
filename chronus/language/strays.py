"""What is wrong with a pattern that the grammar refuses: brackets, and marks without a step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chronus.errors import Code, Span, UserError
from chronus.language.tokens import place

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.language.refusals import Refusal

MARKS: Final = {
    "~": ("a slide", "c2~"), "?": ("chance", "x?"), "*": ("a ratchet", "x*3"),
    "%": ("every n-th cycle", "x%2"), "!": ("a repeat", "x!3"), "(": ("Euclid", "x(3,8)"),
    "{": ("a lock", "x{cutoff=800}"), ":": ("a chord", "c3:m7"), "+": ("a chord", "c3+eb3"),
}  # fmt: skip
"""What stands behind a step, and how."""

TERMINALS: Final = {
    "SLIDE": "~", "CHANCE": "?", "RATCHET": "*", "EVERY": "%", "REPEAT": "!", "EUCLID": "(",
    "_LOCKS": "LOCKS", "CHORD": ":", "_PLUS": "+", "_GROUP": "[", "_GROUP_END": "]", "_TURN": "<",
    "_LOCKS_END": "}",
}  # fmt: skip
"""The grammar's names of what stands in patterns alone."""

SIGNS: Final = frozenset(TERMINALS.values())

_PAIRS: Final = {"_GROUP": "]", "_TURN": ">", "_LOCKS": "}"}
_ENDS: Final = {"_GROUP_END": "]", "_ARROW": ">", "_LOCKS_END": "}"}
_OPENED: Final = {"]": "[", ">": "<", "}": "{", ")": "("}
_SHARE: Final = re.compile(r"([^\s%]*[0-9.a-z])%([0-9]+)", re.ASCII | re.IGNORECASE)
_ODD: Final = re.compile(r"[^A-Za-z0-9_.#\s|-]")


def stray(at: Refusal, _verbs: tuple[str, ...], _valid: Callable[[str], bool]) -> UserError | None:
    """What a pattern is refused for, where it is that; None for anything else."""
    colon = next((i for i, token in enumerate(at.tokens) if token.type == "_COLON"), None)
    if at.verb != "sequence" or colon is None:
        return None
    line = at.line
    opened = []
    for token in at.tokens[colon:]:
        if token.type in _PAIRS:
            opened.append(token)
        elif token.type in _ENDS and opened:
            opened.pop()
    inner = opened[-1] if opened else None
    if not at.word:
        if inner is None or inner.type == "_LOCKS":
            return None
        start, end = place(inner)
        message = f"this {inner} is not closed: expected a {_PAIRS[inner.type]} behind its steps"
        return UserError(Code.SYNTAX, message, Span(line, start + 1, end + 1))
    sign = at.text[at.position]
    here = Span(line, at.position + 1, at.position + 2)
    if inner is not None and inner.type == "_LOCKS":
        return None
    if sign in _OPENED:
        if inner is None:
            message = f"this {sign} closes nothing: there is no {_OPENED[sign]} before it"
        else:
            message = f"expected {_PAIRS[inner.type]} before this {sign}"
        return UserError(Code.SYNTAX, message, here)
    return _misplaced(at, here) or _share(at) or _odd(at)


def _misplaced(at: Refusal, here: Span) -> UserError | None:
    """A mark that is not right behind a step, or is not finished."""
    sign = at.text[at.position]
    before = at.text[at.position - 1 : at.position]
    if sign not in MARKS or not {"REST", "HOLD"} & at.expected:
        return None
    what, example = MARKS[sign]
    if sign == "(" and ")" not in at.text[at.position :]:
        return UserError(Code.SYNTAX, "this ( is not closed: Euclid is written x(3,8)", here)
    if sign == "%" and _SHARE.match(at.word):
        return None
    if before.isspace() or before in ":|[<":
        message = f"{sign!r} ({what}) belongs right behind a step, as in {example}"
    elif sign in ":+":
        message = f"{sign!r} ({what}) belongs behind the name of a note, as in {example}"
    else:
        message = f"{sign!r} ({what}) cannot stand here; it is written as in {example}"
    return UserError(Code.SYNTAX, message, here, [example])


def _share(at: Refusal) -> UserError | None:
    """`400%2`, in which the % could be of the number or a mark."""
    match = _SHARE.search(at.text, at.position)
    if match is None or "VALUE" not in at.expected or match.start() > at.position + len(at.word):
        return None
    meant = f"[{match[1]}]%{match[2]}"
    message = f"{match[0]} can be read in two ways: every {match[2]} cycles is written {meant}"
    span = Span(at.line, match.start() + 1, match.end() + 1)
    return UserError(Code.SYNTAX, message, span, [meant])


def _odd(at: Refusal) -> UserError | None:
    """A sign that means nothing in a pattern."""
    match = _ODD.match(at.text, at.position)
    if match is None or match[0] in "\"'<>[]{}();," or not match[0].isascii():
        return None
    if not {"REST", "HOLD"} & at.expected or match[0] in MARKS:
        return None
    signs = " ".join(sorted(MARKS))
    message = f"{match[0]!r} means nothing in a pattern; the marks behind a step are {signs}"
    return UserError(Code.SYNTAX, message, Span(at.line, at.position + 1, at.position + 2))
