"""Random edits of a patch: lines as they might be typed, of which some are errors."""

from __future__ import annotations

from chronus.patch.model import OUT
from chronus.patch.naming import shown_ends, shown_target
from chronus.session.naming import names_in

INSTRUMENTS = ("line1", "split", "echo")
"""Those of the tests: `tests/support/data`."""
KINDS = ("saw", "sine", "kick", "filter", "adsr", "lfo", "vca", "mix", "delay", "noise", "square")
VALUES = ("0.3", "1.2", "300hz", "40hz", "-9db", "1/8", "20ms", "c3", "0.5")
AMOUNTS = ("", "", " by 50%", " by -6db", " by 20hz", " by 3st", " by 0.1")
GRIDS = (
    "x.x.", "c2 . x eb3~", "X.. | o..", "xx step 1/8 gate 80%", "x..x. swing 60% rotate 2",
    "x?x*3.x", "c2{level=-20db}~ <c3 [d3 _]> _ c3:m7(3,5)", "x{pan=-1}x{pan=1 level=-9db}..",
)  # fmt: skip
STEPS = (
    "0.1 . 0.9", "300hz 400hz", "1/8 1/16 step 1/4", "-6db _ 0db", "low high", "20 30 40",
    "300 <400 500>? smooth", "[0.2 0.4]%2 0.5*2 step 1/8 smooth",
)  # fmt: skip


def edit(chance, patch):
    """A line that may change a patch; most of them do."""
    # An inner node now and then, by its own name.
    nodes = [name for name in names_in(patch) if name != OUT]
    inner = [name for name in patch.nodes if "/" in name and chance.random() < 0.2]
    if len(nodes) < 3:
        return _load(chance)
    node, other = (_Thing(patch, chance.choice([*nodes, *inner])) for _ in range(2))
    port = f"{other.name}.{chance.choice([*other.ports, 'level', 'pan'])}"
    edits = {
        _load(chance): 3,
        f"load {chance.choice(INSTRUMENTS)} as i{chance.randrange(9)}": 2,
        f"load line1 as i{chance.randrange(9)}{_manner(chance)}": 1,
        f"load {chance.choice(KINDS)} as m{chance.randrange(9)}; patch {node.name} > {port}": 1,
        f"unload {node.name}": 1 + len(nodes) // 10,
        f"unload {other.name}; load {other.kind} as {other.name}; set {port} {_value(chance)}": 1,
        f"rename {node.name} r{chance.randrange(40)}": 1,
        f"copy {node.name} as n{chance.randrange(40)}{chance.choice(['', ' with cables'])}": 1,
        f"{chance.choice(['mute', 'unmute', 'solo', 'unsolo'])} {other.name}": 2,
        f"patch {node.name} > {port}{chance.choice(AMOUNTS)}": 4,
        f"patch {node.name} > {other.name}": 4,
        f"patch {node.name} > out{chance.choice(AMOUNTS)}": 1,
        f"unpatch {node.name} > out": 1,
        f"unpatch {node.name}": 1,
        f"set {port} {_value(chance)}": 4,
        f"set {other.name}.level {chance.randrange(-30, 6)}db out.level {-chance.random()}db": 1,
        f"set {node.name}.pan {chance.uniform(-1, 1):.3f}": 1,
        f"sequence {node.name}: {chance.choice(GRIDS)}": 4,
        f"sequence {port}: {chance.choice(STEPS)}": 4,
        f"tempo {chance.randrange(200, 400)}": 1,
        f"meter {chance.choice(['4/4', '3/4', '7/8'])}": 1,
        f"swing {chance.randrange(50, 70)}%": 1,
        f"set {port} {_value(chance)} over {chance.choice(['30ms', '1/16'])}": 1,
        **{f"unsequence {shown_target(patch, t)}": 1 for t in list(patch.sequences)[:2]},
        **{f"unpatch {c.source} > {c.target}": 1 for c in patch.cables[:1]},
        **{f"unpatch {' > '.join(shown_ends(patch, c))}": 1 for c in patch.cables[-1:]},
    }
    return chance.choices(list(edits), list(edits.values()))[0]


class _Thing:
    """A node, or an instrument as one: its name, kind and ports."""

    def __init__(self, patch, name):
        owner = patch.instruments.get(name)
        self.name = name
        self.kind = (owner or patch.nodes[name]).kind
        if owner is None:
            self.ports = [port.name for port in patch.nodes[name].declaration.inputs]
        else:
            self.ports = list(owner.ports)


def _manner(chance):
    return chance.choice([" cutoff=900", " voices 3", " legato", " glide 30ms mono"])


def _load(chance):
    return f"load {chance.choice(KINDS)} as n{chance.randrange(40)}"


def _value(chance):
    return chance.choice(VALUES)
