"""A rule as pure JAX functions on arrays: init, step, integrate, event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp

from rulegen.compile.bounds import VIOLATIONS, Bounds, constrained, present
from rulegen.compile.emit import Emitter
from rulegen.compile.lowering import Lowering, basis
from rulegen.compile.memories import begin, delayed, is_memory, keep, names_of, recall
from rulegen.compile.plan import Plan, names_in, plan_rule
from rulegen.compile.products import TimeCourses, contract
from rulegen.compile.tangents import all_equations, tangent_name
from rulegen.grammar import AnyRule, Event, Site, as_rule
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.symbols import SIGNALS, WEIGHT
from rulegen.grammar.rule.system import Equation

Array = jax.Array
Values = Mapping[str, Array]
RuleState = dict[str, Array]


@dataclass(frozen=True)
class CompiledRule(Plan):
    """A plan ready to run. Its methods are pure and can be jitted, vmapped and scanned.

    A *rule state* is a dictionary of arrays: the weights `w` (N_post, N_pre), every state of the
    rule in the shape of its site (per-condition states with an axis of conditions), and the
    tangents of all of them, `w@p` being d(w)/d(p).

    """

    # -- what there is ---------------------------------------------------------------------

    @cached_property
    def signals(self) -> frozenset[str]:
        """Names of the circuit's and the task's signals that the rule reads."""
        updates = [e.expr for event in Event for e in self.tangents.system.events[event]]
        return self.step_signals | (names_in(updates) & SIGNALS.keys())

    @cached_property
    def step_signals(self) -> frozenset[str]:
        """Those of `signals` that are read at every step and not only at events."""
        system = self.tangents.system
        steps = [e.expr for e in (*system.synapse, *system.weights, *system.neuron)]
        return names_in([*steps, *system.forward.values()]) & SIGNALS.keys()

    @cached_property
    def continuous(self) -> bool:
        """Whether the weights change at every step."""
        return bool(self.tangents.system.weights)

    @cached_property
    def noise_in_loop(self) -> bool:
        """Whether the tangents of noise and drive are needed inside the time loop."""
        inner, along = self.tangents.inner, self.tangents.noise
        noise = {tangent_name(name, p) for name in inner for p in along}
        return any(s.name in noise for e in self.stepped for s in e.expr.free_symbols)

    @cached_property
    def earlier(self) -> tuple[op.Earlier, ...]:
        """What the rule reads of earlier steps, in the order of the names of its memories."""
        atoms = {a for e in all_equations(self.tangents.system) for a in e.expr.atoms(op.Earlier)}
        return tuple(sorted(atoms, key=lambda node: node.memory))

    @cached_property
    def recorded(self) -> tuple[str, ...]:
        """Names of the states whose history over a trial the factored lowering needs, among them
        those of other rules."""
        changing = {e.name for e in self.stepped} | {f.name for f in self.rule.foreign}
        sides = [side for p in basis(self.factored) for side in (p.post, p.pre)]
        return tuple(sorted(names_in(sides) & changing))

    # -- running ---------------------------------------------------------------------------

    def init(self, weights: Array, conditions: int, bounds: Bounds | None = None) -> RuleState:
        """The state before the first trial, for weights of shape (N_post, N_pre).

        What begins at a formula is 0 until `start`.
        With `bounds` there is a counter of violations, changes of a weight that they cut short.

        Raises:
            ValueError: the rule reads the other direction of synapses, and there is none.
        """
        n_post, n_pre = weights.shape
        if n_post != n_pre and "opposite" in self.rule.nonlocal_names:
            raise ValueError(
                "`opposite` is about synapses between the same neurons, so there are as many "
                f"presynaptic as postsynaptic ones, and not {n_pre} and {n_post}"
            )
        shapes = {Site.GLOBAL: (), Site.PRE: (n_pre,), Site.POST: (n_post,)}
        shapes[Site.SYNAPSE] = (n_post, n_pre)
        system = self.tangents.system
        state = {WEIGHT: present(self.rule, weights)}
        for name, value in system.initial.items():
            shape = (conditions,) if name in system.per_condition else shapes[system.sites[name]]
            state[name] = jnp.full(shape, float(value) if value.is_number else 0.0, weights.dtype)
        for parameter in self.tangents.wrt:
            if parameter in self.tangents.weight:
                state[tangent_name(WEIGHT, parameter)] = jnp.zeros_like(weights)
        if bounds is not None:
            state[VIOLATIONS] = jnp.zeros((), weights.dtype)
        return state

    def start(self, state: RuleState, parameters: Values) -> RuleState:
        """The states that begin at formulas, which read parameters and the weights."""
        system = self.tangents.system
        emitter = Emitter({**parameters, WEIGHT: state[WEIGHT]}, system.sites)
        formulas = {n: expr for n, expr in system.initial.items() if not expr.is_number}
        values = {name: emitter(expr, system.sites[name]) for name, expr in formulas.items()}
        return {
            name: jnp.broadcast_to(value, state[name].shape).astype(state[name].dtype)
            for name, value in values.items()
        }

    def split(self, state: RuleState) -> tuple[RuleState, RuleState]:
        """Part a state into what the time loop changes and what stays still during a trial."""
        names = {e.name for e in self.stepped} | names_of(self.earlier)
        names |= {VIOLATIONS} if self.continuous else set()
        moving = {k: v for k, v in state.items() if k in names}
        still = {k: v for k, v in state.items() if k not in names}
        return moving, still

    def delayed(self, n_pre: int, n_post: int, dt: float) -> int:
        """How many numbers the delays of the rule keep.

        Args:
            n_pre: how many presynaptic neurons there are.
            n_post: how many postsynaptic ones.
            dt: length of a step, ms.

        Raises:
            RuleError: a delay is shorter than a step, or they keep too many.

        Example:
            >>> compile_rule("w += 0.1*delay(pre, 20 ms)*post").delayed(n_pre=8, n_post=2, dt=1.0)
            160
        """
        sizes = {Site.GLOBAL: 1, Site.PRE: n_pre, Site.POST: n_post, Site.SYNAPSE: n_pre * n_post}
        sites = self.tangents.system.sites
        return delayed({node: sizes[sites[node.args[0].name]] for node in self.earlier}, dt)

    def start_history(self, signals: Values, state: RuleState, dt: float) -> RuleState:
        """The memories that `prev` and `delay` need, at the start of a trial: zeros.

        Args:
            signals: in the shapes that they have in a step.
            state: the rule state.
            dt: length of a step, ms, a number: it says how long the memories are.

        Raises:
            RuleError: a delay is shorter than a step, or delays keep too much.
        """
        per_condition = self.tangents.system.per_condition
        known = {**signals, **{k: v[0] if k in per_condition else v for k, v in state.items()}}
        return begin(self.earlier, known, dt)

    def forward(
        self,
        state: RuleState,
        parameters: Values,
        condition: Array,
        bounds: Bounds | None = None,
    ) -> tuple[Array, Array]:
        """The weights and the bias that the circuit uses in a step.

        `forward w` takes the place of the weights, shape (N_post, N_pre); `forward bias` is added
        to the input of the neurons, shape (N_post,), and is 0 where the rule has none.

        Args:
            state: the rule state before the step.
            parameters: parameter values, and `zeta` where the rule reads it.
            condition: the condition of the trial.
            bounds: of the weights that the circuit uses.
        """
        weights = state[WEIGHT]
        emitter = Emitter(
            {**parameters, **self._view(state, condition)}, self.tangents.system.sites
        )
        value = {
            WEIGHT: weights,
            "bias": jnp.zeros(weights.shape[0], weights.dtype),
        }
        for target, expr in self.tangents.system.forward.items():
            site = Site.SYNAPSE if target == WEIGHT else Site.POST
            value[target] = jnp.broadcast_to(emitter(expr, site), value[target].shape)
        if WEIGHT in self.tangents.system.forward:
            value[WEIGHT] = present(self.rule, value[WEIGHT])
            if bounds is not None:
                value[WEIGHT] = bounds.hold(value[WEIGHT])
        return value[WEIGHT], value["bias"]

    def forward_tangents(
        self,
        state: RuleState,
        parameters: Values,
        condition: Array,
        bounds: Bounds | None = None,
    ) -> dict[str, tuple[Array, Array]]:
        """The derivatives of what `forward` gives, by each parameter on which it depends.

        Arguments are those of `forward`.
        """
        weights = state[WEIGHT]
        values = {**parameters, **self._view(state, condition)}
        emitter = Emitter(values, self.tangents.system.sites)
        free = jnp.ones((), bool)
        if bounds is not None and WEIGHT in self.tangents.system.forward:
            used = emitter(self.tangents.system.forward[WEIGHT], Site.SYNAPSE)
            free = (used > bounds.lower) & (used < bounds.upper)

        def along(parameter: str) -> tuple[Array, Array]:
            known = state.get(tangent_name(WEIGHT, parameter), jnp.zeros_like(weights))
            value = {WEIGHT: known, "bias": jnp.zeros(weights.shape[0], weights.dtype)}
            for target in self.tangents.system.forward:
                site = Site.SYNAPSE if target == WEIGHT else Site.POST
                slope = emitter(self.tangents.forward[target, parameter], site)
                value[target] = jnp.broadcast_to(slope, value[target].shape).astype(weights.dtype)
            if WEIGHT in self.tangents.system.forward:
                value[WEIGHT] = present(self.rule, jnp.where(free, value[WEIGHT], 0.0))
            return value[WEIGHT], value["bias"]

        return {p: along(p) for p in self.tangents.wrt if p in self.tangents.used}

    def step(
        self,
        moving: RuleState,
        still: RuleState,
        signals: Values,
        parameters: Values,
        condition: Array,
        bounds: Bounds | None = None,
    ) -> RuleState:
        """One time step: the new `moving` part, with weights within `bounds`."""
        system = self.tangents.system
        earlier = recall(self.earlier, moving)
        old = {**self._view(still, condition), **self._view(moving, condition)}
        values = {**signals, **parameters, **old}
        new = dict(moving)

        def write(equations: Iterable[Equation], seen: Values) -> None:
            emitter = Emitter(seen, system.sites, earlier)
            for equation in equations:
                if equation.name in moving:
                    self._write(new, equation, emitter(equation.expr, equation.site), condition)

        write(system.synapse, values)
        # Only the weights see the new synapse states; everything else reads old values.
        fresh = values | {e.name: new[e.name] for e in system.synapse if e.name in new}
        write(system.weights, fresh)
        if system.weights:
            new |= constrained(self.rule, new, bounds)
        write(system.neuron, values)
        # What `x` means to the weights in this step is `prev(x)` in the next.
        return new | keep(self.earlier, moving, fresh)

    def integrate(
        self,
        state: RuleState,
        history: Values,
        parameters: Values,
        steps: int,
        condition: Array,
    ) -> RuleState:
        """Advance the factored synapse states over a stretch of a trial.

        Args:
            state: the rule state.
            history: for each signal, noise tangent and name in `recorded` what a step read, shape
                (T, N), or (T,) for a global one.
            parameters: parameter values.
            steps: the number of steps T.
            condition: the condition of the trial.
        """
        if not self.factored:
            return state
        system = self.tangents.system
        still = {**parameters, **self._view(state, condition)}
        history = {
            k: v[:, condition] if k in system.per_condition else v for k, v in history.items()
        }
        over_time = TimeCourses(still, history, system.sites, steps)
        constant = Emitter(still, system.sites)
        products = contract(basis(self.factored), over_time)
        new = dict(state)
        for x in self.factored:
            rho = constant(x.rho, Site.GLOBAL)
            value = state[x.name] * jnp.power(rho, steps)
            if x.source:
                slope = constant(x.slope, Site.GLOBAL)
                value += state[x.source] * slope * steps * jnp.power(rho, steps - 1)
            for p in x.products:
                value += constant(p.coefficient, Site.SYNAPSE) * products[p.bare]
            new[x.name] = value
        return new

    def event(
        self,
        event: Event,
        state: RuleState,
        signals: Values,
        parameters: Values,
        condition: Array,
        bounds: Bounds | None = None,
    ) -> RuleState:
        """Apply the updates of `event`, in the order of the text, with weights within `bounds`."""
        system = self.tangents.system
        state = dict(state)
        for equation in system.events[event]:
            values = {**signals, **parameters, **self._view(state, condition)}
            emitter = Emitter(values, system.sites)
            self._write(state, equation, emitter(equation.expr, equation.site), condition)
            if equation.name == WEIGHT:
                state |= constrained(self.rule, state, bounds)
        return state

    def _view(self, state: Values, condition: Array) -> dict[str, Array]:
        per_condition = self.tangents.system.per_condition
        return {
            k: v[condition] if k in per_condition else v
            for k, v in state.items()
            if k != VIOLATIONS and not is_memory(k)  # no formula reads these by name
        }

    def _write(
        self, state: RuleState, equation: Equation, value: Array | float, condition: Array
    ) -> None:
        old = state[equation.name]
        if equation.name in self.tangents.system.per_condition:
            here = jnp.arange(old.shape[0]) == condition
            state[equation.name] = jnp.where(here, value, old)
        else:
            state[equation.name] = jnp.broadcast_to(value, old.shape).astype(old.dtype)


def compile_rule(
    rule: AnyRule,
    *,
    wrt: Iterable[str] = (),
    noise_tangent: bool = False,
    lowering: Lowering | None = None,
) -> CompiledRule:
    """Compile `rule`: `plan_rule`, which takes the same arguments, as functions of arrays.

    Parameter values are not compiled in, so changing them costs nothing.

    Raises:
        NotFactorable: when the factored lowering is forced and impossible.

    Example:
        >>> from rulegen.grammar import parse
        >>> compile_rule(parse("e <- e + xi*pre : synapse")).recorded
        ()
    """
    plan = plan_rule(as_rule(rule), wrt=wrt, noise_tangent=noise_tangent, lowering=lowering)
    return CompiledRule(plan.rule, plan.tangents, plan.lowering, plan.reason, plan.factored)
