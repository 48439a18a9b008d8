"""Instruments with several voices: lines that make some, and what the engine knows of them."""

from __future__ import annotations

from chronus.engine.findings import sounding
from chronus.engine.layout import HELD, NONE, Head, Player
from chronus.patch.graph import key_of
from tests.support.score import Stage

PAD = """instrument pad { load keys
load saw freq=0.01hz
load filter cutoff=300hz resonance=0.3
load adsr as env velocity=0 attack=3ms decay=60ms sustain=0.6 release=80ms
load lfo rate=0.7hz
load poly
patch saw > filter > env > poly > out
patch env.env > filter.cutoff by 2oct
patch lfo > filter.cutoff by 30ct
patch keys.freq > saw.freq
patch keys.gate > env.gate
patch keys.velocity > env.velocity
expose cutoff = filter.cutoff }"""
"""A saw, a filter that its envelope opens, an LFO for all voices, and where they meet."""


class Pads(Stage):
    """A session that knows PAD.

    Args:
        computes_all: whether voices that sleep are computed, too.
        how: arguments of the stage.
    """

    def __init__(self, *, computes_all=False, **how):
        super().__init__(**how)
        self.arena = self.backend.writer.arena
        self.arena.head[Head.COMPUTES_ALL] = int(computes_all)
        self.say(PAD)

    def place(self, name, node="keys"):
        """Where the engine has a node of an instrument."""
        return self.backend.writer.place(key_of(self.session.patch.nodes[f"{name}/{node}"]))

    def sounding(self, name):
        """How many voices sound."""
        return sounding(self.backend.writer, key_of(self.session.patch.nodes[f"{name}/keys"]))

    def _slots(self, name):
        first = int(self.arena.players[self.place(name).player, Player.BASE])
        return range(first, first + self.session.patch.instruments[name].voices)

    def gates(self, name):
        """Of each voice whether its gate is open."""
        writer = self.backend.writer
        offs = [int(self.arena.voice_off[0, writer.bank, slot]) for slot in self._slots(name)]
        return [off == HELD or (off != NONE and off > writer.frames_done()) for off in offs]

    def pitches(self, name):
        """Of each voice the pitch that it was given last, in Hz."""
        writer = self.backend.writer
        ports = [self.arena.voice_ports[slot, 0] for slot in self._slots(name)]
        return [round(float(self.arena.ports[writer.bank, port, 0]), 2) for port in ports]


def played(*lines, **how):
    """The frames of lines, said one after the other."""
    stage = Pads(**how)
    stage.say(*lines)
    return stage.frames
