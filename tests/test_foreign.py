"""Rules that read states of each other: lives and scores against a simulation by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_projections import KEY, drawn, jit

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.compile.lowering import Lowering
from rulegen.estimators import Pathwise, Score
from rulegen.grammar import parse
from rulegen.ground.noise import stream
from rulegen.lives import blocks as blocks_module
from rulegen.lives.bench import Bench
from rulegen.lives.engine import INTERPRETED
from rulegen.lives.life import Life, LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.projections import Projections
from rulegen.lives.world import World
from rulegen.tasks import Reaching

TASK = Reaching(places=3, cue=20, reach=20, hold=20, torque=20)
FREE = "param a = 0.7 free\nparam b = -0.4 free\nfeedback.g : post\n"
THETA = np.array([0.7, -0.4])

#: The rule of the feedback weights: an error of prediction, and what it keeps for each neuron.
CRITIC = """
nonlocal sum_post
V = sum_post(g)/N_post
g <- 0.6*g + 0.4*post{more}
delta <- 0.5*delta + V : global
on reward:
    delta <- R - V
    w += 0.05*delta*pre*post
"""
#: Rules of the recurrent weights, which read it.
ACTORS = {
    "one way": """
        e <- 0.9*e + a*xi*pre + b*feedback.delta*feedback.g*pre : synapse
        on trial start: e <- 0
        on reward: w += clip(0.1*(feedback.delta + 0.3)*e, -0.5, 0.5)
    """,
    "every step": """
        forward bias = 0.1*feedback.g
        w += 0.02*(a*xi + b*feedback.delta)*pre
    """,
    "both ways": """
        level <- 0.8*level + feedback.delta : global
        e <- 0.9*e + a*xi*pre + b*feedback.g*level*pre : synapse
        on trial start: e <- 0
        on reward: w += clip(0.1*feedback.delta*e, -0.5, 0.5); level <- 0.5*level
        on trial end: level += feedback.delta
    """,
}


def critic(case):
    return CRITIC.format(more=" + 0.1*recurrent.level" if case == "both ways" else "")


def world(case, **changes):
    settings = {
        "circuit": RateCircuit(neurons=4, noise=0.5, tau=20, feedback=0.7),
        "task": TASK,
        "life": LifeSettings(trials=4, warmup=1),
        "projections": Projections(feedback=critic(case)),
    }
    return World(**{**settings, **changes})


def by_hand(theta, here, case, network, noises, conditions, given=None):
    """Rewards, potentials, both weights at the end, and log density by trial.

    With rewards and potentials `given`, the noise is what explains them.
    """
    circuit, task = here.circuit, here.task
    w, fb = network.weights, network.feedback
    g, delta, level = jnp.zeros(4), 0.0, 0.0
    rewards, paths, densities = [], [], []
    e = jnp.zeros((4, 4))
    for k, condition in enumerate(conditions):
        learning = k >= here.life.warmup
        u, path, density = jnp.zeros(4), [], 0.0
        e = 0.0 * e
        trial = task.trial(None, condition, circuit.dt)
        for t, stimulus in enumerate(trial.stimulus):
            r = jnp.tanh(u)
            y = network.readout @ r
            drive = w @ r + network.inputs @ stimulus + fb @ y
            drive += 0.1 * g if case == "every step" else 0.0
            mean = u + circuit.step_size * (drive - u)
            after = mean + circuit.noise * noises[k].gaussian[t]
            after = after if given is None else given[1][k, t]
            xi = (after - mean) / circuit.noise
            density += -0.5 * jnp.sum(xi**2)
            u, post = after, jnp.tanh(after)
            path.append(u)
            side = theta[0] * xi
            if case == "one way":
                e = 0.9 * e + jnp.outer(side + theta[1] * delta * g, r)
            elif case == "both ways":
                e = 0.9 * e + jnp.outer(side + theta[1] * g * level, r)
            elif learning:
                w = w + 0.02 * jnp.outer(side + theta[1] * delta, r)
            # All of them read what was there before the step.
            more = 0.1 * level if case == "both ways" else 0.0
            level, delta, g = (
                0.8 * level + delta,
                0.5 * delta + jnp.mean(g),
                0.6 * g + 0.4 * post + more,
            )
        paths.append(jnp.stack(path))
        reward = task.reward(trial, jnp.tanh(paths[-1]) @ network.readout.T)
        reward = reward if given is None else given[0][k]
        rewards.append(reward)
        densities.append(density)
        # The critic comes first, because the actor reads there what it changes.
        delta = reward - jnp.mean(g)
        if learning:
            fb = fb + 0.05 * delta * jnp.outer(post, y)
            gain = {"one way": delta + 0.3, "both ways": delta, "every step": 0.0}[case]
            w = w + jnp.clip(0.1 * gain * e, -0.5, 0.5)
        if case == "both ways":
            level = 0.5 * level + delta
    return jnp.stack(rewards), jnp.stack(paths), {"recurrent": w, "feedback": fb}, densities


@pytest.mark.parametrize("case", ACTORS)
def test_lives_and_scores_are_those_by_hand(x64, case):
    here, rule = world(case), parse(FREE + ACTORS[case])
    exact = case != "both ways"
    lives = Score(exact=exact).prepare(Bench(here, rule))
    assert (lives.rule.lowering is Lowering.FACTORED) == (case != "every step")
    (part,) = lives.live(THETA, KEY, 1)
    drawings = drawn(here, 4)
    rewards, potentials, weights, _ = jit(lambda t: by_hand(t, here, case, *drawings))(THETA)
    np.testing.assert_allclose(part.rewards[0], rewards, rtol=1e-9)
    for name, expected in weights.items():
        first, learned = (part.kept(n.of(name))[0] for n in (part.life.network, part.life.learned))
        np.testing.assert_allclose(learned, expected, rtol=1e-9, atol=1e-13)
        assert np.abs(learned - first).max() > 1e-3
    if exact:
        given = rewards, potentials
        along = jax.jacfwd(lambda t: jnp.stack(by_hand(t, here, case, *drawings, given)[3]))
        slopes = jit(along)(THETA)
        assert np.abs(slopes[2:]).max(axis=0).min() > 1e-4
        np.testing.assert_allclose(part.scores[0], slopes, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("case", ACTORS)
def test_every_way_to_compute_a_life_gives_the_same(x64, monkeypatch, case):
    """In blocks of time, step by step, on chip, and whichever of the two rules is studied."""
    here, rule = world(case), parse(FREE + ACTORS[case])

    def live(projections, rule, values, **how):
        parts = here.circuit, here.task, here.life, compile_rule(rule, **how)
        life = Life(*parts, projections, engine=live.engine)
        return np.asarray(jit(lambda: life(values, stream(KEY).fold(0)))().rewards)

    live.engine = Life.__init__.__defaults__[-1]
    theta, nothing = jnp.asarray(THETA), jnp.zeros(0)
    whole = live(here.projections, rule, theta)
    fixed = (FREE + ACTORS[case]).replace(" free", "")
    turned = Projections(studied="feedback", recurrent=fixed)
    np.testing.assert_allclose(live(turned, parse(critic(case)), nothing), whole, rtol=1e-10)
    dense = live(here.projections, rule, theta, lowering=Lowering.DENSE)
    np.testing.assert_allclose(dense, whole, rtol=1e-10)
    monkeypatch.setattr(blocks_module.Blocks, "longest", 2)
    np.testing.assert_allclose(live(here.projections, rule, theta), whole, rtol=1e-10)
    live.engine = INTERPRETED
    np.testing.assert_allclose(live(here.projections, rule, theta), whole, rtol=1e-10)


def test_derivatives_go_through_whole_lives(x64):
    """Of rules that read each other as well, against finite differences."""
    here, rule, h = world("both ways"), parse(FREE + ACTORS["both ways"]), 1e-6
    lives = Lives(here, compile_rule(rule))
    slopes = Pathwise().prepare(Bench(here, rule)).run(THETA, KEY, 2).scores
    for column, step in enumerate(h * np.eye(2)):
        up, down = (lives.run(THETA + s * step, KEY, 2).rewards for s in (1, -1))
        np.testing.assert_allclose(
            slopes[:, :, column], (up - down) / (2 * h), rtol=1e-5, atol=1e-8
        )
    assert np.abs(slopes[:, 2:]).max(axis=(0, 1)).min() > 1e-6
