"""A patch as command lines: what `save` writes, and what `open` reads back to the same patch.

The order is that of the patch, however it came to be: nodes as they were loaded (a cycle is closed
at its oldest node, so that is part of how it sounds), cables by their sources and then their
targets, ports by name, sequences by their nodes and then their ports. What changes in a patch
changes its own lines, and no others.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from chronus.language.scenes import DefineSong, StoreScene
from chronus.language.statements import (
    Load,
    Meter,
    Mute,
    Sequence,
    Set,
    Solo,
    Swing,
    Tempo,
    Unpatch,
)
from chronus.language.statements import Patch as PatchStatement
from chronus.patch.model import OUT, STRIP_PORTS
from chronus.session.scenes import scene_line, scene_lines

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input
    from chronus.language.statements import SequenceOptions
    from chronus.patch.model import Cable, Node, Patch

BUILDING = (
    *(Load, PatchStatement, Unpatch, Set, Mute, Solo, Tempo, Meter, Swing, Sequence),
    *(StoreScene, DefineSong),
)
"""Statements that a patch file may hold: they build, and do nothing else."""


VERSION: Final = 1
"""Of what a patch file may hold; a file with a later one is refused, and told so."""
HEAD: Final = f"# chronus patch {VERSION}"
VERSION_LINE: Final = re.compile(r"#\s*chronus patch ([0-9]+)\s*", re.ASCII)


def patch_lines(patch: Patch, *, in_block: bool = False) -> list[str]:
    """The lines that build a patch from nothing, in a stable order.

    Args:
        patch: the patch.
        in_block: whether they are to stand in a block, which holds no other.
    """
    count, unit = patch.meter
    lines = [
        f"tempo {number_text(patch.bpm)}",
        f"meter {count}/{unit}",
        f"swing {share_text(patch.swing)}",
    ]
    nodes = [node for node in patch.nodes.values() if node.name != OUT]
    lines += [load_line(_as_its_pattern_found_it(node, patch)) for node in nodes]
    lines += [cable_line(cable) for cable in patch.cables]
    lines += [f"unpatch {name} > {OUT}" for name in patch.nodes if name in patch.silenced]
    for node in patch.nodes.values():
        for name in sorted(node.values):
            own = node.declaration.find_input(name) is not None
            if node.name == OUT or (not own and name in STRIP_PORTS):
                lines.append(f"set {node.name}.{name} {value_text(node, name)}")
    lines += [f"mute {name}" for name in patch.nodes if name in patch.muted]
    lines += [f"solo {name}" for name in patch.nodes if name in patch.soloed]
    for target in in_order(patch):
        lines.append(sequence_line(target, patch.sequences[target]))
    for node in nodes:
        if _own_hz(node, patch) is not None:
            # Its pattern goes on with the pitch that it had when that was said.
            lines.append(f"set {node.name}.freq {value_text(node, 'freq')}")
    for name, commands in patch.scenes.items():
        lines += [scene_line(name, commands)] if in_block else scene_lines(name, commands)
    if patch.song is not None:
        lines.append(f"song: {patch.song}")
    return lines


def in_order(patch: Patch) -> list[str]:
    """The targets of a patch's sequences: by their nodes, and each before its ports."""
    place = {name: index for index, name in enumerate(patch.nodes)}
    return sorted(patch.sequences, key=lambda t: (place[t.split(".")[0]], t))


def cable_line(cable: Cable) -> str:
    """The line that plugs a cable in."""
    amount = f" by {cable.text}" if cable.text else ""
    return f"patch {cable.source}.{cable.output} > {cable.target}.{cable.input}{amount}"


def sequence_line(target: str, sequence: Sequence) -> str:
    """The line that lets a sequence play."""
    return f"sequence {target}: {sequence.text}{_options(sequence.options)}"


def _own_hz(node: Node, patch: Patch) -> float | None:
    """The pitch that a node's pattern took over from it, where the node has another one now."""
    sequence = patch.sequences.get(node.name)
    own_hz = None if sequence is None else sequence.own_hz
    return own_hz if own_hz is not None and own_hz != node.value("freq") else None


def load_line(node: Node) -> str:
    """The line that loads a node, with the ports of its own that are set."""
    words = [f"load {node.kind} as {node.name}"]
    own = [name for name in sorted(node.values) if node.declaration.find_input(name) is not None]
    return " ".join([*words, *(f"{name}={value_text(node, name)}" for name in own)])


def value_text(node: Node, name: str) -> str:
    """What a port is set to, as it reads back to the very same number."""
    port: Input | None = node.port(name)
    assert port is not None, name
    value = node.value(name)
    if port.choices:
        return port.choices[round(value)]
    return f"{number_text(value)}{port.unit}"


def _as_its_pattern_found_it(node: Node, patch: Patch) -> Node:
    """A node with the pitch that its pattern took over."""
    own_hz = _own_hz(node, patch)
    return node if own_hz is None else replace(node, values={**node.values, "freq": own_hz})


def number_text(value: float) -> str:
    """A number that reads back to the very same."""
    return repr(value).removesuffix(".0")


def share_text(value: float) -> str:
    """A share in percent where that reads back as the very same number, else as it is."""
    percent = f"{value * 100:.12g}"
    return f"{percent}%" if float(Fraction(percent) / 100) == value else number_text(value)


def _options(options: SequenceOptions) -> str:
    words = []
    if options.step != Fraction(1, 16):
        words.append(f"step {options.step.numerator}/{options.step.denominator}")
    if options.swing is not None:
        words.append(f"swing {share_text(options.swing)}")
    if options.rotate:
        words.append(f"rotate {options.rotate}")
    if options.gate != 0.5:
        words.append(f"gate {share_text(options.gate)}")
    if options.transpose_st:
        words.append(f"transpose {number_text(options.transpose_st)}st")
    return "".join(f" {word}" for word in words)
