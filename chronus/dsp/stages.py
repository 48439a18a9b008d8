"""The mono kernel as a row of loops: what a tick carries from sample to sample apart from the rest.

One voice leaves SIMD nothing to take, unless the loop over the block's frames is cut: most of a
tick does not depend on the sample before. How a tick's statements need one another gives its
*stages*, parallel and serial by turns: a parallel stage computes all frames of the block side by
side, a serial one walks through them with the states that it carries, and what a later stage needs
of an earlier one lies in rows on the stack. Each value is computed by the same operations as in
the tick, so the bits are the same.

A tick gains by it where it says in statements of their own what does not depend on its states.
A state that goes on by a walk (`chronus.dsp.walks`) is no hindrance to computing many frames, and
states that go on linearly (`chronus.dsp.linear`) go in leaps, in a serial stage of their own.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronus.dsp.linear import linear
from chronus.dsp.recipe import CodeError
from chronus.dsp.rests import idle_of
from chronus.dsp.rewriting import CASTS, WALKS
from chronus.dsp.steps import Step, circles, connect, let_store, number
from chronus.dsp.syntax import function_in
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chronus.dsp.linear import Linear
    from chronus.dsp.recipe import Recipe, Shape
    from chronus.dsp.rests import Idle


class _Versions(ast.NodeTransformer):
    """Gives each value of a name that is assigned anew a name of its own.

    A name that is assigned another one alone is the same value.
    """

    def __init__(self) -> None:
        self.current: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.read: set[str] = set()
        self.given: list[str] = []

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load):
            name = self.current.get(node.id, node.id)
            self.read.add(name)
            return ast.Name(name, ast.Load())
        self.counts[node.id] = self.counts.get(node.id, 0) + 1
        self.current[node.id] = f"{node.id}__{self.counts[node.id]}"
        self.given.append(self.current[node.id])
        return ast.Name(self.current[node.id], ast.Store())

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.value = self.visit(node.value)
        node.targets = [self.visit(target) for target in node.targets]
        return node

    def is_copy(self, statement: ast.stmt) -> bool:
        """Whether a statement gives a value but another name; then that is known by now."""
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Name):
            return False
        (target,) = statement.targets
        if not isinstance(target, ast.Name):
            return False  # it goes into a memory
        source = statement.value.id
        self.current[target.id] = self.current.get(source, source)
        return True


@dataclass(frozen=True, slots=True)
class Stages:
    """A tick cut into stages: its steps, the names of its next states and of its outputs."""

    steps: tuple[Step, ...]
    next_states: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reads:
    """Names of what is read from memories out of turn.

    Attributes:
        earlier: as they were before the block.
        lately: as they are when the whole block is stored.
    """

    earlier: frozenset[str] = frozenset()
    lately: frozenset[str] = frozenset()


def cut(
    shape: Shape,
    source: str,
    reads: Reads = Reads(),
    *,
    walks: bool = True,
    leaping: Leaping | None = None,
) -> Stages:
    """Cut a tick, given as the source that the compiler would get, into stages.

    Args:
        shape: of the kind whose tick it is.
        source: of the tick.
        reads: what is read out of turn.
        walks: whether states may walk; else they go on in serial stages.
        leaping: which states go in leaps.
    """
    function = function_in(source)
    *written, end = function.body
    sums = _Sums({s.name: CASTS[s.dtype] for s in shape.state if s.dtype in {"i4", "u4"}})
    written = [sums.visit(statement) for statement in written]
    end = sums.visit(end)
    statements = [part for index, each in enumerate(written) for part in _apart(each, index)]
    if not isinstance(end, ast.Return) or end.value is None:
        raise CodeError("a tick ends with what it returns")
    results = end.value.elts if isinstance(end.value, ast.Tuple) else [end.value]
    memories = {memory.name for memory in shape.memories}
    wanted = len(shape.state) + len(shape.outputs)
    if len(results) != wanted:
        raise CodeError(f"it gives {len(results)} values, not {wanted}: its states and outputs")
    versions = _Versions()
    steps = [
        _step(versions, statement, memories, reads)
        for statement in statements
        if not versions.is_copy(statement)
    ]
    names = []
    split = len(shape.state)
    for index, result in enumerate(results):
        given = {name for step in steps for name in step.gives}
        name = result.id if isinstance(result, ast.Name) else ""
        name = versions.current.get(name, name)
        own = shape.state[index].name if index < split else ""
        # A state that stays what it is has its own name again.
        if name not in given and (not name or name != own):
            statement = ast.Assign([ast.Name(f"result{index}", ast.Store())], result)
            steps.append(_step(versions, statement, memories, reads))
            name = steps[-1].gives[0]
        names.append(name)
    states = [
        Step((state.name,), {name}, serial=True)
        for state, name in zip(shape.state, names[:split], strict=True)
        if name != state.name
    ]
    steps = [*states, *steps]
    _let_walk(steps, walks=walks)
    storing = {name: index for index, step in enumerate(steps) for name in step.memories}
    for step in steps:
        step.before = {storing[name] for name in step.lately}
    let_store(steps)
    connect(steps)
    number(steps)
    if leaping is not None:
        _let_leap(shape, steps, leaping)
    return Stages(tuple(steps), tuple(names[:split]), tuple(names[split:]))


@dataclass(frozen=True, slots=True)
class Leaping:
    """Which states go on linearly, group by group, and the helpers by which they do."""

    groups: frozenset[frozenset[str]]
    helpers: Mapping[str, ast.FunctionDef]


def _let_walk(steps: list[Step], *, walks: bool) -> None:
    """Let those states walk whose next value is a walk from them, and no other step is."""
    following = {s.gives[0]: name for s in steps if not s.code for name in s.needs}
    for step in steps:
        if not walks or (step.walk and following.get(step.walk) not in step.gives):
            step.walk = ""
    walking = {step.walk for step in steps}
    for step in steps:
        if not step.code and step.gives[0] in walking:
            step.serial = False


def idle_in(recipe: Recipe) -> Idle | None:
    """The way through a plain block in which nothing rarely happens, where a tick has one."""
    if not recipe.marks.conditions:
        return None
    names = [state.name for state in recipe.shape.state]
    return idle_of(recipe.ways.plain or recipe.ways.full, recipe.marks.conditions, names)


def leaping_of(recipe: Recipe) -> Leaping:
    """The states that go on linearly together, in all ways through a block in which they go on.

    Where one way went in leaps and another did not, a block would have other bits by its way.
    """
    shape, marks = recipe.shape, recipe.marks
    earlier = marks.earlier if recipe.ways.plain else frozenset()
    ways = [
        (marks.stirred(recipe.ways.full), Reads(lately=marks.lately)),
        (marks.stirred(recipe.ways.plain or recipe.ways.full), Reads(earlier, marks.lately)),
    ]
    idle = idle_in(recipe)
    if idle is not None:
        ways.append((idle.tick, Reads(marks.earlier, marks.lately)))
    helpers = {name: function_in(source) for name, source in recipe.helpers.items()}
    going, leaping = [], []
    for source, reads in ways:
        steps = cut(shape, source, reads).steps
        going.append({step.gives[0] for step in steps if not step.code})
        found = _linear_groups(shape, steps, helpers)
        leaping.append({frozenset(group.states) for group in found})
    groups = {
        group
        for group in set().union(*leaping)
        if all(group in own or not group & it for own, it in zip(leaping, going, strict=True))
    }
    return Leaping(frozenset(groups), helpers)


def _apart(statement: ast.stmt, index: int) -> list[ast.stmt]:
    """A statement; where it computes what goes into a memory, that apart from the storing.

    What touches a memory walks from frame to frame, and so would all that is computed there.
    """
    if not isinstance(statement, ast.Assign) or isinstance(statement.value, ast.Name):
        return [statement]
    (target,) = statement.targets
    if not isinstance(target, ast.Subscript):
        return [statement]
    name = f"stored{index}"
    computes = ast.Assign([ast.Name(name, ast.Store())], statement.value)
    return [computes, ast.Assign([target], ast.Name(name, ast.Load()))]


def _step(versions: _Versions, statement: ast.stmt, memories: set[str], reads: Reads) -> Step:
    touched = frozenset(_touched(statement) & memories)
    lately: frozenset[str] = frozenset()
    versions.read, versions.given = set(), []
    code = ast.unparse(ast.fix_missing_locations(versions.visit(statement)))
    given = {name.rpartition("__")[0] for name in versions.given}
    if given & reads.lately:
        lately, touched = touched, lately
    if given & reads.earlier:
        touched = frozenset()
    needs = set(versions.read)
    walk = walked(statement)
    return Step(tuple(versions.given), needs, code, bool(touched), touched, lately, walk)


class _Sums(ast.NodeTransformer):
    """Says of a whole number to which another is added, and which wraps, that it is a sum.

    Args:
        states: the precisions of those that hold such numbers.
    """

    def __init__(self, states: dict[str, str]) -> None:
        self.states = states

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.value = self.visit(node.value)
        for target in node.targets:
            # From here on the name is no more the state, and may be of another precision.
            self.states.pop(target.id if isinstance(target, ast.Name) else "", None)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node:
            case ast.Call(ast.Name(cast), [ast.BinOp(ast.Name(state), ast.Add(), added)]):
                pass
            case ast.Call(ast.Name(cast), [ast.Call(ast.Name("product_and"), [first, one, other])]):
                state = first.id if isinstance(first, ast.Name) else ""
                added = ast.BinOp(one, ast.Mult(), other)
            case _:
                return node
        if self.states.get(state) != cast:
            return node
        name = ast.Name("running_sum", ast.Load())
        return ast.Call(name, [ast.Name(state, ast.Load()), added], [])


def walked(statement: ast.stmt) -> str:
    """The state that a statement may walk on: a name by which a walk alone begins, or ""."""
    match statement:
        case ast.Assign([ast.Name()], ast.Call(ast.Name(name), [ast.Name(state), *others])):
            is_own = name in WALKS and all(state not in _touched(other) for other in others)
            return state if is_own else ""
    return ""


def _touched(node: ast.AST) -> set[str]:
    """The names that a statement reads, but for those of which it wants to know the length."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
        return set()
    if isinstance(node, ast.Name):
        return {node.id}
    return {name for child in ast.iter_child_nodes(node) for name in _touched(child)}


def _linear_groups(
    shape: Shape, steps: Sequence[Step], helpers: Mapping[str, ast.FunctionDef]
) -> list[Linear]:
    """The states that go on linearly, where leaps take less than the walk through their stage.

    Where something else walks through it anyway, nothing is saved.
    """
    found: dict[int, list[Linear]] = {}
    walking = {step.stage for step in steps if step.serial and step.code}
    for circle in sorted(set(circles(steps)), key=min):
        own = [steps[i] for i in sorted(circle)]
        stage = own[0].stage
        if stage % 2 == 1 and len(own) > 1:
            group = _group(shape, own, helpers)
            found.setdefault(stage, []).extend([] if group is None else [group])
            walking |= {stage} if group is None else set()
    return [
        group
        for stage, groups in sorted(found.items())
        if stage not in walking
        and BLOCK * max(g.waits for g in groups) > sum(g.cost for g in groups)
        for group in groups
    ]


def _group(
    shape: Shape, own: Sequence[Step], helpers: Mapping[str, ast.FunctionDef]
) -> Linear | None:
    """How the states of a circle of steps go on together, where that is linear."""
    precisions = {state.name: state.dtype for state in shape.state}
    states = {step.gives[0]: next(iter(step.needs)) for step in own if not step.code}
    if any(precisions[name] != "f4" for name in states):
        return None
    if any(step.memories or step.lately for step in own):
        return None
    codes = [ast.parse(step.code).body[0] for step in own if step.code]
    return linear(tuple(states), tuple(states.values()), codes, helpers)


def _let_leap(shape: Shape, steps: list[Step], leaping: Leaping) -> None:
    """Let states go in leaps: they need what their matrices are made of, and not what they give."""
    for group in _linear_groups(shape, steps, leaping.helpers):
        if frozenset(group.states) in leaping.groups:
            for step in steps:
                if not step.code and step.gives[0] in group.states:
                    step.linear, step.needs, step.before = group, {*group.needs}, set()
    connect(steps)
    number(steps)
