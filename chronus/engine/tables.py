"""Sequences and their tables in the arena: places for them, and when these are free again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.engine.layout import NONE, STOPPED, Arena, Event
from chronus.engine.pool import Pool
from chronus.errors import UserError
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chronus.engine.writer import Writer
    from chronus.patch.tables import Table


class Tables:
    """The part of the writer that knows sequences.

    Args:
        writer: whose events it uses.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        arena = writer.arena
        self._slots: dict[str, int] = {}
        # At one frame a port's own sequence has the last word: those of ports come behind.
        size = int(arena.sequence_ports.shape[0]) // 2
        self._sequences = (Pool("sequences of nodes", size), Pool("sequences of ports", size))
        self._behind = size
        self._tables = Pool("patterns", arena.tables.shape[0])
        self._entries = Pool("steps of patterns", arena.entries.shape[0])
        self._used: list[int] = []
        self._stopping: dict[int, str] = {}
        self._written_for: dict[str, list[tuple[Table, int]]] = {}

    def play(self, target: str, ports: tuple[int, int, int], table: Table, *, now: bool) -> None:
        """Let a target be played by a table, at the next bar line or now.

        Raises:
            UserError: E_LIMIT, the arena is full; nothing has changed then.
        """
        self._free_what_has_ended()
        place = self._place(target, table)
        if target not in self._slots:
            self._slots[target] = self._slot(target, ports)
        self._writer.add(Event.SEQUENCE, self._slots[target], place, int(now))

    def move(self, target: str, ports: tuple[int, int, int]) -> None:
        """Let what plays a target go on from where it is at other ports.

        Raises:
            UserError: E_LIMIT, there are too many sequences; nothing has changed then.
        """
        before = self._slots[target]
        slot = self._slot(target, ports)
        self._writer.add(Event.MOVE, before, slot)
        self._stopping[before] = target
        self._slots[target] = slot

    def _place(self, target: str, table: Table) -> int:
        """Where a table is written: where it is already, if the target plays it or will."""
        for written, place in self._written_for.get(target, ()):
            if written == table:
                return place
        place = self._written(table)
        self._written_for.setdefault(target, []).append((table, place))
        return place

    def _slot(self, target: str, ports: tuple[int, int, int]) -> int:
        """A place for what plays a target: the one where it still ends, if its ports are there."""
        sequence_ports = self._writer.arena.sequence_ports
        for slot, ending in self._stopping.items():
            if ending == target and tuple(sequence_ports[slot]) == ports:
                del self._stopping[slot]
                return slot
        part = int("." in target)
        slot = self._sequences[part].take(1) + part * self._behind
        sequence_ports[slot] = ports
        return slot

    def plays(self, target: str) -> bool:
        """Whether a target is played, or will be from the next bar line on."""
        return target in self._slots

    def check_room(self, patterns: Iterable[int], targets: Iterable[str]) -> None:
        """Make sure that these new targets, and patterns of so many entries each, find room.

        Raises:
            UserError: E_LIMIT, they do not.
        """
        self._free_what_has_ended()
        tables, entries = self._tables.copy(), self._entries.copy()
        sequences = [pool.copy() for pool in self._sequences]
        for count in patterns:
            tables.take(1)
            entries.take(count)
        for target in targets:
            sequences["." in target].take(1)

    def end(self, target: str, *, now: bool) -> None:
        """Let a target be played by nothing, at the next bar line or now."""
        slot = self._slots.pop(target, None)
        if slot is None:
            return  # it came and went within one instant
        self._writer.add(Event.SEQUENCE, slot, STOPPED, int(now))
        self._stopping[slot] = target

    def _written(self, table: Table) -> int:
        arena: Arena = self._writer.arena
        place = self._tables.take(1)
        try:
            first = self._entries.take(len(table.entries))
        except UserError:
            self._tables.give(place, 1)
            raise
        arena.tables[place] = (first, len(table.entries))
        arena.table_beats[place] = table.beats
        for index, entry in enumerate(table.entries):
            arena.entries[first + index] = (entry.what, entry.index, entry.flags)
            arena.entry_values[first + index] = (
                entry.beat,
                entry.length,
                entry.pitch,
                entry.velocity,
                entry.gap,
                entry.ramp_s,
            )
        self._used.append(place)
        return place

    def _free_what_has_ended(self) -> None:
        """Give back what no sequence plays or will play, two blocks after the last event."""
        writer = self._writer
        if not writer.is_settled(2 * BLOCK):
            return
        state = writer.arena.sequences[0, writer.bank]
        playing = set(state[:, 0].tolist()) | set(state[:, 1].tolist()) | writer.staged_tables()
        for place in [p for p in self._used if p not in playing]:
            first, count = (int(n) for n in writer.arena.tables[place])
            self._entries.give(first, count)
            self._tables.give(place, 1)
            self._used.remove(place)
        used = set(self._used)
        for target, written in list(self._written_for.items()):
            self._written_for[target] = [(t, place) for t, place in written if place in used]
            if not self._written_for[target]:
                del self._written_for[target]
        for slot in [s for s in self._stopping if state[s, 0] == NONE and state[s, 1] == NONE]:
            part = int(slot >= self._behind)
            self._sequences[part].give(slot - part * self._behind, 1)
            del self._stopping[slot]
