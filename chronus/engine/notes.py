"""One note of a table is played: its pitch, its velocity, its gate.

What `play_note` may rely on, and nothing else:

- It is called once for each entry that is a note, at its onset, in every lane.
- `entry` is a row of `entries` and `entry_values`, with the columns of `Mark` and `Amount`. The
  notes of a chord are entries of one beat that come one after the other; `INDEX` counts them from
  0, in the order in which they were written.
- PITCH is in Hz and transposed; nan leaves the pitch alone. VELOCITY is 0..1.
- `beat` is counted as the transport counts; `frame` lies in this block.
- `comes_by_slide` and `closes_at` say whether the note goes on from the one before, and at which
  frame its gate closes; a chord has one answer. Both are right only while `play_note` runs.
"""

from __future__ import annotations

import numpy as np
from numba import float32, njit

from chronus.dsp.native import ONCE, OPTIONS
from chronus.engine.frames import frame_at
from chronus.engine.gates import is_of_lane, open_gate
from chronus.engine.layout import HELD, NONE, Arena, At, Head, Player, Playing
from chronus.engine.ports import change
from chronus.engine.voices import own_note, play_voice
from chronus.patch.tables import SLIDE_S, Amount, Mark, Role
from chronus.settings import BLOCK

RATE = int(Head.RATE)
FREQ, GATE, VELOCITY = int(Role.FREQ), int(Role.GATE), int(Role.VELOCITY)
INDEX = int(Mark.INDEX)
BASE, VOICES = int(Player.BASE), int(Player.VOICES)
COMES, FOLLOWED, SLID = int(Playing.COMES), int(Playing.FOLLOWED), int(Playing.SLID)
END, CLOSES = int(At.END), int(At.CLOSES)
A_PITCH, A_VELOCITY = int(Amount.PITCH), int(Amount.VELOCITY)


@njit(**OPTIONS)
def play_note(
    arena: Arena, lane: int, block: int, sequence: int, entry: int, beat: float, frame: int
) -> None:
    """Play a note at its frame; of a chord, a node with one voice plays the first.

    What has several voices plays all of a chord. A slide goes on with the voice that slides into
    it; of a chord each note with one of them, as far as there are as many.
    """
    gate = arena.sequence_ports[sequence, GATE]
    if gate != NONE and arena.port_player[gate] != NONE:
        off = closes_at(arena, lane, block, sequence, entry, beat, frame)
        player = arena.port_player[gate]
        own = own_note(arena, lane, player)
        pitch = arena.entry_values[entry, A_PITCH]
        note = (
            (own[0] if np.isnan(pitch) else float32(pitch)),
            float32(arena.entry_values[entry, A_VELOCITY]),
        )
        slot = NONE
        if comes_by_slide(arena, lane, block, sequence, entry):
            slot = sliding_voice(arena, lane, block, player, frame, off)
        if slot == NONE:
            play_voice(arena, lane, block, player, frame, note, off - frame)
        else:
            slide_voice(arena, lane, block, slot, frame, note, off)
        return
    if arena.entries[entry, INDEX] > 0:
        return
    new = block & 1
    offset = frame - block * BLOCK
    pitch = arena.entry_values[entry, A_PITCH]
    slides = comes_by_slide(arena, lane, block, sequence, entry)
    port = arena.sequence_ports[sequence, FREQ]
    if port != NONE and not np.isnan(pitch):
        ramp = int(np.floor(SLIDE_S * arena.head[RATE] + 0.5)) if slides else 0
        change(arena, lane, new, port, offset, pitch, ramp)
    port = arena.sequence_ports[sequence, VELOCITY]
    if port != NONE:
        change(arena, lane, new, port, offset, arena.entry_values[entry, A_VELOCITY], 0)
    port = arena.sequence_ports[sequence, GATE]
    if port == NONE or not is_of_lane(arena, lane, new, port):
        return
    off = closes_at(arena, lane, block, sequence, entry, beat, frame)
    if slides and arena.gate_off[new, port] >= frame:
        arena.gate_off[new, port] = off
    else:
        open_gate(arena, lane, block, port, frame, off - frame)


@njit(**ONCE)
def sliding_voice(arena: Arena, lane: int, block: int, player: int, frame: int, until: int) -> int:
    """The voice of a player that slides into a note at a frame, NONE where none is open.

    Its gate was to close right behind the begin of that note, before that of any other; of a
    chord, the first one that is left: what goes on until the chord's end slides already.
    """
    new = block & 1
    first = arena.players[player, BASE]
    found = NONE
    for slot in range(first, first + arena.players[player, VOICES]):
        off = arena.voice_off[lane, new, slot]
        is_open = frame < off < HELD and off != until
        if is_open and (found == NONE or off < arena.voice_off[lane, new, found]):
            found = slot
    return found


@njit(**ONCE)
def slide_voice(
    arena: Arena,
    lane: int,
    block: int,
    slot: int,
    frame: int,
    note: tuple[float, float],
    off: int,
) -> None:
    """Let a voice that is open glide to a pitch in Hz, and go on until a frame."""
    new = block & 1
    offset = frame - block * BLOCK
    ports = arena.voice_ports[slot]
    ramp = int(np.floor(SLIDE_S * arena.head[RATE] + 0.5))
    change(arena, lane, new, ports[FREQ], offset, note[0], ramp)
    change(arena, lane, new, ports[VELOCITY], offset, note[1], 0)
    arena.voice_off[lane, new, slot] = off


@njit(**OPTIONS)
def comes_by_slide(arena: Arena, lane: int, block: int, sequence: int, _entry: int) -> bool:
    """Whether the note before slides into this one: the pitch glides, and an open gate goes on."""
    return arena.sequences[lane, block & 1, sequence, COMES] != 0


@njit(**OPTIONS)
def closes_at(
    arena: Arena, lane: int, block: int, sequence: int, _entry: int, _beat: float, frame: int
) -> int:
    """The frame at which a note's gate closes: before the next one, or behind its begin in a slide.

    At least one frame after `frame`, the note's own.
    """
    new = block & 1
    rate = arena.head[RATE]
    state = arena.sequences[lane, new, sequence]
    at = arena.sequence_at[lane, new, sequence]
    off = max(frame + 1, frame_at(arena.beats[lane, new], rate, at[CLOSES]))
    end = frame_at(arena.beats[lane, new], rate, at[END])
    if state[SLID] != 0:
        return max(off, end + 1)
    if state[FOLLOWED] != 0:
        return min(off, max(end - 1, frame + 1))
    return off
