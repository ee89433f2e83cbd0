"""Random numbers of rules: parameters drawn once a life, and numbers new in every step."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rulegen as rg
from rulegen import compile_rule, drive
from rulegen.catalog.export import export, problems
from rulegen.circuits import RateCircuit
from rulegen.compile.lowering import Lowering
from rulegen.estimators import Pathwise, Pgpe, Score
from rulegen.grammar import RuleError, parse
from rulegen.ground.noise import stream
from rulegen.lives.life import Life, LifeSettings
from rulegen.lives.many import Lives
from rulegen.runs.check import notes
from rulegen.tasks import DelayedAssociation

HEAD = "param eta = 0.02 free\n"
TAIL = "de/dt = -e/200 + f*pre : synapse\non reward: w += eta*(R - R_bar)*e"
#: One rule for each distribution and site, and for what is drawn once and in every step.
TEXTS = {
    "a time constant": (
        "param tau = uniform(20, 200) : post\nu_bar = lowpass(u, tau)\nf = u - u_bar"
    ),
    "a threshold": "param th = clip(normal(0, 0.3), -1, 1) : post\nf = u - th",
    "a gain of synapses": "param k = lognormal(1, 0.5) : synapse\nf = k*xi",
    "one for all": "param k = lognormal(1, 0.5) : global\nf = k*xi",
    "noise of neurons": "n = normal(0, 0.1) : pre\nf = xi + n",
    "noise of synapses": "n = normal(0, 0.1) : synapse\nf = xi + n",
    "release": "n = bernoulli(0.3) : synapse\nf = n*xi",
    "at rewards": "n = uniform(0, 2) : synapse\nf = xi\non trial end: w += eta*0.01*n",
    "a beginning": "initial h = uniform(-1, 1)\nh <- 0.9*h : post\nf = xi + h",
}


def rule_of(name: str) -> str:
    return HEAD + TEXTS[name] + "\n" + TAIL


def lives(text: str, wrt: tuple[str, ...] = (), **more: object) -> Lives:
    world = rg.World(
        circuit=RateCircuit(neurons=5),
        task=DelayedAssociation(),
        life=LifeSettings(trials=6, warmup=1),
        **more,
    )
    return Lives(world, compile_rule(text, wrt=wrt))


@pytest.mark.parametrize("name", TEXTS)
def test_text_digest_and_latex(name: str) -> None:
    rule = parse(rule_of(name))
    assert parse(rule.text()) == rule
    canonical = rule.canonical()
    assert parse(canonical.text()).digest == rule.digest
    assert canonical.canonical() == canonical
    assert r"\sim" in rule.latex()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("n = normal(1, 3) : post", "m = normal(0, 1) : post\nn = 1 + 3*m"),
        ("n = uniform(-1, 1) : pre", "m = uniform(0, 1) : pre\nn = 2*m - 1"),
        ("n = lognormal(2, 1) : post", "n = 2*exp(m)\nm = normal(0, 1) : post"),
        ("n = bernoulli(0.2) : post", "m = uniform(0, 1) : post\nn = (m < 0.2)"),
        ("param n = uniform(0, 3) : post", "n <- n : post\ninitial n = 3*uniform(0, 1)"),
    ],
)
def test_equal_draws_have_one_digest(one: str, other: str) -> None:
    rest = "\nw += n*pre"
    assert parse(one + rest).digest == parse(other + rest).digest
    assert parse(one + rest).digest != parse(one.replace("n =", "x =") + "\nn = u" + rest).digest


def test_numbers_have_their_distributions() -> None:
    text = """
        param a = uniform(10, 100) : synapse
        param b = normal(3, 2) : synapse
        param c = lognormal(20, 0.5) : synapse
        n = bernoulli(0.3) : synapse
        m = normal(0, 2) : synapse
        s <- s + n : synapse
        q <- q + m**2 : synapse
        w += 0*(a + b + c + s + q)
    """
    steps, size = 400, (40, 50)
    course = drive(
        compile_rule(text), jnp.zeros(size), {"pre": jnp.zeros((1, steps, 50))}, dt=1.0, seed=3
    )
    a, b, c, s, q = (np.asarray(course.state[n], float) for n in "abcsq")
    assert a.min() >= 10 and a.max() <= 100
    np.testing.assert_allclose([a.mean(), a.std()], [55, 90 / 12**0.5], rtol=0.03)
    np.testing.assert_allclose([b.mean(), b.std()], [3, 2], rtol=0.06)
    np.testing.assert_allclose([np.log(c).mean(), np.log(c).std()], [np.log(20), 0.5], rtol=0.05)
    np.testing.assert_allclose([s.mean() / steps, s.var() / steps], [0.3, 0.21], rtol=0.08)
    np.testing.assert_allclose(q.mean() / steps, 4, rtol=0.02)
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.08


def test_all_who_read_a_draw_read_one_number(x64: None) -> None:
    text = "n = normal(0, 1) : post\na <- a + n : post\ndb/dt = n/dt : post\nw += n + 0*pre"
    course = drive(compile_rule(text), jnp.zeros((3, 2)), {"pre": jnp.zeros((2, 7, 2))}, dt=0.5)
    np.testing.assert_allclose(course.state["a"], course.state["b"])
    np.testing.assert_allclose(course.state["w"][:, 0], course.state["a"])


def test_events_draw_numbers_of_their_own() -> None:
    text = (
        "n = normal(0, 1) : synapse\nx <- n : synapse\non trial start: w <- n\non trial end: w -= x"
    )
    rule = compile_rule(text)
    course = drive(rule, jnp.zeros((3, 2)), {"pre": jnp.zeros((2, 4, 2))}, dt=1.0)
    assert len(np.unique(np.asarray(course.history["w"]))) == 12


@pytest.mark.parametrize("name", TEXTS)
def test_a_life_depends_on_its_key_and_number_alone(name: str) -> None:
    """However many run together, one after another or step by step as on a chip."""
    some, values, key = lives(rule_of(name)), np.array([0.02]), rg.key(4)
    whole = some.run(values, key, 5).rewards
    again = some.run(values, key, 3).rewards
    np.testing.assert_allclose(whole[:3], again, rtol=1e-5, atol=1e-6)
    assert len(np.unique(whole)) == whole.size
    other = lives(rule_of(name), engine="interpreted").run(values, key, 2).rewards
    np.testing.assert_allclose(other, whole[:2], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", [n for n in TEXTS if "synapses" not in n and n != "release"])
def test_both_lowerings_agree(name: str, x64: None) -> None:
    rules = [compile_rule(rule_of(name), lowering=one) for one in Lowering]
    task = DelayedAssociation()
    ends = []
    for rule in rules:
        life = Life(RateCircuit(neurons=4), task, LifeSettings(trials=3, warmup=0), rule)
        ends.append(life(jnp.array([0.02]), stream(jax.random.key(1))).rewards)
    if name != "a gain of synapses":
        np.testing.assert_allclose(ends[0], ends[1], rtol=1e-9)


SLOPES = [
    "param mu = 60 ms free\nparam tau = uniform(mu, 3*mu) : post\nu_bar = lowpass(u, tau)\nf = u - u_bar",  # noqa: E501
    "param s = 0.3 free\nparam th = normal(0.1, s) : post\nf = tanh(u - th)",
    "param s = 0.3 free\nparam k = lognormal(1, s) : synapse\nf = k*u",
    "param s = 0.3 free\nn = normal(0, s) : pre\nf = u*(1 + n)",
    "param s = 0.3 free\nn = uniform(-s, 2*s) : synapse\nf = u + n",
    "param s = 0.3 free\ninitial h = s*normal(0, 1)\nh <- 0.9*h : post\nf = u + h",
    "param s = 0.3 free\nparam a = normal(0, s) : post\ninitial h = 2*a\nh <- 0.9*h : post\nf = u + h*a",  # noqa: E501
]


@pytest.mark.parametrize("text", SLOPES)
def test_tangents_are_derivatives(text: str, x64: None) -> None:
    """On given activity, with the random numbers held fixed, against JAX's own."""
    (name,) = (p.name for p in parse(text + "\nw += f*pre").free)
    rule = compile_rule(text + "\ne <- 0.8*e + f*pre : synapse\non reward: w += e", wrt=[name])
    shapes = {"pre": (2, 6, 3), "u": (2, 6, 2)}
    rng = np.random.default_rng(0)
    activity = {key: jnp.asarray(rng.normal(size=shape)) for key, shape in shapes.items()}
    value = float(rule.rule.parameter(name).value or 0)

    def weights(p: float) -> jax.Array:
        return drive(rule, jnp.zeros((2, 3)), activity, {name: p}, dt=10.0).state["w"]

    found = drive(rule, jnp.zeros((2, 3)), activity, dt=10.0).state[f"w@{name}"]
    assert jnp.abs(found).max() > 1e-3
    np.testing.assert_allclose(found, jax.jacfwd(weights)(value), rtol=1e-8, atol=1e-12)


def test_what_is_drawn_may_be_given() -> None:
    rule = compile_rule("param a = uniform(0, 1) : pre\nw += a")
    given = drive(
        rule, jnp.zeros((1, 2)), {"pre": jnp.zeros((1, 1, 2))}, {"a": jnp.array([3.0, 4.0])}, dt=1.0
    )
    np.testing.assert_allclose(given.state["w"], [[3.0, 4.0]])


def test_the_end_of_a_trial_shares_draws_with_its_reward() -> None:
    kept = "\n".join(f"{name} <- {name} : post" for name in "abc")
    text = f"n = normal(0, 1) : post\n{kept}\nw += 0*pre\non trial start: a <- n\n"
    text += "on reward: b <- n\non trial end: c <- n"
    found = drive(compile_rule(text), jnp.zeros((3, 2)), {"pre": jnp.zeros((2, 4, 2))}, dt=1.0)
    a, b, c = (found.history[name] for name in "abc")
    np.testing.assert_array_equal(b, c)
    assert len(np.unique([a, b])) == 2 * b.size


def bench(text: str) -> rg.Bench:
    world = rg.World(
        circuit=RateCircuit(neurons=4),
        task=DelayedAssociation(),
        life=LifeSettings(trials=3, warmup=0),
    )
    return rg.Bench(world, text)


def test_choices_by_lot_have_no_derivative() -> None:
    text = "param p = 0.3 in [0, 1] free\nn = bernoulli(p) : synapse\nf = n*xi\n" + TAIL
    text = text.replace("eta*", "0.02*")
    for kind in (Score, Pathwise):
        with pytest.raises(RuleError, match=r"depends on `n`[^`]*`p`[^`]*`pgpe`"):
            kind().prepare(bench(text))
    Pgpe().prepare(bench(text))
    active = "param eta = 0.02 free\nn = bernoulli(sigmoid(post)) : synapse\nf = n*xi\n" + TAIL
    Score().prepare(bench(active))
    with pytest.raises(RuleError, match="depends on `n`"):
        Pathwise(credit="life").prepare(bench(active))


@pytest.mark.parametrize(
    "jump", ["sign(p - n)", "floor(p + n)", "mod(p + n, 1)", "mod(n, p)", "spow(p - n, 0)"]
)
def test_a_jump_of_what_is_drawn_has_no_derivative(jump: str) -> None:
    text = f"param p = 0.3 free\nn = uniform(0, 1) : synapse\nw += 0.1*({jump})*pre"
    with pytest.raises(RuleError, match=r"depends on `n`[^`]*`p`[^`]*`pgpe`"):
        compile_rule(text, wrt=("p",))
    compile_rule(text)


@pytest.mark.parametrize("bend", ["relu(p - n)", "abs(p - n)", "clip(n, 0, p)", "max(n, p)"])
def test_a_bend_of_what_is_drawn_has_a_derivative(bend: str) -> None:
    compile_rule(
        f"param p = 0.3 free\nn = uniform(0, 1) : synapse\nw += 0.1*{bend}*pre", wrt=("p",)
    )


def test_a_circuit_uses_what_is_drawn() -> None:
    text = HEAD + "n = bernoulli(0.5) : synapse\nforward w = 2*n*w\nf = xi\n" + TAIL
    rewards = lives(text).run(np.array([0.02]), rg.key(0), 2).rewards
    still = lives(text.replace("2*n*w", "w")).run(np.array([0.02]), rg.key(0), 2).rewards
    assert np.isfinite(rewards).all() and (rewards != still).any()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("param tau = uniform(5, 100) : post", "time constant of `x` is 5 ms, shorter"),
        ("param tau = normal(20, 5) : post", "it must be positive"),
        ("param s = -1\nparam tau = lognormal(100, s) : post", "the spread must be positive"),
        ("param a = 300 ms\nparam tau = uniform(a, 200) : post", "lower limit must be below"),
    ],
)
def test_times_and_distributions_fit_the_step(line: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        bench(f"{line}\nx = lowpass(u, tau)\nw += x*pre")
    limited = line.replace("normal(20, 5)", "clip(normal(20, 5), 10, 40)")
    if limited != line:
        bench(f"{limited}\nx = lowpass(u, tau)\nw += x*pre")


#: Rules some of whose draws do not fit, what `check` notes of them, and rules with its remedies.
MAY_NOT_FIT = {
    "a normal time": (
        "param tau = {} : post\nx = lowpass(u, tau)\nw += x*pre",
        "normal(50, 10)",
        "time constant of `x` may be -3 ms, as `tau` is drawn: write `max(normal(50, 10), 25)`, or",
        ("max(normal(50, 10), 25)", "max(normal(50, 10), 5)", "lognormal(50, 0.2)"),
    ),
    "a time with a unit": (
        "param tau = {} : pre\nx = accumulate(pre, 2*tau)\nw += x*post/tau",
        "normal(20 ms, 10 ms)",
        "may be -66 ms, as `tau` is drawn: write `max(normal(20*ms, 10*ms), 10 ms)`",
        ("max(normal(20*ms, 10*ms), 10 ms)",),
    ),
    "a decay that may be growth": (
        "param tau = {} : post\ndx/dt = (u - x)/tau\nw += x*pre",
        "uniform(-10, 90)",
        "may be -10 ms, as `tau` is drawn: write `max(uniform(-10, 90), 20)`",
        ("max(uniform(-10, 90), 20)", "uniform(-90, -10)"),
    ),
    "no time above 0": (
        "param tau = {} : post\nx = lowpass(u, tau)\nw += x*pre",
        "normal(0, 10)",
        "as `tau` is drawn: bound `tau` with `max`, `min` or `clip`",
        ("max(normal(0, 10), 10)",),
    ),
    "a negative deviation": (
        "param s = {} : post\nn = normal(0, s) : post\nw += n*pre",
        "normal(0, 1)",
        "`n` may be drawn from normal(0, -5.3): the deviation must be positive; bound `s` with",
        ("max(normal(0, 1), 0.1)", "lognormal(1, 0.5)", "uniform(0, 1)"),
    ),
    "limits that cross": (
        "param a = {} : post\nb = a : post\nn = uniform(b, 0.5) : post\nw += n*pre",
        "uniform(0, 1)",
        "`n` may be drawn from uniform(0.999999, 0.5): the lower limit must be below the upper",
        ("min(uniform(0, 1), 0.4)", "clip(uniform(0, 1), 0, 0.4)", "uniform(0, 0.5)"),
    ),
    "no probability": (
        "param p = {} : synapse\nn = bernoulli(p) : synapse\nw += n*pre",
        "normal(0.5, 0.2)",
        "a probability lies between 0 and 1; bound `p` with `max`, `min` or `clip`",
        ("clip(normal(0.5, 0.2), 0, 1)", "uniform(0, 1)"),
    ),
}


@pytest.mark.parametrize("case", MAY_NOT_FIT)
def test_draws_that_may_not_fit_are_noted(case: str) -> None:
    text, drawn, message, others = MAY_NOT_FIT[case]
    (note,) = notes(parse(text.format(drawn)))
    assert message in note
    for other in others:
        assert not notes(parse(text.format(other))), other


def test_the_certificate_says_what_is_random() -> None:
    rule = parse("n = normal(0, 1) : post\nparam k = uniform(0, 1) : synapse\nw += k*n*pre")
    items = {item.symbol: item for item in rule.locality().items}
    assert "noise of its postsynaptic neuron" in items["n"].note
    assert (items["k"].available, items["k"].note) == ("once a life", "")
    assert rule.locality().verdict == "local, given side information"


@pytest.mark.parametrize("target", ["numpy", "jax"])
@pytest.mark.parametrize("name", TEXTS)
def test_programs_of_arrays_do_the_same(name: str, target: str, x64: None) -> None:
    rule, space = parse(rule_of(name)), {}
    exec(export(rule, target), space)
    rng, compiled = np.random.default_rng(0), compile_rule(rule, lowering=Lowering.DENSE)
    weights = rng.normal(size=(2, 3))
    random = rng if target == "numpy" else jax.random.key(0)
    values = {"eta": 0.02, "dt": 1.0, "N_pre": 3.0, "N_post": 2.0}
    draws = space["draw"](random, weights)
    once = any(n.once for n in compiled.tangents.system.standards)
    theirs = space["init"](weights, draws) if once else space["init"](weights)
    ours = compiled.init(jnp.asarray(weights), 1)
    ours |= compiled.start(ours, {**values, **draws})
    for _ in range(3):
        now = {"pre": rng.normal(size=3), "u": rng.normal(size=2), "xi": rng.normal(size=2)}
        now |= {"R": 0.5, **space["draw"](random, weights)}
        theirs = space["step"](theirs, now, 1.0)
        moving, still = compiled.split(ours)
        ours = still | compiled.step(moving, still, now, values, jnp.asarray(0))
        theirs = space["on_trial_end"](space["on_reward"](theirs, now, 1.0), now, 1.0)
        for event in (rg.grammar.Event.REWARD, rg.grammar.Event.TRIAL_END):
            ours = compiled.event(event, ours, now, values, jnp.asarray(0))
    for key in ours:
        np.testing.assert_allclose(theirs[key], ours[key], rtol=1e-12, atol=1e-12)


def test_other_targets_say_what_they_can() -> None:
    release, neuron = parse(rule_of("release")), parse(rule_of("a threshold"))
    program = export(release, "brian2")
    assert "draw_of_n = rand()" in program and "draw_of_n : 1" in program
    assert any("draws for a neuron" in p for p in problems(neuron, "brian2"))
    assert any("draws a random number" in p for p in problems(release, "nestml"))
    assert "uniform" in export(parse("n = uniform(0, 1) : pre\nw += n"), "sympy")
    first = export(parse("param k = lognormal(1, 0.5) : synapse\nw += k*pre"), "brian2")
    assert 'put(synapses, "draw_of_k", "randn()")' in first
    assert 'put(synapses, "k", "exp(0.5*draw_of_k)")' in first
