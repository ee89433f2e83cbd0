"""Tasks: what the circuits learn, one file each."""

from typing import Annotated

from pydantic import Field

from rulegen.tasks.base import Task as Task
from rulegen.tasks.base import Trial as Trial
from rulegen.tasks.delayed_association import DelayedAssociation as DelayedAssociation
from rulegen.tasks.delayed_match import DelayedMatch as DelayedMatch

#: Any of the bundled tasks, told apart by `name`.
AnyTask = Annotated[DelayedAssociation | DelayedMatch, Field(discriminator="name")]

TASKS: dict[str, type[Task]] = {
    "delayed_association": DelayedAssociation,
    "delayed_match": DelayedMatch,
}
