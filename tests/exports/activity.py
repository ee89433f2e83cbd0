"""Random activity for any rule, and how rulegen and an exported program follow it."""

from __future__ import annotations

import inspect
from typing import Any

import jax.numpy as jnp
import numpy as np

from rulegen import compile_rule
from rulegen.compile.lowering import Lowering
from rulegen.compile.memories import is_memory
from rulegen.grammar import SIGNALS, Event, Rule, Site
from rulegen.grammar.algebra.symbols import IMPULSES

POST, PRE, TRIALS, STEPS, DT = 3, 4, 3, 12, 2.0
CONDITIONS = np.array([1, 0, 1])
#: Activity and steps that differ by this share, some hundred times what rounding does, tell of
#: chaos; another time it does so many times as much.
SHAKE, CHAOS = 1e-13, 10.0


def sizes(rule: Rule) -> tuple[int, int]:
    """How many postsynaptic and presynaptic neurons there are; where synapses have an opposite
    one, they are the same."""
    return POST, POST if "opposite" in rule.nonlocal_names else PRE


def random_activity(rule: Rule, seed: int = 0) -> dict[str, np.ndarray]:
    """All signals that the rule reads, shape (TRIALS, STEPS, ...), and the weights at the start."""
    rng, (n_post, n_pre) = np.random.default_rng(seed), sizes(rule)
    shapes = {Site.GLOBAL: (), Site.PRE: (n_pre,), Site.POST: (n_post,)}
    shapes[Site.SYNAPSE] = (n_post, n_pre)
    exprs = [s.expr for s in rule.states] + [d.expr for d in rule.definitions]
    exprs += [u.expr for u in rule.updates] + [expr for _, expr in rule.forward]
    read = {s.name for e in exprs for s in e.free_symbols} | {"pre", "R"}
    read |= {u.event.value for u in rule.updates}
    arrays = {}
    for name in sorted((read & SIGNALS.keys()) - {"dt", "N_pre", "N_post"}):
        shape = (TRIALS, STEPS, *shapes[SIGNALS[name].site])
        if name == "t":
            arrays[name] = np.tile(DT * np.arange(STEPS), (TRIALS, 1))
        elif name in IMPULSES:
            arrays[name] = (rng.random(shape) < 0.2) / DT
        elif name in ("pre", "post", "slope"):
            arrays[name] = rng.random(shape)
        else:
            arrays[name] = rng.normal(size=shape)
    if "zeta" in arrays:  # fresh every trial, not every step
        arrays["zeta"] = np.repeat(arrays["zeta"][:, :1], STEPS, axis=1)
    return arrays


def memberships(rule: Rule) -> dict[str, np.ndarray]:
    """Which neurons belong to the groups that the rule tells apart: every second one, or others."""
    there = dict(zip(("post", "pre"), sizes(rule), strict=True))
    return {g.name: (np.arange(there[g.side]) + len(g.group)) % 2.0 for g in rule.groups}


def start(rule: Rule) -> np.ndarray:
    """Weights within the bounds of the rule."""
    return np.clip(np.random.default_rng(1).normal(size=sizes(rule)), rule.lower, rule.upper)


def run_program(
    space: dict[str, Any],
    weights: np.ndarray,
    activity: dict[str, np.ndarray],
    groups: dict[str, np.ndarray],
) -> list[dict[str, np.ndarray]]:
    """The states after each trial."""
    # What keeps several steps has to know how long they are.
    asked = inspect.signature(space["init"]).parameters
    told = {"parameters": space["PARAMETERS"] | groups}
    more = {name: value for name, value in ({"dt": DT} | told).items() if name in asked}
    state, states = space["init"](weights, conditions=2, **more), []
    silent = {name: np.zeros_like(array[0, 0]) for name, array in activity.items()}
    for k, condition in enumerate(CONDITIONS):
        state = space["on_trial_start"](state, silent, DT, condition=condition, **told)
        for n in range(STEPS):
            now = {name: array[k, n] for name, array in activity.items()}
            state = space["step"](state, now, DT, condition=condition, **told)
        now |= {"t": STEPS * DT}
        state = space["on_reward"](state, now, DT, condition=condition, **told)
        state = space["on_trial_end"](state, now, DT, condition=condition, **told)
        states.append(state)
    return states


def followed(
    rule: Rule, weights: np.ndarray, activity: dict[str, np.ndarray], dt: float = DT
) -> list[dict]:
    """The states after each trial by the compiled rule, one operation after the other."""
    compiled = compile_rule(rule, lowering=Lowering.DENSE)
    state = compiled.init(jnp.asarray(weights), 2)
    known = {p.name: jnp.asarray(p.value) for p in rule.parameters}
    known |= {"dt": dt, "N_pre": float(weights.shape[1]), "N_post": float(weights.shape[0])}
    known |= {name: jnp.asarray(which) for name, which in memberships(rule).items()}
    state |= compiled.start(state, known)
    states = []
    for k, condition in enumerate(CONDITIONS):
        condition = jnp.asarray(condition)
        silent = {name: jnp.zeros_like(array[0, 0]) for name, array in activity.items()}
        state = compiled.event(Event.TRIAL_START, state, silent, known, condition)
        state |= compiled.start_history(silent, state, DT)
        for n in range(activity["R"].shape[1]):
            now = {name: jnp.asarray(array[k, n]) for name, array in activity.items()}
            moving, still = compiled.split(state)
            state = still | compiled.step(moving, still, now, known, condition)
        now |= {"t": activity["R"].shape[1] * DT}
        for event in (Event.REWARD, Event.TRIAL_END):
            state = compiled.event(event, state, now, known, condition)
        states.append({k: v for k, v in state.items() if not is_memory(k)})
    return states


def uncertain(
    rule: Rule, weights: np.ndarray, activity: dict[str, np.ndarray], expected: list[dict]
) -> list[dict[str, float]]:
    """How far rounding may move each state until the end of each trial.

    Some rules make of rounding what they like, and nothing is wrong with any program. What has
    been moved once may end anywhere, even near where it was.
    """
    shaken = {name: array * (1.0 + SHAKE) for name, array in activity.items()}
    moved = followed(rule, weights, shaken, DT * (1.0 + SHAKE))
    gaps, most = [], dict.fromkeys(expected[0], 0.0)
    for one, other in zip(expected, moved, strict=True):
        apart = {k: CHAOS * float(np.max(abs(one[k] - other[k]))) for k in one}
        most = {k: max(most[k], gap) for k, gap in apart.items()}
        gaps.append(most)
    return gaps
