"""What speaks of chance and perfect answers: performance, tables, curves and figures."""

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from test_chance import Level, nested

from benchmarks.tasks import CASES as CASES_OF_PAGE
from benchmarks.tasks import CIRCUIT, label
from rulegen.analysis.performance import performance_table, scale, trajectories, window
from rulegen.catalog.pages.tables import CHANCE_IS, reward_table
from rulegen.catalog.records.roles import CHANCE, NO_LEARNING, PERFECT
from rulegen.circuits import RateCircuit
from rulegen.ground.statistics import estimate
from rulegen.lives.world import World
from rulegen.publishing.evaluate import QUARTILES, Trajectory, curves
from rulegen.publishing.evidence import held_out
from rulegen.publishing.figures import plot_learning, save_figure
from rulegen.publishing.tables import learning_table, lives_table, lots_of
from rulegen.tasks import BaitedBandit, DelayedAssociation, GoNogo, ReadySetGo, Reversal

DT = 10.0
RNG = np.random.default_rng(0)
TASKS = [
    task(feedback=feedback)
    for task in (DelayedAssociation, GoNogo, ReadySetGo, Reversal, Level, nested)
    for feedback in ("graded", "binary")
] + [BaitedBandit(), DelayedAssociation(distance="absolute")]
each_task = pytest.mark.parametrize(
    "task", TASKS, ids=lambda t: f"{t.name}-{t.feedback}-{t.distance}"
)


def told(task, name, level, lives=6, trials=160):
    """A rule whose lives earn this performance in the second half, and chance in the first."""
    chance = task.chance(DT)
    top = chance + level * (task.best - chance)
    rewards = np.full((lives, trials), chance)
    rewards[:, trials // 2 :] = top + 0.01 * RNG.normal(size=(lives, trials // 2))
    return Trajectory(
        name, "w += 0", rewards.mean(axis=1), *curves(rewards), np.zeros(len(rewards), int)
    )


@each_task
def test_every_function_that_speaks_of_chance(task):
    chance = task.chance(DT)
    assert task.performance([chance, task.best], DT).tolist() == [0.0, 1.0]
    middle = (chance + task.best) / 2
    assert task.performance(middle, DT) == pytest.approx(0.5)

    wide, trials = window(task, DT), 6 * window(task, DT)
    rewards = np.full((3, trials), chance)
    rewards[0], rewards[2, trials // 2 :] = task.best, task.best
    table = performance_table(rewards, task, DT)
    np.testing.assert_allclose(table["performance"], [1, 0, 1], atol=1e-9)
    assert table["trials"].tolist() == [wide, trials, trials // 2 + -(-wide // 2)]

    good, bad = told(task, "good", 0.9), told(task, NO_LEARNING, -0.5)
    world = World(circuit=RateCircuit(), task=task)
    evidence = held_out(world, "", 0, good, (bad,), {})
    assert (evidence.chance, evidence.best) == (chance, task.best)
    rows = {row[0]: row[1] for row in reward_table(evidence).body}
    assert float(rows[CHANCE]) == pytest.approx(chance, rel=1e-3)
    assert float(rows[PERFECT]) == pytest.approx(task.best, rel=1e-3)

    ax = plot_learning([good, bad], task, DT, warmup=8)
    heights = {line.get_ydata()[0] for line in ax.lines[2:]}
    assert heights == {chance, task.best}
    names = [text.get_text() for text in ax.texts]
    assert names[:5] == ["warm-up", NO_LEARNING, CHANCE, "good", PERFECT]
    assert "ignores the condition" in names[5]
    assert "initial weights" in names[5]


def test_names_of_lines_stand_beside_the_axes(tmp_path):
    """A name among the curves covers one of them; what is shaded is named above the shade."""
    task = DelayedAssociation()
    rules = [told(task, name, 0.2) for name in ("good", "better", NO_LEARNING)]
    ax = plot_learning(rules, task, DT, warmup=8)
    save_figure(ax, tmp_path, "figure")
    right = ax.get_window_extent().x1
    names = {text.get_text(): text for text in ax.texts}
    for name in ("good", "better", NO_LEARNING, CHANCE, PERFECT):
        assert names[name].get_window_extent().x0 > right
    shade = ax.patches[0].get_window_extent()
    word = names["warm-up"].get_window_extent()
    assert shade.x0 < word.x0 < shade.x1
    assert ax.get_window_extent().y1 < word.y0 < word.y1 < ax.title.get_window_extent().y0
    one = plot_learning(rules, task, DT, warmup=1)
    assert "warm-up" not in [text.get_text() for text in one.texts]


def test_luck_seldom_passes_for_learning():
    """Of lives that guess binary answers, few reach half performance; of those that know, all."""
    task = DelayedAssociation(feedback="binary")
    guesses = RNG.integers(2, size=(1000, 200))
    table = performance_table(guesses, task, DT)
    assert (table["trials"] < 200).mean() < 0.08
    assert abs(table["performance"].mean()) < 0.02
    knows = RNG.uniform(size=(1000, 200)) < 0.95
    table = performance_table(knows, task, DT)
    assert (table["trials"] < 60).all()
    assert table["performance"].mean() == pytest.approx(0.9, abs=0.01)


def test_where_nothing_is_to_be_known_there_is_no_performance():
    """It is said instead: no number stands for it, and none that is none."""
    task = Level(levels=(0.4,))
    assert task.chance(DT) == task.best == 0.0
    table = performance_table(-RNG.uniform(size=(3, 40)), task, DT)
    assert list(table) == ["reward", "late"]
    assert table.notna().all(axis=None)
    with pytest.raises(ValueError, match="level has no performance: one and the same answer"):
        task.performance(0.0, DT)
    assert "so that there is no performance" in scale(task, DT)
    assert "NaN" not in scale(task, DT)
    assert window(task, DT) == window(DelayedAssociation(), DT)


@pytest.mark.parametrize("lives", [4, 33, 1024])
def test_a_curve_is_the_table_trial_by_trial(lives):
    """The mean of the figure's line is the mean of the table; quartiles stand beside it."""
    rewards = -(RNG.exponential(size=(lives, 50)) ** 2)
    found = Trajectory("a", "", rewards.mean(axis=1), *curves(rewards), np.zeros(lives, int))
    line = plot_learning([found], DelayedAssociation(), DT).lines[0].get_ydata()
    assert np.mean(line) == pytest.approx(found.reward.mean, rel=1e-12)
    table = learning_table([found])
    assert table["mean"].mean() == pytest.approx(
        lives_table(lots_of([found]), {})["reward"].mean(), rel=1e-12
    )
    assert (table["low"] < table["mean"]).all()
    assert (table["mean"] < table["high"]).all()
    columns = table[["lower", "median", "upper"]].to_numpy().T
    np.testing.assert_array_equal(columns, np.quantile(rewards, QUARTILES, axis=0))
    other = (
        plot_learning([found], DelayedAssociation(), DT, spread="quartiles").lines[0].get_ydata()
    )
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
        chance = case.task.chance(CIRCUIT.dt)
        row = f"| {label(case.task)} | {case.eta:g} | {case.trials} | {chance:.3f} | "
        assert row in page


def test_names_at_the_ends_of_lines_do_not_overlap():
    rules = [told(DelayedAssociation(), f"rule {i}", 0.6) for i in range(5)]
    ax = plot_learning(rules, DelayedAssociation(), DT)
    figure = ax.get_figure()
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts[:7]]
    boxes.sort(key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(boxes))
