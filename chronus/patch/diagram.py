"""The patch as a picture in text, and as a graph for graphviz: pure functions of the patch.

What a node's sound goes to stands to its right. Of several cables that leave a node, the first that
carries its sound is drawn, and the others are listed below. What would be wider than the page is
cut: a node that is drawn on its own above stands there as `...[ name ]`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chronus.patch.graph import cable_key
from chronus.patch.hearing import heard, why_silent
from chronus.patch.instruments import inner_nodes
from chronus.patch.model import OUT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chronus.patch.model import Cable, Patch

WIDTH: Final = 80
LONGEST_NAME: Final = 20
LONGEST_LABEL: Final = 24
LEGEND: Final = "== heard by itself   -- patched by hand".replace("==", "══").replace("--", "──")


@dataclass(frozen=True, slots=True)
class Box:
    """A node, or an instrument with all that is in it.

    Attributes:
        name: its own.
        kind: of the node or instrument.
        quiet: why it is silent for now, or "".
    """

    name: str
    kind: str
    quiet: str = ""

    @property
    def label(self) -> str:
        """What stands in it; the kind where the name does not say it."""
        name = _cut(self.name, LONGEST_NAME)
        shown = name if self.name.rstrip("0123456789") == self.kind else f"{name}: {self.kind}"
        return f"{shown}, {self.quiet}" if self.quiet else shown


@dataclass(frozen=True, slots=True)
class Arrow:
    """A cable between boxes; ports are named only where they are not the main ones.

    Attributes:
        source: name of a box, and `output` of its port.
        target: name of a box, and `input` of its port.
        amount: as it was written.
        is_own: whether what is heard by itself goes that way.
        late: why it carries what was a block before, "" where it does not.
        carries: whether it carries sound from a main output to a main input.
    """

    source: str
    output: str
    target: str
    input: str
    amount: str = ""
    is_own: bool = False
    late: str = ""
    carries: bool = True

    @property
    def label(self) -> str:
        """What stands on it."""
        port = self.input.rpartition(".")[2]
        shown = " ".join(filter(None, (port, f"by {self.amount}" if self.amount else "")))
        return _cut(shown, LONGEST_LABEL)


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes by name, in the order in which they were loaded, and the arrows between them."""

    boxes: dict[str, Box]
    arrows: tuple[Arrow, ...]

    def layers(self) -> dict[str, int]:
        """How many boxes lie before each, on the longest way to it."""
        found = dict.fromkeys(self.boxes, 0)
        ways = [a for a in self.arrows if not a.late and a.source != a.target]
        for _ in self.boxes:
            deeper = {
                a.target: found[a.source] + 1 for a in ways if found[a.target] <= found[a.source]
            }
            if not deeper:
                break
            for name, layer in deeper.items():
                found[name] = max(found[name], layer)
        return found


def diagram_of(patch: Patch, late: Mapping[str, str]) -> Diagram:
    """The boxes and arrows of a patch; an instrument is one box.

    Args:
        patch: the patch.
        late: the engine's names of the cables that carry the block before, and why.
    """
    whole = {
        node.name: name
        for name, instrument in patch.instruments.items()
        for node in inner_nodes(patch, instrument)
    }
    silenced, audible = why_silent(patch), heard(patch)
    boxes: dict[str, Box] = {}
    for node in patch.nodes.values():
        name = whole.get(node.name, node.name)
        kind = patch.instruments[name].kind if node.name in whole else node.kind
        quiet = silenced.get(node.name) or (boxes[name].quiet if name in boxes else "")
        boxes[name] = Box(name, kind, quiet)
    arrows = [
        _arrow(patch, cable, whole, late.get(cable_key(patch, cable), ""))
        for cable in patch.cables
        if whole.get(cable.source, cable.source) != whole.get(cable.target, cable.target)
        or cable.source not in whole
    ]
    by_hand = {c.source for c in patch.cables if (c.target, c.input) == (OUT, "in")}
    arrows += [
        Arrow(whole.get(name, name), "", OUT, "", is_own=True)
        for name in audible
        if name not in by_hand
    ]
    return Diagram(boxes, tuple(arrows))


def _arrow(patch: Patch, cable: Cable, whole: dict[str, str], late: str) -> Arrow:
    source, target = patch.nodes[cable.source], patch.nodes[cable.target]
    main = target.declaration.main_input
    is_main_input = main is not None and target.declaration.inputs[main].name == cable.input
    is_main_output = source.declaration.outputs[0].name == cable.output
    return Arrow(
        whole.get(source.name, source.name),
        "" if is_main_output else cable.output,
        whole.get(target.name, target.name),
        "" if is_main_input else _port(patch, cable, whole),
        cable.text,
        late=late,
        carries=is_main_output and is_main_input,
    )


def _port(patch: Patch, cable: Cable, whole: dict[str, str]) -> str:
    """An input as who plays calls it: that of an instrument by the name that it has outside."""
    if cable.target not in whole:
        return cable.input
    name = whole[cable.target]
    inner = cable.target.removeprefix(f"{name}/")
    for port, exposed in patch.instruments[name].ports.items():
        if (exposed.node, exposed.port) == (inner, cable.input):
            return port
    return f"{inner}.{cable.input}"


# ---- text


@dataclass(slots=True)
class _Tree:
    """A box, and what is drawn to its left.

    Attributes:
        box: the box.
        arrow: that leads on from it; None at the right end.
        children: what leads into it.
        is_cut: whether that is drawn elsewhere.
    """

    box: Box
    arrow: Arrow | None
    children: list[_Tree] = field(default_factory=list)
    is_cut: bool = False

    @property
    def spreads(self) -> bool:
        """Whether something is drawn to its left."""
        return bool(self.children) and not self.is_cut

    @property
    def text(self) -> str:
        """The box as it is drawn."""
        return f"...[ {self.box.label} ]" if self.is_cut else f"[ {self.box.label} ]"

    @property
    def line(self) -> str:
        """The beginning of the arrow, up to where it may be drawn longer."""
        if self.arrow is None:
            return ""
        dash = "═" if self.arrow.is_own else "─"
        output = f".{self.arrow.output} " if self.arrow.output else ""
        label = f" {self.arrow.label} " if self.arrow.label else ""
        return f"{output}{dash}{label}{dash}"

    @property
    def width(self) -> int:
        """Columns of all of it, with the beginning of its arrow."""
        left = max(child.width for child in self.children) + 3 if self.spreads else 0
        return left + len(self.text) + len(self.line)


def text_of(diagram: Diagram, width: int = WIDTH) -> list[str]:
    """The lines of the picture, none wider than a page."""
    drawn = _drawn_arrows(diagram)
    into: dict[str, list[Arrow]] = {}
    for arrow in drawn.values():
        into.setdefault(arrow.target, []).append(arrow)
    cut: list[_Tree] = []

    ends = [name for name in diagram.boxes if name not in drawn and name != OUT]
    trees = [_tree(diagram, name, into, width, cut) for name in (OUT, *ends)]
    lines: list[str] = []
    for found in [*cut, *trees]:
        rows, row = _rows(found)
        if found.box.name in ends:
            rows[row] += "   (not heard)"
        lines += [line.rstrip() for line in rows] + [""]
    shown = {id(arrow) for arrow in drawn.values()}
    rest = [arrow for arrow in diagram.arrows if id(arrow) not in shown]
    if rest:
        lines += ["and:", *(f"  {_sentence(arrow)}" for arrow in rest), ""]
    return [*(_cut(line, width) for line in lines), LEGEND]


def _tree(
    diagram: Diagram, end: str, into: dict[str, list[Arrow]], width: int, cut: list[_Tree]
) -> _Tree:
    """What leads to a box; what is too wide is cut, and added to what is drawn before."""
    found: dict[str, _Tree] = {}
    waiting: list[tuple[str, Arrow | None]] = [(end, None)]
    while waiting:
        name, arrow = waiting[-1]
        missing = [(a.source, a) for a in into.get(name, []) if a.source not in found]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        children = [found[a.source] for a in into.get(name, [])]
        found[name] = _Tree(diagram.boxes[name], arrow, children)
        while found[name].width > width and any(child.spreads for child in children):
            widest = max((c for c in children if c.spreads), key=lambda child: child.width)
            cut.append(_Tree(widest.box, None, widest.children))
            widest.is_cut = True
    return found[end]


def _drawn_arrows(diagram: Diagram) -> dict[str, Arrow]:
    """The arrow that is drawn of each box: the first that carries its sound."""
    found: dict[str, Arrow] = {}
    for arrow in sorted(diagram.arrows, key=lambda a: (not a.is_own, not a.carries)):
        if arrow.source not in found and not arrow.late and not _leads_back(arrow, found):
            found[arrow.source] = arrow
    return {name: found[name] for name in diagram.boxes if name in found}


def _leads_back(arrow: Arrow, found: dict[str, Arrow]) -> bool:
    """Whether an arrow would close a circle of those that are drawn."""
    at = arrow.target
    while at in found and at != arrow.source:
        at = found[at].target
    return at == arrow.source


def _rows(tree: _Tree) -> tuple[list[str], int]:
    """The lines of a tree without its own arrow, and which of them holds its box."""
    if not tree.spreads:
        return [tree.text], 0
    blocks = [(child, *_rows(child)) for child in tree.children]
    widest = max(child.width for child in tree.children)
    rows: list[str] = []
    places: list[int] = []
    for child, lines, at in blocks:
        dash = "═" if child.arrow is not None and child.arrow.is_own else "─"
        places.append(len(rows) + at)
        for index, line in enumerate(lines):
            if index == at:
                rows.append(f"{line}{child.line}".ljust(widest, dash))
            else:
                rows.append(line.ljust(widest))
    row = places[len(places) // 2]
    own = [child.arrow is not None and child.arrow.is_own for child in tree.children]
    joints = _joints(len(rows), places, row, own)
    dash = "═" if any(own) else "─"
    for index, joint in enumerate(joints):
        rows[index] += joint
        if index == row:
            rows[index] += f"{dash}>{tree.text}"
    return rows, row


JOINTS: Final = {
    # (from above, to below, box here): single line, double line, single line into a double one
    (False, False, True): "─══",
    (False, True, False): "┐╗╖",
    (True, True, False): "┤╣╢",
    (True, False, False): "┘╝╜",
    (False, True, True): "┬╦╥",
    (True, True, True): "┼╬╫",
    (True, False, True): "┴╩╨",
}


def _joints(count: int, places: list[int], row: int, own: list[bool]) -> list[str]:
    """The column in which lines meet."""
    joints = []
    for index in range(count):
        if index in places:
            ways = (index > places[0], index < places[-1], index == row)
            style = 0 if not any(own) else 1 if own[places.index(index)] else 2
            joints.append(JOINTS[ways][style])
        elif places[0] < index < places[-1]:
            joints.append("║" if any(own) else "│")
        else:
            joints.append(" ")
    return joints


def _sentence(arrow: Arrow) -> str:
    source = f"{arrow.source}.{arrow.output}" if arrow.output else arrow.source
    target = f"{arrow.target}.{arrow.input}" if arrow.input else arrow.target
    amount = f" by {arrow.amount}" if arrow.amount else ""
    late = f"   (one block late: {arrow.late})" if arrow.late else ""
    return f"{source} ──> {target}{amount}{late}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."


# ---- graphviz


def dot_of(diagram: Diagram) -> str:
    """The graph in the language of graphviz."""
    shapes = [
        f"  {_quoted(box.name)} [label={_quoted(box.label)}];" for box in diagram.boxes.values()
    ]
    return "\n".join(
        [
            "digraph patch {",
            "  rankdir=LR;",
            '  node [shape=box, style=rounded, fontname="sans-serif"];',
            '  edge [fontname="sans-serif", fontsize=10];',
            *shapes,
            *map(_edge, diagram.arrows),
            "}",
            "",
        ]
    )


def _edge(arrow: Arrow) -> str:
    amount = f"by {arrow.amount}" if arrow.amount else ""
    label = " ".join(filter(None, (arrow.output and f"{arrow.output} >", arrow.input, amount)))
    how = [f"label={_quoted(label)}"] if label else []
    how += ['color="black:invis:black"'] if arrow.is_own else []
    how += ["style=dashed", "constraint=false"] if arrow.late else []
    shown = f" [{', '.join(how)}]" if how else ""
    return f"  {_quoted(arrow.source)} -> {_quoted(arrow.target)}{shown};"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
