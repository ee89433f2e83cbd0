"""Exported programs do what the rules do: NumPy and JAX against `drive`, SymPy against the rule."""

from __future__ import annotations

import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from activity import CONDITIONS, DT, memberships, random_activity, run_program, start

from rulegen import compile_rule, drive
from rulegen.catalog import literature
from rulegen.catalog.export import export
from rulegen.compile.lowering import Lowering
from rulegen.grammar import Rule, RuleError, parse
from rulegen.grammar.algebra.operators import NONLOCAL, OPERATORS, RuleFunction

LITERATURE = {name: record.rule for name, record in literature().items()}
#: Every function at its edges, and every kind of statement, some with names that mean something.
MADE_UP = {
    "edges": """
        param np = 0.5
        param p = 0
        on <- abs(u) + sign(u) + sqrt(relu(u)) + exp(u) + log(1 + abs(u)) : post
        a <- tanh(u) + sin(u) + cos(u) + sigmoid(900*u) + sigmoid(-900*u) : post
        b <- min(u, xi, 0) + max(u, -xi, 0) + clip(u, -np, np) + relu(u) : post
        c <- spow(u, 1.5) + spow(u, -1) + u**p + spow(xi, p) + u**3 : post
        d <- (u > 0) + 2*(u == 0) + 4*(u != 0) + (1 if u > 0 and xi > 0 else -xi) : post
        g <- erf(u) + floor(3*u) + mod(u, 0.3) + mod(xi, -np) + sin(pi*u) : post
        f <- (u if not (u > 0 or xi > 0) else 1/(1 + u**2)) + (1 + abs(u))**-0.5 : post
        h <- mod(u > 0, 1 + (xi > 0)) : post
        w += on + a + b + c + d + f + g + h
    """.replace("on <-", "o <-").replace("+= on", "+= o"),
    "previous": "x <- prev(u) + 10*prev(x) + prev(w_bar) : post\nw_bar <- 0.5*w_bar + u : post\n"
    "e <- 0.5*e + prev(pre)\nf <- 0.9*f + u*prev(pre) - prev(w)**2/(1 + prev(u)**2) : synapse\n"
    "w <- 0.9*w + 0.1*prev(w) + prev(e) + x + xi",
    "delays": "x <- delay(u, 6 ms) + 0.5*delay(x, 2 ms) + delay(w_bar, 3) : post\n"
    "w_bar <- 0.5*w_bar + u : post\ne <- 0.5*e + delay(pre, 0.02 s) + delay(delay, 7/3) : pre\n"
    "delay <- 0.5*delay + R : global\ne_2 <- 0.9*e_2 + u*delay(pre, 4 ms)*e : synapse\n"
    "w <- 0.9*w + 0.1*delay(w, 8 ms) + delay(e, 5 ms) + x + prev(u)*e_2",
    "sums": "nonlocal sum_pre, sum_post, max_pre, max_post, cumsum_post\n"
    "q <- sum_pre(w*pre) + sum_pre(post) + max_pre(w) : post\n"
    "w <- 0.5*w + sum_post(pre) + sum_post(w*post) + max_pre(max_post(w)) + cumsum_post(post)"
    " + sum_pre(post) + pre/N_pre + post/N_post + max_post(pre*w)",
    "numbers": "dx/dt = max(spow(-0.3, 1.5), u)*R + min(erf(0.3), sigmoid(-0.3)*u)*R : post\n"
    "de/dt = clip(u, tanh(-0.4), 0.3**0.7)*pre*R\ny = lowpass(max(exp(-0.5), 0.1*t/dt), 20)\n"
    "w += 0.1*x*e*y*max(sin(2), mod(0.7, 0.3) + u)",
    "opposites": "nonlocal opposite, sum_pre\ne <- 0.8*e + post*pre - 0.3*opposite(e)\n"
    "w <- 0.9*w + 0.1*e - 0.2*opposite(w) + 0.1*sum_pre(opposite(e)*pre)\n"
    "on reward: w += R*opposite(w); e <- opposite(e)\nforward w = w + opposite(w)/2",
    "opposites of neurons": "nonlocal opposite, sum_post, sum_pre, max_pre\n"
    "on post_spike: w <- 0.2*max_pre(pre)\n"
    "w <- 0.9*w + 0.1*(sum_post(tanh(opposite(w))) > 0.3) + 0.1*sum_pre(opposite(w)*post)\n"
    "on reward: w <- 0.2*post; w += 0.1*opposite(w) + 0.1*sum_pre(opposite(w))",
    "names": "param lambda = 0.5\nparam parameters = 2\nstate <- lambda*state + pre : pre\n"
    "new_e <- 0.5*e + u : post\ne <- new_e + u*step : post\nparam step = 3\n"
    "init = parameters*e : post\nw += state*init*dt",
    "events": "e <- e + pre*u : synapse\ng <- g : global\nv = lowpass(u, 20) : post\n"
    "integrate euler\nx = accumulate(u, tau) : post\nparam tau = 30 ms\ninitial v = 0.5\n"
    "R_bar[condition] = average(R, 0.3)\non trial start: e <- 0; v <- 0.5*v + u\n"
    "on reward: g += R; w += R_bar[condition]*e*g; e <- 2*e; w -= 0.1*e*x\n"
    "on trial end: w += v*pre; g <- 0.5*g\nbounds w in [-1, 2]\ndiagonal w = 0\n"
    "forward w = w + 0.1*e\nforward bias = v - g",
    "groups": "x = lowpass(pre, 20)\ninitial e = pre.fast*0.5\n"
    "e <- 0.9*e + u*x*pre.fast - post.r*pre.excitatory*pre\nforward bias = post.r*prev_u\n"
    "prev_u <- u\non reward: w += e*post.fast + (0.1 if post.inhibitory > 0 else R)*pre",
    "time": "param late = 9 ms\nv <- 0.5*v + (t > late)*u : post\ne <- e + t*pre*v/late\n"
    "on trial start: e <- t*e/late\non reward: w += t*e/late",
    "spikes": "tau_x*dx/dt = -x\nparam tau_x = 20 ms\ny <- 0.9*y : post\ne <- 0.8*e : synapse\n"
    "on pre_spike: x <- 1; e += x*y; w -= 0.1*w*y\n"
    "on post_spike: w <- clip(w + 0.1*e, -2, 2); y += 0.5",
    "initial": "param a = 0.3\nx = lowpass(u, 20) : post\ninitial x = 2*a/N_pre\n"
    "h <- 0.9*h + pre*post\ninitial h = a*w\nm <- m : pre\ninitial m = max_post(w)\n"
    "R_bar[condition] = average(R, 0.3)\ninitial R_bar = -a\nnonlocal max_post\n"
    "on reward: w += 0.1*(R - R_bar[condition])*h*x*m",
    "conditions": "n[condition] <- 0.9*n[condition] + 1 : global\nv[condition] <- v[condition]\n"
    "initial v = 0.5\ne <- 0.8*e + n[condition]*pre*post\n"
    "on reward: w += 0.01*e*v[condition]; v[condition] += 0.2*(R**2 - v[condition])\n"
    "on trial start: n[condition] <- 0.5*n[condition]",
    "impulses": "x = accumulate(2*pre_spike + 0.01*pre, 20)\ny = accumulate(post_spike*u, 10)\n"
    "e = accumulate(x*post_spike - y*pre_spike, 100)\ndw/dt = (e + 0.5)/100 + 0.1*x*post_spike",
}  # fmt: skip
RULES = LITERATURE | {name: parse(text) for name, text in MADE_UP.items()}


@pytest.fixture(params=RULES, ids=list(RULES))
def rule(request: pytest.FixtureRequest) -> Rule:
    return RULES[request.param]


def load(rule: Rule, fmt: str) -> dict[str, Any]:
    """An exported module, executed in a namespace of its own."""
    space: dict[str, Any] = {}
    exec(compile(export(rule, fmt), fmt, "exec"), space)
    return space


def test_numpy_and_jax_follow_the_rule(x64: None, rule: Rule) -> None:
    activity, weights = random_activity(rule), start(rule)
    activity["u"] = activity.get("u", activity["R"][..., None] * np.ones(3))
    activity["u"][:, 3] = 0.0  # where functions have their edges
    compiled = compile_rule(rule, lowering=Lowering.DENSE)
    arrays = {k: jnp.asarray(v) for k, v in activity.items()}
    trials = {**arrays, "condition": jnp.asarray(CONDITIONS)}
    groups = memberships(rule)
    course = drive(compiled, jnp.asarray(weights), trials, groups, dt=DT)
    condition = CONDITIONS[-1]
    given = {p.name: p.value for p in rule.parameters} | {"dt": DT, "N_post": 3.0}
    given["N_pre"] = float(weights.shape[1])
    given |= groups
    last = {name: array[-1, -1] for name, array in arrays.items()}
    weights_and_bias = compiled.forward(course.state, given | last, condition)
    for fmt in ("numpy", "jax"):
        space = load(rule, fmt)
        states = run_program(space, weights, activity, groups)
        for name, expected in course.history.items():
            found = np.array([state[name] for state in states])
            assert found.shape == expected.shape
            assert np.isfinite(found).all()
            np.testing.assert_allclose(found, expected, 1e-12, 1e-12, err_msg=f"{fmt} {name}")
        told = space["PARAMETERS"] | groups
        forward = space["forward"](states[-1], last, DT, told, condition)
        for found, expected in zip(forward, weights_and_bias, strict=True):
            np.testing.assert_allclose(found, expected, 1e-12, 1e-12, err_msg=f"{fmt} forward")


def arrays(state: dict[str, Any]) -> list[np.ndarray]:
    return [array for array in state.values() if isinstance(array, np.ndarray)]


def test_every_array_of_a_state_is_its_own_and_can_be_edited(rule: Rule) -> None:
    """What is edited afterwards changes neither earlier states nor what was given."""
    space, activity, weights = load(rule, "numpy"), random_activity(rule), start(rule)
    now = {name: array[0, 0].copy() for name, array in activity.items()}
    asked, given = inspect.signature(space["init"]).parameters, memberships(rule)
    told = {"parameters": space["PARAMETERS"] | given}
    more = {name: value for name, value in ({"dt": DT} | told).items() if name in asked}
    state = space["init"](weights, conditions=2, **more)
    for change in ("step", "on_trial_start", "step", "on_reward", "step", "on_trial_end", "step"):
        before = state | now | given | {"given": weights}
        state = space[change](state, now, DT, condition=1, **told)
        shown = space["forward"](state, now, DT, condition=1, **told)
        other = [*before.values(), *shown]
        for i, array in enumerate(arrays(state)):
            array += 0.0
            theirs = [*other, *arrays(state)[:i]]
            assert not any(np.shares_memory(array, there) for there in theirs), change


def test_every_function_is_tried() -> None:
    names = {name for name in OPERATORS if any(f"{name}(" in t for t in MADE_UP.values())}
    assert names == OPERATORS.keys()


def test_jax_programs_can_be_jitted_and_differentiated(x64: None) -> None:
    rule = LITERATURE["node_perturbation"]
    space = load(rule, "jax")
    activity = random_activity(rule)
    now = {name: array[0, 0] for name, array in activity.items()}

    @jax.jit
    def change(eta: float, condition: int) -> jax.Array:
        parameters = space["PARAMETERS"] | {"eta": eta}
        state = space["init"](start(rule), conditions=2)
        state = space["step"](state, now, DT, parameters, condition)
        return space["on_reward"](state, now, DT, parameters, condition)["w"].sum()

    slope = (change(2.0, 1) - change(1.0, 1)) / 1.0
    np.testing.assert_allclose(jax.grad(change)(1.5, 1), slope, rtol=1e-9)


def test_sympy_gives_the_equations_of_the_rule(rule: Rule) -> None:
    found, expected = load(rule, "sympy")["EQUATIONS"], rule.sympy()
    assert found.keys() == expected.keys()
    for name, equation in expected.items():
        for ours, theirs in zip(sides(found[name]), sides(equation), strict=True):
            assert (ours - in_sympy(theirs)).expand() == 0, name


#: What rules do at a reward, of what was there before it.
AT_REWARD = {
    "w += 2*e; e <- 0; w += 2*e": {"w": "w + 2*e", "e": "0"},
    "e <- 0; w += 2*e": {"w": "w", "e": "0"},
    "e <- 2*e; w += e; e <- e*pre; w += R*e": {"w": "w + 2*e + 2*R*e*pre", "e": "2*e*pre"},
    "e <- 0; w += twice*post + other": {"w": "w + other", "e": "0"},
}


@pytest.mark.parametrize("updates", AT_REWARD)
def test_updates_of_an_event_see_what_earlier_ones_did(updates: str) -> None:
    text = f"e <- e : synapse\ntwice = 2*e\nother = 3*post\non reward: {updates}"
    found = load(parse(text), "sympy")["EQUATIONS"]
    places = {name: sp.Symbol(name, real=True) for name in ("w", "e", "R", "pre", "post", "other")}
    for target, expected in AT_REWARD[updates].items():
        step = found[f"on reward: {target}"]
        assert step.rhs.expand() == sp.sympify(expected, places)


def test_updates_without_a_formula_together_are_refused_by_name() -> None:
    rule = parse("e <- e : synapse\non reward: e <- 0; w += 1/e")
    with pytest.raises(RuleError, match="updates of `w` on reward, put into each other, have a d"):
        rule.sympy()


def test_what_a_state_becomes_has_a_name_of_its_own() -> None:
    equations = parse("w_next <- 0.5*w_next + u : post\nw += post*w_next").sympy()
    lefts = [equation.lhs for equation in equations.values()]
    read = {s for equation in equations.values() for s in equation.rhs.free_symbols}
    assert len(set(lefts)) == 2 and not read & set(lefts)


def sides(equation: sp.Basic) -> tuple[sp.Basic, ...]:
    return equation.args if isinstance(equation, sp.Equality) else (equation,)


def in_sympy(expr: sp.Expr) -> sp.Expr:
    """The functions of the rule language as those of SymPy, and as symbols where it has none."""
    symbolic = {"prev", "delay", *NONLOCAL}
    expr = expr.replace(
        lambda e: isinstance(e, RuleFunction) and type(e).__name__ in symbolic,
        lambda e: sp.Function(type(e).__name__, real=True)(*e.args),
    )
    expr = expr.replace(lambda e: isinstance(e, RuleFunction), lambda e: e.doit())
    # SymPy writes conditions its own way when it makes a case anew.
    return expr.replace(lambda e: isinstance(e, sp.Piecewise), lambda e: sp.Piecewise(*e.args))
