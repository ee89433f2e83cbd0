"""Where a run takes place: one world or several, and others that choose nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from rulegen.catalog import find
from rulegen.catalog.records.fields import Label
from rulegen.catalog.records.roles import ROLES, ambiguous
from rulegen.catalog.records.worlds import LEAST_SHARP, MOST_SHARP
from rulegen.circuits import AnyCircuit, RateCircuit
from rulegen.grammar import Rule, RulegenError, parse
from rulegen.ground.settings import Settings, distinct
from rulegen.lives.engine import Choice
from rulegen.lives.life import LifeSettings
from rulegen.lives.projections import Projections
from rulegen.lives.world import World
from rulegen.objective import Aim
from rulegen.publishing.references import ReferenceRule
from rulegen.tasks import AnyTask

#: How tables call the world of a run that has one.
HERE = "the world of the run"
#: The rule of the catalog by which others are measured, unless another is named.
MEASURE = "node_perturbation"
#: Each has programs of its own, which are compiled before anything is found.
MOST_WORLDS = 64
#: What tables add to the name of a world that chose nothing.
HELD_OUT = "(held out)"
#: Settings that say what several worlds make together.
TOGETHER = ("worlds", "elsewhere", "objective", "sharpness", "scale", "yardstick")


class Surroundings(Settings):
    """What all worlds of a file have, unless they say otherwise.

    Attributes:
        circuit, life, projections, memory_mb, chunk, engine: see `rulegen.lives.world.World`.
    """

    circuit: AnyCircuit = RateCircuit()
    life: LifeSettings = LifeSettings()
    projections: Projections = Projections()
    memory_mb: float | None = Field(None, gt=0)
    chunk: int | None = Field(None, ge=1)
    engine: Choice = "auto"

    def with_task(self, task: AnyTask) -> World:
        """The world of a task in these surroundings."""
        told = {name: getattr(self, name) for name in Surroundings.model_fields}
        return World(task=task, **told)


class WorldSettings(Surroundings):
    """A world as a file describes it.

    Attributes:
        task: what is learned there.
    """

    task: AnyTask

    @property
    def world(self) -> World:
        """Where rules live."""
        return self.with_task(self.task)


class Elsewhere(Settings):
    """Another world, which is never used to choose anything.

    Attributes:
        name: how tables call it.
        task, circuit, life, projections: in place of what the file says for all; None: as there.
    """

    name: Label = Field(max_length=80)
    task: AnyTask | None = None
    circuit: AnyCircuit | None = None
    life: LifeSettings | None = None
    projections: Projections | None = Field(None, exclude_if=lambda told: told is None)


class Training(Elsewhere):
    """A world in which a rule is sought, one of several.

    Attributes:
        weight: of it in the objective, in any unit.
    """

    weight: float = Field(1.0, gt=0)


def as_reference(value: Any) -> Any:
    """A rule of the catalog by its name, or what it is already."""
    if isinstance(value, str):
        try:
            return {"name": value, "rule": find(value).equations}
        except RulegenError as error:
            raise ValueError(str(error)) from None
    if not isinstance(value, Mapping | ReferenceRule):
        raise ValueError("name a rule of the catalog, or write a table with `name` and `rule`")
    return value


class Places(Surroundings):
    """The worlds of a run.

    Attributes:
        task: where there is one world; its circuit, life and projections stand beside it.
        worlds: where there are several; what one leaves out is as it stands for all.
        elsewhere: worlds for what was found alone; in a run of one world what one leaves out is
            as there.
        objective: what the worlds make of a rule: the `mean` of its rewards, weighted, or a soft
            `worst` case, see `rulegen.objective.Aim`.
        sharpness: of the worst case, from 0.001 to a million; the larger, the less other worlds
            count.
        scale: `learning` counts rewards from no learning, 0, to the yardstick, 1; `reward` takes
            them as they are. By default the first with several worlds, the second with one.
        yardstick: the rule that is 1, tuned in every world: a name of the catalog, or a name and
            a rule.
    """

    task: AnyTask | None = None
    worlds: tuple[Training, ...] = Field((), max_length=MOST_WORLDS)
    elsewhere: tuple[Elsewhere, ...] = Field((), max_length=MOST_WORLDS)
    objective: Literal["mean", "worst"] = "mean"
    sharpness: float = Field(5.0, ge=LEAST_SHARP, le=MOST_SHARP)
    scale: Literal["learning", "reward"] | None = None
    yardstick: Annotated[ReferenceRule, BeforeValidator(as_reference)] | None = None

    @model_validator(mode="after")
    def _placed(self) -> Places:
        if self.task is None and not self.worlds:
            raise ValueError("no world: add [task], or several [[worlds]] with a task each")
        if self.task is not None and self.worlds:
            raise ValueError(
                "both [task] and [[worlds]]: a run has one world, or several with a task each"
            )
        if self.yardstick and not self.learning and self.scale is None:
            raise ValueError(
                "yardstick: nothing is measured by it, as the reward of one world is taken as it "
                'is: set `scale = "learning"`, or leave it out'
            )
        if (
            self.objective == "mean"
            and self.sharpness != type(self).model_fields["sharpness"].default
        ):
            raise ValueError(
                'sharpness: a mean has none: set `objective = "worst"`, or leave it out'
            )
        names = [world.name for world in self.worlds] or [HERE]
        outside = [there.name for there in self.elsewhere]
        distinct(names, "worlds")
        distinct(outside, "elsewhere")
        if (count := len(names) + len(outside)) > MOST_WORLDS:
            raise ValueError(
                f"worlds: {count} of them, with those of `elsewhere`, and a run has at most "
                f"{MOST_WORLDS}: take some out"
            )
        if marked := next((name for name in (*names, *outside) if name.endswith(HELD_OUT)), None):
            raise ValueError(
                f"world `{marked}`: tables add `{HELD_OUT}` to names themselves; rename it"
            )
        if taken := next((name for name in outside if name in names), None):
            number = outside.index(taken) + 1
            raise ValueError(
                f"elsewhere: number {number}: `{taken}` is a world of the run; rename this one"
            )
        if role := ambiguous([*names, *outside], ROLES):
            raise ValueError(
                f"world `{role}`: the name is taken, or looks like one that is; rename it"
            )
        for there in (*self.worlds, *self.elsewhere):
            if there.task is None and self.worlds:
                raise ValueError(f"world `{there.name}`: it has no task")
        met: dict[str, str] = {}
        for name, world in (self.training | self.held_out).items():
            if other := met.get(world.identity):
                raise ValueError(
                    f"world `{name}`: it is the same as `{other}`; take one out, or change what "
                    "it shall differ in"
                )
            met[world.identity] = name
        return self

    def placed(self, there: Elsewhere) -> World:
        """A world with what stands for all of them where it says nothing."""
        task = there.task or self.task
        assert task is not None
        parts = {name: getattr(there, name) for name in ("circuit", "life", "projections")}
        told = {name: part for name, part in parts.items() if part is not None}
        return self.with_task(task).model_copy(update=told)

    @property
    def training(self) -> dict[str, World]:
        """The worlds in which everything is chosen, by name."""
        if self.task is not None:
            return {HERE: self.with_task(self.task)}
        return {there.name: self.placed(there) for there in self.worlds}

    @property
    def held_out(self) -> dict[str, World]:
        """The other worlds, by name."""
        return {there.name: self.placed(there) for there in self.elsewhere}

    @property
    def learning(self) -> bool:
        """Whether rewards count from no learning to the yardstick."""
        return self.scale == "learning" or (self.scale is None and bool(self.worlds))

    @property
    def together(self) -> bool:
        """Whether a rule is judged by anything but its reward in one world."""
        return bool(self.worlds) or self.learning

    @property
    def world(self) -> World:
        """The one world of the run, or the first of them."""
        return next(iter(self.training.values()))

    @property
    def first(self) -> str:
        """The name of that world."""
        return next(iter(self.training))

    @property
    def aim(self) -> Aim:
        """What the worlds make of rewards that are taken as they are."""
        weights = [there.weight for there in self.worlds] or [1.0]
        return Aim.of_rewards(weights, self.sharpness if self.objective == "worst" else 0.0)

    @property
    def step(self) -> float:
        """The longest step of all worlds, ms."""
        return max(world.circuit.dt for world in (self.training | self.held_out).values())

    @property
    def measured_by(self) -> str:
        """The name of the yardstick."""
        return self.yardstick.name if self.yardstick else MEASURE

    @property
    def measure(self) -> Rule:
        """The yardstick."""
        return parse(self.yardstick.rule) if self.yardstick else find(MEASURE).rule
