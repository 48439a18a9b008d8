"""What to say about a line that the grammar refuses: the place, the reason and the way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chronus.errors import Code, Span, UserError, nearest
from chronus.language import characters
from chronus.language.phrases import phrase, shown
from chronus.language.quantities import UNITS
from chronus.language.repairs import UNIT_WORDS, repairs
from chronus.language.strays import stray
from chronus.language.tokens import place

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.language.refusals import Refusal

_LITERAL: Final = re.compile(r"[a-z]+")
_NUMERIC: Final = frozenset({"VALUE", "NUMBER", "DURATION"})
_SWITCHES: Final = {"1": ("on",), "0": ("off",), "true": ("on",), "false": ("off",)}
_REPAIRED: Final = 400
"""Longer commands are not repaired: each attempt is parsed, and nobody reads so long an answer."""

_SYNONYMS: Final = {
    "add": "load", "new": "load", "create": "load", "make": "load", "remove": "unload",
    "delete": "unload", "del": "unload", "rm": "unload", "connect": "patch", "cable": "patch",
    "disconnect": "unpatch", "seq": "sequence", "pattern": "sequence",
    "bpm": "tempo", "sleep": "wait", "pause": "wait", "ls": "list",
    "info": "describe", "bye": "quit", "go": "start", "trig": "trigger",
    "volume": "set", "vol": "set",
}  # fmt: skip


def explain(at: Refusal, verbs: tuple[str, ...], valid: Callable[[str], bool]) -> UserError:
    """The error for a refused line.

    Args:
        at: where and why it was refused.
        verbs: all command words.
        valid: whether a command as corrected would be understood.
    """

    def offered(command: str) -> bool:
        return len(command) <= _REPAIRED and valid(command)

    for reason in _REASONS:
        error = reason(at, verbs, offered)
        if error is not None:
            return error
    raise AssertionError(at)


def _strange_character(
    at: Refusal, _verbs: tuple[str, ...], valid: Callable[[str], bool]
) -> UserError | None:
    offset = next((i for i, character in enumerate(at.word) if not character.isascii()), None)
    if offset is None:
        return None
    position = at.position + offset
    character = at.text[position]
    meant = characters.plain(character)
    head, tail = at.command
    corrected = characters.plain(head + tail).strip()
    hint = f"; write {meant!r}" if meant.isascii() and meant != character else ""
    message = f"{characters.title(character)} is not understood here{hint}"
    span = Span(at.line, position + 1, position + 2)
    return UserError(Code.SYNTAX, message, span, [corrected] if valid(corrected) else [])


def _unknown_command(
    at: Refusal, verbs: tuple[str, ...], valid: Callable[[str], bool]
) -> UserError | None:
    if at.tokens or not at.word:
        return None
    word = at.word.lower()
    known = _SYNONYMS.get(word)
    near = (known,) if known else nearest(word, verbs)
    _, tail = at.command
    whole = near[0] + tail[len(at.word) :].rstrip() if near else ""
    suggestions = [*near, whole] if whole not in near and valid(whole) else list(near)
    if not known and whole not in suggestions:
        # `bass.cutoff = 3`, `kick: x.x.`, `a > b`: all is there but the verb.
        meant = (f"{verb} {tail.strip()}" for verb in ("set", "sequence", "patch"))
        suggestions = [*(command for command in meant if valid(command)), *suggestions]
    message = f"{shown(at.word)} is no command; expected a command such as load, patch or set"
    return UserError(Code.SYNTAX, message, at.span, suggestions)


def _half_note(
    at: Refusal, _verbs: tuple[str, ...], _valid: Callable[[str], bool]
) -> UserError | None:
    if "NOTE" not in at.expected or "WORD" in at.expected:
        return None
    match = re.fullmatch(r"([a-h])([#b]?)(-?[0-9]*)~?", at.word.lower())
    if match is None:
        return None
    letter = "b" if match[1] == "h" else match[1]
    meant = f"{letter}{match[2]}{match[3] or 4}"
    reason = "the German h is b here" if match[1] == "h" else "the octave is missing"
    message = f"{at.word!r} is no note name: {reason}, as in {meant}"
    return UserError(Code.VALUE, message, at.span, [meant])


def _half_unit(
    at: Refusal, _verbs: tuple[str, ...], _valid: Callable[[str], bool]
) -> UserError | None:
    """`2 barz`: a number and then a word that is nearly a unit, where nothing like it may stand."""
    word, span, before = at.word, at.span, at.tokens[-1:]
    if "." in at.expected and at.tokens[-1].type == "NODE" and not at.word[:1].isdigit():
        # The word was taken for the next node; that it has no port gives it away.
        begins, ends = place(at.tokens[-1])
        word, span = str(at.tokens[-1]), Span(at.line, begins + 1, ends + 1)
        before = at.tokens[-2:-1]
    near = nearest(word, [unit for unit in UNITS if unit not in {"bar", "beat"}]) if word else ()
    if word.lower() in UNIT_WORDS:
        near = (UNIT_WORDS[word.lower()],)
    bare = before and before[0].type in _NUMERIC and re.fullmatch(r"[^a-z/%]+", before[0])
    if not near or not bare:
        return None
    meant = [f"{before[0]} {unit}".strip() for unit in near]
    message = f"{word!r} is no unit; expected one such as hz, ms, s, beats or bars"
    return UserError(Code.VALUE, message, span, meant)


def _astray_over(
    at: Refusal, _verbs: tuple[str, ...], valid: Callable[[str], bool]
) -> UserError | None:
    """`over` without a value before it, with something behind its duration, or misspelt."""
    if at.verb != "set" or not at.word:
        return None
    last = at.tokens[-1]
    start, end = place(last)
    span = Span(at.line, start + 1, end + 1)
    head, tail = at.command
    if last.type == "WORD" and last.lower() == "over":
        return UserError(Code.SYNTAX, "a value is missing before `over`", span)
    over = next((token for token in at.tokens if token.type == "_OVER"), None)
    if over is not None and last.type == "DURATION":
        begins = place(over)[0]
        meant = f"{at.text[at.start : begins].strip()} {tail.strip()} {at.text[begins:end]}"
        message = f"`over` and its duration stand at the end, behind {shown(at.word)}"
        return UserError(Code.SYNTAX, message, at.span, [meant] if valid(meant) else [])
    if last.type == "NODE" and at.word[:1].isdigit() and nearest(last, ["over"]):
        meant = f"{head.strip()[: -len(last)]}over {tail}".strip()
        message = f"expected a dot and a port, or `over`, found {shown(str(last))}"
        return UserError(Code.SYNTAX, message, span, ["over", *([meant] if valid(meant) else [])])
    return None


def _astray_as(
    at: Refusal, _verbs: tuple[str, ...], valid: Callable[[str], bool]
) -> UserError | None:
    """`as` and a name behind what they stand before: it was taken for a port."""
    if at.verb != "load" or not at.word or len(at.tokens) < 3 or at.tokens[-1].lower() != "as":
        return None
    start, end = place(at.tokens[-1])
    _, behind = place(at.tokens[1])
    _, tail = at.command
    kind, rest = at.text[at.start : behind], at.text[behind:start].rstrip()
    meant = f"{kind} as {at.word}{rest}{tail[len(at.word) :]}".strip()
    message = "`as` and the name stand right behind the kind"
    span = Span(at.line, start + 1, end + 1)
    return UserError(Code.SYNTAX, message, span, [meant] if valid(meant) else [])


def _other(at: Refusal, _verbs: tuple[str, ...], valid: Callable[[str], bool]) -> UserError:
    wanted = phrase(at)
    if at.word.startswith('"') and not at.word.endswith('"'):
        message = 'this quote is not closed: expected another " behind the name of the file'
    elif not at.word:
        message = f"expected {wanted}, but the command ends here"
    elif not wanted:
        message = f"expected nothing more here, found {shown(at.word)}"
    else:
        also = ", or the end of the command" if at.complete else ""
        message = f"expected {wanted}{also}, found {shown(at.word)}"
    literals = sorted(word for word in at.expected if _LITERAL.fullmatch(word))
    near = nearest(at.word, literals) if at.word and at.tokens else ()
    if "on" in at.expected:
        near = _SWITCHES.get(at.word.lower(), near)
    repaired = tuple(dict.fromkeys(c for c in repairs(at, near) if valid(c) and c not in near))[:3]
    return UserError(Code.SYNTAX, message, at.span, near + repaired)


_REASONS: Final = (
    _strange_character, _unknown_command, stray, _half_note, _half_unit,
    _astray_over, _astray_as, _other,
)  # fmt: skip
"""What may be the matter, the most telling first; the last one always is."""
