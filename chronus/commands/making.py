"""What the files of instruments say becomes definitions; each is checked whole."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chronus.commands.counting import counted
from chronus.commands.files import show_error
from chronus.commands.values import bounds, checked_value, show_range, show_value
from chronus.errors import Code, Span, UserError
from chronus.language.instruments import Expose, Instrument
from chronus.language.quantities import in_unit
from chronus.language.statements import Load, Set, Unpatch
from chronus.language.statements import Patch as PatchStatement
from chronus.patch.hearing import heard
from chronus.patch.instruments import PLAYED, Definition, Exposed
from chronus.patch.model import OUT, STRIP_PORTS, empty_patch
from chronus.patch.musical import UNITS as MUSICAL
from chronus.session import instrument_files
from chronus.session.draft import Draft
from chronus.session.drafting import prepare
from chronus.session.recordings import file_text

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input
    from chronus.language.instruments import Manner
    from chronus.language.statements import Name, Quantity, Said, Statement
    from chronus.patch.model import Node, Patch
    from chronus.session.instrument_files import Source

MAKING: Final = (Load, PatchStatement, Unpatch, Set, Expose)
"""What an instrument is made by."""
KEYS: Final = "keys"
"""The kind of node that notes go to."""

_FILE_SAID: Final = re.compile(r'\bfile\s+("[^"]*"|[^\s;"]+)(\s+mark\s+\w+)?', re.IGNORECASE)
"""What a `load` says of a sound file."""


def known(draft: Draft, name: str, span: Span | None = None) -> Definition | None:
    """The instrument of a name, from its file as it is now; None where there is none.

    Raises:
        UserError: E_FILE or E_LIMIT, its file is wrong, with every error and its line.
    """
    if name in draft.definitions:
        return draft.definitions[name]
    path = instrument_files.find(name)
    return None if path is None else define(draft, instrument_files.read_file(path, span), span)


def define(draft: Draft, source: Source, span: Span | None = None) -> Definition:
    """What an instrument is that is written so; nothing of the draft changes.

    Raises:
        UserError: E_FILE, with every error and its line.
    """
    mistakes = mistakes_in(draft, source)
    if isinstance(mistakes, Definition):
        return mistakes
    count = counted(len(mistakes), "error")
    message = f"{count} in {source.origin}, so it is not loaded; {show_error(mistakes[0])}"
    details = [show_error(error) for error in mistakes]
    raise UserError(Code.FILE, message, span, mistakes[0].suggestions, details)


def mistakes_in(draft: Draft, source: Source) -> list[UserError] | Definition:
    """All that is wrong with an instrument, or what it is."""
    built = Draft(
        draft.session,
        empty_patch(),
        draft.transport,
        draft.frame,
        builds=True,
        exposes=[],
        folder=str(Path(source.origin).parent) if Path(source.origin).is_file() else draft.folder,
    )
    errors = list(source.mistakes)
    for part in source.parts:
        try:
            _check_allowed(part)
            prepare(built, part)
        except UserError as error:
            errors.append(error.at(part.span))
    found = _Maker(built, source)
    whole = found.make()
    # What is heard and played is known once every line is right; what is shown, line by line.
    errors += found.errors if errors else [*whole, *found.errors]
    if errors:
        return sorted(errors, key=lambda error: error.span.line if error.span else 0)
    return found.definition()


def _check_allowed(part: Said) -> None:
    """Refuse what does more than build, or depends on the time at which it is loaded.

    Raises:
        UserError: E_STATE, E_VALUE.
    """
    if not isinstance(part.statement, MAKING):
        word = part.text.split(maxsplit=1)[0].lower()
        message = (
            f"an instrument is made by load, patch, unpatch, set and expose; '{word}' is not for it"
        )
        raise UserError(Code.STATE, message, replace(part.span, end=part.span.column + len(word)))
    if isinstance(part.statement, Set) and part.statement.over is not None:
        message = "an instrument does not move: leave `over` out"
        raise UserError(Code.STATE, message, part.statement.over.span)
    for value in _untimed(part.statement):
        if value.unit in MUSICAL:
            message = f"neither a pitch nor a range follows the tempo: {value.text} is no time here"
            raise UserError(Code.VALUE, message, value.span, ("250ms",))


def _untimed(statement: Statement) -> list[Quantity]:
    """Values that follow no tempo: an instrument has none of its own to take them at."""
    if isinstance(statement, Set):
        return [
            a.value for a in statement.assignments if a.target.port and a.target.port.text == "freq"
        ]
    if isinstance(statement, Load):
        return [setting.value for setting in statement.settings if setting.port.text == "freq"]
    if isinstance(statement, Expose):
        return [v for v in (statement.low, statement.high) if v is not None]
    return []


class _Maker:
    """Puts a definition together from what an instrument's commands have built.

    Args:
        built: what they have.
        source: the commands.

    Attributes:
        errors: what is wrong with the ports that are exposed.
    """

    def __init__(self, built: Draft, source: Source) -> None:
        self.errors: list[UserError] = []
        self._built = built
        self._head = source.head
        self._source = source
        self._ports: dict[str, Exposed] = {}
        self._output = ""
        self._player: str | None = None

    @property
    def _patch(self) -> Patch:
        return self._built.patch

    def make(self) -> list[UserError]:
        """Find what is heard, what is played, and what is shown; what is wrong with the whole."""
        errors = []
        for find in (self._find_output, self._find_player):
            try:
                find()
            except UserError as error:
                errors.append(error.at(self._head.name.span))
        for statement in self._built.exposes or ():
            try:
                self._expose(statement)
            except UserError as error:
                self.errors.append(error.at(statement.port.span))
        if self._player is not None:
            self._expose_player(self._player)
        return errors

    def _find_output(self) -> None:
        self._output = _output_of(self._patch, self._head)

    def _find_player(self) -> None:
        self._player = _player_of(self._patch)
        self._play_by(self._player)

    def definition(self) -> Definition:
        """What it is; nothing was wrong."""
        nodes = [node for node in self._patch.nodes.values() if node.name != OUT]
        cables = [cable for cable in self._patch.cables if cable.target != OUT]
        voices = self._head.manner.voices
        return Definition(
            name=self._head.name.text,
            doc=self._head.doc,
            nodes=tuple(replace(node, number=number) for number, node in enumerate(nodes)),
            cables=tuple(replace(cable, number=number) for number, cable in enumerate(cables)),
            ports=MappingProxyType(self._ports),
            output=self._output,
            player=self._player,
            voices=1 if voices is None else int(voices.value),
            legato=bool(self._head.manner.legato),
            text=self._whole_text(nodes),
            written=self._source.text,
            origin=self._source.origin,
        )

    def _whole_text(self, nodes: list[Node]) -> str:
        """The commands, with sound files by their whole paths, wherever they are said again."""
        if all(node.recording is None for node in nodes):
            return self._source.text
        loaded = iter(nodes)
        texts = []
        for part in self._source.parts:
            node = next(loaded) if isinstance(part.statement, Load) else None
            if node is None or node.recording is None:
                texts.append(part.text)
            else:
                before, *_, after = _FILE_SAID.split(part.text, maxsplit=1)
                texts.append(f"{before}{file_text(node)}{after}")
        return instrument_files.text_with(self._head, texts)

    def _play_by(self, player: str | None) -> None:
        """Take over how it is played.

        Raises:
            UserError: E_STATE, that takes a player.
        """
        manner = self._head.manner
        check_manner(manner, player, self._head.name)
        if manner.glide is not None and player is not None:
            port = self._patch.nodes[player].port("glide")
            assert port is not None
            value = checked_value(port, manner.glide, self._built.pace)
            self._built.patch = self._patch.with_value(player, "glide", value)

    def _expose(self, statement: Expose) -> None:
        """Add a port.

        Raises:
            UserError: it cannot be shown so.
        """
        name = statement.port.text
        node = self._built.node(statement.target.node)
        assert statement.target.port is not None
        if node.name == OUT:
            message = "out is no part of an instrument: every node that is heard has a level"
            raise UserError(Code.STATE, message, statement.target.span)
        own = self._built.input_of(node, statement.target.port)
        self._check_name(statement, node, own)
        declared = _declared(self._built, statement, own, node)
        if statement.default is not None:
            self._built.patch = self._patch.with_value(node.name, own.name, declared.default)
        self._ports[name] = Exposed(node.name, own.name, declared)

    def _check_name(self, statement: Expose, node: Node, own: Input) -> None:
        name, span = statement.port.text, statement.port.span
        there = next(
            (n for n, e in self._ports.items() if (e.node, e.port) == (node.name, own.name)), None
        )
        if name in self._ports:
            raise UserError(Code.NAME, f"'{name}' is exposed twice; once is enough", span)
        if there is not None:
            message = f"{statement.target} is exposed already, as '{there}'"
            raise UserError(Code.NAME, message, span)
        if name == "out" or "/" in name:
            raise UserError(Code.NAME, f"'{name}' cannot be the name of a port here", span)
        is_of_strip = own.name in STRIP_PORTS and node.declaration.find_input(own.name) is None
        if is_of_strip and node.name != self._output:
            message = f"{node.name} is not what is heard of it, so it has no {own.name}"
            raise UserError(Code.PORT, message, statement.target.span)
        if name in PLAYED and self._player is not None and node.name != self._player:
            message = f"{name} is that of {self._player}, which notes go to: choose another name"
            raise UserError(Code.NAME, message, span)
        if name == "gate" and own.name != "gate":
            message = f"a gate is a port called gate, and {statement.target} is none"
            raise UserError(Code.PORT, message, statement.target.span)
        if name == "freq" and own.unit != "hz":
            message = f"freq is a pitch in hz, and {statement.target} is none"
            raise UserError(Code.PORT, message, statement.target.span)

    def _expose_player(self, player: str) -> None:
        node = self._patch.nodes[player]
        for port in node.declaration.inputs:
            if port.name not in self._ports:
                declared = replace(port, default=node.value(port.name))
                self._ports[port.name] = Exposed(player, port.name, declared)


def check_manner(manner: Manner, player: str | None, name: Name) -> None:
    """Make sure that an instrument can be played so.

    Raises:
        UserError: E_STATE, that takes a player.
    """
    many = manner.voices is not None and manner.voices.value > 1
    if player is None and (many or manner.legato or manner.glide is not None):
        what = "voices" if many else "legato" if manner.legato else "glide"
        message = f"{name.text} has no node of kind keys, so it takes no {what}"
        raise UserError(Code.STATE, message, manner.span or name.span)


def _declared(built: Draft, statement: Expose, own: Input, node: Node) -> Input:
    """The port as who plays sees it.

    Raises:
        UserError: E_VALUE or E_RANGE, its range or default cannot be so.
    """
    low, high = own.low, own.high
    if statement.low is not None and statement.high is not None:
        if own.choices:
            message = f"{statement.target} is a word ({show_range(own)}): it has no range"
            raise UserError(Code.VALUE, message, statement.low.span)
        low, high = (in_unit(end, own.unit) for end in (statement.low, statement.high))
        lowest, highest = bounds(own)
        if not lowest <= low < high <= highest:
            message = (
                f"{statement.target} goes from {show_range(own)}; a range lies within that, the"
                f" lower end first, unlike {statement.low.text}..{statement.high.text}"
            )
            span = replace(statement.low.span, end=statement.high.span.end)
            raise UserError(Code.RANGE, message, span)
    doc = own.doc if statement.doc is None else statement.doc
    within = replace(own, low=low, high=high, default=min(max(own.default, low), high))
    if statement.default is not None:
        named = replace(within, name=statement.port.text)
        value = checked_value(named, statement.default, built.pace)
    else:
        value = node.value(own.name)
        if not low <= value <= high:
            message = (
                f"{statement.target} is {show_value(own, value)}, which is not within"
                f" {show_range(within)}: set it, or give a default"
            )
            raise UserError(Code.RANGE, message, statement.target.span)
    return replace(within, name=statement.port.text, doc=doc, default=value)


def _output_of(patch: Patch, head: Instrument) -> str:
    """The node that is heard of an instrument.

    Raises:
        UserError: E_STATE or E_CABLE, it is not one, or out is more than that.
    """
    if patch.nodes[OUT].values:
        message = "out is no part of an instrument: set the level of what is patched to it"
        raise UserError(Code.STATE, message, head.name.span)
    by_hand = [cable for cable in patch.cables if cable.target == OUT]
    for cable in by_hand:
        main = patch.nodes[cable.source].declaration.outputs[0].name
        if (cable.output, cable.input, cable.text) != (main, "in", ""):
            message = (
                f"what is heard is the {main} of {cable.source}, whole: patch"
                f" {cable.source}.{cable.output} through a vca or a mix where it is to be less"
            )
            raise UserError(Code.CABLE, message, head.name.span)
    found = [cable.source for cable in by_hand] or [n for n in heard(patch) if n != OUT]
    if not found:
        message = "nothing in it is heard: `patch NODE > out` says what is"
        raise UserError(Code.STATE, message, head.name.span)
    if len(found) > 1:
        message = f"{', '.join(found)} would be heard, and one node is: patch them into a mix"
        if not by_hand:
            message += ", or `patch NODE > out` says which"
        near = tuple(f"patch {name} > out" for name in found) if not by_hand else ()
        raise UserError(Code.STATE, message, head.name.span, near[:3])
    return found[0]


def _player_of(patch: Patch) -> str | None:
    """The node that notes go to.

    Raises:
        UserError: E_STATE, there are several.
    """
    found = [node.name for node in patch.nodes.values() if node.kind == KEYS]
    if len(found) > 1:
        message = f"notes go to one node of kind keys, and here are {', '.join(found)}"
        raise UserError(Code.STATE, message)
    return found[0] if found else None
