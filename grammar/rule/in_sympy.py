"""The equations of a rule as objects of SymPy, which its solvers know."""

from __future__ import annotations

import sympy as sp

from rulegen.grammar.algebra import constants
from rulegen.grammar.algebra.exact import is_long
from rulegen.grammar.algebra.operators import exp, power, spow
from rulegen.grammar.algebra.parts import Form, RuleParts, State
from rulegen.grammar.algebra.symbols import MILLISECOND, symbol
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.limits import MAX_SIZE


def in_sympy(parts: RuleParts) -> dict[str, sp.Basic]:
    """See `Rule.sympy`."""
    equations: dict[str, sp.Basic] = {d.name: d.expr for d in parts.definitions}
    for state in parts.states:
        equations[state.name] = _equation(state)
    sizes: dict[str, int] = {}
    for update in parts.updates:
        event = f"on {update.event.value}"
        key, target = f"{event}: {update.target}", symbol(update.target)
        sizes[key] = _written_out(update.expr, target, sizes.get(key, 1))
        if sizes[key] > MAX_SIZE:
            raise RuleError(
                f"the updates of `{update.target}` {event}, put into each other, have more than "
                f"{MAX_SIZE} operations and symbols",
                remedy="make one update of them",
            )
        later = equations.get(key, target)
        step = later.rhs if isinstance(later, sp.Equality) else later
        value = update.expr.subs(target, step)
        equations[key] = sp.Eq(symbol(update.target + "_next"), value, evaluate=False)
    return {name: _own_powers(equation) for name, equation in equations.items()}


def _written_out(expr: sp.Expr, target: sp.Symbol, size: int) -> int:
    """The number of operations and symbols with so many in the place of the target."""
    return sum(size if node == target else 1 for node in sp.preorder_traversal(expr))


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


def _equation(state: State) -> sp.Equality:
    x, f = symbol(state.name), state.expr
    if state.form is Form.DRAW:
        return sp.Eq(x, f, evaluate=False)
    if state.form is Form.STEP:
        return sp.Eq(symbol(state.name + "_next"), f, evaluate=False)
    if state.form is Form.AVERAGE:
        assert state.tau is not None
        return sp.Eq(symbol(state.name + "_next"), x + state.tau * (f - x), evaluate=False)
    if state.tau is not None:
        f = (f - x) / state.tau if state.form is Form.LOWPASS else f - x / state.tau
    t = sp.Symbol("t", real=True)
    function = sp.Function(state.name, real=True)(t)
    return sp.Eq(sp.Derivative(function, t), f.subs(x, function), evaluate=False)
