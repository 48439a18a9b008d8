"""Instruments are made: in files, or in braces for as long as a session lasts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.commands.making import define
from chronus.errors import Code, UserError
from chronus.language.instruments import Expose, Instrument
from chronus.session import instrument_files
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.session.draft import Draft
    from chronus.session.session import Session


def _instrument(draft: Draft, statement: Instrument) -> None:
    name, span = statement.name.text, statement.name.span
    if statement.body is None:
        message = (
            f"an instrument is a file, {name}.chronus, which `load {name}` loads; on a line it"
            " stands in braces"
        )
        raise UserError(Code.STATE, message, span, (f"instrument {name} {{ ... }}",))
    if instrument_files.is_kinds_own(name):
        message = f"{name} is a kind of module, and stays one: call the instrument otherwise"
        raise UserError(Code.NAME, message, span, (f"my-{name}",))
    source = instrument_files.source_of(statement, list(statement.body.parts), "the block", span)
    definition = replace(define(draft, source, span), origin="this session")
    definitions = {**draft.definitions, name: definition}
    already = draft.definitions.get(name) == definition
    draft.definitions = definitions
    if not draft.builds:
        draft.in_full = definition.text

    def act(session: Session) -> None:
        session.definitions = definitions

    draft.do(act)
    text = f"instrument {name}: {', '.join(definition.ports) or 'no ports'}"
    data = {"instrument": name, "ports": list(definition.ports)}
    draft.say(Result(text, data=data, already=already))


def _expose(draft: Draft, statement: Expose) -> None:
    if draft.exposes is None:
        message = "expose stands in an instrument, and says which ports that shows"
        raise UserError(Code.STATE, message, statement.port.span, ("help expose",))
    draft.exposes.append(statement)
    draft.say(Result(f"{statement.port.text} = {statement.target}"))


COMMANDS = (
    Command(
        verb="instrument",
        form='instrument NAME ["one line"] [voices N] [mono] [legato] [glide TIME] [{ COMMANDS }]',
        doc="Begin an instrument: the first command of its file, or one in braces",
        examples=(
            'instrument buzz "A bare saw" { load saw; expose pitch = saw.freq }',
            "load buzz pitch=55hz",
        ),
        handles={Instrument: _instrument},
        more=(
            "NAME.chronus is looked for in the current folder, then among your own instruments in",
            "~/.local/share/chronus/instruments, then among those that come with the program.",
            "It is made by load (of kinds), patch, unpatch, set and expose. `patch NODE > out`",
            "says what is heard. A node of kind keys gets the notes, and shows freq, gate,",
            "velocity and glide by itself. `voices` (1 to 64), `mono`, `legato` and `glide` say",
            "how it is played where `load` does not. `help instruments` says how to play one.",
        ),
    ),
    Command(
        verb="expose",
        form='expose PORT = NODE.PORT [range LOW..HIGH] [default VALUE] ["one line"]',
        doc="Show a port of a node as one of the instrument; stands in an instrument only",
        examples=(
            "instrument buzz { load saw; expose pitch = saw.freq range 20hz..2khz default a1 }",
            "load buzz; set buzz.pitch 110hz",
        ),
        handles={Expose: _expose},
        more=(
            "The range lies within that of the port, which it has where none is given. The default",
            "is what the file sets, else the port's own. An instrument without keys is played if",
            "it exposes gate or freq (and velocity); `in` is where `patch A > INSTRUMENT` goes.",
        ),
    ),
)
