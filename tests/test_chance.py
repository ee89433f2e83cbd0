"""Chance, best reward and performance: every task, both kinds of feedback, against brute force."""

from functools import cache
from itertools import pairwise, product
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.tasks import CASES as CASES_OF_PAGE
from benchmarks.tasks import label
from rulegen.analysis.performance import performance_table, trajectories, window
from rulegen.catalog.pages.tables import CHANCE_IS, reward_table
from rulegen.catalog.records.roles import CHANCE, NO_LEARNING, PERFECT
from rulegen.circuits import RateCircuit
from rulegen.ground.noise import stream
from rulegen.ground.statistics import estimate
from rulegen.lives.world import World
from rulegen.publishing.evaluate import QUARTILES, Trajectory, curves
from rulegen.publishing.evidence import held_out
from rulegen.publishing.figures import plot_learning
from rulegen.publishing.rundir import learning_table, lives_table, lots_of
from rulegen.tasks import TASKS, BaitedBandit, DelayedAssociation, GoNogo, Sampled, Task, Trial

DT = 10.0
SOURCE = stream(jax.random.key(5))
RNG = np.random.default_rng(0)


class Level(Task):
    """A task of one's own: hold one of three levels, the first of them twice as often."""

    name: str = "level"
    levels: tuple[float, ...] = (0.2, 0.2, -0.6, 0.9)
    conditions = property(lambda self: len(self.levels))
    channels = property(lambda self: 1)
    periods = property(lambda self: {"cue": 20.0, "hold": 40.0})
    chance = property(lambda self: self.blind(self.levels))

    def trial(self, stream, condition, dt):
        level, hold = jnp.array(self.levels)[condition], self.window("hold", dt)
        answers = np.unique(self.levels)[:, None, None]
        return Trial(
            self.window("cue", dt)[:, None], level * hold[:, None], hold / hold.sum(), answers
        )


def nested(**settings):
    """Sampled trials of two lengths; longer ones go on with the same target."""
    sides, long = np.array([-1, 1, 1, -1, 1]), np.array([0, 0, 1, 1, 1])
    counts = np.arange(6) < np.where(long, 6, 3)[:, None]
    targets = (0.5 * sides[:, None] * counts)[..., None]
    samples = {
        "inputs": targets, "targets": targets, "mask": counts, "conditions": (sides > 0) * 1,
        "dt": DT,
    }  # fmt: skip
    return Sampled(samples=samples, **settings)


def kinds(make, fields):
    for feedback, distance in (
        ("graded", "squared"),
        ("graded", "absolute"),
        ("binary", "squared"),
    ):
        if feedback in get_args(fields["feedback"].annotation):
            yield make(feedback=feedback, distance=distance)


MADE = {
    **TASKS, "sampled": nested, "level": Level,
    "go_nogo_catch": lambda **settings: GoNogo(catch=True, **settings),
}  # fmt: skip
CASES = [
    pytest.param(name, task, id=f"{name}-{task.feedback}-{task.distance}")
    for name, make in MADE.items()
    for task in kinds(make, TASKS.get(name, Task).model_fields)
]
each_task = pytest.mark.parametrize(("case", "task"), CASES)


@cache
def trials_of(case):
    """Every trial as often as it is met in the mean, and the right output in each."""
    task = MADE[case]()
    if case != "sampled":
        trial = jax.vmap(lambda condition: task.trial(SOURCE, condition, DT))
        trials = jax.jit(trial)(jnp.arange(task.conditions))
    else:
        samples, counts = task.samples, np.bincount(task.samples.conditions)
        often = np.lcm.reduce(counts) // counts[samples.conditions]
        answers = np.unique(samples.targets, axis=0)
        every = (
            samples.inputs, samples.targets, samples.mask / samples.mask.sum(axis=1, keepdims=True),
            np.broadcast_to(answers, (len(often), *answers.shape)),
        )  # fmt: skip
        trials = Trial(*(jnp.asarray(np.repeat(part, often, axis=0)) for part in every))
    if case == "reaching":
        return trials, torques(task, trials)
    return trials, trials.target


def torques(task, trials):
    """What takes the hand to the target of each trial and keeps it there: by Newton's method."""

    def missed(output, trial):
        return ((task.effect(trial, output) - trial.target) * trial.weight[:, None]).ravel()

    misses = jax.jit(jax.vmap(lambda *both: (missed(*both), jax.jacfwd(missed)(*both))))
    outputs = np.zeros_like(trials.target)
    for _ in range(10):
        error, slope = map(np.asarray, misses(outputs, trials))
        for output, change, slopes in zip(outputs, error, slope, strict=True):
            slopes = slopes.reshape(output.size, output.size)
            output -= np.linalg.lstsq(slopes, change, rcond=1e-5)[0].reshape(output.shape)
    return jnp.asarray(outputs)


def earned(task, trials, right, guesses):
    """The reward of each right output, and the mean reward of each guess, given in all trials."""

    @jax.jit
    def both(trials, right, guesses):
        every = jax.vmap(jax.vmap(task.reward, (0, None)), (None, 0))
        return jax.vmap(task.reward)(trials, right), every(trials, guesses).mean(axis=1)

    return map(np.asarray, both(trials, right, jnp.asarray(guesses, jnp.float32)))


def blind(task, trials, right):
    """Outputs that ignore the condition, among them the best one."""
    few = np.asarray(right)[np.unique(np.linspace(0, len(right) - 1, 40).astype(int))]
    if task.name == "ready_set_go" and task.feedback == "binary":
        steps = np.arange(right.shape[1])
        return np.where(steps < steps[:, None], -1.0, 1.0)[..., None]
    if task.name == "sampled":  # one answer while short trials count, and perhaps another then
        few = np.array([np.r_[one[:3], 2 * two[3:]] for one in few for two in few] + [*few])
    shape = right.shape[1:]
    spread = 1.0 if task.name != "reaching" else 0.1
    random = spread * RNG.normal(size=(60, *shape)) * RNG.uniform(size=(60, 1, 1))
    weight = np.asarray(trials.weight)[..., None]
    targets = np.asarray(trials.target)
    means = (weight * targets).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-12)
    # In a weighted median nothing is gained by moving to either side.
    order = np.argsort(targets, axis=0)
    share = np.cumsum(np.take_along_axis(np.broadcast_to(weight, targets.shape), order, 0), axis=0)
    place = np.argmax(share >= share[-1] / 2, axis=0)[None]
    medians = np.take_along_axis(np.take_along_axis(targets, order, 0), place, 0)[0]
    if task.name == "reaching":
        means = medians = np.zeros(shape)  # the hand stays where it is
    near = np.stack([means, medians])[:, None] + 0.1 * random[None, :20]
    return np.concatenate([few, random, [means, medians], near.reshape(-1, *shape)])


def bandit(task, choose, plays=20_000):
    """The mean reward of a player of the bandit who is told the baits."""

    def play(memory, number):
        trial = task.revise(memory, task.trial(SOURCE.fold(number), jnp.asarray(0), DT))
        arm = choose(jnp.max(trial.target, axis=0))
        output = jnp.broadcast_to(jax.nn.one_hot(arm, 2), trial.target.shape)
        return task.remember(memory, trial, output), task.reward(trial, output)

    numbers = jnp.arange(plays, dtype=jnp.uint32)
    return float(jax.jit(lambda n: jax.lax.scan(play, task.begin(SOURCE), n))(numbers)[1].mean())


@each_task
def test_chance_and_best_by_brute_force(case, task):
    """Through the reward itself: no blind output earns more than chance, and one earns as much."""
    assert task.chance < task.best
    if task.name == "baited_bandit":
        fast = int(np.argmax(task.baits))
        told = bandit(task, lambda there: jnp.where(there[fast] > 0, fast, 1 - fast))
        assert told == pytest.approx(task.best, abs=0.015)
        always = [bandit(task, lambda there, arm=arm: arm) for arm in (0, 1)]
        assert max(always) == pytest.approx(task.chance, abs=0.015)
        return
    trials, right = trials_of(case)
    answered, guessed = earned(task, trials, right, blind(task, trials, right))
    assert answered.mean() == pytest.approx(task.best, abs=1e-6)
    assert answered.max() <= task.best
    # The step of the circuit is not that of the times by which ramps and waves are averaged.
    near = {"ready_set_go": 0.01, "trajectory_recall": 0.003}.get(task.name, 1e-5)
    assert guessed.max() == pytest.approx(task.chance, abs=near)


@pytest.mark.parametrize("baits", [(0.6, 0.1), (0.3, 0.5), (1.0, 0.2), (0.4, 0.4)])
def test_nobody_who_sees_the_baits_earns_more(baits):
    """All 16 ways to choose by what is baited, each by its stationary distribution."""
    task, states = BaitedBandit(baits=baits), list(product((0, 1), repeat=2))
    earns = []
    for arms in product((0, 1), repeat=4):
        moves, paid = np.zeros((4, 4)), np.zeros(4)
        for i, (state, arm) in enumerate(zip(states, arms, strict=True)):
            left = [0 if k == arm else there for k, there in enumerate(state)]
            paid[i] = state[arm]
            for j, after in enumerate(states):
                chances = [
                    1.0 - (p if not was else 1.0) if not now else (1.0 if was else p)
                    for p, was, now in zip(baits, left, after, strict=True)
                ]
                moves[i, j] = np.prod(chances)
        np.testing.assert_allclose(moves.sum(axis=1), 1)
        start = np.linalg.matrix_power(moves, 4096)[0]
        earns.append(start @ paid)
    assert max(earns) == pytest.approx(task.best, abs=1e-9)


def told(task, name, level, lives=6, trials=160):
    """A rule whose lives earn this performance in the second half, and chance in the first."""
    top = task.chance + level * (task.best - task.chance)
    rewards = np.full((lives, trials), task.chance)
    rewards[:, trials // 2 :] = top + 0.01 * RNG.normal(size=(lives, trials // 2))
    return Trajectory(
        name, "w += 0", rewards.mean(axis=1), *curves(rewards), np.zeros(len(rewards), int)
    )


@each_task
def test_every_function_that_speaks_of_chance(case, task):
    assert task.performance([task.chance, task.best]).tolist() == [0.0, 1.0]
    middle = (task.chance + task.best) / 2
    assert task.performance(middle) == pytest.approx(0.5)

    wide, trials = window(task), 6 * window(task)
    rewards = np.full((3, trials), task.chance)
    rewards[0], rewards[2, trials // 2 :] = task.best, task.best
    table = performance_table(rewards, task)
    np.testing.assert_allclose(table["performance"], [1, 0, 1], atol=1e-9)
    assert table["trials"].tolist() == [wide, trials, trials // 2 + -(-wide // 2)]

    good, bad = told(task, "good", 0.9), told(task, NO_LEARNING, -0.5)
    world = World(circuit=RateCircuit(), task=task)
    evidence = held_out(world, "", 0, good, (bad,))
    assert (evidence.chance, evidence.best) == (task.chance, task.best)
    rows = {row[0]: row[1] for row in reward_table(evidence).body}
    assert float(rows[CHANCE]) == pytest.approx(task.chance, rel=1e-3)
    assert float(rows[PERFECT]) == pytest.approx(task.best, rel=1e-3)

    ax = plot_learning([good, bad], task, warmup=8)
    heights = {line.get_ydata()[0] for line in ax.lines[2:]}
    assert heights == {task.chance, task.best}
    names = [text.get_text() for text in ax.texts]
    assert names[:5] == ["warm-up", NO_LEARNING, CHANCE, "good", PERFECT]
    assert "ignores the condition" in names[5]
    assert "initial weights" in names[5]


def test_luck_seldom_passes_for_learning():
    """Of lives that guess binary answers, few reach half performance; of those that know, all."""
    task = DelayedAssociation(feedback="binary")
    guesses = RNG.integers(2, size=(1000, 200))
    table = performance_table(guesses, task)
    assert (table["trials"] < 200).mean() < 0.08
    assert abs(table["performance"].mean()) < 0.02
    knows = RNG.uniform(size=(1000, 200)) < 0.95
    table = performance_table(knows, task)
    assert (table["trials"] < 60).all()
    assert table["performance"].mean() == pytest.approx(0.9, abs=0.01)


def test_where_nothing_is_to_be_known_there_is_no_performance():
    task = Level(levels=(0.4,))
    table = performance_table(-RNG.uniform(size=(3, 40)), task)
    assert table[["performance", "trials"]].isna().all(axis=None)
    assert table["reward"].notna().all()


class Boast(Level):
    """Says that guesses earn more than perfect answers."""

    chance = property(lambda self: 0.1)


def test_a_task_whose_chance_exceeds_its_best_is_refused():
    with pytest.raises(ValueError, match=r"level says that perfect answers earn 0 .* 0\.1"):
        Boast().check(DT)


def test_targets_that_differ_where_nothing_counts_are_one_answer():
    """Trials of two lengths: the answer to the longer one is as right in the shorter."""
    sides, long = np.array([-1, 1, 1, -1, 1, 1]), np.array([0, 0, 1, 1, 1, 0])
    counts = np.arange(6) < np.where(long, 6, 3)[:, None]
    targets = (0.5 * sides[:, None] * counts)[..., None]
    samples = {
        "inputs": targets, "targets": targets, "mask": counts, "dt": DT,
        "conditions": np.zeros(6, int),
    }  # fmt: skip
    assert Sampled(samples=samples, feedback="binary").chance == pytest.approx(4 / 6)


@pytest.mark.parametrize("lives", [4, 33, 1024])
def test_a_curve_is_the_table_trial_by_trial(lives):
    """The mean of the figure's line is the mean of the table; quartiles stand beside it."""
    rewards = -(RNG.exponential(size=(lives, 50)) ** 2)
    found = Trajectory("a", "", rewards.mean(axis=1), *curves(rewards), np.zeros(lives, int))
    line = plot_learning([found], DelayedAssociation()).lines[0].get_ydata()
    assert np.mean(line) == pytest.approx(found.reward.mean, rel=1e-12)
    table = learning_table([found])
    assert table["mean"].mean() == pytest.approx(
        lives_table(lots_of([found]))["reward"].mean(), rel=1e-12
    )
    assert (table["low"] < table["mean"]).all()
    assert (table["mean"] < table["high"]).all()
    columns = table[["lower", "median", "upper"]].to_numpy().T
    np.testing.assert_array_equal(columns, np.quantile(rewards, QUARTILES, axis=0))
    other = plot_learning([found], DelayedAssociation(), spread="quartiles").lines[0].get_ydata()
    np.testing.assert_array_equal(other, table["median"])


def test_a_curve_rises_where_rewards_do():
    """Before learning it lies where the rewards do, to the last trial."""
    rewards = np.where(np.arange(60) < 12, -0.4, -0.1) * np.ones((5, 1))
    (found,) = trajectories({"a": SimpleNamespace(rewards=rewards, outcomes=np.zeros(5, int))})
    np.testing.assert_array_equal(found.curve[1], rewards[0])
    np.testing.assert_array_equal(found.quartiles[1], rewards[0])


def test_the_interval_of_a_trial_is_that_of_tables():
    rewards = RNG.exponential(size=(40, 6))
    curve, _ = curves(rewards)
    for trial, (low, mean, high) in zip(rewards.T, curve.T, strict=True):
        assert estimate(trial) == (mean, low, high, 40)


def test_the_page_of_tasks_has_their_chance():
    page = (Path(__file__).parent.parent / "docs" / "tasks.md").read_text()
    assert CHANCE_IS in page
    for case in CASES_OF_PAGE:
        row = f"| {label(case.task)} | {case.eta:g} | {case.trials} | {case.task.chance:.3f} | "
        assert row in page


def test_names_at_the_ends_of_lines_do_not_overlap():
    rules = [told(DelayedAssociation(), f"rule {i}", 0.6) for i in range(5)]
    ax = plot_learning(rules, DelayedAssociation())
    figure = ax.get_figure()
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts[:7]]
    boxes.sort(key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(boxes))
