"""Spiking circuits: neurons against closed forms, and rules of spike timing at work in them."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from rulegen.analysis.studies import study
from rulegen.catalog import find, literature
from rulegen.circuits import Network, SpikingCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Pathwise, Pgpe, Score
from rulegen.grammar import parse, unparse
from rulegen.ground.noise import stream
from rulegen.lives import blocks as blocks_module
from rulegen.lives.bench import Bench
from rulegen.lives.life import Life, LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.trial import trial_streams
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation, Task, Trial

KEY = jax.random.key(7)
TASK = DelayedAssociation(cue=20, delay=20, response=20)
SPIKES = {"pre_spike", "post_spike"}

#: Compiling takes most of the time here, and the small programs gain nothing by being optimised.
jit = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


def follow(circuit, weights, drive):
    """Activities over time for input currents of shape (T, N), without noise."""
    silent = jnp.zeros(circuit.neurons)

    def step(before, drive):
        after = circuit.step(jnp.asarray(weights), before, drive, silent)
        return after, (after, circuit.signals(before, after, silent))

    return jit(lambda d: jax.lax.scan(step, circuit.init(stream(KEY), drive.dtype), d)[1])(drive)


@pytest.mark.parametrize("dt", [1.0, 0.1, 0.01])
@pytest.mark.parametrize("current", [1.1, 2.0, 7.0])
def test_rate_at_a_constant_current(x64, current, dt):
    """The interval is that of the closed form, up to the next step."""
    circuit = SpikingCircuit(neurons=1, dt=dt, current=current, noise=0, refractory=3)
    activity, signals = follow(circuit, [[0.0]], jnp.zeros((round(300 / dt), 1)))
    times = dt * np.flatnonzero(signals["post_spike"])
    goal = -70 + current * 20
    charging = 20 * np.log((goal + 60) / (goal + 50))
    np.testing.assert_allclose(np.diff(times), 3 + dt * np.ceil(charging / dt), rtol=1e-9)
    assert len(times) > 4
    assert np.all(activity.u[np.flatnonzero(signals["post_spike"]), 0] == circuit.peak)


def test_no_spike_below_the_smallest_current(x64):
    circuit = SpikingCircuit(neurons=1, current=0.999, noise=0)
    activity, signals = follow(circuit, [[0.0]], jnp.zeros((1000, 1)))
    assert not np.any(signals["post_spike"])
    np.testing.assert_allclose(activity.u[-1], -70 + 0.999 * 20, rtol=1e-12)
    time = np.arange(1, 1001)
    np.testing.assert_allclose(activity.u[:, 0], -70 + 19.98 * (1 - np.exp(-time / 20)), rtol=1e-9)


def test_a_spike_moves_the_next_neuron(x64):
    """The potential after one spike, against the closed form; the error falls with the step."""
    errors = []
    for dt in (0.2, 0.1, 0.05):
        circuit = SpikingCircuit(neurons=2, dt=dt, current=0, noise=0, tau_r=5)
        kick = jnp.zeros((round(60 / dt), 2)).at[0, 0].set(1e4)
        activity, signals = follow(circuit, [[0.0, 0.0], [0.6, 0.0]], kick)
        assert signals["post_spike"][0, 0] == signals["pre_spike"][1, 0] == 1 / dt
        assert np.sum(signals["post_spike"]) == 1 / dt
        time = dt * np.arange(len(kick))
        np.testing.assert_allclose(activity.r[:, 0], np.exp(-time / 5), rtol=1e-9)
        truth = -70 + 20 * 0.6 * 5 / (5 - 20) * (np.exp(-time / 5) - np.exp(-time / 20))
        errors.append(np.abs(activity.u[:, 1] - truth).max())
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 2, rtol=0.05)


def test_the_largest_mean_rate(x64):
    circuit = SpikingCircuit(neurons=1, current=1e6, refractory=3)
    activity, _ = follow(circuit, [[0.0]], jnp.zeros((804, 1)))
    assert np.mean(activity.r[-400:]) == pytest.approx(circuit.limit, rel=1e-9)


class Pair(Task):
    """A kick to each of two neurons; the conditions are the distances between them."""

    name: str = "pair"
    distances: tuple[int, ...]
    conditions = property(lambda self: len(self.distances))
    channels = property(lambda self: 2)
    periods = property(lambda self: {"all": 300.0})
    chance = lambda self, dt: 0.0  # noqa: E731

    def trial(self, stream, condition, dt):
        steps, middle = jnp.arange(self.steps(dt)), self.steps(dt) // 2
        second = middle + jnp.array(self.distances)[condition]
        kicks = jnp.stack([steps == middle, steps == second], axis=1) * 1e4
        return Trial(kicks, jnp.zeros((len(kicks), 1)), jnp.ones(len(kicks)) / len(kicks))


@pytest.mark.parametrize("dt", [1.0, 0.25])
def test_the_window_of_pair_stdp(x64, dt):
    """Two forced spikes change the weight by the formula, from the arrival of the first."""
    steps = np.unique(np.round(np.array([-60, -20, -5, -1, 0, 1, 5, 20, 60]) / dt).astype(int))
    circuit = SpikingCircuit(neurons=2, dt=dt, current=0, noise=0)
    task = Pair(distances=tuple(map(int, steps + 1)))  # a spike arrives one step later
    life = Life(circuit, task, LifeSettings(warmup=0), compile_rule(find("stdp_pair").rule))
    values = life.constants(jnp.array([0.5, 0.3, 17.0, 34.0]))
    network = Network(jnp.zeros((2, 2)), jnp.eye(2), jnp.zeros((1, 2)))
    streams = jax.tree.map(lambda x: x[0], trial_streams(stream(KEY), jnp.arange(1)))

    def change(condition):
        states = life.rules.init(network, 1)
        states, *_ = life.trial.run(states, (), values, network, streams, condition, condition)
        return states["recurrent"]["w"][1, 0]

    found = jit(jax.vmap(change))(jnp.arange(len(steps)))
    d = steps * dt
    expected = np.where(d > 0, 0.5 * np.exp(-d / 17), -0.3 * np.exp(d / 34)) * (d != 0)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "sizes", "gain"),
    [
        ("hebb", {"eta": 1e-9}, 1e-9 / (1 - np.exp(-1 / 10)) ** 2),
        (
            "stdp_pair",
            {"A_plus": 2e-9, "A_minus": 0.5e-9},
            2e-9 / np.expm1(1 / 17) - 0.5e-9 / np.expm1(1 / 34),
        ),
    ],
)
def test_weights_drift_as_the_rates_say(x64, name, sizes, gain):
    """Neurons that do not know each other: the mean change is that of the rates alone.

    A rule of rates reads filtered spikes, whose mean is the rate over 1 - exp(-dt/tau_r); that of
    pairs has a drift of (A+ tau+ - A- tau-) times both rates, with sums over steps for tau.
    """
    n, steps, lives = 5, 20_000, 40
    circuit = SpikingCircuit(neurons=n, gain=0, noise=0.15, start=1)
    task = DelayedAssociation(cue=1, delay=steps - 2, response=1)
    rule = parse(unparse(find(name).rule) + "\nnumber <- number + dt*post_spike : post")
    bench = Bench(World(circuit=circuit, task=task), rule)
    life = Life(circuit, task, LifeSettings(trials=1, warmup=0), compile_rule(rule))
    values = jnp.asarray(bench.vector(sizes))
    end = jax.jit(jax.vmap(lambda i: life.live(values, stream(KEY).fold(i))[0].rules["recurrent"]))
    state = {key: np.asarray(value) for key, value in end(jnp.arange(lives)).items()}
    rates = state["number"] / steps
    assert 0.002 < rates.mean() < 0.2
    expected = gain * steps * rates[:, :, None] * rates[:, None, :]
    others = ~np.eye(n, dtype=bool)
    ratios = state["w"][:, others].mean(axis=1) / expected[:, others].mean(axis=1)
    error = ratios.std() / lives**0.5
    assert error < 0.01
    assert abs(ratios.mean() - 1) < 4 * error
    own = state["w"][:, ~others].mean() / expected[:, ~others].mean()
    assert abs(own - 1) > 0.1, "a neuron does know itself"


RULES = {name: compile_rule(find(name).rule) for name in literature()}


@pytest.mark.parametrize(
    "name",
    [n for n, r in RULES.items() if SPIKES & r.signals and "R" not in r.step_signals],
)
def test_rules_of_spike_timing_live_here(name):
    life = LifeSettings(trials=4, warmup=1)
    bench = Bench(World(circuit=SpikingCircuit(neurons=8), task=TASK, life=life), find(name).rule)
    batch = bench.run(bench.values, KEY, 4)
    assert np.isfinite(batch.rewards).all()
    assert batch.counts.diverged == 0


LEARNER = """
    param eta = 0.02 free
    e <- 0.98*e + pre*post_spike*dt : synapse
    on reward: w += clip(eta*(R - R_bar[condition])*e, -0.1, 0.1)
"""


def test_blocks_of_time_change_nothing(x64, monkeypatch):
    rule, settings = compile_rule(parse(LEARNER)), LifeSettings(trials=4, warmup=1)
    life = Life(SpikingCircuit(neurons=6), TASK, settings, rule)

    def live():
        values = jnp.array([0.02])
        return jit(jax.vmap(lambda i: life(values, stream(KEY).fold(i))))(jnp.arange(3))

    whole = live()
    monkeypatch.setattr(blocks_module.Blocks, "longest", 7)
    np.testing.assert_allclose(live().rewards, whole.rewards, rtol=1e-10)
    assert np.ptp(whole.rewards) > 1e-3


def test_what_estimates_gradients():
    world = World(
        circuit=SpikingCircuit(neurons=4), task=TASK, life=LifeSettings(trials=3, warmup=0)
    )
    rule = parse(LEARNER)
    with pytest.raises(ValueError, match="spikes have none: use `pgpe`"):
        Score().prepare(Bench(world, rule))
    with pytest.raises(ValueError, match="a spiking circuit jumps as weights change"):
        Pathwise().prepare(Bench(world, rule))
    bench, pgpe = Bench(world, rule), Pgpe(lives=8)
    lives = pgpe.prepare(bench)
    estimate = pgpe.estimate(lives, bench.values, np.array([0]), KEY)
    assert np.isfinite(estimate.gradient).all()


def test_circuits_of_spikes_are_opened():
    """All but what needs a derivative of the activity."""
    life = LifeSettings(trials=4, warmup=1)
    world = World(circuit=SpikingCircuit(neurons=6), task=TASK, life=life)
    found = study(world, {"learner": parse(LEARNER)}, lives=2, repeats=2)
    assert "fixed_points" not in found.tables
    assert {"decoding", "similarity", "spectra", "dimensions", "trajectories"} <= {*found.tables}
    circuits = found.tables["circuits"]
    assert circuits["gradient"].isna().all()
    assert np.isfinite(circuits[["size", "rank", "dimension"]]).all(axis=None)
    assert [line.partition(":")[0] for line in found.missing] == ["gradient", "fixed_points"]


def test_lives_do_not_depend_on_chunks():
    world = World(
        circuit=SpikingCircuit(neurons=4), task=TASK, life=LifeSettings(trials=3, warmup=0)
    )
    rule = compile_rule(parse(LEARNER))
    few, many = (Lives(world, rule, chunk=chunk).run(np.array([0.1]), KEY, 5) for chunk in (2, 5))
    np.testing.assert_array_equal(few.rewards, many.rewards)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"refractory": 0.5}, "refractory = 0.5 ms is shorter than dt = 1 ms"),
        ({"refractory": 1e11}, r"refractory = 1e\+11 ms lasts more than 1073741824 steps"),
        ({"dt": 30}, "tau = 20 ms is shorter than dt = 30 ms"),
        ({"tau_r": 0.3}, "tau_r = 0.3 ms is shorter than dt = 1 ms"),
        ({"reset": -40}, "reset = -40 mV is not below threshold = -50 mV"),
        ({"rest": -50}, "rest = -50 mV is not below threshold"),
        ({"start": 2}, "start"),
        ({"readout": (40,)}, "readout: there is no neuron 40"),
        ({"rate": "tanh"}, "rate"),
    ],
)
def test_errors_name_the_field(settings, message):
    with pytest.raises(ValidationError, match=message):
        SpikingCircuit(**settings)


def potentials(circuit: SpikingCircuit, steps: int) -> list:
    """The activity of a neuron that a constant current drives."""
    still = jnp.zeros(1)
    course = [circuit.init(stream(jax.random.key(0)), jnp.float32)]
    step = jax.jit(circuit.step)
    for _ in range(steps):
        course.append(step(still[:, None], course[-1], still, still))
    return course


def test_a_spike_raises_the_threshold_for_a_time() -> None:
    """Intervals grow to those at which a threshold of theta = 1 + b a settles, a as it stands."""
    more = {"neurons": 1, "current": 3.0, "noise": 0.0, "dt": 0.5}
    adapting = {**more, "adaptation": 0.2, "tau_adaptation": 100.0}
    course = potentials(SpikingCircuit(**adapting), 1200)
    times = [k for k, at in enumerate(course) if k and at.wait[0] == 4]
    intervals = np.diff(times)
    assert (np.diff(intervals) >= 0).all() and intervals[-1] > 1.5 * intervals[0]
    # By hand: the same equations with floats of Python.
    u, wait, raised, by_hand = -70.0, 0, 0.0, []
    for k in range(1, 1201):
        goal = -70 + 20 * 3.0
        moved = goal + np.exp(-0.5 / 20) * (u - goal)
        fires = wait == 0 and moved >= -50 + 20 * raised
        u = 20.0 if fires else (moved if wait == 0 else -60.0)
        raised = np.exp(-0.5 / 100) * raised + 0.2 * fires
        wait = 4 if fires else max(wait - 1, 0)
        by_hand += [k] if fires else []
    assert times == by_hand
    plain = potentials(SpikingCircuit(**more), 300)
    even = np.diff([k for k, at in enumerate(plain) if k and at.wait[0] == 4])
    assert len(set(even)) == 1


def test_rules_read_a_surrogate_slope() -> None:
    circuit = SpikingCircuit(neurons=1, current=2.0, noise=0.0, dampening=0.5)
    course, silence = potentials(circuit, 60), jnp.zeros(1)
    for before, after in itertools.pairwise(course):
        slope = float(circuit.signals(before, after, silence)["slope"][0])
        if after.wait[0] == circuit.pause:
            assert slope == 0.5
        elif before.wait[0] > 0:
            assert slope == 0.0
        else:
            x = (float(after.u[0]) + 50.0) / 20.0
            assert slope == pytest.approx(0.5 * max(0.0, 1.0 - abs(x)), abs=1e-6)
