"""Following a rule: what its states and weights become on given or on weight-dependent activity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rulegen.compile import CompiledRule
from rulegen.compile.compiled import RuleState, Values
from rulegen.grammar import SIGNALS, Site
from rulegen.grammar.rule.draws import STANDARD
from rulegen.ground.keys import origin
from rulegen.ground.noise import Purpose, stream
from rulegen.lives.draws import drawn
from rulegen.lives.order import CLOSING, begin, gather, happen, stretch
from rulegen.lives.rules import Given, Readings, Rules, States

Array = jax.Array

#: Where the rule lives: without a circuit no other projection is told apart.
HERE: Final = "recurrent"
#: What of the activity a rule reads; the circuit alone knows what its other inputs are.
READ: Final = {*SIGNALS, "reward"}
#: What there is of each trial, in place of each step.
OF_TRIALS: Final = ("reward", "condition")
#: The axes of an array.
AXES: Final = ("trial", "step", "neuron")
#: One step of a circuit: `(weights, bias, inputs, memory) -> (signals, memory)`. Pure: `weights`
#: (N_post, N_pre) and `bias` (N_post,) are what the rule's `forward` lines make of its state,
#: `inputs` those of this step, `memory` whatever the circuit carries from step to step.
CircuitStep = Callable[[Array, Array, Values, Any], tuple[Mapping[str, Array], Any]]


class Course(NamedTuple):
    """What happened.

    Attributes:
        state: the rule state at the end, by name.
        history: the rule state after each trial, with a leading axis of trials K.
        signals: every signal of every step, shape (K, T, ...).
        memory: the circuit's memory at the end.
    """

    state: RuleState
    history: RuleState
    signals: dict[str, Array]
    memory: Any


def prescribed(weights: Array, bias: Array, inputs: Values, memory: Any) -> tuple[Values, Any]:
    """The circuit whose activity is given: its inputs are its signals."""
    return inputs, memory


def drive(
    rule: CompiledRule,
    weights: Array,
    activity: Mapping[str, Array],
    values: Mapping[str, Array | float] | None = None,
    *,
    dt: float,
    circuit: CircuitStep = prescribed,
    memory: Any = None,
    seed: int = 0,
) -> Course:
    """Run `rule` over K trials of T steps, and at the end of each trial its events.

    Without a circuit the weights do not act on the activity: this is the rule alone, as in a
    textbook figure (a spike-timing window, an eligibility trace). With one, activity and reward
    can depend on the weights: `y = W x`, a recurrent network, an error of the output.

    There is no activity before the first step of a trial: `on trial start` reads 0 for every signal
    where a life reads what its circuit begins with, such as potentials of -70 mV.

    Args:
        rule: the compiled rule.
        weights: initial weights, shape (N_post, N_pre).
        activity: what happens at each step, arrays of shape (K, T, ...). Those with the name of a
            signal are signals, of shape (K, T, N), or (K, T) for a global one such as `R`; others
            are inputs of the circuit. Two are of trials, of shape (K,): `reward`, at the end of
            each, by default the signal `R` of its last step, or 0 when there is none; and
            `condition`, by default 0.
        values: of parameters, and of states at the start, in place of those in the rule's text;
            and of groups of neurons, such as `pre.fast`, 1 or 0 for each neuron.
        dt: length of a step, ms.
        circuit: what turns weights and inputs into signals; by default the inputs are the signals.
        memory: the circuit's memory before the first step. It is kept from trial to trial.
        seed: of the numbers that the rule draws, if it draws any.

    Raises:
        ValueError: when a signal or the value of a parameter is missing, a shape does not fit, or
            an array has what is no finite number.

    Example:
        A linear neuron that learns by Oja's rule comes to weights of length 1.

        >>> import jax.numpy as jnp
        >>> from rulegen.grammar import parse
        >>> from rulegen.compile import compile_rule
        >>> rule = compile_rule(parse("dw/dt = 0.1*post*(pre - post*w)"))
        >>> def neuron(weights, bias, inputs, memory):
        ...     return {"post": weights @ inputs["pre"]}, memory
        >>> pre = jnp.broadcast_to(jnp.array([0.6, 0.8]), (1, 200, 2))
        >>> start = jnp.array([[0.1, 0.0]])
        >>> course = drive(rule, start, {"pre": pre}, dt=1.0, circuit=neuron)
        >>> print(course.state["w"].round(3))
        [[0.6 0.8]]
    """
    if rule.rule.foreign:
        raise ValueError(
            f"the rule reads `{rule.rule.foreign[0].name}`, a state of another rule, and `drive` "
            "runs one: run both in a circuit, as projections of it"
        )
    # Whole numbers mean what they mean in a formula, where every quotient is a fraction.
    weights = jnp.asarray(weights, jnp.result_type(weights, float))
    n_post, n_pre = weights.shape
    dtype = weights.dtype
    check_activity(activity)
    activity = {k: jnp.asarray(v, dtype) if k in READ else v for k, v in activity.items()}
    rewards, told = activity.pop("reward", None), activity.pop("condition", None)
    trials, steps = next(iter(activity.values())).shape[:2]
    # Known while a program is traced: how many there are is a size.
    conditions = np.zeros(trials, int) if told is None else np.asarray(told)
    constants = {"dt": dt, "N_pre": float(n_pre), "N_post": float(n_post)}
    parameters: dict[str, Array | float | None] = {p.name: p.value for p in rule.rule.parameters}
    parameters |= {group.name: None for group in rule.rule.groups}
    sides = {"pre": n_pre, "post": n_post}
    needed = {group.name: (sides[group.side],) for group in rule.rule.groups}
    state = rule.init(weights, int(conditions.max()) + 1)
    for name, value in (values or {}).items():
        if name in needed and jnp.shape(value) != needed[name]:
            raise ValueError(f"`{name}` has shape {jnp.shape(value)}, expected {needed[name]}")
        if name in parameters:
            parameters[name] = value
        elif name in state and jnp.shape(value) == state[name].shape:
            state[name] = jnp.asarray(value, dtype)
        else:
            raise ValueError(
                f"the rule has no parameter `{name}`, and no state of shape {jnp.shape(value)}"
            )
    if missing := [name for name, value in parameters.items() if value is None]:
        what = "the group" if missing[0] in needed else "the parameter"
        raise ValueError(f"{what} `{missing[0]}` has no value: state it in `values`")
    known = {k: jnp.asarray(v, dtype) for k, v in {**parameters, **constants}.items()}
    rules, source = Rules({HERE: rule}, dt), stream(origin(seed))
    (first_values,) = rules.with_draws_once({HERE: known}, {HERE: state}, source).values()
    begun = rule.start(state, first_values)
    state |= {name: value for name, value in begun.items() if name not in (values or {})}

    def forward(state: RuleState, now: Values, condition: Array, memory: Any) -> tuple[dict, Any]:
        given = {k: v for k, v in now.items() if k in SIGNALS}
        effective, bias = rule.forward(state, {**known, **given, **lots_of(now)}, condition)
        signals, memory = circuit(effective, bias, now, memory)
        seen = {k: jnp.asarray(v, dtype) for k, v in signals.items() if k in SIGNALS}
        return {**given, **seen}, memory

    def one_trial(
        carry: tuple[RuleState, Any], trial: tuple[dict[str, Array], Array | None, Array, Array]
    ) -> tuple[tuple[RuleState, Any], tuple[RuleState, dict[str, Array]]]:
        (state, memory), (inputs, reward, condition, number) = carry, trial
        inputs = {"t": dt * jnp.arange(steps, dtype=dtype), **inputs}
        silent = {name: jnp.zeros(s.shape, s.dtype) for name, s in shapes.items()}
        given = Given({HERE: known}, condition, {}, source.fold(Purpose.DRAWS).fold(number))

        def act(states: States, memory: Any, now: Any) -> tuple[Readings, Any, Values]:
            inputs, step = now
            seen = rules.with_draws({HERE: inputs}, states, given, step)[HERE]
            signals, memory = forward(states[HERE], seen, condition, memory)
            return {HERE: {**signals, **lots_of(seen)}}, memory, signals

        first = rules.with_draws({HERE: silent}, {HERE: state}, given, 0, event=True)
        states = begin(rules, {HERE: state}, first, given)
        found = stretch(rules, states, act, memory, (inputs, jnp.arange(steps)), given)
        signals, memory = found.kept, found.memory
        seen = rules.with_draws({HERE: signals}, found.states, given, 0, rows=steps)
        (after,) = gather(rules, found, seen, steps, given).values()
        state = {name: after[name] for name in state}
        last = {"R": jnp.zeros((), dtype)} | {k: v[-1] for k, v in signals.items()}
        last["t"] = jnp.asarray(steps * dt, dtype)
        if reward is not None:
            last["R"] = reward
        end = rules.with_draws({HERE: last}, {HERE: state}, given, steps, event=True)
        (state,) = happen(CLOSING, rules, {HERE: state}, end, given).values()
        return (state, memory), (state, signals)

    memory = jax.tree.map(jnp.asarray, memory)
    first = {"t": jnp.zeros((), dtype)} | {k: v[0, 0] for k, v in activity.items()}
    first |= drawn(rule, weights, source)
    shapes, _ = jax.eval_shape(forward, state, first, jnp.asarray(conditions[0]), memory)
    check_signals(rule, shapes, {Site.PRE: (n_pre,), Site.POST: (n_post,), Site.GLOBAL: ()})
    shapes = {"R": jax.ShapeDtypeStruct((), dtype), **shapes}
    (state, memory), (history, signals) = jax.lax.scan(
        one_trial,
        (state, memory),
        (activity, rewards, jnp.asarray(conditions), jnp.arange(trials)),
    )
    return Course(state, history, signals, memory)


def check_activity(activity: Mapping[str, Array]) -> None:
    """Raise `ValueError` where arrays are of other trials or steps, or are not finite somewhere.

    Example:
        >>> check_activity({"pre": np.ones((1, 5, 2)), "R": np.ones((1, 4))})
        Traceback (most recent call last):
        ...
        ValueError: activity: `R` has shape (1, 4), and `pre` is of 1 trials of 5 steps
    """
    in_steps = {k: jnp.shape(v) for k, v in activity.items() if k not in OF_TRIALS}
    first = next(iter(in_steps), None)
    if first is None or len(in_steps[first]) < 2:
        what = "has nothing that happens in steps" if first is None else f"`{first}` has no steps"
        raise ValueError(f"activity: {what}: give arrays of shape (K, T, ...)")
    trials, steps = in_steps[first][:2]
    for name, array in activity.items():
        shape = jnp.shape(array)
        if name in OF_TRIALS and shape != (trials,):
            raise ValueError(f"activity: `{name}` has shape {shape}, expected ({trials},)")
        if name not in OF_TRIALS and shape[:2] != (trials, steps):
            raise ValueError(
                f"activity: `{name}` has shape {shape}, and `{first}` is of {trials} trials of "
                f"{steps} steps"
            )
        if isinstance(array, jax.core.Tracer) or name not in {*READ, *OF_TRIALS}:
            continue
        bad = np.argwhere(~np.isfinite(np.asarray(array)))
        if len(bad):
            place = ", ".join(f"{w} {i + 1}" for w, i in zip(AXES, bad[0], strict=False))
            value = np.asarray(array)[tuple(bad[0])]
            raise ValueError(f"activity: `{name}` is {value} in {place}")


def lots_of(readings: Values) -> Values:
    """What of some readings a rule has drawn."""
    return {name: value for name, value in readings.items() if name.startswith(STANDARD)}


def check_signals(
    rule: CompiledRule,
    signals: Mapping[str, jax.ShapeDtypeStruct],
    shapes: Mapping[Site, tuple[int, ...]],
) -> None:
    """Raise `ValueError` when a signal that the rule reads is missing or has the wrong shape."""
    missing = rule.step_signals - signals.keys() - {"dt", "N_pre", "N_post"}
    if missing:
        name = sorted(missing)[0]
        raise ValueError(
            f"the rule reads `{name}`, which neither the activity nor the circuit provides"
        )
    synapse = shapes[Site.POST] + shapes[Site.PRE]
    for name, value in signals.items():
        expected = shapes.get(SIGNALS[name].site, synapse)
        if value.shape != expected:
            raise ValueError(f"`{name}` has shape {value.shape} in a step, expected {expected}")
