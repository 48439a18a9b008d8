"""Instruments: patches that are loaded as one thing, with the ports that matter to who plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chronus.dsp.declaration import Input


@dataclass(frozen=True, slots=True)
class Exposed:
    """A port of an instrument, which is a port of one of its nodes.

    Attributes:
        node: the inner node as the instrument's file calls it.
        port: the name of its port.
        declared: the port as who plays sees it: name, range, default and doc of its own.
    """

    node: str
    port: str
    declared: Input


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument in the patch; its inner nodes are nodes of the patch, named `NAME/INNER`.

    Attributes:
        name: unique among nodes and instruments, as users write it.
        kind: the instrument's own name, that of its file.
        ports: what it exposes, by name.
        output: the inner node that is heard.
        player: the inner node of kind `keys` that notes go to; None where it has none.
        voices: how many notes sound at once; 1 is mono.
    """

    name: str
    kind: str
    ports: Mapping[str, Exposed]
    output: str
    player: str | None
    voices: int = 1

    def inner(self, node: str) -> str:
        """What the patch calls an inner node."""
        return f"{self.name}/{node}"
