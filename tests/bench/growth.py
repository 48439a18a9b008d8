"""How cost grows with voices and nodes: of their sound, of a line, and of a plan; as ratios."""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from chronus.commands.registry import handlers
from chronus.dsp.compile import load_kernel, write_kernel
from chronus.dsp.layout import WIDE
from chronus.modules.catalog import kinds
from chronus.session.offline import Offline
from chronus.session.session import Session
from chronus.settings import BLOCK
from tests.bench.many import with_nodes
from tests.bench.peers import ours
from tests.bench.peers.spec import RATE_HZ, Case
from tests.bench.plans import print_plans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Make = Callable[[Session, int], None]

VOICES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
NODES = (10, 20, 50, 100, 200, 500, 1000, 2000)
ROUNDS = 60
TURN_S = 0.008
"""CPU seconds of a turn of each count: of few as much as of many, so that what a turn costs by
itself is as small a share of each."""
MOST_S = 30.0
"""Seconds of audio of a turn."""
WARM_BLOCKS = 16
"""Computed before each turn and not counted: others had the caches before."""
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
ALIKE = ("slew", "crush", "phaser", "ladder")
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


def costs_of(counts: tuple[int, ...], make: Make, reference_s: Callable[[], float]) -> np.ndarray:
    """What the engine needs for each of some counts, in units of a reference.

    They play in turn, round after round, and the reference between them; of each the least counts:
    what else the machine does only adds to it, in some rounds more than in others.
    """
    warm_s = WARM_BLOCKS * BLOCK / RATE_HZ
    with ExitStack() as stack:
        going = [stack.enter_context(playing(make, count)) for count in counts]
        lengths = [min(MOST_S, TURN_S / go_on(0.2)) for go_on in going]
        rounds = []
        for _ in range(ROUNDS):
            told = [reference_s()]
            for go_on, length_s in zip(going, lengths, strict=True):
                go_on(warm_s)
                told.append(go_on(length_s))
            rounds.append(told)
    unit_s, *least = np.min(rounds, axis=0)
    return np.array(least) / unit_s


def print_line(
    what: str,
    counts: tuple[int, ...],
    make: Make,
    reference_s: Callable[[], float],
    group: int = 1,
) -> None:
    """What so many cost, and how straight the line through it is; in units of a reference.

    Args:
        what: they are.
        counts: of them.
        make: has a session play so many.
        reference_s: CPU seconds of the reference for a second of audio.
        group: so many are computed side by side, whether all of them are there or not; but one
            alone is computed by itself, and is not part of the line.
    """
    costs = costs_of(counts, make, reference_s)
    on = np.array(counts) >= min(group, 2)
    numbers = np.ceil(np.array(counts) / group) * group
    line = line_through(numbers[on], costs[on])
    off = iter(line.off)
    print(f"\n{what:8}  of the reference  of the line")
    for count, cost in zip(counts, costs, strict=True):
        print(
            f"{count:8}  {cost:16.2f}", f"  {1 + next(off):10.2f}" if count >= min(group, 2) else ""
        )
    print(f"line: {line.none:.2f} + {line.each:.4f} for each", end="; ")
    print(f"R2 {line.r2:.4f}, {line.furthest:.1%} from the line at most")


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


def print_growth(reference_s: Callable[[], float]) -> None:
    """All of it.

    Args:
        reference_s: CPU seconds of the reference for a second of audio, as often as it is asked.
    """
    print_line("voices", VOICES, with_voices, reference_s, group=WIDE)
    print(f"2 to {WIDE} cost the same: that many are computed side by side; 1 is computed alone")
    print_line("nodes", NODES, with_nodes, reference_s)
    print_alike()
    print_lines(min(reference_s() for _ in range(ROUNDS)))
    print_plans()
