"""From the tree of a command to its frozen object; checks what a grammar cannot say."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

from lark import Token, Tree

from chronus.errors import Code, Span, UserError
from chronus.language import asking, keeping, making, options, patterns
from chronus.language import statements as st
from chronus.language.quantities import duration, number
from chronus.language.steps import Sequence
from chronus.language.tokens import place, quantity, span_of

if TYPE_CHECKING:
    from chronus.language.statements import Name, PortRef, Quantity, Statement

Node = Tree[Token]
Builder = Callable[[Node, int], "Statement"]
Operator = Literal["", "+", "-", "*"]

METER_COUNTS: Final = range(1, 65)
"""Notes that a bar may have."""
METER_UNITS: Final = (1, 2, 4, 8, 16, 32)
"""Notes that a bar may be counted in."""

_METER: Final = re.compile("([0-9]{1,9})/([0-9]{1,9})")
_OPERATORS: Final[dict[str, Operator]] = {"+": "+", "-": "-", "*": "*"}


def statement(tree: Node, line: int) -> Statement:
    """The object of one command.

    Args:
        tree: what the grammar's rule `statement` found.
        line: number of the text line, for spans.

    Raises:
        UserError: E_SYNTAX, E_VALUE or E_RANGE, with its place.
    """
    return _BUILDERS[tree.data](tree, line)


# --- parts ---


def tokens(tree: Node, *types: str) -> list[Token]:
    """The words of some types in a command, not within its parts."""
    return [child for child in tree.children if isinstance(child, Token) and child.type in types]


def trees(tree: Node) -> list[Node]:
    """The parts of a command that have parts themselves."""
    return [child for child in tree.children if isinstance(child, Tree)]


def _name(token: Token, line: int) -> Name:
    return st.Name(token.lower(), span_of(token, line))


def names(tree: Node, line: int, *types: str) -> tuple[Name, ...]:
    """The names of some types in a command, not within its parts."""
    return tuple(_name(token, line) for token in tokens(tree, *types))


def _ref(tree: Node, line: int) -> PortRef:
    ports = names(tree, line, "PORT")
    return st.PortRef(names(tree, line, "NODE", "THING")[0], ports[0] if ports else None)


def _stages(tree: Node, line: int) -> tuple[tuple[PortRef, ...], ...]:
    return tuple(tuple(_ref(target, line) for target in trees(stage)) for stage in trees(tree))


def _path(tree: Node, line: int) -> tuple[str, Span]:
    (token,) = tokens(tree, "FILE")
    return token.strip('"'), span_of(token, line)


# --- the patch ---


def _load(tree: Node, line: int) -> st.Load:
    kind = names(tree, line, "KIND")[0]
    plain = kind.text.removesuffix("_module")
    called = names(tree, line, "NAME")
    settings = tuple(
        st.Setting(
            names(setting, line, "PORT")[0],
            quantity(tokens(setting, "VALUE", "NOTE", "WORD")[0], line),
        )
        for setting in trees(tree)
        if setting.data == "setting"
    )
    seen: set[str] = set()
    for setting in settings:
        if setting.port.text in seen:
            message = f"{setting.port.text} is given twice; once is enough"
            raise UserError(Code.SYNTAX, message, setting.port.span)
        seen.add(setting.port.text)
    manner = making.manner(tree, line)
    name = called[0] if called else None
    file, seed = _sound_file(tree, line), making.seed(tree, line)
    return st.Load(st.Name(plain, kind.span), name, settings, manner, file, seed)


def _sound_file(tree: Node, line: int) -> st.SoundFile | None:
    found = [part for part in trees(tree) if part.data == "recording"]
    if not found:
        return None
    if len(found) > 1:
        message = "a node plays one file; name it once"
        raise UserError(Code.SYNTAX, message, _path(found[1], line)[1])
    return _named_file(found[0], line)


def _named_file(tree: Node, line: int) -> st.SoundFile:
    path, span = _path(tree, line)
    marks = tokens(tree, "DIGEST")
    return st.SoundFile(path, span, str(marks[0]).lower() if marks else "")


def _file(tree: Node, line: int) -> st.ChangeFile:
    return st.ChangeFile(names(tree, line, "NODE")[0], _named_file(tree, line))


def _reload(tree: Node, line: int) -> st.Reload:
    named = [names(source, line, "MODULE")[0] for source in trees(tree)]
    marks = [tokens(source, "DIGEST") for source in trees(tree)]
    return st.Reload(tuple(named), tuple(str(mark[0]).lower() if mark else "" for mark in marks))


def _unload(tree: Node, line: int) -> st.Unload:
    return st.Unload(names(tree, line, "NODE"), rings=bool(tokens(tree, "TAIL")))


def _rename(tree: Node, line: int) -> st.Rename:
    return st.Rename(names(tree, line, "NODE")[0], names(tree, line, "NAME")[0])


def _copy(tree: Node, line: int) -> st.Copy:
    called = names(tree, line, "NAME")
    node = names(tree, line, "NODE")[0]
    return st.Copy(node, called[0] if called else None, with_cables=bool(tokens(tree, "CABLES")))


def _patch(tree: Node, line: int) -> st.Patch:
    amounts = tokens(tree, "VALUE")
    return st.Patch(_stages(tree, line), quantity(amounts[0], line) if amounts else None)


def _unpatch(tree: Node, line: int) -> st.Unpatch:
    return st.Unpatch(_stages(tree, line))


def _set(tree: Node, line: int) -> st.Set:
    assignments = tuple(_assignment(assignment, line) for assignment in trees(tree))
    return st.Set(assignments, _over(tree, line))


def _over(tree: Node, line: int) -> Quantity | None:
    """The length of a glide or ramp."""
    found = tokens(tree, "DURATION")
    if not found:
        return None
    length = quantity(found[0], line)
    if length.exact == 0 and length.unit in {"", "s", "beats", "bars", "fraction"}:
        message = f"{length.text} is no way at all: leave `over` out for what is to happen at once"
        raise UserError(Code.RANGE, message, length.span)
    duration(length)
    return length


def _assignment(tree: Node, line: int) -> st.Assignment:
    (token,) = tokens(tree, "VALUE", "NOTE", "WORD")
    signs = tokens(tree, "OPERATOR")
    operator = _OPERATORS[signs[0]] if signs else ""
    if token.startswith("+"):
        if operator:
            message = f"one sign is enough: {operator}{token[1:]}"
            raise UserError(Code.SYNTAX, message, span_of(token, line), [operator + token[1:]])
        operator = "+"
        start, end = place(token)
        value = number(token[1:], Span(line, start + 2, end + 1))
    else:
        value = quantity(token, line)
    if operator and value.unit in {"note", "word"}:
        message = f"{operator} takes a number or an interval such as 7st, not {value.text}"
        raise UserError(Code.VALUE, message, value.span)
    return st.Assignment(_ref(tree, line), operator, value)


def _get(tree: Node, line: int) -> st.Get:
    return st.Get(_ref(trees(tree)[0], line))


# --- playing ---


def _note(tree: Node, line: int) -> st.Note:
    pitches: list[Quantity] = []
    chosen: dict[str, Quantity] = {}
    for part in trees(tree):
        value = quantity(tokens(part, "NOTE", "VALUE", "DURATION", "NUMBER")[0], line)
        if part.data == "pitch":
            pitches.append(_pitch(value))
            continue
        word = part.data.removeprefix("note_")
        if word in chosen:
            message = f"{word} is given twice; once is enough"
            raise UserError(Code.SYNTAX, message, value.span)
        chosen[word] = value
    if "for" in chosen:
        duration(chosen["for"])
    if "at" in chosen and chosen["at"].unit not in {"", "%", "db"}:
        message = f"{chosen['at'].text} is no velocity, which is written 0.8 or 80%"
        raise UserError(Code.VALUE, message, chosen["at"].span)
    node = names(tree, line, "NODE")[0]
    return st.Note(node, tuple(pitches), chosen.get("for"), chosen.get("at"))


def _pitch(value: Quantity) -> Quantity:
    if value.unit not in {"note", "hz", ""}:
        message = f"{value.text} is no pitch, which is written c4, 440hz or 60 (a MIDI number)"
        raise UserError(Code.VALUE, message, value.span)
    return value


def _gate(tree: Node, line: int) -> st.Gate:
    return st.Gate(names(tree, line, "NODE")[0], on=bool(tokens(tree, "ON")))


def _trigger(tree: Node, line: int) -> st.Trigger:
    return st.Trigger(names(tree, line, "NODE")[0])


def _sequence(tree: Node, line: int) -> Sequence:
    first, *behind = trees(tree)
    is_port = first.data == "values"
    chosen = options.options(behind, line, is_port=is_port)
    if is_port:
        pattern = patterns.port_pattern(first, line)
    else:
        pattern = patterns.node_pattern(first, line, options.scale_of(chosen))
    return Sequence(_ref(tree, line), pattern.steps, chosen, pattern.text, pattern.span)


def _unsequence(tree: Node, line: int) -> st.Unsequence:
    return st.Unsequence(_ref(trees(tree)[0], line))


# --- time ---


def _tempo(tree: Node, line: int) -> st.Tempo:
    bpm = quantity(tokens(tree, "NUMBER")[0], line)
    _need_bare(bpm, "a tempo is a plain number of beats a minute such as 120")
    return st.Tempo(bpm, _over(tree, line))


def _meter(tree: Node, line: int) -> st.Meter:
    (token,) = tokens(tree, "METER")
    written = _METER.fullmatch(token)
    if written is None:
        number(token, span_of(token, line))  # where it is no number at all, it says so better
        message = f"{token} is no meter, which is written 4/4 or 7/8"
        near = [f"{token}/4"] if token.isdecimal() and int(token) in METER_COUNTS else ["4/4"]
        raise UserError(Code.VALUE, message, span_of(token, line), near)
    count, unit = int(written[1]), int(written[2])
    if count not in METER_COUNTS or unit not in METER_UNITS:
        units = ", ".join(str(known) for known in METER_UNITS)
        message = (
            f"{token} is no meter: a bar has {METER_COUNTS[0]} to {METER_COUNTS[-1]} notes, "
            f"and the note is one of {units}"
        )
        nearest_unit = min(METER_UNITS, key=lambda known: abs(known - unit))
        near = [f"{min(max(count, METER_COUNTS[0]), METER_COUNTS[-1])}/{nearest_unit}"]
        raise UserError(Code.RANGE, message, span_of(token, line), near)
    return st.Meter(count, unit)


def _swing(tree: Node, line: int) -> st.Swing:
    value = quantity(tokens(tree, "NUMBER")[0], line)
    return st.Swing(options.swing(value))


def _wait(tree: Node, line: int) -> st.Wait:
    length = quantity(tokens(tree, "DURATION")[0], line)
    duration(length)
    return st.Wait(length)


def _wait_until(tree: Node, line: int) -> st.WaitUntil:
    places: tuple[Literal["bar", "beat", "frame"], ...] = ("bar", "beat", "frame")
    what = next(place for place in places if tokens(tree, place.upper()))
    return st.WaitUntil(what, line_number(tree, line, what))


def line_number(tree: Node, line: int, what: str) -> Quantity:
    """The number of a bar or beat, from 1 on, or of a frame, from 0 on.

    Raises:
        UserError: E_VALUE or E_RANGE, it is none.
    """
    position = quantity(tokens(tree, "NUMBER")[0], line)
    _need_bare(position, f"a {what} is counted by a plain number such as 17")
    first = 0 if what == "frame" else 1
    if position.value < first:
        message = f"{what}s are counted from {first}, not {position.text}"
        raise UserError(Code.RANGE, message, position.span, [str(first)])
    return position


def _need_bare(value: Quantity, message: str) -> None:
    if value.unit != "":
        raise UserError(Code.VALUE, f"{message}, not {value.text}", value.span)


# --- asking, files and the end ---


def _cancel(tree: Node, line: int) -> st.Cancel:
    numbers = tuple(quantity(token, line) for token in tokens(tree, "NUMBER"))
    for found in numbers:
        if found.unit or found.exact.denominator != 1:
            message = f"what is pending is named by its number such as 3, not {found.text}"
            raise UserError(Code.VALUE, message, found.span)
    return st.Cancel(numbers)


def _list(tree: Node, _line: int) -> st.List:
    words = [child.lower() for child in tree.children if isinstance(child, Token)]
    return st.List(words[0] if words else None)


def _describe(tree: Node, line: int) -> st.Describe:
    return st.Describe(_ref(tree, line))


def _help(tree: Node, line: int) -> st.Help:
    topics = names(tree, line, "TOPIC")
    return st.Help(topics[0] if topics else None)


def _steps(tree: Node, line: int) -> tuple[int, Span]:
    """How many steps back or forth, and where that stands."""
    numbers = tokens(tree, "NUMBER")
    if not numbers:
        return 1, Span(line, tree.meta.column, tree.meta.end_column)
    count = quantity(numbers[0], line)
    if count.unit != "" or count.exact.denominator != 1 or count.exact < 1:
        message = f"how many changes is a whole number from 1 on, not {count.text}"
        raise UserError(Code.VALUE, message, count.span, ["1"])
    return int(count.exact), count.span


def _label(tree: Node, line: int) -> Name:
    return names(tree, line, "LABEL")[0]


def _recall(tree: Node, line: int) -> keeping.Recall:
    lengths = [quantity(token, line) for token in tokens(tree, "DURATION")]
    for length in lengths:
        duration(length)
    return keeping.Recall(_label(tree, line), lengths[0] if lengths else None)


def _reset(tree: Node, line: int) -> st.Reset:
    return st.Reset(names(tree, line, "NODE"))


_BUILDERS: Final[dict[str, Builder]] = {
    "load": _load,
    "unload": _unload,
    "rename": _rename,
    "copy": _copy,
    "file": _file,
    "mute": lambda tree, line: st.Mute(names(tree, line, "NODE")),
    "unmute": lambda tree, line: st.Unmute(names(tree, line, "NODE")),
    "solo": lambda tree, line: st.Solo(names(tree, line, "NODE")),
    "unsolo": lambda tree, line: st.Unsolo(names(tree, line, "NODE")),
    "patch": _patch,
    "unpatch": _unpatch,
    "instrument": making.instrument,
    "expose": making.expose,
    "set": _set,
    "get": _get,
    "note": _note,
    "gate": _gate,
    "trigger": _trigger,
    "sequence": _sequence,
    "sequence_port": _sequence,
    "unsequence": _unsequence,
    "tempo": _tempo,
    "meter": _meter,
    "swing": _swing,
    "start_transport": lambda _tree, _line: st.Start(),
    "stop_transport": lambda _tree, _line: st.Stop(),
    "panic": lambda _tree, _line: st.Panic(),
    "wait": _wait,
    "wait_until": _wait_until,
    "cancel": _cancel,
    "list": _list,
    "describe": _describe,
    "status": lambda _tree, _line: st.Status(),
    "help": _help,
    "search": asking.search,
    "reset": _reset,
    "reload": _reload,
    "undo": lambda tree, line: keeping.Undo(*_steps(tree, line)),
    "redo": lambda tree, line: keeping.Redo(*_steps(tree, line)),
    "history": lambda _tree, _line: keeping.History(),
    "snapshot": lambda tree, line: keeping.Snapshot(_label(tree, line)),
    "recall": _recall,
    "diff": lambda tree, line: keeping.Diff(_label(tree, line)),
    "forget": lambda tree, line: keeping.Forget(_label(tree, line)),
    "save": lambda tree, line: keeping.Save(*_path(tree, line)),
    "open": lambda tree, line: keeping.Open(*_path(tree, line)),
    "run": lambda tree, line: keeping.Run(*_path(tree, line)),
    "record": lambda tree, line: keeping.Record(*_path(tree, line)),
    "record_stop": lambda _tree, _line: keeping.RecordStop(),
    "quit": lambda _tree, _line: st.Quit(),
}
