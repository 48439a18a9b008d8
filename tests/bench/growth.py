"""How cost grows with voices and nodes: of their sound, of a line, and of a plan; as ratios."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from chronus.commands.registry import handlers
from chronus.dsp.compile import load_kernel, write_kernel
from chronus.dsp.layout import WIDE
from chronus.engine import writer
from chronus.machine.live import LiveMachine, LiveSettings
from chronus.modules.catalog import kinds
from chronus.patch.model import Cable, Node
from chronus.session.offline import Offline
from chronus.session.session import Session
from tests.bench.peers import ours
from tests.bench.peers.spec import RATE_HZ, Case

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[[Session, int], None]

VOICES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
NODES = (10, 20, 50, 100, 200, 500, 1000, 2000)
MOST_S = 8.0
"""Seconds of audio for a few voices or nodes; of many, less."""
AIM_S = 0.05
"""In which a plan of 2,000 nodes is to be compiled."""
EDITS = 10
LINES = MappingProxyType(
    {
        "set": "set n1.freq {n}",
        "get": "get n1.freq",
        "mute": "mute sum / unmute sum",
        "load": "load lfo as x{n}",
        "patch": "patch wob > n1.freq by {n}hz",
        "unpatch": "unpatch x{n} > out / patch x{n} > out",
        "rename": "rename n2 q / rename q n2",
        "undo": "undo / redo",
        "gate": "gate env on",
        "sequence": "sequence env: x.x{n}",
        "describe": "describe n1",
        "unload": "unload x{n}",
    }
)
"""Lines of each sort; what stands behind ` / ` is said every second time."""
SAID = 8
"""Times that each is said."""
ALIKE = ("filter", "slew", "eq", "ladder")
"""Kinds of which several, each behind a saw, are computed one by one and at once."""
ALIKE_COUNTS = (4, 8, 16)
ALIKE_ROUNDS = 5
LINE_NODES = (10, 100, 500, 1000, 2000)


def voice_lines(count: int) -> list[str]:
    """So many voices of instruments: saw, filter, ADSR, gate and amplifier."""
    return ours.score(Case("voice", count, (1, 2), ""))


def with_voices(session: Session, count: int) -> None:
    """Let a session play so many voices."""
    for line in voice_lines(count):
        reply = session.run_line(line)
        assert reply.ok, reply


def with_nodes(session: Session, count: int) -> None:
    """Let a session play so many nodes that are no voices: saws, and a mix of them.

    They are patched at one stroke: as lines, each of which answers for itself, 2,000 take minutes.
    """
    before = session.patch
    names = [f"n{number}" for number in range(count - 1)]
    freq = MappingProxyType({"freq": 220.0})
    nodes = {name: Node(name, "saw", i + 2, freq) for i, name in enumerate(names)}
    nodes = {**before.nodes, "sum": Node("sum", "mix", 1), **nodes}
    cables = [Cable(count + 2 + i, n, "out", "sum", "in", 0.0) for i, n in enumerate(names)]
    patch = replace(
        before, nodes=MappingProxyType(nodes), cables=tuple(cables), count=2 * count + 3
    )
    session.console.take(patch, is_rewired=True)
    session.publish()


def engine_s(make: Make, count: int, seconds: float) -> float:
    """CPU seconds that the engine takes for a second of audio, when it has begun."""
    backend = Offline(RATE_HZ)
    session = Session(backend, handlers(), is_score=True)
    make(session, count)
    session.move_to(RATE_HZ / 4)
    begun = time.process_time()
    session.move_to((0.25 + seconds) * RATE_HZ)
    spent = time.process_time() - begun
    backend.close()
    return spent / seconds


def print_line(
    what: str, counts: tuple[int, ...], make: Make, unit_s: float, least: int = 1
) -> None:
    """What so many cost, and the straight line through it; in units of a reference.

    The line is that of least squares of relative deviations, so that few count as much as many.

    Args:
        what: they are.
        counts: of them.
        make: has a session play so many.
        unit_s: CPU seconds of the reference for a second of audio.
        least: fewer are not part of the line.
    """
    costs = []
    for count in counts:
        seconds = max(0.25, min(MOST_S, MOST_S * 32 / count))
        told = [engine_s(make, count, seconds) for _ in range(3)]
        costs.append(statistics.median(told) / unit_s)
    numbers, found = np.array(counts, float), np.array(costs)
    on = numbers >= least
    slope, intercept = np.polyfit(numbers[on], found[on], 1, w=1.0 / found[on])
    off = found / (slope * numbers + intercept) - 1.0
    print(f"\n{what:8}  of the reference  of the line")
    for count, cost, deviation in zip(counts, costs, off, strict=True):
        print(f"{count:8}  {cost:16.2f}", f"  {1 + deviation:10.2f}" if count >= least else "")
    print(f"line: {intercept:.2f} + {slope:.4f} for each", end="; ")
    print(f"residual {np.sqrt(np.mean(off[on] ** 2)):.1%}, {np.abs(off[on]).max():.1%} at most")


def print_plans() -> None:
    """What it takes to compile a plan of 2,000 nodes, and whether it is heard that one comes."""
    spent: list[float] = []
    compile_plan = writer.plan_of

    def timed(*given: object) -> object:
        begun = time.thread_time()  # of this thread alone: the engine plays on beside it
        plan = compile_plan(*given)
        spent.append(time.thread_time() - begun)
        return plan

    machine = LiveMachine(LiveSettings(device="null"))
    writer.plan_of = timed
    try:
        machine.start(["saw", "mix", "lfo", "strip", "out"])
        session = Session(machine, handlers(), is_score=False)
        with_nodes(session, NODES[-1])
        time.sleep(1.0)
        before = machine.facts()["underruns"]
        spent.clear()
        lines = []
        for edit in range(EDITS):
            begun = time.perf_counter()
            reply = session.run_line(f"load lfo as extra{edit}; patch extra{edit} > n{edit}.freq")
            assert reply.ok, reply
            lines.append(time.perf_counter() - begun)
        time.sleep(0.5)
        underruns = machine.facts()["underruns"] - before
        session.close()
    finally:
        writer.plan_of = compile_plan
        machine.close()
    plan_s, line_s = statistics.median(spent), statistics.median(lines)
    print(
        f"\na plan of {NODES[-1]:,} nodes: compiled in {plan_s / AIM_S:.2f} of {AIM_S * 1e3:.0f} ms"
    )
    print(f"({min(spent) / AIM_S:.2f}-{max(spent) / AIM_S:.2f} of {len(spent)});", end=" ")
    print(f"a line that edits it is answered in {line_s * 1e3:.0f} ms; underruns: {underruns}")


def line_s(count: int) -> dict[str, float]:
    """CPU seconds of a line of each sort, of the session and the blocks until it has effect."""
    backend = Offline(RATE_HZ)
    session = Session(backend, handlers(), is_score=False)
    with_nodes(session, count)
    for line in ("load lfo as wob", "load adsr as env"):
        assert session.run_line(line).ok
    found = {}
    for sort, forms in LINES.items():
        told = []
        for number in range(SAID):
            form = forms.split(" / ")[number % len(forms.split(" / "))]
            begun = time.thread_time()
            reply = session.run_line(
                form.format(n=number + 1 if sort != "sequence" else "x" * number)
            )
            told.append(time.thread_time() - begun)
            assert reply.ok, reply
        found[sort] = statistics.median(told)
    backend.close()
    return found


def print_lines(unit_s: float) -> None:
    """What a typed line costs among so many nodes.

    Args:
        unit_s: CPU seconds of the reference for a second of audio.
    """
    found = {count: line_s(count) for count in LINE_NODES}
    print("\na line, of the reference, among so many nodes; and what a node adds to it")
    print(f"{'':9}", *(f"{count:8,}" for count in LINE_NODES), "  us / node")
    for sort in LINES:
        costs = [found[count][sort] / unit_s for count in LINE_NODES]
        slope = (found[LINE_NODES[-1]][sort] - found[LINE_NODES[0]][sort]) / LINE_NODES[-1]
        print(f"{sort:9}", *(f"{cost:8.2f}" for cost in costs), f"  {slope * 1e6:9.2f}")


def alike(kind: str, count: int, *, batches: bool) -> Session:
    """A session with so many saws that each go through a node of a kind."""
    load_kernel(write_kernel(kinds()[kind], wide=True))  # what is there is used from the beginning
    backend = Offline(RATE_HZ)
    backend.writer.fused.batches = batches
    session = Session(backend, handlers(), is_score=True)
    for i in range(count):
        line = f"load saw as s{i} freq={110 + 7 * i}; load {kind} as n{i}; patch s{i} > n{i} > out"
        reply = session.run_line(line)
        assert reply.ok, reply
    session.move_to(RATE_HZ / 4)
    return session


def print_alike() -> None:
    """What like nodes cost that are computed at once, as a share of what they do one by one.

    All of the patch counts, also its saws and strips; the least of several turns is told.
    """
    print("\nlike nodes, at once / one by one")
    print(f"{'':9}", *(f"{count:8}" for count in ALIKE_COUNTS))
    for kind in ALIKE:
        shares = []
        for count in ALIKE_COUNTS:
            sessions = [alike(kind, count, batches=batches) for batches in (True, False)]
            told: list[list[float]] = [[], []]
            for turn in range(2 * ALIKE_ROUNDS):
                begun = time.process_time()
                sessions[turn % 2].move_to((0.25 + 2.0 * (turn // 2 + 1)) * RATE_HZ)
                told[turn % 2].append(time.process_time() - begun)
            shares.append(min(told[0]) / min(told[1]))
        print(f"{kind:9}", *(f"{share:8.2f}" for share in shares))


def print_growth(unit_s: float) -> None:
    """All of it.

    Args:
        unit_s: CPU seconds of the reference for a second of audio.
    """
    print_line("voices", VOICES, with_voices, unit_s, least=WIDE)
    print("fewer than 16 cost what 16 do: that many are computed side by side")
    print_line("nodes", NODES, with_nodes, unit_s)
    print_alike()
    print_lines(unit_s)
    print_plans()
