"""Whether the numbers of a rule fit the step of a circuit: times, and what is drawn."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import lru_cache

import sympy as sp

from rulegen.grammar.algebra.decay import DT, linear_rate
from rulegen.grammar.algebra.draws import draw_in
from rulegen.grammar.algebra.operators import delay
from rulegen.grammar.algebra.parts import IN_TIME, Parameter, RuleParts, State
from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.printing.unparse import show_expression
from rulegen.grammar.reading.drawing import trouble
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.limits import MAX_DELAYED
from rulegen.grammar.rule.draws import in_standard, standards
from rulegen.grammar.rule.locality import expressions
from rulegen.grammar.rule.rule import Rule

#: Standard normal numbers reach so far, see `rulegen.ground.noise`.
FARTHEST = 5.3
#: So much less than half a step counts as half, and so much less than a step as one.
HALF = 1e-9


def check_steps(rule: Rule, values: dict[str, float], dt: float) -> None:
    """Raise `RuleError` when a time constant is not positive or too short for `dt`, when a delay is
    too short or too long for it, or when there is no such distribution.

    Euler's method diverges for `dt > 2 tau` and oscillates from `dt > tau` on; the exact
    integration is stable at any `dt` but means nothing when the trace forgets within a step.
    """
    known = {symbol(name): value for name, value in values.items()} | {DT: dt}
    check_distributions(rule, known)
    found = {node for expr in expressions(rule) for node in expr.atoms(delay)}
    for node in sorted(found, key=str):
        steps_back(node, dt)
    for state in rule.states:
        formula = time_constant(state, rule)
        grows = rule.expand(state.expr).has(symbol(state.name))
        read = {str(name) for name in formula.free_symbols}
        fitted = [f"`{p.name}`" for p in rule.parameters if p.free and p.name in read]
        bounds = f"tighter bounds of {' and '.join(fitted)}, " if len(fitted) > 1 else ""
        for tau in extremes(formula, rule, known):
            if not tau.is_number or tau.is_infinite or (grows and tau.is_negative):
                continue
            if float(tau) <= 0:
                raise RuleError(
                    f"the time constant of `{state.name}` is {float(tau):g} ms; it must be "
                    "positive",
                    remedy=f"change `{state.expr if state.tau is None else state.tau}`",
                )
            if float(tau) < dt * (1 - HALF):
                raise RuleError(
                    f"the time constant of `{state.name}` is {float(tau):g} ms, shorter than the "
                    f"step of {dt:g} ms",
                    remedy=f"use a smaller dt, {bounds}or a per-step update `x <- ...`",
                )


def steps_back(node: delay, dt: float) -> int:
    """How many steps of `dt` ms a delay lasts: the nearest whole number, of two the larger.

    Raises:
        RuleError: it is shorter than a step, or has more steps than can be kept.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> [steps_back(delay(symbol("pre"), 20), dt) for dt in (20.0, 8.0, 0.1)]
        [1, 3, 200]
        >>> steps_back(delay(symbol("pre"), 20), 25.0)
        Traceback (most recent call last):
        ...
        rulegen.RuleError: `delay(pre, 20*ms)` is shorter than the step, dt = 25 ms
        use a smaller dt, or `prev(pre)`, the value one step earlier
    """
    name, size = node.args[0], float(node.args[1])
    if size < dt:
        raise RuleError(
            f"`{shown(node)}` is shorter than the step, dt = {dt:g} ms",
            remedy=f"use a smaller dt, or `prev({name})`, the value one step earlier",
        )
    # A quotient of doubles may end below the half that it stands for.
    steps = math.floor(size / dt + 0.5 + HALF)
    if steps > MAX_DELAYED:
        raise RuleError(
            f"`{shown(node)}` has {steps} steps of {dt:g} ms, more than {MAX_DELAYED}",
            remedy="use a larger dt, or a cascade of `lowpass` states, which need no memory",
        )
    return steps


def shown(node: delay) -> str:
    """A delay as the text of a rule has it."""
    return show_expression(RuleParts(), node)


def extremes(
    expr: sp.Expr, rule: Rule, known: Mapping[sp.Symbol, float | sp.Expr]
) -> list[sp.Expr]:
    """The values of a formula with the smallest and largest numbers that its parameters draw.

    Example:
        >>> from rulegen.grammar import parse
        >>> rule = parse("param tau = uniform(10, 100) : pre\\nx = lowpass(pre, tau)\\nw += x")
        >>> extremes(symbol("tau"), rule, {})
        [10, 100]
    """
    found = [expr.subs(case) for case in cases(rule, expr.free_symbols, known)]
    return [f.subs(known).doit() for f in found]


def cases(
    rule: Rule,
    read: Collection[sp.Basic],
    known: Mapping[sp.Symbol, float | sp.Expr],
    margin: float = 0,
) -> list[dict[sp.Symbol, sp.Expr]]:
    """The smallest and largest numbers that parameters draw, in all combinations.

    Args:
        rule: the rule.
        read: symbols; of other parameters nothing is said.
        known: values of parameters that are not drawn.
        margin: how far from the ends of an even distribution, of 1.
    """
    found: list[dict[sp.Symbol, sp.Expr]] = [{}]
    for number in standards(rule):
        owner = symbol(number.owner)
        if number.once and owner in read:
            reach = (-FARTHEST, FARTHEST) if number.normal else (margin, 1 - margin)
            first = rule.expand(rule.state(number.owner).initial)
            ends = [in_standard(first, sp.sympify(end)).subs(known) for end in reach]
            found = [case | {owner: end} for case in found for end in ends]
    return found


def check_distributions(rule: Rule, known: Mapping[sp.Symbol, float | sp.Expr]) -> None:
    """Raise `RuleError` where the values of parameters make a distribution that there is not."""
    for number in standards(rule):
        state = rule.state(number.owner)
        draw = draw_in(rule.expand(state.initial if number.once else state.expr))
        assert draw is not None
        args = [a.subs(known) for a in draw.args]
        problem, _ = trouble(type(draw).__name__, args)
        if problem:
            shown = ", ".join(f"{float(a):g}" if a.is_number else str(a) for a in args)
            raise RuleError(
                f"`{number.owner}` is drawn from {type(draw).__name__}({shown}): {problem}",
                remedy="change the parameters in it",
            )


@lru_cache(maxsize=1024)
def time_constant(state: State, rule: Rule) -> sp.Expr:
    """The tau of `dx/dt = -x/tau + ...`, infinite where a state does not decay by itself.

    Example:
        >>> from rulegen.grammar import parse
        >>> rule = parse("de/dt = -e/tau_e + pre*post\\non reward: w += eta*e")
        >>> time_constant(rule.state("e"), rule)
        tau_e
    """
    if state.form not in IN_TIME:
        return sp.oo
    tau = None if state.tau is None else rule.expand(state.tau)
    rate = linear_rate(replace(state, expr=rule.expand(state.expr), tau=tau), rule.constants)
    return sp.oo if rate == 0 else 1 / rate


def with_shortest_times(rule: Rule, dt: float) -> Rule:
    """The rule with bounds that keep its time constants at `dt` or above.

    A fit that shortens a time constant must not make it shorter than a step, or negative. So every
    free parameter in ms by which something is divided is at least `dt`, and one that alone is the
    rate of a decay at most 1/dt.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> rule = parse("param tau_e = 50 ms free\\nde/dt = -e/tau_e + pre*post")
        >>> with_shortest_times(rule, 10.0).parameter("tau_e").lower
        10.0
        >>> rule = parse("param k = 0.01 1/ms free\\nde/dt = -2*k*e + pre*post")
        >>> with_shortest_times(rule, 10.0).parameter("k").upper
        0.05
    """
    limits = {p.name: (p.lower, p.upper) for p in rule.parameters if p.free}
    fixed = {symbol(p.name): p.value for p in rule.parameters if not p.free and p.value is not None}
    units = rule.units()
    for name in limits.keys() & divisors(rule):
        if units.get(name) == 1:
            limits[name] = max(limits[name][0], dt), limits[name][1]
    for state in rule.states:
        factor, rate = (1 / time_constant(state, rule)).subs(fixed).as_coeff_Mul()
        if (name := str(rate)) in limits:
            (low, high), end = limits[name], 1 / (float(factor) * dt)
            limits[name] = (low, min(high, end)) if end > 0 else (max(low, end), high)

    def bounded(p: Parameter) -> Parameter:
        low, high = limits.get(p.name, (p.lower, p.upper))
        # A value that is beyond them already is told of where it is used.
        told = p.value is not None and not low <= p.value <= high
        return p if told else replace(p, lower=low, upper=high)

    return replace(rule, parameters=tuple(map(bounded, rule.parameters)))


def divisors(rule: Rule) -> set[str]:
    """Names of what stands in a denominator, as times do and learning rates do not."""
    taus = {s for state in rule.states if state.tau is not None for s in state.tau.free_symbols}
    powers = {power for expr in expressions(rule) for power in expr.atoms(sp.Pow)}
    bases = {s for power in powers if power.exp.is_negative for s in power.base.free_symbols}
    return {str(s) for s in taus | bases}
