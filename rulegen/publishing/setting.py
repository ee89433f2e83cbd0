"""A world as a record names it."""

from __future__ import annotations

from rulegen.catalog import Setting
from rulegen.lives.world import World


def setting_of(world: World) -> Setting:
    """A world as a record names it."""
    return Setting(
        task=world.task.model_dump(mode="json", exclude_none=True),
        circuit=world.circuit.model_dump(mode="json", exclude_none=True),
        life=world.life.model_dump(mode="json"),
        projections=world.projections.model_dump(mode="json", exclude_defaults=True),
    )
