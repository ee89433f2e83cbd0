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
from rulegen.ground.noise import Purpose, normal, stream
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
    between = network.bounds_of("recurrent")
    return weights if between is None else jnp.clip(weights, *between)


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


def forward_family(eta, drawn):
    """Weights that the circuit uses move in every step, have noise of their own, and a bias.

    The noise is that of synapses, new in every trial, or drawn anew in every step.
    """
    noise = "n" if drawn else "zeta"
    return parse(f"""
        {"n = normal(0, 1) : synapse" if drawn else ""}
        param eta = {eta}
        param a = 0.7 free
        param b = 0.4 free
        param c = -0.5 free
        m <- 0.6*m + 0.4*post : post
        h <- 0.8*h + 0.1*a*post*pre : synapse
        e <- e + a*xi*pre + b*{noise}*post + c*drive*pre : synapse
        forward w = w + a*h + b*{noise}
        forward bias = c*m
        on trial start: e <- 0
        on reward: w += clip(eta*(R + 0.3)*e, -0.5, 0.5)
    """)


def forward_log_density(theta, world, eta, drawn, rewards, conditions, noise, potentials=None):
    """log p(potentials | theta, zeta) by hand for the family above, and the potentials.

    They are made from the noise where they are not given; what they are given, they stay.
    """
    a_, b, c = theta
    circuit, task, source = world.circuit, world.task, stream(KEY).fold(0)
    network = circuit.draw(source, 2, 1, jnp.float64)
    step, sigma, kept = circuit.step_size, circuit.noise, circuit.retention
    w, m, h = network.weights, jnp.zeros(circuit.neurons), jnp.zeros_like(network.weights)
    total, found = [], []
    for k, condition in enumerate(conditions):
        of_trial = source.fold(Purpose.EXPLORATION).fold(k)
        zeta = normal(of_trial.fold(Purpose.SYNAPTIC_NOISE).fold(0), w.shape, jnp.float64)
        lots = of_trial.fold(Purpose.DRAWS).fold(0).fold(0).fold(0)
        trial = task.trial(source, condition, circuit.dt)
        u, e, here, path = start(circuit), jnp.zeros_like(w), 0.0, []
        n = (noise[k].gaussian[0] - (1 - kept**2) ** 0.5 * noise[k].fresh[0]) / kept if kept else 0
        for t, current in enumerate(trial.stimulus @ network.inputs.T):
            pre = jnp.tanh(u)
            zeta = normal(lots, w.shape, jnp.float64, t * len(w)) if drawn else zeta
            drive = (w + a_ * h + b * zeta) @ pre + current + c * m
            mean = u + step * (-u + drive)
            u = mean + sigma * noise[k].xi[t] if potentials is None else potentials[k][t]
            earlier, n = n, (u - mean) / sigma
            here += -0.5 * jnp.sum((n - kept * earlier) ** 2) / (1 - kept**2)
            post = jnp.tanh(u)
            e += jnp.outer(a_ * n + c * drive, pre) + b * zeta * post[:, None]
            h = 0.8 * h + 0.1 * a_ * jnp.outer(post, pre)
            m = 0.6 * m + 0.4 * post
            path.append(u)
        w = w + jnp.clip(eta * (rewards[k] + 0.3) * e, -0.5, 0.5)
        total.append(here)
        found.append(jnp.stack(path))
    return jnp.stack(total), jnp.stack(found)


@pytest.mark.parametrize("engine", ["xla", "interpreted"])
@pytest.mark.parametrize("correlation", [0.0, 15.0])
@pytest.mark.parametrize("drawn", [False, True], ids=["noise of synapses", "draws"])
def test_scores_of_a_forward_pass_are_derivatives_of_the_log_density(
    x64, drawn, correlation, engine
):
    """At fixed potentials and noise of synapses; rules of the forward pass had no score."""
    eta, here = 0.1, world(neurons=3, trials=4, correlation=correlation)
    here = here.model_copy(update={"engine": engine})
    rule = forward_family(eta, drawn)
    batch = Score(exact=True).prepare(Bench(here, rule)).run(values_of(rule), KEY, 1)
    circuit, source = here.circuit, stream(KEY).fold(0).fold(Purpose.EXPLORATION)
    still, steps = circuit.quiet(jnp.float64), here.task.steps(circuit.dt)
    noise = [circuit.explore(source.fold(k), 0, steps, still) for k in range(4)]
    theta, rewards = jnp.asarray(values_of(rule)[1:]), batch.rewards[0]
    given = here, eta, drawn, rewards, batch.conditions[0], noise
    _, potentials = jit(lambda t: forward_log_density(t, *given))(theta)
    density = jax.jacfwd(lambda t: forward_log_density(t, *given, potentials)[0])
    truth = jit(density)(theta)
    assert np.abs(truth).min() > 1e-4
    np.testing.assert_allclose(batch.scores[0], truth, rtol=1e-8, atol=1e-10)


def test_weight_perturbation_has_a_score(x64):
    """Through the weights that it uses, of which those that it learns are a part."""
    rule = parse(
        "param eta = 0.1 free\nforward w = w + 0.1*zeta\non reward: w += eta*(R + 0.3)*zeta"
    )
    here = world(neurons=3, trials=3)
    score = Score(lives=64, gamma=1.0, exact=True)
    estimate = score.estimate(score.prepare(Bench(here, rule)), values_of(rule), np.array([0]), KEY)
    assert estimate.gradient[0] != 0


def test_a_bias_and_a_part_of_the_drive_are_refused_together():
    rule = parse(
        "param a = 1 free\nforward bias = a\ne <- e + a*drive_recurrent*pre : synapse\n"
        "on reward: w += 0.1*R*e"
    )
    with pytest.raises(ValueError, match="`drive_recurrent`, whose tangents are not carried"):
        Score(exact=True).prepare(Bench(world(neurons=3, trials=3), rule))


def forward_noise(eta, a):
    """Weight perturbation beside what neurons perturb, in weights that are noisy."""
    return parse(f"""
        param eta = {eta}
        param a = {a} free
        param b = 0.8 free
        param c = 0.5 free
        e <- e + a*xi*pre + c*post*pre : synapse
        forward w = w + 0.3*b*zeta
        on trial start: e <- 0
        on reward: w += clip(eta*(R + 0.3)*(e + b*zeta), -0.5, 0.5)
    """)


def heterogeneous(eta, a):
    """Neurons whose coefficients are drawn once a life around a free one, synapses that fail."""
    return parse(f"""
        param eta = {eta}
        param a = {a} free
        param b = 0.8 free
        param c = 0.5 free
        param k = normal(b, 0.4) : post
        n = bernoulli(0.7) : synapse
        e <- e + a*n*xi*pre + c*n*post*pre + k*slope*pre : synapse
        on trial start: e <- 0
        on reward: w += clip(eta*(R + 0.3)*e, -0.5, 0.5)
    """)


def streaming(eta, a):
    """Weights that change whenever a reward comes, and so within a trial."""
    return parse(f"""
        param eta = {eta}
        param a = {a} free
        param b = 0.8 free
        param c = 0.5 free
        u_bar <- 0.3*u_bar + 0.7*u : post
        e <- e + a*xi*pre + b*(u - u_bar)*pre + c*w*post : synapse
        on trial start: e <- 0
        w += clip(eta*R*e, -0.5, 0.5)
    """)


UNBIASED = {
    "rewards at the end": (family, "end"),
    "rewards at two times": (family, (20.0, 30.0)),
    "rewards in steps": (streaming, "steps"),
    "noise of synapses": (forward_noise, "end"),
    "neurons that differ": (heterogeneous, "end"),
}


@pytest.mark.long
@pytest.mark.parametrize("case", UNBIASED)
def test_unbiased_at_gamma_one(x64, case):
    """Within three standard errors of common-random-number differences, on separate lives."""
    make, delivery = UNBIASED[case]
    count, h, here = 1_000_000, 0.02, world(neurons=2, trials=3)
    task = here.task.model_copy(update={"delivery": delivery, "response": 20.0})
    here = here.model_copy(update={"task": task})
    rule = make(eta=0.1, a=0.0)
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
    print(case, "z:", z.round(2), "gradient:", estimate.gradient, "error:", estimate.error)
    assert np.all(np.abs(z) < 3), z
    # The test has teeth: a gradient of zero, or of twice the size, would not pass.
    assert np.max(np.abs(estimate.gradient) / estimate.error) > 5
