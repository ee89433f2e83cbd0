"""The equations of a rule as objects of SymPy, which its solvers know."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from rulegen.grammar.algebra import algebra, constants
from rulegen.grammar.algebra.exact import AlgebraError, is_long
from rulegen.grammar.algebra.operators import exp, power, spow
from rulegen.grammar.algebra.parts import Event, Form, RuleParts, State
from rulegen.grammar.algebra.symbols import MILLISECOND, WEIGHT, symbol
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.limits import MAX_SIZE


def in_sympy(parts: RuleParts) -> dict[str, sp.Basic]:
    """See `Rule.sympy`."""
    equations: dict[str, sp.Basic] = {d.name: d.expr for d in parts.definitions}
    after = _names_after(parts)
    for state in parts.states:
        equations[state.name] = _equation(state, after)
    for event in dict.fromkeys(update.event for update in parts.updates):
        for target, value in _updated(parts, event).items():
            step = sp.Eq(after[target], value, evaluate=False)
            equations[f"on {event.value}: {target}"] = step
    return {name: _own_powers(equation) for name, equation in equations.items()}


def _names_after(parts: RuleParts) -> dict[str, sp.Symbol]:
    """The symbol of what each state becomes, by names that the rule does not use itself."""
    states = {state.name for state in parts.states}
    taken = states | {p.name for p in parts.parameters} | {d.name for d in parts.definitions}
    found = {}
    for state in states | {WEIGHT}:
        name = f"{state}_next"
        while name in taken:
            name += "_"
        found[state] = symbol(name)
    return found


def _updated(parts: RuleParts, event: Event) -> dict[str, sp.Expr]:
    """What an event makes of what it updates; updates see what earlier ones of it did."""
    updates = [update for update in parts.updates if update.event == event]
    changed = {symbol(update.target) for update in updates[:-1]}
    written: dict[sp.Symbol, sp.Expr] = {}
    for definition in parts.definitions:
        expr = algebra.substitute(definition.expr, written)
        if expr.free_symbols & changed:
            written[symbol(definition.name)] = expr
    made: dict[sp.Symbol, sp.Expr] = {}
    sizes: dict[sp.Symbol, int] = {}
    for update in updates:
        target, expr = symbol(update.target), algebra.substitute(update.expr, written)
        sizes[target] = sum(sizes.get(node, 1) for node in sp.preorder_traversal(expr))
        together = f"the updates of `{update.target}` on {event.value}, put into each other,"
        if sizes[target] > MAX_SIZE:
            raise RuleError(
                f"{together} have more than {MAX_SIZE} operations and symbols",
                remedy="make one update of them",
            )
        try:
            made[target] = algebra.substitute(expr, made)
        except AlgebraError as error:
            raise RuleError(f"{together} have {error}", remedy="make one update of them") from error
    return {str(target.name): expr for target, expr in made.items()}


def _own_powers(equation: sp.Basic) -> sp.Basic:
    """With SymPy's own powers and exponentials."""
    equation = equation.xreplace({symbol(MILLISECOND): sp.Integer(1)})
    short = equation.replace(_is_long, lambda number: constants.short(constants.exact(number)))
    for node in short.atoms(power, spow):
        if is_long(node.args[1]) and node.args[0].is_Mul and node.args[0].args[0].is_Rational:
            raise RuleError(
                f"`{node.args[0]}` to the power {float(node.args[1]):g} has too many digits for "
                "SymPy",
                remedy="give the number in front of it a name",
            )
    return short.replace(power, lambda base, exponent: base**exponent).replace(exp, sp.exp)


def _is_long(node: sp.Basic) -> bool:
    """Whether SymPy would write out a number for minutes."""
    if not isinstance(node, power | spow | exp) or not node.is_number:
        return False
    return node.has(sp.log) if isinstance(node, exp) else is_long(node.args[1])


def _equation(state: State, after: Mapping[str, sp.Symbol]) -> sp.Equality:
    x, f = symbol(state.name), state.expr
    if state.form is Form.DRAW:
        return sp.Eq(x, f, evaluate=False)
    if state.form is Form.STEP:
        return sp.Eq(after[state.name], f, evaluate=False)
    if state.form is Form.AVERAGE:
        assert state.tau is not None
        return sp.Eq(after[state.name], x + state.tau * (f - x), evaluate=False)
    if state.tau is not None:
        f = (f - x) / state.tau if state.form is Form.LOWPASS else f - x / state.tau
    t = sp.Symbol("t", real=True)
    function = sp.Function(state.name, real=True)(t)
    return sp.Eq(sp.Derivative(function, t), f.subs(x, function), evaluate=False)
