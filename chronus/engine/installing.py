"""What is new gets its first state and values, in both banks of its place.

Thousands of nodes may be new at once, as where a large patch is opened: what is alike for all of
them is written for all of them at one go.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chronus.dsp.layout import WIDE, memory_frames, state_layout
from chronus.engine.layout import (
    ASLEEP,
    MOST_MEMORIES,
    NONE,
    Arena,
    Choice,
    Head,
    Player,
    Ramp,
    Reason,
    Tail,
)
from chronus.patch.musical import for_engine
from chronus.patch.seeds import seed_of
from chronus.patch.tables import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from chronus.engine.place import Place
    from chronus.engine.recordings import Recordings
    from chronus.patch.graph import GraphNode

    New = Sequence[tuple[Place, GraphNode]]
    Bytes = NDArray[np.uint8]
    States = dict[tuple[int, int], tuple[Bytes, Bytes]]


class _Port(NamedTuple):
    """What a port begins with: its place, its value, and the range of that."""

    at: int
    value: float
    follows: int
    low: float
    high: float
    is_legato: bool


def install(arena: Arena, recordings: Recordings, new: New) -> None:
    """Write the first state and values of new nodes.

    Args:
        arena: all that the engine knows.
        recordings: the sounds of files, which are written where they are new.
        new: the nodes and their places.
    """
    if not new:
        return
    slots = np.array([place.slot for place, _ in new])
    arena.faults[slots] = (0, Reason.NONE, NONE, NONE, NONE, NONE, NONE)
    arena.choices[:, slots, Choice.LEFT] = 0.0
    arena.choices[:, slots, Choice.WORDS :] = np.nan
    arena.rings[:, slots, Tail.SINCE] = NONE
    arena.calm[:, slots] = 0
    arena.still[:, slots] = 0
    states: States = {}
    for place, node in new:
        size = place.size
        _install_state(arena, place, node, states)
        if size.memory:
            arena.memory[place.memory : place.memory + size.memory] = 0.0
        if place.recording_frames:
            recordings.write(arena.memory, place.recording, node)
        arena.rows_out[:, place.rows_out : place.rows_out + size.rows_out] = 0.0
        arena.filled[place.rows_in : place.rows_in + size.rows_in] = np.nan
    _install_ports(arena, [port for each in new for port in _ports_of(*each)])
    for place, node in new:
        if place.group != NONE:
            _install_voices(arena, place, node)


def _install_state(arena: Arena, place: Place, node: GraphNode, states: States) -> None:
    """Write a node's first state, and of which voice each byte of it is.

    Args:
        arena: all that the engine knows.
        place: where it lies.
        node: the node.
        states: those of kinds that begin alike, by the kind's identity and how many lie side by
            side; gets that of this one.
    """
    known = (id(place.kind), place.width)
    found = states.get(known)
    if found is None:
        found = _first_state(place, node)
        if not any(math.isnan(state.initial) for state in place.kind.state):
            states[known] = found
    initial, owner = found
    last = place.state + place.size.state
    arena.initial[place.state : last] = initial
    arena.state[:, place.state : last] = initial
    arena.state_voice[place.state : last] = owner


def _first_state(place: Place, node: GraphNode) -> tuple[Bytes, Bytes]:
    """A node's first state, and which voice each byte of it is of."""
    kind, size = place.kind, place.size.state
    initial, owner = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    layout = state_layout(kind, place.width)
    for state, offset in zip(kind.state, layout.offsets, strict=True):
        values = [state.initial] * place.width
        if math.isnan(state.initial):
            names = [""] if place.group == NONE else voice_names(node)
            values = [seed_of(f"{name}.{state.name}", node.seed) or 1 for name in names]
        raw = np.array(values, np.dtype(state.dtype)).view(np.uint8)
        initial[offset : offset + len(raw)] = raw
        # The state that goes on with old words lies behind, byte for byte alike.
        for begin in range(offset, size, max(layout.size, 1)):
            part = owner[begin : begin + len(raw)]
            part[:] = np.repeat(np.arange(place.width, dtype=np.uint8), len(raw) // place.width)
    return initial, owner


def _ports_of(place: Place, node: GraphNode) -> list[_Port]:
    """What the ports of a node begin with, and of a player those of its voices."""
    found = []
    for at, port in enumerate(place.kind.inputs, place.ports):
        number, follows = for_engine(port, node.values.get(port.name, port.default))
        is_legato = node.is_legato and port.name == "gate"
        found.append(_Port(at, number, follows, port.low, port.high, is_legato))
    if place.is_player:
        for role in Role:
            index, first = _role_ports(place, role)
            own = found[index]
            value = 0.0 if role is Role.GATE else own.value
            each = own._replace(value=value, is_legato=False)
            found += [each._replace(at=first + voice) for voice in range(WIDE)]
    return found


def _role_ports(place: Place, role: Role) -> tuple[int, int]:
    """The index of a player's input of a role, and the port of its first voice."""
    index = place.kind.find_input(role.name.lower())
    assert index is not None, place.kind.name
    return index, place.ports + len(place.kind.inputs) + role * WIDE


def _install_ports(arena: Arena, ports: Sequence[_Port]) -> None:
    if not ports:
        return
    at, values, follows, lows, highs, legato = (
        np.array(column) for column in zip(*ports, strict=True)
    )
    starts = values.astype(np.float32)
    arena.ports[:, at] = 0.0
    arena.ports[:, at, Ramp.NOW] = starts
    arena.ports[:, at, Ramp.TARGET] = starts
    arena.ports[:, at, Ramp.FOLLOWS] = follows
    arena.base[:, at] = starts
    arena.base_follows[:, at] = follows
    arena.port_left[:, at] = 0
    arena.port_moved[at] = NONE
    arena.port_next[at] = NONE
    arena.port_player[at] = NONE
    arena.port_legato[at] = legato
    arena.gate_off[:, at] = NONE
    arena.limits[at, 0] = lows
    arena.limits[at, 1] = highs


def _install_voices(arena: Arena, place: Place, node: GraphNode) -> None:
    """Write what the step has to know of a node's voices, and of a player's all."""
    rate_hz = int(arena.head[Head.RATE])
    parts = [memory_frames(memory, rate_hz) for memory in place.kind.memories]
    arena.memory_parts[place.slot] = np.pad(parts, (0, MOST_MEMORIES - len(parts)))
    if not place.is_player:
        return
    base = place.group * WIDE
    arena.voice_off[:, :, base : base + WIDE] = NONE
    arena.voice_quiet[:, base : base + WIDE] = ASLEEP
    arena.voice_peak[:, base : base + WIDE] = 0.0
    for role in Role:
        index, first = _role_ports(place, role)
        arena.voice_ports[base : base + WIDE, role] = range(first, first + WIDE)
        if role is Role.GATE:
            arena.port_player[place.ports + index] = place.player
            continue
        for voice in range(WIDE):
            before = place.ports + index if voice == 0 else first + voice - 1
            arena.port_next[before] = first + voice
        if node.group == 0:
            column = Player.FREQ if role is Role.FREQ else Player.VELOCITY
            arena.players[place.player, column] = place.ports + index
    if node.group == 0:
        arena.players[place.player, Player.BASE] = base
        arena.players[place.player, Player.VOICES] = node.voices


def voice_names(node: GraphNode) -> list[str]:
    """What the seeds of a node's voices are made of, behind its own."""
    return [f":{WIDE * node.group + voice}" for voice in range(WIDE)]
