"""One compiled call computes blocks: events, transport, ramps, kernels, the tape, the commit.

All of it is native code, and so is what it calls. Enum members are taken as module constants,
since the compiler knows plain integers best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from numba import float32, njit

from chronus.dsp.native import (
    FLUSH_BITS,
    OPTIONS,
    call_kernel,
    fence,
    fresh,
    read_float_control,
    swap_if,
    write_float_control,
)
from chronus.engine.choices import cross_over, hold_choices
from chronus.engine.copies import copy_node
from chronus.engine.due import waiting_event
from chronus.engine.faults import (
    bypass,
    has_failed,
    is_bypassed,
    is_finite,
    note_fault,
    reset_node,
)
from chronus.engine.freshness import forget_stale_step
from chronus.engine.gates import close_due_gates, hold_gate, is_of_lane, open_gate
from chronus.engine.layout import (
    LANE_COLUMNS,
    NONE,
    Arena,
    Clock,
    Count,
    Event,
    Head,
    Lane,
    Node,
    Ramp,
)
from chronus.engine.pace import has_room, wait_for_commit, wait_for_lanes
from chronus.engine.ports import (
    aim,
    change,
    change_all,
    fill_row,
    follow,
    forget_changes,
    ramp_value,
)
from chronus.engine.sequencer import run_sequences
from chronus.engine.silence import (
    SILENCE,
    clear,
    fade_for_panic,
    has_rung_out,
    hush,
    is_cleared,
    let_ring,
    listen,
)
from chronus.engine.transport import bar_line, beat_now, move_transport
from chronus.engine.voices import (
    carry_voices,
    close_due_voices,
    copy_voices,
    let_sleep,
    note_event,
    prepare_voices,
    release_voices,
)
from chronus.engine.wide import run_voices, wake_nodes
from chronus.settings import BLOCK

if TYPE_CHECKING:
    import numpy as np

forget_stale_step()

COMMITTED, RATE, EVENTS = int(Head.COMMITTED), int(Head.RATE), int(Head.EVENTS)
CURRENT = int(Lane.NODE)
PLAN, SEEN, PENDING, LOW = int(Clock.PLAN), int(Clock.SEEN), int(Clock.PENDING), int(Clock.LOW)
PLAYING, SILENT, LATE = int(Clock.PLAYING), int(Clock.SILENT), int(Clock.LATE)
FINISHING, FINISH = int(Clock.FINISHING), int(Clock.FINISH)
QUIET_BLOCKS, MOST_BLOCKS = int(Clock.QUIET_BLOCKS), int(Clock.MOST_BLOCKS)
CHANGES, SEQUENCES = int(Clock.CHANGES), int(Clock.SEQUENCES)
NEXT_PLAN, NEXT_BLOCK = int(Clock.NEXT_PLAN), int(Clock.NEXT_BLOCK)
DONE = int(Lane.DONE)
NODES, BEFORE = int(Count.NODES), int(Count.BEFORE)
NOW = int(Ramp.NOW)
KIND, DUE, A, B, C, TOOK = 0, 1, 2, 3, 4, 5
E_PLAN, E_PORT, E_CABLE, E_GATE = (
    int(Event.PLAN),
    int(Event.PORT),
    int(Event.CABLE),
    int(Event.GATE),
)
E_SEQUENCE = int(Event.SEQUENCE)
N_KIND, N_STATE, N_MEMORY = int(Node.KIND), int(Node.STATE), int(Node.MEMORY)
N_ROW_IN, N_INPUTS, N_ROW_OUT = int(Node.ROW_IN), int(Node.INPUTS), int(Node.ROW_OUT)
N_OUTPUTS, N_SLOT = int(Node.OUTPUTS), int(Node.SLOT)
N_CHOICES, N_GROUP = int(Node.CHOICES), int(Node.GROUP)
E_RESET, E_MOVE, E_FOLLOW = int(Event.RESET), int(Event.MOVE), int(Event.FOLLOW)
E_COPY, E_RING = int(Event.COPY), int(Event.RING)
E_NOTE, E_RELEASE = int(Event.NOTE), int(Event.RELEASE)
E_COPY_VOICES = int(Event.COPY_VOICES)

CUT_SHIFT: Final = 36
CUT_EVENTS: Final = (1 << CUT_SHIFT) - 1
CUT_BLOCKS: Final = (1 << 26) - 1
"""A cut is the lower bits of its block, and the events that it sees."""


@njit(**OPTIONS)
def run_blocks(
    whole: np.ndarray, lane: int, addresses: np.ndarray, scratch: np.ndarray, most: int
) -> int:
    """Compute up to `most` blocks of a lane while the tape has room; how many it were.

    Args:
        whole: (1,), the arena as one record.
        lane: which lane; lane 0 waits for the others in each block, and commits.
        addresses: native address of each kind's kernel, by the index that plans use.
        scratch: (MAX_ROWS_OF_A_NODE,) int64, a table of row addresses for one node.
        most: blocks.
    """
    control = read_float_control()
    write_float_control(control | FLUSH_BITS)
    arena = whole[0]
    done = 0
    while done < most and wait_for_commit(arena.head, lane) and has_room(arena.head, lane):
        if not step(arena, lane, addresses, scratch):
            break
        done += 1
    write_float_control(control)
    return done


@njit(**OPTIONS)
def step(arena: Arena, lane: int, addresses: np.ndarray, scratch: np.ndarray) -> bool:
    """Compute a lane's share of the next block, and commit it; False if all is to end meanwhile."""
    block = arena.head[COMMITTED]
    new = block & 1
    old = 1 - new
    arena.clock[lane, new, :] = arena.clock[lane, old, :]
    arena.beats[lane, new, :] = arena.beats[lane, old, :]
    for sequence in range(arena.clock[lane, new, SEQUENCES]):
        arena.sequences[lane, new, sequence, :] = arena.sequences[lane, old, sequence, :]
        arena.sequence_at[lane, new, sequence, :] = arena.sequence_at[lane, old, sequence, :]
    arena.clock[lane, new, CHANGES] = 0
    take_events(arena, lane, block, cut_of(arena, block))
    plan = arena.clock[lane, new, PLAN]
    going_on = True
    if plan != NONE:
        if arena.clock[lane, new, PLAYING] != 0:
            run_sequences(arena, lane, block)
        close_due_gates(arena, lane, block, plan)
        close_due_voices(arena, lane, block, plan)
        if prepare_voices(arena, lane, block, plan):
            wake_nodes(arena, lane, block, plan)
        before = arena.plan_counts[plan, lane, BEFORE]
        row = run_nodes(arena, lane, block, plan, 0, before, 0, addresses, scratch)
        if lane == 0:
            going_on = wait_for_lanes(arena.head, block)
        if going_on:
            nodes = arena.plan_counts[plan, lane, NODES]
            run_nodes(arena, lane, block, plan, before, nodes, row, addresses, scratch)
            move_cables(arena, lane, new, plan)
            let_sleep(arena, lane, block, plan, is_cleared(arena, lane, block))
        forget_changes(arena, lane, new)
    elif lane == 0:
        going_on = wait_for_lanes(arena.head, block)
    if not going_on:
        return False
    if lane == 0:
        write_tape(arena, block, plan)
        fence()
        arena.head[COMMITTED] = block + 1
    else:
        fence()
        arena.head[DONE + lane * LANE_COLUMNS] = block + 1
    return True


@njit(**OPTIONS)
def cut_of(arena: Arena, block: int) -> int:
    """How many events the block sees: fixed once, by the first lane that starts the block.

    Block and count lie in one number, so that they change in one step.
    """
    place = arena.cuts.ctypes.data + 8 * (block & 1)
    mark = block & CUT_BLOCKS
    before = fresh(place)
    if before >> CUT_SHIFT != mark:
        wanted = (mark << CUT_SHIFT) | fresh(arena.head.ctypes.data + 8 * EVENTS)
        found = swap_if(place, before, wanted)
        before = wanted if found == before else found
    return before & CUT_EVENTS


@njit(**OPTIONS)
def take_events(arena: Arena, lane: int, block: int, cut: int) -> None:
    """Let the events that are due take effect: the last plan first, then all others in order."""
    new = block & 1
    old = 1 - new
    clock = arena.clock[lane]
    size = arena.ring.shape[0]
    total = clock[old, PENDING] + cut - clock[old, SEEN]
    kept = 0
    low = cut
    if clock[new, NEXT_PLAN] != NONE and block >= clock[new, NEXT_BLOCK]:
        clock[new, PLAN] = clock[new, NEXT_PLAN]
        clock[new, NEXT_PLAN] = NONE
    for i in range(total):
        index = waiting_event(arena, lane, old, i)
        event = arena.ring[index % size]
        if event[DUE] != NONE and event[DUE] > block:
            arena.pending[lane, new, kept] = index
            kept += 1
            low = min(low, index)
        elif event[KIND] == E_PLAN:
            clock[new, PLAN] = event[A]
            clock[new, NEXT_PLAN] = event[B]
            clock[new, NEXT_BLOCK] = block + event[C]
    clock[new, PENDING] = kept
    clock[new, SEEN] = cut
    clock[new, LOW] = low
    if clock[new, PLAN] != NONE:
        bring_forward(arena, lane, old, clock[new, PLAN])
        carry_voices(arena, lane, block, clock[new, PLAN])
    for i in range(total):
        place = waiting_event(arena, lane, old, i) % size
        if arena.ring[place, DUE] == NONE or arena.ring[place, DUE] <= block:
            apply_event(arena, lane, block, place)


@njit(**OPTIONS)
def bring_forward(arena: Arena, lane: int, old: int, plan: int) -> None:
    """Copy a plan's cables into the working copy, and its gates into the new bank."""
    for i in range(arena.plan_counts[plan, lane, 1]):
        cable = arena.plan_cables[plan, lane, i]
        arena.live[lane, cable, :] = arena.cables[old, cable, :]
        arena.live_left[lane, cable] = arena.cable_left[old, cable]
    for i in range(arena.plan_counts[plan, lane, 2]):
        port = arena.plan_gates[plan, lane, i]
        arena.gate_off[1 - old, port] = arena.gate_off[old, port]


@njit(**OPTIONS)
def apply_event(arena: Arena, lane: int, block: int, place: int) -> None:
    """Let one event of the ring take effect at the start of the block."""
    new = block & 1
    frame = block * BLOCK
    event = arena.ring[place]
    value = arena.ring_value[place]
    kind = event[KIND]
    clock = arena.clock[lane]
    beats = arena.beats[lane, new]
    beat = beat_now(arena, lane, block, 0.0)
    if event[DUE] != NONE and event[DUE] < block:
        clock[new, LATE] += 1
    if kind == E_PORT:
        set_ports(arena, lane, new, event, value)
    elif kind == E_CABLE:
        aim(arena.live[lane, event[A]], value, event[B])
        arena.live_left[lane, event[A]] = event[B]
    elif kind == E_GATE:
        if not is_of_lane(arena, lane, new, event[A]):
            pass
        elif value > 0.5 and event[C] != 0:
            hold_gate(arena, lane, block, event[A], frame, event[B])
        elif value > 0.5:
            open_gate(arena, lane, block, event[A], frame, event[B])
        else:
            change(arena, lane, new, event[A], 0, 0.0, 0)
            arena.gate_off[new, event[A]] = NONE
    elif kind == E_SEQUENCE:
        line = bar_line(beats, beat_now(arena, lane, block, 0.5))
        use_sequence(arena, lane, new, event[A])
        # What plays already goes on where it is: only what was to take over does not come.
        goes_on = event[C] == 0 and arena.sequences[lane, new, event[A], 0] == event[B]
        arena.sequences[lane, new, event[A], 1] = NONE if goes_on else event[B]
        arena.sequence_at[lane, new, event[A], 1] = beat if event[C] != 0 else line
    elif kind == E_MOVE:
        use_sequence(arena, lane, new, event[B])
        arena.sequences[lane, new, event[B], :] = arena.sequences[lane, new, event[A], :]
        arena.sequence_at[lane, new, event[B], :] = arena.sequence_at[lane, new, event[A], :]
        arena.sequences[lane, new, event[A], 0:2] = NONE
    elif kind == E_FOLLOW:
        if follow(arena, lane, new, event) and is_of_lane(arena, lane, new, event[A]):
            arena.gate_off[new, event[A]] = arena.gate_off[1 - new, event[B]]
    elif kind == E_RESET or kind == E_COPY or kind == E_RING:
        change_node(arena, lane, block, event)
    elif kind == E_NOTE:
        note_event(arena, lane, block, event, value)
    elif kind == E_RELEASE:
        release_voices(arena, lane, block, event[A])
    elif kind == E_COPY_VOICES:
        copy_voices(arena, lane, block, event[A], event[B])
    else:
        move_transport(arena, lane, block, event, value)
    arena.ring[place, TOOK] = frame


@njit(**OPTIONS)
def set_ports(arena: Arena, lane: int, new: int, event: np.ndarray, value: float) -> None:
    """Let a port, and those of other voices with it, go to a value from a block's start on."""
    change_all(arena, lane, new, event[A], 0, value, event[B])
    port = event[A]
    while port != NONE:
        arena.base[lane, port] = value
        port = arena.port_next[port]


@njit(**OPTIONS)
def change_node(arena: Arena, lane: int, block: int, event: np.ndarray) -> None:
    """Let an event of a node take effect: it starts afresh, is a copy, or rings on."""
    if event[KIND] == E_RESET:
        reset_node(arena, lane, block, event[A])
    elif event[KIND] == E_COPY:
        copy_node(arena, lane, block, event[A], event[B])
    else:
        let_ring(arena, block, event[A], event[B], event[C])


@njit(**OPTIONS)
def use_sequence(arena: Arena, lane: int, new: int, sequence: int) -> None:
    """Have sequences up to this one carried on from block to block.

    A half-done block may have left something in those that are new.
    """
    for unused in range(arena.clock[lane, new, SEQUENCES], sequence + 1):
        arena.sequences[lane, new, unused, :2] = NONE
    arena.clock[lane, new, SEQUENCES] = max(arena.clock[lane, new, SEQUENCES], sequence + 1)


@njit(**OPTIONS)
def run_nodes(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    first: int,
    last: int,
    row: int,
    addresses: np.ndarray,
    scratch: np.ndarray,
) -> int:
    """Fill the input rows of some of a lane's nodes and call their kernels, in the plan's order.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        first: the first node's place in the plan; the nodes before `last` are computed.
        last: see `first`.
        row: the first node's first row in the plan.
        addresses: of the kernels.
        scratch: a table of row addresses.

    Returns:
        The row behind those that were used.
    """
    new = block & 1
    old = 1 - new
    rate = arena.head[RATE]
    state_bytes = arena.state.shape[1]
    state_from = arena.state.ctypes.data + old * state_bytes
    state_to = arena.state.ctypes.data + new * state_bytes
    memory = arena.memory.ctypes.data
    table = scratch.ctypes.data
    current = CURRENT + lane * LANE_COLUMNS
    cleared = is_cleared(arena, lane, block)
    for i in range(first, last):
        node = arena.plan_nodes[plan, lane, i]
        arena.head[current] = node[N_SLOT]
        if node[N_GROUP] != NONE:
            run_voices(arena, lane, block, plan, i, row, cleared, addresses, scratch)
            row += node[N_INPUTS]
            continue
        for k in range(node[N_INPUTS]):
            scratch[k] = fill_row(arena, lane, block, plan, row, node[N_ROW_IN] + k)
            row += 1
        for k in range(node[N_OUTPUTS]):
            scratch[node[N_INPUTS] + k] = arena.rows_out[new, node[N_ROW_OUT] + k].ctypes.data
        if has_rung_out(arena, block, node):
            hush(arena, new, node)
            continue
        if cleared:
            clear(arena, new, node)
            continue
        if is_bypassed(arena, block, node[N_SLOT]):
            bypass(arena, block, node, scratch)
            listen(arena, block, node)
            continue
        crosses = node[N_CHOICES] != 0 and hold_choices(arena, block, node, scratch)
        call_kernel(
            addresses[node[N_KIND]],
            table,
            state_from + node[N_STATE],
            state_to + node[N_STATE],
            memory + 4 * node[N_MEMORY],
            rate,
        )
        if crosses:
            cross_over(arena, block, node, addresses, scratch)
        if not is_finite(arena, new, node) or has_failed(arena, block, node[N_SLOT]):
            note_fault(arena, block, node)
        listen(arena, block, node)
    arena.head[current] = NONE
    return row


@njit(**OPTIONS)
def move_cables(arena: Arena, lane: int, new: int, plan: int) -> None:
    """Let the amounts of a lane's cables go on past this block."""
    for i in range(arena.plan_counts[plan, lane, 1]):
        cable = arena.plan_cables[plan, lane, i]
        left = max(arena.live_left[lane, cable] - BLOCK, 0)
        arena.cables[new, cable, :] = arena.live[lane, cable, :]
        arena.cables[new, cable, NOW] = ramp_value(arena.live[lane, cable], left)
        arena.cable_left[new, cable] = left


@njit(**OPTIONS)
def write_tape(arena: Arena, block: int, plan: int) -> None:
    """Put the master's two rows on the tape, and see whether the piece has ended."""
    new = block & 1
    at = (block * BLOCK) % arena.tape.shape[0]
    peak = float32(0.0)
    if plan == NONE:
        arena.tape[at : at + BLOCK, :] = 0.0
    else:
        row = arena.plan_counts[plan, 0, 3]
        left = arena.rows_out[new, row]
        right = arena.rows_out[new, row + 1]
        for k in range(BLOCK):
            arena.tape[at + k, 0] = left[k]
            arena.tape[at + k, 1] = right[k]
        fade_for_panic(arena, block, arena.tape[at : at + BLOCK])
        for k in range(BLOCK):
            peak = max(peak, abs(arena.tape[at + k, 0]), abs(arena.tape[at + k, 1]))
    clock = arena.clock[0, new]
    clock[SILENT] = clock[SILENT] + 1 if peak < SILENCE else 0
    if clock[FINISHING] != NONE and clock[FINISH] == NONE:
        ended = clock[SILENT] >= clock[QUIET_BLOCKS]
        if ended or block + 1 - clock[FINISHING] >= clock[MOST_BLOCKS]:
            clock[FINISH] = (block + 1) * BLOCK
