"""From a tick to the source of its block kernels: mono, and wide (16 voices side by side).

The source is plain Python for numba, complete in one file: the tick and every helper that it uses
are written out anew with each float as a float32, so that nothing is computed in a precision that
the declaration does not ask for. A kernel has one signature for all kinds:

    kernel(rows, source, target, memory, rate)

`rows` is the address of a table of row addresses, inputs first, then outputs, then the recording;
`source` and
`target` are the addresses of the node's state before and after the block; `memory` is the address
of its delay memory; `rate` is in Hz. The kernel of one voice and the wide one call the same tick in
the same order of arithmetic, so they give the same bits. Both go a shorter way through a block in
which the inputs rest that the tick says to be steady (`chronus.dsp.steady`).
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chronus.dsp.declaration import HELPERS, RECORDING_HEAD, Kind, Table, source_of
from chronus.dsp.layout import WIDE, state_layout
from chronus.dsp.rests import MARKS as REST_MARKS
from chronus.dsp.rests import Bare, bare, idle_of
from chronus.dsp.stages import cut, stage_sources
from chronus.dsp.steady import MARKS, Ways, split
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

GENERATOR_VERSION: Final = 5
CASTS: Final = {"f4": "float32", "f8": "float64", "i4": "int32", "u4": "uint32"}
BUILTINS: Final = frozenset(
    {"min", "max", "abs", "int", "len", "range", "sqrt", *CASTS, *MARKS, *REST_MARKS}
)

HEADER: Final = '''"""Generated from the kind `{name}`; made anew when its declaration changes."""
from math import sqrt

from numba import carray, float32, float64, int32, int64, njit, uint32, void
from chronus.dsp.native import OPTIONS, block_row, float_stack, floats, int_stack, ints
from chronus.dsp.native import long_stack, longs, moves, real_stack, reals, word_stack, words

'''
POINTERS: Final = {"f4": "floats", "f8": "reals", "i4": "ints", "u4": "words", "i8": "longs"}
STACKS: Final = {dtype: f"{plural[:-1]}_stack" for dtype, plural in POINTERS.items()}


class _Float32(ast.NodeTransformer):
    """Turns a tick's float literals into float32 and its constants into their values."""

    def __init__(self, names: dict[str, Any], own: set[str]) -> None:
        self.names = names
        self.own = own
        self.used: list[Callable[..., Any]] = []
        self.tables: list[Table] = []

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, float):
            return _cast("float32", node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        assert isinstance(node.func, ast.Name), f"{ast.unparse(node.func)} is not a @helper"
        name = node.func.id
        if name == "f8" and isinstance(node.args[0], ast.Constant):
            return _cast("float64", node.args[0])
        node.args = [self.visit(argument) for argument in node.args]
        if name in CASTS:
            node.func.id = CASTS[name]
        elif name not in BUILTINS:
            function = self.names.get(name)
            assert callable(function), f"{name} is not a @helper"
            assert function in HELPERS, f"{name} is not a @helper"
            assert function.__name__ == name, f"{name} is {function.__name__} by another name"
            if function not in self.used:
                self.used.append(function)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.own or node.id in BUILTINS:
            return node
        value = self.names.get(node.id)
        if isinstance(value, Table):
            assert value.make.__name__ == node.id, f"{node.id} is a table by another name"
            self.tables.append(value)
            return node
        assert isinstance(value, (int, float)), f"{node.id} is not a number"
        return self.visit_Constant(ast.Constant(value))


def _cast(name: str, value: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), [value], [])


@dataclass(frozen=True, slots=True)
class _Rewritten:
    """A function's source in float32, the helpers that it calls and the tables that it reads."""

    source: str
    helpers: list[Callable[..., Any]]
    tables: list[Table]


def _rewritten(function: Callable[..., Any], name: str) -> _Rewritten:
    """A function under another name."""
    tree = ast.parse(textwrap.dedent(source_of(function)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    own = set(inspect.signature(function).parameters)
    own |= {
        n.id
        for n in ast.walk(definition)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    rewrite = _Float32(function.__globals__, own)
    body = [
        rewrite.visit(statement)
        for statement in definition.body
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
    ]
    parameters = ", ".join(inspect.signature(function).parameters)
    new = ast.parse(f"def {name}({parameters}):\n    pass").body[0]
    assert isinstance(new, ast.FunctionDef)
    new.body = body
    source = ast.unparse(ast.fix_missing_locations(new))
    return _Rewritten(source, rewrite.used, rewrite.tables)


def _helpers(
    wanted: list[Callable[..., Any]], done: dict[Callable[..., Any], str], tables: list[Table]
) -> None:
    """Add the helpers of `wanted`, and theirs, to `done`, the deepest first; also their tables."""
    for function in wanted:
        if function not in done:
            own = _rewritten(function, function.__name__)
            _helpers(own.helpers, done, tables)
            done[function] = own.source
            tables += own.tables


def _table_source(table: Table) -> str:
    """The function that makes a table, under its own name, and the table in its place."""
    tree = ast.parse(textwrap.dedent(source_of(table.make)))
    (definition,) = tree.body
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    for node in ast.walk(definition):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
    return f"{ast.unparse(tree)}\n\n\n{definition.name} = {definition.name}()"


def _indented(lines: list[str], depth: int) -> list[str]:
    return ["    " * depth + line for line in lines]


def _on_stack(dtype: str) -> str:
    return f"carray({STACKS[dtype]}(), ({WIDE},))"


def _memory_lines(kind: Kind, voice: str) -> list[str]:
    """Statements that make each memory an array; `voice` is the index of the voice among WIDE."""
    lines = []
    before = "0"
    for memory in kind.memories:
        frames = f"frames_{memory.name}"
        lines.append(
            f"{memory.name} = floats(memory + 4 * ({before} + {voice} * {frames}), {frames})"
        )
        before = f"{before} + {{width}} * {frames}"
    return lines


def _prelude(kind: Kind, name: str) -> list[str]:
    lines = [
        "@njit(void(int64, int64, int64, int64, int64), **OPTIONS)",
        f"def {name}(rows, source, target, memory, rate):",
        "    dt = float32(float64(1.0) / float64(rate))",
        f"    table = longs(rows, {len(kind.input_rows) + len(kind.output_rows) + 1})",
    ]
    lines += [
        f"    frames_{memory.name} = "
        f"int(float64({memory.seconds!r}) * rate + float64(0.5)) + {BLOCK}"
        for memory in kind.memories
    ]
    return lines


def _preparation(ways: Ways, width: int) -> list[str]:
    """Statements that find out whether the block is plain, and prepare its steady values."""
    moving = " or ".join(f"moves(at_row_{name}, {width})" for name in ways.watched)
    first = f"prepare({''.join(f'row_{name}[0], ' for name in ways.watched)}dt)"
    lines = [f"plain = not ({moving})"]
    if width == 1:
        results = "".join(f"h_{name}, " for name in ways.values)
        return [*lines, f"{results}unusual, = {first}", "plain = plain and not unusual"]
    lines.append(f"probe = {first}")
    lines += [f"h_{name} = block_row(probe[{i}])" for i, name in enumerate(ways.values)]
    results = "".join(f"h_{name}[j], " for name in ways.values)
    return [
        *lines,
        "if plain:",
        "    found = int32(0)",
        f"    for j in range({width}):",
        f"        {results}unusual, = {first.replace('[0]', '[j]')}",
        "        found = int32(found | int32(unusual))",
        "    plain = found == 0",
    ]


def mono_source(kind: Kind, ways: Ways, marks: Bare) -> tuple[list[str], str]:
    """The kernel of one voice, states in locals: the functions that it calls, and itself."""
    name = f"{kind.name}_mono"
    if not kind.state:
        assert not ways.plain, f"{kind.name}: marks need a state"
        assert not marks.conditions, f"{kind.name}: marks need a state"
        return [ways.full], _stateless_source(kind, name, BLOCK)
    functions, body = stage_sources(kind, cut(kind, ways.full))
    preparation = ["plain = True"]
    if ways.plain:
        more, plain = stage_sources(
            kind, cut(kind, ways.plain, marks.earlier), "plain_", ways.values
        )
        functions += [ways.prepare, *more]
        preparation = _preparation(ways, 1)
        body = ["if plain:", *_indented(plain, 1), "else:", *_indented(body, 1)]
    if marks.conditions:
        more, lines = _idle_source(kind, ways, marks)
        functions += more
        body = [*lines, "else:", *_indented(body, 1)]
    return functions, _voice_source(kind, name, BLOCK, [*preparation, *body])


def _idle_source(kind: Kind, ways: Ways, marks: Bare) -> tuple[list[str], list[str]]:
    """The way through an idle block: the functions, and the lines up to what else there is."""
    names = [state.name for state in kind.state]
    idle = idle_of(ways.plain or ways.full, marks.conditions, names)
    stages = cut(kind, idle.tick, marks.earlier)
    functions, lines = stage_sources(kind, stages, "idle_", ways.values)
    inputs = {name for _, name in kind.input_rows}
    arguments = [
        f"row_{name}[k]" if name in inputs else f"h_{name}" if name in ways.values else name
        for name in idle.needs
    ]
    check = [
        "idle = plain",
        "if plain:",
        "    found = int32(0)",
        f"    for k in range({BLOCK}):",
        f"        found = int32(found | int32(check({', '.join(arguments)})))",
        "    idle = found == 0",
        "if idle:",
    ]
    return [idle.check, *functions], [*check, *_indented(lines, 1)]


def _either(preparation: list[str], plain: list[str], full: list[str]) -> list[str]:
    return [*preparation, "if plain:", *_indented(plain, 1), "else:", *_indented(full, 1)]


def _stateless_source(kind: Kind, name: str, frames: int) -> str:
    results = ", ".join(f"to_{row}[k]" for _, row in kind.output_rows)
    arguments = ", ".join([*(f"row_{row}[k]" for _, row in kind.input_rows), "dt"])
    body = [f"for k in range({frames}):", f"    {results} = tick({arguments})"]
    return _voice_source(kind, name, frames, body)


def _row_lines(kind: Kind, frames: int) -> list[str]:
    rows = [f"row_{name}" for _, name in kind.input_rows]
    rows += [f"to_{name}" for _, name in kind.output_rows]
    lines = []
    for i, row in enumerate(rows):
        lines += [f"    at_{row} = table[{i}]", f"    {row} = floats(at_{row}, {frames})"]
    if kind.recording:
        count = f"{RECORDING_HEAD} + int(recording_head[0]) * int(recording_head[1])"
        lines += [
            f"    recording_head = floats(table[{len(rows)}], {RECORDING_HEAD})",
            f"    {kind.recording} = floats(table[{len(rows)}], {count})",
        ]
    return lines


def _voice_source(kind: Kind, name: str, frames: int, body: list[str]) -> str:
    offsets = state_layout(kind).offsets
    lines = _prelude(kind, name)
    lines += _row_lines(kind, frames)
    lines += [
        f"    {state.name} = {POINTERS[state.dtype]}(source + {offset}, 1)[0]"
        for state, offset in zip(kind.state, offsets, strict=True)
    ]
    lines += _indented([line.format(width=1) for line in _memory_lines(kind, "0")], 1)
    lines += _indented(body, 1)
    lines += [
        f"    {POINTERS[state.dtype]}(target + {offset}, 1)[0] = {state.name}"
        for state, offset in zip(kind.state, offsets, strict=True)
    ]
    return "\n".join(lines)


def wide_source(kind: Kind, ways: Ways) -> tuple[list[str], str]:
    """The kernel of WIDE voices, and before it the functions that it calls.

    Rows are of BLOCK x WIDE; states and one frame's outputs are on the stack.

    What is written in the loop is on the stack and so cannot lie over what is read: LLVM needs no
    checks before it uses SIMD.
    """
    if not kind.state and not kind.memories:
        return [ways.full], _stateless_source(kind, f"{kind.name}_wide", BLOCK * WIDE)
    outputs = [name for _, name in kind.output_rows]
    offsets = state_layout(kind, WIDE).offsets
    lines = _prelude(kind, f"{kind.name}_wide")
    lines += _row_lines(kind, BLOCK * WIDE)
    for state, offset in zip(kind.state, offsets, strict=True):
        pointer = POINTERS[state.dtype]
        lines += [
            f"    z_{state.name} = {_on_stack(state.dtype)}",
            f"    at_{state.name} = {pointer}(source + {offset}, {WIDE})",
            f"    for j in range({WIDE}):",
            f"        z_{state.name}[j] = at_{state.name}[j]",
        ]
    lines += [f"    y_{name} = {_on_stack('f4')}" for name in outputs]
    body, functions = _wide_loop(kind, "tick", ()), [ways.full]
    if ways.plain:
        functions += [ways.plain, ways.prepare]
        plain = _wide_loop(kind, "plain_tick", ways.values)
        body = _either(_preparation(ways, WIDE), plain, body)
    lines += _indented(body, 1)
    for state, offset in zip(kind.state, offsets, strict=True):
        lines += [
            f"    to_z_{state.name} = {POINTERS[state.dtype]}(target + {offset}, {WIDE})",
            f"    for j in range({WIDE}):",
            f"        to_z_{state.name}[j] = z_{state.name}[j]",
        ]
    return functions, "\n".join(lines)


def _wide_loop(kind: Kind, tick: str, values: tuple[str, ...]) -> list[str]:
    """All frames of a block, and of each all voices."""
    outputs = [name for _, name in kind.output_rows]
    arguments = [f"z_{state.name}[j]" for state in kind.state]
    arguments += [f"row_{name}[k * {WIDE} + j]" for _, name in kind.input_rows]
    arguments += [memory.name for memory in kind.memories]
    arguments += [*filter(None, [kind.recording]), "dt"]
    arguments += [f"h_{name}[j]" for name in values]
    results = [f"z_{state.name}[j]" for state in kind.state] + [f"y_{name}[j]" for name in outputs]
    lines = [f"for k in range({BLOCK}):", f"    for j in range({WIDE}):"]
    lines += _indented([line.format(width=WIDE) for line in _memory_lines(kind, "j")], 2)
    lines.append(f"        {', '.join(results)} = {tick}({', '.join(arguments)})")
    for name in outputs:
        lines += [
            f"    for j in range({WIDE}):",
            f"        to_{name}[k * {WIDE} + j] = y_{name}[j]",
        ]
    return lines


@cache
def kernel_source(kind: Kind, *, wide: bool = False) -> str:
    """The whole file of a kind's mono or wide kernel."""
    helpers: dict[Callable[..., Any], str] = {}
    tick = _rewritten(kind.tick, "tick")
    tables = list(tick.tables)
    _helpers(tick.helpers, helpers, tables)
    names = [function.__name__ for function in helpers]
    assert len(set(names)) == len(names), f"{kind.name}: two helpers of one name"
    marks = bare(tick.source)
    ways = split(kind, marks.source)
    functions, kernel = wide_source(kind, ways) if wide else mono_source(kind, ways, marks)
    called = [f"@njit(forceinline=True, **OPTIONS)\n{f}" for f in [*helpers.values(), *functions]]
    made = [_table_source(table) for table in dict.fromkeys(tables)]
    return HEADER.format(name=kind.name) + "\n\n\n".join([*made, *called, kernel]) + "\n"


def kernel_name(kind: Kind, *, wide: bool = False) -> str:
    """What a kernel is called in all processes: the kind, the form, and a digest of the source."""
    source = kernel_source(kind, wide=wide)
    digest = hashlib.sha256(f"{GENERATOR_VERSION}\n{source}".encode()).hexdigest()[:12]
    return f"{kind.name}_{'wide' if wide else 'mono'}_{digest}"
