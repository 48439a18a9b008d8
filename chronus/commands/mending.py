"""What went wrong is tried again, and modules are read again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.errors import UserError
from chronus.language.statements import Reload, Reset
from chronus.patch.instruments import inner_nodes
from chronus.session.console import Console
from chronus.session.draft import Result
from chronus.session.reloading import reload

if TYPE_CHECKING:
    from chronus.session.draft import Draft
    from chronus.session.reloading import Reloaded
    from chronus.session.session import Session


def _reset(draft: Draft, statement: Reset) -> None:
    for name in statement.names:
        instrument = draft.patch.instruments.get(name.text)
        nodes = [draft.node(name)]
        if instrument is not None:
            nodes = list(inner_nodes(draft.patch, instrument))
        for node in nodes:
            draft.touch(partial(Console.reset_node, node=node))
    if not statement.names:
        draft.touch(Console.reset_all)
    names = [name.text for name in statement.names] or list(draft.patch.nodes)
    draft.say(Result(f"reset {', '.join(names)}", data={"nodes": names}))


def _reload(draft: Draft, statement: Reload) -> None:
    found: list[Reloaded] = []
    said = list(zip((name.text for name in statement.names), statement.marks, strict=True))
    names = [name for name, mark in said if not mark]
    marks = {name: mark for name, mark in said if mark}

    def read(session: Session) -> None:
        try:
            done = reload(session, names, marks)
        except UserError as error:
            raise (error.at(statement.names[0].span) if said else error) from error
        found.append(done)
        # Who replays it needs what was read, whatever the files hold by then.
        told[place] = f"reload {' '.join(done.sources)}" if done.sources else ""

    draft.do(read)
    told = draft.instants[-1].said
    place = len(told) - 1

    def answer(_session: Session) -> Result:
        (done,) = found
        data = {
            "processes": done.processes,
            "changed": done.changed,
            "new": done.new,
            "gone": done.gone,
            "sources": done.sources,
        }
        return Result(f"reload: {'; '.join(_said(done))}", data=data)

    draft.say(answer)


def _said(done: Reloaded) -> list[str]:
    """What became of a reload, in words."""
    said = [
        f"{', '.join(names)} {what}"
        for names, what in (
            (done.changed, "read again"),
            (done.new, "new"),
            (done.gone, "gone"),
        )
        if names
    ] or ["no module has changed"]
    if done.processes:
        names = ", ".join(map(str, done.processes))
        is_one = len(done.processes) == 1
        said.append(f"process {names} plays now" if is_one else f"processes {names} play now")
    return [*said, *filter(None, [done.trouble])]


COMMANDS = (
    Command(
        verb="reset",
        form="reset NODE ... | all",
        doc="Let nodes start afresh; one that went wrong and is bypassed is tried again",
        examples=("load delay", "reset delay"),
        handles={Reset: _reset},
        more=(
            "A node that crashes, never comes to an end, or gives what is no number three times in",
            "a second is bypassed: the rest plays on, and `status` names it. `reset all` also ends",
            "at once what was unloaded and rings on.",
        ),
    ),
    Command(
        verb="reload",
        form="reload [KIND [mark M] ...]",
        doc="Read the sources of modules again, and play on by them; not one frame is lost",
        examples=("reload", "reload filter"),
        handles={Reload: _reload},
        more=(
            "What has not changed sounds the same to the sample. A changed module goes on with its",
            "state, or starts afresh where its ports, state or memory are others. A source that is",
            "wrong is an error with its file and line, and all plays on as before. A file that is",
            "new in a folder of your own modules is found by its name. `chronus new module NAME`",
            "writes one to begin with. What was read is kept under a mark of its content, by which",
            "the journal replays it: `reload fold mark 1f0c52f6b1aa` plays that again.",
        ),
    ),
)
