"""Blocks that are half done, as a worker that dies leaves them.

Of all that the block stores, some is there and some is not. Which stores come first is the
compiler's affair, so no order is guessed: the arena before and after the block are mixed at random,
array by array, cut anywhere; the scratch that nothing may outlive a block gets rubbish. Only the
commit comes last, behind a fence. That is every half-done block that there can be, and more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chronus.engine.layout import LANE_COLUMNS as COLUMNS
from chronus.engine.layout import NONE, Clock, Count, Fault, Head, Lane, Node
from chronus.settings import BLOCK
from tests.simulation.engine import CABLES, NODES, PORTS, ROWS, SEQUENCES, STATE, VOICES

if TYPE_CHECKING:
    import random

    from tests.simulation.engine import Engine


def _bits(array: np.ndarray) -> np.ndarray:
    return array.view(np.int32)


class Half:
    """A lane's next block, half done.

    Args:
        engine: what computes it.
        lane: whose share.
        chance: what is stored, and what not yet.
    """

    def __init__(self, engine: Engine, lane: int, chance: random.Random) -> None:
        self._engine = engine
        self._lane = lane
        self._chance = chance
        self.block = engine.block
        before = [array.copy() for array in self._stores()]
        engine.compute(lane)
        self._take_back_commit()
        self.plan = int(engine.arena.clock[lane, self.block & 1, Clock.PLAN])
        self._after = [array.copy() for array in self._stores()]
        self._before = before
        self._mixed: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def nodes(self) -> list[int]:
        """Slots of what the lane computes in this block, in this order; not what is bypassed."""
        if self.plan == NONE:
            return []
        arena = self._engine.arena
        count = arena.plan_counts[self.plan, self._lane, Count.NODES]
        slots = arena.plan_nodes[self.plan, self._lane, :count, Node.SLOT]
        return [int(slot) for slot in slots if self._faults()[slot, Fault.BYPASS] == 0]

    def _faults(self) -> np.ndarray:
        return self._after[-1]

    def mix(self, *, tells: bool = False) -> None:
        """Let some of what was stored not have been stored.

        Args:
            tells: whether what is known of nodes that went wrong has been stored.
        """
        if not tells:
            self._mix_faults()
        stores = self._stores()
        for array, old in zip(stores[:-1], self._before[:-1], strict=True):
            self._mix(array, old)
        for array, new in zip(stores, self._after, strict=True):
            rest = _bits(array) != _bits(new)
            if rest.any():
                self._mixed.append((array, rest, new))

    def _mix_faults(self) -> None:
        """What is known of nodes that went wrong is stored in the order that fences give it."""
        faults, before, after = self._stores()[-1], self._before[-1], self._after[-1]
        for slot in np.flatnonzero((before != after).any(axis=1)):
            row, old, new = faults[slot], before[slot], after[slot]
            is_reset = new[Fault.RESET] != old[Fault.RESET]
            is_noted = self.block in new[Fault.RECENT : Fault.RESET]
            row[:] = old
            if self._chance.random() < 0.5:
                if not is_reset:
                    order = ([2, 3, 4], [Fault.REASON], [Fault.BYPASS])
                    for columns in order[: self._chance.randrange(4)]:
                        row[columns] = new[columns]
                elif not is_noted:
                    columns = self._chance.sample(range(5), self._chance.randrange(6))
                    row[columns] = new[columns]
            elif self._chance.random() < 0.5:
                row[:] = new

    def _mix(self, after: np.ndarray, before: np.ndarray) -> None:
        way = self._chance.randrange(3)
        if way == 0:
            after[...] = before
        elif way == 1 and after.flags.c_contiguous:
            flat, old = after.reshape(-1), before.reshape(-1)
            cut = self._chance.randrange(len(old) + 1)
            flat[cut:] = old[cut:]

    def complete(self) -> None:
        """Store the rest, and commit."""
        for array, rest, new in self._mixed:
            _bits(array)[rest] = _bits(new)[rest]
        if self._lane == 0:
            self._engine.head[Head.COMMITTED] = self.block + 1
        else:
            self._engine.head[Lane.DONE + self._lane * COLUMNS] = self.block + 1

    def _take_back_commit(self) -> None:
        if self._lane == 0:
            self._engine.head[Head.COMMITTED] = self.block
        else:
            self._engine.head[Lane.DONE + self._lane * COLUMNS] = self.block

    def _stores(self) -> list[np.ndarray]:
        """All that a block may store, but for scratch and the commit."""
        a = self._engine.arena
        new = self.block & 1
        at = self.block * BLOCK % a.tape.shape[0]
        echo = self._engine.places.get("echo")
        more = 4 if self._engine.voices else 1
        return [
            a.clock[:, new], a.beats[:, new], a.pending[:, new, :64],
            a.sequences[:, new, :SEQUENCES], a.sequence_at[:, new, :SEQUENCES],
            a.due_frames[:, new, :SEQUENCES], a.due_values[:, new, :SEQUENCES],
            a.ports[new, : more * PORTS], a.port_left[new, : more * PORTS],
            a.port_moved[: more * PORTS],
            a.gate_off[new, : more * PORTS], a.cables[new, :CABLES], a.cable_left[new, :CABLES],
            a.state[new, : more * STATE], a.rows_out[new, : more**2 * ROWS],
            a.choices[new, :NODES], a.calm[new, :NODES], a.still[new, :NODES],
            a.voice_off[:, new, : VOICES * self._engine.voices],
            a.voice_quiet[new, : VOICES * self._engine.voices],
            a.voice_peak[new, : VOICES * self._engine.voices],
            a.rings[new, :NODES], a.tape[at : at + BLOCK],
            *([a.memory[echo.memory : echo.memory + echo.size.memory]] if echo else []),
            a.faults[:NODES],
        ]  # fmt: skip

    def leave_rubbish(self) -> None:
        """What holds nothing that outlives a block is anything once its worker has died."""
        a, lane, chance = self._engine.arena, self._lane, self._chance
        for array in (a.changes[lane, :256], a.change_value[lane, :256], a.live[lane, :CABLES]):
            array.view(np.uint8)[...] = chance.randrange(256)
        a.awake[lane, :VOICES] = a.woken[lane, :VOICES] = chance.randrange(-1, 1 << 16)
        a.batch_rows[lane] = np.nan
        a.batch_state[lane] = chance.randrange(256)
        a.change_first[lane, chance.randrange(PORTS)] = chance.randrange(64)
        if self.plan != NONE:
            count = int(a.plan_counts[self.plan, lane, Count.NODES])
            if count > 0:
                node = a.plan_nodes[self.plan, lane, chance.randrange(count)]
                first, rows = int(node[Node.ROW_IN]), int(node[Node.INPUTS])
                a.rows_in[first + chance.randrange(max(rows, 1))] = np.nan
