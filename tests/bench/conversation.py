"""How soon a typed line is answered, how many lines a second are, and where their effect is heard.

The measure is the tape's lead: the time by which the engine is ahead of what is heard. A line is
answered when the engine has computed its effect, and heard one lead later.
"""

from __future__ import annotations

import random
import re
import statistics
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, TextIO

import numpy as np
import soundfile

from chronus.commands.registry import handlers
from chronus.doors.prompt import _Conversation
from chronus.doors.score import Manner
from chronus.doors.talking import converse
from chronus.machine.live import LiveMachine, LiveSettings, warm_up
from chronus.machine.usage import cpu_seconds
from chronus.session.session import Session
from tests.doors.outside import Live
from tests.doors.tmux import TMUX, Pane
from tests.support.program import environment

if TYPE_CHECKING:
    from collections.abc import Callable

ASKED = 400
"""Lines that are typed one after the other."""
MANY = 4000
"""Lines that are sent without waiting for replies."""
RATE = 1000
"""Lines a second, where they are sent evenly."""
STEPS = 40
AHEAD = 16
RATE_HZ = 48_000
IDLE_S = 8.0
SONG = "load saw as bass\nload filter\npatch bass > filter\nwait 1000s\n"
STEADY = "load lfo as dc rate=0.01 shape=square\nload vca gain=0\npatch dc > vca\nwait 1000s\n"


def lead_s() -> float:
    """The tape's lead with the options that the program has by itself."""
    return LiveSettings(ahead=AHEAD).tape_ahead * 64 / RATE_HZ


def line(number: int) -> str:
    return f"set filter.cutoff {200 + number % 4000}"


def at_odd_times() -> None:
    """Lines come at any point of a block of the device."""
    time.sleep(random.uniform(0.002, 0.012))


# ---- from line to reply


def prompt_s() -> list[float]:
    """Seconds from a line that has been typed at the prompt to its reply."""
    warm_up()
    machine = LiveMachine(LiveSettings(device="null", ahead=AHEAD))
    took: list[float] = []
    begun = 0.0

    def make() -> Session:
        machine.start(["saw", "filter", "strip", "out"])
        return Session(machine, handlers(), is_score=False)

    def write(_text: str) -> None:
        took.append(time.perf_counter() - begun)

    lines = [*SONG.splitlines()[:-1], *map(line, range(ASKED)), "quit"]
    given = iter(lines)

    def read(_prompt: str) -> str:
        nonlocal begun
        at_odd_times()
        begun = time.perf_counter()
        return next(given)

    manner = Manner(write)
    conversation = _Conversation(make, manner)
    try:
        converse(read, conversation, manner)
    finally:
        conversation.close()
        machine.close()
    assert len(took) == len(lines)
    return took[3:-1]


def socket_s(live: Live) -> list[float]:
    """Seconds from a line that has been sent to a session's socket to its reply."""
    took = []
    with live.connect() as client, client.makefile("r") as answers:
        for number in range(ASKED):
            at_odd_times()
            begun = time.perf_counter()
            client.sendall(f"{line(number)}\n".encode())
            assert closing_line(answers).startswith("ok")
            took.append(time.perf_counter() - begun)
    return took


def closing_line(answers: TextIO) -> str:
    """The next closing line; news is shown, since it may be of underruns."""
    said = answers.readline()
    while said.startswith("! "):
        print(said, end="", file=sys.stderr)
        said = answers.readline()
    return said


# ---- lines a second


def socket_rate(live: Live, rate: int | None) -> float:
    """Lines a second that are answered where so many are sent, None for as many as there are."""
    with live.connect() as client, client.makefile("r") as answers:
        begun = time.perf_counter()

        def send() -> None:
            if rate is None:
                client.sendall("".join(f"{line(n)}\n" for n in range(MANY)).encode())
                return
            for number in range(MANY):
                time.sleep(max(begun + number / rate - time.perf_counter(), 0.0))
                client.sendall(f"{line(number)}\n".encode())

        sender = threading.Thread(target=send)
        sender.start()
        for _ in range(MANY):
            assert closing_line(answers).startswith("ok")
        sender.join()
        return MANY / (time.perf_counter() - begun)


def pipe_rate() -> float:
    """Lines a second of a score that comes through a pipe."""
    call = [sys.executable, "-m", "chronus", "--device", "null", "--ahead", str(AHEAD)]
    process = subprocess.Popen(
        call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("load filter\nwait 100ms\n")
    process.stdin.flush()
    process.stdout.readline()
    process.stdout.readline()
    begun = time.perf_counter()

    def send() -> None:
        process.stdin.writelines(f"{line(n)}\n" for n in range(MANY))
        process.stdin.flush()

    sender = threading.Thread(target=send)
    sender.start()
    for _ in range(MANY):
        assert closing_line(process.stdout).startswith("ok")
    took = time.perf_counter() - begun
    sender.join()
    process.stdin.write("quit\n")
    process.communicate()
    return MANY / took


FLOODS: dict[str, Callable[[Live], float]] = {
    "pipe": lambda _live: pipe_rate(),
    "socket": lambda live: socket_rate(live, None),
    f"socket, {RATE} sent a second": lambda live: socket_rate(live, RATE),
}
"""Ways by which many lines come; a door that is new is one more row."""


# ---- where it is heard


def frames_apart() -> list[int]:
    """Frames from the one that a reply names to the first that sounds otherwise."""
    live = Live(STEADY, "--ahead", AHEAD)
    try:
        live.wait_for_sound()
        named = []
        with live.connect() as client, client.makefile("r") as answers:
            for step in range(STEPS):
                time.sleep(random.uniform(0.03, 0.06))
                client.sendall(f"set vca.gain {0.5 - 0.5 * (step % 2)}\n".encode())
                found = re.search(r"frame (\d+)", answers.readline())
                assert found is not None
                named.append(int(found[1]))
        live.send("quit")
        live.end()
        heard = soundfile.read(live.recorded, dtype="float32")[0][:, 0]
    finally:
        live.close()
    changes = np.flatnonzero(np.diff(heard)) + 1
    begins = changes[np.diff(changes, prepend=-RATE_HZ) > 240]
    return [int(begins[np.argmin(np.abs(begins - frame))]) - frame for frame in named]


# ---- the line below the prompt


def toolbar_shares() -> dict[str, float]:
    """Share of a core that an idle prompt takes, with and without the line below it."""
    shares = {}
    for setting in ("on", "off"):
        pane = Pane(CHRONUS_TOOLBAR=setting)
        try:
            assert pane.shows("^chronus>")
            pane.type("load saw", "status")
            assert pane.shows("^process shell")
            found = re.search(r"process shell lane 0 pid (\d+)", pane.text)
            assert found is not None
            time.sleep(1.0)
            before, begun = cpu_seconds(int(found[1])), time.monotonic()
            time.sleep(IDLE_S)
            after = cpu_seconds(int(found[1]))
            assert before is not None
            assert after is not None
            shares[setting] = (after - before) / (time.monotonic() - begun)
        finally:
            pane.close()
    return shares


def print_conversation() -> None:
    """Print the tables."""
    lead = lead_s()
    live = Live(SONG, "--ahead", AHEAD)
    try:
        live.wait_for_sound()
        answers = {"prompt": prompt_s(), "socket": socket_s(live)}
        print(f"\nthe tape's lead: {1000 * lead:.1f} ms\n")
        print("from a line to its reply    median ms  of the lead   p99 ms  of the lead")
        for door, times in answers.items():
            median, late = statistics.median(times), statistics.quantiles(times, n=100)[98]
            print(
                f"{door:26} {1000 * median:10.1f} {median / lead:12.2f} "
                f"{1000 * late:8.1f} {late / lead:12.2f}"
            )
        print("\nlines a second, all answered    a second  in a lead")
        for door, rate in FLOODS.items():
            a_second = rate(live)
            print(f"{door:30} {a_second:9.0f} {a_second * lead:10.1f}")
        status = live.ask("status")[0]["result"]
        print(f"underruns meanwhile: {status['underruns']}")
    finally:
        live.close()
    apart = frames_apart()
    print(
        f"\nframes from the one that a reply names to the one that is heard: {sorted(set(apart))}"
    )
    if TMUX is not None:
        shares = toolbar_shares()
        print(
            f"an idle prompt takes {100 * shares['on']:.1f}% of a core with the line below it, "
            f"{100 * shares['off']:.1f}% without"
        )


if __name__ == "__main__":
    print_conversation()
