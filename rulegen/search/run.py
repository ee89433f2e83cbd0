"""A search: from a space of rules to a front, a pick and its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import jax
import pandas as pd

from catalog import ParameterNote, Record, TermLoss, find, literature
from grammar import ConfigError, Rule, RunError, Structure
from rulegen import hosts
from rulegen.discovery import DISCOVERED, NO_LEARNING, Discovery
from rulegen.evaluate import Trajectory, evaluate
from rulegen.evidence import held_out, interval, known, peak_mb
from rulegen.journal import Journal
from rulegen.keys import Branch, branch
from rulegen.lives import World
from rulegen.progress import Report, silent
from rulegen.refine import Refined
from rulegen.rundir import RunDirectory
from rulegen.search.arena import Arena, split
from rulegen.search.config import SearchConfig
from rulegen.search.finals import finalists, key_of, met, printed, refined, tuned
from rulegen.search.findings import write_findings
from rulegen.search.front import Finalist, Front, make_front
from rulegen.search.strategy import Candidate, Meeting
from rulegen.statistics import Estimate, paired_difference
from rulegen.workbench import Workbench

#: How tables call the best rule of the literature, and the world of the search.
LITERATURE, HERE = "best of the literature", "as in the search"


class Found(NamedTuple):
    """What a search leaves behind.

    Attributes:
        front: all finalists, the front and the pick.
        discovery: the pick with its evidence.
        elsewhere: every rule of the front minus the best rule of the literature and no learning,
            in every world: columns `world`, `rule`, `pick`, `against`, `reward`, `difference`,
            `low`, `high`, `lives`; all intervals hold together with 95%.
        candidates: everything that the strategies kept.
        tried: the number of structures that were run.
        lives: the number of lives that were run until the finalists were known.
    """

    front: Front
    discovery: Discovery
    elsewhere: pd.DataFrame
    candidates: tuple[Candidate, ...]
    tried: int
    lives: int


def prepare(config: SearchConfig) -> Arena:
    """Check that everything fits together, before anything runs.

    Raises:
        ConfigError, RuleError: when it does not.
    """
    for strategy in config.strategy:
        strategy.check(config.rules)
    try:
        arena = Arena(config.rules, config.world)
        arena.bench.plain  # noqa: B018  (made here, so that what cannot run is refused early)
        for there in config.elsewhere:
            Arena(config.rules, config.other(there)).bench.plain  # noqa: B018
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return arena


def search(
    config: SearchConfig, folder: Path, *, resume: bool = False, report: Report = silent
) -> Found:
    """Search a space of rules, select among what was found, and publish the pick.

    Strategies, refinement, selection, final figures and other worlds all have lives of their own.
    Every step is kept in the history of `folder`, as in `rulegen.discover`.

    Args:
        config: what to do.
        folder: where the run lives.
        resume: continue the run in `folder`.
        report: told of the progress.

    Raises:
        ConfigError, RuleError: when the configuration cannot run, or the folder not be used.
        RunError: when the pick is no better than no learning.
    """
    arena = prepare(config)
    directory = RunDirectory(folder)
    with directory.open(config, resume=resume) as journal:
        found = Search(config, arena, journal, report).carry_out()

        def publish() -> None:
            directory.publish(config, found.discovery, journal.seconds, peak_mb())
            write_findings(found, folder)

        hosts.on_first(publish)
    return found


def known_structures(config: SearchConfig) -> dict[Structure, tuple[str, ...]]:
    """Rules of the literature that the space has, by structure.

    Raises:
        RulegenError: a seed is no rule of the catalog.
    """
    found: dict[Structure, tuple[str, ...]] = {}
    for name in literature() if config.seeds is None else config.seeds:
        structure = config.rules.find(find(name).rule)
        if structure is not None:
            found[structure] = (*found.get(structure, ()), name)
    return found


class Search:
    """The computations of a search, each through the journal.

    Args:
        config: what to do.
        arena: runs structures.
        journal: where results are kept.
        report: told of the progress.
    """

    def __init__(
        self, config: SearchConfig, arena: Arena, journal: Journal, report: Report
    ) -> None:
        self.config, self.arena, self.journal, self.report = config, arena, journal, report
        self.root = jax.random.key(config.seed)
        self.names = known_structures(config)

    def carry_out(self) -> Found:
        """Everything, in order."""
        config, meetings, candidates = self.config, [self.meeting(0, "literature")], []
        candidates += tuned(meetings[0], list(self.names))
        for number, strategy in enumerate(config.strategy, 1):
            meetings.append(self.meeting(number, f"strategy {number} ({strategy.name})"))
            candidates += strategy.search(meetings[-1], list(self.names))
        meetings.append(self.meeting(len(meetings), "candidates"))
        final = finalists(meetings[-1], candidates, list(self.names), config.select.finalists)
        refits: dict[Structure, Refined] = {}
        for number, candidate in enumerate(final):
            point, refits[candidate.point.structure] = self.refined(candidate)
            final[number] = candidate._replace(point=point)
        key = branch(self.root, Branch.SELECT)
        front = make_front(
            met(self.arena, final, self.names, config.select.lives, key, self.journal, self.report),
            config.select.margin,
        )
        tried = set[Structure]().union(*(meeting.tried for meeting in meetings))
        discovery, elsewhere = self.publish(front, refits, len(tried))
        lives = sum(meeting.lives for meeting in meetings)
        return Found(front, discovery, elsewhere, tuple(candidates), len(tried), lives)

    def meeting(self, number: int, name: str) -> Meeting:
        """A place to meet with random numbers of its own."""
        key = branch(self.root, Branch.SEARCH, number)
        return Meeting(self.arena, key, self.journal, self.report, name)

    def refined(self, candidate: Candidate) -> tuple:
        """A candidate's point at the maximum, and its intervals."""
        point, key = candidate.point, key_of(self.root, candidate.point.structure)
        return refined(self.arena, point, self.config.refine, key, self.journal, self.report)

    def publish(
        self, front: Front, refits: dict[Structure, Refined], tried: int
    ) -> tuple[Discovery, pd.DataFrame]:
        """The front on held-out lives here and elsewhere, and the record of the pick."""
        config, picked = self.config, front.finalists[front.pick]
        rules = {
            finalist.structure: printed(
                self.arena, finalist.candidate.point, refits[finalist.structure]
            )
            for finalist in front.finalists
        }
        best_known = max(
            (f for f in front.finalists if f.names), key=lambda f: f.means.mean(), default=None
        )
        rows, told = [], dict[str, list[Trajectory]]()
        worlds = {HERE: config.world} | {t.name: config.other(t) for t in config.elsewhere}
        # All intervals of the table hold together.
        level = 1.0 - 0.05 / (2 * len(worlds) * len(front.on_front))
        for number, (place, world) in enumerate(worlds.items()):
            told[place] = self.rivals(place, world, best_known, rules, number)
            for place_on_front in front.on_front:
                here = front.finalists[place_on_front]
                if here is not best_known:
                    rule, name = rules[here.structure], here.structure.text
                    found = self.trajectory(name, world, rule, number, place)
                    mark = {"world": place, "rule": name, "pick": here is picked}
                    rows += [mark | row(found, rival, level) for rival in told[place]]
        rule = rules[picked.structure]
        best = self.trajectory(picked.structure.text, config.world, rule, 0, HERE)
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
        losses = {
            number: best.minus(less) for number, less in self.without(picked, others[-1]).items()
        }
        record = self.record(front, rule, refits[picked.structure], best, others, losses, tried)
        family = picked.structure.rule()
        fitted = family.with_values(picked.candidate.point.parameters)
        return Discovery(record, family, fitted, (best, *others)), pd.DataFrame(rows)

    def rivals(
        self,
        place: str,
        world: World,
        known: Finalist | None,
        rules: dict[Structure, Rule],
        number: int,
    ) -> list[Trajectory]:
        """What the front is compared with in a world: the best known rule and no learning."""
        found = []
        if known is not None:
            name = f"{LITERATURE} ({', '.join(known.names)})"
            found.append(self.trajectory(name, world, rules[known.structure], number, place))
        still = world.life.model_copy(update={"warmup": world.life.trials})
        unlearned = world.model_copy(update={"life": still})
        rule = next(iter(rules.values()))
        return [*found, self.trajectory(NO_LEARNING, unlearned, rule, number, place)]

    def trajectory(
        self, name: str, world: World, rule: Rule, number: int, place: str
    ) -> Trajectory:
        """A rule on the held-out lives of world `number`."""
        # The world of the search has the lives on which `verify` runs a record again.
        key = branch(self.root, Branch.EVALUATE, *([number] if number else []))
        bench, lives = Workbench(world, rule), self.config.evaluate.lives
        label = name if place == HERE else f"{name}, {place}"
        found = evaluate(bench, bench.values, lives, key, self.journal, label, self.report)
        return found._replace(name=name)

    def without(self, picked: Finalist, nothing: Trajectory) -> dict[int, Trajectory]:
        """For each term of the pick, what remains without it, refined, on the held-out lives."""
        structure, parts = picked.structure, split(picked.candidate.point)
        if len(structure.terms) == 1:
            return {1: nothing}
        found = {}
        for number, basis in structure.numbered:
            rest = self.config.rules.structure(*(b for b in structure.terms if b != basis))
            stub = Candidate(self.arena.compose(rest, parts), 0.0, 0, "")
            point, refit = self.refined(stub)
            rule = printed(self.arena, point, refit)
            found[number] = self.trajectory(
                f"without {basis.text}", self.config.world, rule, 0, HERE
            )
        return found

    def record(
        self,
        front: Front,
        rule: Rule,
        refit: Refined,
        best: Trajectory,
        others: list[Trajectory],
        losses: dict[int, Estimate],
        tried: int,
    ) -> Record:
        """The pick with its evidence."""
        config, picked = self.config, front.finalists[front.pick]
        terms = {f"theta_{k}": basis.text for k, basis in picked.structure.numbered}
        where = self.arena.bench.names
        notes = {
            name: ParameterNote(
                meaning=f"coefficient of {terms[name]}" if name in terms else "",
                low=known(refit.low[where.index(name)]),
                high=known(refit.high[where.index(name)]),
            )
            for name in picked.candidate.point.parameters
        }
        evidence = held_out(
            config.world,
            config.digest,
            config.seed,
            best,
            others,
            terms=tuple(
                TermLoss(
                    coefficient=f"theta_{k}", term=terms[f"theta_{k}"], loss=interval(losses[k])
                )
                for k in losses
            ),
            margin=config.select.margin,
            structures=tried,
            choice=front.reason,
        )
        return Record(
            name=config.name,
            title=config.title or config.name.replace("_", " "),
            kind="discovered",
            description=config.description,
            equations=rule.text(),
            parameters=notes,
            tags=(config.task.name,),
            lineage=tuple(parent.digest for parent in picked.candidate.parents),
            evidence=evidence,
        )


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
    }
