"""What of a patch is heard, what makes sound at all, and where sound is shut off.

Each takes one look at every node and cable, and answers at once where it is asked again: a line
asks several times about the patch that it finds and the one that it leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chronus.modules.catalog import kinds
from chronus.patch.model import OUT
from chronus.patch.naming import is_within
from chronus.patch.remember import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chronus.dsp.declaration import Kind
    from chronus.patch.instruments import Instrument
    from chronus.patch.model import Patch

MUTED: Final = "muted"
NOT_SOLOED: Final = "not soloed"
"""Why a node is silent while another is soloed."""


FEW_STEPS: Final = 4
"""For so many steps from node to node all ways are looked through each time, which takes less than
to note where each begins; so few is it mostly."""


@dataclass(frozen=True, slots=True)
class _Traits:
    """Names of the kinds that make sound or shape it, and each output that carries what is heard.

    Outputs are known by the name of the kind and their own.
    """

    make: frozenset[str]
    shape: frozenset[str]
    audible: frozenset[tuple[str, str]]


@remembered(lambda known: (known,))
def _traits(known: Mapping[str, Kind]) -> _Traits:
    return _Traits(
        frozenset(name for name, kind in known.items() if kind.makes_sound),
        frozenset(name for name, kind in known.items() if kind.shapes_sound),
        frozenset(
            (name, port.name)
            for name, kind in known.items()
            for port in kind.outputs
            if kind.is_audible_at(port.name)
        ),
    )


def reached(names: Iterable[str], ways: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Names, and all that can be reached from them by ways from one to another."""
    found = set(names)
    ways = list(ways)
    new = found
    for _ in range(FEW_STEPS):
        new = {end for start, end in ways if start in new and end not in found}
        if not new:
            return frozenset(found)
        found |= new
    ends: dict[str, list[str]] = {}
    for start, end in ways:
        ends.setdefault(start, []).append(end)
    front = list(new)
    while front:
        for end in ends.get(front.pop(), ()):
            if end not in found:
                found.add(end)
                front.append(end)
    return frozenset(found)


@remembered(lambda patch: (patch.nodes, patch.cables, kinds()))
def sounding(patch: Patch) -> frozenset[str]:
    """Names of the nodes that make sound, or shape sound that is patched into them."""
    nodes, traits = patch.nodes, _traits(kinds())
    found = frozenset(name for name, node in nodes.items() if node.kind in traits.make)
    ways = [(c.source, c.target) for c in patch.cables if c.target not in found and c.input == "in"]
    return reached(found, (way for way in ways if nodes[way[1]].kind in traits.shape))


@remembered(
    lambda patch: (patch.nodes, patch.cables, patch.silenced, patch.instruments, kinds()),
)
def heard(patch: Patch) -> tuple[str, ...]:
    """Names of the nodes that are patched to `out` by themselves or by hand, in order.

    A cable from the bare curve of an envelope does not take its sound away, nor does one within an
    instrument. Of an instrument one node is heard by itself, and no other.
    """
    nodes, cables, instruments = patch.nodes, patch.cables, patch.instruments
    audible = _traits(kinds()).audible
    gone = [c for c in cables if (nodes[c.source].kind, c.output) in audible]
    if instruments:
        gone = [c for c in gone if not is_within(patch, c)]
    by_hand = {c.source for c in cables if c.target == OUT and c.input == "in"}
    by_itself = sounding(patch) - {c.source for c in gone} - patch.silenced
    if instruments:
        by_itself = frozenset(n for n in by_itself if _stands_for_itself(instruments, n))
    by_itself |= by_hand
    return tuple(name for name in nodes if name in by_itself and name != OUT)


def _stands_for_itself(instruments: Mapping[str, Instrument], name: str) -> bool:
    """Whether a node belongs to no instrument, or is the one that is heard of it."""
    owner = instruments.get(name.rpartition("/")[0])
    return owner is None or owner.heard == name


def why_silent(patch: Patch) -> dict[str, str]:
    """Nodes that go to `out`, and are not heard there for now: `muted` or `not soloed`."""
    return {n: MUTED if n in patch.muted else NOT_SOLOED for n in silent(patch)[0]}


def silent(patch: Patch) -> tuple[frozenset[str], frozenset[int]]:
    """Where sound is shut off by `mute`, or by the `solo` of others.

    A muted node is shut off from all that it sends its sound to. Where nodes are soloed, what they
    are patched into, at whatever distance, is heard with them, and what feeds them goes on; all
    other sound is shut off where it would be heard, or would come into what is heard with them.

    Returns:
        Names of heard nodes whose channel strips are shut, and the numbers of shut cables.
    """
    if not patch.muted and not patch.soloed:
        return frozenset(), frozenset()
    audible = heard(patch)
    carrying = _traits(kinds()).audible
    sends = [
        c
        for c in patch.cables
        if c.input == "in"
        and c.target != OUT
        and (patch.nodes[c.source].kind, c.output) in carrying
    ]
    alone = patch.soloed & (sounding(patch) | frozenset(audible))
    if not alone:
        strips = frozenset(name for name in audible if name in patch.muted)
        return strips, frozenset(c.number for c in sends if c.source in patch.muted)
    behind = reached(alone, ((c.source, c.target) for c in sends))
    before = reached(alone, ((c.target, c.source) for c in patch.cables))
    strips = frozenset(n for n in audible if n in patch.muted or n not in behind)
    cables = frozenset(
        c.number
        for c in sends
        if c.source in patch.muted
        or (c.target in behind and c.source not in behind and c.target not in before)
    )
    return strips, cables
