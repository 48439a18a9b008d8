"""The transport, and time itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.commands.values import glide_frames
from chronus.engine.layout import Event
from chronus.errors import Code, UserError
from chronus.language.quantities import duration, format_value
from chronus.language.statements import Meter, Panic, Quit, Start, Stop, Tempo, Wait, WaitUntil
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.language.statements import Quantity
    from chronus.session.draft import Draft
    from chronus.session.session import Session
    from chronus.session.tempo import Ramp, Transport

SLOWEST_BPM, FASTEST_BPM = 10.0, 999.0
LONGEST_WAIT_S = 24 * 3600.0


def _tempo(draft: Draft, statement: Tempo) -> None:
    bpm = _bpm(statement.bpm)
    text = f"tempo {format_value(bpm, '')}"
    ramp = None
    if statement.over is not None:
        glide_frames(draft, statement.over)  # no longer than a glide may be
        ramp = draft.transport.ramp_of(duration(statement.over), draft.block_frame)
        text += f" over {statement.over.text}"
    draft.patch = replace(draft.patch, bpm=bpm)
    set_tempo(draft, bpm, ramp)
    draft.say(Result(text, data={"tempo": bpm}))


def set_tempo(draft: Draft, bpm: float, ramp: Ramp | None = None) -> None:
    """Let beats pass at another tempo, at once or from the end of a ramp on."""
    draft.transport = draft.transport.with_tempo(draft.block_frame, bpm, ramp)
    transport = draft.transport

    def act(session: Session) -> None:
        if ramp is None:
            session.console.send(Event.TEMPO, value=bpm)
        else:
            length = ramp.length
            session.console.send(
                Event.TEMPO, int(ramp.is_in_beats), length.numerator, length.denominator, bpm
            )
        session.set_transport(transport)

    draft.do(act)


def _meter(draft: Draft, statement: Meter) -> None:
    meter = (statement.count, statement.unit)
    already = draft.patch.meter == meter
    if not already:
        draft.patch = replace(draft.patch, meter=meter)
        set_meter(draft, meter)
    bar = draft.transport.bar_of_meter
    text = f"meter {statement.count}/{statement.unit} from bar {bar} on"
    data = {
        "meter": f"{statement.count}/{statement.unit}",
        "beats": bar_beats(meter),
        "from": bar,
    }
    draft.say(Result(text, data=data, already=already))


def bar_beats(meter: tuple[int, int]) -> float:
    """How many beats a bar of a meter has."""
    count, unit = meter
    return 4.0 * count / unit


def set_meter(draft: Draft, meter: tuple[int, int]) -> None:
    """Let bars be as long as a meter says, from the next bar line on."""
    beats = bar_beats(meter)
    draft.transport = draft.transport.with_meter(draft.block_frame, beats)
    transport = draft.transport

    def act(session: Session) -> None:
        session.console.send(Event.METER, value=beats)
        session.set_transport(transport)

    draft.do(act)


def _bpm(value: Quantity) -> float:
    if value.unit != "":
        raise UserError(
            Code.VALUE,
            f"a tempo is a bare number of beats a minute, not {value.text}",
            value.span,
            ("tempo 174",),
        )
    if not SLOWEST_BPM <= value.value <= FASTEST_BPM:
        message = f"a tempo goes from {SLOWEST_BPM:.0f} to {FASTEST_BPM:.0f} beats a minute"
        near = format_value(min(max(value.value, SLOWEST_BPM), FASTEST_BPM), "")
        raise UserError(Code.RANGE, message, value.span, (near,))
    return value.value


def _start(draft: Draft, _statement: Start) -> None:
    already = draft.transport.is_playing
    if not already:
        _turn(draft, draft.transport.started(draft.block_frame), Event.START)
    draft.say(Result("the transport runs", data={"playing": True}, already=already))


def _turn(draft: Draft, transport: Transport, event: Event) -> None:
    """Let the transport run, or stand."""
    draft.transport = transport

    def act(session: Session) -> None:
        session.console.send(event)
        session.set_transport(transport)

    draft.do(act)


def _stop(draft: Draft, _statement: Stop) -> None:
    already = not draft.transport.is_playing
    if not already:
        _turn(draft, draft.transport.stopped(draft.block_frame), Event.STOP)
    draft.say(
        Result("the transport stands, gates are closed", data={"playing": False}, already=already)
    )


def _panic(draft: Draft, _statement: Panic) -> None:
    if draft.transport.is_playing:
        draft.transport = draft.transport.stopped(draft.block_frame)
    transport = draft.transport

    def act(session: Session) -> None:
        session.console.send(Event.PANIC)
        session.set_transport(transport)

    draft.do(act)
    text = "all gates are closed, all that rang is silent; `start` lets the transport run on"
    draft.say(Result(text, data={"playing": False}))


def _move(draft: Draft, frame: float, quantity: Quantity) -> None:
    if frame - draft.frame > LONGEST_WAIT_S * draft.session.rate_hz:
        message = f"that is longer than {LONGEST_WAIT_S / 3600:.0f} hours"
        raise UserError(Code.RANGE, message, quantity.span)
    draft.wait(frame)
    position = draft.transport.position(frame)
    data = {"frame": int(frame + 0.5), "bar": position}
    draft.say(Result(f"waited until {position}", data=data))


def _wait(draft: Draft, statement: Wait) -> None:
    length = duration(statement.duration)
    _move(draft, draft.frame + draft.transport.frames_of(length, draft.frame), statement.duration)


def _wait_until(draft: Draft, statement: WaitUntil) -> None:
    number = statement.number
    if statement.what == "frame":
        frame = number.value
    elif not draft.transport.is_playing:
        message = f"the transport stands, so that {statement.what} never comes"
        raise UserError(Code.STATE, message, number.span, ("start",))
    else:
        beat = number.value - 1.0
        if statement.what == "bar":
            beat = draft.transport.beat_of_bar(number.value)
        frame = draft.transport.frame_at(beat)
    if frame < draft.frame - 0.5:
        position = draft.transport.position(draft.frame)
        message = f"{statement.what} {number.text} has passed: it is {position}"
        raise UserError(Code.STATE, message, number.span)
    _move(draft, max(frame, draft.frame), number)


def _quit(draft: Draft, _statement: Quit) -> None:
    def act(session: Session) -> None:
        session.quit()
        session.quit_frame = session.frame

    draft.do(act, is_told=False)
    draft.say(Result("bye"))


COMMANDS = (
    Command(
        verb="tempo",
        form="tempo BPM [over DURATION]",
        doc="Set the tempo in beats a minute, at once or on an even way there",
        examples=("tempo 120", "tempo 174 over 8 bars", "tempo 90 over 2s"),
        handles={Tempo: _tempo},
        more=(
            "`over` counts the beats or bars that pass on the way, or its time; what plays stays",
            "on the beat. A later `tempo` takes over from where the way is.",
        ),
    ),
    Command(
        verb="meter",
        form="meter COUNT/UNIT",
        doc="Set how long a bar is, from the next bar line on; a beat stays a quarter note",
        examples=("meter 7/8", "wait 1 bar", "meter 4/4"),
        handles={Meter: _meter},
        more=("COUNT is 1 to 64, UNIT 1, 2, 4, 8, 16 or 32. What plays goes on; bars count on.",),
    ),
    Command(
        verb="start",
        form="start",
        doc="Let the transport run on from where it stands; it runs when a session begins",
        examples=("stop", "start"),
        handles={Start: _start},
    ),
    Command(
        verb="stop",
        form="stop",
        doc="Let the transport stand still; gates close, what rings rings on",
        examples=("stop",),
        handles={Stop: _stop},
    ),
    Command(
        verb="panic",
        form="panic",
        doc="Silence: gates close, tails end within 5 ms, every node starts afresh; patch stays",
        examples=("load delay; load kick; patch kick > delay; trigger kick", "panic"),
        handles={Panic: _panic},
        more=(
            "The transport stands as after `stop`. What sounds without a gate, such as a saw that",
            "is heard by itself, sounds on: `mute` or `unload` it.",
        ),
    ),
    Command(
        verb="wait",
        form="wait DURATION, or wait until bar N, or wait until beat N, or wait until frame N",
        doc="Let time pass; in a file or pipe nothing else moves time",
        examples=("wait 1/16", "wait 10ms", "wait until beat 2"),
        handles={Wait: _wait, WaitUntil: _wait_until},
        more=("Durations: 2 bars, 1.5 beats, 3/16 (of a whole note), 800ms, 2s.",),
    ),
    Command(
        verb="quit",
        form="quit",
        doc="End the session, at once",
        examples=("quit",),
        handles={Quit: _quit},
    ),
)
