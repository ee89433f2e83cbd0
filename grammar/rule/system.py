"""A rule as a discrete-time system: what each state becomes in one step and at each event.

This is where differential equations meet `dt`. Everything after it (tangents, lowering, JAX) sees
only maps `x <- f(states, signals, parameters, dt)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import sympy as sp

from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.algebra import substitute
from rulegen.grammar.algebra.decay import BRIEF, DT, decay
from rulegen.grammar.algebra.parts import SPIKES, Event, Form, State
from rulegen.grammar.algebra.symbols import (
    MILLISECOND,
    SIGNALS,
    WEIGHT,
    Site,
    symbol,
)
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.rule.averages import readers_first
from rulegen.grammar.rule.draws import STANDARD, Standard, in_standard, standards, written_out
from rulegen.grammar.rule.rule import Rule
from rulegen.grammar.rule.spikes import folded, from_start, jumps_of, start_of

#: How a rule changes weights.
CHANGES = "write `dw/dt = ...`, `w += ...` or `on reward: w += ...`"


@dataclass(frozen=True)
class Equation:
    """`name <- expr`, at `site`."""

    name: str
    site: Site
    expr: sp.Expr


@dataclass(frozen=True)
class System:
    """The one-step maps of a rule, with its definitions substituted.

    Attributes:
        sites: the site of every symbol that an expression may read.
        constants: symbols that keep their value during a trial.
        synapse: maps of the synapse states, reading old values of everything.
        weights: the map of `w` when it changes at every step (else empty); it reads the new
            synapse states.
        neuron: maps of pre, post and global states that change at every step, from old values.
        events: for each event its updates, in order; running averages come last on reward, and
            spikes, which are parts of a step, have none.
        per_condition: states with one value per condition.
        initial: initial values, which may read parameters and the weights of the start.
        forward: what the forward pass uses, by its target.
        standards: the random numbers that expressions read.
    """

    sites: dict[str, Site]
    constants: frozenset[str]
    synapse: tuple[Equation, ...]
    weights: tuple[Equation, ...]
    neuron: tuple[Equation, ...]
    events: dict[Event, tuple[Equation, ...]]
    per_condition: frozenset[str]
    initial: dict[str, sp.Expr]
    forward: dict[str, sp.Expr]
    standards: tuple[Standard, ...]

    @property
    def states(self) -> tuple[str, ...]:
        """Names of all states that the rule keeps, without the weights."""
        return tuple(self.initial)


def make_system(rule: Rule) -> System:
    """Discretise `rule`.

    A linear decay `dx/dt = -k*x + f` with `k` made of parameters is integrated exactly for `f`
    constant over the step: `x <- exp(-k dt) x + (1 - exp(-k dt))/k * f`, `x + dt f` for `k = 0`;
    an impulse adds its area at the beginning of the step, whatever `dt` is, so that spikes D apart
    meet `exp(-k D)`; what a spike sets a state to is where its step starts, and what decays from
    then on. A reward is an impulse too: where time is differentiated, `R` is `R/dt`.
    Anything else, the weights, and a rule that says `integrate euler`, take one Euler step
    `x <- x + dt*f`.

    Example:
        >>> from rulegen.grammar import parse
        >>> s = make_system(parse("e <- 0.5*e + pre*post : synapse"))
        >>> print(s.synapse[0].expr)
        e/2 + post*pre
    """
    rule = Rule.of(folded(rule))
    jumps, drawn = jumps_of(rule), rule.drawn
    write = writer(rule)
    sites = {name: signal.site for name, signal in SIGNALS.items()}
    sites |= {parameter.name: Site.GLOBAL for parameter in rule.parameters}
    sites |= {state.name: state.site for state in rule.states}
    sites |= {other.name: other.site for other in rule.outside}
    sites[WEIGHT] = Site.SYNAPSE
    synapse, weights, neuron, averages = [], [], [], []
    apart = {Form.AVERAGE, Form.DRAW}
    others = [s for s in rule.states if s.form not in apart and s.name not in drawn]
    for state in (*others, *readers_first(rule)):
        state = replace(
            state,
            expr=write(state.expr),
            tau=None if state.tau is None else write(state.tau),
        )
        start = start_of(state, jumps.get(state.name, {}))
        equation = Equation(state.name, state.site, one_step(state, rule, write(start)))
        if state.form is Form.AVERAGE:
            averages.append(equation)
        elif state.name == WEIGHT:
            weights.append(equation)
        elif state.site is Site.SYNAPSE:
            synapse.append(equation)
        else:
            neuron.append(equation)
    events = {
        event: tuple(
            Equation(update.target, sites[update.target], write(update.expr))
            for update in rule.updates
            if update.event is event and event not in SPIKES
        )
        for event in Event
    }
    events[Event.REWARD] += tuple(averages)
    numbers = standards(rule)
    sites |= {number.name: number.site for number in numbers}
    constants = {parameter.name for parameter in rule.parameters} | {"dt", "N_pre", "N_post"}
    constants |= {equation.name for equation in averages} | drawn
    constants |= {group.name for group in rule.groups}
    kept = [s for s in rule.states if s.name != WEIGHT and s.form is not Form.DRAW]
    if not weights:
        constants.add(WEIGHT)
    return System(
        sites=sites,
        constants=frozenset(constants),
        synapse=tuple(synapse),
        weights=tuple(weights),
        neuron=tuple(neuron),
        events=events,
        per_condition=frozenset(s.name for s in rule.states if s.per_condition),
        initial={s.name: first_value(s, rule) for s in kept},
        forward={target: write(expr) for target, expr in rule.forward},
        standards=numbers,
    )


def writer(rule: Rule) -> Callable[[sp.Expr], sp.Expr]:
    """What writes out definitions, and what is drawn in every step in standard numbers."""
    if all(state.form is not Form.DRAW for state in rule.states):
        return rule.expand
    milliseconds = {symbol(MILLISECOND): sp.Integer(1)}
    meaning = written_out(rule, STANDARD.__add__, milliseconds)
    return lambda expr: substitute(expr, meaning)


def first_value(state: State, rule: Rule) -> sp.Expr:
    """An initial value, of parameters, weights of the start and standard random numbers."""
    begun = {
        symbol(s.name): in_standard(rule.expand(s.initial), symbol(STANDARD + s.name))
        for s in rule.states
        if s.name in rule.drawn
    }
    own = in_standard(rule.expand(state.initial), symbol(STANDARD + state.name))
    return own if state.name in rule.drawn else substitute(own, begun)


def one_step(state: State, rule: Rule, start: sp.Expr) -> sp.Expr:
    """What `state` becomes in one step that it starts from `start` (an average: at one reward)."""
    x, f = symbol(state.name), state.expr
    if state.form is Form.STEP:
        return f
    if state.form is Form.AVERAGE:
        assert state.tau is not None
        return x + state.tau * (f - x)
    rate, drive = decay(replace(state, expr=as_rate(f)), rule.constants)
    if rate == 0 or rule.euler or state.name == WEIGHT:
        return from_start(x + DT * (drive - rate * x), x, start)
    smooth, impulses = split_impulses(drive)
    kept = DT * op.exprel(-rate * DT, sp.Integer(0)) * smooth
    return sp.exp(-rate * DT) * (start + DT * impulses) + kept


def as_rate(formula: sp.Expr) -> sp.Expr:
    """A formula of a differential equation, in which a reward is an impulse of its size.

    Example:
        >>> as_rate(symbol("e") * symbol("R"))
        R*e/dt
    """
    reward = symbol("R")
    before = [node for node in formula.atoms(op.Earlier) if node.args[0] == reward]
    hidden = {node: sp.Dummy(real=True) for node in before}
    shown = formula.xreplace(hidden).xreplace({reward: reward / DT})
    return shown.xreplace({place: node / DT for node, place in hidden.items()})


def split_impulses(drive: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Split a drive into its smooth part and the part that is linear in spike impulses."""
    if not drive.has(*BRIEF):
        return drive, sp.Integer(0)
    smooth: list[sp.Expr] = []
    jumps: list[sp.Expr] = []
    # Within functions nothing is multiplied out: there SymPy may not find an end.
    hidden: dict[sp.Expr, sp.Dummy] = {}
    opened = sp.expand_mul(_without_functions(drive, hidden))
    shown = {place: node for node, place in hidden.items()}
    for term in (part.xreplace(shown) for part in sp.Add.make_args(opened)):
        (jumps if term.has(*BRIEF) else smooth).append(term)
    return sp.Add(*smooth), sp.Add(*jumps)


def _without_functions(expr: sp.Expr, hidden: dict[sp.Expr, sp.Dummy]) -> sp.Expr:
    """Sums, products and whole powers, with a name for everything else, which `hidden` gains."""
    if not expr.args:
        return expr
    if expr.is_Add or expr.is_Mul or (expr.is_Pow and expr.exp.is_Integer and expr.exp > 0):
        return expr.func(*(_without_functions(arg, hidden) for arg in expr.args))
    return hidden.setdefault(expr, sp.Dummy(real=True))


def check_effect(rule: Rule) -> None:
    """Raise `RuleError` when the rule changes no weight.

    A family whose terms have all been left out is such a rule, and runs; what somebody wrote and
    means to run should not be.

    Example:
        >>> from rulegen.grammar import parse
        >>> check_effect(parse("dw/dt = 0.1*pre*post"))
    """
    if rule.inert:
        raise RuleError("the rule changes no weight", remedy=CHANGES)
