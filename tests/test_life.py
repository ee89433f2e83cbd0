"""One life: warmup, divergence, outcomes, order of events, and what is refused."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen.circuits import Pulses, RateCircuit, SpikingCircuit
from rulegen.compile import compile_rule
from rulegen.compile.lowering import Lowering
from rulegen.grammar import RuleError, parse
from rulegen.ground.noise import stream
from rulegen.lives import blocks as blocks_module
from rulegen.lives.bench import Bench
from rulegen.lives.drive import drive
from rulegen.lives.life import Life, LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.outcomes import Outcome
from rulegen.lives.trial import trial_streams
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

TASK = DelayedAssociation(cue=20, delay=20, response=20)
CIRCUIT = RateCircuit(neurons=4)
KEY = jax.random.key(4)

#: Compiling takes most of the time here, and the small programs gain nothing by being optimised.
jit = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


@functools.cache
def lives_of(text, circuit=CIRCUIT, wrt=(), lowering=None, **settings):
    world = World(
        circuit=circuit, task=TASK, life=LifeSettings(**{"trials": 5, "warmup": 0, **settings})
    )
    return Lives(world, compile_rule(parse(text), wrt=wrt, lowering=lowering), chunk=4)


def run(text, values, count=6, **options):
    return lives_of(text, **options).run(np.array(values, float), KEY, count)


LEARNING = {
    "at reward": "param k = 0\ne <- e + xi*pre : synapse\non reward: w += k*(R + 1)*e",
    "at trial start": "param k = 0\ne <- e + xi*pre : synapse\non trial start: w += k*(e + post)",
    "at trial end": "param k = 0\non trial end: w += k*post*pre*R",
    "always": "param k = 0 1/ms\ndw/dt = k*(post - w)*pre",
}


@pytest.mark.parametrize("name", LEARNING)
def test_no_weight_changes_during_warmup(name):
    """Not even within a trial: the activity is that of the first weights."""
    moving, still = (run(LEARNING[name], [k], warmup=3) for k in (0.05, 0.0))
    np.testing.assert_array_equal(moving.rewards[:, :3], still.rewards[:, :3])
    assert np.abs(moving.rewards[:, 4] - still.rewards[:, 4]).max() > 1e-6


def test_baselines_settle_during_warmup():
    """The running mean follows rewards while weights do not."""
    text = "param k = 0\non reward: w += k*R_bar"
    batch = run(text, [0.0], warmup=4, trials=6)
    shifted = run(text, [1.0], warmup=4, trials=6)
    baseline = np.zeros(6)
    for reward in batch.rewards[:, :4].T:
        baseline += 0.2 * (reward - baseline)
    # Trial 4 is the first to change weights, by the baseline of the trials before it.
    same = "param k = 0\nparam s = 0\nT <- T : global\non reward: w += k*s"
    assert np.all(baseline < 0)
    direct = [run(same, [1.0, b], warmup=4, trials=6).rewards[i, 5] for i, b in enumerate(baseline)]
    np.testing.assert_allclose(shifted.rewards[:, 5], direct, rtol=1e-4)


def test_diverging_never_pays():
    """A diverged life gets the worst reward that it had, where that is below the floor."""
    text = "param k = 0\ne <- e + xi*pre : synapse\non reward: w += k*e"
    lives = lives_of(text, warmup=3, floor=-1e-9)
    rewards = lives.run(np.full((4, 1), 1e9), KEY, 4).rewards
    np.testing.assert_array_equal(
        rewards[:, 4:], rewards[:, :4].min(axis=1)[:, None] + 0 * rewards[:, 4:]
    )


def test_diverged_lives_are_counted_and_contained():
    """A life that blows up gets the floor from then on, and its neighbours do not notice."""
    text = "param k = 0\ne <- e + xi*pre : synapse\non reward: w += k*e"
    lives = lives_of(text, warmup=1, floor=-2.0)
    rows = np.zeros((6, 1))
    reference = lives.run(rows, KEY, 6)
    for bad in (1e6, 1e38, np.inf, np.nan):
        rows[2] = bad
        batch = lives.run(rows, KEY, 6)
        assert batch.counts.diverged == 1
        assert batch.outcomes[2] == Outcome.DIVERGED
        assert batch.counts == (5, 1, 0, 0)
        np.testing.assert_array_equal(batch.rewards[2, 1:], -2.0)
        others = np.arange(6) != 2
        np.testing.assert_array_equal(batch.rewards[others], reference.rewards[others])


def test_a_diverged_life_never_recovers():
    """Weights that return into the limit do not make a life whole again."""
    text = "param k = 0\ne <- e + xi*pre : synapse\non reward: w <- k*R*1000/(1 + w**2)"
    floor = -1e6  # below any reward of a life, so that it marks where a life ended
    batch = run(text, [1.0], warmup=1, trials=8, weight_limit=50.0, floor=floor)
    first = np.argmax(batch.rewards == floor, axis=1)
    assert batch.counts.diverged >= 1
    for life in np.flatnonzero(batch.outcomes == Outcome.DIVERGED):
        np.testing.assert_array_equal(batch.rewards[life, first[life] :], floor)


def test_scores_of_diverged_trials_are_zero():
    text = "param k = 0 free\ne <- e + xi*pre : synapse\non reward: w += k*e"
    batch = run(text, [1e38], wrt=("k",), warmup=1)
    assert batch.counts.diverged == 6
    assert np.all(batch.scores[:, 2:] == 0)
    assert np.isfinite(batch.scores).all()


@pytest.mark.parametrize(
    ("rate", "bias", "outcome"),
    [
        ("tanh", 50, Outcome.SATURATED),
        ("sigmoid", 50, Outcome.SATURATED),
        ("relu", 50, Outcome.OK),
        ("linear", 50, Outcome.OK),
        ("relu", -50, Outcome.SILENT),
        ("sigmoid", -50, Outcome.SILENT),
        ("tanh", 0, Outcome.OK),
    ],
)
def test_outcomes(rate, bias, outcome):
    """Only rates that have a limit can be at it."""
    circuit = RateCircuit(neurons=4, rate=rate, dt=40, gain=0.5)
    world = World(circuit=circuit, task=DelayedAssociation(cue=40, delay=400, response=40))
    rule = compile_rule(parse("param b = 0\nforward bias = b\non reward: w += 0"))
    life = Life(circuit, world.task, LifeSettings(trials=2, warmup=0), rule)
    result = jit(life)(jnp.array([float(bias)]), stream(KEY))
    assert result.outcome == outcome


RULES_OF_BOTH_LOWERINGS = {
    "separable powers": """
        param a = 0.7 free
        param b = 0.2 free
        v <- 0.3*v + 0.7*u : post
        e <- e + a*xi*pre + b*(pre*(u - v))**3 : synapse
        on trial start: e <- 0
        on reward: w += clip(0.3*(R - R_bar[condition])*e, -0.2, 0.2)
    """,
    "time constants": """
        param tau = 37 ms free
        x = accumulate(pre, tau)
        de/dt = -e/tau + x*(post - u) : synapse
        on reward: w += 0.001*(R + 0.3)*e/tau
    """,
    "weight dependent": """
        param a = 0.4 free
        e <- 0.8*e + a*(1 - w)**2*post*pre + w*xi**2 : synapse
        on reward: w += 0.1*(R + 0.3)*e
    """,
    "a baseline of its own for each condition": """
        param a = 0.4 free
        b[condition] = average(R, 0.5)
        e <- 0.9*e + a*b[condition]*xi*pre + post*pre : synapse
        on reward: w += 0.1*(R + 0.3)*e
    """,
    "states chained at events": """
        param a = 0.4 free
        e <- 0.9*e + a*xi*pre : synapse
        f <- 0.7*f + post*pre : synapse
        on reward: f <- f + 0.5*e
        on reward: w += 0.1*(R + 0.3)*(e + f)
        on trial end: e <- 0.2*f + a*xi
    """,
    "opposites": """
        nonlocal opposite
        param a = 0.5 free
        e <- 0.9*e + a*post*pre*opposite(w) + 0.3*xi*pre : synapse
        on reward: w += 0.2*(R + 0.3)*(e - a*opposite(e)*opposite(w))
    """,
}


@pytest.mark.parametrize("name", RULES_OF_BOTH_LOWERINGS)
def test_lowerings_agree_over_whole_lives(x64, name):
    """Rewards and exact scores, the noise tangents among them."""
    rule = parse(RULES_OF_BOTH_LOWERINGS[name])
    values = jnp.asarray([p.value for p in rule.parameters])

    def live(lowering):
        wrt = [p.name for p in rule.free]
        compiled = compile_rule(rule, wrt=wrt, noise_tangent=True, lowering=lowering)
        life = Life(CIRCUIT, TASK, LifeSettings(trials=4, warmup=1), compiled)
        return jit(jax.vmap(lambda i: life(values, stream(KEY).fold(i))))(jnp.arange(3))

    a, b = live(Lowering.DENSE), live(Lowering.FACTORED)
    np.testing.assert_allclose(a.rewards, b.rewards, rtol=1e-10)
    np.testing.assert_allclose(a.scores, b.scores, rtol=1e-8, atol=1e-12)
    assert np.abs(a.scores[:, 2:]).max() > 1e-6


def test_the_other_direction_of_synapses_is_that_of_the_same_two_neurons():
    """A rule that exchanges both directions at every reward gives the transposed weights."""
    exchanged = compile_rule(parse("nonlocal opposite\non reward: w <- opposite(w)"))
    still = compile_rule(parse("on reward: w <- w"))
    before, once, twice = (
        jit(Life(CIRCUIT, TASK, LifeSettings(trials=trials, warmup=0), rule).live)(
            jnp.zeros(0), stream(KEY)
        )[0].learned.weights
        for rule, trials in ((still, 1), (exchanged, 1), (exchanged, 2))
    )
    np.testing.assert_array_equal(once, before.T)
    np.testing.assert_array_equal(twice, before)


def test_the_time_in_a_trial_counts_steps(x64, monkeypatch):
    """`t` equals a counter, inside steps, in the factored lowering, at events and over blocks."""
    head = "param eta = 0.1\nparam late = 25 ms\n{}x <- 0.5*x + (late < {})*u : post\n"
    rest = """e <- e + {}/late*pre*(u - x) : synapse
        on trial start: e <- 0
        on reward: w += clip(eta*{}/late*R*e, -0.1, 0.1)"""
    counted = head + rest + "\non trial start: n <- 0"
    rules = (head + rest).format("", *"ttt"), counted.format("n <- n + dt : global\n", *"nnn")
    monkeypatch.setattr(blocks_module.Blocks, "longest", 3)

    def live(text):
        rule = parse(text)
        values = jnp.asarray([p.value for p in rule.parameters])
        compiled = compile_rule(rule)
        life = Life(CIRCUIT, TASK, LifeSettings(trials=4, warmup=1), compiled)
        return jit(lambda: life(values, stream(KEY)))().rewards

    built_in, counter = map(live, rules)
    np.testing.assert_allclose(built_in, counter, rtol=1e-10)
    assert np.ptp(built_in) > 1e-3


@pytest.mark.parametrize("steps", [1, 3], ids=["equal blocks", "a rest"])
@pytest.mark.parametrize("name", ["separable powers", "time constants", "step by step"])
def test_blocks_of_time_change_nothing(x64, monkeypatch, name, steps):
    """Rewards and scores, with noise that remembers and with weights that never rest."""
    step_by_step = """
        param a = 0.02 1/ms free
        x <- 0.5*x + prev(post) : post
        dw/dt = a*(x - post*w)*pre
    """
    rule = parse(RULES_OF_BOTH_LOWERINGS.get(name, step_by_step))
    circuit = RateCircuit(neurons=4, correlation=25, pulses=Pulses(probability=0.2, size=2))
    task = DelayedAssociation(cue=20, delay=30, response=20)
    values = jnp.asarray([p.value for p in rule.parameters])

    def live():
        compiled = compile_rule(rule, wrt=[p.name for p in rule.free], noise_tangent=True)
        life = Life(circuit, task, LifeSettings(trials=3, warmup=1), compiled)
        return jit(jax.vmap(lambda i: life(values, stream(KEY).fold(i))))(jnp.arange(2))

    whole = live()
    monkeypatch.setattr(blocks_module.Blocks, "longest", steps)
    parts = live()
    np.testing.assert_allclose(parts.rewards, whole.rewards, rtol=1e-10)
    np.testing.assert_allclose(parts.scores, whole.scores, rtol=1e-8, atol=1e-14)
    assert np.abs(whole.scores[:, 2:]).max() > 1e-8


@pytest.mark.parametrize(
    ("circuit", "signal", "value"),
    [
        (RateCircuit(neurons=3, rate="sigmoid"), "post", 0.5),
        (SpikingCircuit(neurons=3), "u", -70.0),
    ],
)
def test_a_trial_starts_with_what_the_circuit_begins_with(circuit, signal, value):
    """`drive` has nothing there: what the documentation says of both."""
    text = f"x <- x : post\non trial start: x <- {signal}\non reward: w <- x"
    life = Life(circuit, TASK, LifeSettings(trials=1, warmup=0), compile_rule(parse(text)))
    lived = jit(life.live)(jnp.zeros(0), stream(KEY))[0].learned.weights
    np.testing.assert_allclose(lived, value)
    activity = {signal: jnp.full((1, 4, 3), value)}
    driven = drive(compile_rule(parse(text)), jnp.ones((3, 3)), activity, dt=1.0)
    np.testing.assert_array_equal(driven.state["w"], 0.0)


def test_prev_starts_each_trial_at_zero():
    """A state that grows by prev(1) counts steps after the first, in every trial anew."""
    text = """
        n <- n + 1 : global
        m <- m + (1 if prev(n) > 0 else 0) : global
        on trial start: m <- 0
        on reward: w <- m/100
    """
    rule = compile_rule(parse(text))
    life = Life(CIRCUIT, TASK, LifeSettings(trials=3, warmup=0), rule)
    network = CIRCUIT.draw(stream(KEY), TASK.channels, TASK.outputs, jnp.float32)
    streams = jax.tree.map(lambda x: x[0], trial_streams(stream(KEY), jnp.arange(1)))
    values = life.constants(jnp.zeros(0))
    trial = jit(lambda states, k: life.trial.run(states, (), values, network, streams, k, 0 * k)[0])
    network = network._replace(weights=jnp.zeros((4, 4)))
    weights, states = [], life.rules.init(network, 2)
    for number in range(3):
        states = trial(states, jnp.asarray(number))
        weights.append(float(states["recurrent"]["w"][0, 0]))
    # Of the steps of a trial the first has prev(n) = 0; in the first trial so has the second.
    steps = TASK.steps(CIRCUIT.dt)
    np.testing.assert_allclose(weights, np.array([steps - 2, steps - 1, steps - 1]) / 100)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "on reward: w += post_spike*pre*dt",
            'does not provide `post_spike`.* set circuit.name = "spiking"',
        ),
    ],
)
def test_rules_that_read_too_much_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        lives_of(text)


def test_scores_need_noise():
    text = "param k = 1 free\non reward: w += k*pre*R"
    with pytest.raises(ValueError, match="needs exploration noise"):
        lives_of(text, wrt=("k",), circuit=RateCircuit(neurons=3, noise=0))


DECAYS = {
    "a filter": "x = lowpass(pre, tau)\ne <- e + x*post : synapse",
    "an equation": "de/dt = -e/tau + post*pre",
    "a definition": "leak = -e/tau\nde/dt = leak + post*pre",
    "a difference": "de/dt = (post*pre - e)/tau",
}


@pytest.mark.parametrize("decay", DECAYS.values(), ids=DECAYS)
@pytest.mark.parametrize(("tau", "message"), [(0, "must be positive"), (3, "shorter than")])
def test_time_constants_must_fit_the_step(decay, tau, message):
    text = f"param eta = 0.1\nparam tau = {tau} ms\n{decay}\non reward: w += eta*e"
    with pytest.raises(RuleError, match=message):
        Bench(World(circuit=CIRCUIT, task=TASK), parse(text))


@pytest.mark.parametrize("decay", ["tau = 1e9 ms\nde/dt = -e/tau", "k = 0 1/ms\nde/dt = -k*e"])
def test_a_trace_that_hardly_forgets_is_one_that_does_not(decay):
    text = "param eta = 0.01 1/ms\n{}\non reward: w += eta*R*e"
    rewards = [
        lives_of(text.format(line), trials=30).run(np.array(values), KEY, 4).rewards
        for line, values in (
            ("de/dt = xi*pre", [0.01]),
            (f"param {decay} + xi*pre", [0.01, 1e9 if "tau" in decay else 0.0]),
        )
    ]
    np.testing.assert_allclose(*rewards, rtol=1e-3)
    assert np.ptp(rewards[0]) > 0.01


def test_a_filter_cannot_grow_but_an_equation_can():
    world, end = World(circuit=CIRCUIT, task=TASK), "\nparam eta = 1\non reward: w += eta*x*pre"
    with pytest.raises(RuleError, match="must be positive"):
        Bench(world, parse("param tau = -5 ms\nx = lowpass(post, tau)" + end))
    assert Bench(world, parse("dx/dt = 0.001*x + post" + end)).values.shape == (1,)


def test_errors_of_settings_name_the_field():
    for settings in ({"trials": 0}, {"warmup": -1}, {"weight_limit": 0}, {"floor": float("nan")}):
        with pytest.raises(ValueError, match=next(iter(settings))):
            LifeSettings(**settings)
