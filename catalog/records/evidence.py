"""What a record claims of a rule: figures of held-out lives, which must agree with each other."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from rulegen.catalog.records.ended import Ended
from rulegen.catalog.records.fields import (
    SOFTWARE,
    VERSION,
    Count,
    Digest,
    Label,
    Line,
    Package,
    Prose,
    Real,
    RuleOrNothing,
    Seed,
    Share,
    several,
)
from rulegen.catalog.records.interval import ROUNDING, Interval, PartKind, Setting
from rulegen.catalog.records.part import RecordPart
from rulegen.catalog.records.roles import NO_LEARNING, YARDSTICK, ambiguous
from rulegen.catalog.records.worlds import (
    LEAST_SHARP,
    MOST_SHARP,
    Purpose,
    WorldFigures,
    near,
    objective_of,
)

#: A term as text, in one line.
TermText = Annotated[str, Field(max_length=4096, pattern=r"^[^\n]*$")]


class TermLoss(Ended, RecordPart):
    """How much reward per trial is lost without a term, after the other terms are refitted.

    The lives that `Ended` counts are those of what remains.

    Attributes:
        coefficient: the parameter in front of the term. term: what it multiplies, as text.
        loss: paired over lives.
        inclusion: share of bootstrap resamples of the selection's lives that keep the term.
        rule: the text of what remains, with its values; empty when nothing is learned without the
            term.
    """

    coefficient: Line
    term: TermText
    loss: Interval
    inclusion: Share | None = None
    rule: RuleOrNothing = ""


class Look(RecordPart):
    """One comparison of the selection of terms: is this rule better, or as good and smaller?

    Attributes:
        removed: the terms that it leaves out, as text. added: those that it takes in.
        terms: number of its terms.
        difference: its reward, refitted, minus that of the best rule so far, paired over lives.
        verdict: accepted, and it took the other's place; refused; or undecided by its lives.
        inclusion: share of bootstrap resamples of the lives in which it would not be accepted.
    """

    removed: tuple[TermText, ...]
    added: tuple[TermText, ...] = ()
    terms: Count
    difference: Interval
    verdict: Literal["accepted", "refused", "undecided"]
    inclusion: Share | None = None


class Comparison(Ended, RecordPart):
    """Another rule on the same held-out lives; `Ended` counts those that ended badly.

    Attributes:
        name: how the figures call it. rule: its text, with values; empty for no learning at all.
        reward: its mean reward per trial.
        difference: the published rule's reward minus its reward, paired over lives.
    """

    name: Annotated[Label, Field(max_length=400)]
    rule: RuleOrNothing
    reward: Interval
    difference: Interval

    @model_validator(mode="after")
    def _has_a_rule(self) -> Comparison:
        if bool(self.rule.strip()) == (self.name == NO_LEARNING):
            raise ValueError(
                f"`{self.name}`: every compared rule has its text, but for `{NO_LEARNING}`, which "
                "has none"
            )
        return self


class Evidence(Ended, RecordPart):
    """What is known about a discovered rule from lives that the fit never saw.

    `Ended` counts the held-out lives of the rule that ended badly.

    Attributes:
        setting: task and circuit of the fit and of the evaluation; of the first of several worlds.
        reward: mean reward per trial over held-out lives of the rule as printed; with several
            worlds, here and in all that follows, what `objective` makes of its rewards there.
        worlds: what it earns in each world, where there are several: first those that chose it.
        objective: the reward itself, the mean over worlds, or a soft worst case of `sharpness`.
        chance: the reward of the best single answer that ignores the condition. best: the reward
            of perfect answers.
        comparisons: the start, references and no learning, on the same lives.
        terms: loss of reward without each term. looks: the decisions of the pruning.
        candidates: number of candidate terms at the beginning.
        margin: margin of non-inferiority, reward per trial.
        level: coverage of the interval of each look, with which all of them hold with 95%.
        structures: number of structures that a search has run; 0 without a search.
        choice: why this one was picked among them.
        seed: of the run. versions: of the software. packages: those with which its task and its
            circuit come, where that is not rulegen. config: digest of the configuration.
        code: digest of the programs that ran. data: digest of the table of all held-out lives,
            the file `NAME.csv` beside the record.
        digest: of the rule that was evaluated.
        gradients: of single lives, in all estimates of the run; nonfinite: those of them that were
            infinite or not a number and left out.
    """

    setting: Setting
    reward: Interval
    worlds: Annotated[tuple[WorldFigures, ...], Field(max_length=64)] = ()
    objective: Purpose = "reward"
    sharpness: Annotated[Real, Field(ge=0)] = 0.0
    chance: Real
    best: Real
    comparisons: tuple[Comparison, ...] = ()
    terms: tuple[TermLoss, ...] = ()
    looks: tuple[Look, ...] = ()
    candidates: Count = 0
    margin: Annotated[Real, Field(ge=0, le=1e30)] = 0.0
    level: Annotated[Real, Field(ge=0.5, lt=1)] = 0.95
    structures: Count = 0
    choice: Prose = ""
    seed: Seed = 0
    versions: dict[str, str] = Field(default_factory=dict)
    packages: dict[PartKind, Package] = Field(default_factory=dict)
    config: Digest = ""
    code: Digest = ""
    data: Digest = ""
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    gradients: Count = 0
    nonfinite: Count = 0

    @field_validator("versions")
    @classmethod
    def _known_form(cls, versions: dict[str, str]) -> dict[str, str]:
        for name, version in versions.items():
            if not (SOFTWARE.fullmatch(name) and VERSION.fullmatch(version)):
                raise ValueError(f"`{name} {version}` is no software with its version")
        return versions

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Evidence:
        lives = self.reward.lives
        figures = [i for c in self.comparisons for i in (c.reward, c.difference)]
        figures += [t.loss for t in self.terms]
        if strange := next((figure.lives for figure in figures if figure.lives != lives), None):
            raise ValueError(f"{strange} lives in a comparison on the same {lives} lives")
        for part in (self, *self.comparisons, *self.terms):
            if (ended := sum(part.counts.values())) > lives:
                raise ValueError(f"{ended} of {lives} lives cannot have ended badly: {part.ended}")
        if name := ambiguous(c.name for c in self.comparisons):
            raise ValueError(f"the name `{name}` stands twice or is read as that of another role")
        if len({t.coefficient for t in self.terms}) < len(self.terms):
            raise ValueError("the loss of a term stands twice")
        if self.nonfinite > self.gradients:
            raise ValueError(f"{self.nonfinite} of {self.gradients} gradients were left out")
        if not self.chance <= self.best:
            raise ValueError(f"chance, {self.chance:g}, is above perfect answers, {self.best:g}")
        for other in self.comparisons:
            rewards = (self.reward.mean, other.reward.mean)
            slack = ROUNDING * max(map(abs, rewards))
            if not math.isclose(rewards[0] - rewards[1], other.difference.mean, abs_tol=slack):
                raise ValueError(
                    f"`{other.name}`: the difference is {other.difference.mean:.6g}, but that of "
                    f"the rewards is {rewards[0] - rewards[1]:.6g}"
                )
        return self

    @model_validator(mode="after")
    def _agrees_with_its_worlds(self) -> Evidence:
        if not self.worlds:
            if self.objective != "reward":
                raise ValueError("an objective of several worlds, and no worlds")
            return self
        if name := ambiguous(world.name for world in self.worlds):
            raise ValueError(f"worlds: the name `{name}` stands twice or is that of a role")
        if strange := next((w for w in self.worlds if w.reward.lives != self.reward.lives), None):
            raise ValueError(f"world `{strange.name}`: its lives are not those of the objective")
        if self.worlds[0].setting != self.setting:
            raise ValueError("the setting is not that of the first world")
        inside = [world for world in self.worlds if world.chosen_in]
        if inside != list(self.worlds[: len(inside)]) or not inside:
            raise ValueError("worlds that chose the rule stand before the others")
        names = [other.name for other in self.comparisons]
        for world in self.worlds:
            there = [other.name for other in world.comparisons if other.name != YARDSTICK]
            if there != names:
                raise ValueError(
                    f"world `{world.name}`: the rule is compared there with {', '.join(there)}, "
                    f"and all in all with {', '.join(names)}"
                )
        weights = [world.weight for world in inside]
        if not math.isclose(math.fsum(weights), 1.0, rel_tol=ROUNDING):
            raise ValueError(f"the weights of the worlds make {math.fsum(weights):g}, not 1")
        if (self.objective == "reward") > (len(inside) == 1 and inside[0].scaled is None):
            raise ValueError("several worlds, and no objective that says what they make")
        if self.objective == "worst" and not LEAST_SHARP <= self.sharpness <= MOST_SHARP:
            raise ValueError(
                f"a worst case of sharpness {self.sharpness:g}, not {LEAST_SHARP:g} to "
                f"{MOST_SHARP:g}"
            )
        for name, told, values in (
            ("objective", self.reward.mean, [w.reward.mean for w in inside]),
            ("chance", self.chance, [w.chance for w in inside]),
            ("reward of perfect answers", self.best, [w.best for w in inside]),
        ):
            parts = [w.on_scale(value) for w, value in zip(inside, values, strict=True)]
            made = objective_of(self.objective, self.sharpness or 1.0, weights, parts)
            if not near(made, told):
                raise ValueError(f"the {name} is {told:.6g}, but its worlds make {made:.6g}")
        return self

    @property
    def scaled(self) -> bool:
        """Whether rewards count from no learning, 0, to the yardstick, 1."""
        return bool(self.worlds) and self.worlds[0].scaled is not None

    @property
    def reward_is(self) -> str:
        """What the reward of the record is, in a few words."""
        if self.objective == "reward":
            return "reward per trial"
        kind = "scaled reward" if self.scaled else "reward"
        count = sum(world.chosen_in for world in self.worlds)
        return f"{self.objective} {kind} of {several(count, 'world')}"

    def __str__(self) -> str:
        lines = [f"{self.reward_is} {self.reward} on {self.reward.lives} held-out lives"]
        lines += [f"  minus {other.name}: {other.difference}" for other in self.comparisons]
        for world in self.worlds:
            kind = "" if world.chosen_in else ", held out"
            lines.append(f"  {world.name}{kind}: {world.scaled or world.reward}")
        return "\n".join(lines)
