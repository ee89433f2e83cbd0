"""Tasks: what the circuits learn, one file each."""

from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Discriminator, SerializeAsAny, Tag

from rulegen.tasks.baited_bandit import BaitedBandit as BaitedBandit
from rulegen.tasks.base import Task as Task
from rulegen.tasks.base import Trial as Trial
from rulegen.tasks.context_integration import ContextIntegration as ContextIntegration
from rulegen.tasks.delayed_association import DelayedAssociation as DelayedAssociation
from rulegen.tasks.delayed_match import DelayedMatch as DelayedMatch
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
from rulegen.tasks.working_memory import WorkingMemory as WorkingMemory

#: The bundled tasks by their names; `Sampled` is none of them, because it needs trials.
TASKS: dict[str, Any] = {
    task.model_fields["name"].default: task
    for task in (
        DelayedAssociation, DelayedMatch, ContextIntegration, TrajectoryRecall, PerceptualDecision,
        WorkingMemory, GoNogo, ReadySetGo, MotorSequence, Reaching, Reversal, BaitedBandit,
    )
}  # fmt: skip


def kind(task: Any) -> str | None:
    """Which branch of `AnyTask` a value is: a finished task, or settings of a bundled one."""
    if isinstance(task, Task):
        return "task"
    return task.get("name") if isinstance(task, dict) else None


if TYPE_CHECKING:
    AnyTask = Task
else:
    #: Settings of a bundled task, told apart by `name`, or any task that someone has written.
    AnyTask = Annotated[
        Union[
            *(Annotated[task, Tag(name)] for name, task in TASKS.items()),
            Annotated[Sampled, Tag("sampled")],
            Annotated[SerializeAsAny[Task], Tag("task")],
        ],
        Discriminator(
            kind,
            custom_error_type="task",
            custom_error_message=(
                f"name a bundled task ({', '.join(TASKS)}), `sampled` with a file of trials, or "
                "give a Task"
            ),
        ),
    ]
