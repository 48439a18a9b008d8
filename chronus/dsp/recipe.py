"""What a kernel is made of: a tick and its helpers, with all precisions written out.

The source is the tick's own and that of every helper that it uses, with each float written anew as
a float32, so that nothing is computed in a precision that the declaration does not ask for.
"""

from __future__ import annotations

import ast
import hashlib
import json
import math
import re
import textwrap
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chronus.dsp import approx
from chronus.dsp.declaration import Memory, State, Table, source_of
from chronus.dsp.rests import NAMES as BARE
from chronus.dsp.rests import Bare, bare
from chronus.dsp.rewriting import PLAIN, rewritten
from chronus.dsp.steady import Ways, split
from chronus.settings import DEFAULT_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chronus.dsp.declaration import Kind

GENERATOR_VERSION: Final = 35


class CodeError(Exception):
    """A tick says what its kernel cannot do.

    Args:
        reason: why.
        place: the statement in which it does.
    """

    def __init__(self, reason: str, place: str = "") -> None:
        # Numbers of versions are the compiler's, and no author has written them.
        self.reason = re.sub(r"__\d+\b", "", reason)
        self.place = re.sub(r"__\d+\b", "", place)
        super().__init__(f"{self.reason}, in `{self.place}`" if place else self.reason)

    def inside(self, statement: str) -> CodeError:
        """It with a statement for its place; the innermost one counts."""
        return CodeError(self.reason, self.place or statement)


def _helpers(
    wanted: list[Callable[..., Any]], done: dict[Callable[..., Any], str], tables: list[Table]
) -> None:
    """Add the helpers of `wanted`, and theirs, to `done`, the deepest first; also their tables."""
    for function in wanted:
        if function not in done:
            own = rewritten(function, function.__name__)
            _helpers(own.helpers, done, tables)
            done[function] = ast.unparse(own.definition)
            tables += own.tables


@dataclass(frozen=True, slots=True)
class Shape:
    """What a kernel has to know of a kind besides its code.

    Attributes:
        name: of the kind.
        inputs: names of its input rows, in order.
        outputs: names of its output rows.
        state: what it keeps from sample to sample.
        memories: its delay memory.
        recording: what its tick calls the sound of its file, "" for none.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    state: tuple[State, ...]
    memories: tuple[Memory, ...]
    recording: str


def shape_of(kind: Kind) -> Shape:
    """What a kernel has to know of a kind."""
    return Shape(
        kind.name,
        tuple(name for _, name in kind.input_rows),
        tuple(name for _, name in kind.output_rows),
        kind.state,
        kind.memories,
        kind.recording,
    )


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that the kernels of a kind are made of.

    Attributes:
        shape: what is declared.
        ways: the tick.
        marks: what it says of idle blocks, and of what was written long ago.
        helpers: the source of each helper by its name.
        tables: the source of what makes each table, by the table's name.
    """

    shape: Shape
    ways: Ways
    marks: Bare
    helpers: dict[str, str]
    tables: dict[str, str]

    @property
    def takes_turns(self) -> bool:
        """Whether voices go ways of their own through it, so that each is computed by itself."""
        sources = [*self.helpers.values(), self.ways.full]
        turns = (ast.If, ast.For, ast.While)
        return any(isinstance(n, turns) for s in sources for n in ast.walk(ast.parse(s)))

    def usual(self) -> Callable[[Mapping[str, float]], bool]:
        """What says, by values of input rows that rest, that nothing holds which holds seldom.

        As far as is known: it is taken to be so where a value is missing.
        """
        rare = self.ways.rare
        if not rare:
            return lambda _: True
        names: dict[str, Any] = dict.fromkeys(("float32", "float64"), float)
        names |= {"int32": int, "uint32": int, "sqrt": math.sqrt}
        names |= {name: getattr(approx, name) for name in PLAIN}
        names["dt"] = 1.0 / DEFAULT_RATE_HZ
        for source in (*self.helpers.values(), self.ways.condition):
            exec(source, names)  # noqa: S102 - as trusted as the kind whose tick it is
        condition, dt = names["condition"], names["dt"]

        def is_usual(values: Mapping[str, float]) -> bool:
            return any(n not in values for n in rare) or not condition(
                *(values[n] for n in rare), dt
            )

        return is_usual

    def to_json(self) -> str:
        """It as a text."""
        found = asdict(self)
        found["marks"] = {
            "conditions": self.marks.conditions,
            **{name: sorted(getattr(self.marks, name)) for name in BARE},
        }
        return json.dumps(found, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """It from what `to_json` gave."""
        found = json.loads(text)
        shape = {
            **found["shape"],
            "inputs": tuple(found["shape"]["inputs"]),
            "outputs": tuple(found["shape"]["outputs"]),
            "state": tuple(State(**state) for state in found["shape"]["state"]),
            "memories": tuple(Memory(**memory) for memory in found["shape"]["memories"]),
        }
        ways = Ways(
            **{
                **found["ways"],
                "values": tuple(found["ways"]["values"]),
                "watched": tuple(found["ways"]["watched"]),
                "rare": tuple(found["ways"]["rare"]),
            }
        )
        names = {name: frozenset(found["marks"][name]) for name in BARE}
        marks = Bare("", tuple(found["marks"]["conditions"]), **names)
        return cls(Shape(**shape), ways, marks, found["helpers"], found["tables"])


def helper_sources(function: Callable[..., Any]) -> list[str]:
    """The sources of a helper and of all that it calls, the deepest first."""
    helpers: dict[Callable[..., Any], str] = {}
    _helpers([function], helpers, [])
    return list(helpers.values())


@cache
def recipe_of(kind: Kind) -> Recipe:
    """What the kernels of a kind are made of."""
    helpers: dict[Callable[..., Any], str] = {}
    tick = rewritten(kind.tick, "tick")
    tables = list(tick.tables)
    _helpers(tick.helpers, helpers, tables)
    names = [function.__name__ for function in helpers]
    assert len(set(names)) == len(names), f"{kind.name}: two helpers of one name"
    sources = dict(zip(names, helpers.values(), strict=True))
    shape = shape_of(kind)
    made = {table.name: _table_source(table) for table in tables}
    marks = bare(ast.unparse(tick.definition))
    return Recipe(shape, split(shape, marks.source), marks, sources, made)


def _table_source(table: Table) -> str:
    """The function that makes a table, without what only readers need."""
    (definition,) = ast.parse(textwrap.dedent(source_of(table.make))).body
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    for node in ast.walk(definition):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
    return ast.unparse(definition)


@cache
def kernel_name(kind: Kind, *, wide: bool = False) -> str:
    """What a kernel is called in all processes: the kind, the form, and a digest of its recipe."""
    text = f"{GENERATOR_VERSION}\n{recipe_of(kind).to_json()}"
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{kind.name}_{'wide' if wide else 'mono'}_{digest}"
