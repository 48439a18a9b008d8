"""The arena: every array that the engine knows, laid out in one piece of memory.

What changes from block to block exists twice, as the two rows of a *bank*: block n reads bank
(n - 1) & 1 and writes bank n & 1, so computing a block again is harmless. Delay memory, the event
ring, plans and tables exist once. Scratch arrays hold nothing that outlives a block.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from chronus.patch.tables import ENTRY_MARKS, LOCKS, ROLES, Amount, Whole
from chronus.settings import BLOCK, DEFAULT_RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Longs = NDArray[np.int64]
    Floats = NDArray[np.float32]
    Reals = NDArray[np.float64]

NONE: Final = -1
STOPPED: Final = -2
"""A pending table that means: play nothing from then on."""

NODE_COLUMNS: Final = 20
MAX_ROWS_OF_A_NODE: Final = 64
LANES: Final = 3
"""Lanes that there can be. What events and sequences do is worked out in each lane for itself."""
MOST_CHOICES: Final = 4
"""Enumerated ports that a kind can have."""
COLUMNS: Final = ROLES + LOCKS
"""Ports that a sequence can move."""
RUNG_OUT: Final = -2
"""In place of the block since which a node rings on: it is silent for good."""


class Head(IntEnum):
    """Places in `head`: each has one writer, named in brackets."""

    COMMITTED = 0  # [worker] blocks that are finished
    EVENTS = 8  # [writer] events that are published
    GO = 9  # [writer] first block that may not be computed yet
    AHEAD = 10  # [writer] blocks that the tape may be ahead of what was played
    RATE = 11  # [writer] Hz, once
    QUIT = 12  # [writer] 1: all processes end
    TURN = 13  # [writer] lowest number of a worker that may step; others let go of the hand
    PLAYED = 16  # [audio] frames taken from the tape
    UNDERRUNS = 17  # [audio] times that the tape was empty
    AUDIO_STATE = 18  # [audio] 0 not started, 1 playing, 2 failed
    AUDIO_BEAT = 19  # [audio] callbacks so far
    HOLD = 20  # [writer] frame from which the audio process takes nothing; 0: there is none
    DEVICE_UNDERRUNS = 21  # [audio] times that the device said it had run dry
    LANES = 14  # [writer] lanes that compute, once
    FADE = 15  # [writer] frames of a fade, once


LANE_COLUMNS: Final = 16


class Lane(IntEnum):
    """Places in `head` of lane 0; those of lane n lie n * LANE_COLUMNS behind them."""

    DONE = 64  # [worker] blocks that are finished; lane 0's is COMMITTED
    NODE = 65  # [worker] slot of the node that is being computed, for blame
    WAITS = 66  # [worker] 1 while it waits for other lanes
    HAND = 67  # [worker] number of the worker that steps, 0 before the first
    PID = 68  # [worker] its process
    TAKEOVERS = 69  # [worker] times that a worker took the hand from one that died
    CRASH = 70  # [worker, as it dies] the signal of a crash, 0: there was none
    LOOPED = 71  # [standby] block + 1 in which the worker did not end and was killed, 0: none
    LOST_NODE = 72  # [worker] slot that was being computed when the last hand was lost
    LOST_BLOCK = 73  # [worker] and its block
    TAKEN_NS = 74  # [worker] monotonic clock when the hand was taken from one that died
    STEPPED_NS = 75  # [worker] and when the first block after that was done


def lane_place(column: Lane, lane: int) -> int:
    """The place in `head` of a lane's column."""
    return int(column) + lane * LANE_COLUMNS


class Count(IntEnum):
    """Columns of `plan_counts`."""

    NODES = 0
    CABLES = 1
    GATES = 2
    MASTER = 3  # row of the master's first output
    BEFORE = 4  # nodes that wait for no other lane


class Wire(IntEnum):
    """Columns of `plan_wires`."""

    SOURCE = 0  # output row
    CABLE = 1
    LATE = 2  # 1 if it reads the last block
    BENDS = 3


class Clock(IntEnum):
    """Columns of the banked whole numbers `clock`."""

    PLAN = 0  # plan slot in use, NONE before the first
    SEEN = 1  # events taken from the ring
    PENDING = 2  # of those, how many wait for their block
    LOW = 3  # every event below this index is done with
    PLAYING = 4  # 1 while the transport runs
    SILENT = 5  # blocks of silence in a row
    FINISHING = 6  # block at which the ending began, NONE before
    FINISH = 7  # frame at which all is silent, NONE before
    LATE = 8  # events that came after their block
    CHANGES = 9  # changes of ports in this block
    QUIET_BLOCKS = 10  # blocks of silence that make an end
    MOST_BLOCKS = 11  # blocks from FINISHING to the end at most
    SEQUENCES = 12  # every sequence in use is below this
    NEXT_PLAN = 13  # plan slot that takes over by itself, NONE for none
    NEXT_BLOCK = 14  # and from which block on
    PANIC = 15  # block of the last panic, NONE before


class Beat(IntEnum):
    """Columns of the banked real numbers `beats`."""

    BPM = 0  # at frame ORIGIN_FRAME
    ORIGIN_BEAT = 1  # the beat at frame ORIGIN_FRAME
    ORIGIN_FRAME = 2
    BAR_BEATS = 3  # beats in a bar
    TARGET_BPM = 4  # where the tempo goes, or is
    RAMP_FRAMES = 5  # how long it goes there from the origin on, 0: it stands
    METER_BEAT = 6  # a bar line from which on bars have BAR_BEATS
    METER_BAR = 7  # bars before it
    NEXT_BEAT = 8  # the bar line from which on they have NEXT_BAR_BEATS; infinite: none is known
    NEXT_BAR_BEATS = 9


class Ramp(IntEnum):
    """Columns of `ports` and `cables`: a value on its way to a target."""

    NOW = 0
    TARGET = 1
    STEP = 2  # a frame: by this much, or on a bent way by so many octaves
    BENT = 3  # 1: by equal ratios; of ports alone


class Playing(IntEnum):
    """Columns of `sequences`: where a sequence is."""

    TABLE = 0  # that it plays, or NONE
    PENDING = 1  # that takes over: NONE, or STOPPED
    ENTRY = 2  # that comes next
    TURN = 3  # how often the table has been played to its end
    SLID = 4  # 1: the last note slides into the one at its end
    COMES = 5  # 1: the last note came by a slide itself
    FOLLOWED = 6  # 1: a note begins where the last one ends
    GLIDES = 7  # 1: the port is on its way from value to value
    DUES = 8  # columns of `due_frames` that hold something


class At(IntEnum):
    """Columns of `sequence_at`: beats, as the transport counts them."""

    START = 0  # of the table
    TAKES_OVER = 1  # the pending one
    END = 2  # of the last step of the last note
    CLOSES = 3  # the gate of the last note


class Event(IntEnum):
    """What an event does; `a`, `b`, `c` are whole numbers and `value` is real."""

    PLAN = 0  # plan slot a, and c blocks later plan slot b (NONE: a goes on)
    PORT = 1  # port a goes to value within b frames, or -b by equal ratios; c: 1 if it glides
    CABLE = 2  # cable a goes to value within b frames
    GATE = 3  # gate port a opens (value 1) for b frames (0: until closed) or closes (value 0)
    SEQUENCE = 4  # sequence a plays table b (STOPPED: none) at the next bar line, or at once (c)
    TEMPO = 5  # value beats a minute, at once or (c > 0) within b / c frames, or beats (a is 1)
    START = 6
    STOP = 7  # the transport stands still and gates close
    FINISH = 8  # as STOP; after a blocks of silence, or b blocks in all, that is the end
    NOTHING = 9  # a mark, to learn when the events before it have taken effect
    RESET = 10  # node slot a starts afresh, and is computed again
    MOVE = 11  # what sequence a plays goes on as sequence b
    FOLLOW = 12  # port a goes the way of port b (c: 1 if to the same end), and a gate stays open
    METER = 13  # value beats in a bar, from the next bar line on
    COPY = 14  # node slot a goes on from the state and delay memory of node slot b
    RING = 15  # node slot a is silent after b blocks of silence, or c in all; c below 0: at once
    PANIC = 16  # as STOP; all fades, and every node starts afresh


class Ring(IntEnum):
    """Columns of the event ring."""

    KIND = 0
    DUE = 1  # block, or NONE for as soon as possible
    A = 2
    B = 3
    C = 4
    TOOK = 5  # frame at which it took effect, NONE before


@dataclass(frozen=True, slots=True)
class Limits:
    """How much fits; fixed at start, announced by E_LIMIT when it runs out."""

    nodes: int = 2048
    ports: int = 16_384
    rows_in: int = 20_480
    rows_out: int = 8192
    cables: int = 8192
    wires: int = 16_384
    state_bytes: int = 1 << 21
    memory_frames: int = 1 << 25
    sequences: int = 256  # of nodes, and as many of ports
    tables: int = 1024
    entries: int = 1 << 17
    events: int = 1 << 16
    pending: int = 1 << 16
    plans: int = 16
    changes: int = 1 << 15
    tape_frames: int = 120 * DEFAULT_RATE_HZ

    def __post_init__(self) -> None:
        assert self.tape_frames % BLOCK == 0, self.tape_frames


class Arena(NamedTuple):
    """The arrays of an arena; the kernels see the very same memory as one record, `whole`."""

    whole: NDArray[np.void]  # (1,), see `arena_dtype`
    head: Longs  # (128,), see Head and Lane
    cuts: Longs  # (2,): a block, and how many events it sees
    clock: Longs  # (LANES, 2, 24), see Clock
    beats: Reals  # (LANES, 2, 16), see Beat
    ports: Floats  # (2, ports, 4), see Ramp
    port_left: Longs  # (2, ports): frames until the target
    port_moved: Longs  # (ports,): the last block in which it moved
    base: Floats  # (LANES, ports): what it was last set to by anything but a sequence
    limits: Floats  # (ports, 2): lowest and highest value
    gate_off: Longs  # (2, ports): frame at which a gate closes, NONE when it does not
    cables: Floats  # (2, cables, 3), see Ramp
    cable_left: Longs  # (2, cables)
    state: NDArray[np.uint8]  # (2, state_bytes)
    initial: NDArray[np.uint8]  # (state_bytes,): each node's state before its first block
    choices: Floats  # (2, nodes, 1 + 2 * MOST_CHOICES), see Choice
    rings: Longs  # (2, nodes, 4), see Tail
    faults: Longs  # (nodes, 7), see Fault
    memory: Floats  # (memory_frames,)
    rows_out: Floats  # (2, rows_out, BLOCK)
    rows_in: Floats  # (rows_in, BLOCK), scratch
    filled: Floats  # (rows_in,), scratch: the value that a whole row holds, or nan
    change_first: Longs  # (LANES, ports), scratch: index of the first change of this block, or NONE
    changes: Longs  # (LANES, changes, 4), scratch: port, offset, ramp frames, next
    change_value: Floats  # (LANES, changes), scratch
    live: Floats  # (LANES, cables, 3), scratch: cable ramps at the start of the block
    live_left: Longs  # (LANES, cables), scratch
    pending: Longs  # (LANES, 2, pending): indices of events that wait for their block
    ring: Longs  # (events, 6), see Ring
    ring_value: Reals  # (events,)
    plan_counts: Longs  # (plans, LANES, 5), see Count
    plan_nodes: Longs  # (plans, LANES, nodes, NODE_COLUMNS)
    plan_rows: Longs  # (plans, LANES, rows_in, 3): port, first wire, wires
    plan_wires: Longs  # (plans, LANES, wires, 4), see Wire
    plan_scale: Floats  # (plans, LANES, wires): factor of the amount
    plan_cables: Longs  # (plans, LANES, cables)
    plan_gates: Longs  # (plans, LANES, nodes): gate ports
    plan_gate_lane: NDArray[np.int8]  # (plans, ports): the lane that computes a gate's node
    sequences: Longs  # (LANES, 2, 2 * sequences, 9), see Playing
    sequence_at: Reals  # (LANES, 2, 2 * sequences, 4), see At
    sequence_ports: Longs  # (2 * sequences, COLUMNS): of each Role, then of locks; or NONE
    due_frames: (
        Longs  # (LANES, 2, 2 * sequences, COLUMNS, 2): a frame or NONE, and frames of a ramp
    )
    due_values: Reals  # (LANES, 2, 2 * sequences, COLUMNS)
    tables: Longs  # (tables, 5), see patch.tables.Whole
    table_values: Reals  # (tables, 2): beats until it begins anew, share of a step for its gate
    entries: Longs  # (entries, ENTRY_MARKS), see patch.tables.Mark
    entry_values: Reals  # (entries, 5), see patch.tables.Amount
    tape: Floats  # (tape_frames, 2)


class Node(IntEnum):
    """Columns of `plan_nodes`."""

    KIND = 0  # index into the table of kernel addresses
    STATE = 1  # byte offset
    MEMORY = 2  # offset in frames
    ROW_IN = 3  # first input row
    INPUTS = 4  # input rows
    ROW_OUT = 5  # first output row
    OUTPUTS = 6  # output rows
    SLOT = 7  # the node's number, for blame
    STATE_BYTES = 8  # of one bank
    MEMORY_FRAMES = 9
    DRY = 10  # first input row that takes the place of outputs while bypassed, or NONE
    DRY_ROWS = 11  # how many rows that are
    CHOICES = 12  # a bit for each input row of an enumerated port
    HELD = 13  # first of the rows that hold its word still: the new and the old one, by turns
    TWIN_STATE = 14  # byte offset of the state that goes on with the old words
    TWIN_MEMORY = 15  # and its delay memory
    TWIN_ROW = 16  # and its first output row


class Choice(IntEnum):
    """Columns of `choices`: which words of its enumerated ports a node plays."""

    LEFT = 0  # frames until the new words are all that is heard
    WORDS = 1  # of each choice in turn: the new word, nan before the first, and the old one


class Tail(IntEnum):
    """Columns of `rings`: a node that was unloaded and rings on."""

    SINCE = 0  # block, NONE: it does not, RUNG_OUT: it is silent for good
    QUIET = 1  # blocks of silence in a row
    QUIET_BLOCKS = 2  # so many end it
    MOST_BLOCKS = 3  # and so many in all


class Fault(IntEnum):
    """Columns of `faults`: what went wrong with a node. Writing one again changes nothing."""

    BYPASS = 0  # [worker that takes over, or step] 1: it is not computed any more
    REASON = 1  # a Reason, the last one
    RECENT = 2  # and the two behind it: the last blocks in which it gave what is no number, or NONE
    RESET = 5  # the block in which it was tried again
    SINCE = 6  # [worker that takes over] the block from which on it is bypassed


class Reason(IntEnum):
    """Why a node was silenced."""

    NONE = 0
    NOT_FINITE = 1
    CRASHED = 2
    LOOPED = 3


def _shapes(size: Limits) -> dict[str, tuple[tuple[int, ...], type[np.generic]]]:
    i8, f4, f8 = np.int64, np.float32, np.float64
    return {
        "head": ((128,), i8),
        "cuts": ((2,), i8),
        "clock": ((LANES, 2, 24), i8),
        "beats": ((LANES, 2, 16), f8),
        "ports": ((2, size.ports, 4), f4),
        "port_left": ((2, size.ports), i8),
        "port_moved": ((size.ports,), i8),
        "base": ((LANES, size.ports), f4),
        "limits": ((size.ports, 2), f4),
        "gate_off": ((2, size.ports), i8),
        "cables": ((2, size.cables, 3), f4),
        "cable_left": ((2, size.cables), i8),
        "state": ((2, size.state_bytes), np.uint8),
        "initial": ((size.state_bytes,), np.uint8),
        "choices": ((2, size.nodes, 1 + 2 * MOST_CHOICES), f4),
        "rings": ((2, size.nodes, 4), i8),
        "faults": ((size.nodes, 7), i8),
        "memory": ((size.memory_frames,), f4),
        "rows_out": ((2, size.rows_out, BLOCK), f4),
        "rows_in": ((size.rows_in, BLOCK), f4),
        "filled": ((size.rows_in,), f4),
        "change_first": ((LANES, size.ports), i8),
        "changes": ((LANES, size.changes, 4), i8),
        "change_value": ((LANES, size.changes), f4),
        "live": ((LANES, size.cables, 3), f4),
        "live_left": ((LANES, size.cables), i8),
        "pending": ((LANES, 2, size.pending), i8),
        "ring": ((size.events, 6), i8),
        "ring_value": ((size.events,), f8),
        "plan_counts": ((size.plans, LANES, 5), i8),
        "plan_nodes": ((size.plans, LANES, size.nodes, NODE_COLUMNS), i8),
        "plan_rows": ((size.plans, LANES, size.rows_in, 3), i8),
        "plan_wires": ((size.plans, LANES, size.wires, 4), i8),
        "plan_scale": ((size.plans, LANES, size.wires), f4),
        "plan_cables": ((size.plans, LANES, size.cables), i8),
        "plan_gates": ((size.plans, LANES, size.nodes), i8),
        "plan_gate_lane": ((size.plans, size.ports), np.int8),
        "sequences": ((LANES, 2, 2 * size.sequences, len(Playing)), i8),
        "sequence_at": ((LANES, 2, 2 * size.sequences, len(At)), f8),
        "sequence_ports": ((2 * size.sequences, COLUMNS), i8),
        "due_frames": ((LANES, 2, 2 * size.sequences, COLUMNS, 2), i8),
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
    arena.rings[:, :, Tail.SINCE] = NONE
    arena.beats[:, :, [Beat.BPM, Beat.TARGET_BPM]] = 120.0
    arena.beats[:, :, [Beat.BAR_BEATS, Beat.NEXT_BAR_BEATS]] = 4.0
    arena.beats[:, :, Beat.NEXT_BEAT] = np.inf
    arena.port_moved[:] = NONE
    arena.gate_off[:] = NONE
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


def offline_arena(rate_hz: int, lanes: int = 1) -> Arena:
    """An arena in this process alone, ready for its first block."""
    size = Limits()
    memory = mmap.mmap(-1, arena_dtype(size).itemsize)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        # Most of an arena is never touched: a huge page would be cleared for each little that is.
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    arena = arena_on(memory, size)
    initialise(arena, rate_hz)
    arena.head[Head.LANES] = lanes
    return arena
