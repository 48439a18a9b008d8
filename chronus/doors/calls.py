"""The calls of the program: play, render, check, the prompt, a pipe. Each gives its exit status."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chronus.commands.files import read_lines
from chronus.commands.nodes import kind_of
from chronus.commands.registry import handlers
from chronus.doors import replies, sessions
from chronus.doors.chatter import Chatter
from chronus.doors.journals import Journals
from chronus.doors.news import News
from chronus.doors.progress import Progress
from chronus.doors.score import Manner, Score
from chronus.doors.statuses import DONE, write_err, write_out
from chronus.doors.waking import Waking
from chronus.dsp import own
from chronus.errors import Code, UserError
from chronus.language.blocks import gathered
from chronus.language.instruments import Instrument
from chronus.language.later import all_within
from chronus.language.parser import read
from chronus.language.statements import Load
from chronus.machine.recorder import FileRecorder
from chronus.modules.catalog import kinds
from chronus.session import instrument_files
from chronus.session.journal import in_order, read_header
from chronus.session.kept_sources import is_kept, marks_in
from chronus.session.offline import Offline
from chronus.session.session import Length, Session
from chronus.session.stems import Stems
from chronus.settings import DEFAULT_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from chronus.doors.options import Options
    from chronus.language.statements import Statement
    from chronus.machine.live import LiveMachine

PIPE: Final = "pipe"
"""What a session is called to others whose lines come from stdin."""
SERVER: Final = "server"
HERE: Final = ("prompt", PIPE)
"""Who sits at the program itself."""


def kinds_in(lines: Iterable[str]) -> list[str]:
    """Kinds that a score loads, in order; what is wrong with a line is said when it runs."""
    found: dict[str, None] = {}
    for text, _ in gathered(lines):
        try:
            for statement in all_within(read(text)):
                found.update(dict.fromkeys(kinds_of(statement)))
        except UserError:
            continue
    return list(found)


def kinds_of(statement: Statement) -> list[str]:
    """Kinds that a command loads; of an instrument, those that it is made of.

    Raises:
        UserError: there are none of that name, or the instrument's file is wrong.
    """
    if isinstance(statement, Instrument):
        parts = () if statement.body is None else statement.body.parts
        return [kind for part in parts for kind in kinds_of(part.statement)]
    if not isinstance(statement, Load):
        return []
    path = instrument_files.find(statement.kind.text)
    if path is None:
        return [kind_of(statement.kind).name]
    loads = [part.statement for part in instrument_files.read_file(path).parts]
    return [kind_of(load.kind).name for load in loads if isinstance(load, Load)]


def compile_kernels(kinds: list[str]) -> list[str]:
    """Have the kernels of some kinds, and of what is always there, compiled; all of their names."""
    from chronus.machine.build import build, missing  # noqa: PLC0415 - heavy only where needed

    needed = [*kinds, "strip", "out"]
    if missing(needed):
        with compiling() as progress:
            build(needed, progress)
    return needed


@contextmanager
def compiling() -> Iterator[Callable[[int, int, str], None]]:
    """Show how compiling goes on, for as long as the block lasts."""
    with Progress("compiling") as bar:
        yield bar.show


def piped_lines() -> Iterator[str]:
    """The lines of stdin as they come; what is no UTF-8 becomes a mark that the parser refuses."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace")


def files_lines(paths: list[str]) -> list[str]:
    """The lines of several files, one after the other.

    Raises:
        UserError: E_FILE.
    """
    found = []
    for path in paths:
        lines = in_order(read_lines(path))
        tell_missing(lines, path)
        found += lines
    return found


def tell_missing(lines: Sequence[str], path: str) -> None:
    """Say which modules a journal or patch notes that it was made with, and are not there.

    A journal does without those whose sources are kept.
    """
    marks = marks_in(lines)
    replayed = {name for name in marks if is_kept(name, marks[name])}
    for name, file in own.noted(lines).items():
        if name not in kinds() and Path(file).stem.partition("-")[0] not in replayed:
            write_err(
                f"! {path} was made with the module '{name}' ({file}), which is not there:"
                " `--modules DIR` names its folder"
            )


# ---- render


@dataclass(frozen=True, slots=True)
class Rendering:
    """What `render` makes.

    Attributes:
        output: file.
        rate_hz: frames a second; None for those of the score: a journal says its own.
        bits: of a sample; 32 is float.
        length: of the music.
        stems: folder that gets a file for each node that is heard.
    """

    output: str
    rate_hz: int | None
    bits: int
    length: Length
    stems: str | None = None

    def made_stems(self, rate_hz: int) -> Stems | None:
        """What writes the stems; their folder is made.

        Raises:
            UserError: E_FILE, it cannot be made.
        """
        if self.stems is None:
            return None
        folder = Path(self.stems)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(Code.FILE, f"cannot make {folder}: {error.strerror}") from error
        return Stems(folder, rate_hz, self.bits)


def render(path: str, how: Rendering, options: Options) -> int:
    """Play a score offline into a file; only errors and what lines ask for are written."""
    lines = in_order(read_lines(path))
    header = read_header(lines[0]) if lines else None
    rate_hz = how.rate_hz or (DEFAULT_RATE_HZ if header is None else header.rate_hz)
    manner = Manner(write_out, json=options.json, strict=options.strict, quiet=not options.json)
    tell_missing(lines, path)
    compile_kernels(kinds_in(lines))
    seconds = round(how.length.seconds or 0)
    with Progress("rendering") as bar:
        backend = Offline(
            rate_hz,
            lambda frame: bar.show(round(frame / rate_hz), seconds, "s"),
            how.made_stems(rate_hz),
        )
        recorder = FileRecorder(how.output, rate_hz, how.bits)
        backend.add_sink(recorder, 0)
        try:
            session = Session(backend, handlers(), is_score=True)
            session.folders = (str(Path(path).parent),)
            session.pending.on_news(lambda n: manner.write(replies.news(n, as_object=manner.json)))
            score = Score(session, manner, path)
            end = play_score(score, lines, how.length)
        finally:
            backend.close()
    write_err(f"{how.output}: {end / rate_hz:.3f} s")
    return score.status


def play_score(score: Score, lines: Iterable[str], length: Length) -> int:
    """Carry out a score and play it to its end; the frame of that."""
    session = score.session
    session.length = length
    end = None
    try:
        score.run(lines)
        if not session.ends_now:
            end = session.finish()
    except KeyboardInterrupt:
        if not session.ends_now:
            raise
    score.tell_news()
    return session.position[0] if end is None else end


# ---- live


@dataclass(frozen=True, slots=True)
class Live:
    """A live machine that is about to be started with the kernels of some kinds.

    Attributes:
        machine: not started yet.
        kinds: whose kernels are compiled.
        news: of it, for all who listen.
        claim: the session's name and socket; None where there is no place for one.
        journals: what takes effect is written down there.
        chatter: what is said to one is news to others.
        waking: how the first thread is told that it is over.
        osc: host and port at which OSC is taken; None for nowhere.
    """

    machine: LiveMachine
    kinds: list[str]
    news: News
    claim: sessions.Claim | None
    journals: Journals
    chatter: Chatter
    waking: Waking
    osc: tuple[str, int] | None = None

    def start(self) -> LiveMachine:
        """Start it; it can be played then.

        Raises:
            UserError: E_DEVICE or E_FILE.
        """
        self.machine.start(self.kinds)
        return self.machine

    def attend(self, session: Session) -> None:
        """Write down what takes effect in a session, and tell what is said there, from now on."""
        self.journals.follow(session)
        session.pending.on_news(self.news.say)
        session.telling.on_line(self.chatter.hear)

    @contextmanager
    def door(self, what: str, session: Callable[[], Session]) -> Iterator[None]:
        """Let lines in from outside, and tell news as they come, for as long as the block lasts."""
        from chronus.doors import osc  # noqa: PLC0415 - not needed by other calls
        from chronus.doors.socket import Door  # noqa: PLC0415 - the same

        with ExitStack() as doors:
            if self.claim is not None:
                door = Door(self.claim, what, session, self.news, self.waking.wake)
                doors.callback(door.close)
            if self.osc is not None:
                controllers = osc.opened(self.osc, session, self.news, self.waking.wake)
                if controllers is not None:
                    self.machine.add_facts(controllers.facts)
                    doors.callback(controllers.close)
            doors.enter_context(self.news.watched())
            try:
                yield
            finally:
                self.waking.leave()


@contextmanager
def live(
    options: Options,
    kinds: list[str],
    manner: Manner,
    around: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Iterator[Live]:
    """A live machine, for as long as the block lasts; nothing is left of it after that.

    Args:
        options: of the call.
        kinds: that are to be ready.
        manner: how news is told.
        around: what is so at the terminal while something is compiled.

    Raises:
        UserError: E_STATE, another live session has the name that was asked for; E_VALUE.
    """
    from chronus.machine.live import LiveMachine, LiveSettings, warm_up  # noqa: PLC0415 - heavy

    claim, trouble = _claim(options.name)
    warm_up()
    try:
        with around():
            needed = compile_kernels(kinds)
    except BaseException:
        _let_go(claim)
        raise
    settings = LiveSettings(
        device=options.device,
        rate_hz=options.rate,
        block=options.block,
        ahead=options.ahead,
        litter=() if claim is None else (claim.path,),
        lanes=options.lanes,
    )
    waking = Waking()
    with waking.heard():
        machine = LiveMachine(settings, compiling=compiling)
        news = _news_of(machine, manner)
        if trouble:
            news.say(f"no lines come in from outside: {trouble}")
        journals = None
        try:
            if options.record is not None:
                machine.add_sink(FileRecorder(options.record, options.rate), 0)
            name = "main" if claim is None else claim.name
            journals = Journals(options.journal, name, options.rate, news.say)
            chatter = Chatter(news.say, time.monotonic)
            news.add_source(chatter.tell)
            yield Live(machine, needed, news, claim, journals, chatter, waking, options.osc_address)
        finally:
            machine.close()
            if journals is not None:
                journals.end(machine.played)
            _let_go(claim)


def _news_of(machine: LiveMachine, manner: Manner) -> News:
    """News of a machine, which whoever sits at this program is told, but for his own lines."""

    def write(text: str, author: str) -> None:
        if author not in HERE:
            manner.write(replies.news(text, as_object=manner.json))

    return News(machine.news, write)


def _claim(name: str | None) -> tuple[sessions.Claim | None, str]:
    """The name of a session; none where the system has no place for its socket, and why.

    Raises:
        UserError: E_STATE, another live session has the name that was asked for; E_VALUE.
    """
    try:
        return sessions.claim(name), ""
    except UserError as error:
        if error.code is not Code.FILE:
            raise
        return None, error.message


def _let_go(claim: sessions.Claim | None) -> None:
    if claim is not None:
        claim.close()


def play(
    lines: Iterable[str],
    kinds: list[str],
    options: Options,
    length: Length,
    what: str,
    folders: tuple[str, ...] = (),
) -> int:
    """Play a score live; `what` says to others what it is, `folders` are those of its files."""
    manner = Manner(write_out, json=options.json, strict=options.strict, answers_blank=what == PIPE)
    with live(options, kinds, manner) as machine:
        session = Session(machine.start(), handlers(), is_score=True)
        session.folders = folders
        machine.attend(session)
        score = Score(session, manner, what, machine.news.tell)
        try:
            with machine.door(what, lambda: session):
                play_score(score, lines, length)
        except KeyboardInterrupt:
            if not session.ends_now:
                raise
        finally:
            session.close()
    return score.status


def serve(options: Options, kinds: list[str]) -> int:
    """A session without a prompt, until `quit` or a signal; others attach to it."""
    manner = Manner(write_out, json=options.json)
    with live(options, kinds, manner) as machine:
        session = Session(machine.start(), handlers(), is_score=False)
        machine.attend(session)
        if machine.claim is not None:
            machine.news.say(f"the session {machine.claim.name} is live: `chronus attach` joins it")
        try:
            with machine.door(SERVER, lambda: session):
                signal.pause()
        except KeyboardInterrupt:
            if not session.is_over:
                raise
        finally:
            session.close()
    return DONE
