"""Nodes come and go."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.commands.values import checked_value
from chronus.errors import Code, UserError, nearest
from chronus.language.statements import Load, Unload
from chronus.modules.catalog import kinds
from chronus.patch.graph import heard
from chronus.patch.model import OUT, Node
from chronus.session.console import Console
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.dsp.declaration import Kind
    from chronus.language.statements import Name
    from chronus.session.draft import Draft


def kind_of(name: Name) -> Kind:
    """The kind of a name.

    Raises:
        UserError: E_NAME, users cannot load one of that name.
    """
    offered = [kind.name for kind in kinds().values() if not kind.hidden and kind.name != OUT]
    if name.text in offered:
        return kinds()[name.text]
    if name.text == OUT:
        raise UserError(
            Code.STATE, "out is always there: there is one way to the sound card", name.span
        )
    near = nearest(name.text, offered)
    message = f"there is no module kind '{name.text}'; `list kinds` shows all"
    raise UserError(Code.NAME, message, name.span, near)


def _load(draft: Draft, statement: Load) -> None:
    kind = kind_of(statement.kind)
    wanted = statement.name
    if wanted is not None and wanted.text in draft.patch.nodes:
        there = draft.patch.nodes[wanted.text]
        if there.kind == kind.name and not statement.settings:
            text = f"{there.name}: {kind.name}"
            data = {"node": there.name, "kind": kind.name}
            draft.say(Result(text, data=data, already=True))
            return
        free = draft.patch.free_name(wanted.text)
        message = f"there is a node '{wanted.text}' already ({there.kind})"
        raise UserError(Code.NAME, message, wanted.span, (free,))
    name = draft.patch.free_name(kind.name) if wanted is None else wanted.text
    if "." in name or name in ("on", "off"):
        raise UserError(
            Code.NAME, f"'{name}' cannot be a node's name", (wanted or statement.kind).span
        )
    patch = draft.patch.with_node(Node(name, kind.name, draft.patch.count))
    for setting in statement.settings:
        trial = type(draft)(draft.session, patch, draft.transport, draft.frame)
        port = trial.input_of(patch.nodes[name], setting.port)
        patch = patch.with_value(name, port.name, checked_value(port, setting.value, draft.pace))
    draft.rewire(patch)
    where = " > out" if name in heard(patch) else ""
    draft.say(Result(f"{name}: {kind.name}{where}", data={"node": name, "kind": kind.name}))


def _unload(draft: Draft, statement: Unload) -> None:
    for name in statement.names:
        node = draft.node(name)
        if node.name == OUT:
            raise UserError(Code.STATE, "out is always there", name.span)
        for target in [t for t in draft.patch.sequences if t.split(".")[0] == node.name]:
            draft.touch(partial(Console.stop_playing, target=target, now=True))
        draft.rewire(draft.patch.without_node(node.name))
    gone = [name.text for name in statement.names]
    draft.say(Result(f"{', '.join(gone)} unloaded", data={"nodes": gone}))


COMMANDS = (
    Command(
        verb="load",
        form="load KIND [as NAME] [PORT=VALUE ...]",
        doc="Make a node of a module kind; what makes sound is heard at once",
        examples=(
            "load kick",
            "load saw as bass freq=55hz",
            "load filter cutoff=800hz resonance=0.4",
        ),
        handles={Load: _load},
        more=(
            "A second `load kick` is named kick2. What makes sound and is patched to nothing else",
            "is heard by itself: `patch` moves it, `unpatch NAME > out` silences it for good.",
        ),
    ),
    Command(
        verb="unload",
        form="unload NAME ...",
        doc="Take nodes away, with their cables and sequences; they fade within 5 ms",
        examples=("load kick", "load hat", "unload kick hat"),
        handles={Unload: _unload},
    ),
)
