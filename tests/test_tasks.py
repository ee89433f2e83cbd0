"""The tasks: periods, targets, order of conditions, chance."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from rulegen.noise import stream
from rulegen.tasks import TASKS, DelayedAssociation, DelayedMatch

SOURCE = stream(jax.random.key(2))
DT = 10.0
EXAMPLES = [
    DelayedAssociation(),
    DelayedAssociation(cues=5, amplitude=0.8),
    DelayedMatch(),
    DelayedMatch(match=True, amplitude=0.3),
]


def trials(task):
    return [task.trial(SOURCE, jnp.asarray(c), DT) for c in range(task.conditions)]


@pytest.mark.parametrize("task", EXAMPLES, ids=lambda task: f"{task.name}-{task.chance:.2f}")
def test_periods_cover_the_trial(task):
    windows = np.array([task.window(name, DT) for name in task.periods])
    np.testing.assert_array_equal(windows.sum(axis=0), 1)
    np.testing.assert_array_equal(windows.sum(axis=1) * DT, list(task.periods.values()))
    assert np.all(np.diff(windows.argmax(axis=1)) > 0), "periods follow each other in order"
    for trial in trials(task):
        assert trial.stimulus.shape == (task.steps(DT), task.channels)
        assert trial.target.shape == (task.steps(DT), task.outputs)
        assert np.isclose(trial.weight.sum(), 1)
        np.testing.assert_array_equal(np.asarray(trial.weight) > 0, windows[-1] > 0)


@pytest.mark.parametrize("task", EXAMPLES, ids=lambda task: f"{task.name}-{task.chance:.2f}")
def test_chance_is_the_best_constant_answer(task):
    """By brute force, over answers that do not depend on the condition."""
    answers = np.linspace(-1, 1, 401)
    means = [
        np.mean([task.reward(t, jnp.full_like(t.target, answer)) for t in trials(task)])
        for answer in answers[::8]
    ]
    assert np.isclose(max(means), task.chance, atol=1e-6)
    assert np.all([task.reward(t, t.target) == 0 for t in trials(task)])


def test_reward_is_minus_the_mean_squared_error_of_the_response():
    task, rng = DelayedMatch(), np.random.default_rng(0)
    trial = trials(task)[1]
    output = rng.normal(size=trial.target.shape)
    expected = -np.mean((output[24:, 0] - 0.5) ** 2)
    assert np.isclose(task.reward(trial, jnp.asarray(output)), expected, rtol=1e-5)


def test_delayed_association():
    for condition, trial in enumerate(trials(DelayedAssociation(cues=3, amplitude=0.6))):
        expected = np.zeros((30, 3))
        expected[:6, condition] = 1
        np.testing.assert_array_equal(trial.stimulus, expected)
        np.testing.assert_allclose(trial.target[24:, 0], [-0.6, 0, 0.6][condition], atol=1e-7)


@pytest.mark.parametrize("match", [False, True])
def test_delayed_match(match):
    for condition, trial in enumerate(trials(DelayedMatch(match=match))):
        first, second = divmod(condition, 2)
        expected = np.zeros((30, 2))
        expected[:6, first] = expected[12:18, second] = 1
        np.testing.assert_array_equal(trial.stimulus, expected)
        sign = 1 if (first == second) == match else -1
        np.testing.assert_allclose(trial.target[24:, 0], 0.5 * sign)


@pytest.mark.parametrize("task", EXAMPLES, ids=lambda task: f"{task.name}-{task.chance:.2f}")
def test_conditions_come_in_balanced_blocks(task):
    size = task.conditions
    order = jax.jit(jax.vmap(lambda i: task.order(SOURCE.fold(i), 4 * size + 1)))
    orders = np.asarray(order(jnp.arange(300)))
    assert orders.shape == (300, 4 * size + 1)
    blocks = orders[:, :-1].reshape(-1, size)
    np.testing.assert_array_equal(np.sort(blocks, axis=1), np.tile(np.arange(size), (1200, 1)))
    # In every place each condition is equally likely, and blocks do not repeat each other.
    share = np.bincount(blocks[:, 0], minlength=size) / len(blocks)
    assert np.abs(share - 1 / size).max() < 4 * np.sqrt((1 - 1 / size) / size / len(blocks))
    followed = np.mean(blocks[:-1, 0] == blocks[1:, 0])
    assert abs(followed - 1 / size) < 0.06


def test_a_period_needs_a_step():
    with pytest.raises(ValueError, match="delay lasts 3 ms, less than one step of 10 ms"):
        DelayedAssociation(delay=3).steps(DT)


@pytest.mark.parametrize("settings", [{"cues": 1}, {"amplitude": 0}, {"response": -1}, {"cue": ""}])
def test_errors_name_the_field(settings):
    with pytest.raises(ValidationError, match=next(iter(settings))):
        DelayedAssociation(**settings)


def test_the_table_of_tasks_has_their_names():
    assert {name: task().name for name, task in TASKS.items()} == {name: name for name in TASKS}
