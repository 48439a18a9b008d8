"""Sequences and their tables in the arena: places for them, and when these are free again."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from chronus.engine.layout import COLUMNS, NONE, STOPPED, Arena, Event, Playing
from chronus.engine.pool import Pool
from chronus.errors import Code, UserError
from chronus.patch.tables import CHANCES, LOCKS, ROLES
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from chronus.engine.writer import Writer
    from chronus.patch.tables import Entry, Table

    Ports = tuple[int, int, int]
    Columns = dict[str, int]


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
        self._columns: dict[str, Columns] = {}

    def play(
        self,
        target: str,
        ports: Ports,
        table: Table,
        locked: Mapping[str, int] = MappingProxyType({}),
        *,
        now: bool,
    ) -> None:
        """Let a target be played by a table, at the next bar line or now.

        Args:
            target: the node or port.
            ports: that of each Role, or NONE.
            table: what plays it.
            locked: the port of each name that the table locks, or NONE.
            now: whether it waits for no bar line.

        Raises:
            UserError: E_LIMIT, the arena is full; nothing has changed then.
        """
        self._free_what_has_ended()
        columns = self._with_columns(target, table.locked)
        place = self._place(target, table, columns)
        self._columns[target] = columns
        if target not in self._slots:
            self._slots[target] = self._slot(target, ports, locked)
        else:
            # No table that plays reads these columns yet.
            self._write_ports(self._slots[target], target, locked)
        self._writer.add(Event.SEQUENCE, self._slots[target], place, int(now))

    def move(self, target: str, ports: Ports, port_of: Callable[[str], int]) -> None:
        """Let what plays a target go on from where it is at other ports.

        Args:
            target: the node or port.
            ports: that of each Role, or NONE.
            port_of: the port of a name that steps lock, or NONE.

        Raises:
            UserError: E_LIMIT, there are too many sequences; nothing has changed then.
        """
        before = self._slots[target]
        locked = {name: port_of(name) for name in self._columns.get(target, ())}
        slot = self._slot(target, ports, locked)
        self._writer.add(Event.MOVE, before, slot)
        self._stopping[before] = target
        self._slots[target] = slot

    def check_locks(self, target: str, locked: Collection[str]) -> None:
        """Make sure that a target has room for the ports that a new table of it locks.

        Raises:
            UserError: E_LIMIT, it has not.
        """
        self._free_what_has_ended()
        self._with_columns(target, locked)

    def _with_columns(self, target: str, locked: Collection[str]) -> Columns:
        """The columns of a target's locked ports, those of a new table among them."""
        columns = self._columns.get(target, {})
        if set(locked) <= columns.keys():
            return columns
        used = {name for table, _ in self._written_for.get(target, ()) for name in table.locked}
        if not self._has_dues(target):
            columns = {name: column for name, column in columns.items() if name in used}
        free = [n for n in range(ROLES, COLUMNS) if n not in columns.values()]
        new = [name for name in locked if name not in columns]
        if len(new) > len(free):
            message = f"the patterns of one sequence lock {LOCKS} ports at one time at most"
            raise UserError(Code.LIMIT, message)
        return columns | dict(zip(new, free, strict=False))

    def _has_dues(self, target: str) -> bool:
        """Whether a lock of a target has not ended yet."""
        writer = self._writer
        slots = [slot for slot, ending in self._stopping.items() if ending == target]
        slots += [self._slots[target]] if target in self._slots else []
        state = writer.arena.sequences[0, writer.bank]
        return not writer.is_settled(2 * BLOCK) or bool(state[slots, Playing.DUES].any())

    def _place(self, target: str, table: Table, columns: Columns) -> int:
        """Where a table is written: where it is already, if the target plays it or will."""
        for written, place in self._written_for.get(target, ()):
            if written == table:
                return place
        place = self._written(table, columns)
        self._written_for.setdefault(target, []).append((table, place))
        return place

    def _slot(self, target: str, ports: Ports, locked: Mapping[str, int]) -> int:
        """A place for what plays a target: the one where it still ends, if its ports are there."""
        sequence_ports = self._writer.arena.sequence_ports
        wanted = {self._columns[target][name]: place for name, place in locked.items()}
        for slot, ending in self._stopping.items():
            there = sequence_ports[slot].tolist()
            if ending == target and tuple(there[:ROLES]) == ports:
                if any(there[column] != place for column, place in wanted.items()):
                    continue
                del self._stopping[slot]
                return slot
        part = int("." in target)
        slot = self._sequences[part].take(1) + part * self._behind
        sequence_ports[slot, :ROLES] = ports
        sequence_ports[slot, ROLES:] = NONE
        self._write_ports(slot, target, locked)
        return slot

    def _write_ports(self, slot: int, target: str, locked: Mapping[str, int]) -> None:
        for name, place in locked.items():
            self._writer.arena.sequence_ports[slot, self._columns[target][name]] = place

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

    def _written(self, table: Table, columns: Columns) -> int:
        arena: Arena = self._writer.arena
        place = self._tables.take(1)
        try:
            first = self._entries.take(len(table.entries))
        except UserError:
            self._tables.give(place, 1)
            raise
        count = len(table.entries)
        arena.tables[place] = (first, count, table.cycles, table.seed, table.glide)
        arena.table_values[place] = (table.beats, table.gate)
        names = [columns[name] for name in table.locked]
        for index, entry in enumerate(table.entries, first):
            arena.entries[index] = _marks(entry, names[entry.locked] if names else NONE)
            amounts = (entry.beat, entry.end, entry.pitch, entry.velocity, entry.ramp_s)
            arena.entry_values[index] = amounts
        self._used.append(place)
        return place

    def _free_what_has_ended(self) -> None:
        """Give back what no sequence plays or will play, two blocks after the last event."""
        writer = self._writer
        if not writer.is_settled(2 * BLOCK):
            return
        state = writer.arena.sequences[0, writer.bank]
        playing = set(state[:, Playing.TABLE].tolist()) | set(state[:, Playing.PENDING].tolist())
        playing |= writer.staged_tables()
        for place in [p for p in self._used if p not in playing]:
            first, count = (int(n) for n in writer.arena.tables[place, :2])
            self._entries.give(first, count)
            self._tables.give(place, 1)
            self._used.remove(place)
        used = set(self._used)
        for target, written in list(self._written_for.items()):
            self._written_for[target] = [(t, place) for t, place in written if place in used]
            if not self._written_for[target]:
                del self._written_for[target]
        staged = writer.staged_sequences()
        for slot in [s for s in self._stopping if s not in staged and _has_ended(state[s])]:
            part = int(slot >= self._behind)
            self._sequences[part].give(slot - part * self._behind, 1)
            del self._stopping[slot]
        known = self._slots.keys() | self._written_for.keys() | set(self._stopping.values())
        self._columns = {t: columns for t, columns in self._columns.items() if t in known}


def _has_ended(state: NDArray[np.int64]) -> bool:
    """Whether a sequence plays nothing, will play nothing and has left nothing to be done."""
    plays = state[Playing.TABLE] != NONE or state[Playing.PENDING] != NONE
    return not plays and int(state[Playing.DUES]) == 0


def _marks(entry: Entry, column: int) -> tuple[int, ...]:
    """An entry's whole numbers, in the order of Mark."""
    chances = (*entry.chances, *[NONE] * (CHANCES - len(entry.chances)))
    marks = (entry.what, entry.index, entry.flags, column, entry.modulus, entry.remainder)
    return (*marks, entry.cycle, entry.follows, *chances)
