"""The score estimator is exact: per life against the log density, on average against differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grammar import parse
from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Score
from rulegen.estimators.score import advantages
from rulegen.life import LifeSettings
from rulegen.lives import Lives, World
from rulegen.noise import Purpose, normal, stream
from rulegen.tasks import DelayedAssociation

FREE = np.array([1, 2, 3])
KEY = jax.random.key(1)


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


def world(neurons, trials, noise=0.5):
    return World(
        circuit=RateCircuit(neurons=neurons, noise=noise, tau=20),
        task=DelayedAssociation(cue=10, delay=10, response=10),
        life=LifeSettings(trials=trials, warmup=0),
    )


def values_of(rule):
    return np.array([p.value for p in rule.parameters])


def log_density(theta, world, eta, potentials, rewards, network, drives):
    """log p(potentials | theta), written out by hand for the family above, trial by trial."""
    circuit, dt = world.circuit, world.circuit.dt
    w, u_bar, total = network.weights, jnp.zeros(circuit.neurons), []
    for u_trial, reward, drive in zip(potentials, rewards, drives, strict=True):
        u, e, trial_total = jnp.zeros(circuit.neurons), jnp.zeros_like(w), 0.0
        for u_next, current in zip(u_trial, drive, strict=True):
            pre = jnp.tanh(u)
            mean = u + circuit.step_size * (-u + w @ pre + current)
            xi = (u_next - mean) / circuit.noise
            trial_total += -0.5 * jnp.sum(xi**2)
            post_side = theta[0] * xi + theta[1] * (u_next - u_bar)
            e += dt * (jnp.outer(post_side, pre) + theta[2] * w * jnp.tanh(u_next)[:, None])
            u_bar = 0.3 * u_bar + 0.7 * u_next
            u = u_next
        w = w + jnp.clip(eta * (reward + 0.3) * e, -0.5, 0.5)
        total.append(trial_total)
    return jnp.stack(total)


def test_scores_are_derivatives_of_the_log_density(x64):
    """s_k of one life equals d log p(activity of trial k)/d theta at fixed potentials."""
    eta, here = 0.1, world(neurons=3, trials=4)
    rule = family(eta, a=0.7)
    lives = Score(exact=True).prepare(here, rule, ["a", "b", "c"])
    batch = lives.run(values_of(rule), KEY, 1)
    source = stream(KEY).fold(0)
    network = here.circuit.draw(source, 2, 1, jnp.float64)
    # Replay the life to get its potentials; its rewards must come out as well.
    theta, steps = values_of(rule)[1:], here.task.steps(here.circuit.dt)
    w, u_bar, potentials, drives = network.weights, jnp.zeros(3), [], []
    for k, condition in enumerate(batch.conditions[0]):
        trial = here.task.trial(source, condition, here.circuit.dt)
        noise = normal(source.fold(Purpose.EXPLORATION).fold(k), (steps, 3), jnp.float64)
        drive, u, path, e = trial.stimulus @ network.inputs.T, jnp.zeros(3), [], 0.0
        for xi, current in zip(noise, drive, strict=True):
            pre = jnp.tanh(u)
            u = here.circuit.step(w, u, current, xi)
            path.append(u)
            e += here.circuit.dt * (
                jnp.outer(theta[0] * xi + theta[1] * (u - u_bar), pre)
                + theta[2] * w * jnp.tanh(u)[:, None]
            )
            u_bar = 0.3 * u_bar + 0.7 * u
        reward = here.task.reward(trial, jnp.tanh(jnp.stack(path)) @ network.readout.T)
        assert np.isclose(reward, batch.rewards[0, k], rtol=1e-12)
        w = w + jnp.clip(eta * (reward + 0.3) * e, -0.5, 0.5)
        potentials.append(jnp.stack(path))
        drives.append(drive)
    arguments = (here, eta, jnp.stack(potentials), batch.rewards[0], network, jnp.stack(drives))
    truth = jax.jacfwd(log_density)(jnp.asarray(theta), *arguments)
    assert np.abs(truth[1:]).min() > 1e-4
    np.testing.assert_allclose(batch.scores[0], truth, rtol=1e-9, atol=1e-11)
    biased = Score(exact=False).prepare(here, rule, ["a", "b", "c"]).run(values_of(rule), KEY, 1)
    assert np.abs(biased.scores[0] - truth).max() > 1e-3, "the noise tangent must matter"


def test_unbiased_at_gamma_one(x64):
    """Within three standard errors of common-random-number differences, on separate lives."""
    count, h, here = 300_000, 0.02, world(neurons=2, trials=3)
    rule = family(eta=0.1, a=0.0)
    values = values_of(rule)
    score = Score(lives=count, clip=0, gamma=1.0, exact=True)
    lives = score.prepare(here, rule, ["a", "b", "c"])
    lives.chunk = 10_000
    estimate = score.estimate(lives, values, FREE, KEY)
    plain, truth, truth_error = Lives(here, compile_rule(rule), chunk=10_000), [], []
    for index in FREE:
        step = np.eye(len(values))[index] * h
        up, down = (plain.run(values + s * step, jax.random.key(2), count).means for s in (1, -1))
        truth.append((up - down).mean() / (2 * h))
        truth_error.append((up - down).std() / (2 * h) / count**0.5)
    z = (estimate.gradient - truth) / np.hypot(estimate.error, truth_error)
    assert np.all(np.abs(z) < 3), z
    # The test has teeth: a gradient of zero, or of twice the size, would not pass.
    assert np.max(np.abs(estimate.gradient) / estimate.error) > 5


@pytest.mark.parametrize("gamma", [0.0, 0.7, 1.0])
def test_advantages_follow_their_definition(gamma):
    rng = np.random.default_rng(0)
    rewards, conditions = rng.normal(size=(3, 9)), rng.integers(0, 3, size=(3, 9))
    got = advantages(rewards, conditions, gamma, gain=0.3)
    for life in range(3):
        baseline = np.zeros(3)
        for k in range(9):
            expected = sum(
                gamma ** (j - k) * (rewards[life, j] - baseline[conditions[life, j]])
                for j in range(k, 9)
            )
            assert np.isclose(got[life, k], expected)
            c = conditions[life, k]
            baseline[c] += 0.3 * (rewards[life, k] - baseline[c])
