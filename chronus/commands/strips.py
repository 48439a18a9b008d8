"""The sound of nodes is shut off, at their channel strips and where they send it to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.errors import Code, UserError
from chronus.language.statements import Mute, Solo, Unmute, Unsolo
from chronus.patch.hearing import heard, silent, sounding
from chronus.patch.model import OUT
from chronus.patch.naming import shown_node
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.language.statements import Name
    from chronus.patch.model import Patch
    from chronus.session.draft import Draft


def _named(draft: Draft, names: tuple[Name, ...], word: str) -> frozenset[str]:
    """The nodes of names, all of which make sound, or pass it on.

    Raises:
        UserError: E_NAME, E_STATE.
    """
    found = set()
    sounds = sounding(draft.patch) | frozenset(heard(draft.patch))
    for name in names:
        node = draft.node(name)
        if node.name == OUT:
            message = f"out is what all goes through: set its level, or {word} a node"
            raise UserError(Code.STATE, message, name.span, ("set out.level -60db",))
        if not (draft.builds or node.name in sounds):
            behind = [c.target for c in draft.patch.cables if c.source == node.name]
            near = [f"{word} {shown_node(draft.patch, n)}" for n in behind if n in sounds][:3]
            message = f"{name.text} makes no sound that could be shut off"
            raise UserError(Code.STATE, message, name.span, near or (f"patch {name.text} > out",))
        found.add(node.name)
    return frozenset(found)


def _become(draft: Draft, patch: Patch, text: str, names: frozenset[str]) -> None:
    already = patch == draft.patch
    if not already:
        draft.rewire(patch)
    strips, _ = silent(patch)
    if strips >= set(heard(patch)):
        text += " (nothing is heard now)"
    data = {
        "nodes": sorted(shown_node(patch, name) for name in names),
        "muted": sorted(shown_node(patch, name) for name in patch.muted),
        "soloed": sorted(shown_node(patch, name) for name in patch.soloed),
    }
    draft.say(Result(text, data=data, already=already))


def _mute(draft: Draft, statement: Mute) -> None:
    names = _named(draft, statement.names, "mute")
    patch = replace(draft.patch, muted=draft.patch.muted | names)
    _become(draft, patch, f"mute {_listed(statement.names)}", names)


def _unmute(draft: Draft, statement: Unmute) -> None:
    names = frozenset(draft.node(name).name for name in statement.names)
    patch = replace(draft.patch, muted=draft.patch.muted - names)
    _become(draft, patch, f"unmute {_listed(statement.names)}", names)


def _solo(draft: Draft, statement: Solo) -> None:
    names = _named(draft, statement.names, "solo")
    patch = replace(draft.patch, soloed=draft.patch.soloed | names)
    _become(draft, patch, f"solo {_listed(statement.names)}", names)


def _unsolo(draft: Draft, statement: Unsolo) -> None:
    names = frozenset(draft.node(name).name for name in statement.names)
    patch = replace(draft.patch, soloed=draft.patch.soloed - names)
    _become(draft, patch, f"unsolo {_listed(statement.names)}", names)


def _listed(names: tuple[Name, ...]) -> str:
    return " ".join(name.text for name in names)


COMMANDS = (
    Command(
        verb="mute",
        form="mute A ...",
        doc="Shut off the sound of nodes, and what they send to others; it fades within 5 ms",
        examples=(
            "load kick; load hat",
            "mute kick hat",
            "load saw; load delay; patch saw > delay; mute saw",
        ),
        handles={Mute: _mute},
        more=(
            "What a muted node has sent into an effect rings on there. Its cables to knobs, such",
            "as one that ducks a bus, go on.",
        ),
    ),
    Command(
        verb="unmute",
        form="unmute A ...",
        doc="Let the sound of muted nodes through again",
        examples=("load kick; mute kick", "unmute kick"),
        handles={Unmute: _unmute},
    ),
    Command(
        verb="solo",
        form="solo A ...",
        doc="Let only nodes that are soloed be heard, through all that they are patched into",
        examples=(
            "load kick; load hat",
            "solo hat",
            "load mix as bus; patch kick, hat > bus; solo kick",
        ),
        handles={Solo: _solo},
        more=(
            "What is soloed is heard through its buses and effects, and what feeds it goes on;",
            "what others send there is shut off. A muted node stays silent.",
        ),
    ),
    Command(
        verb="unsolo",
        form="unsolo A ...",
        doc="Solo nodes no more; after the last one all are heard again",
        examples=("load kick; load hat; solo hat", "unsolo hat"),
        handles={Unsolo: _unsolo},
    ),
)
