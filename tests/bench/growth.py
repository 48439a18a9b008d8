"""How cost grows with voices and nodes: of their sound, of a line, and of a plan; as ratios."""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from chronus.commands.registry import handlers
from chronus.dsp.layout import WIDE
from chronus.engine import writer
from chronus.machine.live import LiveMachine, LiveSettings
from chronus.patch.model import Cable, Node
from chronus.session.offline import Offline
from chronus.session.session import Session
from tests.bench.peers import ours
from tests.bench.peers.spec import RATE_HZ, Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chronus.engine.plan import Wiring

    Make = Callable[[Session, int], None]

VOICES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
NODES = (10, 20, 50, 100, 200, 500, 1000, 2000)
MOST_S = 24.0
"""Seconds of audio for a few voices or nodes, of all rounds; of many, less."""
ROUNDS = 12
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


@dataclass(frozen=True, slots=True)
class Line:
    """The straight line that lies nearest to costs.

    Attributes:
        each: what one more costs.
        none: what none would cost.
        r2: the share of the costs' spread that the line explains; 1 is straight.
        off: how far each cost lies above the line, as a share of it.
    """

    each: float
    none: float
    r2: float
    off: np.ndarray

    @property
    def furthest(self) -> float:
        """The largest deviation, as a share of the line."""
        return float(np.abs(self.off).max())


def line_through(counts: np.ndarray, costs: np.ndarray) -> Line:
    """The line of least squares of relative deviations, so that few count as much as many.

    R2 is that of the same weights (Willett and Singer, The American Statistician 42(3), 1988).
    """
    weights = 1.0 / costs
    each, none = np.polyfit(counts, costs, 1, w=weights)
    line = each * counts + none
    mean = np.average(costs, weights=weights**2)
    left, spread = (np.sum((weights * (costs - x)) ** 2) for x in (line, mean))
    return Line(float(each), float(none), float(1.0 - left / spread), costs / line - 1.0)


@contextmanager
def playing(make: Make, count: int) -> Iterator[Callable[[float], float]]:
    """A session that plays so many; it goes on for so many seconds, and tells the CPU's."""
    backend = Offline(RATE_HZ)
    session = Session(backend, handlers(), is_score=True)
    make(session, count)
    session.move_to(RATE_HZ / 4)
    told = [RATE_HZ / 4]

    def go_on(seconds: float) -> float:
        told[0] += seconds * RATE_HZ
        begun = time.process_time()
        session.move_to(told[0])
        return (time.process_time() - begun) / seconds

    yield go_on
    backend.close()


def costs_of(counts: tuple[int, ...], make: Make) -> list[float]:
    """CPU seconds that the engine takes for a second of audio, for each of some counts.

    They play in turn, round after round; of each the least is told: what else the machine does only
    adds to it, for some rounds more than for others.
    """
    with ExitStack() as stack:
        going = [stack.enter_context(playing(make, count)) for count in counts]
        lengths = [max(0.25, min(MOST_S, MOST_S * 32 / count)) / ROUNDS for count in counts]
        rounds = [
            [go_on(seconds) for go_on, seconds in zip(going, lengths, strict=True)]
            for _ in range(ROUNDS)
        ]
    return [min(told) for told in zip(*rounds, strict=True)]


def print_line(
    what: str, counts: tuple[int, ...], make: Make, unit_s: float, least: int = 1
) -> None:
    """What so many cost, and how straight the line through it is; in units of a reference.

    Args:
        what: they are.
        counts: of them.
        make: has a session play so many.
        unit_s: CPU seconds of the reference for a second of audio.
        least: fewer are not part of the line.
    """
    costs = np.array(costs_of(counts, make)) / unit_s
    numbers = np.array(counts, float)
    on = numbers >= least
    line = line_through(numbers[on], costs[on])
    off = iter(line.off)
    print(f"\n{what:8}  of the reference  of the line")
    for count, cost in zip(counts, costs, strict=True):
        print(f"{count:8}  {cost:16.2f}", f"  {1 + next(off):10.2f}" if count >= least else "")
    print(f"line: {line.none:.2f} + {line.each:.4f} for each", end="; ")
    print(f"R2 {line.r2:.4f}, {line.furthest:.1%} from the line at most")


def print_plans() -> None:
    """What it takes to compile a plan of 2,000 nodes, and whether it is heard that one comes."""
    spent: list[float] = []
    anew: list[float] = []
    compile_plan = writer.plan_of

    def timed(wiring: Wiring, lanes: int, *known: object) -> object:
        begun = time.thread_time()  # of this thread alone: the engine plays on beside it
        plan = compile_plan(wiring, lanes, *known)
        spent.append(time.thread_time() - begun)
        begun = time.thread_time()
        compile_plan(wiring, lanes)
        anew.append(time.thread_time() - begun)
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
        anew.clear()
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
    print(
        f"\na plan of {NODES[-1]:,} nodes, of {AIM_S * 1e3:.0f} ms (median of {len(spent)}, range):"
    )
    for what, told in (("anew", anew), ("by what the last one said", spent)):
        least, median, most = (f(told) / AIM_S for f in (min, statistics.median, max))
        print(f"  compiled {what}: {median:.2f} ({least:.2f}-{most:.2f})")
    line_ms = 1e3 * (statistics.median(lines) - statistics.median(anew))
    print(f"  a line that edits it is answered in {line_ms:.0f} ms; underruns: {underruns}")


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


def print_growth(unit_s: float) -> None:
    """All of it.

    Args:
        unit_s: CPU seconds of the reference for a second of audio.
    """
    print_line("voices", VOICES, with_voices, unit_s, least=WIDE)
    print("fewer than 16 cost what 16 do: that many are computed side by side")
    print_line("nodes", NODES, with_nodes, unit_s)
    print_lines(unit_s)
    print_plans()
