"""The mono kernel as a row of loops: what a tick carries from sample to sample apart from the rest.

One voice leaves SIMD nothing to take, unless the loop over the block's frames is cut: most of a
tick does not depend on the sample before. How a tick's statements need one another gives its
*stages*, parallel and serial by turns: a parallel stage computes all frames of the block side by
side, a serial one walks through them with the states that it carries, and what a later stage needs
of an earlier one lies in rows on the stack. Each value is computed by the same operations as in
the tick, so the bits are the same.

A tick gains by it where it says in statements of their own what does not depend on its states.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chronus.dsp.recipe import CodeError
from chronus.dsp.syntax import function_in

if TYPE_CHECKING:
    from chronus.dsp.recipe import Shape


@dataclass(slots=True)
class Step:
    """A statement of a tick, or one of its states (then without code).

    `gives` and `needs` are names of values; `before` are the steps whose values it needs;
    `memories` are those that it touches, in their order with other steps.
    """

    gives: tuple[str, ...]
    needs: set[str]
    code: str = ""
    serial: bool = False
    memories: frozenset[str] = frozenset()
    before: set[int] = field(default_factory=set)
    stage: int = 0


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


def cut(shape: Shape, source: str, earlier: frozenset[str] = frozenset()) -> Stages:
    """Cut a tick, given as the source that the compiler would get, into stages.

    Args:
        shape: of the kind whose tick it is.
        source: of the tick.
        earlier: names of what is read from a memory as it was before the block.
    """
    function = function_in(source)
    *written, end = function.body
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
        _step(versions, statement, memories, earlier)
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
            steps.append(_step(versions, statement, memories, earlier))
            name = steps[-1].gives[0]
        names.append(name)
    states = [
        Step((state.name,), {name}, serial=True)
        for state, name in zip(shape.state, names[:split], strict=True)
        if name != state.name
    ]
    steps = [*states, *steps]
    _let_store(steps)
    _connect(steps)
    _number(steps)
    return Stages(tuple(steps), tuple(names[:split]), tuple(names[split:]))


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


def _step(
    versions: _Versions, statement: ast.stmt, memories: set[str], earlier: frozenset[str]
) -> Step:
    touched = frozenset(_touched(statement) & memories)
    versions.read, versions.given = set(), []
    code = ast.unparse(ast.fix_missing_locations(versions.visit(statement)))
    if earlier & {name.rpartition("__")[0] for name in versions.given}:
        touched = frozenset()
    return Step(tuple(versions.given), set(versions.read), code, bool(touched), touched)


def _touched(node: ast.AST) -> set[str]:
    """The names that a statement reads, but for those of which it wants to know the length."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
        return set()
    if isinstance(node, ast.Name):
        return {node.id}
    return {name for child in ast.iter_child_nodes(node) for name in _touched(child)}


def _let_store(steps: list[Step]) -> None:
    """Let what is only stored in a block, and not read again in it, be stored side by side."""
    for step in steps:
        others = [each for each in steps if each is not step and each.memories & step.memories]
        if len(step.memories) == 1 and not step.gives and not others:
            step.memories, step.serial = frozenset(), False


def _connect(steps: list[Step]) -> None:
    givers = {name: index for index, step in enumerate(steps) for name in step.gives}
    touching: dict[str, set[int]] = {}
    for index, step in enumerate(steps):
        for memory in step.memories:
            touching.setdefault(memory, set()).add(index)
    for index, step in enumerate(steps):
        step.before = {givers[name] for name in step.needs if name in givers}
        # What touches a memory stays together, in its order.
        for memory in step.memories:
            step.before |= touching[memory] - {index}


def _number(steps: list[Step]) -> None:
    """Number the stages: even ones are parallel, odd ones serial."""
    earlier = [_reach(steps, index) for index in range(len(steps))]
    circles = [
        frozenset(other for other in earlier[index] if index in earlier[other]) | {index}
        for index in range(len(steps))
    ]
    done: dict[frozenset[int], int] = {}

    def number(circle: frozenset[int]) -> int:
        if circle not in done:
            parity = 1 if len(circle) > 1 or any(steps[i].serial for i in circle) else 0
            outside = {circles[j] for i in circle for j in steps[i].before} - {circle}
            lowest = max((number(other) for other in outside), default=0)
            done[circle] = lowest if lowest % 2 == parity else lowest + 1
        return done[circle]

    for index, step in enumerate(steps):
        step.stage = number(circles[index])


def _reach(steps: list[Step], start: int) -> set[int]:
    """All steps that a step needs, directly or through others."""
    found: set[int] = set()
    open_ = list(steps[start].before)
    while open_:
        index = open_.pop()
        if index not in found:
            found.add(index)
            open_ += steps[index].before
    return found


@dataclass(frozen=True, slots=True)
class Loop:
    """What one stage does at each frame, in the order of its statements.

    Attributes:
        codes: its statements.
        needs: names of the values that they take from outside.
        kept: names of what they give to other stages.
        carried: the states that walk with the loop, each with the name of its next value.
        seen: those of them whose values other stages need.
        is_serial: whether one frame needs the frame before.
    """

    codes: tuple[str, ...]
    needs: tuple[str, ...]
    kept: tuple[str, ...]
    carried: dict[str, str]
    seen: tuple[str, ...]
    is_serial: bool


def loops_of(shape: Shape, stages: Stages, values: tuple[str, ...] = ()) -> list[Loop]:
    """The stages of a tick in the order in which they run.

    Args:
        shape: of the kind whose tick it is.
        stages: that.
        values: names of steady values, which are known before the block.
    """
    return [
        _loop(shape, stages, stage, values)
        for stage in sorted({step.stage for step in stages.steps})
    ]


def _loop(shape: Shape, stages: Stages, stage: int, values: tuple[str, ...]) -> Loop:
    steps = [step for step in stages.steps if step.stage == stage]
    given = [name for step in steps if step.code for name in step.gives]
    states = {name for step in steps if not step.code for name in step.gives}
    elsewhere = {name for step in stages.steps if step.stage != stage for name in step.needs}
    elsewhere |= {*stages.outputs}
    carried = {
        state.name: name
        for state, name in zip(shape.state, stages.next_states, strict=True)
        if state.name in states
    }
    known = {*shape.inputs} | states | {*values}
    known |= {"dt", shape.recording, *(memory.name for memory in shape.memories)}
    known |= {name for step in stages.steps if step.stage < stage for name in step.gives}
    # Those states that stay what they are.
    known |= {*stages.next_states} - {name for step in stages.steps for name in step.gives}
    needed = {name for step in steps if step.code for name in step.needs}
    return Loop(
        codes=tuple(step.code for step in steps if step.code),
        needs=tuple(sorted(needed & known)),
        kept=tuple(name for name in given if name in elsewhere),
        carried=carried,
        seen=tuple(sorted(states & elsewhere)),
        is_serial=stage % 2 == 1,
    )
