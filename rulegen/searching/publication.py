"""From a front to the record of its pick, on lives that no part of the search has met."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from rulegen.catalog import Record, TermLoss
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING
from rulegen.grammar import Rule, RunError, Structure
from rulegen.ground.keys import Branch
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import Limits, paired_difference
from rulegen.lives.bench import Bench
from rulegen.lives.world import World
from rulegen.publishing.discovery import Discovery
from rulegen.publishing.evaluate import Trajectory, evaluate
from rulegen.publishing.evidence import held_out, interval, record_of
from rulegen.searching.arena import Arena, split
from rulegen.searching.config import HERE, SearchConfig
from rulegen.searching.finals import bounded, printed, refined, stage_of
from rulegen.searching.front import Finalist, Front

#: How tables call the best rule of the literature.
LITERATURE = "best of the literature"


class Publication:
    """Takes the front of a search to held-out lives, here and elsewhere.

    Args:
        config: of the search.
        arena: runs structures.
        front: the finalists.
        stage: random numbers of the search, and where results are kept.
    """

    def __init__(self, config: SearchConfig, arena: Arena, front: Front, stage: Stage) -> None:
        self.config, self.arena, self.front, self.stage = config, arena, front, stage

    def carry_out(self, tried: int) -> tuple[Discovery, pd.DataFrame]:
        """The record of the pick, and how the front fares in every world.

        Args:
            tried: number of structures that the search has run.

        Raises:
            RunError: when the pick is no better than no learning.
        """
        config, front = self.config, self.front
        picked = front.finalists[front.pick]
        rules = {f.structure: printed(f.candidate.point, {}) for f in front.finalists}
        point, limits = bounded(
            self.arena,
            picked.candidate.point,
            config.refine,
            stage_of(self.stage, picked.structure, 0),
        )
        rules[picked.structure] = printed(point, limits)
        best_known = max(
            (f for f in front.finalists if f.names), key=lambda f: f.means.mean(), default=None
        )
        rows, told = [], dict[str, list[Trajectory]]()
        worlds = {HERE: config.world} | {t.name: config.other(t) for t in config.elsewhere}
        # All intervals of the table hold together.
        level = 1.0 - 0.05 / (2 * len(worlds) * len(front.on_front))
        for number, (place, world) in enumerate(worlds.items()):
            told[place] = self.rivals(world, best_known, rules, number)
            for place_on_front in front.on_front:
                here, rivals = front.finalists[place_on_front], told[place]
                name = here.structure.text
                if here is best_known:
                    found, *rivals = rivals
                else:
                    found = self.trajectory(name, world, rules[here.structure], number)
                mark = {"world": place, "rule": name, "pick": here is picked}
                rows += [mark | row(found, rival, level) for rival in rivals]
        rule = rules[picked.structure]
        best = self.trajectory(picked.structure.text, config.world, rule, 0)
        best, others = best._replace(name=DISCOVERED), told[HERE]
        if picked is best_known:
            others = others[1:]
        gain = best.minus(others[-1])
        if gain.low <= 0 or gain.mean < config.select.margin:
            raise RunError(
                f"nothing to publish: on {gain.lives} held-out lives the pick, "
                f"`{picked.structure}`, earns {gain} more reward per trial than no learning; the "
                f"margin is {config.select.margin:g}. Try another space or a larger budget. The "
                "history is kept."
            )
        without = self.without(picked, others[-1])
        record = self.record(front, rule, limits, best, others, without, tried)
        family = picked.structure.rule()
        fitted = family.with_values(point.parameters)
        discovery = Discovery(config, record, family, fitted, (best, *others), without)
        return discovery, pd.DataFrame(rows)

    def rivals(
        self,
        world: World,
        known: Finalist | None,
        rules: dict[Structure, Rule],
        number: int,
    ) -> list[Trajectory]:
        """What the front is compared with in a world: the best known rule and no learning."""
        found = []
        if known is not None:
            name = f"{LITERATURE} ({', '.join(known.names)})"
            found.append(self.trajectory(name, world, rules[known.structure], number))
        rule = next(iter(rules.values()))
        return [*found, self.trajectory(NO_LEARNING, world.unlearned, rule, number)]

    def trajectory(self, name: str, world: World, rule: Rule, number: int) -> Trajectory:
        """A rule on the held-out lives of world `number`."""
        # The world of the search has the lives on which `verify` runs a record again.
        stage = self.stage.on(Branch.EVALUATE, *([number] if number else []))
        bench, lives = Bench(world, rule), self.config.evaluate.lives
        found = evaluate(bench, bench.values, lives, f"world {number}: {name}", stage)
        return found._replace(name=name)

    def without(self, picked: Finalist, nothing: Trajectory) -> dict[str, Trajectory]:
        """What remains without each term of the pick, refined, by the coefficient of the term."""
        structure, parts = picked.structure, split(picked.candidate.point)
        if len(structure.terms) == 1:
            return {"theta_1": nothing._replace(text="")}
        found, others = {}, {f.structure: f.candidate.point for f in self.front.finalists}
        for number, basis in structure.numbered:
            rest = self.config.rules.structure(*(b for b in structure.terms if b != basis))
            starts = [self.arena.compose(rest, parts), self.arena.default(rest)]
            starts += [others[rest]] if rest in others else []
            point = refined(
                self.arena,
                starts,
                # What a term is worth is published: so every start is climbed from.
                self.config.refine.model_copy(update={"climbs": len(starts) + 1}),
                stage_of(self.stage, rest, number).called(f"without {basis.text}: refine"),
            )
            if any(value for name, value in point.parameters.items() if name.startswith("theta")):
                rule, name = printed(point, {}), f"without {basis.text}"
                found[f"theta_{number}"] = self.trajectory(name, self.config.world, rule, 0)
            else:
                found[f"theta_{number}"] = nothing._replace(text="")
        return found

    def record(
        self,
        front: Front,
        rule: Rule,
        limits: Mapping[str, Limits],
        best: Trajectory,
        others: list[Trajectory],
        without: Mapping[str, Trajectory],
        tried: int,
    ) -> Record:
        """The pick with its evidence."""
        config, picked = self.config, front.finalists[front.pick]
        terms = {f"theta_{k}": basis.text for k, basis in picked.structure.numbered}
        evidence = held_out(
            config.world,
            config.digest,
            config.seed,
            best,
            others,
            without,
            terms=tuple(
                TermLoss(
                    coefficient=name,
                    term=terms[name],
                    loss=interval(best.minus(rest)),
                    rule=rest.text,
                    **rest.counts.bad,
                )
                for name, rest in without.items()
            ),
            margin=config.select.margin,
            structures=tried,
            choice=front.reason,
        )
        lineage = [parent.text for parent in picked.candidate.parents]
        return record_of(config, rule, limits, terms, lineage, evidence)


def row(best: Trajectory, other: Trajectory, level: float) -> dict:
    """One comparison as a part of a row of `Found.elsewhere`."""
    difference = paired_difference(best.means, other.means, level)
    return {
        "against": other.name,
        "reward": best.reward.mean,
        "difference": difference.mean,
        "low": difference.low,
        "high": difference.high,
        "lives": difference.lives,
        **best.counts.bad,
        **{f"against_{name}": count for name, count in other.counts.bad.items()},
    }
