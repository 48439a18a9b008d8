"""Nodes come and go."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.commands.values import checked_value
from chronus.errors import Code, UserError, nearest
from chronus.language.statements import Copy, Load, Rename, Unload
from chronus.modules.catalog import kinds
from chronus.patch.graph import heard, key_of
from chronus.patch.model import OUT, Node
from chronus.session.console import Console
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.dsp.declaration import Kind
    from chronus.errors import Span
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


def _check_name(name: str, span: Span) -> None:
    """Make sure that a node can be called so.

    Raises:
        UserError: E_NAME.
    """
    if "." in name or name in ("on", "off"):
        raise UserError(Code.NAME, f"'{name}' cannot be a node's name", span)


def _check_free(draft: Draft, name: Name) -> None:
    """Make sure that a new node may have a name.

    Raises:
        UserError: E_NAME.
    """
    _check_name(name.text, name.span)
    there = draft.patch.nodes.get(name.text)
    if there is not None:
        message = f"there is a node '{name.text}' already ({there.kind})"
        raise UserError(Code.NAME, message, name.span, (draft.patch.free_name(name.text),))


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
        _check_free(draft, wanted)
    name = draft.patch.free_name(kind.name) if wanted is None else wanted.text
    _check_name(name, (wanted or statement.kind).span)
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
            player = draft.patch.player(target)
            draft.touch(partial(Console.stop_playing, player=player, now=True))
        if statement.rings:
            draft.instants[-1].ringing.add(key_of(node))
        draft.rewire(draft.patch.without_node(node.name))
    gone = [name.text for name in statement.names]
    how = "unloaded, ringing on" if statement.rings else "unloaded"
    data = {"nodes": gone, "tail": statement.rings}
    draft.say(Result(f"{', '.join(gone)} {how}", data=data))


def _rename(draft: Draft, statement: Rename) -> None:
    node, name = draft.node(statement.node), statement.name
    if node.name == OUT:
        raise UserError(Code.STATE, "out is always called out", statement.node.span)
    already = name.text == node.name
    if not already:
        _check_free(draft, name)
        draft.rewire(draft.patch.renamed({node.name: name.text}))
    data = {"node": name.text, "before": node.name}
    draft.say(Result(f"{node.name} is {name.text} now", data=data, already=already))


def _copy(draft: Draft, statement: Copy) -> None:
    node = draft.node(statement.node)
    if node.name == OUT:
        message = "out is always there: there is one way to the sound card"
        raise UserError(Code.STATE, message, statement.node.span)
    if statement.name is not None:
        _check_free(draft, statement.name)
        name = statement.name.text
    else:
        name = draft.patch.free_name(node.kind)
    copy = Node(name, node.kind, draft.patch.count, node.values)
    patch = draft.patch.with_node(copy)
    for cable in draft.patch.cables:
        comes, goes = cable.target == node.name, cable.source == node.name
        if comes or (goes and statement.with_cables):
            source = name if goes else cable.source
            target = name if comes else cable.target
            new = replace(cable, number=patch.count, source=source, target=target)
            patch = patch.with_cable(new)
    patch = replace(
        patch,
        silenced=draft.patch.silenced | _if_in(node, draft.patch.silenced, name),
        muted=draft.patch.muted | _if_in(node, draft.patch.muted, name),
        soloed=draft.patch.soloed | _if_in(node, draft.patch.soloed, name),
    )
    draft.instants[-1].copies[key_of(copy)] = key_of(node)
    draft.rewire(patch)
    draft.touch(partial(Console.copy_glides, node=copy, source=node))
    where = " > out" if name in heard(patch) else ""
    data = {"node": name, "kind": node.kind, "of": node.name}
    draft.say(Result(f"{name}: {node.kind}, a copy of {node.name}{where}", data=data))


def _if_in(node: Node, group: frozenset[str], name: str) -> frozenset[str]:
    """What a copy is of a group that its original may be in."""
    return frozenset({name}) if node.name in group else frozenset()


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
        form="unload NAME ... [tail]",
        doc="Take nodes away, with their cables and sequences; they fade in 5 ms, or ring out",
        examples=(
            "load kick; load hat; unload kick hat",
            "load saw; load delay; patch saw > delay",
            "unload delay tail",
        ),
        handles={Unload: _unload},
        more=(
            "With `tail` only what goes in fades: a node rings on until it is below -90 dB for",
            "half a second, or for 30 seconds at most. Its name is free at once.",
        ),
    ),
    Command(
        verb="rename",
        form="rename A B",
        doc="Call A B: the same node in all else, with its cables and sequences",
        examples=("load saw; load filter; patch saw > filter", "rename saw bass"),
        handles={Rename: _rename},
    ),
    Command(
        verb="copy",
        form="copy A [as B] [with cables]",
        doc="Make another node like A: its values, the cables into it, and its state",
        examples=(
            "load saw as a freq=110; load filter; patch a > filter",
            "copy a as b",
            "copy filter",
            "copy a with cables",
        ),
        handles={Copy: _copy},
        more=(
            "A copy goes on from where A is: phase, filter memory, echoes. It is heard by itself;",
            "`with cables` patches it into all that A is patched into. Sequences stay with A.",
        ),
    ),
)
