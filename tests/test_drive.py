"""Rules on given and on weight-dependent activity."""

import itertools
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen import compile_rule, drive
from rulegen.grammar import parse

PRE = jnp.asarray(np.random.default_rng(0).normal(size=(4, 5, 3)))
W = jnp.asarray(np.random.default_rng(1).normal(size=(2, 3)))


def neurons(weights, bias, inputs, memory):
    """y = W x + bias, and a memory that counts steps."""
    post = weights @ inputs["pre"] + bias
    return {"post": post, "R": -jnp.sum(post**2)}, memory + 1


def run(text, activity=None, **options):
    options = {"dt": 1.0, "circuit": neurons, "memory": 0, **options}
    return drive(
        compile_rule(parse(text)), W, {"pre": PRE} if activity is None else activity, **options
    )


def test_activity_depends_on_the_changing_weights():
    course = run("w -= 0.01*post*pre")
    w = np.asarray(W)
    for x in np.asarray(PRE).reshape(-1, 3):
        w = w - 0.01 * np.outer(w @ x, x)
    np.testing.assert_allclose(course.state["w"], w, rtol=1e-4)
    assert course.memory == 20
    assert course.signals["post"].shape == (4, 5, 2)
    assert course.history["w"].shape == (4, 2, 3)


def test_what_is_kept_per_condition_changes_at_every_step_of_its_trials():
    text = """
        n[condition] <- 0.5*n[condition] + 1
        v[condition] <- v[condition]
        initial v = 2
        on reward: w += 0.1*v[condition]; v[condition] += R - n[condition]
    """
    conditions, rewards = [1, 0, 1, 1], jnp.array([1.0, 2.0, 3.0, 4.0])
    activity = {"pre": PRE, "reward": rewards, "condition": jnp.asarray(conditions)}
    course = run(text, activity)
    n, v, w = [0.0, 0.0], [2.0, 2.0], np.asarray(W)
    for condition, reward in zip(conditions, rewards, strict=True):
        for _ in range(PRE.shape[1]):
            n[condition] = 0.5 * n[condition] + 1
        w = w + 0.1 * v[condition]
        v[condition] += float(reward) - n[condition]
    np.testing.assert_allclose(course.state["n"], n, rtol=1e-6)
    np.testing.assert_allclose(course.state["v"], v, rtol=1e-6)
    np.testing.assert_allclose(course.state["w"], w, rtol=1e-6)


def test_the_reward_of_a_trial_is_that_of_its_last_step_unless_stated():
    text = "on reward: w += 0.1*R"
    last = -np.sum((np.asarray(W) @ np.asarray(PRE)[0, -1]) ** 2)
    first = run(text).history["w"][0]
    np.testing.assert_allclose(first, W + 0.1 * last, rtol=1e-5)
    rewards = jnp.array([1.0, 2.0, 3.0, 4.0])
    stated = run(text, {"pre": PRE, "reward": rewards}).state["w"]
    np.testing.assert_allclose(stated, W + 1.0, rtol=1e-5)


def test_states_feed_the_forward_pass_within_a_trial():
    """A synapse state that the circuit reads at every step is stepped, not put together later."""
    states = "H <- 0.9*H + 0.1*pre*post : synapse\nth += post\n"
    text = states + "forward w = w + H\nforward bias = -0.01*th"
    rule = compile_rule(parse(text))
    assert "`H` is read at every step" in rule.explain()
    course = run(text)
    h, th = np.zeros((2, 3)), np.zeros(2)
    for x in np.asarray(PRE).reshape(-1, 3):
        y = (np.asarray(W) + h) @ x - 0.01 * th
        h, th = 0.9 * h + 0.1 * np.outer(y, x), th + y
    np.testing.assert_allclose(course.state["H"], h, rtol=1e-4)
    np.testing.assert_allclose(course.state["th"], th, rtol=1e-4)


def test_a_neuron_state_that_sums_over_synapses_reads_them_at_every_step():
    text = "nonlocal sum_pre\ne <- e + pre : synapse\ns <- sum_pre(e) : post\nw += 0*s"
    rule = compile_rule(parse(text.replace("w += 0*s", "on reward: w += s")))
    assert "`e` is read at every step" in rule.explain()
    total = np.asarray(PRE).reshape(-1, 3).cumsum(0).sum(1)
    np.testing.assert_allclose(run(text).state["s"], total[-2], rtol=1e-4)


def test_conditions_and_initial_states():
    text = "b[condition] = average(R, 0.5)\nA <- A : synapse\non reward: w += A*b[condition]"
    activity = {
        "pre": PRE,
        "reward": jnp.array([1.0, 2.0, 3.0, 4.0]),
        "condition": jnp.array([0, 1, 0, 1]),
    }
    course = run(text, activity, values={"A": 2 * W})
    np.testing.assert_allclose(course.state["b"], [0.25 + 1.5, 0.5 + 2.0])
    np.testing.assert_allclose(course.state["w"], W + 2 * W * (0.5 + 1.0), rtol=1e-6)


def test_averages_read_old_values_in_whatever_order_they_stand():
    """Two texts of one digest do the same; by hand, with R = 1 at three rewards."""
    lines = ["a = average(R, 0.5)", "b = average(a, 0.25)", "c = average(b - a, 0.5)"]
    a = b = c = total = 0.0
    for _ in range(3):
        total += b + 10 * c
        a, b, c = a + 0.5 * (1 - a), b + 0.25 * (a - b), c + 0.5 * (b - a - c)
    digests = set()
    for order in itertools.permutations(lines):
        text = "\n".join([*order, "on reward: w += b + 10*c"])
        digests.add(parse(text).digest)
        found = run(text, {"pre": PRE[:3], "reward": jnp.ones(3)}).state["w"]
        np.testing.assert_allclose(found, W + total, rtol=1e-5)
    assert len(digests) == 1


def test_it_can_be_jitted_and_mapped():
    rule = compile_rule(parse("param eta = 0.01\nw -= eta*post*pre"))

    @jax.jit
    @jax.vmap
    def end(eta):
        return drive(rule, W, {"pre": PRE}, {"eta": eta}, dt=1.0, circuit=neurons, memory=0).state[
            "w"
        ]

    many = end(jnp.array([0.0, 0.01]))
    np.testing.assert_array_equal(many[0], W)
    np.testing.assert_allclose(many[1], run("w -= 0.01*post*pre").state["w"], rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("w += u*pre", {}, "reads `u`, which neither"),
        ("w += eta*post*pre", {}, "parameter `eta` has no value"),
        ("w += post*pre", {"values": {"e": jnp.zeros((2, 3))}}, "no parameter `e`"),
        (
            "e <- e : synapse\nw += e",
            {"values": {"e": jnp.zeros(3)}},
            r"no parameter `e`, and no state of shape \(3,\)",
        ),
        ("w += post", {"activity": {"pre": PRE, "post": PRE}}, "`post` has shape"),
    ],
)
def test_mistakes_have_names(text, options, message):
    circuit = {} if "activity" not in options else {"circuit": lambda w, b, inputs, m: (inputs, m)}
    with pytest.raises(ValueError, match=message):
        run(text, **options, **circuit)


def test_the_example_of_the_documentation(capsys):
    page = Path(__file__).parents[1] / "docs" / "rule-language.md"
    (code,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    exec(code, {})
    assert np.isclose(float(capsys.readouterr().out), 1.0, atol=0.01)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"R": np.zeros((1, 4))}, r"`R` has shape \(1, 4\), and `pre` is of 1 trials of 5 steps"),
        ({"post": np.zeros((2, 5, 3))}, r"`post` has shape \(2, 5, 3\)"),
        ({"R": np.array([[0, 0, np.nan, 0, 0]])}, "`R` is nan in trial 1, step 3"),
        ({"pre": np.full((1, 5, 2), np.inf)}, "`pre` is inf in trial 1, step 1, neuron 1"),
        ({"reward": np.zeros(2)}, r"`reward` has shape \(2,\), expected \(1,\)"),
        ({"condition": np.zeros(())}, r"`condition` has shape \(\), expected \(1,\)"),
        ({"reward": np.array([np.nan])}, "`reward` is nan in trial 1"),
        ({"pre": np.zeros(5)}, r"`pre` has no steps: give arrays of shape \(K, T, ...\)"),
    ],
)
def test_activity_that_does_not_fit_is_named(more, words):
    with pytest.raises(ValueError, match="nothing that happens in steps"):
        drive(compile_rule(parse("dw/dt = R*pre*post")), np.zeros((3, 2)), {}, dt=1.0)
    activity = {"pre": np.ones((1, 5, 2)), "post": np.ones((1, 5, 3)), **more}
    with pytest.raises(ValueError, match=words):
        drive(compile_rule(parse("dw/dt = R*pre*post")), np.zeros((3, 2)), activity, dt=1.0)
