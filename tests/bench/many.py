"""Patches of so many nodes, patched at one stroke: as lines, 2,000 take a while."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from chronus.patch.model import Cable, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chronus.session.session import Session

VOICE = MappingProxyType(
    {
        "lfo": {"rate": 4.0, "shape": 2.0},
        "adsr": {"attack": 5.0, "decay": 100.0, "sustain": 0.4, "release": 60.0},
        "saw": {"freq": 110.0},
        "filter": {"cutoff": 200.0, "resonance": 0.83},
        "vca": {"gain": 0.0},
    }
)
"""Kinds of the nodes of a voice, and what they are set to."""
WAYS = (
    ("lfo", "out", "adsr", "gate", 1.0),
    ("adsr", "env", "filter", "cutoff", 4000.0),
    ("saw", "out", "filter", "in", 1.0),
    ("filter", "low", "vca", "in", 1.0),
    ("adsr", "env", "vca", "gain", 1.0),
)
"""Its cables."""
QUIETLY = 0.001
"""By how much each goes into the mix: a cable by nothing would not be carried at all."""


def with_nodes(session: Session, count: int) -> None:
    """Let a session play so many nodes that are no voices: saws, and a mix of them."""
    names = [f"n{number}" for number in range(count - 1)]
    _take(
        session,
        [("sum", "mix", {}), *((name, "saw", {"freq": 220.0}) for name in names)],
        [(name, "out", "sum", "in", QUIETLY) for name in names],
    )


def with_chains(session: Session, count: int) -> None:
    """Let a session play so many nodes: gates, envelopes, saws, filters and amplifiers, and a mix.

    Each five of them hang together, as voices do that are patched by hand.
    """
    numbers = range((count - 1) // len(VOICE))
    _take(
        session,
        [
            ("sum", "mix", {}),
            *((f"{kind}{n}", kind, values) for n in numbers for kind, values in VOICE.items()),
        ],
        [
            *(
                (f"{a}{n}", out, f"{b}{n}", into, by)
                for n in numbers
                for a, out, b, into, by in WAYS
            ),
            *((f"vca{n}", "out", "sum", "in", QUIETLY) for n in numbers),
        ],
    )


def _take(
    session: Session,
    nodes: Iterable[tuple[str, str, Mapping[str, float]]],
    cables: Iterable[tuple[str, str, str, str, float]],
) -> None:
    """Let a session play nodes of some kinds with values, and the cables between them."""
    before = session.patch
    made = [
        Node(name, kind, number, MappingProxyType(dict(values)))
        for number, (name, kind, values) in enumerate(nodes, before.count)
    ]
    first = before.count + len(made)
    patched = [Cable(first + number, *ends) for number, ends in enumerate(cables)]
    patch = replace(
        before,
        nodes=MappingProxyType({**before.nodes, **{node.name: node for node in made}}),
        cables=tuple(patched),
        count=first + len(patched),
    )
    session.console.take(patch, is_rewired=True)
    session.publish()
