"""Linear decay: what of `dx/dt` forgets, and what drives."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from rulegen.grammar.algebra.normal import normal
from rulegen.grammar.algebra.parts import Form, State
from rulegen.grammar.algebra.symbols import IMPULSES, symbol

#: The length of a step.
DT = symbol("dt")
#: What takes no time: spikes, and a reward where time is differentiated.
BRIEF = tuple(symbol(name) for name in sorted(IMPULSES | {"R"}))


def decay(state: State, constants: Iterable[str]) -> tuple[sp.Expr, sp.Expr]:
    """The rate at which a state of a differential equation decays, and what drives it.

    A filter whose input reads the state itself is the equation that it stands for. What drives the
    state may read it beside an impulse, which is as long as no time. The formulas of the state are
    written out. (0, its change) where it does not decay at a rate made of constants.

    Example:
        >>> from rulegen.grammar import parse
        >>> rule = parse("x = lowpass(pre, 20) : pre\\ny = lowpass(pre - y, 20) : pre\\nw += x*y")
        >>> decay(rule.state("x"), ()), decay(rule.state("y"), ())
        ((1/20, pre/20), (1/10, pre/20))
        >>> rule = parse("x = accumulate(pre_spike*(1 - x), 20)\\nw += x")
        >>> decay(rule.state("x"), ())
        (1/20, -pre_spike*x + pre_spike)
    """
    x = symbol(state.name)
    rate, change = _own(state)
    if rate != 0:
        return rate, change
    rate, drive = split_decay(change, x, constants)
    if drive.has(x) and (slow := linear_rate(state, constants)) != 0:
        rest = normal(change + slow * x)
        if all(term.has(*BRIEF) for term in sp.Add.make_args(rest) if term.has(x)):
            return slow, rest
    return rate, drive


def _own(state: State) -> tuple[sp.Expr, sp.Expr]:
    """The rate of a filter that does not read itself, and its drive; else 0 and the change."""
    x, expr = symbol(state.name), state.expr
    if state.tau is None:
        return sp.Integer(0), expr
    rate = 1 / state.tau
    drive = expr * rate if state.form is Form.LOWPASS else expr
    return (sp.Integer(0), drive - rate * x) if drive.has(x) else (rate, drive)


def linear_rate(state: State, constants: Iterable[str]) -> sp.Expr:
    """The constant part of the rate at which a state decays, whatever else changes it.

    Example:
        >>> from rulegen.grammar import parse
        >>> equation = "dx/dt = -x/tau - k*pre*x + k*tanh(x) : pre"
        >>> rule = parse(f"param tau = 4 ms\\nparam k = 1 1/ms\\n{equation}\\nw += x")
        >>> linear_rate(rule.state("x"), rule.constants)
        1/tau
    """
    rate, change = _own(state)
    if rate == 0:
        known = {symbol(name) for name in constants} | {DT}
        parts = sp.Add.make_args(_apart(change, symbol(state.name))[0])
        rate = sp.Add(*(part for part in parts if part.free_symbols <= known))
    return rate


def split_decay(f: sp.Expr, x: sp.Symbol, constants: Iterable[str]) -> tuple[sp.Expr, sp.Expr]:
    """Write `f = drive - rate*x` with `rate` made of `constants`; (0, f) where that fails.

    It does not matter how `f` is written, as `(pre - x)/tau` or as `pre/tau - x/tau`.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> x, pre, tau = symbol("x"), symbol("pre"), symbol("tau")
        >>> split_decay((pre - x) / tau, x, ["tau"])
        (1/tau, pre/tau)
    """
    if not f.has(x):
        return sp.Integer(0), f
    rate, drive = _apart(f, x)
    known = {symbol(name) for name in constants} | {DT}
    if rate == 0 or drive.has(x) or not rate.free_symbols <= known:
        return sp.Integer(0), f
    return rate, drive


def _apart(f: sp.Expr, x: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """What is linear in `x`, as of `_split`, multiplied out where it takes that to see it."""
    rate, drive = _split(f, x)
    return _split(normal(f), x) if drive.has(x) else (rate, drive)


def _split(f: sp.Expr, x: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """The sum of the terms that are a multiple of `x`, divided by `-x`, and the other terms."""
    linear: list[sp.Expr] = []
    rest: list[sp.Expr] = []
    for term in sp.Add.make_args(f):
        quotient = term / x
        (rest if quotient.has(x) or not term.has(x) else linear).append(term)
    return sp.Add(*(-term / x for term in linear)), sp.Add(*rest)
