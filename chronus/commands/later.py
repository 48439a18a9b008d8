"""What is done later, again and again, or all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chronus.commands.counting import counted
from chronus.commands.declaration import Command
from chronus.errors import Code, UserError
from chronus.language.quantities import duration, format_value
from chronus.language.statements import At, Block, Cancel, Every
from chronus.session.agenda import Item, Repeat
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.errors import Span
    from chronus.language.statements import Body, When
    from chronus.session.draft import Draft
    from chronus.session.session import Session
    from chronus.session.tempo import Transport

LATEST_S = 24 * 3600.0
SHOWN = 60


class _Place(NamedTuple):
    """A time in words, and the beat or frame that it is."""

    name: str
    beat: float | None
    frame: float | None = None


# ---- at and every


def _at(draft: Draft, statement: At) -> None:
    place = _place(draft, statement.when)
    item = _item(draft, statement.body, place, None)
    _schedule(draft, item, f"at {place.name}", statement.when.span)


def _every(draft: Draft, statement: Every) -> None:
    repeat, here = Repeat(statement.unit, statement.count), draft.transport
    beat = repeat.line_from(here, here.beat_at(draft.frame))
    place = _Place(repeat.name_of(here, beat), beat)
    item = _item(draft, statement.body, place, repeat)
    _schedule(draft, item, f"{repeat}, next at {place.name}", None)


def _place(draft: Draft, when: When) -> _Place:
    """The time that is meant.

    Raises:
        UserError: E_STATE, it has passed.
    """
    here = draft.transport
    now = here.beat_at(draft.frame)
    if when.kind == "next":
        repeat = Repeat(when.unit, when.count)
        beat = repeat.line_after(here, now)
        return _Place(repeat.name_of(here, beat), beat)
    if when.kind == "line" and when.unit == "frame":
        return _frame(draft, when)
    if when.kind == "line":
        assert when.number is not None
        name = f"{when.unit} {format_value(when.number.value, '')}"
        beat = when.number.value - 1.0
        if when.unit == "bar":
            beat = here.beat_of_bar(when.number.value)
        if _moving(draft).frame_at(beat) < draft.frame - 0.5:
            message = f"{name} has passed: it is {here.position(draft.frame)}"
            raise UserError(Code.STATE, message, when.span, (f"at next {when.unit}",))
        return _Place(name, beat)
    assert when.length is not None
    name, length = when.length.text, duration(when.length)
    if length.seconds:
        return _Place(name, None, draft.frame + here.frames_of(length, draft.frame))
    if length.bars:
        return _Place(name, here.beat_of_bar(here.bar_at(now) + float(length.bars)))
    return _Place(name, now + float(length.beats))


def _frame(draft: Draft, when: When) -> _Place:
    """A frame, counted as replies count them.

    Raises:
        UserError: E_STATE, it has passed.
    """
    assert when.number is not None
    frame, name = when.number.value, f"frame {int(when.number.value)}"
    if frame < draft.frame - 0.5:
        message = f"{name} has passed: it is frame {int(draft.frame)}"
        raise UserError(Code.STATE, message, when.span, ("at +0.1s",))
    return _Place(name, None, frame)


def _moving(draft: Draft) -> Transport:
    """The transport as it is, or would go on from here."""
    here = draft.transport
    return here if here.is_playing else here.started(draft.frame)


def _item(draft: Draft, body: Body, place: _Place, repeat: Repeat | None) -> Item:
    return Item(
        number=draft.agenda.count + 1,
        when=place.name,
        beat=place.beat,
        frame=place.frame,
        repeat=repeat,
        parts=body.parts,
        text=body.text,
        who=draft.who,
        in_score=draft.session.is_score,
    )


def _schedule(draft: Draft, item: Item, when: str, span: Span | None) -> None:
    """Put commands on the agenda, once they have been tried on the patch as it is now.

    Raises:
        UserError: E_RANGE, that is too late; E_LIMIT, too much is pending; or what is wrong with
            one of the commands.
    """
    due = item.frame_in(_moving(draft))
    if not due - draft.frame <= LATEST_S * draft.session.rate_hz:
        raise UserError(Code.RANGE, f"that is in more than {LATEST_S / 3600:.0f} hours", span)
    agenda = draft.agenda.added(item)
    trial = draft.fork(max(due, draft.frame))
    trial.agenda = agenda
    draft.session.pending.prepare(trial, item.parts)
    draft.schedule(agenda)
    frame = item.block_frame(draft.transport)
    where = "held: the transport stands" if frame is None else f"frame {frame}"
    data = {"id": item.number, "when": item.when, "frame": frame, "text": item.text}
    text = f"#{item.number} {when} ({where}): {shown(item.text)}"
    draft.say(Result(text, data=data, is_placed=True))


def shown(text: str) -> str:
    """Commands, or their beginning."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


# ---- cancel


def _cancel(draft: Draft, statement: Cancel) -> None:
    pending = {item.number: item for item in draft.agenda.items}
    for number in statement.numbers:
        if number.value not in pending:
            known = [str(n) for n in pending]
            there = f"pending are {', '.join(known)}" if known else "nothing is pending"
            message = f"nothing of the number {number.text} is pending: {there}"
            raise UserError(Code.NAME, message, number.span, known[:3])
    gone = [int(number.value) for number in statement.numbers] or list(pending)
    if gone:
        draft.schedule(draft.agenda.without(gone))
    text = ", ".join(f"#{number}" for number in gone)
    said = f"cancelled {text}" if gone else "nothing is pending"
    draft.say(Result(said, data={"cancelled": gone}, already=not gone))


# ---- blocks


def _block(draft: Draft, statement: Block) -> None:
    before = len(draft.results)
    parts = statement.body.parts
    draft.session.pending.prepare(draft, parts)
    said = draft.results[before:]

    def answer(session: Session) -> Result:
        results = [result(session) for result in said]
        told = [{"text": result.text, **result.data} for result in results]
        return Result(
            counted(len(parts), "command"),
            tuple(line for result in results for line in result.lines),
            {"frame": session.took, "commands": len(parts), "results": told},
            already=bool(results) and all(result.already for result in results),
        )

    draft.results[before:] = [answer]


COMMANDS = (
    Command(
        verb="at",
        form="at WHEN COMMAND, or at WHEN { COMMANDS }",
        doc="Do something later; WHEN is next bar, next 4 bars, bar 17, beat 3, frame 960, +500ms",
        examples=(
            "load kick; load hat",
            "at next bar set kick.freq 60",
            "at bar 17 { unload hat; set kick.level -3db }",
            "at +500ms trigger kick",
        ),
        handles={At: _at, Block: _block},
        more=(
            "It is checked when it is typed, and anew when its time comes, on the patch of then.",
            "`next 4 bars` is the next bar line with a number of 1, 5, 9 ...; so is `next beat`.",
            "Bars and beats move with the tempo and stand with the transport. `list pending` says",
            "what is to come, `cancel` takes it back. A score's time passes by `wait` alone.",
            "Braces may span lines: all that they hold is done at one block, or nothing is. They",
            "may stand alone, too: { set kick.freq 60; trigger kick }",
        ),
    ),
    Command(
        verb="every",
        form="every N bars|beats COMMAND, or every N bars|beats { COMMANDS }",
        doc="Do something again and again, at each line whose number is 1 modulo N, until `cancel`",
        examples=("load kick", "every 2 beats trigger kick", "every 8 bars { note kick c3 }"),
        handles={Every: _every},
        more=("A line that is right here counts. What fails when its time comes is cancelled.",),
    ),
    Command(
        verb="cancel",
        form="cancel ID ..., or cancel all",
        doc="Take back what is pending",
        examples=("load kick", "every 2 bars trigger kick", "cancel 1", "cancel all"),
        handles={Cancel: _cancel},
    ),
)
