"""Plastic projections: lives and scores against a simulation by hand, and what is refused."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from promise import same

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Pathwise, Pgpe, Score
from rulegen.grammar import parse
from rulegen.ground.noise import Purpose, stream
from rulegen.lives import blocks as blocks_module
from rulegen.lives import policy as policies
from rulegen.lives.bench import Bench
from rulegen.lives.life import Life, LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.outcomes import Outcome
from rulegen.lives.projections import Projections
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation, DelayedMatch, Reaching

KEY = jax.random.key(1)
NAMES = ("recurrent", "input", "feedback")
#: Three sources of three sizes: 4 neurons, 3 channels, 2 outputs.
TASK = Reaching(places=3, cue=10, reach=10, hold=10, torque=20)
SIZES = {"recurrent": 4, "input": 3, "feedback": 2}

#: Compiling takes most of the time here, and the small programs gain nothing by being optimised.
jit = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})

#: Rules that together have traces on either side, both lowerings, events and `N_pre`.
RULES = {
    "at reward": """
        v <- 0.3*v + 0.7*u : post
        e <- 0.9*e + {a}*xi*pre + {b}*(u - v)*pre : synapse
        on trial start: e <- 0
        on reward: w += clip(0.1*(R + 0.3)*e, -0.5, 0.5)
    """,
    "at every step": """
        w += {a}*0.05*xi*pre + {b}*0.02*(post - w*pre)*pre
    """,
    "traces": """
        x <- 0.5*x + pre : pre
        f <- 0.8*f + x*post : synapse
        on trial start: f <- 0
        on reward: w += 0.05*R*f/N_pre
    """,
    "decay": """
        w += 0.02*(post - w*pre)*pre
    """,
}
FREE = "param a = 0.7 free\nparam b = -0.4 free\n"


def text_of(kind):
    return FREE + RULES[kind].format(a="a", b="b")


def world(kinds, **changes):
    """A world in which each projection has the rule of some kind, the first of them studied."""
    studied, *others = kinds
    settings = {
        "circuit": RateCircuit(neurons=4, noise=0.5, tau=20, feedback=0.7),
        "task": TASK,
        "life": LifeSettings(trials=4, warmup=1),
        "projections": Projections(
            studied=studied, **{n: RULES[kinds[n]].format(a="0.7", b="-0.4") for n in others}
        ),
    }
    return World(**{**settings, **changes})


def drawn(here, trials):
    """The first network, the noise of each trial, and its conditions."""
    circuit, task, source = here.circuit, here.task, stream(KEY).fold(0)
    network = circuit.draw(source, task.channels, task.outputs, jnp.float64)
    still, exploration = circuit.quiet(jnp.float64), source.fold(Purpose.EXPLORATION)
    noises = [
        circuit.explore(exploration.fold(k), 0, task.steps(circuit.dt), still)
        for k in range(trials)
    ]
    return network, noises, task.order(source, trials)


def by_hand(theta, here, kinds, network, noises, conditions, given=None):
    """Rewards, potentials, weights at the end and log density by trial, in loops over everything.

    With rewards and potentials `given`, the noise is what explains them.
    """
    circuit, task, warmup = here.circuit, here.task, here.life.warmup
    a, sigma, kept = circuit.step_size, circuit.noise, circuit.retention
    w = {"recurrent": network.weights, "input": network.inputs, "feedback": network.feedback}
    v = {n: jnp.zeros(4) for n in NAMES}
    x = {n: jnp.zeros(SIZES[n]) for n in NAMES}
    rewards, paths, densities = [], [], []
    for k, condition in enumerate(conditions):
        trial, noise = task.trial(None, condition, circuit.dt), noises[k]
        u, e, path, density = jnp.zeros(4), {n: jnp.zeros((4, SIZES[n])) for n in NAMES}, [], 0.0
        n_before = (noise.gaussian[0] - (1 - kept**2) ** 0.5 * noise.fresh[0]) / kept if kept else 0
        for t, stimulus in enumerate(trial.stimulus):
            r = jnp.tanh(u)
            pre = {"recurrent": r, "input": stimulus, "feedback": network.readout @ r}
            mean = u + a * (sum(w[n] @ pre[n] for n in NAMES) - u)
            after = mean + sigma * noise.gaussian[t] if given is None else given[1][k, t]
            xi = (after - mean) / sigma
            density += -0.5 * jnp.sum((xi - kept * n_before) ** 2) / (1 - kept**2)
            n_before, post, u = xi, jnp.tanh(after), after
            path.append(u)
            for name in kinds:
                one = pre[name][None, :]
                if kinds[name] == "at reward":
                    side = theta[0] * xi + theta[1] * (u - v[name])
                    e[name] = 0.9 * e[name] + side[:, None] * one
                    v[name] = 0.3 * v[name] + 0.7 * u
                elif kinds[name] == "traces":
                    e[name] = 0.8 * e[name] + post[:, None] * x[name][None, :]
                    x[name] = 0.5 * x[name] + pre[name]
                elif k >= warmup:
                    hebb = (post[:, None] - w[name] * one) * one
                    if kinds[name] == "decay":
                        change = 0.02 * hebb
                    else:
                        change = 0.05 * theta[0] * xi[:, None] * one + 0.02 * theta[1] * hebb
                    w[name] = w[name] + change
        paths.append(jnp.stack(path))
        reward = task.reward(trial, jnp.tanh(paths[-1]) @ network.readout.T)
        reward = reward if given is None else given[0][k]
        rewards.append(reward)
        densities.append(density)
        for name in kinds if k >= warmup else ():
            if kinds[name] == "at reward":
                w[name] = w[name] + jnp.clip(0.1 * (reward + 0.3) * e[name], -0.5, 0.5)
            elif kinds[name] == "traces":
                w[name] = w[name] + 0.05 * reward * e[name] / SIZES[name]
    return jnp.stack(rewards), jnp.stack(paths), w, jnp.stack(densities)


ALL = {
    "recurrent": {"recurrent": "at reward", "input": "traces", "feedback": "decay"},
    "input": {"input": "at reward", "recurrent": "traces", "feedback": "decay"},
    "feedback": {"feedback": "at reward", "input": "traces"},
    "input alone": {"input": "at reward"},
    "input at every step": {"input": "at every step", "feedback": "traces"},
    "feedback at every step": {"feedback": "at every step", "recurrent": "decay"},
}


@pytest.mark.parametrize("correlation", [0.0, 15.0], ids=["white", "correlated"])
@pytest.mark.parametrize("case", ALL)
def test_lives_and_scores_are_those_by_hand(x64, case, correlation):
    """Rewards, the weights of every projection, and d log p(activity of trial k)/d theta."""
    kinds = ALL[case]
    circuit = RateCircuit(neurons=4, noise=0.5, tau=20, feedback=0.7, correlation=correlation)
    here = world(kinds, circuit=circuit)
    studied, theta = next(iter(kinds)), np.array([0.7, -0.4])
    lives = Score(exact=True).prepare(Bench(here, parse(text_of(kinds[studied]))))
    (part,) = lives.live(theta, KEY, 1)
    drawings = drawn(here, 4)
    rewards, potentials, weights, _ = jit(lambda t: by_hand(t, here, kinds, *drawings))(theta)
    np.testing.assert_allclose(part.rewards[0], rewards, rtol=1e-9)
    for name in NAMES:
        first, learned = (part.kept(n.of(name))[0] for n in (part.life.network, part.life.learned))
        np.testing.assert_allclose(learned, weights[name], rtol=1e-9, atol=1e-13)
        moved = np.abs(learned - first).max()
        assert (moved > 1e-4) if name in kinds else (moved == 0)
    given = rewards, potentials
    slopes = jit(jax.jacfwd(lambda t: by_hand(t, here, kinds, *drawings, given)[3]))(theta)
    assert np.abs(slopes[2:]).max(axis=0).min() > 1e-4
    np.testing.assert_allclose(part.scores[0], slopes, rtol=1e-8, atol=1e-11)


def test_it_does_not_matter_which_rule_is_studied(x64):
    """The same three rules on the same three projections, each of them studied in turn."""
    kinds = {"recurrent": "at reward", "input": "traces", "feedback": "decay"}
    found = []
    for studied in NAMES:
        order = {studied: kinds[studied]} | kinds
        rule = parse(RULES[kinds[studied]].format(a="0.7", b="-0.4"))
        found.append(Lives(world(order), compile_rule(rule)).run(np.zeros(0), KEY, 3).rewards)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-10)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-10)


def test_a_feedback_of_zero_changes_nothing(x64):
    """And another feedback does."""
    rule = compile_rule(parse("on reward: w += 0.1*R*pre*post"))
    found = [
        Lives(World(circuit=RateCircuit(neurons=4, feedback=size), task=TASK), rule)
        .run(np.zeros(0), KEY, 2)
        .rewards
        for size in (None, 0.0, 1.0)
    ]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12)
    assert np.abs(found[2] - found[0]).max() > 1e-4


SMALL = {
    "circuit": RateCircuit(neurons=6, feedback=0.5),
    "task": DelayedAssociation(cue=20, delay=20, response=20),
    "life": LifeSettings(trials=5, warmup=1),
}


def test_lives_depend_on_no_chunks_devices_or_stretches(monkeypatch):
    here, theta = world(ALL["input"], **SMALL), np.array([0.7, -0.4])
    rule = compile_rule(parse(text_of("at reward")), wrt=["a", "b"])
    reference = Lives(here, rule, chunk=4).run(theta, KEY, 7)
    same(Lives(here, rule, chunk=3).run(theta, KEY, 7), reference)
    monkeypatch.setattr(policies, "CPU", policies.CPU._replace(work=2 * 2 * 6 * 36))
    lives = Lives(here, rule, chunk=2)
    assert len(lives.stretches()) > 1
    same(lives.run(theta, KEY, 7), reference)
    one = jax.local_devices()[:1]
    monkeypatch.setattr(jax, "local_devices", lambda: one)
    same(Lives(here, rule, chunk=2).run(theta, KEY, 7), reference)


@pytest.mark.parametrize("case", ["input", "feedback", "input at every step"])
def test_blocks_of_time_change_nothing(x64, monkeypatch, case):
    here = world(ALL[case], circuit=RateCircuit(neurons=4, feedback=0.7, correlation=15))
    compiled = compile_rule(
        parse(text_of(next(iter(ALL[case].values())))), wrt=["a", "b"], noise_tangent=True
    )
    theta = jnp.array([0.7, -0.4])

    def live():
        life = Life(here.circuit, here.task, here.life, compiled, here.projections)
        return jit(jax.vmap(lambda i: life(theta, stream(KEY).fold(i))))(jnp.arange(2))

    whole = live()
    monkeypatch.setattr(blocks_module.Blocks, "longest", 2)
    parts = live()
    np.testing.assert_allclose(parts.rewards, whole.rewards, rtol=1e-10)
    np.testing.assert_allclose(parts.scores, whole.scores, rtol=1e-8, atol=1e-13)
    assert np.abs(whole.scores[:, 2:]).max() > 1e-6


@pytest.mark.parametrize("projection", ["input", "feedback"])
def test_any_plastic_weight_can_diverge(projection):
    companion = "on reward: w += 1e9*post"
    here = World(**SMALL, projections=Projections(**{projection: companion}))
    batch = Lives(here, compile_rule(parse("on reward: w += 0"))).run(np.zeros(0), KEY, 3)
    assert np.all(batch.outcomes == Outcome.DIVERGED)
    assert np.all(batch.rewards[:, -1] <= -1)


def test_signs_are_those_of_the_recurrent_weights():
    """An input weight may change its sign, a recurrent one may not."""
    circuit = RateCircuit(neurons=6, excitatory=0.5, connectivity=0.7)
    shift = "on reward: w += -0.3"
    here = World(**{**SMALL, "circuit": circuit}, projections=Projections(input=shift))
    lives = Lives(here, compile_rule(parse(shift)))
    (part,) = lives.live(np.zeros(0), KEY, 3)
    first, last = (jax.tree.map(part.kept, n) for n in (part.life.network, part.life.learned))
    assert np.all(last.weights * first.weights >= 0)
    np.testing.assert_allclose(last.inputs, first.inputs - 4 * 0.3, rtol=1e-5, atol=1e-6)
    assert lives.run(np.zeros(0), KEY, 3).violations.min() > 0
    alone = World(**{**SMALL, "circuit": circuit}, projections=Projections(studied="input"))
    assert Lives(alone, lives.rule).run(np.zeros(0), KEY, 2).violations.max() == 0


@pytest.mark.parametrize("studied", ["input", "feedback"])
def test_pathwise(x64, studied):
    """A whole life against finite differences, and one trial against the whole life."""
    kinds = {studied: "at reward", "recurrent": "traces"}
    task = DelayedMatch(sample=10, delay=10, test=10, wait=10, response=10)
    here = world(kinds, life=LifeSettings(trials=3, warmup=0), task=task)
    rule, theta, h = parse(text_of("at reward")), np.array([0.7, -0.4]), 1e-6
    whole = Pathwise().prepare(Bench(here, rule)).run(theta, KEY, 4)
    plain = Lives(here, compile_rule(rule))
    for column, step in enumerate(h * np.eye(2)):
        up, down = (plain.run(theta + s * step, KEY, 4).rewards for s in (1, -1))
        np.testing.assert_allclose(
            whole.scores[:, :, column], (up - down) / (2 * h), rtol=1e-5, atol=1e-8
        )
    # Only the weights of the second trial depend on theta by what one trial did.
    one = Pathwise(credit="trial").prepare(Bench(here, rule)).run(theta, KEY, 4)
    np.testing.assert_allclose(one.scores[:, 1], whole.scores[:, 1], rtol=1e-9, atol=1e-13)
    assert np.abs(one.scores[:, 1]).max(axis=0).min() > 1e-6


def test_pgpe_needs_nothing():
    here, pgpe = world(ALL["input"], **SMALL), Pgpe(lives=8)
    bench = Bench(here, parse(text_of("at reward")))
    found = pgpe.estimate(pgpe.prepare(bench), bench.values, bench.free, KEY)
    assert np.all(found.gradient != 0)
