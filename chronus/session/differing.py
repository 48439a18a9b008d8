"""The command lines that lead from one patch to another, as `diff` shows them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chronus.patch.hearing import heard
from chronus.patch.instruments import (
    instrument_of,
    own_pitch,
    played_ports,
    text_of,
    with_instrument,
    without_instrument,
)
from chronus.patch.model import OUT, STRIP_PORTS
from chronus.patch.naming import shown_node, shown_target
from chronus.session.saving import (
    cable_line,
    ends_text,
    file_line,
    in_order,
    instrument_line,
    load_line,
    number_text,
    sequence_line,
    set_line,
    share_text,
)
from chronus.session.scenes import scene_line

if TYPE_CHECKING:
    from collections.abc import Collection

    from chronus.patch.instruments import Instrument
    from chronus.patch.model import Cable, Node, Patch

COVERED: Final = frozenset(
    {
        *("nodes", "cables", "silenced", "muted", "soloed", "sequences", "bpm", "meter", "swing"),
        *("instruments", "scenes", "song", "count"),
    },
)
"""Every field of a patch; numbers are no part of what lines say. A test asks for all."""


@dataclass(slots=True)
class _Lines:
    """Lines, and the patch that they have led to so far."""

    patch: Patch
    lines: list[str] = field(default_factory=list)

    def say(self, line: str, patch: Patch) -> None:
        self.lines.append(line)
        self.patch = patch

    def say_while_heard(self, name: str, line: str, patch: Patch) -> None:
        """Say what needs a channel strip; a node that is not heard is so for an instant."""
        if name == OUT or name in heard(self.patch):
            self.say(line, patch)
            return
        cable = _to_out(self.patch.nodes[name])
        self.say(
            f"patch {cable}; {line}; unpatch {cable}",
            replace(patch, silenced=patch.silenced - {name}),
        )


def diff_lines(before: Patch, after: Patch, in_full: Collection[str] = ()) -> list[str]:
    """The lines that make one patch the other, each of them right where it stands.

    Args:
        before: what is.
        after: what is to be.
        in_full: instruments, by their kinds, whose files do not say what they are.

    A node of the same name and kind is the same node. What differs only in the numbers that nodes
    and cables have, or in the order in which nodes were loaded, differs in nothing here.
    """
    at = _Lines(before)
    if after.bpm != before.bpm:
        at.say(f"tempo {number_text(after.bpm)}", replace(at.patch, bpm=after.bpm))
    if after.meter != before.meter:
        count, unit = after.meter
        at.say(f"meter {count}/{unit}", replace(at.patch, meter=after.meter))
    if after.swing != before.swing:
        at.say(f"swing {share_text(after.swing)}", replace(at.patch, swing=after.swing))
    for target in in_order(before):
        if target not in after.sequences and _is_same_node(before, after, target.split(".")[0]):
            at.say(
                f"unsequence {shown_target(at.patch, target)}", at.patch.with_sequence(target, None)
            )
    _nodes(at, after, in_full)
    _cables(at, after)
    _values(at, after)
    _sequences(at, after)
    _strips(at, after)
    _silence(at, after)
    _scenes(at, after)
    return at.lines


def _to_out(node: Node) -> str:
    return f"{node.name}.{node.declaration.outputs[0].name} > {OUT}.in"


def _is_same_node(before: Patch, after: Patch, name: str) -> bool:
    one, other = before.nodes.get(name), after.nodes.get(name)
    if one is None or other is None:
        return False
    # A node can come to play another file, and not to play none.
    plays = one.recording is None or other.recording is not None
    is_alike = plays and (one.kind, one.sown) == (other.kind, other.sown)
    return is_alike and instrument_of(before, name) == instrument_of(after, name)


def _nodes(at: _Lines, after: Patch, in_full: Collection[str]) -> None:
    for name in list(at.patch.nodes):
        if name in at.patch.nodes and not _is_same_node(at.patch, after, name):
            instrument = instrument_of(at.patch, name)
            if instrument is None:
                at.say(f"unload {name}", at.patch.without_node(name))
            else:
                at.say(f"unload {instrument.name}", without_instrument(at.patch, instrument))
    for node in after.nodes.values():
        instrument = instrument_of(after, node.name)
        if instrument is not None and instrument.name not in at.patch.instruments:
            _load_instrument(at, instrument, in_full)
        there = at.patch.nodes.get(node.name)
        if there is not None and there.recording != node.recording:
            at.say(file_line(node), at.patch.with_node(replace(there, recording=node.recording)))
        if there is None:
            own = {
                name: value
                for name, value in node.values.items()
                if node.declaration.find_input(name) is not None
            }
            new = replace(node, number=at.patch.count, values=MappingProxyType(own))
            at.say(load_line(new), at.patch.with_node(new))


def _load_instrument(at: _Lines, instrument: Instrument, in_full: Collection[str]) -> None:
    if instrument.kind in in_full:
        at.lines.append(text_of(instrument))
    made = instrument.definition
    assert made is not None, instrument.name
    how = (at.patch, made, instrument.name, instrument.voices)
    patch = with_instrument(*how, legato=instrument.legato, seed=instrument.seed)
    at.say(instrument_line(instrument), patch)


def _cables(at: _Lines, after: Patch) -> None:
    wanted = {cable.ends: cable for cable in after.cables}
    for cable in at.patch.cables:
        there = wanted.get(cable.ends)
        # The same amount in other words is no change for `patch`.
        if there is None or (_amount(there) == _amount(cable) and there.text != cable.text):
            ends = ends_text(cable, at.patch)
            at.say(f"unpatch {ends}", at.patch.without_cables(frozenset({cable.number})))
    plugged = {cable.ends: _amount(cable) for cable in at.patch.cables}
    for cable in after.cables:
        if plugged.get(cable.ends) != _amount(cable):
            patch = at.patch.with_cable(replace(cable, number=at.patch.count))
            if at.patch.nodes[cable.target].declaration.find_input(cable.input) is None:
                at.say_while_heard(cable.target, cable_line(cable, after), patch)
            else:
                at.say(cable_line(cable, after), patch)


def _amount(cable: Cable) -> tuple[float, bool]:
    return cable.amount, cable.bends


def _values(at: _Lines, after: Patch) -> None:
    for node in after.nodes.values():
        for name in sorted({*node.values, *at.patch.nodes[node.name].values}):
            value = node.value(name)
            if at.patch.nodes[node.name].value(name) == value:
                continue
            line = set_line(after, node, name)
            patch = at.patch.with_value(node.name, name, value)
            if name in STRIP_PORTS and node.declaration.find_input(name) is None:
                at.say_while_heard(node.name, line, patch)
            else:
                at.say(line, patch)


def _sequences(at: _Lines, after: Patch) -> None:
    for target in in_order(after):
        sequence = after.sequences[target]
        if at.patch.sequences.get(target) == sequence:
            continue
        name, _, port = target.partition(".")
        line, node = sequence_line(target, after), after.nodes[name]
        own_hz = sequence.own_hz
        if own_hz is not None and own_hz != own_pitch(after, name):
            owner, freq = played_ports(after, name)["freq"]
            own = f"set {owner.name}.{freq.name} {number_text(own_hz)}hz"
            line = f"{own}; {line}; {set_line(after, owner, freq.name)}"
        patch = at.patch.with_sequence(target, sequence)
        if port and node.declaration.find_input(port) is None:
            at.say_while_heard(name, line, patch)
        else:
            at.say(line, patch)


def _strips(at: _Lines, after: Patch) -> None:
    for name in after.nodes:
        if name in at.patch.muted - after.muted:
            at.say(
                f"unmute {shown_node(after, name)}",
                replace(at.patch, muted=at.patch.muted - {name}),
            )
        elif name in after.muted - at.patch.muted:
            patch = replace(at.patch, muted=at.patch.muted | {name})
            at.say_while_heard(name, f"mute {shown_node(after, name)}", patch)
        if name in at.patch.soloed - after.soloed:
            at.say(
                f"unsolo {shown_node(after, name)}",
                replace(at.patch, soloed=at.patch.soloed - {name}),
            )
        elif name in after.soloed - at.patch.soloed:
            patch = replace(at.patch, soloed=at.patch.soloed | {name})
            at.say_while_heard(name, f"solo {shown_node(after, name)}", patch)


def _silence(at: _Lines, after: Patch) -> None:
    for name in after.nodes:
        if name in after.silenced and name not in at.patch.silenced:
            at.say(
                f"unpatch {shown_node(after, name)} > {OUT}", at.patch.silence(frozenset({name}))
            )
        elif name in at.patch.silenced and name not in after.silenced:
            cable = _to_out(after.nodes[name])
            at.say(
                f"patch {cable}; unpatch {cable}",
                replace(at.patch, silenced=at.patch.silenced - {name}),
            )


def _scenes(at: _Lines, after: Patch) -> None:
    for name, commands in after.scenes.items():
        if at.patch.scenes.get(name) != commands:
            at.say(scene_line(name, commands), at.patch.with_scene(name, commands))
    if after.song is None and at.patch.song is not None:
        at.say("unsong", replace(at.patch, song=None))
    elif after.song != at.patch.song:
        at.say(f"song ready: {after.song}", replace(at.patch, song=after.song))
    for name in at.patch.scenes:
        if name not in after.scenes:
            at.say(f"unscene {name}", at.patch.with_scene(name, None))
