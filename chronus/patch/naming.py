"""What users call what the patch holds: an inner node or port of an instrument by what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.patch.instruments import instrument_of
from chronus.patch.model import STRIP_PORTS

if TYPE_CHECKING:
    from chronus.patch.model import Cable, Patch


def shown_node(patch: Patch, node: str) -> str:
    """A node as a whole: the one that is heard of an instrument stands for that."""
    instrument = instrument_of(patch, node)
    return instrument.name if instrument is not None and instrument.heard == node else node


def shown_input(patch: Patch, node: str, port: str) -> str:
    """An input: `acid.cutoff` where the instrument shows it, else `acid/filter.cutoff`."""
    instrument = instrument_of(patch, node)
    if instrument is None:
        return f"{node}.{port}"
    name = instrument.exposed_as(node, port)
    is_of_strip = port in STRIP_PORTS and node == instrument.heard
    if name is None and is_of_strip and port not in instrument.ports:
        name = port
    return f"{node}.{port}" if name is None else f"{instrument.name}.{name}"


def shown_output(patch: Patch, node: str, output: str) -> str:
    """An output: that which is heard of an instrument is its `out`."""
    instrument = instrument_of(patch, node)
    main = patch.nodes[node].declaration.outputs[0].name
    if instrument is not None and (instrument.heard, main) == (node, output):
        return f"{instrument.name}.out"
    return f"{node}.{output}"


def shown_ends(patch: Patch, cable: Cable) -> tuple[str, str]:
    """Both ends of a cable."""
    source = shown_output(patch, cable.source, cable.output)
    return source, shown_input(patch, cable.target, cable.input)


def shown_target(patch: Patch, target: str) -> str:
    """What a sequence plays, `NODE` or `NODE.PORT`."""
    node, dot, port = target.partition(".")
    if dot:
        return shown_input(patch, node, port)
    instrument = instrument_of(patch, node)
    return instrument.name if instrument is not None and instrument.struck == node else node


def is_within(patch: Patch, cable: Cable) -> bool:
    """Whether a cable is inside of an instrument."""
    instrument = instrument_of(patch, cable.source)
    return instrument is not None and instrument is instrument_of(patch, cable.target)
