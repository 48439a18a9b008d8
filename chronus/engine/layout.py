"""The arena: every array that the engine knows, laid out in one piece of memory.

What changes from block to block exists twice, as the two rows of a *bank*: block n reads bank
(n - 1) & 1 and writes bank n & 1, so computing a block again is harmless. Delay memory, the event
ring, plans and tables exist once. Scratch arrays hold nothing that outlives a block.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from chronus.dsp.layout import WIDE
from chronus.engine.columns import (
    ANY,
    ANY_WIDE,
    ASLEEP,
    FUSED_SIZE,
    GROUPED,
    HELD,
    HOLDS,
    LANE_COLUMNS,
    LANES,
    MEMO,
    MOST_BATCH_ROWS,
    MOST_BATCH_STATES,
    MOST_CHOICES,
    MOST_MEMORIES,
    NEVER,
    NODE_COLUMNS,
    NONE,
    RUNG_OUT,
    SCRATCH,
    STOPPED,
    VELOCITY_ONE,
    At,
    Beat,
    Choice,
    Clock,
    Count,
    Event,
    Fault,
    Given,
    Group,
    Head,
    Lane,
    Memo,
    Node,
    Player,
    Playing,
    Ramp,
    Reason,
    Refill,
    Ring,
    Row,
    Tail,
    Way,
    Wire,
    lane_place,
)
from chronus.patch.tables import ENTRY_MARKS, LOCKS, ROLES, Amount, Whole
from chronus.settings import BLOCK, DEFAULT_RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Longs = NDArray[np.int64]
    Floats = NDArray[np.float32]
    Reals = NDArray[np.float64]

__all__ = [
    "ANY",
    "ANY_WIDE",
    "ASLEEP",
    "COLUMNS",
    "FUSED_SIZE",
    "GROUPED",
    "HELD",
    "HOLDS",
    "LANES",
    "LANE_COLUMNS",
    "LOCKS_BYTES",
    "MEMO",
    "MOST_BATCH_ROWS",
    "MOST_BATCH_STATES",
    "MOST_CHOICES",
    "MOST_MEMORIES",
    "NEVER",
    "NODE_COLUMNS",
    "NONE",
    "RUNG_OUT",
    "SCRATCH",
    "STOPPED",
    "VELOCITY_ONE",
    "Arena",
    "At",
    "Beat",
    "Choice",
    "Clock",
    "Count",
    "Event",
    "Fault",
    "Given",
    "Group",
    "Head",
    "Lane",
    "Limits",
    "Memo",
    "Node",
    "Player",
    "Playing",
    "Ramp",
    "Reason",
    "Refill",
    "Ring",
    "Row",
    "Tail",
    "Way",
    "Wire",
    "arena_dtype",
    "arena_on",
    "initialise",
    "lane_place",
    "offline_arena",
    "recover",
    "tape_part",
]  # fmt: skip

COLUMNS: Final = ROLES + LOCKS
"""Ports that a sequence can move."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much fits; fixed at start, announced by E_LIMIT when it runs out."""

    nodes: int = 2048
    ports: int = 16_384
    inputs: int = 32_768  # rows of a plan; a port has two at most
    rows_in: int = 65_536
    rows_out: int = 32_768
    cables: int = 8192
    wires: int = 16_384
    state_bytes: int = 1 << 21
    memory_frames: int = 1 << 27
    sequences: int = 256  # of nodes, and as many of ports
    tables: int = 1024
    entries: int = 1 << 17
    events: int = 1 << 16
    pending: int = 1 << 16
    plans: int = 16
    changes: int = 1 << 15
    players: int = 256
    voices: int = 2048
    tape_frames: int = 120 * DEFAULT_RATE_HZ

    def __post_init__(self) -> None:
        assert self.tape_frames % BLOCK == 0, self.tape_frames
        assert self.voices % WIDE == 0, self.voices
        assert self.inputs >= 2 * self.ports, self.inputs


class Arena(NamedTuple):
    """The arrays of an arena; the kernels see the very same memory as one record, `whole`."""

    whole: NDArray[np.void]  # (1,), see `arena_dtype`
    head: Longs  # (128,), see Head and Lane
    cuts: Longs  # (2,): a block, and how many events it sees
    clock: Longs  # (LANES, 2, 24), see Clock
    beats: Reals  # (LANES, 2, 16), see Beat
    ports: Floats  # (2, ports, 5), see Ramp
    port_left: Longs  # (2, ports): frames until the target
    port_moved: Longs  # (ports,): the last block in which it moved
    base: Floats  # (LANES, ports): what it was last set to by anything but a sequence
    base_follows: NDArray[np.int8]  # (LANES, ports): and whether that follows the tempo, see Ramp
    limits: Floats  # (ports, 2): lowest and highest value
    port_next: Longs  # (ports,): the port that is set and played as this one is, or NONE
    port_player: Longs  # (ports,): the player whose gate it is, or NONE
    port_legato: NDArray[np.int8]  # (ports,): 1 of a gate that goes on where it is open already
    gate_off: Longs  # (2, ports): frame at which a gate closes, NONE when it does not
    players: Longs  # (players, 4), see Player
    voice_ports: Longs  # (voices, 3): of each Role
    voice_off: Longs  # (LANES, 2, voices): frame at which its gate closes or closed, HELD, or NONE
    voice_quiet: Longs  # (2, voices): blocks of silence behind its gate, or ASLEEP
    voice_peak: Floats  # (2, voices): of what left it in the block
    awake: Longs  # (LANES, voices / WIDE), scratch: a bit for each voice that sounds in this block
    woken: Longs  # (LANES, voices / WIDE), scratch: of those, the ones that slept until now
    cables: Floats  # (2, cables, 3), see Ramp
    cable_left: Longs  # (2, cables)
    state: NDArray[np.uint8]  # (2, state_bytes)
    initial: NDArray[np.uint8]  # (state_bytes,): each node's state before its first block
    state_voice: NDArray[np.uint8]  # (state_bytes,): which of WIDE voices it is of
    memory_parts: Longs  # (nodes, MOST_MEMORIES): frames of each delay memory of one voice
    choices: Floats  # (2, nodes, 1 + 2 * MOST_CHOICES), see Choice
    calm: Longs  # (2, nodes): blocks in which a node slept and none of its ports moved
    still: Longs  # (2, nodes): blocks for which a node has stood, 0: it was computed
    rings: Longs  # (2, nodes, 4), see Tail
    faults: Longs  # (nodes, 7), see Fault
    memory: Floats  # (memory_frames,)
    rows_out: Floats  # (2, rows_out, BLOCK)
    rows_in: Floats  # (rows_in, BLOCK), scratch
    filled: Floats  # (rows_in,), scratch: the value that a whole row holds, or nan
    batch_rows: Floats  # (LANES, MOST_BATCH_ROWS + 1, WIDE * BLOCK), scratch: of like nodes at once
    batch_state: NDArray[np.uint8]  # (LANES, 2, 8 * WIDE * MOST_BATCH_STATES), scratch: theirs
    change_first: Longs  # (LANES, ports), scratch: index of the first change of this block, or NONE
    changes: (
        Longs  # (LANES, changes, 5), scratch: port, offset, ramp frames, next, see Ramp.FOLLOWS
    )
    change_value: Floats  # (LANES, changes), scratch
    live: Floats  # (LANES, cables, 3), scratch: cable ramps at the start of the block
    live_left: Longs  # (LANES, cables), scratch
    pending: Longs  # (LANES, 2, pending): indices of events that wait for their block
    ring: Longs  # (events, 6), see Ring
    ring_value: Reals  # (events,)
    plan_counts: Longs  # (plans, LANES, 8), see Count
    plan_nodes: Longs  # (plans, LANES, nodes, NODE_COLUMNS)
    plan_rows: Longs  # (plans, LANES, inputs, 5), see Row
    plan_wires: Longs  # (plans, LANES, wires, 6), see Wire
    plan_scale: Floats  # (plans, LANES, wires): factor of the amount
    plan_cables: Longs  # (plans, LANES, cables)
    plan_gates: Longs  # (plans, LANES, nodes): gate ports
    plan_gate_lane: NDArray[np.int8]  # (plans, ports): the lane that computes a gate's node
    plan_players: Longs  # (plans, players)
    plan_groups: Longs  # (plans, LANES, voices / WIDE, 4), see Group
    sequences: Longs  # (LANES, 2, 2 * sequences, 9), see Playing
    sequence_at: Reals  # (LANES, 2, 2 * sequences, 4), see At
    sequence_ports: Longs  # (2 * sequences, COLUMNS): of each Role, then of locks; or NONE
    due_frames: (
        Longs  # (LANES, 2, 2 * sequences, COLUMNS, 3): frame or NONE, frames of a ramp, see Ramp
    )
    due_values: Reals  # (LANES, 2, 2 * sequences, COLUMNS)
    tables: Longs  # (tables, 5), see patch.tables.Whole
    table_values: Reals  # (tables, 2): beats until it begins anew, share of a step for its gate
    entries: Longs  # (entries, ENTRY_MARKS), see patch.tables.Mark
    entry_values: Reals  # (entries, 5), see patch.tables.Amount
    tape: Floats  # (tape_frames, 2)


def _shapes(size: Limits) -> dict[str, tuple[tuple[int, ...], type[np.generic]]]:
    i8, f4, f8 = np.int64, np.float32, np.float64
    return {
        "head": ((128,), i8),
        "cuts": ((2,), i8),
        "clock": ((LANES, 2, 24), i8),
        "beats": ((LANES, 2, 16), f8),
        "ports": ((2, size.ports, 5), f4),
        "port_left": ((2, size.ports), i8),
        "port_moved": ((size.ports,), i8),
        "base": ((LANES, size.ports), f4),
        "base_follows": ((LANES, size.ports), np.int8),
        "limits": ((size.ports, 2), f4),
        "port_next": ((size.ports,), i8),
        "port_player": ((size.ports,), i8),
        "port_legato": ((size.ports,), np.int8),
        "gate_off": ((2, size.ports), i8),
        "players": ((size.players, len(Player)), i8),
        "voice_ports": ((size.voices, 3), i8),
        "voice_off": ((LANES, 2, size.voices), i8),
        "voice_quiet": ((2, size.voices), i8),
        "voice_peak": ((2, size.voices), f4),
        "awake": ((LANES, size.voices // WIDE), i8),
        "woken": ((LANES, size.voices // WIDE), i8),
        "cables": ((2, size.cables, 3), f4),
        "cable_left": ((2, size.cables), i8),
        "state": ((2, size.state_bytes), np.uint8),
        "initial": ((size.state_bytes,), np.uint8),
        "state_voice": ((size.state_bytes,), np.uint8),
        "memory_parts": ((size.nodes, MOST_MEMORIES), i8),
        "choices": ((2, size.nodes, 1 + 2 * MOST_CHOICES), f4),
        "calm": ((2, size.nodes), i8),
        "still": ((2, size.nodes), i8),
        "rings": ((2, size.nodes, 4), i8),
        "faults": ((size.nodes, 7), i8),
        "memory": ((size.memory_frames,), f4),
        "rows_out": ((2, size.rows_out, BLOCK), f4),
        "rows_in": ((size.rows_in, BLOCK), f4),
        "filled": ((size.rows_in,), f4),
        "batch_rows": ((LANES, MOST_BATCH_ROWS + 1, WIDE * BLOCK), f4),
        "batch_state": ((LANES, 2, 8 * WIDE * MOST_BATCH_STATES), np.uint8),
        "change_first": ((LANES, size.ports), i8),
        "changes": ((LANES, size.changes, 5), i8),
        "change_value": ((LANES, size.changes), f4),
        "live": ((LANES, size.cables, 3), f4),
        "live_left": ((LANES, size.cables), i8),
        "pending": ((LANES, 2, size.pending), i8),
        "ring": ((size.events, 6), i8),
        "ring_value": ((size.events,), f8),
        "plan_counts": ((size.plans, LANES, 8), i8),
        "plan_nodes": ((size.plans, LANES, size.nodes, NODE_COLUMNS), i8),
        "plan_rows": ((size.plans, LANES, size.inputs, len(Row)), i8),
        "plan_wires": ((size.plans, LANES, size.wires, len(Wire)), i8),
        "plan_scale": ((size.plans, LANES, size.wires), f4),
        "plan_cables": ((size.plans, LANES, size.cables), i8),
        "plan_gates": ((size.plans, LANES, size.nodes), i8),
        "plan_gate_lane": ((size.plans, size.ports), np.int8),
        "plan_players": ((size.plans, size.players), i8),
        "plan_groups": ((size.plans, LANES, size.voices // WIDE, len(Group)), i8),
        "sequences": ((LANES, 2, 2 * size.sequences, len(Playing)), i8),
        "sequence_at": ((LANES, 2, 2 * size.sequences, len(At)), f8),
        "sequence_ports": ((2 * size.sequences, COLUMNS), i8),
        "due_frames": ((LANES, 2, 2 * size.sequences, COLUMNS, 3), i8),
        "due_values": ((LANES, 2, 2 * size.sequences, COLUMNS), f8),
        "tables": ((size.tables, len(Whole)), i8),
        "table_values": ((size.tables, 2), f8),
        "entries": ((size.entries, ENTRY_MARKS), i8),
        "entry_values": ((size.entries, len(Amount)), f8),
        "tape": ((size.tape_frames, 2), f4),
    }


PAGE: Final = 4096
LOCKS_BYTES: Final = PAGE
"""Room before the arrays for what belongs to the operating system: semaphores and locks."""


def arena_dtype(size: Limits) -> np.dtype[np.void]:
    """The arena as one record, each array on a page of its own: what the kernels are given."""
    names, formats, offsets = [], [], []
    at = LOCKS_BYTES
    for name, (shape, dtype) in _shapes(size).items():
        names.append(name)
        formats.append((dtype, shape))
        offsets.append(at)
        at += -(-int(np.prod(shape)) * np.dtype(dtype).itemsize // PAGE) * PAGE
    fields = {"names": names, "formats": formats, "offsets": offsets, "itemsize": at}
    return np.dtype(fields)  # type: ignore[call-overload, no-any-return]


def arena_on(buffer: mmap.mmap | memoryview | NDArray[np.uint8], size: Limits) -> Arena:
    """The arrays of an arena on a piece of memory of `arena_dtype(size).itemsize` bytes."""
    whole = np.frombuffer(buffer, arena_dtype(size), 1)
    return Arena(whole=whole, **{name: whole[name][0] for name in _shapes(size)})


def tape_part(arena: Arena, frame: int, count: int) -> NDArray[np.float32]:
    """Frames on the tape, shape (count, 2): in place where they lie in one piece."""
    size = arena.tape.shape[0]
    start = frame % size
    if start + count <= size:
        return arena.tape[start : start + count]
    return np.concatenate((arena.tape[start:], arena.tape[: start + count - size]))


def initialise(arena: Arena, rate_hz: int) -> None:
    """Give fresh (all-zero) memory the values of an engine at frame 0 with nothing loaded."""
    arena.head[Head.RATE] = rate_hz
    arena.cuts[:] = NONE
    arena.clock[:, :, Clock.PLAN] = NONE
    arena.clock[:, :, Clock.PLAYING] = 1
    arena.clock[:, :, Clock.FINISHING] = NONE
    arena.clock[:, :, Clock.FINISH] = NONE
    arena.clock[:, :, Clock.NEXT_PLAN] = NONE
    arena.clock[:, :, Clock.PANIC] = NONE
    arena.clock[:, :, Clock.PORT_SEQUENCES] = arena.sequences.shape[2] // 2
    arena.rings[:, :, Tail.SINCE] = NONE
    arena.beats[:, :, [Beat.BPM, Beat.TARGET_BPM]] = 120.0
    arena.beats[:, :, [Beat.BAR_BEATS, Beat.NEXT_BAR_BEATS]] = 4.0
    arena.beats[:, :, Beat.NEXT_BEAT] = np.inf
    arena.port_moved[:] = NONE
    arena.port_next[:] = NONE
    arena.port_player[:] = NONE
    arena.gate_off[:] = NONE
    arena.voice_off[:] = NONE
    arena.voice_quiet[:] = ASLEEP
    arena.filled[:] = np.nan
    arena.change_first[:] = NONE
    arena.sequences[:, :, :, 0:2] = NONE
    arena.head[Head.LANES] = 1
    for lane in range(LANES):
        for column in (Lane.NODE, Lane.LOST_NODE, Lane.LOST_BLOCK):
            arena.head[lane_place(column, lane)] = NONE


def recover(arena: Arena, lane: int = 0) -> None:
    """Forget the scratch that a lane's half-done block left, so that it can be computed again.

    Rows of other lanes are filled once more than they had to be, which changes nothing.
    """
    arena.filled[:] = np.nan
    arena.change_first[lane] = NONE


HUGE: Final = 1 << 21
"""Bytes of a huge page."""


def offline_arena(rate_hz: int, lanes: int = 1) -> Arena:
    """An arena in this process alone, ready for its first block."""
    size = Limits()
    fields = arena_dtype(size).fields
    assert fields is not None
    memory = mmap.mmap(-1, arena_dtype(size).itemsize, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        # Most of an arena is never touched: a huge page would be cleared for each little that is.
        # The tape is used from end to end.
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        first = -(-fields["tape"][1] // HUGE) * HUGE
        memory.madvise(mmap.MADV_HUGEPAGE, first, 8 * size.tape_frames // HUGE * HUGE - HUGE)
    arena = arena_on(memory, size)
    initialise(arena, rate_hz)
    arena.head[Head.LANES] = lanes
    return arena
