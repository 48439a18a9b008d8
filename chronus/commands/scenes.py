"""Scenes are stored and played, and songs put them one after the other."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.errors import Code, UserError, nearest
from chronus.language.scenes import (
    DefineSong,
    PlayScene,
    PlaySong,
    ShowSong,
    StopSong,
    StoreScene,
    Unscene,
    Unsong,
)
from chronus.language.statements import Load, Said
from chronus.patch.scenes import Part, Song
from chronus.session.agenda import NEAR_BEATS, Item, Repeat
from chronus.session.draft import Result
from chronus.session.drafting import prepare
from chronus.session.reply import state_error
from chronus.session.scenes import (
    NOWHERE,
    bars_to_end,
    following,
    leave,
    parts_of,
    place,
    place_text,
    running,
    scene_line,
)

if TYPE_CHECKING:
    from chronus.errors import Span
    from chronus.language.statements import Name
    from chronus.session.draft import Draft
    from chronus.session.scenes import Place
    from chronus.session.session import Session

MOST_SCENES = 1000
CERTAIN = (Code.SYNTAX, Code.VALUE, Code.RANGE, Code.PORT)
"""What is wrong whenever a scene is played; anything else may be right by then."""


# ---- scenes


def _store(draft: Draft, statement: StoreScene) -> None:
    name, parts = statement.name.text, statement.body.parts
    commands = tuple(part.text for part in parts)
    there = draft.patch.scenes.get(name)
    if there is None and len(draft.patch.scenes) >= MOST_SCENES:
        message = f"{MOST_SCENES} scenes are the limit; `unscene NAME` makes room"
        raise UserError(Code.LIMIT, message, statement.name.span)
    doubts = [] if draft.builds else _doubts(draft, parts)
    draft.text = f"scene {name} {statement.body.text}"
    already = there == commands
    if not already:
        draft.patch = draft.patch.with_scene(name, commands)
        draft.do(_nothing)
    text = f"scene {name}: {_counted(len(commands))}"
    if there is not None and not already:
        text += ", in place of those before"
    if doubts:
        text += f"; {len(doubts)} cannot be done as things stand"
    data = {"scene": name, "commands": list(commands), "doubts": doubts}
    draft.say(Result(text, tuple(doubts), data, already=already))


def _nothing(_session: Session) -> None:
    """Nothing sounds by it, and yet something has been done."""


def _counted(count: int) -> str:
    return "1 command" if count == 1 else f"{count} commands"


def _doubts(draft: Draft, parts: tuple[Said, ...]) -> list[str]:
    """What stands in the way of a scene now, and may not when it is played.

    Raises:
        UserError: a command is wrong whenever it is played.
    """
    doubts = []
    trial = draft.fork(draft.frame)
    for part in parts:
        try:
            prepare(trial, part)
        except UserError as error:
            unknown_kind = isinstance(part.statement, Load) and error.code is Code.NAME
            if error.code in CERTAIN or unknown_kind:
                raise error.at(part.span) from error
            doubts.append(f"now: {part.text}: {error.message}")
    return doubts


def _commands(draft: Draft, name: Name) -> tuple[str, ...]:
    """The commands of a scene.

    Raises:
        UserError: E_NAME, there is none of that name.
    """
    found = draft.patch.scenes.get(name.text)
    if found is None:
        message = f"there is no scene '{name.text}'; "
        message += (
            "`list scenes` shows all" if draft.patch.scenes else "`scene NAME { ... }` makes one"
        )
        raise UserError(Code.NAME, message, name.span, nearest(name.text, draft.patch.scenes))
    return found


def _play(draft: Draft, statement: PlayScene) -> None:
    name = statement.name
    commands = _commands(draft, name)
    line = _line(draft)
    if statement.now or line is None:
        change_to(draft, name.text, commands, name.span)
        text = f"scene {name.text}: {_counted(len(commands))}"
        draft.say(Result(text, data={"scene": name.text, "commands": len(commands)}))
        return
    said = Said(PlayScene(name, now=True), f"scene {name.text} now", NOWHERE)
    item = _item(draft, (said,), said.text, line)
    agenda = draft.agenda.added(item)
    trial = draft.fork(max(item.frame_in(draft.transport.started(draft.frame)), draft.frame))
    change_to(trial, name.text, commands, name.span)
    draft.schedule(agenda)
    frame = item.block_frame(draft.transport)
    text = f"#{item.number} scene {name.text} at {item.when} ({_where(frame)})"
    data = {"scene": name.text, "id": item.number, "when": item.when, "frame": frame}
    draft.say(Result(text, data=data, is_placed=True))


def _where(frame: int | None) -> str:
    return "held: the transport stands" if frame is None else f"frame {frame}"


def _line(draft: Draft) -> float | None:
    """The beat of the next bar line, None where time is on one."""
    here = draft.transport
    beat = here.beat_at(draft.frame)
    line = Repeat("bar", 1).line_from(here, beat)
    return None if line <= beat + NEAR_BEATS else line


def _item(draft: Draft, parts: tuple[Said, ...], text: str, beat: float) -> Item:
    return Item(
        number=draft.agenda.count + 1,
        when=Repeat("bar", 1).name_of(draft.transport, beat),
        beat=beat,
        frame=None,
        repeat=None,
        parts=parts,
        text=text,
        who=draft.who,
        in_score=draft.session.is_score,
    )


def change_to(draft: Draft, name: str, commands: tuple[str, ...], span: Span) -> None:
    """Do all that a scene holds, as one change.

    Raises:
        UserError: one of its commands cannot be done.
    """
    text, results, changed = draft.text, len(draft.results), len(draft.changed)
    for number, command in enumerate(commands, 1):
        try:
            draft.session.pending.prepare(draft, parts_of(command))
        except UserError as error:
            message = f"scene {name}, command {number}, {command}: {error.message}"
            raise UserError(error.code, message, span, error.suggestions) from error
    del draft.results[results:]
    del draft.changed[changed:]
    # Who replays what was done finds there what the scene held, whatever it holds by then.
    draft.begin(f"scene {name}" if text.startswith("song from") else text)


def _forget(draft: Draft, statement: Unscene) -> None:
    name = statement.name.text
    _commands(draft, statement.name)
    song = draft.patch.song
    if song is not None and any(part.scene == name for part in song.parts):
        message = f"the song plays {name}: `unsong`, or another song, lets it go"
        raise UserError(Code.STATE, message, statement.name.span, ("unsong",))
    draft.patch = draft.patch.with_scene(name, None)
    draft.do(_nothing)
    draft.say(Result(f"scene {name} is gone", data={"scene": name}))


# ---- songs


def _define(draft: Draft, statement: DefineSong) -> None:
    for name, _ in statement.parts:
        _commands(draft, name)
    parts = tuple(Part(name.text, bars) for name, bars in statement.parts)
    song = Song(parts, statement.ending)
    starts = statement.starts and not draft.builds
    already = song == draft.patch.song and not starts
    if not already:
        draft.patch = replace(draft.patch, song=song)
        # It is begun by what follows, at its own time; who replays that begins it so.
        text, draft.text = draft.text, f"song ready: {song}"
        draft.do(_nothing)
        draft.text = text
        leave(draft)
    if starts:
        _rehearse(draft, song, statement)
        began = _begin(draft, 1, statement.span)
    else:
        began = "`song start` plays it"
    bars = "1 bar" if song.bars == 1 else f"{song.bars} bars"
    data = {"song": str(song), "bars": song.bars, "playing": starts}
    draft.say(Result(f"song: {song} ({bars}); {began}", data=data, already=already))


def _rehearse(draft: Draft, song: Song, statement: DefineSong) -> None:
    """Try all of a song on the patch as it is now.

    Raises:
        UserError: a scene cannot be played when it comes.
    """
    trial = draft.fork(draft.frame)
    beat = _line(draft) or draft.transport.beat_at(draft.frame)
    for part, (name, _) in zip(song.parts, statement.parts, strict=True):
        moving = (
            trial.transport if trial.transport.is_playing else trial.transport.started(draft.frame)
        )
        trial.frame = max(moving.frame_at(beat), draft.frame)
        change_to(trial, part.scene, draft.patch.scenes[part.scene], name.span)
        bar = trial.transport.bar_at(beat)
        beat = trial.transport.beat_of_bar(bar + part.bars)


def _begin(draft: Draft, part: int, span: Span) -> str:
    """Let a part of the song play from the next bar line on; where that is, in words."""
    song = draft.patch.song
    assert song is not None
    name = song.parts[part - 1].scene
    line = _line(draft)
    if line is None:
        _go_on(draft, PlaySong(part, now=True, goes_on=False, span=span))
        return f"{name} plays"
    text = f"song from {part} now"
    said = Said(PlaySong(part, now=True, goes_on=False, span=NOWHERE), text, NOWHERE)
    item = _item(draft, (said,), text, line)
    draft.schedule(draft.agenda.added(item))
    return f"{name} from {item.when} on ({_where(item.block_frame(draft.transport))})"


def _go_on(draft: Draft, statement: PlaySong) -> None:
    """Play a part now, and let what follows it wait for its bar."""
    song = draft.patch.song
    assert song is not None
    part = song.parts[statement.part - 1]
    here = draft.transport
    bar = math.floor(here.bar_at(here.beat_at(draft.frame)) + NEAR_BEATS)
    commands = draft.patch.scenes[part.scene]
    if statement.goes_on:
        _change_or_tell(draft, part.scene, commands, statement.span)
    else:
        change_to(draft, part.scene, commands, statement.span)
    parts, text = following(song, statement.part)
    beat = draft.transport.beat_of_bar(float(bar + part.bars))
    draft.schedule(draft.agenda.added(_item(draft, parts, text, beat)))


def _change_or_tell(draft: Draft, name: str, commands: tuple[str, ...], span: Span) -> None:
    """Change to a scene; where that cannot be, tell, and the song goes on without it."""
    try:
        change_to(draft.fork(draft.frame), name, commands, span)
    except UserError as error:
        reason = error
        where = draft.transport.position(draft.frame)
        draft.do(
            lambda session: session.pending.left_out(f"the song at {where}", reason), is_told=False
        )
        return
    change_to(draft, name, commands, span)


def _play_song(draft: Draft, statement: PlaySong) -> None:
    song = draft.patch.song
    if song is None:
        raise state_error("there is no song; `song: intro 8, drop 16` makes one")
    if statement.part > len(song.parts):
        message = f"the song has {len(song.parts)} parts, not {statement.part}"
        raise UserError(Code.RANGE, message, statement.span, (str(len(song.parts)),))
    leave(draft)
    name = song.parts[statement.part - 1].scene
    if statement.now:
        _go_on(draft, statement)
        began = f"{name} plays"
    else:
        began = _begin(draft, statement.part, statement.span)
    data = {"song": str(song), "part": statement.part, "scene": name}
    draft.say(Result(f"song: {began}", data=data))


def _stop_song(draft: Draft, _statement: StopSong) -> None:
    was_running = leave(draft)
    text = "the song goes on no more; what plays plays on"
    draft.say(Result(text, data={"playing": False}, already=not was_running))


def song_facts(session: Session) -> str | None:
    """Where the song is, for `status`; None where there is no song."""
    song = session.patch.song
    if song is None:
        return None
    there = place(session.patch, session.agenda, session.transport, session.frame)
    return place_text(song, there)


def _show(draft: Draft, _statement: ShowSong) -> None:
    song = draft.patch.song
    if song is None:
        draft.say(Result("no song", data={"song": None}))
        return
    lines, there = describe_song(draft)
    item = running(draft.agenda)
    data = {
        "song": str(song),
        "bars": song.bars,
        "playing": there is not None,
        "part": there.number if there else None,
        "scene": there.part.scene if there else None,
        "bar": there.bar if there else None,
        "next": None if item is None else item.when,
        "bars_left": _bars_left(draft),
    }
    draft.say(Result(f"song: {place_text(song, there)}", lines, data))


def _bars_left(draft: Draft) -> int | None:
    item, more = running(draft.agenda), bars_to_end(draft.patch, draft.agenda)
    if item is None or item.beat is None or more is None:
        return None
    here = draft.transport
    now = here.bar_at(here.beat_at(draft.frame))
    return max(math.ceil(here.bar_at(item.beat) + more - now - NEAR_BEATS), 0)


def describe_song(draft: Draft) -> tuple[tuple[str, ...], Place | None]:
    """The parts of the song as lines, with a mark at the one that plays, and where it is."""
    song = draft.patch.song
    assert song is not None
    there = place(draft.patch, draft.agenda, draft.transport, draft.frame)
    lines = [
        f"{'>' if there and there.number == number else ' '} {number}  {part}"
        for number, part in enumerate(song.parts, 1)
    ]
    words = {"": "the last scene plays on", "end": "the transport stops", "loop": "all again"}
    return (*lines, f"then {words[song.ending]}"), there


def _unsong(draft: Draft, _statement: Unsong) -> None:
    already = draft.patch.song is None
    if not already:
        draft.patch = replace(draft.patch, song=None)
        draft.do(_nothing)
        leave(draft)
    draft.say(Result("no song", data={"song": None}, already=already))


def in_a_block(part: Said) -> str:
    """A command as it may stand in a block."""
    statement = part.statement
    if isinstance(statement, StoreScene):
        return scene_line(statement.name.text, tuple(p.text for p in statement.body.parts))
    return part.text


COMMANDS = (
    Command(
        verb="scene",
        form="scene NAME { COMMANDS }, or scene NAME [now]",
        doc="Store commands as a scene, or do all that one holds at the next bar",
        examples=(
            "load kick; load hat; sequence kick: x...",
            "scene intro { mute hat; set kick.decay 100ms over 2 bars }",
            "scene drop { unmute hat; sequence hat: x.x. }",
            "scene drop",
        ),
        handles={StoreScene: _store, PlayScene: _play},
        more=(
            "A scene holds what builds and plays: load, patch, set ... over, sequence, mute, tempo",
            "and the like, and `at +4 bars COMMAND`. It is one change, all of it or nothing, and",
            "undone at once. Exactly on a bar line it is done there; `now` does not wait for one.",
            "What it says is checked when it is stored, and anew when it is played. Scenes belong",
            "to the patch: saved, opened, undone. `describe NAME` shows what one holds.",
        ),
    ),
    Command(
        verb="unscene",
        form="unscene NAME",
        doc="Throw a scene away",
        examples=("load kick; scene quiet { mute kick }", "unscene quiet"),
        handles={Unscene: _forget},
    ),
    Command(
        verb="song",
        form="song: SCENE BARS, SCENE BARS ... [end|loop], or song [start|stop|from N [now]]",
        doc="Play scenes one after the other from the next bar on; `song` alone says where it is",
        examples=(
            "load kick; sequence kick: x...; load hat; sequence hat: x.x.",
            "scene intro { mute hat }",
            "scene drop { unmute hat }",
            "song: intro 8, drop 16, end",
            "song",
            "song from 2",
            "song stop",
        ),
        handles={
            DefineSong: _define,
            PlaySong: _play_song,
            StopSong: _stop_song,
            ShowSong: _show,
        },
        more=(
            "Behind the last part its scene plays on; with `end` the transport stops there, with",
            "`loop` the song begins again. A score without a length waits at its last line for the",
            "end of a song that has one. `song stop` leaves it: what plays plays on. A scene that",
            "cannot be done when it comes is told and left out. `song ready: ...` keeps a song",
            "without beginning it, as `open` does. Parts are on `list pending`.",
        ),
    ),
    Command(
        verb="unsong",
        form="unsong",
        doc="Throw the song away; what plays plays on",
        examples=("load kick; scene a { mute kick }; song: a 4", "unsong"),
        handles={Unsong: _unsong},
    ),
)
