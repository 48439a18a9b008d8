"""`copy`: another node, or instrument, that goes on from where one is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.commands.free_names import check_free, check_no_part
from chronus.commands.making import known
from chronus.errors import Code, UserError
from chronus.language.statements import Copy, Name
from chronus.patch.graph import key_of
from chronus.patch.hearing import heard
from chronus.patch.instruments import inner_nodes, instrument_of, new_names
from chronus.patch.model import OUT
from chronus.session.console import Console
from chronus.session.draft import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chronus.patch.model import Patch
    from chronus.session.draft import Draft


def _copy(draft: Draft, statement: Copy) -> None:
    node, original = draft.node(statement.node), statement.node.text
    if node.name == OUT:
        message = "out is always there: there is one way to the sound card"
        raise UserError(Code.STATE, message, statement.node.span)
    before = draft.patch
    instrument = before.instruments.get(original)
    kind = node.kind if instrument is None else instrument.kind
    owner = instrument_of(before, node.name) if instrument is None else None
    if owner is not None and (node.declaration.hidden or known(draft, kind) is not None):
        # No line could load it, so that what was saved could not be opened.
        message = (
            f"{original} is a part of {owner.name}: a '{kind}' is loaded within instruments alone"
        )
        raise UserError(Code.STATE, message, statement.node.span, (f"copy {owner.name}",))
    if statement.name is not None:
        check_free(draft, statement.name)
    wanted = statement.name or Name(before.free_name(kind), statement.node.span)
    name = wanted.text
    if instrument is None:
        names, nodes = {node.name: name}, [node]
    else:
        check_no_part(draft, wanted)
        names = new_names(before, instrument, name)
        nodes = list(inner_nodes(before, instrument))
    patch = before
    for one in nodes:
        copy = replace(one.called(names[one.name]), number=patch.count)
        patch = patch.with_node(copy)
    if instrument is not None:
        copied = {**patch.instruments, name: instrument.called(name)}
        patch = replace(patch, instruments=MappingProxyType(copied))
    patch = _with_copied_cables(patch, names, with_cables=statement.with_cables)
    patch = replace(
        patch,
        silenced=before.silenced | _copies_in(before.silenced, names),
        muted=before.muted | _copies_in(before.muted, names),
        soloed=before.soloed | _copies_in(before.soloed, names),
    )
    copies = [(patch.nodes[names[one.name]], one) for one in nodes]
    draft.instants[-1].copies.update((key_of(copy), key_of(one)) for copy, one in copies)
    draft.rewire(patch)
    for copy, one in copies:
        draft.touch(partial(Console.copy_glides, node=copy, source=one))
    where = " > out" if names[node.name] in heard(patch) else ""
    data = {"node": name, "kind": kind, "of": original}
    draft.say(Result(f"{name}: {kind}, a copy of {original}{where}", data=data))


def _with_copied_cables(patch: Patch, names: Mapping[str, str], *, with_cables: bool) -> Patch:
    """A patch in which copies have the cables into their originals, and those between them.

    Args:
        patch: with the copies.
        names: of the copies, by those of the originals.
        with_cables: whether they have those to others, too.
    """
    for cable in patch.cables:
        comes, goes = cable.target in names, cable.source in names
        if not comes and not (goes and with_cables):
            continue
        source = names.get(cable.source, cable.source)
        target = names.get(cable.target, cable.target)
        new = replace(cable, number=patch.count, source=source, target=target)
        patch = patch.with_cable(new)
    return patch


def _copies_in(group: frozenset[str], names: Mapping[str, str]) -> frozenset[str]:
    """The copies of those that are in a group."""
    return frozenset(copy for name, copy in names.items() if name in group)


COMMANDS = (
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
