"""Instruments with voices, built by hand, and their notes."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from chronus.engine.layout import HELD, NONE, Clock, Head, Player
from chronus.engine.voices import sounding_voices
from chronus.patch.graph import key_of
from chronus.patch.instruments import Instrument
from tests.support.score import Stage

PAD = (
    "load keys as NAME/keys; load saw as NAME/saw freq=0; load filter as NAME/filter cutoff=300hz",
    "load adsr as NAME/env velocity=0 attack=3 decay=60 sustain=0.6 release=80",
    "patch NAME/saw > NAME/filter > NAME/env; patch NAME/env.env > NAME/filter.cutoff by 2khz",
    "patch NAME/keys.freq > NAME/saw.freq; patch NAME/keys.gate > NAME/env.gate",
    "patch NAME/keys.velocity > NAME/env.velocity",
    "load poly as NAME/poly; patch NAME/env > NAME/poly",
    "set NAME/poly.level -12db",
)
"""A saw, a filter that its envelope opens, and where its voices meet."""


class Pads(Stage):
    """A session with instruments of several voices.

    Args:
        computes_all: whether voices that sleep are computed, too.
        how: arguments of the stage.
    """

    def __init__(self, *, computes_all=False, **how):
        super().__init__(**how)
        self.arena = self.backend.writer.arena
        self.arena.head[Head.COMPUTES_ALL] = int(computes_all)

    def load(self, name, voices, lines=PAD, output="poly"):
        """Load an instrument: its nodes first, and then what they are to each other."""
        made = Instrument(name, "pad", MappingProxyType({}), output, "keys", voices)
        draft = [line.replace("NAME", name) for line in lines]
        console = self.session.console
        self.say("{ " + "; ".join(draft) + " }")
        patch = console.patch
        several = MappingProxyType({**patch.instruments, name: made})
        console.take(replace(patch, instruments=several), is_rewired=True)

    def note(self, name, *pitches, frames=24_000, velocity=0.8):
        """Play notes now, in Hz."""
        node = self.session.patch.nodes[f"{name}/keys"]
        if self.session.patch.instruments[name].voices == 1:
            (hz,) = pitches
            self.session.console.set_port(node, "freq", hz)
            self.session.console.set_port(node, "velocity", velocity)
            self.session.console.set_gate(node, is_open=True, frames=frames)
        else:
            self.session.console.play_notes(node, pitches, velocity, frames)

    def release(self, name):
        """Close all gates of an instrument."""
        node = self.session.patch.nodes[f"{name}/keys"]
        self.session.console.set_gate(node, is_open=False)

    def place(self, name, node="keys"):
        """Where the engine has a node of an instrument."""
        return self.backend.writer.place(key_of(self.session.patch.nodes[f"{name}/{node}"]))

    def sounding(self, name):
        """How many voices sound."""
        return sounding_voices(self.arena, self.place(name).player)

    def _first(self, name):
        return int(self.arena.players[self.place(name).player, Player.BASE])

    def gates(self, name):
        """Of each voice whether its gate is open."""
        writer = self.backend.writer
        first = self._first(name)
        voices = self.session.patch.instruments[name].voices
        offs = self.arena.voice_off[0, writer.bank, first : first + voices]
        done = writer.frames_done()
        return [bool(off == HELD or off > done) and off != NONE for off in offs.tolist()]

    def pitches(self, name):
        """Of each voice the pitch that it was given last, in Hz."""
        writer, first = self.backend.writer, self._first(name)
        voices = self.session.patch.instruments[name].voices
        ports = self.arena.voice_ports[first : first + voices, 0]
        return [round(float(self.arena.ports[writer.bank, port, 0]), 3) for port in ports]

    @property
    def plan(self):
        """The plan slot that plays."""
        return self.backend.writer.clock(Clock.PLAN)
