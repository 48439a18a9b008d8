"""What the engine plays, by what its parts are called and not by where they lie in the arena."""

from __future__ import annotations

import numpy as np

from chronus.engine.layout import NONE, STOPPED, Beat, Clock, Count, Node, Ramp
from chronus.patch.graph import graph_of
from chronus.patch.tables import ROLES, Amount, Mark, What


def sounding(stage):
    """The plan, what ports and cables are at or on their way to, the patterns, and the tempo.

    Ports that a pattern moves, and gates, are where they happen to be, and left out.
    """
    writer = stage.session.writer
    arena, bank = writer.arena, writer.bank
    places, slots = writer.places, writer.cable_slots
    graph = graph_of(stage.session.patch)
    ports = {
        place.ports + index: (key, port.name)
        for key, place in places.items()
        for index, port in enumerate(place.kind.inputs)
    }
    played = _played(writer, ports)
    moved = {port for *_, moves in played.values() for port in moves}
    nodes, inputs = _plan(writer, ports)
    return {
        "nodes": nodes,
        "inputs": inputs,
        "targets": {
            (key, name): float(arena.ports[bank, place, Ramp.TARGET])
            for place, (key, name) in ports.items()
            if key in graph.nodes and name != "gate" and (key, name) not in moved
        },
        "amounts": {k: float(arena.cables[bank, slots[k], Ramp.TARGET]) for k in graph.cables},
        "played": played,
        "tempo": float(arena.beats[0, bank, Beat.BPM]),
    }


def _plan(writer, ports):
    """Keys of the nodes in computing order, and the wires of each row of inputs, in order."""
    arena, places = writer.arena, writer.places
    names = {place.slot: key for key, place in places.items()}
    cables = {slot: key for key, slot in writer.cable_slots.items()}
    rows = {
        place.rows_out + index: (key, index)
        for key, place in places.items()
        for index in range(place.size.rows_out)
    }
    plan = writer.clock(Clock.PLAN)
    nodes, inputs, row = [], [], 0
    for node in arena.plan_nodes[plan, 0, : arena.plan_counts[plan, 0, Count.NODES]]:
        nodes.append(names[int(node[Node.SLOT])])
        last = row + int(node[Node.INPUTS])
        for port, first, count, *_ in arena.plan_rows[plan, 0, row:last]:
            wires = arena.plan_wires[plan, 0, first : first + count].tolist()
            found = [(rows[w[0]], cables[w[1]], *w[2:5]) for w in wires]
            inputs.append((ports[int(port)], found))
        row = last
    return nodes, inputs


def _played(writer, ports):
    """Of each target the table that plays it or is to, and the ports that it moves."""
    arena = writer.arena
    found = {}
    for target, slot in writer.tables._slots.items():
        now, pending = (int(n) for n in arena.sequences[0, writer.bank, slot, :2])
        table = now if pending == NONE else pending
        assert table not in (NONE, STOPPED), target
        first, count, *whole = arena.tables[table].tolist()
        moved = [ports.get(int(port)) for port in arena.sequence_ports[slot]]
        entries, moves = [], set()
        for index in range(first, first + count):
            marks = arena.entries[index].tolist()
            is_note, is_lock = marks[Mark.WHAT] == What.NOTE, marks[Mark.WHAT] == What.LOCK
            locked = moved[marks[Mark.COLUMN]] if is_lock else None
            entries.append((locked, *(m for k, m in enumerate(marks) if k != Mark.COLUMN)))
            has_pitch = not is_lock and not np.isnan(arena.entry_values[index, Amount.PITCH])
            moves |= {locked, *moved[1 : ROLES * is_note], *moved[:has_pitch]}
        values = np.nan_to_num(arena.entry_values[first : first + count], nan=-1.0).tolist()
        found[target] = (
            (arena.table_values[table].tolist(), whole),
            entries,
            values,
            moves - {None},
        )
    return found
