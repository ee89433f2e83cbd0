"""Rules on the held-out lives of every world of a run, and what the worlds make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rulegen.catalog import Interval, WorldComparison, WorldFigures
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING, YARDSTICK
from rulegen.catalog.records.worlds import shared_level
from rulegen.fitting.yardstick import Mark
from rulegen.grammar import Rule, RunError
from rulegen.grammar.rule.timing import with_shortest_times
from rulegen.ground.parts import packages
from rulegen.ground.stage import KEPT, Stage
from rulegen.ground.statistics import estimate, paired_difference
from rulegen.lives.bench import Bench, no_learning
from rulegen.lives.outcomes import worst
from rulegen.objective import Objective
from rulegen.objective.aim import scaled_lives
from rulegen.objective.joint import bench_in
from rulegen.publishing.evaluate import Shown, Trajectory, evaluate
from rulegen.publishing.places import Places
from rulegen.publishing.setting import setting_of

#: A rule in every world, by the name of the world.
Everywhere = Mapping[str, Trajectory]


class HeldOut:
    """The held-out lives of a run: every rule is evaluated on the same ones in each world.

    Where rewards are scaled, yardstick and no learning live there too, and the scale is that of
    these very lives: so its own error is in every interval, and the yardstick is 1.

    Args:
        places: of the run.
        lives: of each rule in each world.
        marks: the yardstick as it was tuned in each world; empty where nothing is scaled.
        stage: random numbers of these lives, and where results are kept.
        known: objectives whose programs are compiled already.
    """

    def __init__(
        self,
        places: Places,
        lives: int,
        marks: Mapping[str, Mark],
        stage: Stage,
        known: Sequence[Objective] = (),
    ) -> None:
        self.places, self.lives, self.marks, self.stage = places, lives, marks, stage
        self.worlds = places.training | places.held_out
        self.benches: dict[tuple[str, str], Bench] = {}
        for objective in known:
            for bench in objective.benches.values():
                self.benches[bench.world.identity, bench.rule.text()] = bench
        self.found: dict[str, Everywhere] = {}

    def run(self, name: str, rule: Rule, label: str = "") -> Everywhere:
        """A rule in every world; it is compared with all others that were run so.

        Args:
            name: how tables call it.
            rule: as it is printed.
            label: of its results in the history; by default its name.
        """
        self.found[name] = {
            world: self.trajectory(world, name, rule, label or name) for world in self.worlds
        }
        return self.found[name]

    def finish(self, still: Rule) -> None:
        """Run the yardstick, where there is one, and no learning.

        Args:
            still: a rule that is at work without changing a weight, see `no_learning`.

        Raises:
            RunError: when the yardstick does not learn on these lives.
        """
        if self.marks:
            self.found[YARDSTICK] = {
                world: self.trajectory(world, YARDSTICK, mark.rule, YARDSTICK)
                for world, mark in self.marks.items()
            }
        found = {}
        for number, (name, world) in enumerate(self.worlds.items()):
            bench = no_learning(world, still)
            found[name] = self._lived(number, NO_LEARNING, bench, self._label(name, NO_LEARNING))
        self.found[NO_LEARNING] = found
        for name in self.marks:
            self._check_scale(name)

    def _check_scale(self, world: str) -> None:
        """See that the unit of a world is one on these lives as well.

        Raises:
            RunError: when they are too few to show that the yardstick learns.
        """
        nothing, yardstick = self._scale(world)
        if (gain := paired_difference(yardstick, nothing)).low <= 0:
            raise RunError(
                f"world `{world}`: on {self.lives} held-out lives the yardstick gains {gain} over "
                "no learning, which is no unit of a scale. Run more lives, `evaluate.lives` or "
                f"`--lives`, name another `yardstick`, or take the world out. {KEPT}"
            )

    def compared(self) -> list[Trajectory]:
        """What the worlds make of each rule, the published one first and no learning last.

        The yardstick has values of its own in each world, and is not among them.
        """
        return [self.joint(there) for name, there in self.found.items() if name != YARDSTICK]

    @property
    def several(self) -> bool:
        """Whether there is more than the rewards of one world."""
        return len(self.worlds) > 1 or self.places.together

    def shown(self, without: Mapping[str, Everywhere]) -> dict[str, Shown]:
        """All rules in each world; {} where there is one world, of which `joint` says all.

        Args:
            without: what remains without each term, by its coefficient.
        """
        if not self.several:
            return {}
        return {
            world: Shown(
                tuple(everywhere[world] for everywhere in self.found.values()),
                {name: rest[world] for name, rest in without.items() if world in rest},
            )
            for world in self.worlds
        }

    def rest(self, label: str, rule: Rule | None) -> Everywhere:
        """What remains of the published rule without a term, in the worlds that chose it.

        Args:
            label: of its results in the history.
            rule: what remains; None where it is nothing that learns.
        """
        if rule is None:
            still = self.found[NO_LEARNING]
            return {world: still[world]._replace(text="") for world in self.places.training}
        return {world: self.trajectory(world, label, rule, label) for world in self.places.training}

    def trajectory(self, world: str, name: str, rule: Rule, label: str) -> Trajectory:
        """A rule on the held-out lives of a world."""
        place = self.worlds[world]
        key = place.identity, with_shortest_times(rule, place.circuit.dt).text()
        if key not in self.benches:
            self.benches[key] = bench_in(world, place, rule)
        number = list(self.worlds).index(world)
        return self._lived(number, name, self.benches[key], self._label(world, label))

    def _label(self, world: str, label: str) -> str:
        """How the history calls a rule in a world."""
        return label if len(self.worlds) == 1 else f"{world}: {label}"

    def _lived(self, number: int, name: str, bench: Bench, label: str) -> Trajectory:
        """World 0 has the lives on which `verify` runs a record of one world again."""
        stage = self.stage.on(*([number] if number else []))
        found = evaluate(bench, bench.values, self.lives, label, stage)
        return found._replace(name=name)

    def joint(self, everywhere: Everywhere) -> Trajectory:
        """What the worlds that choose make of a rule; one world's rewards are what they are."""
        parts = [everywhere[world] for world in self.places.training]
        if not self.places.together:
            return parts[0]
        scales = [self._scale(world) for world in self.places.training] if self.marks else []
        numbers = self.places.aim.together([part.means for part in parts], scales)
        none, ended = np.zeros((3, 0)), worst([part.outcomes for part in parts])
        return Trajectory(parts[0].name, parts[0].text, numbers, none, none, ended)

    def scaled(self, world: str, rewards: np.ndarray) -> np.ndarray:
        """Scaled rewards of its lives, see `rulegen.objective.aim.scaled_lives`."""
        return scaled_lives(rewards, *self._scale(world))

    def _scale(self, world: str) -> tuple[np.ndarray, np.ndarray]:
        """What no learning and the yardstick earn in a world, life by life."""
        nothing, yardstick = (self.found[name][world].means for name in (NO_LEARNING, YARDSTICK))
        return nothing, yardstick

    def constant(self, rewards: Mapping[str, float]) -> float:
        """What the worlds make of rewards that no life changes, such as chance."""
        values = [self._constant(world, rewards[world]) for world in self.places.training]
        return self.places.aim.value(values)

    def _constant(self, world: str, value: float) -> float:
        """A reward of all lives in a world, scaled where rewards are."""
        if not self.marks:
            return value
        return float(self.scaled(world, np.full(self.lives, value)).mean())

    def figures(self) -> tuple[WorldFigures, ...]:
        """What a record says of each world, once all rules have been run; () with one world."""
        places, others = self.places, [name for name in self.found if name != DISCOVERED]
        if not self.several:
            return ()
        each = (2 + 4 * len(others)) if self.marks else (1 + 2 * len(others))
        level = shared_level(each * len(self.worlds))
        weights = dict(zip(places.training, places.aim.weights, strict=True))
        return tuple(
            self._figures(name, weights.get(name, 0.0), others, level) for name in self.worlds
        )

    def _figures(
        self, name: str, weight: float, others: Sequence[str], level: float
    ) -> WorldFigures:
        """What a record says of one world."""
        world, mine = self.worlds[name], self.found[DISCOVERED][name]
        scaled = self.scaled if self.marks else None

        def interval(values: np.ndarray) -> Interval:
            return Interval(**estimate(values, level)._asdict())

        comparisons = []
        for other in others:
            theirs = self.found[other][name]
            more = {}
            if scaled is not None:
                here, there = scaled(name, mine.means), scaled(name, theirs.means)
                more = {"scaled": interval(there), "scaled_difference": interval(here - there)}
            comparisons.append(
                WorldComparison(
                    name=other,
                    rule="" if other == NO_LEARNING else theirs.text,
                    reward=interval(theirs.means),
                    difference=interval(mine.means - theirs.means),
                    **more,
                    **theirs.counts.bad,
                )
            )
        return WorldFigures(
            name=name,
            weight=weight,
            setting=setting_of(world),
            packages=packages(world.task, world.circuit),
            reward=interval(mine.means),
            scaled=interval(scaled(name, mine.means)) if scaled is not None else None,
            chance=world.task.chance(world.circuit.dt),
            best=world.task.best,
            comparisons=tuple(comparisons),
            **mine.counts.bad,
        )
