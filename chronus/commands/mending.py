"""What went wrong is tried again, and modules are read again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
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
    names = [name.text for name in statement.names]
    draft.say(Result(f"reset {', '.join(names)}", data={"nodes": names}))


def _reload(draft: Draft, _statement: Reload) -> None:
    found: list[Reloaded] = []
    draft.do(lambda session: found.append(reload(session)), is_told=False)

    def answer(_session: Session) -> Result:
        (done,) = found
        data = {
            "processes": done.processes,
            "changed": done.changed,
            "new": done.new,
            "gone": done.gone,
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
    return said


COMMANDS = (
    Command(
        verb="reset",
        form="reset NODE ...",
        doc="Let nodes start afresh; one that went wrong and is bypassed is tried again",
        examples=("load delay", "reset delay"),
        handles={Reset: _reset},
        more=(
            "A node that crashes, never comes to an end, or gives what is no number three times in",
            "a second is bypassed: the rest plays on, and `status` names it.",
        ),
    ),
    Command(
        verb="reload",
        form="reload",
        doc="Read the sources of modules again, and play on by them; not one frame is lost",
        examples=("reload",),
        handles={Reload: _reload},
        more=(
            "What has not changed sounds the same to the sample. A changed module goes on with its",
            "state, or starts afresh where its ports, state or memory are others. A source that is",
            "wrong is an error with its file and line, and all plays on as before.",
        ),
    ),
)
