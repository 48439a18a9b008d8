"""Scores through a session and the engine in this process: what was said, and what was heard."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from chronus.commands.registry import handlers
from chronus.doors.replies import as_text
from chronus.dsp.declaration import RAMP_S
from chronus.language.blocks import gathered
from chronus.session import offline
from chronus.session.session import Length, Reply, Session

RATE_HZ = 48_000

DC = "load lfo as dc rate=0.01 shape=square"
"""A node that gives 1.0 for 50 seconds."""
GATED = f"{DC}; load adsr as env attack=0 decay=0 sustain=1 release=0; patch dc > env > out"
"""What is heard is the velocity of `env` while its gate is open, and 0 else, to the frame."""


@dataclass
class Collected:
    """A sink that keeps all frames."""

    parts: list = field(default_factory=list)
    count: int = 0
    is_closed: bool = False

    def take(self, start_frame, frames):
        assert start_frame == self.count, "frames must be in order"
        self.parts.append(frames.copy())
        self.count += len(frames)

    def close(self):
        self.is_closed = True

    @property
    def frames(self):
        return np.concatenate(self.parts) if self.parts else np.zeros((0, 2), np.float32)


@dataclass(frozen=True)
class Played:
    """What became of a score: its frames (n, 2), its replies, and the session at its end."""

    frames: np.ndarray
    replies: list
    session: Session
    news: list

    @property
    def left(self):
        return self.frames[:, 0]

    def texts(self):
        return [as_text(reply) for reply in self.replies]

    def errors(self):
        return [reply.error for reply in self.replies if reply.error is not None]


class Stage:
    """A session at frame 0 of an engine of its own, and what it has played so far."""

    def __init__(self, rate=RATE_HZ, lanes=1, fade_s=RAMP_S):
        self.backend = offline.Offline(rate, lanes=lanes, fade_s=fade_s)
        self.sink = Collected()
        self.backend.add_sink(self.sink, 0)
        self.session = Session(self.backend, handlers(), is_score=True)
        self.news = []
        self.session.pending.on_news(self.news.append)

    def say(self, *lines) -> Reply:
        """Carry out lines that must succeed; the last reply."""
        reply = None
        for line in split(lines):
            reply = self.session.run_line(line)
            assert reply.ok, f"{line!r} gave {as_text(reply)}"
        assert reply is not None
        return reply

    def fails(self, line):
        """Carry out a line that must fail; its error."""
        reply = self.session.run_line(line)
        assert not reply.ok, f"{line!r} gave {as_text(reply)}"
        return reply.error

    def get(self, port):
        return self.say(f"get {port}").results[-1].data["value"]

    @property
    def frames(self):
        return self.sink.frames


def split(lines):
    """Lines of one text or of several, a block's together; blank ones are left out."""
    texts = [lines] if isinstance(lines, str) else lines
    physical = [line for text in texts for line in text.splitlines()]
    return [part.text.strip() for part in gathered(physical) if part.text.strip()]


def render(lines, seconds=None, rate=RATE_HZ, *, bars=None, fails=False) -> Played:
    """Play a score to its end, offline.

    Args:
        lines: a text, or several.
        seconds: or `bars`: how long; without both, until what rings has ended.
        rate: Hz.
        fails: whether lines may fail; else each must succeed.
    """
    stage = Stage(rate)
    session = stage.session
    session.length = Length(seconds, bars)
    replies = []
    for line in split(lines):
        replies.append(session.run_line(line))
        assert fails or replies[-1].ok, f"{line!r} gave {as_text(replies[-1])}"
        if session.is_over:
            break
    end = session.finish()
    frames = stage.frames[:end]
    stage.backend.close()
    return Played(frames, replies, session, stage.news)
