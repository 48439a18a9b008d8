"""What a line is about to do: nothing has happened yet, and nothing will if a part of it fails."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from chronus.errors import Code, UserError, nearest
from chronus.patch.graph import key_of, strip_key
from chronus.patch.hearing import heard
from chronus.patch.model import OUT, STRIP_PORTS, Node, Patch, is_same
from chronus.session.agenda import Agenda
from chronus.session.history import Entry, History
from chronus.session.naming import exposed_input, no_node
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chronus.dsp.declaration import Input
    from chronus.language.instruments import Expose
    from chronus.language.statements import Name, PortRef
    from chronus.patch.instruments import Definition
    from chronus.session.console import Console
    from chronus.session.session import Session
    from chronus.session.tempo import Transport


NUMBERS: Final = itertools.count(1)
"""Of lines, so that what one line changes at several instants is one change."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command says.

    Attributes:
        text: goes behind `ok`.
        lines: output lines before the closing one.
        data: the same for programs.
        already: nothing had to be done.
        is_placed: the text says when it happens.
    """

    text: str
    lines: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    already: bool = False
    is_placed: bool = False


@dataclass(slots=True)
class Instant:
    """What is done at one point of time.

    Attributes:
        patch: what is patched from then on.
        agenda: what is pending from then on.
        is_rewired: whether a node or cable comes or goes.
        is_rescheduled: whether the agenda differs.
        openings: what may still fail, and touches nothing that plays: done first.
        actions: what else is done, in order, after that.
        ringing: keys of the nodes among those that go that ring on.
        copies: by the key of a node that comes, the key of one whose state it goes on from.
        at: the frame at which it is done.
        until: the frame to which time moves on behind it; None at the end of a line.
        said: the text of each command that has it done, in order.
        who: said it; "" for who says the line.
        stamp: the block at which it is done where it is published ahead; None for what is not.
        history: what can be undone from then on; None where that stays.
        line: the line of that history that makes the change of this instant.
        pending: a line that would have it done, where it was on the agenda for once.
    """

    patch: Patch | None = None
    agenda: Agenda = field(default_factory=Agenda)
    is_rewired: bool = False
    is_rescheduled: bool = False
    openings: list[Callable[[Session], None]] = field(default_factory=list)
    actions: list[Callable[[Session], None]] = field(default_factory=list)
    ringing: set[str] = field(default_factory=set)
    copies: dict[str, str] = field(default_factory=dict)
    at: float = 0.0
    until: float | None = None
    said: list[str] = field(default_factory=list)
    who: str = ""
    stamp: int | None = None
    history: History | None = None
    line: int | None = None
    pending: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is done, and time does not move."""
        return not self.does and self.until is None

    @property
    def does(self) -> bool:
        """Whether something is done."""
        does = self.is_rewired or self.is_rescheduled or self.openings or self.actions
        return bool(does) or self.history is not None


@dataclass(slots=True)
class Draft:
    """The patch, transport and time that a line's commands work on, and what is to be done.

    Attributes:
        session: the session as it is.
        patch: as it will be.
        transport: as it will be.
        frame: when; virtual time in a score, the last finished frame otherwise.
        instants: what is done, once every command of the line is known to be right.
        results: what each command says; asked after its effect.
        recording: the file that is being recorded to, None for none.
        depth: how many files run each other.
        patterns: steps of each new pattern, for which there must be room.
        builds: whether a patch file is being read: what is heard is known at its end only.
        text: of the command that is being prepared.
        whole: the text of all commands of the line.
        in_full: the text of a command where that has to stand for itself, without the file that it
            names, or who says it.
        made_from: the instruments that it loads, each as a command of its own.
        agenda: as it will be.
        who: says the commands.
        is_trial: whether this is about a later time, when there may be more room in the engine.
        history: what can be undone, as it will be.
        snapshots: by name, as they will be.
        definitions: instruments that have no file, by name, as they will be.
        exposes: what an instrument that is being made shows, so far; None where none is.
        line: which one it is, or one of a file that is run.
        base: the patch as the last entry of the history left it.
        changed: the text of each command of the line that has changed it since.
        folder: of the file that is being read, "" where none is: files that it names lie there.
    """

    session: Session
    patch: Patch
    transport: Transport
    frame: float
    instants: list[Instant] = field(default_factory=lambda: [Instant()])
    results: list[Callable[[Session], Result]] = field(default_factory=list)
    recording: str | None = None
    depth: int = 0
    patterns: list[int] = field(default_factory=list)
    builds: bool = False
    text: str = ""
    whole: str = ""
    in_full: str = ""
    made_from: tuple[str, ...] = ()
    agenda: Agenda = field(default_factory=Agenda)
    who: str = ""
    is_trial: bool = False
    history: History = field(default_factory=History)
    snapshots: Mapping[str, Patch] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    exposes: list[Expose] | None = None
    line: int = field(default_factory=NUMBERS.__next__)
    base: Patch | None = None
    changed: list[str] = field(default_factory=list)
    folder: str = ""
    _told: Instant | None = None

    def __post_init__(self) -> None:
        """Place the first instant; what is changed is changed from here on."""
        self.instants[0].at = self.frame
        self.base = self.patch

    @property
    def folders(self) -> list[str]:
        """Where files that are named by a relative path are looked for, the likeliest first."""
        return [*filter(None, [self.folder]), *self.session.folders]

    @property
    def block_frame(self) -> float:
        """The frame at which what is said now takes effect in the engine."""
        return float(int(self.frame + 0.5) // BLOCK * BLOCK)

    @property
    def pace(self) -> Transport:
        """The transport as of now, at the tempo of now: what a note value is in seconds."""
        return self.transport.steady(self.frame)

    def begin(self, text: str) -> None:
        """Say which command is prepared from now on."""
        if not self.builds:  # what opens a file says for all of it
            self.text, self.in_full, self._told = text, "", None
            self.made_from = ()

    def rewire(self, patch: Patch) -> None:
        """Let another patch be what plays."""
        self.patch = patch
        self.instants[-1].is_rewired = True
        self._tell()

    def do(self, action: Callable[[Session], None], *, is_told: bool = True) -> None:
        """Have something done when the line is carried out.

        Args:
            action: what.
            is_told: whether it is about what sounds, so that the command belongs to its history.
        """
        self.instants[-1].actions.append(action)
        if is_told:
            self._tell()

    def open_first(self, action: Callable[[Session], None]) -> None:
        """Have something done that may fail, before anything else is."""
        self.instants[-1].openings.append(action)

    def schedule(self, agenda: Agenda) -> None:
        """Let something else be pending."""
        self.agenda = agenda
        self.instants[-1].is_rescheduled = True

    def fork(self, frame: float) -> Draft:
        """A draft that goes on from here at another time; nothing of it is done unless adopted."""
        return replace(
            self,
            frame=frame,
            instants=[Instant()],
            results=[],
            patterns=list(self.patterns),
            is_trial=True,
            line=next(NUMBERS),
            changed=[],
            _told=None,
        )

    def adopt(self, fork: Draft) -> None:
        """Go on from where a fork ends."""
        self.patch, self.transport, self.agenda = fork.patch, fork.transport, fork.agenda
        self.recording, self.patterns = fork.recording, fork.patterns
        self.history, self.snapshots = fork.history, fork.snapshots
        self.definitions = fork.definitions
        self.base, self.changed = self.patch, []

    def touch(self, action: Callable[[Console], None]) -> None:
        """Have something done to the engine."""
        self.do(lambda session: action(session.console))

    def _tell(self) -> None:
        """Note the command with the instant, once."""
        if self._told is not self.instants[-1]:
            self._told = self.instants[-1]
            self._told.said += [*self.made_from, self.in_full or self.text]

    def wait(self, frame: float) -> None:
        """Let time move on to a frame before what follows."""
        self.close()
        self.instants[-1].until = frame
        self.instants.append(Instant(at=frame))
        self.frame = frame

    def close(self) -> None:
        """Let the last instant have the patch and the agenda as they stand."""
        self.remember()
        last = self.instants[-1]
        last.patch, last.agenda, last.who = self.patch, self.agenda, self.who

    # ---- what can be undone

    def begin_line(self) -> None:
        """What follows belongs to another line of a file."""
        self.remember()
        self.line = next(NUMBERS)

    def remember(self) -> None:
        """Make what has changed since the last entry of the history one more entry."""
        before, self.base = self.base, self.patch
        assert before is not None
        if self.changed and not is_same(before, self.patch):
            text, bar = "; ".join(self.changed), self.transport.position(self.frame)
            entry = Entry(before, self.patch, text, self.who, int(self.frame), bar, self.line)
            self.set_history(self.history.changed(entry))
            self.instants[-1].line = self.line
        self.changed = []

    def note_change(self, before: Patch) -> None:
        """Note that the command which has been prepared may have changed the patch."""
        if self.patch is not before and self.patch is not self.base:
            self.changed.append(self.text)

    def set_history(self, history: History) -> None:
        """Let other things be undone or redone from now on."""
        self.history = self.instants[-1].history = history
        self.base = self.patch
        self.changed = []

    def say(self, result: Result | Callable[[Session], Result]) -> None:
        """What the command answers; a function is asked when the effect is there."""
        self.results.append(result if callable(result) else lambda _: result)

    def say_instead(self, since: int, result: Result) -> None:
        """One answer in place of those that were given since there were so many."""
        self.results[since:] = [lambda _: result]

    # ---- names

    def node(self, name: Name) -> Node:
        """The node of a name; of an instrument, the one that is heard of it.

        Raises:
            UserError: E_NAME, there is none.
        """
        instrument = self.patch.instruments.get(name.text)
        node = self.patch.nodes.get(name.text if instrument is None else instrument.heard)
        if node is None:
            raise no_node(self.patch, name)
        return node

    def played(self, name: Name) -> Node:
        """The node that stands for what a name plays; of an instrument, its player.

        Raises:
            UserError: E_NAME, there is none; E_PORT, the instrument cannot be played.
        """
        instrument = self.patch.instruments.get(name.text)
        if instrument is None:
            return self.node(name)
        if instrument.struck is None:
            shown = ", ".join(instrument.ports) or "no port"
            message = (
                f"{name.text} ({instrument.kind}) has neither freq nor gate, so it cannot be"
                f" played; it has {shown}"
            )
            raise UserError(Code.PORT, message, name.span)
        return self.patch.nodes[instrument.struck]

    def input_of(self, node: Node, port: Name) -> Input:
        """An input of a node, or of its channel strip.

        Raises:
            UserError: E_PORT, it has none of that name; E_STATE, it has no strip now.
        """
        found = node.port(port.text)
        if found is None:
            kind = node.declaration
            names = [p.name for p in kind.inputs] + list(STRIP_PORTS) * (node.name != OUT)
            if kind.find_output(port.text) is not None:
                message = f"'{port.text}' is an output of {node.name}: it can be patched, not set"
            else:
                has = ", ".join(names)
                message = f"{node.name} ({node.kind}) has no port '{port.text}'; it has {has}"
            raise UserError(Code.PORT, message, port.span, nearest(port.text, names))
        own = node.declaration.find_input(port.text) is not None
        if not (own or self.builds or node.name in heard(self.patch)):
            message = f"{node.name} is not heard, so it has no {port.text}: patch it to out"
            raise UserError(Code.STATE, message, port.span, (f"patch {node.name} > out",))
        return found

    def input_at(self, ref: PortRef) -> tuple[Node, str, Input]:
        """The node, port name and declaration that `A.port` names, or `A` by its main input.

        Of an instrument these are a node and a port inside, and what the instrument says of it.

        Raises:
            UserError: E_NAME or E_PORT.
        """
        instrument = self.patch.instruments.get(ref.node.text)
        if instrument is not None:
            return exposed_input(self.patch, instrument, ref, builds=self.builds)
        node = self.node(ref.node)
        if ref.port is not None:
            return node, ref.port.text, self.input_of(node, ref.port)
        main = node.declaration.main_input
        if main is None:
            names = tuple(f"{node.name}.{port.name}" for port in node.declaration.inputs)
            message = f"{node.name} ({node.kind}) has no main input: name one of its ports"
            raise UserError(Code.PORT, message, ref.span, names[:3])
        return node, node.declaration.inputs[main].name, node.declaration.inputs[main]


def place_of(node: Node, port: str) -> tuple[str, int]:
    """The engine's key of the node or strip that has a port, and the port's index there."""
    index = node.declaration.find_input(port)
    if index is not None:
        return key_of(node), index
    # The strip's ports are in, level, pan, mute.
    return strip_key(node), {"level": 1, "pan": 2}[port]
