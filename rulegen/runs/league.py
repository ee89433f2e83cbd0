"""Rules in many worlds: all tuned alike where they are chosen, and judged everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare, studentized_range

from rulegen.catalog.records.roles import NO_LEARNING, YARDSTICK
from rulegen.catalog.records.worlds import shared_level
from rulegen.fitting.refine import RefineSettings, refine
from rulegen.fitting.tuning import COMPARE, Budget, opened, tuned_values
from rulegen.fitting.yardstick import Mark
from rulegen.grammar import AnyRule, ConfigError, Rule, RulegenError, as_rule, parse
from rulegen.grammar.matching.outline import strengths
from rulegen.grammar.rule.system import check_effect
from rulegen.ground.keys import Branch
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import estimate
from rulegen.lives.outcomes import TROUBLES, Outcomes
from rulegen.lives.world import World
from rulegen.objective import Objective
from rulegen.publishing.config import EvaluateSettings
from rulegen.publishing.evaluate import Trajectory
from rulegen.publishing.held_out import HeldOut
from rulegen.publishing.places import Places
from rulegen.publishing.purpose import check_worlds, marks_of, objective_of, scaled
from rulegen.publishing.settings_file import load_settings
from rulegen.runs.contest import STILL

#: How every rule is refined after it was tuned.
REFINE = RefineSettings(lives=96, most_lives=96, moves=4, most=4)


class League(Places):
    """Worlds in which rules are compared, as a file says; what else a run has is passed over.

    Attributes:
        evaluate: the lives on which rules are judged.
    """

    evaluate: EvaluateSettings = EvaluateSettings(lives=512)


def load_league(path: Path | str) -> League:
    """Read the worlds of a file, which may be the configuration of a run.

    Raises:
        ConfigError: when the file cannot be read, or a world in it is wrong.

    Example:
        >>> from importlib.resources import files
        >>> league = load_league(files("rulegen").joinpath("examples/generalist.toml"))
        >>> list(league.training)[:2], len(league.held_out)
        (['delayed association', 'trajectory recall'], 8)
    """
    return load_settings(League, path, only=True)


def only_world(place: Path) -> World:
    """The world of a file or of a run's folder, for what compares or runs rules in one.

    Raises:
        ConfigError: when it has several, or as of `load_league`.
    """
    path = place / "config.toml" if place.is_dir() else place
    league = load_league(path)
    if league.worlds:
        raise ConfigError(
            f"{place} has several worlds: `rulegen compare --worlds {path}` runs rules in all of "
            "them"
        )
    return league.world


class Standing(NamedTuple):
    """A rule with its values, everywhere.

    Attributes:
        rule: as it is judged. note: why it is not.
        lives: in each world, by its name.
    """

    rule: Rule | None
    note: str
    lives: Mapping[str, Trajectory]


class Standings(NamedTuple):
    """What a league found.

    Attributes:
        rules: by name; yardstick and no learning are the last.
        worlds: names, those in which rules were tuned first, and whether they are.
        scaled: scaled rewards of each life, by rule and world; rewards where nothing is scaled.
        made: what the worlds that choose make of each rule, life by life.
        level: coverage of each interval, with which all of them hold together.
    """

    rules: Mapping[str, Standing]
    worlds: Mapping[str, bool]
    scaled: Mapping[tuple[str, str], np.ndarray]
    made: Mapping[str, np.ndarray]
    level: float

    def objective(self) -> pd.DataFrame:
        """What the worlds in which rules were tuned make of each, the best first.

        Returns:
            columns `objective` with `low` and `high`, and `difference` of the first rule from it,
            paired over lives, with its limits; rules that cannot run there are left out. All
            intervals hold together with 95%, those of `table` among them.
        """
        first = next(iter(self.rules))
        rows = {}
        for name, numbers in self.made.items():
            here = estimate(numbers, self.level)
            rows[name] = {"objective": here.mean, "low": here.low, "high": here.high}
            if first in self.made:
                rows[name] |= self._from_first(self.made[first] - numbers)
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="rule")
        return table.sort_values("objective", ascending=False, kind="stable")

    def table(self) -> pd.DataFrame:
        """A row for each rule and world.

        Returns:
            columns `rule`, `world`, `chosen_in`, `lives`, `reward` per trial, `scaled` with `low`
            and `high`, `difference` of the first rule from it, scaled and paired, with its limits,
            how many lives ended badly, `values` of its parameters, and a `note` for a rule that
            cannot run. All intervals hold together with 95%.
        """
        first = next(iter(self.rules))
        rows = []
        for name, standing in self.rules.items():
            for world, inside in self.worlds.items():
                row: dict[str, Any] = {"rule": name, "world": world, "chosen_in": inside}
                trajectory = standing.lives.get(world)
                if trajectory is None:
                    rows.append(row | {"note": standing.note})
                    continue
                here = estimate(self.scaled[name, world], self.level)
                row |= {"lives": here.lives, "reward": trajectory.reward.mean}
                row |= {"scaled": here.mean, "low": here.low, "high": here.high}
                if (first, world) in self.scaled:
                    row |= self._from_first(self.scaled[first, world] - self.scaled[name, world])
                # The yardstick has values of its own in each world.
                rule = parse(trajectory.text) if name == YARDSTICK else standing.rule
                rows.append(row | trajectory.counts.bad | {"values": values_of(rule), "note": ""})
        columns = ["rule", "world", "chosen_in", "lives", "reward", "scaled", "low", "high"]
        columns += ["difference", "difference_low", "difference_high", *TROUBLES, "values", "note"]
        whole = dict.fromkeys(("lives", *TROUBLES), "Int64")
        return pd.DataFrame(rows, columns=columns).astype(whole)

    @property
    def ended(self) -> dict[str, Outcomes]:
        """How the lives of each rule ended in each world."""
        return {
            f"{name} in {world}": trajectory.counts
            for name, standing in self.rules.items()
            for world, trajectory in standing.lives.items()
        }

    def _from_first(self, gap: np.ndarray) -> dict[str, float]:
        """How much more than a rule the first one earns, of what it earns more in each life."""
        found = estimate(gap, self.level)
        limits = {"difference_low": found.low, "difference_high": found.high}
        return {"difference": found.mean} | limits

    def matrix(self) -> pd.DataFrame:
        """Mean scaled rewards, rules in rows and worlds in columns; NaN where a rule cannot run."""
        cells = {key: lives.mean() for key, lives in self.scaled.items()}
        return pd.DataFrame(
            [[cells.get((name, world), np.nan) for world in self.worlds] for name in self.rules],
            index=pd.Index(self.rules, name="rule"),
            columns=list(self.worlds),
        )

    def ranks(self) -> Ranks:
        """Mean ranks over worlds of all rules that run in every one, and what they must differ by.

        See `ranked`.
        """
        return ranked(self.matrix().dropna())


class Ranks(NamedTuple):
    """Which rules are better in most worlds.

    Attributes:
        mean: mean rank of each rule over worlds, 1 for the best.
        critical: mean ranks that differ by less are not told apart (Nemenyi, 95%); NaN with fewer
            than two worlds or rules.
        p: of the hypothesis that all rules are alike (Friedman); NaN with fewer than three rules.
        worlds: so many.
    """

    mean: pd.Series
    critical: float
    p: float
    worlds: int


def ranked(matrix: pd.DataFrame) -> Ranks:
    """Mean ranks with their critical difference, q sqrt(k(k + 1)/(6N)) for k rules in N worlds.

    Args:
        matrix: what each rule earns in each world; no cell is empty.

    Source: Demsar 2006, Journal of Machine Learning Research 7: 1-30.

    Example:
        >>> matrix = pd.DataFrame({"a": [1.0, 0.5, 0.0], "b": [0.9, 0.6, 0.1]}, ["x", "y", "z"])
        >>> found = ranked(matrix)
        >>> found.mean.to_dict(), round(found.critical, 2)
        ({'x': 1.0, 'y': 2.0, 'z': 3.0}, 2.34)
    """
    rules, worlds = matrix.shape
    mean = matrix.rank(ascending=False).mean(axis=1).sort_values()
    critical = p = float("nan")
    if rules >= 2 and worlds >= 2:
        quantile = studentized_range.ppf(0.95, rules, np.inf) / 2**0.5
        critical = float(quantile * (rules * (rules + 1) / (6.0 * worlds)) ** 0.5)
    if rules >= 3 and worlds >= 2:
        p = float(friedmanchisquare(*matrix.to_numpy()).pvalue)
    return Ranks(mean, critical, p, worlds)


def compare_worlds(
    rules: Mapping[str, AnyRule], league: League, run: Stage, budget: Budget | None = COMPARE
) -> Standings:
    """Compare rules in many worlds.

    Each of them is tuned in the worlds that choose, all of them together, by one budget, refined
    alike, and then judged in every world with these values on lives of their own.

    Args:
        rules: by name; differences are taken from the first.
        league: the worlds.
        run: random numbers, and where results are kept.
        budget: of the tuning; None for rules as they are.

    Raises:
        ConfigError: when no rule can run, the yardstick cannot, or a rule has the name of a role.
    """
    if taken := next((name for name in (NO_LEARNING, YARDSTICK) if name in rules), None):
        raise ConfigError(f"`{taken}` is what all rules are held against; rename the rule")
    check_worlds(league, {})
    entrants, notes = dict[str, Objective](), dict[str, str]()
    for name, given in rules.items():
        try:
            check_effect(rule := as_rule(given))
            entrants[name] = objective_of(league, opened(rule) if budget else rule)
        except (RulegenError, ValueError) as error:
            notes[name] = str(error).splitlines()[0]
    if not entrants:
        raise ConfigError("no rule can run in these worlds: " + "; ".join(notes.values()))
    marks = marks_of(league, run)
    held_out = HeldOut(league, league.evaluate.lives, marks, run.on(Branch.EVALUATE))
    found = {name: Standing(None, note, {}) for name, note in notes.items()}
    for name, objective in entrants.items():
        here = scaled(league, objective, marks)
        rule = tuned(here, name, run, budget) if budget else here.rule
        found[name] = judged(held_out, name, rule)
    held_out.finish(STILL)
    for name, everywhere in held_out.found.items():
        found[name] = Standing(None, "", everywhere)
    return standings({name: found[name] for name in (*rules, *held_out.found)}, held_out, marks)


def tuned(objective: Objective, name: str, run: Stage, budget: Budget) -> Rule:
    """A rule at the best values that a random search and a refinement find.

    The values that it came with are among the places to refine from, so that one that was fitted
    does not leave with less.
    """
    given = objective.values  # noqa: PD011, this is no table
    stage = run.on(Branch.TUNE).called(f"tune {name}")
    compute = partial(tuned_values, objective, stage.key, budget, stage.report, stage.name)
    inputs = [objective, list(budget.rounds)]
    found = np.array(stage.recall(inputs, lambda: {"values": compute().tolist()})["values"])
    free = objective.free
    if len(free) > REFINE.most:
        own = strengths(objective.rule)
        free = np.array([i for i in free if objective.names[i] in own], int)
    stage = run.on(Branch.REFINE).called(f"refine {name}")
    values = refine(objective, [found, given], free, REFINE, stage)
    named = dict(zip(objective.names, values.tolist(), strict=True))
    return parse(objective.rule.with_values(named).fixed().text())


def judged(held_out: HeldOut, name: str, rule: Rule) -> Standing:
    """A rule on the held-out lives of every world in which it runs."""
    lives, notes = {}, []
    for world in held_out.worlds:
        try:
            lives[world] = held_out.trajectory(world, name, rule, name)
        except ConfigError as error:
            notes.append(str(error))
    return Standing(rule, "; ".join(notes), lives)


def standings(
    found: Mapping[str, Standing], held_out: HeldOut, marks: Mapping[str, Mark]
) -> Standings:
    """All rules with their scaled rewards."""
    numbers = {
        (name, world): held_out.scaled(world, lived.means) if marks else lived.means
        for name, standing in found.items()
        for world, lived in standing.lives.items()
    }
    worlds = {world: world in held_out.places.training for world in held_out.worlds}
    made = {
        name: held_out.joint(standing.lives).means
        for name, standing in found.items()
        if all(world in standing.lives for world in held_out.places.training)
    }
    # A mean and a difference in each cell, and of what the worlds make of each rule.
    level = shared_level(2 * (len(numbers) + len(made)))
    return Standings(found, worlds, numbers, made, level)


def values_of(rule: Rule | None) -> str:
    """The values of a rule's parameters, if it is one."""
    parameters = rule.parameters if rule else ()
    return ", ".join(f"{p.name} = {p.value:.4g}" for p in parameters if p.value is not None)
