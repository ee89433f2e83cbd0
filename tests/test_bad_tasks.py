"""Settings and tasks that are none."""

import jax
import numpy as np
import pytest
from pydantic import ValidationError
from test_tasks import RULE, lives

from rulegen.circuits import RateCircuit
from rulegen.grammar import ConfigError
from rulegen.lives.many import Lives
from rulegen.lives.world import World
from rulegen.tasks import (
    BaitedBandit,
    DelayedAssociation,
    MotorSequence,
    PerceptualDecision,
    Reaching,
    ReadySetGo,
    Reversal,
    TrajectoryRecall,
    WorkingMemory,
)

BAD_TASKS = {
    "no such place": (MotorSequence, {"orders": ((0, 1), (1, 3))}, "there is no place 3"),
    "unequal orders": (MotorSequence, {"orders": ((0, 1), (1,))}, "number 1 has not as many"),
    "no coherence": (PerceptualDecision, {"coherences": ()}, "coherences"),
    "negative coherence": (PerceptualDecision, {"coherences": (-0.1,)}, "coherences"),
    "one interval": (ReadySetGo, {"intervals": (100,)}, "intervals"),
    "an interval of no length": (ReadySetGo, {"intervals": (0, 100)}, "intervals"),
    "graded baits": (BaitedBandit, {"feedback": "graded"}, "feedback"),
    "an arm that always has a bait": (BaitedBandit, {"baits": (1, 0.5)}, "baits"),
    "one order": (MotorSequence, {"orders": ((0, 1), (0, 1))}, "orders: all are the same"),
    "always the same answer": (Reversal, {"block": 1, "sequence": "cycled"}, "block: .* the same"),
    "a place out of reach": (Reaching, {"radius": 0.25}, "radius: .* reaches"),
    "no chance of a bait": (BaitedBandit, {"baits": (0, 0.5)}, "baits"),
    "one arm": (BaitedBandit, {"baits": (0.5,)}, "baits"),
    "one frequency": (WorkingMemory, {"frequencies": (20,)}, "frequencies"),
    "the same frequency twice": (WorkingMemory, {"frequencies": (20, 20)}, "frequencies"),
}


@pytest.mark.parametrize(("kind", "settings", "message"), BAD_TASKS.values(), ids=BAD_TASKS)
def test_settings_without_a_task_are_refused(kind, settings, message):
    with pytest.raises(ValidationError, match=message):
        kind(**settings)


def test_settings_without_a_task_at_some_step_are_refused():
    ReadySetGo(feedback="binary", intervals=(105, 157)).check(10.0)
    for intervals, dt in (((100, 150), 10.0), ((105, 157), 5.0), ((100, 100), 20.0)):
        with pytest.raises(
            ValueError, match=f"intervals: at a step of {dt:g} ms one time is right"
        ):
            ReadySetGo(feedback="binary", intervals=intervals).check(dt)
    with pytest.raises(ValueError, match=r"cues: a recall of 4 steps tells 4 .*, not 5"):
        TrajectoryRecall(cues=5, recall=40).check(10.0)


@pytest.mark.parametrize("dt", [0.1, 1.0, 2.5, 10.0, 20.0, 60.0])
def test_an_arm_moves_by_the_steps_of_its_circuit(dt):
    task = Reaching()
    task.check(dt)
    np.testing.assert_allclose(sum(task.periods.values()), dt * task.steps(dt), rtol=1e-6)


def test_periods_of_an_arm_in_broken_steps_are_refused():
    message = "cue of reaching lasts 60 ms, which is no whole number of steps of 35 ms.* to 70"
    with pytest.raises(ValueError, match=message):
        Reaching().check(35.0)
    with pytest.raises(ValueError, match="reach of reaching lasts 305 ms"):
        Reaching(reach=305).check(10.0)


class Wrong(DelayedAssociation):
    name: str = "wrong"
    outputs = property(lambda self: 2)


def test_trials_of_other_shapes_are_refused():
    with pytest.raises(ConfigError, match=r"`wrong` of this .* target has the shape \(30, 1\)"):
        lives(Wrong(), 7)


def test_readouts_of_another_width_are_refused():
    world = World(circuit=RateCircuit(neurons=8, readout=(0,)), task=Reaching())
    with pytest.raises(ValueError, match=r"readout names 1 neurons, but the task has 2"):
        Lives(world, RULE).run([0.01], jax.random.key(0), 1)
