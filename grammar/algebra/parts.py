"""What a rule is made of, as frozen values."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import sympy as sp

from rulegen.grammar.algebra.draws import draw_in
from rulegen.grammar.algebra.symbols import PROJECTIONS, SIDES, Projection, Site


@dataclass(frozen=True)
class Parameter:
    """A named number of a rule.

    Attributes:
        name: its name.
        value: its value, or None when the text gives none.
        unit: its declared dimension as a power of ms, or None when it is left to be inferred.
        lower, upper: bounds (-inf and inf when there are none).
        free: whether a fit may change it. A free parameter that multiplies a term is a
            coefficient theta of a family.
    """

    name: str
    value: float | None = None
    unit: Fraction | None = None
    lower: float = float("-inf")
    upper: float = float("inf")
    free: bool = False


class Form(enum.Enum):
    """How a state evolves. `x` is the state, `f` its expression, `tau` its time constant."""

    LOWPASS = "lowpass"  # tau dx/dt = -x + f           DC gain 1
    ACCUMULATE = "accumulate"  # dx/dt = -x/tau + f     DC gain tau
    DERIVATIVE = "derivative"  # dx/dt = f
    STEP = "step"  # x <- f, once per step
    DRAW = "draw"  # x = f with a fresh random number in every step and at every event
    AVERAGE = (
        "average"  # x += tau*(f - x), once per reward after the reward's updates; tau is a gain
    )


#: Forms whose formulas are differentiated by time.
IN_TIME = frozenset({Form.LOWPASS, Form.ACCUMULATE, Form.DERIVATIVE})


@dataclass(frozen=True)
class State:
    """A variable with memory: `expr` drives it in the way that `form` says.

    `tau` is the time constant of a LOWPASS or ACCUMULATE and the gain of an AVERAGE, else None.
    `initial` is its value before the first step, made of numbers, parameters, initial weights and
    one random number. A state that begins at one and never changes is a drawn parameter.
    `per_condition` keeps one copy for each condition of the task (global states only).
    """

    name: str
    site: Site
    form: Form
    expr: sp.Expr
    tau: sp.Expr | None = None
    initial: sp.Expr = sp.S.Zero
    per_condition: bool = False

    @property
    def still(self) -> bool:
        """Whether it is `x <- x`, which changes at events alone."""
        own = self.expr.is_Symbol and self.expr.name == self.name
        return self.form is Form.STEP and bool(own)


@dataclass(frozen=True)
class Definition:
    """An abbreviation: `name` stands for `expr`, evaluated with the values of the same step."""

    name: str
    site: Site
    expr: sp.Expr


class Event(enum.Enum):
    """When an update happens."""

    TRIAL_START = "trial start"
    REWARD = "reward"
    TRIAL_END = "trial end"
    PRE_SPIKE = "pre_spike"
    POST_SPIKE = "post_spike"


#: Events within a step, called like the signal of the spike; those before it come first.
SPIKES = (Event.PRE_SPIKE, Event.POST_SPIKE)


@dataclass(frozen=True)
class Update:
    """On `event`, `target` takes the value `expr` (`w += x` is stored as `w + x`).

    Updates of one event happen in the order of the text; each sees what the earlier ones did.
    Those at spikes are parts of a step, see `rulegen.grammar.rule.spikes`.
    """

    event: Event
    target: str
    expr: sp.Expr


@dataclass(frozen=True)
class Foreign:
    """A state of the rule of another projection, which a rule reads as `PROJECTION.STATE`.

    Where it lives, `global` or `post`, is what the reader says: the other rule is not known yet.
    """

    projection: Projection
    state: str
    site: Site

    @classmethod
    def named(cls, name: str, site: Site) -> Foreign:
        """The state that formulas call so."""
        whose, _, state = name.partition(".")
        return cls(next(p for p in PROJECTIONS if p == whose), state, site)

    @property
    def name(self) -> str:
        """What formulas call it."""
        return f"{self.projection}.{self.state}"


@dataclass(frozen=True)
class Group:
    """Whether the neuron on one side of a synapse belongs to a group, 1 or 0: `pre.NAME`.

    Which groups there are is a matter of the circuit, which is not known yet.
    """

    side: Literal["pre", "post"]
    group: str

    @classmethod
    def named(cls, name: str) -> Group:
        """The group that formulas call so."""
        whose, _, group = name.partition(".")
        return cls(next(s for s in SIDES if s == whose), group)

    @property
    def name(self) -> str:
        """What formulas call it."""
        return f"{self.side}.{self.group}"

    @property
    def site(self) -> Site:
        """Where it lives."""
        return Site(self.side)


@dataclass(frozen=True)
class RuleParts:
    """A rule without its methods: what printers and analyses read.

    Order of evaluation in a step: the circuit's forward pass; then the synapse states, which read
    the old value of every state; then the weights, which read the new synapse states and the old
    pre, post and global ones; then the pre, post and global states, from old values. A definition
    is an abbreviation: it has whatever values its reader sees. At an event, its updates run in
    the order of the text.

    Attributes:
        parameters: in the order of the text.
        definitions: abbreviations; each may use earlier ones.
        states: variables with memory, `w` among them when the weights change at every step.
        updates: what happens at events.
        forward: expressions that the forward pass uses in place of `w`, or adds to the input of
            the postsynaptic neuron (`bias`), as pairs (target, expr).
        lower, upper: bounds of the weights, applied after every weight change.
        zero_diagonal: whether `w[i, i]` is kept at 0.
        euler: integrate linear decays by Euler's method instead of exactly.
        nonlocal_names: what the text declares as non-local.
        foreign: the states of other rules that the formulas read, by name.
        groups: the groups of neurons that the formulas tell apart, by name.
    """

    parameters: tuple[Parameter, ...] = ()
    definitions: tuple[Definition, ...] = ()
    states: tuple[State, ...] = ()
    updates: tuple[Update, ...] = ()
    forward: tuple[tuple[str, sp.Expr], ...] = ()
    lower: float = float("-inf")
    upper: float = float("inf")
    zero_diagonal: bool = False
    euler: bool = False
    nonlocal_names: frozenset[str] = field(default=frozenset())
    foreign: tuple[Foreign, ...] = ()
    groups: tuple[Group, ...] = ()

    @property
    def outside(self) -> tuple[Foreign | Group, ...]:
        """What formulas read by a name with a dot."""
        return (*self.foreign, *self.groups)

    @property
    def drawn(self) -> frozenset[str]:
        """Names of the drawn parameters: states that keep the random number they begin at."""
        changed = {update.target for update in self.updates}
        return frozenset(
            s.name for s in self.states if s.still and draw_in(s.initial) and s.name not in changed
        )

    @property
    def constants(self) -> frozenset[str]:
        """Names of what keeps its value for a life."""
        return self.drawn | {p.name for p in self.parameters}
