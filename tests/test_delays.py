"""Delays against loops written by hand, against chains of states, and their limits."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen import compile_rule, drive
from rulegen.circuits import RateCircuit
from rulegen.compile.lowering import Lowering, NotFactorable
from rulegen.estimators import Pathwise, Score
from rulegen.grammar import RuleError, load_space, parse
from rulegen.lives.bench import Bench
from rulegen.lives.life import Life, LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.world import World
from rulegen.runs.where import obstacle
from rulegen.tasks import DelayedAssociation

KEY = jax.random.key(1)
TRIALS, STEPS, PRE, POST = 3, 14, 3, 2
RNG = np.random.default_rng(0)
ACTIVITY = {
    "pre": RNG.normal(size=(TRIALS, STEPS, PRE)),
    "u": RNG.normal(size=(TRIALS, STEPS, POST)),
    "R": RNG.normal(size=(TRIALS, STEPS)),
}
WEIGHTS = RNG.normal(size=(POST, PRE))


def course(text: str, dt: float = 2.0, **values: float) -> dict[str, np.ndarray]:
    """The states after each trial."""
    given = {name: jnp.asarray(array) for name, array in ACTIVITY.items()}
    given["condition"] = jnp.array([0, 1, 0])
    found = drive(compile_rule(parse(text)), jnp.asarray(WEIGHTS), given, values, dt=dt)
    return {name: np.asarray(array) for name, array in found.history.items()}


def back(values: list[np.ndarray], steps: int) -> np.ndarray:
    """The value so many steps before the last one of a trial, 0 where there is none."""
    return values[-1 - steps] if len(values) > steps else np.zeros_like(values[-1])


def test_several_delays_against_a_loop(x64: None) -> None:
    """Of a signal, a trace, an eligibility, the weight, a reward and the state itself."""
    found = course("""
        x <- 0.8*x + u + 0.3*delay(x, 6 ms) : post
        e <- 0.5*e + delay(x, 4 ms)*delay(pre, 10 ms) + delay(pre, 2 ms) : synapse
        w <- 0.9*w + 0.1*delay(w, 8 ms) + delay(e, 6 ms) + 0.2*delay(R, 4 ms)*delay(pre, 10 ms)
        on trial start: e <- 0.5*e
    """)
    x, e, w = np.zeros(POST), np.zeros((POST, PRE)), WEIGHTS.copy()
    for trial in range(TRIALS):
        e = 0.5 * e
        # What each name meant to the weights, in all steps of the trial until now.
        seen: dict[str, list[np.ndarray]] = {name: [] for name in ("x", "e", "w", "pre", "R")}
        for step in range(STEPS):
            pre, u = ACTIVITY["pre"][trial, step], ACTIVITY["u"][trial, step]
            seen["x"].append(x)
            seen["pre"].append(pre)
            seen["R"].append(np.asarray(ACTIVITY["R"][trial, step]))
            seen["w"].append(w)
            late = back(seen["pre"], 5)
            e = 0.5 * e + np.outer(back(seen["x"], 2), late) + back(seen["pre"], 1)
            seen["e"].append(e)
            new = 0.9 * w + 0.1 * back(seen["w"], 4) + back(seen["e"], 3)
            w = new + 0.2 * back(seen["R"], 2) * late
            x = 0.8 * x + u + 0.3 * back(seen["x"], 3)
        for name, value in {"x": x, "e": e, "w": w}.items():
            np.testing.assert_allclose(found[name][trial], value, 1e-12, 1e-12, err_msg=name)


@pytest.mark.parametrize("text", ["e <- 0.9*e + {}*u : synapse\nw += e", "x <- {} + pre\nw += x"])
def test_a_delay_of_a_step_is_prev(x64: None, text: str) -> None:
    one, other = (course(text.format(f)) for f in ("delay(pre, 2 ms)", "prev(pre)"))
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name])


@pytest.mark.parametrize(
    ("duration", "steps"), [("2", 1), ("2.9", 1), ("3 ms", 2), ("0.005 s", 3), ("28", 14)]
)
def test_the_nearest_number_of_steps(x64: None, duration: str, steps: int) -> None:
    """A delay as long as a trial is 0 in all of it."""
    found = course(f"w <- delay(u, {duration})")["w"]
    expected = ACTIVITY["u"][:, -1 - steps] if steps < STEPS else np.zeros((TRIALS, POST))
    np.testing.assert_array_equal(found, np.repeat(expected[:, :, None], PRE, axis=2))


def test_half_a_step_counts_whatever_rounding_makes_of_it(x64: None) -> None:
    found = course("w <- delay(u, 0.35 ms)", dt=0.1)["w"]
    np.testing.assert_array_equal(found[:, :, 0], ACTIVITY["u"][:, -5])


@pytest.mark.parametrize("earlier", ["prev(n[condition])", "delay(n[condition], 2 ms)"])
def test_what_is_kept_per_condition_is_remembered_as_that_of_the_trial(earlier: str) -> None:
    found = course(f"n[condition] <- n[condition] + 1 : global\nw <- {earlier}")
    np.testing.assert_array_equal(found["w"][:, 0, 0], [12, 12, 26])
    np.testing.assert_array_equal(found["n"], [[14, 0], [14, 14], [28, 14]])


def test_an_impulse_arrives_later(x64: None) -> None:
    """A trace of delayed spikes jumps by 1 in the step in which they arrive."""
    spikes = np.zeros((1, 9, 1))
    spikes[0, 2] = 1 / 0.5
    rule = compile_rule(parse("x = accumulate(delay(pre_spike, 1.5 ms), 20)\nw <- x"))
    found = drive(rule, jnp.zeros((1, 1)), {"pre_spike": jnp.asarray(spikes)}, dt=0.5)
    # It arrives in step 5, and decays in this one and the two after it; the weight reads step 8.
    np.testing.assert_allclose(found.state["w"], np.exp(-3 * 0.5 / 20), rtol=1e-12)


def test_a_synapse_state_that_reads_a_delay_goes_step_by_step() -> None:
    rule = parse("e <- 0.9*e + delay(pre, 20 ms)*u : synapse\non reward: w += e")
    assert "earlier step" in compile_rule(rule).explain()
    with pytest.raises(NotFactorable):
        compile_rule(rule, lowering=Lowering.FACTORED)
    rule = parse("x <- delay(pre, 20 ms)\ne <- 0.9*e + x*u : synapse\non reward: w += e")
    assert compile_rule(rule).lowering is Lowering.FACTORED


# Lives ---------------------------------------------------------------------------------------


def world(dt: float = 5.0, **circuit: float) -> World:
    return World(
        circuit=RateCircuit(neurons=4, noise=0.4, dt=dt, tau=20, **circuit),
        task=DelayedAssociation(cue=20, delay=20, response=30),
        life=LifeSettings(trials=4, warmup=1),
        chunk=10_000,
    )


FAMILY = """
    param a = 0.7 free
    param b = -0.4 free
    param tau = 40 ms free
    {more}
    u_bar = lowpass(u, tau)
    de/dt = -e/tau + 0.1*(a*{xi}*{pre} + b*({u} - {u_bar})*pre) : synapse
    on trial start: e <- 0{reset}
    on reward: w += clip(0.1*(R + 0.3)*e, -0.5, 0.5)
"""
LATE = parse(
    FAMILY.format(
        more="", xi="delay(xi, 10 ms)", pre="delay(pre, 10 ms)", u="delay(u, 5 ms)",
        u_bar="delay(u_bar, 5 ms)", reset="",
    )
)  # fmt: skip
#: The same as a chain of states, each of which is read a step after it was written.
CHAIN = parse(
    FAMILY.format(
        more="xi_1 <- xi : post\nx_2 <- x_1\nx_1 <- pre : pre\nxi_2 <- xi_1",
        xi="xi_2", pre="x_2", u="prev(u)", u_bar="prev(u_bar)",
        reset="; x_1 <- 0; x_2 <- 0; xi_1 <- 0; xi_2 <- 0",
    )
)  # fmt: skip
VALUES = np.array([0.7, -0.4, 40.0])


@pytest.mark.parametrize("correlation", [0.0, 15.0])
def test_lives_and_their_scores_are_those_of_a_chain(x64: None, correlation: float) -> None:
    here = world(correlation=correlation)
    one, other = (
        Score(exact=True).prepare(Bench(here, rule)).run(VALUES, KEY, 3) for rule in (LATE, CHAIN)
    )
    np.testing.assert_allclose(one.rewards, other.rewards, rtol=1e-12)
    np.testing.assert_allclose(one.scores, other.scores, rtol=1e-9, atol=1e-12)
    assert np.abs(one.scores[:, 2:]).min(axis=(0, 1)).max() > 1e-4


def test_derivatives_of_lives_against_finite_differences(x64: None) -> None:
    lives = Pathwise().prepare(Bench(world(), LATE))
    batch = lives.run(VALUES, KEY, 2)
    plain, h = Lives(world(), compile_rule(LATE)), 1e-6
    np.testing.assert_allclose(plain.run(VALUES, KEY, 2).rewards, batch.rewards, rtol=1e-12)
    for column, step in enumerate(np.diag(h * VALUES)):
        up, down = (plain.run(VALUES + s * step, KEY, 2).rewards for s in (1, -1))
        slopes = (up - down) / (2 * step[column])
        np.testing.assert_allclose(batch.scores[:, :, column], slopes, rtol=2e-5, atol=1e-8)


@pytest.mark.parametrize("earlier", ["prev({})", "delay({}, 10 ms)"])
@pytest.mark.parametrize("moment", ["w += 0.01*{}*pre", "w += 0.01*(xi*pre + relu({}))"])
def test_the_noise_of_a_synapse_is_remembered_as_a_state_is(earlier: str, moment: str) -> None:
    """It is no signal of the circuit, but comes with the trial."""
    kept = "z <- zeta : synapse\n" + moment.format(earlier.format("z"))
    found = [
        Lives(world(), compile_rule(parse(text))).run(np.zeros(0), KEY, 3).rewards
        for text in (moment.format(earlier.format("zeta")), kept)
    ]
    np.testing.assert_array_equal(*found)
    assert np.isfinite(found[0]).all()


def test_what_is_delayed_lives_where_it_did_and_is_as_local() -> None:
    rule = parse("x = delay(pre, 9 ms)\ny <- 0.9*y + delay(u, 3 ms)\nw += x*y")
    assert rule.locality().local
    assert {i.symbol for i in rule.locality().items} == {"pre", "u", "w", "y"}
    assert [d.site.value for d in rule.definitions] == ["pre"]
    assert rule.state("y").site.value == "post"
    whole = parse("nonlocal sum_post\nx <- sum_post(delay(w, 9 ms)) : pre\nw += x")
    assert not whole.locality().local


def test_a_space_tells_delays_apart() -> None:
    space = load_space("""
template = "de/dt = {terms} : synapse\\non reward: w += 0.01*R*e"
limits = {complexity = 6, terms = 2}
coefficients = {value = 0.1, bounds = [-1, 1]}
[productions.term]
site = "synapse"
formulas = ["delay(pre, 20 ms)*u", "delay(pre, 0.02 s)*u", "delay(pre, 21)*u", "prev(pre)*u"]
""")
    assert len(space.terms) == 3


# Limits --------------------------------------------------------------------------------------


def test_a_delay_shorter_than_a_step_is_refused_by_name() -> None:
    rule = "w += 0.001*delay(post, 2 ms)*pre"
    for run in (lambda: Bench(world(), rule), lambda: course(rule.replace("post", "u"), dt=5.0)):
        with pytest.raises(RuleError, match=r"`delay\(\w+, 2\*ms\)` is shorter.*dt = 5 ms") as why:
            run()
        assert "`prev(" in why.value.remedy
    assert "dt = 5 ms" in obstacle(rule, world())
    assert obstacle(rule, world(dt=2.0)) == ""


def test_delays_that_keep_too_much_are_refused_before_anything_runs() -> None:
    Life(*parts(world()), compile_rule("w += 0.001*delay(w, 5 s)"))
    large = compile_rule("w += 0.001*delay(w, 6000 s) + 0.1*delay(pre, 5 ms)")
    with pytest.raises(RuleError, match=r"with `delay\(w, 6000000\*ms\)`, 1200000 steps of 16"):
        Life(*parts(world()), large)
    with_tangents = "param a = 1 free\nx <- 0.9*x + a*pre\nw += 0.1*delay(x, 11000 s)"
    Life(*parts(world()), compile_rule(with_tangents))
    with pytest.raises(RuleError, match=r"with `delay\(x, 11000000\*ms\)`, 2200000 steps of 4"):
        Life(*parts(world()), compile_rule(with_tangents, wrt=["a"]))
    with pytest.raises(RuleError, match="has 10000000000000 steps of 5 ms"):
        Bench(world(), "w += 0.001*delay(pre, 5e13 ms)")


def parts(world: World) -> tuple:
    return world.circuit, world.task, world.life
