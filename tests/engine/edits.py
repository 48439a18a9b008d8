"""Random edits of a patch in which a sine sounds: around it, and at it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from chronus.patch.hearing import heard
from tests.support.score import Stage

KINDS = (
    "saw",
    "square",
    "noise",
    "lfo",
    "filter",
    "delay",
    "vca",
    "adsr",
    "kick",
    "mix",
    "triangle",
)
EFFECTS = ("filter", "vca", "delay", "mix")
MODES = ("low", "high", "band", "notch")

FILTERED = [
    "set out.level -14db",
    "load sine freq=110; load filter; patch sine > filter",
    "set filter.level -12db",
]
OTHER = """set out.level -14db
load sine as sine freq=110
set sine.level -12db
load filter cutoff=800hz
patch sine > filter
set filter.level -12db
"""
"""What `open` puts in the place of that."""


@dataclass
class Edits:
    """Draws lines that make sense in the patch as it stands, all from one seed.

    Attributes:
        seed: of all that is drawn.
        said: the lines, and the frame of each.
        score: the same with what was before them and the waits between.
    """

    seed: int
    said: list = field(default_factory=list)
    score: list = field(default_factory=list)
    chance: random.Random = field(init=False)
    stage: Stage = field(init=False)

    def __post_init__(self):
        self.chance = random.Random(self.seed)

    def played(self, start, count, ways, **how):
        """The frames of a stage in which so many lines are said after those of the start.

        Args:
            start: lines.
            count: how many lines follow.
            ways: what draws them, with the weight of each; it may give None.
            how: arguments of the stage.
        """
        self.stage = Stage(**how)
        self.score += [*start, "wait 100ms"]
        self.stage.say(*self.score)
        while len(self.said) < count:
            (way,) = self.chance.choices(list(ways), list(ways.values()))
            line = way(self)
            if line is None:
                continue
            self.said.append((self.stage.session.frame, line))
            lines = [line]
            if self.chance.random() < 0.9:
                # Mostly less than a fade lasts.
                lines.append(f"wait {self.pick(0.4, 1, 1.7, 2.5, 3.3, 4, 6, 11, 25)}ms")
            self.stage.say(*lines)
            self.score += lines
        self.stage.say("wait 100ms")
        return self.stage.frames

    # ---- what there is

    def pick(self, *these):
        return self.chance.choice(these)

    @property
    def patch(self):
        return self.stage.session.patch

    def names(self, needing=None, kind=None, *, with_sine=True):
        """Names of nodes that have a port, or are of a kind."""
        return [
            node.name
            for node in self.patch.nodes.values()
            if node.name != "out"
            and (with_sine or node.name != "sine")
            and (needing is None or node.declaration.find_input(needing) is not None)
            and (kind is None or node.kind == kind)
        ]

    def one(self, needing=None, kind=None, *, with_sine=True):
        """One of them; there is always at least a node that is no sine."""
        found = self.names(needing, kind, with_sine=with_sine)
        return self.chance.choice(found) if found else None

    def one_heard(self):
        found = [n for n in heard(self.patch) if self.patch.nodes[n].declaration.makes_sound]
        return self.chance.choice(found) if found else None


# ---- around the sine: nothing of it is heard


def new(edits):
    if len(edits.names()) > 40:
        return None
    kind = edits.pick(*KINDS)
    name = edits.patch.free_name(kind)
    return f"load {kind} as {name}; unpatch {name} > out"


def gone(edits):
    name = edits.one(with_sine=False)
    return f"unload {name}{edits.pick('', ' tail')}" if name else None


def plugged(edits):
    one, two = edits.one(with_sine=False), edits.one(with_sine=False)
    if one is None:
        return None
    port = edits.pick(*edits.patch.nodes[two].declaration.inputs).name
    return f"patch {one} > {two}.{port}; unpatch {one} > out; unpatch {two} > out"


def pulled(edits):
    cables = [c for c in edits.patch.cables if c.target != "out"]
    if not cables:
        return None
    cable = edits.pick(*cables)
    return f"unpatch {cable.source} > {cable.target}; unpatch {cable.source} > out"


def turned(edits):
    name = edits.one(with_sine=False)
    if name is None:
        return None
    port = edits.pick(*edits.patch.nodes[name].declaration.inputs)
    if port.choices:
        return f"set {name}.{port.name} {edits.pick(*port.choices)}"
    if abs(port.low) > 1e9:
        return None
    value = edits.chance.uniform(port.low, port.high)
    return f"set {name}.{port.name} {value:.4f}{port.unit}"


def doubled(edits):
    name, copy = edits.one(with_sine=False), edits.patch.free_name("copy")
    return f"copy {name} as {copy} with cables; unpatch {copy} > out" if name else None


def named(edits):
    name = edits.one(with_sine=False)
    return f"rename {name} {edits.patch.free_name('other')}" if name else None


def struck(edits):
    name = edits.one(needing="gate", with_sine=False)
    return f"trigger {name}" if name else None


def sequenced(edits):
    name = edits.one(needing="gate", with_sine=False)
    return f"sequence {name}: {edits.pick('x.x.', 'xxxx', 'x_x.')} step 1/64 now" if name else None


def moded(edits):
    name = edits.one(kind="filter")
    return f"sequence {name}.mode: low . high . notch . step 1/32 now" if name else None


def unsequenced(edits):
    played = list(edits.patch.sequences)
    return f"unsequence {edits.pick(*played)}" if played else None


def timed(edits):
    name = edits.one(with_sine=False)
    return edits.pick(f"reset {name}", f"tempo {edits.chance.randint(60, 240)}") if name else None


AROUND = {
    new: 3, gone: 1, plugged: 2, pulled: 1, turned: 2, doubled: 1, named: 1, struck: 1,
    sequenced: 1, moded: 1, unsequenced: 1, timed: 1,
}  # fmt: skip


# ---- at the sine: it comes and goes, through one thing or another


def begun(edits):
    return None if edits.names(kind="sine") else "load sine as sine freq=110"


def led(edits):
    sine, kind = edits.one(kind="sine"), edits.pick(*EFFECTS)
    if sine is None or len(edits.names()) > 5:
        return None
    return f"load {kind}; patch {sine} > {edits.patch.free_name(kind)}"


def leveled(edits):
    name = edits.one_heard()
    return f"set {name}.level {edits.chance.randint(-30, -9)}db" if name else None


def panned(edits):
    name = edits.one_heard()
    return f"set {name}.pan {edits.chance.uniform(-1, 1):.2f}" if name else None


def swept(edits):
    name = edits.one(kind="filter")
    return f"set {name}.cutoff {edits.pick(40, 110, 900, 8000)}hz" if name else None


def switched(edits):
    name = edits.one(kind="filter")
    return f"set {name}.mode {edits.pick(*MODES)}" if name else None


def opened(edits):
    sine = edits.one(kind="sine")
    return f"patch {sine} > out" if sine else None


def sent(edits):
    sine, name = edits.one(kind="sine"), edits.one(needing="in")
    return f"patch {sine} > {name} by {edits.pick(1, 0.3, 0.7)}" if sine and name else None


def parted(edits):
    cable = edits.pick(*edits.patch.cables) if edits.patch.cables else None
    return f"unpatch {cable.source} > {cable.target}" if cable else None


def shut(edits):
    name = edits.one_heard()
    verb = edits.pick("mute", "unmute", "unmute", "solo", "unsolo", "unsolo")
    return f"{verb} {name}" if name else None


def unloaded(edits):
    name = edits.one(needing="in")
    return f"unload {name}{edits.pick('', ' tail')}" if name else None


def copied(edits):
    name, copy = edits.one(), edits.patch.free_name("copy")
    if name is None or len(edits.names()) > 5:
        return None
    return f"copy {name} as {copy}{edits.pick('', ' with cables')}"


def mastered(edits):
    return edits.pick("set out.level -16db", "set out.level -14db")


def renewed(edits):
    name = edits.one()
    return edits.pick("panic; start", f"unload {name}", "open it.chronus") if name else None


AT_IT = {
    begun: 9, led: 1, leveled: 3, panned: 2, swept: 2, switched: 6, moded: 1, opened: 4, sent: 4,
    parted: 8, shut: 2, unloaded: 1, copied: 1, named: 1, mastered: 1, renewed: 1,
}  # fmt: skip
