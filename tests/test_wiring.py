"""Dale's law and sparse connectivity: the weights drawn, and what no rule can do to them."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen.analysis.anatomy import dissect
from rulegen.circuits import RateCircuit, SpikingCircuit
from rulegen.compile import compile_rule
from rulegen.compile.lowering import Lowering
from rulegen.grammar import Event, parse
from rulegen.ground.noise import stream
from rulegen.lives.bench import Bench
from rulegen.lives.life import Life, LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

TASK = DelayedAssociation(cue=20, delay=20, response=20)
KEY = jax.random.key(4)
WIRINGS = {
    "signs": {"excitatory": 0.7},
    "sparse": {"connectivity": 0.4},
    "both": {"excitatory": 0.7, "connectivity": 0.4},
}

#: Compiling takes most of the time here, and the small programs gain nothing by being optimised.
jit = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


def signs_of(circuit):
    return np.where(np.arange(circuit.neurons) < round(0.7 * circuit.neurons), 1, -1)


@pytest.mark.parametrize("name", WIRINGS)
def test_first_weights(name):
    circuit = RateCircuit(neurons=500, gain=1.5, **WIRINGS[name])
    network = circuit.draw(stream(KEY), 1, 1, jnp.float32)
    w = np.asarray(network.weights, float)
    p = circuit.connectivity
    assert abs((w != 0).mean() - p) <= 4 * (p * (1 - p) / w.size) ** 0.5
    if circuit.excitatory:
        assert np.all(w * signs_of(circuit) >= 0)
        assert abs(w.mean()) < 0.01 * w.std(), "excitation and inhibition cancel"
    # Without the sums of rows, from which a few eigenvalues stray, the radius is the gain.
    present = w != 0
    balanced = w - present * (w.sum(axis=1) / present.sum(axis=1))[:, None]
    radius = np.quantile(np.abs(np.linalg.eigvals(balanced)), 0.99)
    assert abs(radius / 1.5 - 1) < 0.07
    other = circuit.draw(stream(KEY).fold(1), 1, 1, jnp.float32).weights
    both = (present & (np.asarray(other) != 0)).mean()
    assert abs(both - p**2) < 0.01, "each life has synapses of its own"


LEARNING = {
    "at reward": "param k = 0.1\ne <- e + xi*pre : synapse\non reward: w += k*(R + 1)*e",
    "always": "param k = 0.01 1/ms\ndw/dt = k*(post - w)*pre",
    "twice": "param k = 0.1\non trial start: w <- w*(1 - k)\non trial end: w += k*post*pre - k",
}


@pytest.mark.parametrize("kind", [RateCircuit, SpikingCircuit])
@pytest.mark.parametrize("name", WIRINGS)
@pytest.mark.parametrize("rule", LEARNING)
def test_no_rule_changes_a_sign_or_makes_a_synapse(rule, name, kind):
    circuit = kind(neurons=12, **WIRINGS[name])
    settings = LifeSettings(trials=6, warmup=1)
    life = Life(circuit, TASK, settings, compile_rule(parse(LEARNING[rule])))
    values = jnp.array([p.value for p in life.rule.rule.parameters], float)
    end, result = jit(life.live)(values, stream(KEY))
    first, last = np.asarray(end.network.weights), np.asarray(end.learned.weights)
    assert np.all(last[first == 0] == 0)
    assert np.mean(last[first != 0] != first[first != 0]) > 0.5
    assert (result.violations > 0) == (circuit.excitatory > 0)
    if circuit.excitatory:
        assert np.all(last * signs_of(circuit) >= 0)
        assert np.any(last * signs_of(circuit) > 0)


SHIFTS = {
    "at an event": ("param k = 0.05\non reward: w += -k", 1),
    "at every step": ("param k = 0.005 1/ms\ndw/dt = -k", 6),
}


@pytest.mark.parametrize("shift", SHIFTS)
def test_violations_are_counted(shift):
    """Every weight moves down by the same amount: what is cut short can be counted by hand."""
    text, changes = SHIFTS[shift]
    circuit = RateCircuit(neurons=8, **WIRINGS["both"])
    life = LifeSettings(trials=7, warmup=2)
    lives = Lives(World(circuit=circuit, task=TASK, life=life), compile_rule(parse(text)), chunk=3)
    values = np.array([p.value for p in lives.rule.rule.parameters], float)
    batch = lives.run(values, KEY, 5)
    for index, found in enumerate(batch.violations):
        w = np.asarray(circuit.draw(stream(KEY).fold(index), 2, 1, jnp.float32).weights)
        excitatory, count = (w != 0) & (signs_of(circuit) > 0), 0
        for _ in range(changes * 5):
            w = w - 0.05
            count += np.sum(w[excitatory] < 0)
            w = np.where(excitatory, np.maximum(w, 0), w)
        assert found == count > 0


def test_nothing_is_violated_where_every_weight_is_free():
    world = World(circuit=RateCircuit(neurons=4), task=TASK, life=LifeSettings(trials=2, warmup=0))
    batch = Lives(world, compile_rule(parse("on reward: w += -0.3"))).run(np.zeros(0), KEY, 3)
    np.testing.assert_array_equal(batch.violations, np.zeros(3))


@pytest.mark.parametrize("lowering", Lowering)
@pytest.mark.parametrize(("a", "bounds"), [(0.4, ""), (0.4, "bounds w in [-0.3, 0.4]"), (0.0, "")])
def test_tangents_at_the_bounds_are_derivatives(x64, a, bounds, lowering):
    """Of the weights after three trials of given activity, against `jax.jvp`.

    At a = 0 no weight moves, and absent synapses would, were it not for the bounds.
    """
    rule = parse(f"""
        param a = 0.4 free
        e <- 0.9*e + a*xi*pre + a**2*post : synapse
        on reward: w += R*e - 0.1*a*w
        {bounds}
    """)
    compiled = compile_rule(rule, wrt=["a"], lowering=lowering)
    circuit = RateCircuit(neurons=9, **WIRINGS["both"])
    network = circuit.draw(stream(KEY), 2, 1, jnp.float64)
    pre, post, xi = jax.random.normal(KEY, (3, 3, 4, 9))

    def live(a):
        state = compiled.init(network.weights, 1, network.bounds_of("recurrent"))
        for trial in range(3):
            given = {"pre": pre[trial], "post": post[trial], "xi": xi[trial]}
            moving, still = compiled.split(state)
            for step in range(4):
                now = {name: values[step] for name, values in given.items()}
                moving = compiled.step(
                    moving, still, now, {"a": a}, 0, network.bounds_of("recurrent")
                )
            state = compiled.integrate({**still, **moving}, given, {"a": a}, 4, 0)
            now["R"] = jnp.asarray(trial - 0.7)
            state = compiled.event(
                Event.REWARD, state, now, {"a": a}, 0, network.bounds_of("recurrent")
            )
        return state

    state, slopes = jax.jvp(live, (a,), (1.0,))
    np.testing.assert_allclose(state["w@a"], slopes["w"], rtol=1e-9, atol=1e-12)
    present = np.asarray(network.weights) != 0
    assert np.all(state["w@a"][~present] == 0)
    held = state["w@a"][present] == 0
    assert np.any(held) or a == 0, "the test has weights that are held"
    assert np.any(state["w@a"][present] != 0)


def test_the_forward_pass_makes_no_synapse():
    rule = compile_rule(parse("forward w = w - 0.1\non reward: w += 0"))
    network = RateCircuit(neurons=6, **WIRINGS["both"]).draw(stream(KEY), 2, 1, jnp.float32)
    state = rule.init(network.weights, 1, network.bounds_of("recurrent"))
    used, _ = rule.forward(state, {}, 0, network.bounds_of("recurrent"))
    expected = np.clip(network.weights - 0.1, *network.bounds_of("recurrent"))
    np.testing.assert_allclose(used, expected)
    assert np.all(np.asarray(used)[network.weights == 0] == 0)


def test_an_opened_circuit_has_a_gradient_only_where_synapses_are():
    circuit = RateCircuit(neurons=6, **WIRINGS["sparse"])
    world = World(circuit=circuit, task=TASK, life=LifeSettings(trials=2, warmup=0))
    bench = Bench(world, parse("on reward: w += 0.1*pre*post"))
    found = dissect(bench, bench.values, KEY, 2, repeats=1)
    np.testing.assert_array_equal(found.gradient != 0, found.before != 0)
    np.testing.assert_array_equal(found.change != 0, found.before != 0)
