"""What a rule does to one synapse, as numbers for a small picture.

Many experiments run beside each other on one synapse of one presynaptic and one postsynaptic
neuron, by the one-step system of the rule: pairs of spikes, postsynaptic rates, or pulses in a
trial with a reward.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import numpy as np
import sympy as sp

from rulegen.grammar import SIGNALS, Rule
from rulegen.grammar.algebra import algebra, constants
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.parts import Event, Form
from rulegen.grammar.algebra.symbols import DRIVE, DRIVES, IMPULSES, WEIGHT, ZETA
from rulegen.grammar.rule.draws import standards
from rulegen.grammar.rule.locality import used_names
from rulegen.grammar.rule.system import Equation, System, make_system

Array = np.ndarray
Values = dict[sp.Basic | str, Array]
Formula = Callable[[Values], Array]

#: A pair of spikes: how far apart, ms, in steps of `STEP`; time before it, and to the reward.
APART, STEP, BEFORE, AFTER = 60, 3, 20, 60
#: Rates of the postsynaptic neuron, after it was at 1 for so many steps of so many ms.
RATES, SETTLED, DT = 41, 300, 10.0
#: A trial with a pulse: how many sizes of each side, and its steps before and during it.
SIZES, QUIET, PULSE = 13, 4, 4
#: A reward that is better by 1 than what was expected, and steps after it.
REWARD, EXPECTED, LATER = 0.5, -0.5, 20
#: The weight at the start, which is as likely to grow as to shrink.
FIRST = 0.5
#: What the postsynaptic side does in a pulse, relative to its size: a rate above what its potential
#: alone would make.
POSTSYNAPTIC = {"post": 1.0, "u": 0.5, "xi": 0.5, "error": 0.5, ZETA: 1.0}
POSTSYNAPTIC |= dict.fromkeys((DRIVE, *DRIVES.values()), 0.75)
#: No experiment has more steps than this.
LONGEST = 1000
#: A weight change below this is none.
NOTHING = 1e-12
#: An experiment tells nothing where its results differ by less than this, relative to them.
LEAST = 0.05

Kind = Literal["window", "rates", "map"]


class Probe(NamedTuple):
    """Changes of the weight, scaled so that the largest is 1 or -1.

    Attributes:
        kind: `window`, against the distance of two spikes, post minus pre; `rates`, against the
            postsynaptic rate; `map`, against both sides of a pulse in a rewarded trial.
        x: distances, ms; rates; or sizes of either side.
        change: one value for each x; of a map a row for each presynaptic size.
    """

    kind: Kind
    x: Array
    change: Array


def probe(rule: Rule) -> Probe | None:
    """The picture that tells most of a rule; None where no experiment changes the weight, or where
    other rules, groups of neurons or random numbers have a part in it.

    Example:
        >>> from rulegen.catalog import find
        >>> window = probe(find("stdp_pair").rule)
        >>> window.kind, [float(round(c, 2)) for c in window.change[[17, 23]]]
        ('window', [-0.84, 0.61])
    """
    if rule.foreign or rule.groups or standards(rule):
        return None
    if any(parameter.value is None for parameter in rule.parameters):
        return None
    read = used_names(rule)
    spikes, rewarded = bool(read & IMPULSES), "R" in read
    tried = [window] if spikes else []
    tried += [pulses, rates] if rewarded else [rates, pulses]
    for experiment in tried:
        with np.errstate(all="ignore"):
            found = experiment(Synapse(rule))
        size = np.max(np.abs(found.change))
        if np.isfinite(size) and size > NOTHING and np.ptp(found.change) > LEAST * size:
            return found._replace(change=found.change / size)
    return None


def window(synapse: Synapse) -> Probe:
    """Pairs of spikes at all distances, each alone, with a reward at the end."""
    apart = np.arange(-APART, APART + 1, STEP, dtype=float)
    middle = BEFORE + APART
    pre, post = np.full_like(apart, middle), middle + apart
    synapse.begin(apart.shape)
    steps = middle + APART + AFTER
    for step in range(steps):
        spikes = {"pre_spike": 1.0 * (pre == step), "post_spike": 1.0 * (post == step)}
        reward = np.full_like(apart, REWARD if step == steps - 1 else 0.0)
        both = {"post": spikes["post_spike"], "pre": spikes["pre_spike"], "R": reward}
        synapse.step(1.0, spikes | both)
    return Probe("window", apart, synapse.reward())


def rates(synapse: Synapse) -> Probe:
    """One step at all postsynaptic rates, after both neurons were at 1 until traces settled."""
    x = np.linspace(0.0, 2.0, RATES)
    synapse.begin(x.shape)
    for _ in range(SETTLED):
        synapse.step(DT, {"pre": np.ones_like(x), **side(np.ones_like(x))}, still=True)
    synapse.step(DT, {"pre": np.ones_like(x), **side(x)})
    return Probe("rates", x, synapse.change())


def pulses(synapse: Synapse) -> Probe:
    """Trials with a pulse of both sides, of all sizes, which ends in a reward."""
    x = np.linspace(-1.0, 1.0, SIZES)
    pre, post = (side.ravel() for side in np.meshgrid(x, x, indexing="ij"))
    synapse.begin(pre.shape)
    for step in range(QUIET + PULSE):
        on = 1.0 if step >= QUIET else 0.0
        signals = {"pre": on * pre, "pre_u": on * pre, **side(on * post), ZETA: post}
        last = step == QUIET + PULSE - 1
        synapse.step(DT, signals | {"R": np.full_like(pre, REWARD if last else 0.0)})
    return Probe("map", x, synapse.reward().reshape(SIZES, SIZES))


def side(size: Array) -> dict[str, Array]:
    """What the postsynaptic neuron does."""
    return {name: factor * size for name, factor in POSTSYNAPTIC.items()}


class Synapse:
    """One synapse that follows a rule, many times beside each other.

    Args:
        rule: whose parameters all have values.
    """

    def __init__(self, rule: Rule) -> None:
        self.system: System = make_system(rule)
        self.parameters = {p.name: p.value for p in rule.parameters}
        self.read = used_names(rule)
        self.averages = [s.name for s in rule.states if s.form is Form.AVERAGE]
        self.before: dict[op.Earlier, Formula] = {}
        #: What these were in the last steps, the oldest first.
        self.waiting: dict[op.Earlier, deque[Array]] = {}
        ours = self.system
        self.synapse, self.weights, self.neuron = map(
            self.maps, (ours.synapse, ours.weights, ours.neuron)
        )
        self.events = {event: self.maps(equations) for event, equations in ours.events.items()}
        self.first = {name: self.formula(expr) for name, expr in ours.initial.items()}
        self.values: Values = {}

    def begin(self, shape: tuple[int, ...]) -> None:
        """The states at the start of a trial."""
        known = dict.fromkeys(SIGNALS, 0.0) | self.parameters
        known |= {WEIGHT: FIRST, "dt": DT, "N_pre": 1.0, "N_post": 1.0, "slope": 1.0}
        self.values = {name: np.full(shape, value) for name, value in known.items()}
        self.values |= {node: np.zeros(shape) for node in self.before}
        self.waiting = {}
        self.values |= {name: first(self.values) for name, first in self.first.items()}
        self.values |= {name: np.full(shape, EXPECTED) for name in self.averages}
        self.happen(Event.TRIAL_START)

    def step(self, dt: float, signals: Mapping[str, Array], still: bool = False) -> None:
        """One step; with `still` the weight stays."""
        old = self.values
        impulses = {name: signals[name] / dt for name in IMPULSES & signals.keys()}
        old |= {**signals, **impulses, "dt": np.full_like(old[WEIGHT], dt)}
        new = {name: formula(old) for name, formula in self.synapse}
        met = old | new  # what names mean to the weights, and so to what remembers them
        if not still:
            new |= {name: formula(met) for name, formula in self.weights}
        new |= {name: formula(old) for name, formula in self.neuron}
        earlier: Values = {}
        for node, formula in self.before.items():
            line = self.waiting.setdefault(node, deque(maxlen=steps_of(node, dt)))
            line.append(formula(met))
            if len(line) == line.maxlen:
                earlier[node] = line[0]
        old |= {**new, **earlier, "t": old["t"] + dt}

    def reward(self) -> Array:
        """The change of the weight when a reward has arrived and the trial is over."""
        self.values["R"] = np.full_like(self.values[WEIGHT], REWARD)
        self.happen(Event.REWARD)
        none = np.zeros_like(self.values[WEIGHT])
        if self.weights and "R" in self.read:
            silent = dict.fromkeys((*IMPULSES, *POSTSYNAPTIC, "pre", "pre_u", "R"), none)
            for _ in range(LATER):
                self.step(DT, silent)
        self.happen(Event.TRIAL_END)
        return self.change()

    def happen(self, event: Event) -> None:
        """The updates of an event, one after the other."""
        for name, formula in self.events[event]:
            self.values[name] = formula(self.values)

    def change(self) -> Array:
        """The weight minus what it was at the start."""
        return self.values[WEIGHT] - FIRST

    def maps(self, equations: tuple[Equation, ...]) -> list[tuple[str, Formula]]:
        """Formulas with the names of what they change."""
        return [(equation.name, self.formula(equation.expr)) for equation in equations]

    def formula(self, expr: sp.Basic) -> Formula:
        """What computes an expression from values; nothing is written as a program."""
        if expr.is_Symbol:
            name = str(expr)
            return lambda values: values[name]
        if expr in (sp.true, sp.false):
            return lambda values: values[WEIGHT] * 0.0 + float(expr == sp.true)
        if expr.is_number:
            number = constants.as_float(expr) if not expr.is_infinite else float(expr)
            return lambda values: np.full_like(values[WEIGHT], number)
        if isinstance(expr, op.Earlier):
            self.before[expr] = self.formula(expr.args[0])
            return lambda values: values[expr]
        if isinstance(expr, sp.Piecewise):
            pieces = [(self.formula(e), self.formula(c)) for e, c in expr.args]
            return lambda values: np.select(
                [condition(values) > 0.0 for _, condition in pieces],
                [value(values) for value, _ in pieces],
                np.nan,
            )
        function = FUNCTIONS.get(type(expr)) or vectorised(algebra.operator_name(expr))
        inner = [self.formula(argument) for argument in expr.args]
        return lambda values: function(*(argument(values) for argument in inner))


def steps_of(node: op.Earlier, dt: float) -> int:
    """How many steps back this reads, one at least; no experiment lasts longer than `LONGEST`."""
    steps = float(node.args[1]) / dt if isinstance(node, op.delay) else 1.0
    return round(min(max(steps, 1.0), LONGEST))


def vectorised(name: str) -> Callable[..., Array]:
    """A function of numbers as one of arrays, nan where it has no value."""
    scalar = constants.NUMERIC[name]

    def careful(*arguments: float) -> float:
        try:
            return float(scalar(*arguments))
        except (ArithmeticError, ValueError):
            return float("nan")

    return np.vectorize(careful, otypes=[float])


def folded(function: Callable[..., Array]) -> Callable[..., Array]:
    """A function of two arguments for any number of them."""

    def of_all(first: Array, *rest: Array) -> Array:
        for other in rest:
            first = function(first, other)
        return first

    return of_all


def exprel(x: Array, _: Array) -> Array:
    """(exp(x) - 1)/x, which is 1 at 0."""
    return np.where(x == 0.0, 1.0, np.expm1(x) / np.where(x == 0.0, 1.0, x))


FUNCTIONS: dict[type, Callable[..., Array]] = {
    sp.Add: folded(np.add),
    sp.Mul: folded(np.multiply),
    sp.Pow: np.power,
    op.power: np.power,
    sp.exp: np.exp,
    op.exp: np.exp,
    sp.tanh: np.tanh,
    sp.Abs: np.abs,
    sp.sign: np.sign,
    sp.Min: folded(np.minimum),
    sp.Max: folded(np.maximum),
    op.relu: lambda x: np.maximum(x, 0.0),
    op.clip: lambda x, low, high: np.minimum(np.maximum(x, low), high),
    op.exprel: exprel,
    sp.StrictGreaterThan: lambda x, y: 1.0 * (x > y),
    sp.StrictLessThan: lambda x, y: 1.0 * (x < y),
    sp.GreaterThan: lambda x, y: 1.0 * (x >= y),
    sp.LessThan: lambda x, y: 1.0 * (x <= y),
    sp.Eq: lambda x, y: 1.0 * (x == y),
    sp.Ne: lambda x, y: 1.0 * (x != y),
    sp.And: folded(np.minimum),
    sp.Or: folded(np.maximum),
    # One synapse alone: sums over neurons have one term, and both directions are alike.
    **dict.fromkeys(
        (op.sum_pre, op.max_pre, op.sum_post, op.max_post, op.cumsum_post, op.opposite),
        lambda x: x,
    ),
}
