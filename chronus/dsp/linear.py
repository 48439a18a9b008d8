"""Linear recurrences: states whose next values are weighted sums of themselves and of what comes.

A filter that is computed frame by frame waits for its own sums. But where what it makes of its
states is linear,

    state' = state + change * state + added

with a matrix `change` and a vector `added` that do not depend on the states, two frames put
together are such a step again, and so are four: `chronus.dsp.leaps` goes by these. Here is found
which states go on so, and what the statements are that give `change` and `added`. It is the change
that is written down and not the new value, so that a low corner loses no bits.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chronus.dsp.syntax import names_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COSTS: Final = {1: 150, 2: 230}
"""About how many cycles a block in leaps takes, by the number of states that go together; where
there are more, matrices cost more than they save."""
SUM_WAITS: Final = 4
"""Cycles until a sum or product, or the two in one, is there for what needs it."""
CHOICE_WAITS: Final = 2
LARGEST: Final = 200
"""Parts of an expression: one that grows beyond by being put together costs more than it saves."""
FLOAT: Final = "float32"


@dataclass(frozen=True, slots=True)
class Linear:
    """States that go on linearly together.

    Attributes:
        states: their names.
        codes: statements that give what follows, of frames each by itself.
        changes: names of the matrix's entries, "" where one is 0; a row for each state.
        added: names of what is added to each state, "" where that is nothing.
        least: the name of what the state is not to be below, where it is one and there is such.
        needs: the names that the statements read.
        waits: cycles from a frame to the next, where frames are computed one by one.
    """

    states: tuple[str, ...]
    codes: tuple[str, ...]
    changes: tuple[tuple[str, ...], ...]
    added: tuple[str, ...]
    least: str
    needs: frozenset[str]
    waits: int

    @property
    def cost(self) -> int:
        """Cycles that a block of it takes in leaps."""
        return COSTS[len(self.states)]


@dataclass(frozen=True, slots=True)
class _Weight:
    """What a state is multiplied by: a number, and an expression or nothing besides."""

    number: float = 0.0
    besides: ast.expr | None = None

    def expression(self) -> ast.expr | None:
        """It as one expression; None for 0."""
        return _sum(_literal(self.number) if self.number else None, self.besides)


@dataclass(frozen=True, slots=True)
class _Form:
    """A weighted sum of states, and an expression without them.

    `waits` says how many cycles it is there after the states, `least` what it is not to be below.
    """

    weights: dict[str, _Weight]
    rest: ast.expr | None = None
    waits: int = 0
    least: ast.expr | None = None


class _NotLinearError(Exception):
    """An expression is no weighted sum of states."""


def linear(
    states: Sequence[str],
    following: Sequence[str],
    statements: Sequence[ast.stmt],
    helpers: Mapping[str, ast.FunctionDef],
) -> Linear | None:
    """How states go on, or None if that is not linear, or if there are too many.

    Args:
        states: names of states that need one another, all float32.
        following: names of their next values.
        statements: that lie between the two, in their order.
        helpers: functions that they may call.
    """
    if len(states) not in COSTS:
        return None
    forms = {name: _Form({name: _Weight(1.0)}) for name in states}
    reader = _Reader(forms, helpers)
    try:
        for statement in statements:
            reader.do(statement)
    except _NotLinearError:
        return None
    codes: list[str] = []

    def named(name: str, expression: ast.expr | None) -> str:
        if expression is None:
            return ""
        call = ast.Call(ast.Name(FLOAT), [expression], [])
        codes.append(f"{name} = {ast.unparse(ast.fix_missing_locations(call))}")
        return name

    changes, added = [], []
    for row, (state, name) in enumerate(zip(states, following, strict=True)):
        weights = dict(forms[name].weights)
        own = weights.get(state, _Weight())
        weights[state] = _Weight(own.number - 1.0, own.besides)
        entries = [weights.get(other, _Weight()).expression() for other in states]
        changes.append(tuple(named(f"change{row}_{i}", e) for i, e in enumerate(entries)))
        added.append(named(f"added{row}", forms[name].rest))
    floors = [forms[name].least for name in following]
    if len(floors) > 1 and any(floor is not None for floor in floors):
        return None
    least = named("least", floors[0])
    read = {name for code in codes for name in names_in(ast.parse(code).body[0], ast.Load)}
    waits = max(forms[name].waits for name in following)
    return Linear(
        tuple(states), tuple(codes), tuple(changes), tuple(added), least, frozenset(read), waits
    )


class _Reader:
    """Reads statements as weighted sums.

    Args:
        forms: what names stand for.
        helpers: functions that may be called.
    """

    def __init__(self, forms: dict[str, _Form], helpers: Mapping[str, ast.FunctionDef]) -> None:
        self.forms = forms
        self._helpers = helpers

    def do(self, statement: ast.stmt) -> None:
        """Add what an assignment gives to the forms of names.

        Raises:
            _NotLinearError: that is no weighted sum.
        """
        match statement:
            case ast.Assign([ast.Name(name)], value):
                self.forms[name] = self.any_form(value)
            case ast.Assign([ast.Tuple(names)], ast.Call(ast.Name(called), arguments)):
                found = self._results(called, arguments)
                if len(found) != len(names):
                    raise _NotLinearError
                for target, form in zip(names, found, strict=True):
                    if not isinstance(target, ast.Name):
                        raise _NotLinearError
                    self.forms[target.id] = form
            case _:
                raise _NotLinearError

    def any_form(self, node: ast.expr) -> _Form:
        """An expression as a weighted sum, which may have a least."""
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        if all(not self.forms[name].weights for name in names & self.forms.keys()):
            return _Form({}, _checked(_Put(self.forms).visit(copy.deepcopy(node))))
        match node:
            case ast.Name(name):
                return self.forms[name]
            case ast.Call(ast.Name(name), arguments):
                return self._called(name, arguments)
        return self._computed(node)

    def _form(self, node: ast.expr) -> _Form:
        """An expression as a weighted sum with which something may be computed."""
        found = self.any_form(node)
        if found.least is not None:
            raise _NotLinearError
        return found

    def _computed(self, node: ast.expr) -> _Form:
        form = self._form
        match node:
            case ast.UnaryOp(ast.USub(), one):
                return _times(form(one), _literal(-1.0))
            case ast.BinOp(one, ast.Add(), other):
                return _later(_plus(form(one), form(other)))
            case ast.BinOp(one, ast.Sub(), other):
                return _later(_plus(form(one), _times(form(other), _literal(-1.0))))
            case ast.BinOp(one, ast.Mult(), other):
                return _later(_product(form(one), form(other)))
            case ast.IfExp(test, one, other):
                return _later(_chosen(form(test), form(one), form(other)), CHOICE_WAITS)
        raise _NotLinearError

    def _called(self, name: str, arguments: Sequence[ast.expr]) -> _Form:
        """What a function gives, the compiler's own or a helper."""
        if name == FLOAT:
            return self.any_form(arguments[0])
        if name == "product_and":
            added, one, other = map(self._form, arguments)
            return _later(_plus(added, _product(one, other)))
        if name == "fading_peak":
            return _faded(*map(self._form, arguments))
        found = self._results(name, arguments)
        if len(found) != 1:
            raise _NotLinearError
        return found[0]

    def _results(self, name: str, arguments: Sequence[ast.expr]) -> list[_Form]:
        """What a helper gives, of statements that are carried out one after the other."""
        function = self._helpers.get(name)
        if function is None or len(function.args.args) != len(arguments):
            raise _NotLinearError  # which the compiler of ticks will tell
        given = zip(function.args.args, arguments, strict=True)
        inside = _Reader({each.arg: self._form(node) for each, node in given}, self._helpers)
        *statements, end = function.body
        for statement in statements:
            inside.do(statement)
        if not isinstance(end, ast.Return) or end.value is None:
            raise _NotLinearError
        results = end.value.elts if isinstance(end.value, ast.Tuple) else [end.value]
        return [inside.any_form(result) for result in results]


def _faded(before: _Form, value: _Form, kept: _Form, added: _Form) -> _Form:
    """A peak that fades: a sum that is not below the value that comes."""
    if value.weights or kept.weights:
        raise _NotLinearError
    share = ast.Call(ast.Name("max"), [kept.rest or _literal(0.0), _literal(0.0)], [])
    faded = _later(_plus(added, _product(before, _Form({}, share))), SUM_WAITS + CHOICE_WAITS)
    return replace(faded, least=value.rest or _literal(0.0))


class _Put(ast.NodeTransformer):
    """Puts expressions without states in the place of the names that stand for them."""

    def __init__(self, forms: dict[str, _Form]) -> None:
        self._forms = forms

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        form = self._forms.get(node.id)
        return node if form is None else form.rest or _literal(0.0)


def _later(form: _Form, waits: int = SUM_WAITS) -> _Form:
    return _Form(form.weights, form.rest, form.waits + waits)


def _plus(one: _Form, other: _Form) -> _Form:
    weights = dict(one.weights)
    for state, weight in other.weights.items():
        own = weights.get(state, _Weight())
        besides = _sum(own.besides, weight.besides)
        weights[state] = _Weight(own.number + weight.number, besides)
    return _Form(weights, _sum(one.rest, other.rest), max(one.waits, other.waits))


def _product(one: _Form, other: _Form) -> _Form:
    if one.weights and other.weights:
        raise _NotLinearError
    form, factor = (other, one.rest) if other.weights else (one, other.rest)
    return _Form({}) if factor is None else _times(form, factor)


def _times(form: _Form, factor: ast.expr) -> _Form:
    number = _number(factor)

    def times(weight: _Weight) -> _Weight:
        if number is not None:
            return _Weight(weight.number * number, _multiplied(weight.besides, factor))
        return _Weight(0.0, _multiplied(weight.expression(), factor))

    weights = {state: times(weight) for state, weight in form.weights.items()}
    return _Form(weights, _multiplied(form.rest, factor), form.waits)


def _chosen(test: _Form, one: _Form, other: _Form) -> _Form:
    """One of two forms; which one must not depend on states."""
    if test.weights or test.rest is None:
        raise _NotLinearError
    condition = test.rest

    def chosen(body: ast.expr | None, orelse: ast.expr | None) -> ast.expr | None:
        if body is None and orelse is None:
            return None
        return ast.IfExp(condition, body or _literal(0.0), orelse or _literal(0.0))

    weights = {}
    for state in {**one.weights, **other.weights}:
        mine, theirs = one.weights.get(state, _Weight()), other.weights.get(state, _Weight())
        if mine.number == theirs.number:
            weights[state] = _Weight(mine.number, chosen(mine.besides, theirs.besides))
        else:
            weights[state] = _Weight(0.0, chosen(mine.expression(), theirs.expression()))
    return _Form(weights, chosen(one.rest, other.rest), max(one.waits, other.waits))


def _number(node: ast.expr) -> float | None:
    """The number that an expression is, where it is one that is written there."""
    match node:
        case ast.Constant(float(number)):
            return number
        case ast.UnaryOp(ast.USub(), one):
            found = _number(one)
            return None if found is None else -found
        case ast.Call(ast.Name("float32"), [one]):
            return _number(one)
    return None


def _literal(number: float) -> ast.expr:
    return ast.Call(ast.Name(FLOAT), [ast.Constant(number)], [])


def _sum(one: ast.expr | None, other: ast.expr | None) -> ast.expr | None:
    if one is None or other is None:
        return one or other
    return _checked(ast.BinOp(one, ast.Add(), other))


def _multiplied(one: ast.expr | None, factor: ast.expr) -> ast.expr | None:
    if one is None:
        return None
    mine, theirs = _number(one), _number(factor)
    if mine == 1.0:
        return factor
    if theirs == 1.0:
        return one
    if theirs == -1.0:
        return ast.UnaryOp(ast.USub(), one)
    if mine == -1.0:
        return ast.UnaryOp(ast.USub(), factor)
    return _checked(ast.BinOp(one, ast.Mult(), factor))


def _checked(node: ast.expr) -> ast.expr:
    """An expression, if it is not too large.

    Raises:
        _NotLinearError: it is.
    """
    left, size = [node], 0
    while left:
        size += 1
        if size > LARGEST:
            raise _NotLinearError
        left += [part for part in ast.iter_child_nodes(left.pop()) if isinstance(part, ast.expr)]
    return node
