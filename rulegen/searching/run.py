"""A search: from a space of rules to a front, a pick and its evidence."""

from __future__ import annotations

from pathlib import Path

from rulegen.catalog import find, literature
from rulegen.grammar import ConfigError, Structure
from rulegen.ground import hosts
from rulegen.ground.digests import inputs_digest
from rulegen.ground.journal import Journal
from rulegen.ground.keys import Branch, origin
from rulegen.ground.progress import Report, silent
from rulegen.ground.stage import Stage, place_of
from rulegen.publishing.evidence import with_gradients
from rulegen.publishing.printed import check_exports
from rulegen.publishing.purpose import check_worlds, marks_of
from rulegen.publishing.rehearsal import rehearse
from rulegen.publishing.rundir import RunDirectory
from rulegen.searching.arena import Arena
from rulegen.searching.config import SearchConfig
from rulegen.searching.finals import finalists, met, printed, refined, stage_of, tuned
from rulegen.searching.found import Found
from rulegen.searching.front import make_front
from rulegen.searching.publication import Publication
from rulegen.searching.strategy import Meeting


def prepare(config: SearchConfig) -> Arena:
    """Check that everything fits together, before anything runs.

    Raises:
        ConfigError, RuleError: when it does not.
    """
    check_exports(config)
    for strategy in config.strategy:
        strategy.check(config.rules)
    try:
        arena = Arena(config.rules, config)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    check_worlds(config, {"": arena.slots.rule})
    structure = next(config.rules.structures())
    terms = {f"theta_{number}": basis.text for number, basis in structure.numbered}
    rehearse(config, printed(arena, arena.default(structure), {}), {}, terms)
    return arena


def search(
    config: SearchConfig,
    folder: Path | str | None = None,
    *,
    resume: bool = False,
    report: Report = silent,
) -> Found:
    """Search a space of rules, select among what was found, and publish the pick.

    Strategies, refinement, selection, final figures and other worlds all have lives of their own.
    Every step is kept in the history of `folder`, as in `rulegen.discover`.

    Args:
        config: what to do.
        folder: where the run lives; without one, all of it stays in memory.
        resume: continue the run in `folder`.
        report: told of the progress.

    Raises:
        ConfigError, RuleError: when the configuration cannot run, or the folder not be used.
        RunError: when the pick is no better than no learning.
    """
    arena = prepare(config)
    if folder is None and resume:
        raise ConfigError("without a folder there is nothing to resume: name the folder of the run")
    if folder is None:
        return Search(config, arena, Stage(origin(config.seed), Journal(), report)).carry_out()
    directory = RunDirectory(folder)
    known = {s.text: names for s, names in known_structures(config).items()}
    also = {"literature": inputs_digest([known])}
    with directory.running(config, resume=resume, also=also, report=report) as journal:
        found = Search(config, arena, Stage(origin(config.seed), journal, report)).carry_out()
        hosts.on_first(lambda: directory.publish(found.discovery, journal.seconds, found.write))
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
        stage: random numbers of the run, and where results are kept.
    """

    def __init__(self, config: SearchConfig, arena: Arena, stage: Stage) -> None:
        self.config, self.arena, self.stage = config, arena, stage
        self.names = known_structures(config)

    def carry_out(self) -> Found:
        """Everything, in order."""
        marks = marks_of(self.config, self.stage)
        self.arena = self.arena.on_scale(marks)
        config, meetings, candidates = self.config, [self.meeting(0, "literature")], []
        candidates += tuned(meetings[0], list(self.names))
        for number, strategy in enumerate(config.strategy, 1):
            meetings.append(self.meeting(number, f"strategy {number} ({strategy.name})"))
            with place_of(meetings[-1].stage.name):
                candidates += strategy.search(meetings[-1], list(self.names))
        meetings.append(self.meeting(len(meetings), "candidates"))
        final = finalists(meetings[-1], candidates, list(self.names), config.select.finalists)
        for number, candidate in enumerate(final):
            structure = candidate.point.structure
            stage = stage_of(self.stage, structure).called(f"refine {structure.said}")
            point = refined(self.arena, [candidate.point], config.refine, stage)
            final[number] = candidate._replace(point=point)
        stage = self.stage.on(Branch.SELECT).called("select")
        front = make_front(
            met(self.arena, final, self.names, config.select.lives, stage), config.select.margin
        )
        tried = set[Structure]().union(*(meeting.tried for meeting in meetings))
        publication = Publication(config, self.arena, front, marks, self.stage)
        discovery, elsewhere = publication.carry_out(len(tried))
        record = with_gradients(discovery.record, self.stage.journal)
        discovery = discovery._replace(record=record)
        lives = sum(meeting.lives for meeting in meetings)
        return Found(front, discovery, elsewhere, tuple(candidates), lives)

    def meeting(self, number: int, name: str) -> Meeting:
        """A place to meet with random numbers of its own."""
        return Meeting(self.arena, self.stage.on(Branch.SEARCH, number).called(name))
