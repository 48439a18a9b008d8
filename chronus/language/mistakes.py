"""What to say about a line that the grammar refuses: the place, the reason and the way out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lark.exceptions import UnexpectedInput

from chronus.errors import Code, Span, UserError, nearest
from chronus.language import characters
from chronus.language.patterns import place
from chronus.language.quantities import UNITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lark import Lark, Token
    from lark.parsers.lalr_interactive_parser import InteractiveParser

_WORD: Final = re.compile(r'"[^"]*"?|[^\s;,>=:"]+|.')
_OPTIONS: Final = frozenset({"step", "swing", "rotate", "gate", "transpose", "now"})
_LITERAL: Final = re.compile(r"[a-z]+")
_SIGNS: Final = {
    "_ARROW": ">", "_COLON": ":", "_COMMA": ",", "_DOT": ".", "_EQUALS": "=", "_SEMICOLON": ";",
    "SLIDE": "~", "BLOCK": "{",
}  # fmt: skip
_WORDS: Final = frozenset(
    (
        *(
            "BAR",
            "BEAT",
            "FRAME",
            "ON",
            "OFF",
            "KINDS",
            "INSTRUMENTS",
            "NODES",
            "CABLES",
            "SEQUENCES",
        ),
        *("DEVICES", "PENDING", "ALL", "SNAPSHOTS", "LOCKS", "METERS", "SCOPE", "SPECTRUM"),
    )
)
_NUMERIC: Final = frozenset({"VALUE", "NUMBER", "DURATION"})
_HOLDERS: Final = frozenset({"_AT", "_EVERY"})
_SWITCHES: Final = {"1": ("on",), "0": ("off",), "true": ("on",), "false": ("off",)}
_SHOWN: Final = 40
_REPAIRED: Final = 400
"""Longer commands are not repaired: each attempt is parsed, and nobody reads so long an answer."""

PHRASES: Final[tuple[tuple[frozenset[str], str], ...]] = tuple(
    (frozenset(categories.split()), phrase)
    for categories, phrase in (
        ("HIT REST HOLD NOTE", "steps such as x.x. or c2 . eb2"),
        ("VALUE NOTE WORD REST HOLD", "values such as 400 . 800hz"),
        ("OPERATOR VALUE NOTE WORD", "a value such as 800hz, -6db, c4, on, *1.5 or +7st"),
        ("VALUE NOTE WORD", "a value such as 800hz, -6db, 1/8, c4 or on"),
        ("NOTE VALUE", "a note such as c4, 440hz or 60 (a MIDI number)"),
        ("VALUE", "an amount such as 0.5, 800hz or -12db"),
        ("DURATION", "a duration such as 2 bars, 1.5s or 1/8"),
        ("METER", "a meter such as 4/4 or 7/8"),
        ("NUMBER", "a number"),
        ("NODE KIND", "the name of a node or a kind"),
        ("NODE", "the name of a node such as bass"),
        ("KIND", "a kind of module such as saw or kick"),
        ("NAME", "a name such as bass"),
        ("PORT", "the name of a port such as cutoff"),
        ("FILE", "the name of a file"),
        ("LABEL", "the name of a snapshot such as drop"),
        ("TOPIC", "a topic"),
        (".", "a dot and a port such as .cutoff"),
    )
)
"""What may come next, in a musician's words; the first that fits wins and spends its categories."""

_SYNONYMS: Final = {
    "add": "load", "new": "load", "create": "load", "make": "load", "remove": "unload",
    "delete": "unload", "del": "unload", "rm": "unload", "connect": "patch", "cable": "patch",
    "disconnect": "unpatch", "play": "note", "seq": "sequence", "pattern": "sequence",
    "bpm": "tempo", "sleep": "wait", "pause": "wait", "ls": "list",
    "info": "describe", "bye": "quit", "import": "open", "go": "start", "trig": "trigger",
}  # fmt: skip

_LATER_COMMANDS: Final = frozenset(("capture",))
_LATER_WORDS: Final = frozenset({"scale", "seed"})
_LATER_MARKS: Final = {
    "?": "chance", "*": "a ratchet", "{": "a lock", "[": "a group", "<": "alternation",
    "(": "Euclid", "!": "repetition", "%": "every n-th cycle", "+": "a chord", ":": "a chord",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """Where the grammar stopped.

    Attributes:
        text: the whole line.
        line: its number.
        tokens: what was read of the command, from its verb on.
        start: where the command begins, counted from 0.
        position: where it goes on wrongly, counted from 0.
        word: what stands there; empty where the command ends too early.
        expected: what could stand there, as `expected_after` says it.
        complete: whether the command could have ended there.
    """

    text: str
    line: int
    tokens: tuple[Token, ...]
    start: int
    position: int
    word: str
    expected: frozenset[str]
    complete: bool

    @property
    def verb(self) -> str:
        """The command's first word, lower case; empty at its very start."""
        return self.tokens[0].lower() if self.tokens else ""

    @property
    def span(self) -> Span:
        """The place of `word`."""
        return Span(self.line, self.position + 1, self.position + 1 + max(1, len(self.word)))

    @property
    def command(self) -> tuple[str, str]:
        """The command's text before and from the place where it goes wrong."""
        end = self.text.find(";", self.position)
        rest = self.text[self.position : end if end >= 0 else None]
        return self.text[self.start : self.position], rest


def accepted(reading: InteractiveParser) -> set[str]:
    """The names of the grammar's terminals that may come next."""
    return set(reading.accepts())  # type: ignore[no-untyped-call]  # lark does not type it


def friendly(terminals: set[str]) -> frozenset[str]:
    """The grammar's terminals as categories (upper case), and literal words and signs."""
    return frozenset(name for terminal in terminals for name in _friendly(terminal))


def _friendly(terminal: str) -> tuple[str, ...]:
    if terminal == "$END":
        return ()
    if terminal == "THING":
        return ("NODE", "KIND")
    if terminal in _SIGNS:
        return (_SIGNS[terminal],)
    if terminal.startswith("_") or terminal in _WORDS:
        return (terminal.lstrip("_").lower(),)
    return (terminal,)


def refusal(parser: Lark, text: str, line: int, verbs: tuple[str, ...]) -> Refusal:
    """Read a line that does not parse once more, up to the place where it goes wrong.

    Args:
        parser: of lines.
        text: the line.
        line: its number.
        verbs: all command words.
    """
    reading = parser.parse_interactive(text)
    tokens: list[Token] = []
    position = -1
    try:
        for token in reading.iter_parse():
            tokens.append(token)  # noqa: PERF402 - what came before the stop is wanted
    except UnexpectedInput as stopped:
        position = -1 if stopped.pos_in_stream is None else stopped.pos_in_stream
        if tokens and place(tokens[-1])[0] == position:
            tokens.pop()  # the word that stopped it
    found = _WORD.match(text, position) if position >= 0 else None
    word = found[0] if found else ""
    while tokens and tokens[-1].type == "_SEMICOLON" and not word:
        tokens.pop()
    begins = [index for index, token in enumerate(tokens) if token.type == "_SEMICOLON"]
    current = tokens[begins[-1] + 1 :] if begins else tokens
    start = place(tokens[begins[-1]])[1] if begins else 0
    accepts = accepted(reading)
    while current and current[0].type in _HOLDERS:
        inner = _inner(current, verbs)
        if inner is None and not {"_LOAD", "_PATCH"} <= accepts:
            break  # the time of an `at` is not all there
        start = place(current[-1 if inner is None else inner - 1])[1]
        current = [] if inner is None else current[inner:]
    if not word or word == ";":
        word = ""
        position = place(tokens[-1])[1] if tokens else 0
    return Refusal(
        text, line, tuple(current), start, position, word, friendly(accepts), "$END" in accepts
    )


def _inner(tokens: list[Token], verbs: tuple[str, ...]) -> int | None:
    """Where the command begins that an `at` or `every` holds; None where it has none yet."""
    words = {f"_{verb.upper()}" for verb in verbs}
    return next((i for i, token in enumerate(tokens) if i and token.type in words), None)


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
    if word in _LATER_COMMANDS:
        message = f"{word} is not understood in this version; `help` lists what is"
        return UserError(Code.SYNTAX, message, at.span)
    known = _SYNONYMS.get(word)
    near = (known,) if known else nearest(word, verbs)
    _, tail = at.command
    whole = near[0] + tail[len(at.word) :].rstrip() if near else ""
    suggestions = [*near, whole] if whole not in near and valid(whole) else list(near)
    if not known and whole not in suggestions:
        # `bass.cutoff = 3`, `kick: x.x.`, `a > b`: all is there but the verb.
        meant = (f"{verb} {tail.strip()}" for verb in ("set", "sequence", "patch"))
        suggestions = [*(command for command in meant if valid(command)), *suggestions]
    message = f"{_shown(at.word)} is no command; expected a command such as load, patch or set"
    return UserError(Code.SYNTAX, message, at.span, suggestions)


def _later_word(
    at: Refusal, _verbs: tuple[str, ...], _valid: Callable[[str], bool]
) -> UserError | None:
    if not at.tokens:
        return None
    word, span = at.word, at.span
    last = at.tokens[-1]
    # `over` was taken for the next node, where the next node of a `set` may stand.
    if len(at.tokens) > 3 and last.type == "NODE" and last.lower() in _LATER_WORDS:
        start, end = place(last)
        word, span = str(last), Span(at.line, start + 1, end + 1)
    if word.lower() not in _LATER_WORDS:
        return None
    options = f"; options are {_listed(_OPTIONS)}" if at.expected >= _OPTIONS else ""
    return UserError(Code.SYNTAX, f"{word!r} is not understood in this version{options}", span)


def _later_mark(
    at: Refusal, _verbs: tuple[str, ...], _valid: Callable[[str], bool]
) -> UserError | None:
    marks = [(at.word.find(mark), mark) for mark in _LATER_MARKS if mark in at.word]
    if not marks or not {"REST", "HOLD"} <= at.expected:
        return None
    offset, mark = min(marks)
    position = at.position + offset
    port = "VALUE" in at.expected
    now = "a value such as 800hz, . or _" if port else "x, X, o, ., _, c2 or a slide c2~"
    message = f"{mark!r} ({_LATER_MARKS[mark]}) is not understood in this version; a step is {now}"
    return UserError(Code.SYNTAX, message, Span(at.line, position + 1, position + 2))


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
    bare = before and before[0].type in _NUMERIC and re.fullmatch(r"[^a-z/%]+", before[0])
    if not near or not bare:
        return None
    meant = [f"{before[0]} {unit}" for unit in near]
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
        message = f"`over` and its duration stand at the end, behind {_shown(at.word)}"
        return UserError(Code.SYNTAX, message, at.span, [meant] if valid(meant) else [])
    if last.type == "NODE" and at.word[:1].isdigit() and nearest(last, ["over"]):
        meant = f"{head.strip()[: -len(last)]}over {tail}".strip()
        message = f"expected a dot and a port, or `over`, found {_shown(str(last))}"
        return UserError(Code.SYNTAX, message, span, ["over", *([meant] if valid(meant) else [])])
    return None


def _other(at: Refusal, _verbs: tuple[str, ...], valid: Callable[[str], bool]) -> UserError:
    wanted = _phrase(at)
    if at.word.startswith('"') and not at.word.endswith('"'):
        message = 'this quote is not closed: expected another " behind the name of the file'
    elif not at.word:
        message = f"expected {wanted}, but the command ends here"
    elif not wanted:
        message = f"expected nothing more here, found {_shown(at.word)}"
    else:
        also = ", or the end of the command" if at.complete else ""
        message = f"expected {wanted}{also}, found {_shown(at.word)}"
    literals = sorted(word for word in at.expected if _LITERAL.fullmatch(word))
    near = nearest(at.word, literals) if at.word and at.tokens else ()
    if "on" in at.expected:
        near = _SWITCHES.get(at.word.lower(), near)
    repaired = tuple(dict.fromkeys(c for c in _repairs(at, near) if valid(c)))[:3]
    return UserError(Code.SYNTAX, message, at.span, near + repaired)


_REASONS: Final = (
    _strange_character, _unknown_command, _later_word, _later_mark, _half_note, _half_unit,
    _astray_over, _other,
)  # fmt: skip
"""What may be the matter, the most telling first; the last one always is."""


def _phrase(at: Refusal) -> str:
    left = set(at.expected) - {";", "~", "|", ",", "{", "BARLINE"}
    if {"load", "patch"} <= left:
        return "a command such as load, patch or set, or a block in braces"
    # What is likelier to be missing than a port, and what may be there but need not.
    if at.complete or left & {">", ":"}:
        left.discard(".")
    if "VALUE" in left:
        left -= {"=", "to"}
    parts: list[str] = []
    for categories, phrase in PHRASES:
        if categories <= left:
            parts.append(phrase)
            left -= categories
    if left >= _OPTIONS:
        parts.append(f"an option ({_listed(_OPTIONS)})")
        left -= _OPTIONS
    parts += sorted(f"`{word}`" for word in left if not word.isupper())
    last_or = ", or " if any("," in part for part in parts[:-1]) else " or "
    return last_or.join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _listed(words: frozenset[str]) -> str:
    return ", ".join(sorted(words))


def _shown(word: str) -> str:
    return repr(word if len(word) <= _SHOWN else word[:_SHOWN] + "...")


def _repairs(at: Refusal, near: tuple[str, ...]) -> Iterator[str]:
    """How the command was perhaps meant; each is offered only if it is understood."""
    head, tail = (part.strip() for part in at.command)
    if near:
        yield f"{head} {near[0]}{tail[len(at.word) :]}"
    if "." in at.expected:
        yield f"{head}.{tail.lstrip(' .')}"
    if ":" in at.expected:
        yield f"{head}: {tail}"
    if "=" in at.expected:
        yield f"{head}={tail}"
    if ">" in at.expected:
        yield f"{head} > {tail}"
        yield f"{head} > {tail.lstrip('-=>| ')}"
        yield f"{head} > {tail.partition(' ')[2]}"
    if "bar" in at.expected:
        yield f"{head} bar {tail}"
    if at.word == ",":
        yield f"{head} {tail[1:].strip()}"
    if at.word.startswith('"'):
        yield f'{head} {tail}"'
    if at.word and at.verb in {"save", "open", "run", "record"}:
        verb, _, path = head.partition(" ")
        yield f'{verb} "{path} {tail}"'
