"""Tasks: what the circuits learn, one file each."""

from typing import Annotated, Any

from pydantic import BeforeValidator, SerializeAsAny

from rulegen.catalog import parts
from rulegen.ground.parts import reader
from rulegen.tasks.baited_bandit import BaitedBandit as BaitedBandit
from rulegen.tasks.base import Task as Task
from rulegen.tasks.context_integration import ContextIntegration as ContextIntegration
from rulegen.tasks.delayed_association import DelayedAssociation as DelayedAssociation
from rulegen.tasks.delayed_match import DelayedMatch as DelayedMatch
from rulegen.tasks.environments import Answers as Answers
from rulegen.tasks.environments import sample_trials as sample_trials
from rulegen.tasks.go_nogo import GoNogo as GoNogo
from rulegen.tasks.motor_sequence import MotorSequence as MotorSequence
from rulegen.tasks.perceptual_decision import PerceptualDecision as PerceptualDecision
from rulegen.tasks.reaching import Reaching as Reaching
from rulegen.tasks.ready_set_go import ReadySetGo as ReadySetGo
from rulegen.tasks.reversal import Reversal as Reversal
from rulegen.tasks.sampled import Sampled as Sampled
from rulegen.tasks.samples import Samples as Samples
from rulegen.tasks.trajectory_recall import TrajectoryRecall as TrajectoryRecall
from rulegen.tasks.trials import Trial as Trial
from rulegen.tasks.working_memory import WorkingMemory as WorkingMemory

#: The bundled tasks by their names; `Sampled` is none of them, because it needs trials.
TASKS: dict[str, Any] = {
    task.model_fields["name"].default: task
    for task in (
        DelayedAssociation, DelayedMatch, ContextIntegration, TrajectoryRecall, PerceptualDecision,
        WorkingMemory, GoNogo, ReadySetGo, MotorSequence, Reaching, Reversal, BaitedBandit,
    )
}  # fmt: skip

for _task in (*TASKS.values(), Sampled):
    parts.add(_task, parts.BUNDLED)

#: Settings of a task, told apart by `name`, or a task itself.
AnyTask = Annotated[SerializeAsAny[Task], BeforeValidator(reader("task"))]
