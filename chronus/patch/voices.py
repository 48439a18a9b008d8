"""Which nodes of an instrument are computed once for each of its voices.

Those that can be reached from its player along cables, and not from a node of kind `poly`: that is
where the voices meet. What does not depend on the notes, such as an LFO that runs freely, is there
once for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.patch.instruments import inner_nodes
from chronus.patch.remember import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chronus.patch.instruments import Instrument
    from chronus.patch.model import Cable, Node, Patch

MOST_VOICES: Final = 64
"""Of an instrument; the language refuses more."""
MEETING: Final = "poly"
"""The kind in which voices meet."""


@remembered(lambda patch: (patch.nodes, patch.cables, patch.instruments))
def voices_of(patch: Patch) -> Mapping[str, str]:
    """The player of each node that is there once for each voice, by the names of both."""
    found: dict[str, str] = {}
    for instrument in patch.instruments.values():
        player = player_of(patch, instrument)
        if player is None or instrument.voices == 1:
            continue
        assert instrument.voices <= MOST_VOICES, instrument
        targets = _targets(patch, instrument)
        meetings = [n for n in targets if patch.nodes[n].kind == MEETING]
        alone = _reached(targets, meetings)
        found |= dict.fromkeys(
            (name for name in _reached(targets, [player.name]) if name not in alone), player.name
        )
    return found


def player_of(patch: Patch, instrument: Instrument) -> Node | None:
    """The node that an instrument's notes go to, None where it has none."""
    return (
        None if instrument.player is None else patch.nodes.get(instrument.inner(instrument.player))
    )


def voices_played_by(patch: Patch, node: Node) -> int:
    """How many notes at once a node plays: those of the instrument whose player it is, else 1."""
    for instrument in patch.instruments.values():
        if player_of(patch, instrument) is node:
            return instrument.voices
    return 1


def _targets(patch: Patch, instrument: Instrument) -> dict[str, list[str]]:
    """What each inner node is patched to within the instrument, by name."""
    found: dict[str, list[str]] = {node.name: [] for node in inner_nodes(patch, instrument)}
    for cable in _leaving(patch).get(instrument.name, ()):
        if cable.target in found:
            found[cable.source].append(cable.target)
    return found


@remembered(lambda patch: (patch.cables,))
def _leaving(patch: Patch) -> dict[str, list[Cable]]:
    """The cables that leave nodes inside of an instrument, by its name."""
    found: dict[str, list[Cable]] = {}
    for cable in patch.cables:
        if "/" in cable.source:
            found.setdefault(cable.source.rpartition("/")[0], []).append(cable)
    return found


def _reached(targets: Mapping[str, list[str]], begin: Iterable[str]) -> dict[str, None]:
    """Nodes from which on one comes to others along cables, and those; in no order that matters."""
    found = dict.fromkeys(begin)
    front = list(found)
    while front:
        new = [name for name in targets[front.pop()] if name not in found]
        found |= dict.fromkeys(new)
        front += new
    return found
