"""A patch as command lines: what `save` writes, and what `open` reads back to the same patch."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from chronus.language.statements import Load, Meter, Sequence, Set, Swing, Tempo, Unpatch
from chronus.language.statements import Patch as PatchStatement
from chronus.patch.model import OUT, STRIP_PORTS

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input
    from chronus.language.statements import SequenceOptions
    from chronus.patch.model import Node, Patch

BUILDING = (Load, PatchStatement, Unpatch, Set, Tempo, Meter, Swing, Sequence)
"""Statements that a patch file may hold: they build, and do nothing else."""


def patch_lines(patch: Patch) -> list[str]:
    """The lines that build a patch from nothing, in a stable order."""
    count, unit = patch.meter
    lines = [f"tempo {_number(patch.bpm)}", f"meter {count}/{unit}", f"swing {_share(patch.swing)}"]
    nodes = [node for node in patch.nodes.values() if node.name != OUT]
    lines += [_load_line(node) for node in nodes]
    for cable in patch.cables:
        amount = f" by {cable.text}" if cable.text else ""
        ends = f"{cable.source}.{cable.output} > {cable.target}.{cable.input}"
        lines.append(f"patch {ends}{amount}")
    lines += [f"unpatch {name} > {OUT}" for name in patch.nodes if name in patch.silenced]
    for node in patch.nodes.values():
        for name in sorted(node.values):
            own = node.declaration.find_input(name) is not None
            if node.name == OUT or (not own and name in STRIP_PORTS):
                lines.append(f"set {node.name}.{name} {_value(node, name)}")
    for target, sequence in patch.sequences.items():
        lines.append(f"sequence {target}: {sequence.text}{_options(sequence.options)}")
    return lines


def _load_line(node: Node) -> str:
    words = [f"load {node.kind} as {node.name}"]
    own = [name for name in sorted(node.values) if node.declaration.find_input(name) is not None]
    return " ".join([*words, *(f"{name}={_value(node, name)}" for name in own)])


def _value(node: Node, name: str) -> str:
    port: Input | None = node.port(name)
    assert port is not None, name
    value = node.values[name]
    if port.choices:
        return port.choices[round(value)]
    return f"{_number(value)}{port.unit}"


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _share(value: float) -> str:
    """A share in percent where that reads back as the very same number, else as it is."""
    percent = f"{value * 100:.12g}"
    return f"{percent}%" if float(Fraction(percent) / 100) == value else _number(value)


def _options(options: SequenceOptions) -> str:
    words = []
    if options.step != Fraction(1, 16):
        words.append(f"step {options.step.numerator}/{options.step.denominator}")
    if options.swing is not None:
        words.append(f"swing {_share(options.swing)}")
    if options.rotate:
        words.append(f"rotate {options.rotate}")
    if options.gate != 0.5:
        words.append(f"gate {_share(options.gate)}")
    if options.transpose_st:
        words.append(f"transpose {_number(options.transpose_st)}st")
    return "".join(f" {word}" for word in words)
