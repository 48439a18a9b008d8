"""The voices of instruments that play several notes at once: which one plays a note, and when.

A note takes a voice that sleeps; where none does, the one whose gate closed longest ago; where all
are held, the quietest by the peak of what left it in the last block; of several alike the first.
One that is taken while its gate is open closes it for a frame, so that its envelope rises anew from
where it is. The same note again takes another voice.

A voice whose gate is closed, and that has been below SLEEP for a while, falls asleep: it is silent,
and starts afresh in the block in which it is taken. Its silence is exact, so it makes no difference
whether it is computed meanwhile; where all WIDE voices of a group sleep, none of its nodes is.

Who plays what is worked out in each lane for itself, from the same numbers: a player's groups may
be shared out over lanes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from numba import float32, njit

from chronus.dsp.layout import WIDE
from chronus.dsp.native import ONCE, OPTIONS, add_lanes, copy_items
from chronus.engine.layout import (
    ASLEEP,
    HELD,
    NEVER,
    NONE,
    VELOCITY_ONE,
    Arena,
    Count,
    Group,
    Head,
    Node,
    Player,
    Ramp,
    Ring,
)
from chronus.engine.ports import change
from chronus.patch.tables import Role
from chronus.settings import BLOCK

if TYPE_CHECKING:
    import numpy as np

COMPUTES_ALL = int(Head.COMPUTES_ALL)
PLAYERS, GROUPS = int(Count.PLAYERS), int(Count.GROUPS)
BASE, VOICES = int(Player.BASE), int(Player.VOICES)
P_FREQ, P_VELOCITY = int(Player.FREQ), int(Player.VELOCITY)
G_NUMBER, G_VOICES = int(Group.NUMBER), int(Group.VOICES)
G_QUIET_BLOCKS, G_IS_DRIVEN = int(Group.QUIET_BLOCKS), int(Group.IS_DRIVEN)
FREQ, GATE, VELOCITY = int(Role.FREQ), int(Role.GATE), int(Role.VELOCITY)
N_GROUP, N_VOICES, N_LEAVES = int(Node.GROUP), int(Node.VOICES), int(Node.LEAVES)
N_ROW_OUT, N_OUTPUTS, N_SUMS = int(Node.ROW_OUT), int(Node.OUTPUTS), int(Node.SUMS)
A, B, C = int(Ring.A), int(Ring.B), int(Ring.C)
NOW = int(Ramp.NOW)

SLEEP: Final = 1e-5
"""-100 dB below full scale."""


# ---- at the start of a block


@njit(**ONCE)
def carry_voices(arena: Arena, lane: int, block: int, plan: int) -> None:
    """Bring what is known of a plan's voices into the new bank, and see which of them sound."""
    new = block & 1
    old = 1 - new
    for i in range(arena.plan_counts[plan, lane, PLAYERS]):
        player = arena.players[arena.plan_players[plan, i]]
        first = player[BASE]
        last = first + player[VOICES]
        copy_items(arena.voice_off[lane, new, first:last], arena.voice_off[lane, old, first:last])
    see_voices(arena, lane, old, plan)


@njit(**OPTIONS)
def see_voices(arena: Arena, lane: int, old: int, plan: int) -> None:
    """See which of a plan's voices sound."""
    for i in range(arena.plan_counts[plan, lane, PLAYERS]):
        player = arena.players[arena.plan_players[plan, i]]
        first = player[BASE]
        last = first + player[VOICES]
        for group in range(first // WIDE, (last + WIDE - 1) // WIDE):
            awake = 0
            for voice in range(min(WIDE, last - WIDE * group)):
                if arena.voice_quiet[old, WIDE * group + voice] != ASLEEP:
                    awake |= 1 << voice
            arena.awake[lane, group] = awake
            arena.woken[lane, group] = 0


@njit(**OPTIONS)
def wake(arena: Arena, lane: int, slot: int) -> None:
    """Let a voice sound from this block on, and start afresh if it slept."""
    group = slot // WIDE
    bit = 1 << (slot % WIDE)
    if arena.awake[lane, group] & bit == 0:
        arena.awake[lane, group] |= bit
        arena.woken[lane, group] |= bit


@njit(**OPTIONS)
def is_asleep(arena: Arena, lane: int, player: int) -> bool:
    """Whether all voices of a player sleep through this block, and need not be computed."""
    first = arena.players[player, BASE] // WIDE
    last = (arena.players[player, BASE] + arena.players[player, VOICES] + WIDE - 1) // WIDE
    for group in range(first, last):
        if arena.awake[lane, group] != 0:
            return False
    return arena.head[COMPUTES_ALL] == 0


# ---- notes


@njit(**ONCE)
def free_voice(arena: Arena, lane: int, block: int, player: int, frame: int) -> int:
    """The voice that is to play a note which begins at a frame of this block."""
    new = block & 1
    first = arena.players[player, BASE]
    released = NONE
    quietest = first
    for slot in range(first, first + arena.players[player, VOICES]):
        off = arena.voice_off[lane, new, slot]
        if arena.awake[lane, slot // WIDE] & (1 << (slot % WIDE)) == 0:
            return slot
        if off <= frame:
            if released == NONE or off < arena.voice_off[lane, new, released]:
                released = slot
        elif arena.voice_peak[1 - new, slot] < arena.voice_peak[1 - new, quietest]:
            quietest = slot
    return quietest if released == NONE else released


@njit(**OPTIONS)
def play_voice(
    arena: Arena,
    lane: int,
    block: int,
    player: int,
    frame: int,
    note: tuple[float, float],
    length: int,
) -> None:
    """Let a voice of a player play a note, pitch in Hz and velocity, for `length` frames.

    A length of 0 leaves its gate open.
    """
    slot = free_voice(arena, lane, block, player, frame)
    at = close_voice(arena, lane, block, slot, frame)
    wake(arena, lane, slot)
    new = block & 1
    ports = arena.voice_ports[slot]
    change(arena, lane, new, ports[FREQ], at, note[0], 0)
    change(arena, lane, new, ports[VELOCITY], at, note[1], 0)
    change(arena, lane, new, ports[GATE], at, 1.0, 0)
    arena.voice_off[lane, new, slot] = (
        max(frame + length, block * BLOCK + at + 1) if length else HELD
    )


@njit(**ONCE)
def close_voice(arena: Arena, lane: int, block: int, slot: int, frame: int) -> int:
    """Have a voice's gate closed before a note at a frame; at which offset that may open it.

    A gate that is open closes for one frame at least.
    """
    new = block & 1
    off = arena.voice_off[lane, new, slot]
    start = block * BLOCK
    at = frame - start
    if off >= frame:
        closing = max(at - 1, 0)
    elif off >= start:
        closing = off - start
    else:
        return at
    change(arena, lane, new, arena.voice_ports[slot, GATE], closing, 0.0, 0)
    return max(at, closing + 1)


@njit(**OPTIONS)
def own_note(arena: Arena, lane: int, player: int) -> tuple[float, float]:
    """The pitch and the velocity that a player is set to."""
    freq = arena.base[lane, arena.players[player, P_FREQ]]
    return freq, arena.base[lane, arena.players[player, P_VELOCITY]]


@njit(**ONCE)
def note_event(arena: Arena, lane: int, block: int, event: np.ndarray, hz: float) -> None:
    """Let an event of a note take effect; see `Event.NOTE`."""
    own = own_note(arena, lane, event[A])
    pitch = float32(hz) if hz > 0.0 else own[0]
    velocity = own[1] if event[C] == NONE else float32(event[C] / VELOCITY_ONE)
    play_voice(arena, lane, block, event[A], block * BLOCK, (pitch, velocity), event[B])


@njit(**OPTIONS)
def release_voices(arena: Arena, lane: int, block: int, player: int) -> None:
    """Close the gates of all voices of a player at the start of a block."""
    new = block & 1
    first = arena.players[player, BASE]
    for slot in range(first, first + arena.players[player, VOICES]):
        if arena.voice_off[lane, new, slot] >= block * BLOCK:
            change(arena, lane, new, arena.voice_ports[slot, GATE], 0, 0.0, 0)
            arena.voice_off[lane, new, slot] = block * BLOCK


@njit(**ONCE)
def release_all(arena: Arena, lane: int, block: int, plan: int) -> None:
    """Close the gates of all voices of a plan at the start of a block."""
    for i in range(arena.plan_counts[plan, lane, PLAYERS]):
        release_voices(arena, lane, block, arena.plan_players[plan, i])


@njit(**ONCE)
def close_due_voices(arena: Arena, lane: int, block: int, plan: int) -> None:
    """Close the gates of voices whose time ends in this block."""
    new = block & 1
    start = block * BLOCK
    for i in range(arena.plan_counts[plan, lane, PLAYERS]):
        player = arena.players[arena.plan_players[plan, i]]
        for slot in range(player[BASE], player[BASE] + player[VOICES]):
            off = arena.voice_off[lane, new, slot]
            if start <= off < start + BLOCK:
                change(arena, lane, new, arena.voice_ports[slot, GATE], off - start, 0.0, 0)


@njit(**ONCE)
def next_closing(arena: Arena, lane: int, block: int, plan: int) -> int:
    """The frame at which the gate of a voice closes next."""
    end = (block + 1) * BLOCK
    comes = NEVER
    for i in range(arena.plan_counts[plan, lane, PLAYERS]):
        player = arena.players[arena.plan_players[plan, i]]
        for slot in range(player[BASE], player[BASE] + player[VOICES]):
            off = arena.voice_off[lane, block & 1, slot]
            comes = min(comes, off if off >= end else NEVER)
    return comes


@njit(**ONCE)
def copy_voices(arena: Arena, lane: int, block: int, to: int, source: int) -> None:
    """Let the voices of a player sound as those of another one do, with their gates closed."""
    new = block & 1
    first = arena.players[to, BASE]
    other = arena.players[source, BASE]
    for voice in range(arena.players[to, VOICES]):
        off = arena.voice_off[lane, 1 - new, other + voice]
        arena.voice_off[lane, new, first + voice] = min(off, block * BLOCK)
        for role in (FREQ, VELOCITY):
            value = arena.ports[1 - new, arena.voice_ports[other + voice, role], NOW]
            change(arena, lane, new, arena.voice_ports[first + voice, role], 0, value, 0)
        if arena.voice_quiet[1 - new, other + voice] != ASLEEP:
            arena.awake[lane, (first + voice) // WIDE] |= 1 << ((first + voice) % WIDE)


# ---- within and at the end of a block


@njit(**ONCE)
def prepare_voices(arena: Arena, lane: int, block: int, plan: int) -> bool:
    """Begin to listen to a lane's voices; whether some of its nodes have to start afresh."""
    new = block & 1
    found = False
    for i in range(arena.plan_counts[plan, lane, GROUPS]):
        group = arena.plan_groups[plan, lane, i]
        first = WIDE * group[G_NUMBER]
        arena.voice_peak[new, first : first + WIDE] = 0.0
        if group[G_IS_DRIVEN] != 0:
            for slot in range(first, first + group[G_VOICES]):
                wake(arena, lane, slot)
        found = found or arena.woken[lane, group[G_NUMBER]] != 0
    return found


@njit(**OPTIONS)
def add_up_voices(arena: Arena, lane: int, block: int, node: np.ndarray) -> None:
    """Let what leaves a node's voices be the sum of those that are awake."""
    new = block & 1
    awake = arena.awake[lane, node[N_GROUP]]
    heard = awake & ((1 << node[N_VOICES]) - 1)
    peaks = arena.voice_peak[new, WIDE * node[N_GROUP] : WIDE * (node[N_GROUP] + 1)]
    for k in range(node[N_OUTPUTS]):
        if (node[N_LEAVES] >> k) & 1:
            add_up(
                arena.rows_out[new, node[N_ROW_OUT] + WIDE * k].ctypes.data,
                arena.rows_out[new, node[N_SUMS] + k].ctypes.data,
                peaks.ctypes.data,
                heard,
            )


@njit(**OPTIONS)
def add_up(source: int, target: int, peaks: int, heard: int) -> None:
    """Sum a wide row over some voices, frame by frame, and note their peaks.

    Frames come one after another in memory, so that all voices are looked at side by side; they are
    added up by halves: eight to the other eight, four of those to the other four, and so on.

    Args:
        source: address of the row.
        target: address of a row of one sample a frame.
        peaks: address of the voices' peaks so far.
        heard: a bit for each voice; what the others hold may be no number.
    """
    for i in range(0, BLOCK, WIDE):
        add_lanes(source + 4 * WIDE * i, target + 4 * i, peaks, heard)


@njit(**OPTIONS)
def silence_sums(arena: Arena, new: int, node: np.ndarray) -> None:
    """Let nothing leave a node's voices in this block."""
    for k in range(node[N_OUTPUTS]):
        if (node[N_LEAVES] >> k) & 1:
            arena.rows_out[new, node[N_SUMS] + k, :] = 0.0


@njit(**ONCE)
def let_sleep(arena: Arena, lane: int, block: int, plan: int, is_cleared: bool) -> None:  # noqa: FBT001
    """Count the silent blocks of a lane's voices; what is silent for long enough falls asleep."""
    new = block & 1
    for i in range(arena.plan_counts[plan, lane, GROUPS]):
        group = arena.plan_groups[plan, lane, i]
        awake = arena.awake[lane, group[G_NUMBER]]
        for voice in range(WIDE):
            slot = WIDE * group[G_NUMBER] + voice
            is_closed = arena.voice_off[lane, new, slot] < (block + 1) * BLOCK
            ends = is_cleared and is_closed and group[G_IS_DRIVEN] == 0
            if ends or not (awake >> voice) & 1:
                arena.voice_quiet[new, slot] = ASLEEP
                continue
            is_quiet = is_closed and arena.voice_peak[new, slot] < SLEEP
            before = max(arena.voice_quiet[1 - new, slot], 0)
            count = before + 1 if is_quiet and group[G_IS_DRIVEN] == 0 else 0
            arena.voice_quiet[new, slot] = ASLEEP if count >= group[G_QUIET_BLOCKS] else count
