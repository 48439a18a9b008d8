"""What it takes to compile a plan of 2,000 nodes, and whether it is heard that one comes."""

from __future__ import annotations

import statistics
import time
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from chronus.commands.registry import handlers
from chronus.engine import writer
from chronus.machine.live import LiveMachine, LiveSettings
from chronus.session.garbage import collecting_later
from chronus.session.offline import Offline
from chronus.session.session import Session
from chronus.settings import DEFAULT_RATE_HZ
from tests.bench.many import VOICE, with_chains, with_nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chronus.engine.plan import Wiring

    Make = Callable[[Session, int], None]

COUNT = 2000
AIM_S = 0.05
"""In which a plan of so many nodes is to be compiled."""
EDITS = 10
OF_TIMES = (min, statistics.median, max)
SHAPES: MappingProxyType[str, Make] = MappingProxyType(
    {"saws and a mix": with_nodes, "chains of five and a mix": with_chains}
)


class Clocks:
    """What pieces of work take: by the clock on the wall, and of the CPU in their thread alone.

    Where the first is much more, something else had the core.
    """

    def __init__(self) -> None:
        self.wall_s: list[float] = []
        self.cpu_s: list[float] = []

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Time a piece of work."""
        wall, cpu = time.perf_counter(), time.thread_time()
        yield
        self.cpu_s.append(time.thread_time() - cpu)
        self.wall_s.append(time.perf_counter() - wall)

    def print_as(self, what: str) -> None:
        """Print the least, the median and the most of both, as shares of the aim."""
        told = [f(times) / AIM_S for times in (self.wall_s, self.cpu_s) for f in OF_TIMES]
        print(f"{what:29}", *(f"{share:8.2f}" for share in told[:3]), end="   ")
        print(*(f"{share:8.2f}" for share in told[3:]))


def print_plans() -> None:
    """All of it, for patches of several shapes."""
    print(f"\na plan of {COUNT:,} nodes, of {AIM_S * 1e3:.0f} ms: the least, median and most")
    print(f"{'':29} {'on the wall':>26}   {'of the CPU':>26}")
    for shape, make in SHAPES.items():
        print(f"{shape}:")
        print_shape(make)


def print_shape(make: Make) -> None:
    """What it takes for a patch of one shape."""
    edits, anew, whole = Clocks(), Clocks(), Clocks()
    compiled: list[tuple[Wiring, tuple[object, ...]]] = []
    compile_plan = writer.plan_of

    def timed(wiring: Wiring, lanes: int, known: object, fused: object) -> object:
        with edits.timing():
            plan = compile_plan(wiring, lanes, known, fused)
        compiled.append((wiring, (lanes, None, fused)))
        return plan

    for _ in range(EDITS):
        backend = Offline(DEFAULT_RATE_HZ)
        session = Session(backend, handlers(), is_score=True)
        with whole.timing():
            make(session, COUNT)
        backend.close()
    machine = LiveMachine(LiveSettings(device="null"))
    writer.plan_of = timed
    try:
        machine.start(["mix", "strip", "out", *VOICE])
        session = Session(machine, handlers(), is_score=False)
        make(session, COUNT)
        time.sleep(1.0)
        edits = Clocks()
        begun, before = time.perf_counter(), machine.facts()["underruns"]
        lines = [edit(session, number) for number in range(EDITS)]
        time.sleep(0.5)
        after = machine.facts()["underruns"]
        time.sleep(time.perf_counter() - begun)
        still = machine.facts()["underruns"] - after
        wiring, how = compiled[-1]
        for _ in range(EDITS):
            with collecting_later(), anew.timing():
                compile_plan(wiring, *how)
        session.close()
    finally:
        writer.plan_of = compile_plan
        machine.close()
    anew.print_as("compiled anew, while it plays")
    edits.print_as("compiled for an edit")
    whole.print_as("all nodes new, placed and all")
    print(f"a line that edits it is answered in {statistics.median(lines) * 1e3:.0f} ms", end="; ")
    print(f"underruns: {after - before}; in as long without edits: {still}")


def edit(session: Session, number: int) -> float:
    """Load a node and patch it into a saw; the seconds until it is answered."""
    saws = [node.name for node in session.patch.nodes.values() if node.kind == "saw"]
    begun = time.perf_counter()
    line = f"load lfo as extra{number}; patch extra{number} > {saws[number]}.freq"
    reply = session.run_line(line)
    assert reply.ok, reply
    return time.perf_counter() - begun
