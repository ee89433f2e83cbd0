"""From a front to the record of its pick, on lives that no part of the search has met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rulegen.catalog import Record
from rulegen.catalog.records.roles import DISCOVERED, LITERATURE, NO_LEARNING
from rulegen.fitting.yardstick import Mark
from rulegen.grammar import Rule, Structure
from rulegen.ground.keys import Branch
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import Limits, paired_difference
from rulegen.publishing.discovery import Discovery
from rulegen.publishing.evaluate import Trajectory
from rulegen.publishing.evidence import evidence_of, record_of
from rulegen.publishing.held_out import Everywhere, HeldOut
from rulegen.publishing.purpose import check_gain
from rulegen.searching.arena import Arena, split
from rulegen.searching.config import SearchConfig
from rulegen.searching.finals import bounded, printed, refined, sought, stage_of
from rulegen.searching.front import Finalist, Front
from rulegen.searching.strategy import Meeting


class Publication:
    """Takes the front of a search to held-out lives, here and elsewhere.

    Args:
        config: of the search.
        arena: runs structures.
        front: the finalists.
        marks: the scale of every world.
        stage: random numbers of the search, and where results are kept.
    """

    def __init__(
        self,
        config: SearchConfig,
        arena: Arena,
        front: Front,
        marks: Mapping[str, Mark],
        stage: Stage,
    ) -> None:
        self.config, self.arena, self.front, self.stage = config, arena, front, stage
        self.held_out = HeldOut(config, config.evaluate.lives, marks, stage.on(Branch.EVALUATE))

    def carry_out(self, tried: int) -> tuple[Discovery, pd.DataFrame]:
        """The record of the pick, and how the front fares in every world.

        Args:
            tried: number of structures that the search has run.

        Raises:
            RunError: when the pick is no better than no learning.
        """
        config, front, here = self.config, self.front, self.held_out
        picked = front.finalists[front.pick]
        rules = {f.structure: printed(self.arena, f.candidate.point, {}) for f in front.finalists}
        point, limits = bounded(
            self.arena,
            picked.candidate.point,
            config.refine,
            stage_of(self.stage, picked.structure, 0),
        )
        rule = rules[picked.structure] = printed(self.arena, point, limits)
        best_known = max(
            (f for f in front.finalists if f.names), key=lambda f: f.means.mean(), default=None
        )
        here.run(DISCOVERED, rule, picked.structure.text)
        if best_known is not None and best_known is not picked:
            name = f"{LITERATURE} ({', '.join(best_known.names)})"
            here.run(name, rules[best_known.structure], best_known.structure.text)
        here.finish(rule)
        rows = self.rows(rules, best_known)
        best, *others = here.compared()
        whose, remedy = f"the pick, `{picked.structure}`,", "Try another space or a larger budget."
        check_gain(config, best.minus(others[-1]), config.select.margin, whose, remedy)
        rests = self.rests(picked)
        record = self.record(rule, limits, rests, tried)
        discovery = Discovery(
            config,
            record,
            self.arena.rule(self.arena.default(picked.structure)),
            self.arena.rule(point),
            (best, *others),
            {name: here.joint(rest) for name, rest in rests.items()},
            here.shown(rests),
        )
        return discovery, pd.DataFrame(rows)

    def rows(self, rules: Mapping[Structure, Rule], known: Finalist | None) -> list[dict[str, Any]]:
        """Every rule of the front in every world against the best known rule and no learning."""
        front, here, rows = self.front, self.held_out, []
        finalists = [front.finalists[number] for number in front.on_front]
        rivals = {} if known is None else {f"{LITERATURE} ({', '.join(known.names)})": known}
        # All intervals of the table hold together.
        level = 1.0 - 0.05 / (2 * len(here.worlds) * len(finalists))
        for world in here.worlds:
            lived = {
                s: here.trajectory(world, s.text, rules[s], s.text)
                for s in dict.fromkeys(f.structure for f in (*finalists, *rivals.values()))
            }
            others = {name: lived[rival.structure] for name, rival in rivals.items()}
            others[NO_LEARNING] = here.found[NO_LEARNING][world]
            for finalist in finalists:
                mark = {
                    "world": world,
                    "rule": finalist.structure.text,
                    "pick": finalist is front.finalists[front.pick],
                }
                rows += [
                    mark | row(lived[finalist.structure], other._replace(name=name), level)
                    for name, other in others.items()
                    if not (finalist is known and name != NO_LEARNING)
                ]
        return rows

    def rests(self, picked: Finalist) -> dict[str, Everywhere]:
        """What remains without each term of the pick, refined, by the coefficient of the term."""
        structure, parts = picked.structure, split(picked.candidate.point)
        if len(structure.terms) == 1:
            return {"theta_1": self.held_out.rest("", None)}
        found, others = {}, {f.structure: f.candidate.point for f in self.front.finalists}
        for number, basis in structure.numbered:
            rest = self.config.rules.structure(*(b for b in structure.terms if b != basis))
            starts = [self.arena.compose(rest, parts), self.arena.default(rest)]
            starts += [others[rest]] if rest in others else []
            stage = stage_of(self.stage, rest, number)
            # What remains may do best far from where the whole rule does.
            seek = stage.on(Branch.SEARCH).called(f"without {basis.text}: search")
            starts.append(sought(Meeting(self.arena, seek), rest))
            point = refined(
                self.arena,
                starts,
                # What a term is worth is published: so every start is climbed from.
                self.config.refine.model_copy(update={"climbs": len(starts) + 1}),
                stage.called(f"without {basis.text}: refine"),
            )
            learns = any(v for n, v in point.parameters.items() if n.startswith("theta"))
            rule = printed(self.arena, point, {}) if learns else None
            found[f"theta_{number}"] = self.held_out.rest(f"without {basis.text}", rule)
        return found

    def record(
        self,
        rule: Rule,
        limits: Mapping[str, Limits],
        rests: Mapping[str, Everywhere],
        tried: int,
    ) -> Record:
        """The pick with its evidence."""
        config, picked = self.config, self.front.finalists[self.front.pick]
        terms = {f"theta_{k}": basis.text for k, basis in picked.structure.numbered}
        evidence = evidence_of(
            config,
            self.held_out,
            rests,
            terms,
            margin=config.select.margin,
            structures=tried,
            choice=self.front.reason,
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
