"""What is to happen in a world, drawn from its seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum, auto

from tests.simulation.system import STARVED, STOPPED

MOMENTS = ("start", "cut", "within", "stored", "done")
"""In a block: before it sees events, before and between its stores, before and after the commit."""
NODES = ("kick", "hat", "bass", "filter", "env", "lfo")
LANE_COUNTS = (1, 1, 2, 3)


class How(Enum):
    """How a worker is troubled."""

    KILLED = auto()
    KILLED_TAKING_OVER = auto()  # the one that has just inherited the hand
    STOPPED = auto()
    STARVED = auto()
    SLOW = auto()


class Wrong(Enum):
    """How a node goes wrong."""

    CRASHES = auto()
    LOOPS = auto()
    KILLS = auto()  # its worker ends without a mark
    NO_NUMBER = auto()


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls the worker that computes a block.

    Attributes:
        how: it is troubled.
        moment: of the block, one of MOMENTS.
        seconds: for which it is stopped, starved or slow.
        lines: of the taking over that are carried out before it is killed.
        nap_s: for which the machine sleeps meanwhile, 0: it does not.
    """

    how: How
    moment: str
    seconds: float
    lines: int
    nap_s: float


@dataclass(frozen=True, slots=True)
class Faulty:
    """A node that goes wrong whenever it is computed in some blocks."""

    node: str
    wrong: Wrong
    blocks: range


@dataclass(frozen=True, slots=True)
class Accident:
    """What happens at a time, whatever is being computed.

    Attributes:
        what: one of ACCIDENTS.
        at_s: when.
        lane: whose worker or standby.
        seconds: how long it lasts.
        clock_goes_on: whether the monotonic clock counts a nap.
    """

    what: str
    at_s: float
    lane: int
    seconds: float
    clock_goes_on: bool


ACCIDENTS = (
    "nap",  # the machine sleeps
    "standby",  # one is killed
    "watch",  # one is starved
    "holder",  # the worker is killed
    STOPPED,  # the worker is
    STARVED,  # the worker is
    "rush",  # all are
    "reload",  # new workers take over between two blocks
    "device",  # the callback is starved
    "audio",  # its process is killed, and another is started
)


@dataclass(frozen=True, slots=True)
class Extras:
    """What there is in some patches.

    Attributes:
        echoes: a node with delay memory.
        voices: an instrument of several voices.
        rests: nodes that rest between their strokes.
        alike: like nodes that are computed at once.
    """

    echoes: bool
    voices: bool
    rests: bool
    alike: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A world.

    Attributes:
        blocks: that are computed.
        lanes: that compute.
        standbys: of each lane.
        ahead: blocks that the tape is ahead.
        device: frames a callback.
        is_robust: whether the hands are robust locks.
        extras: what there is in its patch.
        score: blocks at which a score stands still for a while.
        lines: when lines are typed.
        troubles: of workers, by block and lane, one worker after the other.
        faulty: nodes.
        accidents: at times.
        late: delays of callbacks, by number.
    """

    blocks: int
    lanes: int
    standbys: int
    ahead: int
    device: int
    is_robust: bool
    extras: Extras
    score: tuple[int, ...]
    lines: tuple[float, ...]
    troubles: dict[tuple[int, int], tuple[Trouble, ...]]
    faulty: tuple[Faulty, ...]
    accidents: tuple[Accident, ...]
    late: dict[int, float]


def drawn(seed: int, lanes: int | None = None) -> Plan:
    """The world of a seed; with another number of lanes, much the same one."""
    chance = random.Random(seed)
    blocks = chance.randint(20, 60)
    lanes = lanes or chance.choice(LANE_COUNTS)
    ahead = chance.choice((6, 8, 12, 16, 16, 24))
    seconds = blocks * 64 / 48_000
    faulty = _faulty(chance, blocks)
    places = [(chance.randrange(blocks), chance.randrange(lanes)) for _ in range(_few(chance, 6))]
    places += [(f.blocks[0], n) for f in faulty for n in range(lanes) if chance.random() < 0.6]
    return Plan(
        blocks=blocks,
        lanes=lanes,
        standbys=chance.choice((1, 1, 2)),
        ahead=ahead,
        device=64 * chance.choice([n for n in (1, 2, 4, 8) if 2 * n <= ahead]),
        is_robust=chance.random() < 0.7,
        extras=Extras(
            echoes=chance.random() < 0.15 or any(f.node == "echo" for f in faulty),
            voices=seed % 4 == 0,
            rests=seed % 4 == 2,
            alike=seed % 4 == 1,
        ),
        score=tuple(sorted(chance.sample(range(5, blocks), chance.choice((0, 0, 1, 2))))),
        lines=tuple(chance.uniform(0.0, seconds) for _ in range(_few(chance, 8))),
        troubles={place: _troubles(chance) for place in places},
        faulty=faulty,
        accidents=tuple(
            Accident(
                chance.choice(ACCIDENTS),
                chance.uniform(0.0, seconds),
                chance.randrange(lanes),
                chance.uniform(0.001, 0.05),
                chance.random() < 0.7,
            )
            for _ in range(_few(chance, 4))
        ),
        late={chance.randrange(blocks): chance.uniform(0, 0.08) for _ in range(_few(chance, 3))},
    )


def _few(chance: random.Random, most: int) -> int:
    return min(chance.randint(0, most), chance.randint(0, most))


def _faulty(chance: random.Random, blocks: int) -> tuple[Faulty, ...]:
    found = []
    for node in chance.sample(NODES, chance.choice((0, 0, 1, 1, 2))):
        wrong = chance.choice((Wrong.CRASHES, Wrong.LOOPS, Wrong.KILLS))
        found.append(_lasting(chance, node, wrong, blocks))
    if chance.random() < 0.3:
        node = chance.choice(("filter", "filter", "echo"))
        if node not in {f.node for f in found}:
            found.append(_lasting(chance, node, Wrong.NO_NUMBER, blocks))
    return tuple(found)


def _lasting(chance: random.Random, node: str, wrong: Wrong, blocks: int) -> Faulty:
    first = chance.randrange(1, blocks)
    return Faulty(node, wrong, range(first, first + chance.choice((1, 2, 4, blocks))))


def _troubles(chance: random.Random) -> tuple[Trouble, ...]:
    """A few in a row; who takes over must have something to take over."""
    found = [_trouble(chance) for _ in range(chance.randint(1, 3))]
    return tuple(sorted(found, key=lambda t: t.how is How.KILLED_TAKING_OVER))


def _trouble(chance: random.Random) -> Trouble:
    kills = (How.KILLED, How.KILLED, How.KILLED_TAKING_OVER)
    return Trouble(
        how=chance.choice((*kills, How.STOPPED, How.STARVED, How.SLOW)),
        moment=chance.choice((*MOMENTS, "within", "within")),
        seconds=chance.choice((0.003, 0.008, 0.02, 0.06, 0.2)) * chance.uniform(0.5, 1.5),
        lines=chance.randrange(24),
        nap_s=chance.uniform(0.02, 900.0) if chance.random() < 0.3 else 0.0,
    )
