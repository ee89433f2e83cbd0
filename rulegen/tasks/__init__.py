"""Tasks: what the circuits learn, one file each."""

from typing import Annotated, Any

from pydantic import Discriminator, SerializeAsAny, Tag

from rulegen.tasks.base import Task as Task
from rulegen.tasks.base import Trial as Trial
from rulegen.tasks.context_integration import ContextIntegration as ContextIntegration
from rulegen.tasks.delayed_association import DelayedAssociation as DelayedAssociation
from rulegen.tasks.delayed_match import DelayedMatch as DelayedMatch

TASKS: dict[str, type[DelayedAssociation] | type[DelayedMatch] | type[ContextIntegration]] = {
    "delayed_association": DelayedAssociation,
    "delayed_match": DelayedMatch,
    "context_integration": ContextIntegration,
}


def kind(task: Any) -> str | None:
    """Which branch of `AnyTask` a value is: a finished task, or settings of a bundled one."""
    if isinstance(task, Task):
        return "task"
    return task.get("name") if isinstance(task, dict) else None


#: Settings of a bundled task, told apart by `name`, or any task that someone has written.
AnyTask = Annotated[
    Annotated[DelayedAssociation, Tag("delayed_association")]
    | Annotated[DelayedMatch, Tag("delayed_match")]
    | Annotated[ContextIntegration, Tag("context_integration")]
    | Annotated[SerializeAsAny[Task], Tag("task")],
    Discriminator(
        kind,
        custom_error_type="task",
        custom_error_message=f"name a bundled task ({', '.join(TASKS)}), or give a Task",
    ),
]
