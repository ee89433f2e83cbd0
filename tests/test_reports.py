"""Public reports of neighbouring projects, each with its kind of trouble: `docs/reports.md`."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest
from made_environments import Sides

from rulegen import (
    Coordinates,
    DelayedAssociation,
    DiscoverConfig,
    Pgpe,
    RuleError,
    compile_rule,
    drive,
    key,
    parse,
    sample_trials,
)
from rulegen.catalog.export import export, problems
from rulegen.compile import Bounds
from rulegen.grammar import ConfigError
from rulegen.ground.journal import Journal
from rulegen.lives.batch import Batch
from rulegen.publishing.rundir import RunDirectory
from rulegen.runs.check import notes


def run(text, activity, weights, dt=1.0, **options):
    """The state after one trial of signals of shape (T, N)."""
    activity = {name: jnp.asarray(value)[None] for name, value in activity.items()}
    rule = compile_rule(parse(text), wrt=options.pop("wrt", ()))
    return drive(rule, jnp.asarray(weights), activity, dt=dt, **options).state


def program(text, language="numpy"):
    space = {}
    exec(export(parse(text), language), space)
    return space


def spikes(*times, steps=60):
    """How often a neuron fires in each step."""
    return np.bincount(times, minlength=steps).astype(float)


def test_brian2_661_quotients_are_fractions_in_every_program():
    text = "param a = -7\nparam b = 2\nw += (a/b + floor(a/b) + mod(a, b) - 1/4 + floor(-7/2))*pre"
    right = -3.5 - 4 + 1 - 0.25 - 4
    assert run(text, {"pre": np.ones((1, 1))}, [[0.0]])["w"] == right
    for language in ("numpy", "jax"):
        module = program(text, language)
        state = module["step"](module["init"](np.zeros((1, 1))), {"pre": [1]}, dt=1)
        assert state["w"] == right
    code = [line for line in export(parse(text), "brian2").splitlines() if line.startswith("new_w")]
    assert not re.search(r"(?<![\w.])\d+\s*/\s*\d+(?![\w.])", code[0])


def test_brian2_573_filters_in_a_row_with_equal_time_constants():
    text = """
        param tau = 20 ms free
        x = lowpass(pre, tau)
        y = lowpass(x, {})
        w += y*post
    """
    one = np.ones((100, 1))
    equal, nearly = (
        run(text.format(tau), {"pre": one, "post": one}, [[0.0]], wrt=("tau",))
        for tau in ("20", "20.0001")
    )
    assert all(np.isfinite(value).all() for value in equal.values())
    assert any("tau" in name for name in equal)
    for name, value in equal.items():
        np.testing.assert_allclose(value, nearly[name], rtol=1e-4)


def test_brian2_626_states_that_turn_around_each_other():
    text = "dx/dt = 0.01*y + 0*pre\ndy/dt = -0.01*x + 0*pre\ninitial x = 1\nw += 0*x*post"
    one = np.ones((2000, 1))
    state = run(text, {"pre": one, "post": one}, [[0.0]], dt=0.1)
    np.testing.assert_allclose(state["x"], math.cos(2), atol=5e-3)
    np.testing.assert_allclose(state["y"], -math.sin(2), atol=5e-3)


def test_brian2_1671_each_side_reads_the_trace_of_the_other():
    text = """
        dz_pre/dt = -z_pre/(20 ms)   : pre
        dz_post/dt = -z_post/(30 ms) : post
        on pre_spike: z_pre += 1; w += 0.1*(z_post - 0.2)
        on post_spike: z_post += 1; w += 0.1*z_pre
    """
    activity = {"pre_spike": spikes(10, 20)[:, None], "post_spike": spikes(15)[:, None]}
    expected = -0.02 + 0.1 * math.exp(-5 / 20) + 0.1 * (math.exp(-5 / 30) - 0.2)
    np.testing.assert_allclose(run(text, activity, [[0.0]])["w"], expected, rtol=1e-5)


def test_brian2_707_a_definition_of_a_definition_stays_at_its_neuron():
    text = "a = 2*post\nb = 1.5*a\nc = b + a\nw += 0.1*c*pre"
    rule = parse(text)
    assert [rule.site_of(name).value for name in "abc"] == ["post"] * 3
    module = program(text)
    signals = {"pre": [1.0, 2.0], "post": [1.0, 3.0, 5.0]}
    state = module["step"](module["init"](np.zeros((3, 2))), signals, dt=1.0)
    np.testing.assert_allclose(state["w"], 0.5 * np.outer(signals["post"], signals["pre"]))
    assert not problems(rule, "brian2")
    assert re.search(r"^new_w = .*\br_post\b", export(rule, "brian2"), re.MULTILINE)


PAIRS = """
    x = accumulate(pre_spike, 17)
    y = accumulate(post_spike, 34)
    on pre_spike: w -= 0.012*y
    on post_spike: w += 0.01*x
"""


def test_nest_1604_pre_before_post_strengthens_from_the_first_pair_on():
    posts = np.stack([spikes(5), spikes(10), spikes(15)], axis=1)
    state = run(PAIRS, {"pre_spike": spikes(10)[:, None], "post_spike": posts}, np.zeros((3, 1)))
    expected = [-0.012 * math.exp(-5 / 34), 0, 0.01 * math.exp(-5 / 17)]
    np.testing.assert_allclose(state["w"][:, 0], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "expected"),
    [("x += 1", 6 * math.exp(-0.5)), ("x <- 1", 3 * math.exp(-0.5))],
)
def test_nest_77_several_spikes_in_a_step(change, expected):
    text = f"dx/dt = -x/(10 ms)\non pre_spike: {change}\non post_spike: w += x"
    activity = {"pre_spike": spikes(10, 10)[:, None], "post_spike": spikes(15, 15, 15)[:, None]}
    np.testing.assert_allclose(run(text, activity, [[0.0]])["w"], expected, rtol=1e-5)


def test_nestml_1057_bursts_between_two_presynaptic_spikes():
    """The weight grows by one amount at each postsynaptic spike soon after a presynaptic one."""
    text = """
        since <- since + dt : pre
        initial since = 1000
        on pre_spike: since <- 0
        on post_spike: w += 0.5*(since < 9.5)
    """
    rng = np.random.default_rng(0)
    pre, post = rng.random((200, 2)) < 0.04, rng.random((200, 3)) < 0.3
    expected, since = np.zeros((3, 2)), np.full(2, 1000.0)
    for fires, answers in zip(pre, post, strict=True):
        expected += 0.5 * np.outer(answers, since < 9.5)
        since = np.where(fires, 0, since) + 1
    activity = {"pre_spike": pre.astype(float), "post_spike": post.astype(float)}
    assert expected.max() > 3
    np.testing.assert_allclose(run(text, activity, np.zeros((3, 2)))["w"], expected)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("w -= 0.1*w**0.4*pre", ["`w**0.4`", "`spow(w, 0.4)`, or `bounds w in [0, inf]`"]),
        ("param mu = 0.5\nbounds w in [-1, 0]\nw += w**mu*pre", ["`w**mu`", "`spow(w, mu)`"]),
        ("d = u\nw += sqrt(d)*pre", ["`sqrt(d)`", "where u is negative", "`spow(u, 0.5)`"]),
        ("on reward: w += log(R)*pre*post", ["`log(R)`", "`log(abs(R))`"]),
        ("bounds w in [0, 1]\nw -= 0.1*w**0.4*pre", []),
        ("param mu = 2\nw -= 0.1*w**mu*pre", []),
        ("w += sqrt(abs(u))*pre*spow(w, 0.3) + u**2", []),
    ],
)
def test_nestml_973_roots_of_what_may_be_negative_are_noted(text, found):
    told = [note for note in notes(parse(text)) if "no value" in note]
    assert len(told) == bool(found)
    assert all(part in told[0] for part in found)


@pytest.mark.parametrize("text", ["w += pre^2*post", "w += pre ^ post", "w += 2^-pre"])
def test_pysr_843_a_caret_is_refused_with_what_to_write(text):
    with pytest.raises(RuleError, match=r"`\^` has no meaning in a rule(.|\n)*write `\*\*`"):
        parse(text)


@pytest.mark.parametrize(
    ("formula", "remedy"),
    [
        ("pre//2", r"write `floor\(x/y\)`"),
        ("pre***2", r"write `\*\*`"),
        ("√pre", r"write `sqrt\(x\)`"),
        ("½*pre", "write a fraction as a quotient"),
        ("~pre", "write `not`"),
        ("1_000*pre", "numbers are digits alone"),
        ("True*pre", "write 1"),
    ],
)
def test_so_are_other_signs_from_elsewhere(formula, remedy):
    with pytest.raises(RuleError, match=remedy):
        parse(f"w += {formula}")


def test_powers_may_be_raised_digits():
    assert parse("w += 10⁻³*pre⁻²*post²") == parse("w += 10**-3*pre**-2*post**2")


def test_pysr_20_a_folder_with_a_run_takes_no_other(tmp_path: Path):
    config = DiscoverConfig(name="one", rule="w += 0.1*pre*post", task=DelayedAssociation())
    folder = RunDirectory(tmp_path / "run")
    with folder.open(config, resume=False) as journal:
        assert isinstance(journal, Journal)
    before = {path: path.read_bytes() for path in folder.folder.iterdir()}
    with pytest.raises(ConfigError, match="already holds a run"):
        folder.open(config, resume=False)
    assert before == {path: path.read_bytes() for path in folder.folder.iterdir()}


@pytest.mark.parametrize(
    "number",
    ["4.347249999999999", "0.30000000000000004", "1e-17", "123456789.12345678", "-7.1e-05", "1/3"],
)
def test_sympy_17756_what_is_printed_is_the_same_number(number):
    texts = [f"w += ({number})*pre + post*u**2"]
    texts += [] if "/" in number else [f"param a = {number}\nw += a*pre"]
    for text in texts:
        rule = parse(text)
        assert parse(rule.text()) == rule
        assert parse(rule.text()).digest == rule.digest
    if "/" not in number:
        assert parse(rule.text()).parameter("a").value == float(number)


@pytest.mark.parametrize("text", ["w += 0.5*pre**-1 + 0.25*n**11*post/n**10", "w <- 0.5*w + pre/3"])
def test_jax_8604_whole_numbers_are_numbers(text):
    text = f"param n = 7\n{text}"
    parts = [[3, 5]], [[1], [0]], [[1, 2], [3, 4]]
    whole, decimal = ([np.array(part, kind) for part in parts] for kind in (int, float))
    results = [
        run(text, {"pre": pre, "post": post[:1].T}, weights[:1])["w"]
        for pre, post, weights in (whole, decimal)
    ]
    np.testing.assert_array_equal(*results)
    for language in ("numpy", "jax"):
        module = program(text, language)
        for pre, post, weights in (whole, decimal):
            state, signals = module["init"](weights[:1]), {"pre": pre[0], "post": post[0]}
            after = module["step"](state, signals, dt=1, parameters={"n": weights.dtype.type(7)})
            np.testing.assert_allclose(after["w"], results[0], rtol=1e-5)


class Recording:
    """Lives that keep where they were asked to be, and whose reward is always the same."""

    def __init__(self, text):
        self.rule, self.places = SimpleNamespace(rule=parse(text)), []

    def run(self, places, keys, lives, **options):
        self.places.append(places)
        none = np.zeros(lives, int)
        return Batch(np.zeros((lives, 3)), none, np.zeros((lives, 3, 0)), none, none)


SCALES = """
    param a = 5e-4 in [0, 1e-3] free
    param b = -20 in [-30, 10] free
    param k = 50 in [10, 400] free
    w += a*pre + b*post/k
"""


def test_optax_1752_a_gradient_of_zero_stays_zero():
    lives = Recording(SCALES)
    for clip in (0.0, 3.0):
        found = Pgpe(lives=16, clip=clip).estimate(
            lives, np.array([5e-4, -20, 50]), np.arange(3), key(0)
        )
        assert found.gradient.tolist() == [0, 0, 0]
        assert found.nonfinite == 0


def test_evosax_65_every_parameter_has_bounds_of_its_own():
    lives = Recording(SCALES)
    Pgpe(lives=64, sigma=20).estimate(lives, np.array([5e-4, -20, 50]), np.arange(3), key(0))
    bounds = [(0, 1e-3), (-30, 10), (10, 400)]
    for values, (low, high) in zip(np.concatenate(lives.places).T, bounds, strict=True):
        assert (low, high) == (values.min(), values.max())
    coordinates = Coordinates(lives.rule.rule.parameters)
    here = np.array([5e-4, -20, 50])
    np.testing.assert_allclose(coordinates.outward(coordinates.inward(here)), here)


class Careless(Sides):
    """What it draws comes from the numbers of the process, which its own seed does not reach."""

    def seed(self, seed):
        self.rng = np.random.mtrand._rand

    def delay(self):
        return random.choice([4, 5])


def test_neurogym_282_one_seed_is_one_set_of_trials():
    random.seed(1)
    first = sample_trials(Careless(), 20, length=12, seed=3)
    plain = random.random()
    again = sample_trials(Careless(), 20, length=12, seed=3)
    other = sample_trials(Careless(), 20, length=12, seed=4)
    np.testing.assert_equal(again, first)
    assert not np.array_equal(other["inputs"], first["inputs"])
    random.seed(1)
    assert plain == random.random()  # whoever draws after it meets what they would have met


def test_annarchy_12_what_is_absent_transmits_nothing():
    text = "diagonal w = 0\nH <- H + 1 : synapse\nforward w = w + H\non reward: w += R"

    def neurons(weights, bias, inputs, memory):
        return {"post": weights @ inputs["pre"]}, memory

    compiled = compile_rule(parse(text))
    one = jnp.ones((1, 3, 2))
    course = drive(compiled, jnp.full((2, 2), 2.0), {"pre": one}, dt=1.0, circuit=neurons)
    np.testing.assert_array_equal(course.signals["post"][0], [[2, 2], [3, 3], [4, 4]])
    module = program(text)
    state = module["init"](np.full((2, 2), 2.0))
    state = module["step"](state, {}, dt=1.0)
    assert module["forward"](state, {}, dt=1.0)[0].tolist() == [[0, 3], [3, 0]]
    synapses = export(parse(text), "brian2")
    assert "w_eff = choice(int(i != j)" in synapses
    assert 'w = choice(int(i != j), w, 0.0)", names), when="start")' in synapses
    # So does a circuit whose synapses are sparse: both bounds of what is absent are 0.
    sparse = Bounds(jnp.array([[0.0, -9], [0, -9]]), jnp.array([[0.0, 9], [0, 9]]))
    used, _ = compiled.forward(course.state, {}, jnp.asarray(0), sparse)
    assert used.tolist() == [[0, 5], [0, 0]]


def test_nengo_643_a_rate_of_learning_is_one_at_any_step():
    text = "x = accumulate(pre_spike, 20)\ndw/dt = 0.01*post*x - 0.001*w"
    ends = []
    for dt in (2.0, 0.25):
        steps = round(200 / dt)
        fires = spikes(round(40 / dt), round(100 / dt), steps=steps)[:, None] / dt
        activity = {"pre_spike": fires, "post": np.ones((steps, 1))}
        ends.append(run(text, activity, [[0.5]], dt=dt)["w"])
    np.testing.assert_allclose(*ends, rtol=0.05)
