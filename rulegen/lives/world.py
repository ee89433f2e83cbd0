"""A world: where a rule lives and what it must learn."""

from __future__ import annotations

from pydantic import Field

from rulegen.circuits import AnyCircuit, RateCircuit
from rulegen.grammar.rule.held import held
from rulegen.ground.digests import inputs_digest
from rulegen.ground.settings import Settings
from rulegen.lives.engine import Choice
from rulegen.lives.life import LifeSettings
from rulegen.lives.projections import Projections
from rulegen.tasks import AnyTask

#: Settings of how lives are run, on which no result depends.
HOW = ("memory_mb", "chunk", "engine")


class World(Settings):
    """Everything but the rule: where it lives and what it must learn.

    Attributes:
        circuit, task, life: their settings.
        projections: on which projection the rule lives, and the rules of others.
        memory_mb: most memory that running lives may need, in units of 2^20 bytes; by default a
            share of what there is.
        chunk: lives that run together on one device; by default what `rulegen.lives.policy` says.
        engine: what runs lives, see `rulegen.lives.engine`; by default what suits the devices.
    """

    circuit: AnyCircuit = RateCircuit()
    task: AnyTask
    life: LifeSettings = LifeSettings()
    projections: Projections = Projections()
    memory_mb: float | None = Field(None, gt=0)
    chunk: int | None = Field(None, ge=1)
    engine: Choice = "auto"

    @property
    def identity(self) -> str:
        """16 hexadecimal digits of all that results depend on: not of how lives are run."""
        parts = {name: getattr(self, name) for name in type(self).model_fields}
        return inputs_digest([{name: parts[name] for name in parts if name not in HOW}])

    @property
    def unlearned(self) -> World:
        """The world in which no rule changes a weight; see `rulegen.lives.bench.no_learning`."""
        life = self.life.model_copy(update={"warmup": self.life.trials})
        companions = self.projections.companions.items()
        acting = {str(name): held(rule).text() for name, rule in companions if rule.forward}
        projections = self.projections.model_copy(update=acting)
        return self.model_copy(update={"life": life, "projections": projections})
