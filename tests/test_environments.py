"""Trials that are sampled from environments, and environments that make none."""

import numpy as np
import pytest
from made_environments import Sides, Space, Steps, Waiting

from rulegen.tasks import Answers, Samples, sample_trials


def test_whole_trials_of_an_environment():
    arrays = sample_trials(Sides(), 40, by=("ground_truth", "strength"), seed=5)
    again = sample_trials(Sides(), 40, by=("ground_truth", "strength"), seed=5)
    samples = Samples(**arrays)
    assert samples == Samples(**again)
    assert samples != Samples(**sample_trials(Sides(), 40, seed=6))
    assert samples.periods == {"cue": 3, "delay": 4, "decision": 3}
    assert samples.dt == 20.0
    assert set(samples.conditions) == {0, 1, 2, 3}
    for inputs, targets, mask, condition in zip(
        samples.inputs, samples.targets, samples.mask, samples.conditions, strict=True
    ):
        side, strength = divmod(int(condition), 2)
        expected = np.zeros((10, 2))
        expected[:3, side] = [0.5, 1.0][strength]
        np.testing.assert_array_equal(inputs, expected)
        np.testing.assert_array_equal(targets[:, 0], [0] * 7 + [side - 0.5] * 3)
        np.testing.assert_array_equal(mask, [0] * 7 + [1] * 3)


def test_without_names_conditions_are_the_targets():
    samples = Samples(**sample_trials(Sides(), 20))
    np.testing.assert_array_equal(samples.conditions, samples.targets[:, -1, 0] > 0)


@pytest.mark.parametrize("ends", ["terminated", "truncated", "new_trial"])
def test_trials_step_by_step(ends):
    samples = Samples(**sample_trials(Steps(ends), 30, answers=Answers(fixation=False)))
    assert samples.inputs.shape == (30, 4, 2)
    shown = samples.inputs[:, 0].argmax(axis=1)
    assert 5 < shown.sum() < 25
    np.testing.assert_array_equal(samples.inputs[:, 2].argmax(axis=1), shown)
    assert not samples.inputs[:, 3].any()
    np.testing.assert_array_equal(samples.targets, np.tile(shown[:, None, None] - 0.5, (1, 4, 1)))


def test_right_actions_of_a_policy():
    arrays = sample_trials(
        Steps(told=False, count=3), 20, answers=Answers(1.0, False), policy=np.argmax
    )
    np.testing.assert_array_equal(arrays["targets"][:, :3], arrays["inputs"][:, :3])


def test_continuous_actions_are_targets_as_they_are():
    class Reach(Sides):
        action_space = Space(shape=(2,))

        def new_trial(self):
            super().new_trial()
            self.gt = self.rng.uniform(size=(len(self.ob), 2))

    samples = Samples(**sample_trials(Reach(), 80))
    assert samples.targets.shape == (80, 10, 2)
    assert samples.mask.all()
    # As many different answers as trials are no conditions.
    assert not samples.conditions.any()


def test_two_actions_are_go_or_not():
    class Go(Sides):
        action_space = Space(n=2)

        def new_trial(self):
            super().new_trial()
            self.gt -= self.gt > 0

    samples = Samples(**sample_trials(Go(), 30, answers=Answers(0.8)))
    assert samples.targets.shape[2] == 1
    assert set(samples.targets[:, -1, 0].tolist()) == {0.0, np.float32(0.8)}
    # To withhold an answer counts as well.
    np.testing.assert_array_equal(samples.mask, [[0] * 7 + [1] * 3] * 30)


def test_shorter_trials_can_be_padded():
    with pytest.raises(ValueError, match=r"from 8 to 10 steps: .* constant .* length=10"):
        sample_trials(Waiting(), 20)
    samples = Samples(**sample_trials(Waiting(), 20, length=12))
    assert samples.periods == {"trial": 12}
    lengths = [int(np.flatnonzero(t[:, 0])[-1]) + 1 for t in samples.targets]
    assert set(lengths) == {8, 9, 10}
    for mask, length in zip(samples.mask, lengths, strict=True):
        assert mask[length - 1] == 1 and not mask[length:].any()
    with pytest.raises(ValueError, match="10 steps, more than length=9"):
        sample_trials(Waiting(), 20, length=9)


class Picture(Sides):
    def new_trial(self):
        super().new_trial()
        self.ob = np.zeros((10, 3, 3))


class Worded(Sides):
    def new_trial(self):
        super().new_trial()
        self.ob = [{"light": 1.0}] * 10


class Unanswered(Sides):
    def new_trial(self):
        super().new_trial()
        self.gt = None


class Still(Sides):
    def new_trial(self):
        super().new_trial()
        self.gt[:] = 0


class Endless(Steps):
    def step(self, action):
        self.time = 0
        return super().step(action)


class Unclocked(Sides):
    dt = None


class Many(Sides):
    action_space = Space(n=2)


BAD_ENVIRONMENTS = {
    "pictures": (Picture(), {}, "shape .3, 3., .* flatten them"),
    "dictionaries": (Worded(), {}, "flatten"),
    "no right answers": (Unanswered(), {}, "tells no right answers"),
    "no right answers in steps": (Steps(told=False), {}, "tells no right answers"),
    "no answer at all": (Still(), {}, "no step has an answer"),
    "no end": (Endless(), {}, "no trial ends within 100000 steps"),
    "no step": (Unclocked(), {}, "does not tell its step"),
    "an action that there is not": (Many(), {}, "integers from 0 to 1"),
    "conditions that are not told": (
        Sides(),
        {"by": ("colour",)},
        "not tell `colour`; it tells",
    ),
    "no trials": (Sides(), {"trials": 0}, "at least 1"),
}


@pytest.mark.parametrize(
    ("env", "options", "message"), BAD_ENVIRONMENTS.values(), ids=BAD_ENVIRONMENTS
)
def test_environments_that_make_no_trials(env, options, message):
    with pytest.raises(ValueError, match=message):
        sample_trials(env, **{"trials": 9} | options)
