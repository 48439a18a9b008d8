"""A patch as command lines: what `save` writes, and what `open` reads back to the same patch.

The order is that of the patch, however it came to be: nodes as they were loaded (a cycle that is
patched in at once is closed at its oldest node, so that is part of how it sounds), cables by their
sources and then their targets, ports by name, sequences by their nodes and then their ports. What
changes in a patch changes its own lines, and no others.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chronus.language.instruments import Instrument as InstrumentStatement
from chronus.language.quantities import in_unit
from chronus.language.scenes import DefineSong, StoreScene
from chronus.language.statements import (
    ChangeFile,
    Load,
    Meter,
    Mute,
    Set,
    Solo,
    Swing,
    Tempo,
    Unpatch,
)
from chronus.language.statements import Patch as PatchStatement
from chronus.language.steps import Sequence, all_within, has_chance
from chronus.patch.instruments import (
    inner_nodes,
    instrument_of,
    own_pitch,
    played_ports,
    text_of,
)
from chronus.patch.model import OUT, STRIP_PORTS
from chronus.patch.musical import UNITS as MUSICAL
from chronus.patch.musical import Musical
from chronus.patch.naming import is_within, shown_ends, shown_input, shown_node, shown_target
from chronus.session.recordings import file_text
from chronus.session.scenes import scene_line, scene_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from chronus.dsp.declaration import Input
    from chronus.patch.instruments import Instrument
    from chronus.patch.model import Cable, Node, Patch

BUILDING = (
    *(Load, ChangeFile, PatchStatement, Unpatch, Set, Mute, Solo, Tempo, Meter, Swing, Sequence),
    *(StoreScene, DefineSong, InstrumentStatement),
)
"""Statements that a patch file may hold: they build, and do nothing else."""


VERSION: Final = 1
"""Of what a patch file may hold; a file with a later one is refused, and told so."""
HEAD: Final = f"# chronus patch {VERSION}"
VERSION_LINE: Final = re.compile(r"#\s*chronus patch ([0-9]+)\s*", re.ASCII)


def patch_lines(
    patch: Patch,
    in_full: Collection[str] = (),
    *,
    in_block: bool = False,
    folder: Path | None = None,
) -> list[str]:
    """The lines that build a patch from nothing, in a stable order.

    Args:
        patch: which.
        in_full: instruments, by their kinds, whose files do not say what they are.
        in_block: whether they are to stand in a block, which holds no other.
        folder: from which sound files are named; None: by their whole paths.
    """
    count, unit = patch.meter
    lines = [
        f"tempo {number_text(patch.bpm)}",
        f"meter {count}/{unit}",
        f"swing {share_text(patch.swing)}",
    ]
    early = _as_patterns_found_it(patch)
    lines += _load_lines(early, in_full, folder)
    lines += [cable_line(cable, patch) for cable in patch.cables if not _is_made(patch, cable)]
    lines += [f"unpatch {ends_text(cable, patch)}" for cable in _pulled_out(patch)]
    silenced = [name for name in patch.nodes if name in patch.silenced]
    lines += [f"unpatch {shown_node(patch, name)} > {OUT}" for name in silenced]
    for node in patch.nodes.values():
        for name in _set_ports(patch, node):
            own = node.declaration.find_input(name) is not None
            if node.name == OUT or (not own and name in STRIP_PORTS):
                lines.append(set_line(patch, node, name))
    lines += [f"mute {shown_node(patch, name)}" for name in patch.nodes if name in patch.muted]
    lines += [f"solo {shown_node(patch, name)}" for name in patch.nodes if name in patch.soloed]
    for target in in_order(patch):
        lines.append(sequence_line(target, patch))
    for node, port, _ in _own_pitches(patch):
        # Its pattern goes on with the pitch that it had when that was said.
        lines.append(set_line(patch, node, port))
    for name, commands in patch.scenes.items():
        lines += [scene_line(name, commands)] if in_block else scene_lines(name, commands)
    if patch.song is not None:
        lines.append(f"song: {patch.song}")
    return lines


def in_order(patch: Patch) -> list[str]:
    """The targets of a patch's sequences: by their nodes, and each before its ports."""
    place = {name: index for index, name in enumerate(patch.nodes)}
    return sorted(patch.sequences, key=lambda t: (place[t.split(".")[0]], t))


def ends_text(cable: Cable, patch: Patch) -> str:
    """Where a cable is plugged in, as it is written."""
    return " > ".join(shown_ends(patch, cable))


def cable_line(cable: Cable, patch: Patch) -> str:
    """The line that plugs a cable in."""
    amount = f" by {cable.text}" if cable.text else ""
    return f"patch {ends_text(cable, patch)}{amount}"


def sequence_line(target: str, patch: Patch) -> str:
    """The line that lets a sequence play."""
    sequence = patch.sequences[target]
    name, _, port = target.partition(".")
    shown, declared = shown_target(patch, target), _exposed(patch, name, port)
    values = [step.value for step in all_within(sequence.steps) if step.value is not None]
    values = [value for value in values if value.unit not in MUSICAL]
    if declared is not None and not all(
        declared.low <= in_unit(value, declared.unit) <= declared.high for value in values
    ):
        shown = target
    return f"sequence {shown}: {sequence.text}{options_text(shown, sequence)}"


def seed_of(target: str) -> int:
    """The seed of a sequence that names none, by what it plays when it is said."""
    return zlib.crc32(target.encode()) % 100_000


def set_line(patch: Patch, node: Node, name: str) -> str:
    """The line that sets a port to what it is, by what an instrument calls it if that reaches."""
    ref, port = shown_input(patch, node.name, name), _exposed(patch, node.name, name)
    if port is not None and not port.low <= node.value(name) <= port.high:
        ref = f"{node.name}.{name}"
    return f"set {ref} {value_text(node, name)}"


def _exposed(patch: Patch, node: str, port: str) -> Input | None:
    """A port as its instrument shows it, where that may be a part of its range."""
    instrument = instrument_of(patch, node)
    called = None if instrument is None else instrument.exposed_as(node, port)
    if instrument is None or called is None or instrument.ports[called].declared.choices:
        return None
    return instrument.ports[called].declared


def _own_pitches(patch: Patch) -> list[tuple[Node, str, float]]:
    """Where a pattern goes on with a pitch that is another now: the port, and that pitch."""
    found = []
    for target in in_order(patch):
        own_hz = patch.sequences[target].own_hz
        if own_hz is not None and own_hz != own_pitch(patch, target):
            node, port = played_ports(patch, target)["freq"]
            found.append((node, port.name, own_hz))
    return found


def _as_patterns_found_it(patch: Patch) -> Patch:
    """A patch with the pitches that its patterns took over."""
    for node, port, own_hz in _own_pitches(patch):
        # Written out even where it is the default.
        values = MappingProxyType({**patch.nodes[node.name].values, port: own_hz})
        patch = patch.with_node(replace(patch.nodes[node.name], values=values))
    return patch


# ---- what is loaded


def _load_lines(patch: Patch, in_full: Collection[str], folder: Path | None) -> list[str]:
    lines: list[str] = []
    sets: list[str] = []
    told: dict[str, str] = {}
    done: set[str] = set()
    for node in patch.nodes.values():
        instrument = instrument_of(patch, node.name)
        if node.name == OUT or (instrument is not None and instrument.name in done):
            continue
        if instrument is None:
            lines.append(load_line(node, folder))
            continue
        done.add(instrument.name)
        text = text_of(instrument)
        if instrument.kind in in_full and told.get(instrument.kind) != text:
            told[instrument.kind] = text
            lines.append(text)
        settings, others = _settings(patch, instrument)
        lines.append(instrument_line(instrument, settings))
        sets += [*_other_files(patch, instrument, folder), *others]
    return lines + sets


def load_line(node: Node, folder: Path | None = None) -> str:
    """The line that loads a node, with the ports of its own that are set.

    Args:
        node: which.
        folder: from which its sound file is named; None: by its whole path.
    """
    words = [f"load {node.kind} as {node.name}"]
    if node.recording is not None:
        words.append(file_text(node, folder))
    own = [name for name in sorted(node.values) if node.declaration.find_input(name) is not None]
    words += [f"{name}={value_text(node, name)}" for name in own]
    return " ".join([*words, *[f"seed {node.seed}"] * (node.seed is not None)])


def file_line(node: Node, folder: Path | None = None) -> str:
    """The line that lets a node play its file, in place of another one."""
    return f"file {node.name} {file_text(node, folder).removeprefix('file ')}"


def instrument_line(instrument: Instrument, settings: Iterable[str] = ()) -> str:
    """The line that loads an instrument, with what is said of it."""
    words = [f"load {instrument.kind} as {instrument.name}", *settings]
    made = instrument.definition
    assert made is not None, instrument.name
    if instrument.voices != made.voices:
        words.append(f"voices {instrument.voices}")
    if instrument.legato != made.legato:
        words.append("legato" if instrument.legato else "legato off")
    if instrument.seed is not None:
        words.append(f"seed {instrument.seed}")
    return " ".join(words)


def _other_files(patch: Patch, instrument: Instrument, folder: Path | None) -> list[str]:
    """Lines for the nodes of an instrument that play other files than it says."""
    nodes = [(node, _made(patch, node)) for node in inner_nodes(patch, instrument)]
    return [
        file_line(node, folder)
        for node, made in nodes
        if node.recording is not None and made is not None and node.recording != made.recording
    ]


def _settings(patch: Patch, instrument: Instrument) -> tuple[list[str], list[str]]:
    """What differs from an instrument's file: behind its `load`, and as lines of their own."""
    settings, lines = [], []
    for node in inner_nodes(patch, instrument):
        for name in _set_ports(patch, node):
            if node.declaration.find_input(name) is None:
                continue  # of its channel strip
            line = set_line(patch, node, name)
            ref, value = line.removeprefix("set ").split(" ", maxsplit=1)
            owner, _, port = ref.partition(".")
            if owner == instrument.name:
                settings.append(f"{port}={value}")
            else:
                lines.append(line)
    return sorted(settings), lines


def _set_ports(patch: Patch, node: Node) -> list[str]:
    """The ports of a node that are set to something else than when it is loaded."""
    made = _made(patch, node)
    if made is None:
        return sorted(node.values)
    return [n for n in sorted({*node.values, *made.values}) if node.value(n) != made.value(n)]


def _made(patch: Patch, node: Node) -> Node | None:
    """A node as its instrument's file makes it; None where it is of none."""
    instrument = instrument_of(patch, node.name)
    if instrument is None or instrument.definition is None:
        return None
    return instrument.definition.node(node.name.rpartition("/")[2])


def _is_made(patch: Patch, cable: Cable) -> bool:
    """Whether a cable is as an instrument's file makes it."""
    instrument = instrument_of(patch, cable.source)
    if instrument is None or not is_within(patch, cable):
        return False
    return _meaning(cable) in [_meaning(one) for one in _made_cables(instrument)]


def _made_cables(instrument: Instrument) -> list[Cable]:
    assert instrument.definition is not None, instrument.name
    return [instrument.inside(cable) for cable in instrument.definition.cables]


def _meaning(cable: Cable) -> tuple[object, ...]:
    return (cable.ends, cable.amount, cable.bends, cable.text)


def _pulled_out(patch: Patch) -> list[Cable]:
    """Cables of instruments' files that are not there any more."""
    there = {cable.ends for cable in patch.cables}
    return [
        cable
        for instrument in patch.instruments.values()
        for cable in _made_cables(instrument)
        if cable.ends not in there
    ]


def value_text(node: Node, name: str) -> str:
    """What a port is set to, as it reads back to the very same number."""
    port: Input | None = node.port(name)
    assert port is not None, name
    value = node.value(name)
    if port.choices:
        return port.choices[round(value)]
    if isinstance(value, Musical):
        return str(value)
    return f"{number_text(value)}{port.unit}"


def number_text(value: float) -> str:
    """A number that reads back to the very same."""
    return repr(value).removesuffix(".0")


def share_text(value: float) -> str:
    """A share in percent where that reads back as the very same number, else as it is."""
    percent = f"{value * 100:.12g}"
    return f"{percent}%" if float(Fraction(percent) / 100) == value else number_text(value)


def options_text(target: str, sequence: Sequence) -> str:
    """The options behind a pattern, but for those that go without saying."""
    options = sequence.options
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
    if options.scale:
        words.append(f"scale {options.scale}")
    goes_without_saying = seed_of(target) if has_chance(sequence.steps) else None
    if options.seed != goes_without_saying and options.seed is not None:
        words.append(f"seed {options.seed}")
    if options.smooth:
        words.append("smooth")
    return "".join(f" {word}" for word in words)
