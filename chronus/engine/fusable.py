"""Which groups of voices of a plan one kernel can compute: see `chronus.dsp.fused`.

All nodes of a group must be computed one after the other, and what goes from one to the next must
go voice by voice, within the block, and by amounts that the kernel can take. Other groups are
computed node by node, always.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

from chronus.dsp.compile import write_fused, write_kernel
from chronus.dsp.fusing import OUTSIDE, Feed, FusedNode, FusedRecipe
from chronus.dsp.layout import FUSED_VALUES, FUSED_WORDS, WIDE
from chronus.dsp.recipe import kernel_name, recipe_of
from chronus.engine.layout import NONE, Node, Row, Wire
from chronus.settings import batches, fuses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from chronus.dsp.declaration import Input, Kind
    from chronus.engine.place import Place
    from chronus.engine.plan import LanePlan, Plan

Key = tuple[tuple[int, tuple[Feed, ...], int, bool], ...]
"""Of each node of a group the number of its kernel, what feeds it, which outputs leave, and whether
it is as usual."""


@dataclass(frozen=True)
class Fusable:
    """A group that one kernel can compute; equal to others that the same kernel can.

    Attributes:
        key: what tells it apart.
        kinds: of its nodes.
    """

    key: Key
    kinds: tuple[Kind, ...]

    @cached_property
    def recipe(self) -> FusedRecipe:
        """What its kernel is made of."""
        nodes = [
            FusedNode(recipe_of(kind), feeds, leaves, is_usual)
            for kind, (_, feeds, leaves, is_usual) in zip(self.kinds, self.key, strict=True)
        ]
        return FusedRecipe(tuple(nodes))


def together(
    order: Sequence[str],
    places: Mapping[str, Place],
    forward: Iterable[tuple[str, str]],
) -> list[str]:
    """A computing order in which the nodes of a group follow each other wherever that can be.

    Args:
        order: a computing order.
        places: of all nodes.
        forward: source and target of each cable that carries this block.
    """
    at = {key: index for index, key in enumerate(order)}
    ends: dict[int, list[int]] = {}
    for key in order:
        group = places[key].group
        if group != NONE:
            ends.setdefault(group, [at[key], at[key]])[1] = at[key]
    parted = {
        places[source].group
        for source, target in forward
        if places[source].group not in (NONE, places[target].group)
        and at[target] < ends[places[source].group][1]
    }
    found: list[str] = []
    waiting: dict[int, list[str]] = {}
    for key in order:
        group = places[key].group
        if group == NONE or group in parted:
            found.append(key)
            continue
        waiting.setdefault(group, []).append(key)
        if at[key] == ends[group][1]:
            found += waiting.pop(group)
    return found


def groups_of(lane: LanePlan) -> Iterator[tuple[int, int, int]]:
    """Each run of nodes of one group: the places of its first node, behind its last, and its row.

    A group that is not in one piece is left out.
    """
    runs: list[tuple[int, int, int, int]] = []
    row = 0
    columns = (lane.nodes[:, Node.GROUP].tolist(), lane.nodes[:, Node.INPUTS].tolist())
    for index, (group, inputs) in enumerate(zip(*columns, strict=True)):
        if runs and runs[-1][0] == group:
            runs[-1] = (group, runs[-1][1], index + 1, runs[-1][3])
        else:
            runs.append((group, index, index + 1, row))
        row += inputs
    pieces = Counter(group for group, *_ in runs)
    for group, first, last, row in runs:
        if group != NONE and pieces[group] == 1:
            yield first, last, row


def fusable(
    lane: LanePlan, group: tuple[int, int, int], kinds: Mapping[int, Kind], kernels: FusedKernels
) -> Fusable | None:
    """A group of a plan as what one kernel can compute, if it can.

    Args:
        lane: the lane's plan.
        group: see `groups_of`.
        kinds: of nodes, by their slots.
        kernels: know what ports are set to, and what there is to know of kinds.
    """
    first, last, row = group
    nodes = lane.nodes[first:last].tolist()
    sources = {
        node[Node.ROW_OUT] + WIDE * k: (n, k)
        for n, node in enumerate(nodes)
        for k in range(node[Node.OUTPUTS])
    }
    keeps = [0] * len(nodes)
    key = []
    for n, node in enumerate(nodes):
        kind = kinds[node[Node.SLOT]]
        known = kernels.known(node[Node.KIND], kind)
        rows = lane.rows[row : row + node[Node.INPUTS]].tolist()
        row += node[Node.INPUTS]
        feeds = []
        for entry, (port, _) in zip(rows, kind.input_rows, strict=True):
            feed = _feed(lane, entry, sources, kind.inputs[port], kernels.value)
            if feed is None or known.takes_turns:
                return None
            for (source, output), is_late in zip(feed.wires, feed.late, strict=True):
                if source >= n and not is_late:
                    return None
                if source >= 0 and is_late:
                    keeps[source] |= 1 << output
            feeds.append(feed)
        held = {
            name: kernels.value(entry[Row.PORT])
            for (_, name), feed, entry in zip(kind.input_rows, feeds, rows, strict=True)
            if name in known.rare and not feed.is_row and not feed.wires
        }
        is_usual = known.is_usual(held)
        key.append((node[Node.KIND], tuple(feeds), node[Node.LEAVES], is_usual))
    lane.nodes[first:last, Node.KEEPS] = keeps
    found = Fusable(tuple(key), tuple(kinds[node[Node.SLOT]] for node in nodes))
    return found if _fits(found) else None


def _feed(
    lane: LanePlan,
    entry: list[int],
    sources: Mapping[int, tuple[int, int]],
    port: Input,
    value: Callable[[int], float],
) -> Feed | None:
    """What feeds a row of a plan; None where no fused kernel can take it."""
    wires = lane.wires[entry[Row.FIRST] : entry[Row.FIRST] + entry[Row.WIRES]].tolist()
    inner = [wire for wire in wires if wire[Wire.IS_WIDE]]
    if entry[Row.VOICES] != NONE or (wires and not inner):
        return None if inner or port.choices else Feed(is_row=True)
    if not wires:
        return Feed(word=math.floor(value(entry[Row.PORT]) + 0.5) if port.choices else None)
    if port.choices:
        return None
    return Feed(
        wires=tuple(sources[w[Wire.SOURCE]] if w[Wire.IS_WIDE] else OUTSIDE for w in wires),
        late=tuple(bool(wire[Wire.LATE]) for wire in wires),
        bends=tuple(bool(wire[Wire.BENDS]) for wire in wires),
        is_limited=port.low > -math.inf or port.high < math.inf,
    )


def _fits(found: Fusable) -> bool:
    """Whether the kernel can be given all that it needs."""
    feeds = [feed for _, feeds, _, _ in found.key for feed in feeds]
    words = 3 * len(found.key) + sum(feed.is_row + feed.brought for feed in feeds) + 4
    words += sum(map(len, (feed.wires for feed in feeds)))
    words += sum(leaves.bit_count() for _, _, leaves, _ in found.key)
    values = sum(feed.numbers for feed in feeds)
    return words < FUSED_WORDS and values <= FUSED_VALUES


def changes_code(kind: Kind, port: int) -> bool:
    """Whether the kernel of a group is made for what a port of a kind is set to."""
    declared = kind.inputs[port]
    return bool(declared.choices) or declared.name in recipe_of(kind).ways.rare


Wanted: TypeAlias = "Fusable | Kind"
"""What a kernel that computes several nodes is of: a group, or a kind, then it is the wide one."""


def name_of(kernel: Wanted) -> str:
    """What the cache calls the kernel of several nodes."""
    return kernel.recipe.name if isinstance(kernel, Fusable) else kernel_name(kernel, wide=True)


def write(kernel: Wanted) -> str:
    """Write what it is made of where that is missing; its name.

    Raises:
        OSError: the cache folder cannot be written.
    """
    if isinstance(kernel, Fusable):
        return write_fused(kernel.recipe)
    return write_kernel(kernel, wide=True)


FIRST_NUMBER: Final = 4096
"""Kernels of groups are numbered from here on, behind those of all kinds."""


@dataclass(frozen=True, slots=True)
class KnownKind:
    """What there is to know of a kind whose nodes may be fused.

    Attributes:
        takes_turns: whether its voices are computed by turns.
        rare: names of the input rows that decide whether it is as usual.
        is_usual: says that, by the values of those that rest.
    """

    takes_turns: bool
    rare: frozenset[str]
    is_usual: Callable[[Mapping[str, float]], bool]


class FusedKernels:
    """The numbers by which plans call the kernels of groups, whether they are loaded or not.

    With them those wide kernels that plans call for nodes that are no voices.

    Who computes a plan goes node by node where a kernel is not loaded.

    Args:
        value: gives what a port is set to, or goes to, by its place in the arena.

    Attributes:
        batches: whether plans call such wide kernels.
    """

    def __init__(self, value: Callable[[int], float]) -> None:
        self.value = value
        self._numbers: dict[Key, int] = {}
        self._groups: dict[int, Fusable] = {}
        self._wanted: tuple[int, ...] = ()
        self._batched: dict[int, Kind] = {}
        self.batches = batches()
        self._fuses = fuses()
        self._known: dict[int, KnownKind] = {}

    def known(self, number: int, kind: Kind) -> KnownKind:
        """What there is to know of a kind, whose kernel has a number."""
        if number not in self._known:
            recipe = recipe_of(kind)
            rare = frozenset(recipe.ways.rare)
            self._known[number] = KnownKind(recipe.takes_turns, rare, recipe.usual())
        return self._known[number]

    def number(self, group: Fusable) -> int:
        """The number of a group's kernel."""
        if group.key not in self._numbers:
            self._numbers[group.key] = FIRST_NUMBER + len(self._numbers)
            self._groups[self._numbers[group.key]] = group
        return self._numbers[group.key]

    def want(self, plan: Plan) -> None:
        """Remember which kernels a plan calls."""
        if self._fuses:
            self._wanted = tuple(sorted(map(self.number, plan.fusable)))
        self._batched = plan.batched

    @property
    def wanted(self) -> dict[int, Wanted]:
        """The groups of the last plan, and kinds, by the numbers of their kernels."""
        return {**{number: self._groups[number] for number in self._wanted}, **self._batched}
