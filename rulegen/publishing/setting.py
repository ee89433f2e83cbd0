"""A world as a record names it."""

from __future__ import annotations

import math

from pydantic import ValidationError

from rulegen.catalog import Setting
from rulegen.lives.world import World
from rulegen.tasks import TASKS


def setting_of(world: World) -> Setting:
    """A world as a record names it."""
    return Setting(
        task=world.task.model_dump(mode="json", exclude_none=True),
        circuit=world.circuit.model_dump(mode="json", exclude_none=True),
        life=world.life.model_dump(mode="json"),
        projections=world.projections.model_dump(mode="json", exclude_defaults=True),
    )


def ceiling(setting: Setting) -> float:
    """What no life earns more than, as of `Task.ceiling`; infinity where a task is not bundled.

    Example:
        >>> ceiling(Setting(task={"name": "delayed_match"}, circuit={}, life={}))
        0.0
        >>> ceiling(Setting(task={"name": "of my own"}, circuit={}, life={}))
        inf
    """
    task = TASKS.get(str(setting.task.get("name")))
    try:
        return math.inf if task is None else float(task.model_validate(setting.task).ceiling)
    except ValidationError:
        return math.inf
