"""Updates at spikes against loops over spikes, and against the same rules with impulses."""

from __future__ import annotations

import math
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import pytest

from rulegen import compile_rule, drive
from rulegen.catalog.export import export, problems
from rulegen.catalog.likeness.naming import named
from rulegen.grammar import RuleError, parse
from rulegen.grammar.rule.system import make_system

DT, STEPS, POST, PRE = 0.5, 400, 3, 4
#: A synapse, as a loop sees it: its weight, its traces and what else it keeps.
Kept = dict[str, float]

PAIRS = """
    dx/dt = -x/(20 ms)
    dy/dt = -y/(30 ms)
    on pre_spike:
        x += 1
        w -= 0.012*y
    on post_spike:
        w += 0.01*x
        y += 1
    bounds w in [0, 1]
"""
NEAREST = """
    dx/dt = -x/(20 ms)
    tau_y*dy/dt = -y
    param tau_y = 30 ms
    on pre_spike: x <- 1; w -= 0.012*y
    on post_spike: w += 0.01*x; y <- 1
"""
DEPENDENT = """
    x = accumulate(pre_spike, 20)
    y = accumulate(post_spike, 30)
    on post_spike: w += 0.3*(1 - w)*x
    on pre_spike: w -= 0.2*w*y
"""
LIMITED = """
    x = accumulate(pre_spike, 20)
    on post_spike: w <- clip(w + 0.4*x, 0, 0.8)
"""
CHAIN = """
    n <- n : pre
    e <- 0.9*e : synapse
    on pre_spike: n += 1; e += n; w -= 0.01*e
    on post_spike: e <- 0.5*e
"""
#: What is set decays from where it is set, also where an Euler step is taken.
SET = """
    integrate euler
    a = -x**2/(20 ms) if x > 0.3 else 0.01*x
    dx/dt = a : synapse
    dy/dt = (0.1 - y)/(30 ms)
    dw/dt = (x - w)/(50 ms)
    on pre_spike: x <- (1 if y > 0.2 else 0.5)
    on post_spike: y <- 1; w <- 0.2
"""


def pairs(s: Kept, pre: bool, post: bool) -> Kept:
    x, y, w = s["x"], s["y"], s["w"]
    w -= 0.012 * y * pre
    w += 0.01 * x * post
    x, y = (x + pre) * math.exp(-DT / 20), (y + post) * math.exp(-DT / 30)
    return {"x": x, "y": y, "w": min(max(w, 0.0), 1.0)}


def nearest(s: Kept, pre: bool, post: bool) -> Kept:
    w = s["w"] - 0.012 * s["y"] * pre + 0.01 * s["x"] * post
    x, y = 1.0 if pre else s["x"], 1.0 if post else s["y"]
    return {"x": x * math.exp(-DT / 20), "y": y * math.exp(-DT / 30), "w": w}


def dependent(s: Kept, pre: bool, post: bool) -> Kept:
    w = s["w"]
    if pre:
        w -= 0.2 * w * s["y"]
    if post:
        w += 0.3 * (1 - w) * s["x"]
    x, y = (s["x"] + pre) * math.exp(-DT / 20), (s["y"] + post) * math.exp(-DT / 30)
    return {"x": x, "y": y, "w": w}


def limited(s: Kept, pre: bool, post: bool) -> Kept:
    w = min(max(s["w"] + 0.4 * s["x"], 0.0), 0.8) if post else s["w"]
    return {"x": (s["x"] + pre) * math.exp(-DT / 20), "w": w}


def chain(s: Kept, pre: bool, post: bool) -> Kept:
    n, e = s["n"] + pre, s["e"]
    if pre:
        e += n
    if post:
        e *= 0.5
    e *= 0.9
    return {"n": n, "e": e, "w": s["w"] - 0.01 * e * pre}


def set_to(s: Kept, pre: bool, post: bool) -> Kept:
    x = (1.0 if s["y"] > 0.2 else 0.5) if pre else s["x"]
    y, w = (1.0, 0.2) if post else (s["y"], s["w"])
    x += DT * (-(x**2) / 20 if x > 0.3 else 0.01 * x)
    # Its equation reads the new value of the synapse state x.
    return {"x": x, "y": y + DT * (0.1 - y) / 30, "w": w + DT * (x - w) / 50}


CASES: dict[str, tuple[str, Callable[[Kept, bool, bool], Kept]]] = {
    "pairs": (PAIRS, pairs),
    "nearest": (NEAREST, nearest),
    "dependent": (DEPENDENT, dependent),
    "limited": (LIMITED, limited),
    "chain": (CHAIN, chain),
    "set": (SET, set_to),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_follows_a_loop_over_spikes(x64: None, name: str) -> None:
    text, loop = CASES[name]
    rng = np.random.default_rng(0)
    pre, post = rng.random((STEPS, PRE)) < 0.1, rng.random((STEPS, POST)) < 0.1
    assert (pre[:, None, :] & post[:, :, None]).any(), "spikes of both sides in one step"
    weights = rng.random((POST, PRE)) / 2
    activity = {
        "pre_spike": jnp.asarray(pre[None] / DT),
        "post_spike": jnp.asarray(post[None] / DT),
    }
    course = drive(compile_rule(parse(text)), jnp.asarray(weights), activity, dt=DT)
    found, names = course.state, make_system(parse(text)).states
    for i in range(POST):
        for j in range(PRE):
            kept = dict.fromkeys(names, 0.0) | {"w": float(weights[i, j])}
            for one, other in zip(pre[:, j], post[:, i], strict=True):
                kept = loop(kept, bool(one), bool(other))
            for key, value in kept.items():
                here = np.asarray(found[key])
                site = {(POST, PRE): (i, j), (POST,): (i,), (PRE,): (j,)}[here.shape]
                assert here[site] == pytest.approx(value, rel=1e-12, abs=1e-14), key


EQUAL = [
    (
        "dx/dt = -x/tau\non pre_spike: x += 1\non post_spike: w += eta*x",
        "x = accumulate(pre_spike, tau)\ndw/dt = eta*x*post_spike",
    ),
    (
        "x = lowpass(pre, tau)\non pre_spike: x += 1\ndw/dt = eta*x",
        "x = lowpass(pre + tau*pre_spike, tau)\ndw/dt = eta*x",
    ),
    (
        "n <- n : pre\non pre_spike: n += 1; w += eta*n\non trial start: n <- 0",
        "dn/dt = pre_spike\ndw/dt = eta*(n + 1)*pre_spike\non trial start: n <- 0",
    ),
    (
        "x <- 0.9*x\non pre_spike: x += 1\ndw/dt = eta*x*post_spike",
        "x <- 0.9*(x + dt*pre_spike)\ndw/dt = eta*x*post_spike",
    ),
    (
        "x <- 0.9*x\non pre_spike: x <- 1\ndw/dt = eta*x*post_spike",
        "x <- 0.9*(1 if pre_spike > 0 else x)\ndw/dt = eta*x*post_spike",
    ),
    (
        "dw/dt = -w/tau\non post_spike: w += eta*(1 - w)*pre",
        "dw/dt = -w/tau + eta*(1 - w)*pre*post_spike",
    ),
    (
        "d = 2*x\nx = lowpass(post, 20)\non pre_spike: w += d; w -= 0.5*d",
        "x = lowpass(post, 20)\ndw/dt = x*pre_spike",
    ),
    (
        "x = lowpass(post, 20)\non pre_spike: x += R - prev(R); w += eta*x*R",
        "x = lowpass(post + 20*dt*(R - prev(R))*pre_spike, 20)\ndw/dt = eta*dt*R*pre_spike*x",
    ),
]


@pytest.mark.parametrize(("spikes", "impulses"), EQUAL)
def test_additions_at_spikes_are_impulses(spikes: str, impulses: str) -> None:
    one, other = parse(spikes), parse(impulses)
    assert one.digest == other.digest
    assert parse(one.text()) == one
    read, also = ({item.symbol for item in r.locality().items} - {"dt", "w"} for r in (one, other))
    assert read == also


@pytest.mark.parametrize("dt", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(
    "text",
    [
        "on pre_spike: w += R",
        "r = 2*R\non pre_spike: w += r - R",
        "n <- n : pre\nx <- x : pre\non pre_spike: n += R; x <- R; w += n + max(x, R)/2",
        "w += dt*R*pre_spike",
    ],
)
def test_a_spike_reads_the_reward_as_an_amount(dt: float, text: str) -> None:
    spikes = jnp.zeros((1, 8, 1)).at[0, (2, 5), 0].set(1 / dt)
    activity = {"pre_spike": spikes, "R": jnp.ones((1, 8))}
    course = drive(compile_rule(parse(text)), jnp.zeros((1, 1)), activity, dt=dt)
    # What is added up, 1 and 2, beside half a reward at either spike.
    assert course.state["w"][0, 0] == pytest.approx(4 if "n <- n" in text else 2)


def test_a_reward_at_a_spike_is_another_rule_than_its_impulse() -> None:
    amount = parse("on pre_spike: w += eta*R")
    assert parse("dw/dt = eta*dt*R*pre_spike").digest == amount.digest
    for impulse in ("dw/dt = eta*R*pre_spike", "on pre_spike: w += eta*R/dt"):
        with pytest.raises(RuleError, match="how large"):
            parse(impulse)


#: Updates that read what others have set, that add only after a law, or that do nothing.
TANGLED = [
    "w -= w**2; w <- y; e -= erf(w)*y; y <- y**2",
    "w <- 2*w; w <- max(y, w)",
    "y <- 2*y; w -= y; y -= max(y, y); w += w - w",
    "e <- prev(y) + e; y <- 0.5*y; e += prev(y)*w; w += e*y",
    "y <- (1 if y > 0 else 2); e += y; w += y",
]


@pytest.mark.parametrize(
    "text",
    [text for text, _ in CASES.values()]
    + [
        f"dy/dt = -y/20 : post\ne <- 0.9*e : synapse\non post_spike: {t}\non pre_spike: w -= w - w"
        for t in TANGLED
    ],
)
def test_the_canonical_form_is_its_own(text: str) -> None:
    rule = parse(text)
    canonical = rule.canonical()
    assert parse(canonical.text()) == canonical.canonical() == canonical
    assert parse(rule.text()) == rule
    assert make_system(rule)


def test_what_others_write_with_impulses_is_recognised() -> None:
    assert "`stdp_pair`" in named(parse(PAIRS)).text


def test_in_latex_a_spike_has_words() -> None:
    shown = parse(NEAREST).latex()
    assert r"\text{on presynaptic spike:}\quad & x_{j} & \leftarrow 1" in shown
    assert "pre_spike" not in shown


def test_in_nestml_a_state_is_set_where_spikes_arrive() -> None:
    rule = parse(NEAREST)
    assert not problems(rule, "nestml")
    text = export(rule, "nestml")
    arrival = text[text.index("onReceive(pre_spikes)") : text.index("onReceive(post_spikes)")]
    assert "x = 1.0" in arrival
    assert "w = w - 0.012*y" in arrival
    assert any("by steps" in p for p in problems(parse(CHAIN), "nestml"))


def test_sites_follow_from_spikes() -> None:
    rule = parse(
        "da/dt = -a/20\nde/dt = -e/20\non pre_spike: a += 1; e += 1\non post_spike: e += a"
    )
    assert [rule.site_of(n).value for n in "ae"] == ["pre", "synapse"]


def test_states_that_a_spike_exchanges_are_refused() -> None:
    text = "da/dt = -a/20\ndb/dt = -b/20\non pre_spike: a <- 2*b; b <- 0.5*a\ndw/dt = a*post_spike"
    assert parse(text)  # b reads the new a, which is 2*b: nothing circular
    with pytest.raises(RuleError, match="which a spike sets, read each other"):
        parse(text.replace("a <- 2*b; b <- 0.5*a", "a <- 2*b + a*b; b <- 0.5*a"))


def test_the_other_direction_of_a_synapse_has_its_own_spikes(x64: None) -> None:
    """A state that reads it is the transposed one of a state that reads its own synapse."""
    text = "e <- 0.8*e : synapse\n{} : synapse\non pre_spike: e += 1\nw += f"
    own = text.format("f <- 0.5*f + e")
    other = "nonlocal opposite\n" + text.format("f <- 0.5*f + opposite(e)")
    spikes = jnp.asarray(np.random.default_rng(0).random((1, 8, 3)) < 0.4, float)
    found, expected = (
        drive(compile_rule(parse(t)), jnp.zeros((3, 3)), {"pre_spike": spikes}, dt=1.0).state["w"]
        for t in (other, own)
    )
    np.testing.assert_array_equal(found, expected.T)
    assert np.ptp(expected) > 1
