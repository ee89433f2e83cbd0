"""Rewards that arrive during a trial: lives and scores against ones that are written out."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Pathwise, Score
from rulegen.grammar import ConfigError, parse
from rulegen.ground.noise import Purpose, stream
from rulegen.lives.arrivals import arrivals
from rulegen.lives.bench import Bench
from rulegen.lives.engine import INTERPRETED
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.world import World
from rulegen.tasks import BaitedBandit, DelayedAssociation, Reaching

KEY, ETA = jax.random.key(3), 0.1
RULE = """
    param a = 0.7 free
    param b = 0.8 free
    d = accumulate(R, 30)          : global
    de/dt = a*xi*pre + b*d*u*pre   : synapse
    on trial start: e <- 0
"""
UPDATES = {
    "on reward": "on reward: w += 0.1*(R + 0.3)*e",
    "at every step": "dw/dt = 0.1*R*e",
}
DELIVERIES = {"end": "end", "steps": "steps", "twice": (30.0,), "often": (10.0, 20.0, 30.0)}


def world(delivery, **circuit) -> World:
    return World(
        circuit=RateCircuit(neurons=3, noise=0.5, tau=20, **circuit),
        task=DelayedAssociation(cue=10, delay=10, response=20, delivery=delivery),
        life=LifeSettings(trials=4, warmup=0),
    )


def by_hand(theta, here, conditions, update, potentials=None):
    """One life, step by step: rewards, potentials and the log density of each trial.

    With given potentials the noise is what they say, as the density asks.
    """
    circuit, task, source = here.circuit, here.task, stream(KEY).fold(0)
    network = circuit.draw(source, 2, 1, jnp.float64)
    steps, dt, s, kept = task.steps(circuit.dt), circuit.dt, circuit.step_size, circuit.retention
    exploration, still = source.fold(Purpose.EXPLORATION), circuit.quiet(jnp.float64)
    w, d, rewards, paths, logs = network.weights, 0.0, [], [], []
    ends = [round(time / dt) for time in task.delivery] if task.delivery not in DELIVERIES else []
    for k, condition in enumerate(conditions):
        trial = task.trial(source, condition, dt)
        noise = circuit.explore(exploration.fold(k), 0, steps, still)
        u, e, total, owed, log, path = jnp.zeros(3), 0.0, 0.0, 0.0, 0.0, []
        before = (noise.gaussian[0] - (1 - kept**2) ** 0.5 * noise.fresh[0]) / (kept or 1.0)
        for t in range(steps):
            pre = jnp.tanh(u)
            mean = u + s * (-u + w @ pre + network.inputs @ trial.stimulus[t])
            u = mean + circuit.noise * noise.xi[t] if potentials is None else potentials[k][t]
            xi = (u - mean) / circuit.noise
            fresh = (xi - kept * before) / (1 - kept**2) ** 0.5
            before, log = xi, log - 0.5 * jnp.sum(fresh**2)
            miss = network.readout @ jnp.tanh(u) - trial.target[t]
            earned = -trial.weight[t] * jnp.sum(miss**2)
            owed, total = owed + earned, total + earned
            last = t + 1 == steps
            paid = owed if last or t + 1 in ends or task.delivery == "steps" else 0.0
            e = e + dt * (theta[0] * jnp.outer(xi, pre) + theta[1] * d * jnp.outer(u, pre))
            if update == "at every step":
                w = w + ETA * paid * e
            elif last or t + 1 in ends:
                w = w + ETA * ((total if task.delivery == "steps" else paid) + 0.3) * e
            owed = 0.0 if last or t + 1 in ends or task.delivery == "steps" else owed
            d = jnp.exp(-dt / 30) * (d + paid)
            path.append(u)
        rewards.append(total)
        paths.append(jnp.stack(path))
        logs.append(log)
    return jnp.stack(rewards), jnp.stack(paths), jnp.stack(logs)


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("name", DELIVERIES)
def test_lives_and_scores_are_those_by_hand(x64, name, update) -> None:
    """Rewards of a life, and d log p(activity)/d theta of each trial at fixed potentials."""
    for more in ({}, {"correlation": 15.0}):
        here = world(DELIVERIES[name], **more)
        rule = parse(RULE + UPDATES[update])
        bench = Bench(here, rule)
        batch = Score(exact=True).prepare(bench).run(bench.values, KEY, 1)
        theta = jnp.array([0.7, 0.8])
        rewards, paths, _ = by_hand(theta, here, batch.conditions[0], update)
        np.testing.assert_allclose(batch.rewards[0], rewards, rtol=1e-10)

        def log_density(theta, here=here, batch=batch, paths=paths):
            return by_hand(theta, here, batch.conditions[0], update, paths)[-1]

        np.testing.assert_allclose(batch.scores[0], jax.jacfwd(log_density)(theta), atol=1e-8)


@pytest.mark.parametrize("name", DELIVERIES)
def test_one_kernel_lives_the_same_lives(x64, name) -> None:
    here, rule = world(DELIVERIES[name]), compile_rule(parse(RULE + UPDATES["on reward"]))
    xla = Lives(here, rule).run(np.array([0.7, 0.8]), KEY, 3)
    chip = Lives(here.model_copy(update={"engine": INTERPRETED.name}), rule)
    found = chip.run(np.array([0.7, 0.8]), KEY, 3)
    np.testing.assert_allclose(found.rewards, xla.rewards, rtol=1e-10)


def test_the_impulse_of_a_reward_does_not_depend_on_dt() -> None:
    """At its end an accumulated reward is the reward, less what it decayed."""
    for dt in (10.0, 5.0, 2.5):
        here = world("end", dt=dt)
        rule = parse("d = accumulate(R, 1e9) : global\non trial start: d <- 0\nw += 0*d*post*pre")
        lives = Lives(here, compile_rule(rule))
        end, result = lives.life.live(jnp.zeros(0), stream(KEY).fold(0))
        assert float(end.rules["recurrent"]["d"]) == pytest.approx(float(result.rewards[-1]))


def test_what_is_differentiated_is_the_reward(x64) -> None:
    """`pathwise` through the life, against finite differences on the same lives."""
    bench = Bench(world("steps"), parse(RULE + UPDATES["at every step"]))
    estimator = Pathwise(clip=0, lives=8)
    found = estimator.estimate(estimator.prepare(bench), bench.values, np.array([0, 1]), KEY)
    h = 1e-5
    for i in range(2):
        shifted = [bench.values + h * sign * np.eye(2)[i] for sign in (1, -1)]
        up, down = (bench.rewards(point, KEY, 8).mean() for point in shifted)
        assert found.gradient[i] == pytest.approx((up - down) / (2 * h), rel=1e-5)


#: Rewards of steps that are none, for a trial of 4, and what is said of them.
NO_REWARDS = {
    "one too few": (lambda r: r[:-1], r"of a trial it gives the shape \(3,\) in place of \(4,\)"),
    "twice as many": (lambda r: jnp.tile(r, 2), r"gives the shape \(8,\) in place of \(4,\)"),
    "one for each output": (lambda r: r[:, None], r"the shape \(4, 1\) in place of \(4,\)"),
    "one in all": (jnp.sum, r"gives the shape \(\) in place of \(4,\), a number for each step$"),
    "always those of a trial": (
        lambda r: jnp.ones(4),
        r"of a single step, as a trial of its own, it gives the shape \(4,\) in place of \(1,\)",
    ),
    "a list": (lambda r: [0.0] * len(r), "it gives a list in place of an array"),
    "nan": (lambda r: jnp.where(r < 0, jnp.nan, r), "it gives nan in step 3 of 4$"),
}


@pytest.mark.parametrize(("change", "why"), NO_REWARDS.values(), ids=NO_REWARDS)
def test_rewards_of_ones_own_are_one_for_each_step(change, why) -> None:
    class Stream(DelayedAssociation):
        name: str = "stream"

        def rewards(self, trial, output):
            return change(super().rewards(trial, output))

    reads = compile_rule(parse("dw/dt = 0.1*R*post*pre"))
    for delivery, rule in (("steps", reads), ((20.0,), compile_rule(parse("w += 0.1*post*pre")))):
        task = Stream(cue=10, delay=10, response=20, delivery=delivery)
        told = "^the task `stream` of this session fails in `rewards`: .*" + why
        with pytest.raises(ConfigError, match=told) as error:
            Lives(World(circuit=RateCircuit(neurons=4), task=task), rule)
        assert len(str(error.value).splitlines()) == 1


def test_rewards_of_a_record_are_a_target(x64) -> None:
    """As docs/tasks.md has it: what was paid in each step, whatever the circuit does."""

    class Record(DelayedAssociation):
        name: str = "record"

        def trial(self, stream, condition, dt):
            trial = super().trial(stream, condition, dt)
            return trial._replace(target=jnp.arange(4.0)[:, None])

        def rewards(self, trial, output):
            return trial.target[:, 0]

    task = Record(cue=10, delay=10, response=20, delivery="steps")
    life = LifeSettings(trials=2, warmup=0)
    here = World(circuit=RateCircuit(neurons=3), task=task, life=life)
    lives = Lives(here, compile_rule(parse("n <- n + R : global\nw += 0*n*post*pre")))
    end, result = lives.life.live(jnp.zeros(0), stream(KEY).fold(0))
    assert result.rewards.tolist() == [6.0, 6.0]
    assert float(end.rules["recurrent"]["n"]) == pytest.approx(12.0)


def test_wrong_times_and_rewards_that_nobody_can_take_apart() -> None:
    for delivery, why in {
        (500.0,): "a reward at 500 ms is not in a trial of 40 ms",
        (10.0, 12.0): "or less than a step of 10 ms after the last",
        (20.0, 10.0): "change task.delivery",
    }.items():
        with pytest.raises(ValueError, match=why):
            arrivals(world(delivery).task, 10.0)
    for delivery in ((), (-5.0,), "sometimes", (float("nan"),)):
        with pytest.raises(ValidationError):
            DelayedAssociation(delivery=delivery)
    reads = compile_rule(parse("dw/dt = 0.1*R*post*pre"))
    rests = compile_rule(parse("on reward: w += 0.1*R*post*pre"))
    binary = DelayedAssociation(feedback="binary")
    for task, rule, why in (
        (binary, reads, 'at every step: set task.feedback = "graded"$'),
        (Reaching(), reads, "the rule reads R at every step: use `on reward:`$"),
        (Reaching(feedback="binary"), reads, "at every step: use `on reward:`$"),
        (BaitedBandit(), reads, "known only at the end of a trial, .*: use `on reward:`$"),
        (BaitedBandit(delivery=(60.0,)), reads, '`on reward:` and set task.delivery = "end"$'),
        (BaitedBandit(delivery=(60.0,)), rests, 'asks for it earlier: set task.delivery = "end"$'),
        (Reaching(delivery=(20.0,)), rests, 'asks for it earlier: set task.delivery = "end"$'),
        (binary.model_copy(update={"delivery": (200.0,)}), rests, 'earlier: .*feedback = "graded"'),
    ):
        with pytest.raises(ValueError, match=why):
            Lives(World(circuit=RateCircuit(neurons=4), task=task), rule)
    for task in (BaitedBandit(), Reaching(), Reaching(feedback="binary")):  # as they were told
        Lives(World(circuit=RateCircuit(neurons=4), task=task), rests)
    with pytest.raises(ValueError, match="rewards arrive at several times of a trial"):
        bench = Bench(world((30.0,)), parse(RULE + UPDATES["on reward"]))
        Pathwise(credit="trial").prepare(bench)
