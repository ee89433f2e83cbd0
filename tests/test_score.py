"""The score: per life against the log density, on average against finite differences."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen.circuits import Activity, Pulses, RateCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Score
from rulegen.grammar import parse
from rulegen.ground.noise import Purpose, stream
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

FREE = np.array([1, 2, 3])
KEY = jax.random.key(1)

#: Compiling takes most of the time here, and the small programs gain nothing by being optimised.
jit = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


def family(eta, a):
    return parse(f"""
        param eta = {eta} 1/ms
        param a = {a} free
        param b = 0.8 free
        param c = -0.5 free
        u_bar <- 0.3*u_bar + 0.7*u : post
        de/dt = a*xi*pre + b*(u - u_bar)*pre + c*w*post : synapse
        on trial start: e <- 0
        on reward: w += clip(eta*(R + 0.3)*e, -0.5, 0.5)
    """)


def world(neurons, trials, **circuit):
    return World(
        circuit=RateCircuit(neurons=neurons, noise=0.5, tau=20, **circuit),
        task=DelayedAssociation(cue=10, delay=10, response=10),
        life=LifeSettings(trials=trials, warmup=0),
        chunk=10_000,
    )


def values_of(rule):
    return np.array([p.value for p in rule.parameters])


def log_density(theta, world, eta, rewards, activity):
    """log p(potentials | theta), written out by hand for the family above, trial by trial.

    Pulses, the noise before the trial and the noise of clamped neurons do not depend on theta.
    """
    circuit, dt = world.circuit, world.circuit.dt
    potentials, drives, noises, network = activity
    a, sigma, kept = circuit.step_size, circuit.noise, circuit.retention
    w, u_bar, total = network.weights, jnp.zeros(circuit.neurons), []
    for u_trial, reward, drive, noise in zip(potentials, rewards, drives, noises, strict=True):
        u, e, trial_total = start(circuit), jnp.zeros_like(w), 0.0
        # The noise before the trial, from n(0) = A n(-1) + sqrt(1 - A^2) fresh(0).
        n = (noise.gaussian[0] - (1 - kept**2) ** 0.5 * noise.fresh[0]) / kept if kept else 0.0
        for t, (u_next, current) in enumerate(zip(u_trial, drive, strict=True)):
            pre, pulse = jnp.tanh(u), noise.xi[t] - noise.gaussian[t]
            mean = u + a * (-u + w @ pre + current) + sigma * pulse
            earlier, n = n, jnp.where(circuit.held, noise.gaussian[t], (u_next - mean) / sigma)
            fresh = (n - kept * earlier) / (1 - kept**2) ** 0.5
            trial_total += -0.5 * jnp.sum(fresh**2)
            xi = n + pulse
            post_side = theta[0] * xi + theta[1] * (u_next - u_bar)
            e += dt * (jnp.outer(post_side, pre) + theta[2] * w * jnp.tanh(u_next)[:, None])
            u_bar = 0.3 * u_bar + 0.7 * u_next
            u = u_next
        w = within(w + jnp.clip(eta * (reward + 0.3) * e, -0.5, 0.5), network)
        total.append(trial_total)
    return jnp.stack(total)


def within(weights, network):
    return weights if network.bounds is None else jnp.clip(weights, *network.bounds)


def start(circuit):
    """Potentials before the first step."""
    return (
        jnp.zeros(circuit.neurons)
        .at[jnp.array([i for i, _ in circuit.clamped], int)]
        .set(jnp.array([u for _, u in circuit.clamped]))
    )


def replay(theta, world, eta, conditions):
    """Rewards, potentials, input currents, noise and network of the first life, by hand."""
    circuit, task, source = world.circuit, world.task, stream(KEY).fold(0)
    network = circuit.draw(source, 2, 1, jnp.float64)
    steps, still = task.steps(circuit.dt), circuit.quiet(jnp.float64)
    exploration = source.fold(Purpose.EXPLORATION)
    noise = jax.vmap(lambda k: circuit.explore(exploration.fold(k), 0, steps, still))
    noises = noise(jnp.arange(len(conditions)))
    trials = jax.vmap(lambda condition: task.trial(source, condition, circuit.dt))(conditions)
    drives = trials.stimulus @ network.inputs.T
    w, u_bar, rewards, potentials = network.weights, jnp.zeros(circuit.neurons), [], []
    for k, trial_noise in enumerate(noises.xi):
        u, path, e = start(circuit), [], 0.0
        for xi, current in zip(trial_noise, drives[k], strict=True):
            pre = jnp.tanh(u)
            u = circuit.step(w, Activity(u, pre), current, xi).u
            path.append(u)
            post_side = theta[0] * xi + theta[1] * (u - u_bar)
            e += circuit.dt * (jnp.outer(post_side, pre) + theta[2] * w * jnp.tanh(u)[:, None])
            u_bar = 0.3 * u_bar + 0.7 * u
        trial = jax.tree.map(lambda part, k=k: part[k], trials)
        rewards.append(task.reward(trial, jnp.tanh(jnp.stack(path)) @ network.readout.T))
        w = within(w + jnp.clip(eta * (rewards[-1] + 0.3) * e, -0.5, 0.5), network)
        potentials.append(jnp.stack(path))
    by_trial = [jax.tree.map(lambda x, k=k: x[k], noises) for k in range(len(conditions))]
    return jnp.stack(rewards), jnp.stack(potentials), drives, by_trial, network


CIRCUITS = {
    "white noise": {},
    "correlated noise": {"correlation": 15.0},
    "pulses beside the noise": {"pulses": Pulses(probability=0.4, size=3.0)},
    "clamped neurons": {"clamped": ((1, 0.7),), "correlation": 15.0},
    "signs and absent synapses": {"excitatory": 0.6, "connectivity": 0.7},
}


@pytest.mark.parametrize("name", CIRCUITS)
def test_scores_are_derivatives_of_the_log_density(x64, name):
    """s_k of one life equals d log p(activity of trial k)/d theta at fixed potentials."""
    eta, here = 0.1, world(neurons=3, trials=4, **CIRCUITS[name])
    rule = family(eta, a=0.7)
    lives = Score(exact=True).prepare(Bench(here, rule))
    batch = lives.run(values_of(rule), KEY, 1)
    theta = jnp.asarray(values_of(rule)[1:])
    rewards, *activity = jit(lambda c: replay(theta, here, eta, c))(batch.conditions[0])
    np.testing.assert_allclose(rewards, batch.rewards[0], rtol=1e-12)
    jacobian = jax.jacfwd(lambda t: log_density(t, here, eta, rewards, activity))
    truth = jit(jacobian)(theta)
    assert np.abs(truth[1:]).min() > 1e-4
    np.testing.assert_allclose(batch.scores[0], truth, rtol=1e-9, atol=1e-11)
    biased = Score(exact=False).prepare(Bench(here, rule)).run(values_of(rule), KEY, 1)
    assert np.abs(biased.scores[0] - truth).max() > 1e-3, "the noise tangent must matter"


@pytest.mark.long
def test_unbiased_at_gamma_one(x64):
    """Within three standard errors of common-random-number differences, on separate lives."""
    count, h, here = 300_000, 0.02, world(neurons=2, trials=3)
    rule = family(eta=0.1, a=0.0)
    values = values_of(rule)
    score = Score(lives=count, clip=0, gamma=1.0, exact=True)
    lives = score.prepare(Bench(here, rule))
    estimate = score.estimate(lives, values, FREE, KEY)
    plain, truth, truth_error = Lives(here, compile_rule(rule)), [], []
    for index in FREE:
        step = np.eye(len(values))[index] * h
        up, down = (plain.run(values + s * step, jax.random.key(2), count).means for s in (1, -1))
        truth.append((up - down).mean() / (2 * h))
        truth_error.append((up - down).std() / (2 * h) / count**0.5)
    z = (estimate.gradient - truth) / np.hypot(estimate.error, truth_error)
    assert np.all(np.abs(z) < 3), z
    # The test has teeth: a gradient of zero, or of twice the size, would not pass.
    assert np.max(np.abs(estimate.gradient) / estimate.error) > 5
