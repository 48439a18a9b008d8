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

    `gives` and `needs` are names of values; `before` are the steps whose values it needs.
    """

    gives: tuple[str, ...]
    needs: set[str]
    code: str = ""
    serial: bool = False
    memory: bool = False
    before: set[int] = field(default_factory=set)
    stage: int = 0


class _Versions(ast.NodeTransformer):
    """Gives each value of a name that is assigned anew a name of its own."""

    def __init__(self) -> None:
        self.current: dict[str, str] = {}
        self.read: set[str] = set()
        self.given: list[str] = []

    def visit_Name(self, node: ast.Name) -> ast.AST:  # noqa: N802 - ast's name
        if isinstance(node.ctx, ast.Load):
            name = self.current.get(node.id, node.id)
            self.read.add(name)
            return ast.Name(name, ast.Load())
        count = int(self.current.get(node.id, "_0").rsplit("_", 1)[1]) + 1
        self.current[node.id] = f"{node.id}_{count}"
        self.given.append(self.current[node.id])
        return ast.Name(self.current[node.id], ast.Store())

    def visit_Assign(self, node: ast.Assign) -> ast.AST:  # noqa: N802 - ast's name
        node.value = self.visit(node.value)
        node.targets = [self.visit(target) for target in node.targets]
        return node


@dataclass(frozen=True, slots=True)
class Stages:
    """A tick cut into stages: its steps, the names of its next states and of its outputs."""

    steps: tuple[Step, ...]
    next_states: tuple[str, ...]
    outputs: tuple[str, ...]


def cut(kind: Kind, source: str) -> Stages:
    """Cut a tick, given as the source that the compiler would get, into stages."""
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    *statements, end = function.body
    assert isinstance(end, ast.Return), kind.name
    results = end.value.elts if isinstance(end.value, ast.Tuple) else [end.value]
    memories = {memory.name for memory in kind.memories}
    versions = _Versions()
    steps = []
    for statement in statements:
        steps.append(_step(versions, statement, memories))
    names = []
    for index, result in enumerate(results):
        if not isinstance(result, ast.Name) or result.id not in versions.current:
            statement = ast.Assign([ast.Name(f"result{index}", ast.Store())], result)
            steps.append(_step(versions, statement, memories))
            names.append(steps[-1].gives[0])
        else:
            names.append(versions.current[result.id])
    split = len(kind.state)
    states = [
        Step((state.name,), {name}, serial=True)
        for state, name in zip(kind.state, names[:split], strict=True)
    ]
    steps = [*states, *steps]
    _connect(steps)
    _number(steps)
    return Stages(tuple(steps), tuple(names[:split]), tuple(names[split:]))


def _step(versions: _Versions, statement: ast.stmt, memories: set[str]) -> Step:
    versions.read, versions.given = set(), []
    code = ast.unparse(ast.fix_missing_locations(versions.visit(statement)))
    memory = bool(versions.read & memories)
    return Step(tuple(versions.given), set(versions.read), code, serial=memory, memory=memory)


def _connect(steps: list[Step]) -> None:
    givers = {name: index for index, step in enumerate(steps) for name in step.gives}
    touching = {index for index, step in enumerate(steps) if step.memory}
    for index, step in enumerate(steps):
        step.before = {givers[name] for name in step.needs if name in givers}
        # What touches a memory stays together, in its order.
        step.before |= (touching - {index}) if step.memory else set()


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


def stage_sources(kind: Kind, stages: Stages) -> tuple[list[str], list[str]]:
    """The functions of the stages, and the lines of the kernel's body that call them.

    The body finds each state in a variable of its name, and leaves it there; input rows are
    `row_NAME`, output rows `to_NAME`.
    """
    inputs = {name for _, name in kind.input_rows}
    fixed = {"dt", *(memory.name for memory in kind.memories)}
    functions: list[str] = []
    body: list[str] = []
    for stage in sorted({step.stage for step in stages.steps}):
        steps = [step for step in stages.steps if step.stage == stage]
        states = {name for step in steps if not step.code for name in step.gives}
        given = [name for step in steps if step.code for name in step.gives]
        needed = {name for step in steps if step.code for name in step.needs}
        later = {n for s in stages.steps if s.stage != stage for n in s.needs} | {*stages.outputs}
        kept = [name for name in given if name in later]
        carried = {
            state.name: name
            for state, name in zip(kind.state, stages.next_states, strict=True)
            if state.name in states
        }
        results = [*kept, *(n for n in carried.values() if n in given and n not in kept)]
        called = sorted(needed & (inputs | fixed | states | {n for s in stages.steps
                        if s.stage < stage for n in s.gives}))
        kept_states = [name for name in sorted(states) if name in later]
        if results:
            functions.append(_function(stage, called, [s.code for s in steps if s.code], results))

        def at(name: str, k: str, states: set[str] = states) -> str:
            if name in inputs:
                return f"row_{name}[{k}]"
            return name if name in states or name in fixed else f"r_{name}[{k}]"

        call = f"stage{stage}({', '.join(at(name, 'k') for name in called)})"
        if any(step.memory for step in steps):
            body += [f"r_{name} = block_row(float32(0.0))" for name in kept]
        elif kept:
            body.append(f"probe{stage} = {call.replace('[k]', '[0]')}")
            body += [f"r_{name} = block_row(probe{stage}[{i}])" for i, name in enumerate(kept)]
        body += [f"r_{name} = block_row({name})" for name in kept_states]
        body.append(f"for k in range({BLOCK}):")
        body += [f"    r_{name}[k] = {name}" for name in kept_states]
        if results:
            targets = [f"r_{name}[k]" if name in kept else f"n_{name}" for name in results]
            body.append(f"    {', '.join(targets)}, = {call}")
        for state, name in carried.items():
            value = f"r_{name}[k]" if name in kept or name not in given else f"n_{name}"
            body.append(f"    {state} = {value}")
    for (_, output), name in zip(kind.output_rows, stages.outputs, strict=True):
        body += [f"for k in range({BLOCK}):", f"    to_{output}[k] = r_{name}[k]"]
    return functions, body


def _function(stage: int, arguments: list[str], codes: list[str], results: list[str]) -> str:
    lines = [f"def stage{stage}({', '.join(arguments)}):", *(f"    {code}" for code in codes)]
    return "\n".join([*lines, f"    return ({', '.join(results)},)"])
