"""Plays a score whose modules are edited on the way, live or offline; prints replies and facts.

Steps are lines, or what is done between them: `edit: TEXT` writes the kinds anew, `hold S` waits
until so many seconds have been computed, `kill` ends the worker of each lane and waits for the
next ones. Lines are carried out long before their time, so that compiling makes none late. With
CHRONUS_MODULES the kinds are the user's own, in a file there that may come later.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np

from chronus.commands.registry import handlers
from chronus.doors.calls import kinds_in
from chronus.doors.replies import as_text
from chronus.engine.layout import Head
from chronus.machine import live
from chronus.machine.live import LiveMachine, LiveSettings
from chronus.modules.catalog import look_in
from chronus.session.offline import Offline
from chronus.session.session import Length, Session
from tests.machine.piece import Memory
from tests.machine.song import take_overs, wait_for, worker


def kill(machine):
    """End the worker of each lane when a standby of its is ready, and wait for the next hand."""
    for lane in range(machine.settings.lanes):
        before = take_overs(machine, lane)
        os.kill(worker(machine, lane), signal.SIGKILL)
        wait_for(lambda b=before, n=lane: take_overs(machine, n) > b)


live.EARLY_S = 5.0
look_in([Path(folder) for folder in filter(None, [os.environ.get("CHRONUS_MODULES")])])


def main(frames, source, lanes, seconds, steps):
    machine = LiveMachine(LiveSettings(device="null", ahead=200, lanes=lanes)) if lanes else None
    engine = machine or Offline(48_000)
    replies = []
    facts = {}
    sink = Memory()
    try:
        if machine is not None:
            machine.start(
                [*kinds_in(s for s in steps if not s.startswith("edit:")), "strip", "out"]
            )
        engine.add_sink(sink, 0)
        session = Session(engine, handlers(), is_score=True)
        session.length = Length(seconds)
        for step in steps:
            if step.startswith("edit: "):
                Path(source).write_text(step.removeprefix("edit: "))
            elif step.startswith("hold ") and machine is not None:
                blocks = float(step.split()[1]) * 48_000 / 64
                wait_for(lambda b=blocks: machine._head[Head.COMMITTED] >= b)
            elif step != "kill" and not step.startswith("hold "):
                reply = session.run_line(step)
                data = [result.data for result in reply.results]
                replies.append({"text": as_text(reply), "data": data})
            elif step == "kill" and machine is not None:
                kill(machine)
        end = session.finish()
        engine.remove_sink(sink, end)
        facts = {**engine.facts(), "news": engine.news()}
    finally:
        engine.close()
    np.save(frames, sink.frames[:end])
    print(json.dumps({"replies": replies, "facts": facts}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), json.load(sys.stdin))
