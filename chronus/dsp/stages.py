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

from chronus.settings import BLOCK

if TYPE_CHECKING:
    from chronus.dsp.declaration import Kind


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


def cut(kind: Kind, source: str, earlier: frozenset[str] = frozenset()) -> Stages:
    """Cut a tick, given as the source that the compiler would get, into stages.

    Args:
        kind: whose tick it is.
        source: of the tick.
        earlier: names of what is read from a memory as it was before the block.
    """
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    *statements, end = function.body
    assert isinstance(end, ast.Return), kind.name
    assert end.value is not None, kind.name
    results = end.value.elts if isinstance(end.value, ast.Tuple) else [end.value]
    memories = {memory.name for memory in kind.memories}
    versions = _Versions()
    steps = [
        _step(versions, statement, memories, earlier)
        for statement in statements
        if not versions.is_copy(statement)
    ]
    names = []
    split = len(kind.state)
    for index, result in enumerate(results):
        given = {name for step in steps for name in step.gives}
        name = result.id if isinstance(result, ast.Name) else ""
        name = versions.current.get(name, name)
        own = kind.state[index].name if index < split else ""
        # A state that stays what it is has its own name again.
        if name not in given and (not name or name != own):
            statement = ast.Assign([ast.Name(f"result{index}", ast.Store())], result)
            steps.append(_step(versions, statement, memories, earlier))
            name = steps[-1].gives[0]
        names.append(name)
    states = [
        Step((state.name,), {name}, serial=True)
        for state, name in zip(kind.state, names[:split], strict=True)
        if name != state.name
    ]
    steps = [*states, *steps]
    _connect(steps)
    _number(steps)
    return Stages(tuple(steps), tuple(names[:split]), tuple(names[split:]))


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


def stage_sources(
    kind: Kind, stages: Stages, prefix: str = "", values: tuple[str, ...] = ()
) -> tuple[list[str], list[str]]:
    """The functions of the stages, and the lines of the kernel's body that call them.

    The body finds each state in a variable of its name, and leaves it there; input rows are
    `row_NAME`, output rows `to_NAME`, the steady `values` of a plain block `h_NAME`.
    """
    functions: list[str] = []
    body: list[str] = []
    for stage in sorted({step.stage for step in stages.steps}):
        loop = _loop(kind, stages, stage, prefix, values)
        if loop.results or loop.memory:
            functions.append(loop.function())
        if loop.results or loop.memory or loop.carried:
            body += loop.lines()
    for (_, output), name in zip(kind.output_rows, stages.outputs, strict=True):
        body += [f"for k in range({BLOCK}):", f"    to_{output}[k] = r_{name}[k]"]
    return functions, body


@dataclass(frozen=True, slots=True)
class _Loop:
    """What one stage's loop is written from.

    `arguments` are the values that its function takes, each with the expression for it at frame k;
    `results` are what it gives, of which `kept` go into rows; `carried` are the states that walk
    with the loop, each with the expression for its next value, and `seen` those of them whose
    values other stages need; `following` has the names of their next values.
    """

    name: str
    codes: tuple[str, ...]
    arguments: dict[str, str]
    results: tuple[str, ...]
    kept: tuple[str, ...]
    carried: dict[str, str]
    seen: tuple[str, ...]
    following: dict[str, str]
    memory: bool

    def function(self) -> str:
        """The function that computes the stage for one frame."""
        head = f"def {self.name}({', '.join(self.arguments)}):"
        end = f"    return ({', '.join(self.results)},)" if self.results else "    return"
        return "\n".join([head, *(f"    {code}" for code in self.codes), end])

    def lines(self) -> list[str]:
        """The rows that the stage fills, and its loop."""
        call = f"{self.name}({', '.join(self.arguments.values())})"
        lines = [f"r_{name} = block_row({name})" for name in self.seen]
        if self.memory:
            # Computed for its type alone, a value would already be written to the memory.
            types = {name: state for state, name in self.following.items()}
            lines += [f"r_{n} = block_row({types.get(n, 'float32(0.0)')})" for n in self.kept]
        elif self.kept:
            probe = f"probe_{self.name}"
            lines.append(f"{probe} = {call.replace('[k]', '[0]')}")
            lines += [f"r_{name} = block_row({probe}[{i}])" for i, name in enumerate(self.kept)]
        lines.append(f"for k in range({BLOCK}):")
        lines += [f"    r_{name}[k] = {name}" for name in self.seen]
        if self.results:
            rows = {name: f"r_{name}[k]" for name in self.kept}
            targets = ", ".join(rows.get(name, f"n_{name}") for name in self.results)
            lines.append(f"    {targets}, = {call}")
        elif self.memory:
            lines.append(f"    {call}")
        return lines + [f"    {state} = {value}" for state, value in self.carried.items()]


def _loop(kind: Kind, stages: Stages, stage: int, prefix: str, values: tuple[str, ...]) -> _Loop:
    steps = [step for step in stages.steps if step.stage == stage]
    given = [name for step in steps if step.code for name in step.gives]
    states = {name for step in steps if not step.code for name in step.gives}
    elsewhere = {name for step in stages.steps if step.stage != stage for name in step.needs}
    elsewhere |= {*stages.outputs}
    kept = tuple(name for name in given if name in elsewhere)
    following = {
        state.name: name
        for state, name in zip(kind.state, stages.next_states, strict=True)
        if state.name in states
    }
    inputs = {name for _, name in kind.input_rows}
    fixed = {"dt", kind.recording, *(memory.name for memory in kind.memories)}
    fixed |= {*stages.next_states}  # those that stay what they are
    fixed -= {name for step in stages.steps for name in step.gives}
    rows = {name for step in stages.steps if step.stage < stage for name in step.gives}
    needed = {name for step in steps if step.code for name in step.needs}
    places = (
        {name: f"r_{name}[k]" for name in rows}
        | {name: f"row_{name}[k]" for name in inputs}
        | {name: name for name in states | fixed}
        | {name: f"h_{name}" for name in values}
    )
    return _Loop(
        name=f"{prefix}stage{stage}",
        codes=tuple(step.code for step in steps if step.code),
        arguments={name: places[name] for name in sorted(needed & places.keys())},
        results=(*kept, *sorted({n for n in following.values() if n in given} - {*kept})),
        kept=kept,
        carried={
            state: f"n_{name}" if name in given and name not in kept else f"r_{name}[k]"
            for state, name in following.items()
        },
        seen=tuple(sorted(states & elsewhere)),
        following=following,
        memory=any(step.memories for step in steps),
    )
