"""What went wrong is tried again, and workers are renewed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.language.statements import Reload, Reset
from chronus.session.draft import Result
from chronus.session.session import Session

if TYPE_CHECKING:
    from chronus.session.draft import Draft


def _reset(draft: Draft, statement: Reset) -> None:
    for name in statement.names:
        node = draft.node(name)
        draft.do(partial(Session.reset_node, node=node))
    names = [name.text for name in statement.names]
    draft.say(Result(f"reset {', '.join(names)}", data={"nodes": names}))


def _reload(draft: Draft, _statement: Reload) -> None:
    found: list[int] = []
    draft.do(lambda session: found.extend(session.backend.reload()))

    def answer(_session: Session) -> Result:
        names = ", ".join(map(str, found))
        text = f"process {names} plays now" if len(found) == 1 else f"processes {names} play now"
        return Result(f"reload: {text}" if found else "reload", data={"processes": found})

    draft.say(answer)


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
        doc="Let new workers with freshly loaded kernels play on; not one frame changes",
        examples=("reload",),
        handles={Reload: _reload},
    ),
)
