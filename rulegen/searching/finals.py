"""From the candidates of all strategies to refined finalists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rulegen.fitting.refine import RefineSettings, refine, with_intervals
from rulegen.fitting.tuning import SEARCH, Draws, tune
from rulegen.grammar import Rule, Structure, parse
from rulegen.ground.keys import Branch
from rulegen.ground.progress import ticks
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import Limits
from rulegen.lives.outcomes import Outcomes
from rulegen.publishing.evidence import rounded
from rulegen.searching.arena import Arena, Point
from rulegen.searching.front import Finalist
from rulegen.searching.strategy import Candidate, Meeting, best_of, best_points

#: Lives on which candidates of different strategies meet before a few of them are refined.
COMMON = 128
#: So many random places meet on so many lives in each world, round by round.
SOUGHT = ((96, 32), (12, 128))
#: Most rules of the literature among the finalists.
KNOWN = 3


def tuned(meeting: Meeting, structures: Sequence[Structure]) -> list[Candidate]:
    """Structures at the best values that a random search finds.

    Args:
        meeting: where points meet.
        structures: what is tuned, each for itself.
    """
    if not structures:
        return []
    arena = meeting.arena
    draws = Draws(
        arena.default, arena.draw, lambda _, point, rng, spread: arena.near(point, rng, spread)
    )

    def score(points: list[tuple[Structure, Point]], lives: int) -> np.ndarray:
        return meeting.means([point for _, point in points], lives, f"{len(structures)} rules")

    best = tune(structures, draws, score, meeting.rng, SEARCH)
    lives = SEARCH.rounds[-1][1]
    found = [Candidate(point, reward, lives, "literature") for point, reward in best.values()]
    return sorted(found, key=lambda candidate: -candidate.reward)


def sought(meeting: Meeting, structure: Structure) -> Point:
    """The best of many random values of one structure.

    Args:
        meeting: where they meet.
        structure: what is tuned.
    """
    arena = meeting.arena
    points = [arena.draw(structure, meeting.rng) for _ in range(SOUGHT[0][0])]
    for count, lives in SOUGHT:
        points = points[:count]
        means = meeting.means(points, lives * meeting.worlds, f"{count} places")
        points = [points[i] for i in np.argsort(-means, kind="stable")]
    return points[0]


def finalists(
    meeting: Meeting, candidates: Sequence[Candidate], known: Sequence[Structure], most: int
) -> list[Candidate]:
    """The candidates worth refining, after all of them have met on common lives.

    These are the front of complexity and reward, the best of the rest, and the best rules of the
    literature.

    Args:
        meeting: where they meet.
        candidates: of all strategies.
        known: structures of the literature.
        most: how many, without those of the literature.
    """
    points = [candidate.point for candidate in candidates]
    means = meeting.means(points, COMMON, f"{len(points)} candidates")
    best = best_points(points, means)
    sources = {id(candidate.point): candidate for candidate in candidates}
    front, highest = [], -np.inf
    for structure in sorted(best, key=lambda s: (s.complexity, -best[s][1])):
        if best[structure][1] > highest:
            highest = best[structure][1]
            front.append(structure)
    chosen = sorted(front, key=lambda s: -best[s][1])[:most]
    chosen += [s for s in best if s not in chosen][: most - len(chosen)]
    chosen += [s for s in [s for s in best if s in known][:KNOWN] if s not in chosen]
    found = []
    for structure in chosen:
        point, reward = best[structure]
        found.append(sources[id(point)]._replace(reward=reward, lives=COMMON))
    return found


def refined(
    arena: Arena,
    points: Sequence[Point],
    settings: RefineSettings,
    stage: Stage,
) -> Point:
    """A structure at the maximum of its reward that some of its points lead to.

    With all coefficients at 0 it is one more place to start from: no refit ends below no learning.
    With more parameters than `settings.most`, time constants stay where they are.

    Args:
        arena: runs points.
        points: of one structure.
        settings: of the refinement.
        stage: its random numbers, and where results are kept under its name.
    """
    first = points[0]
    still = {n: 0.0 if n.startswith("theta") else v for n, v in first.parameters.items()}
    values = refine(
        arena.objective,
        [arena.vector(p) for p in (*points, Point(first.structure, still))],
        moving(arena, first, settings.most),
        settings,
        stage,
    )
    return Point(first.structure, {n: float(values[i]) for n, i in places(arena, first).items()})


def stage_of(search: Stage, structure: Structure, *path: int) -> Stage:
    """The refinement of a structure, with random numbers of its own among those of the search."""
    return search.on(Branch.REFINE, int(structure.digest[:7], 16), *path)


def bounded(
    arena: Arena,
    point: Point,
    settings: RefineSettings,
    stage: Stage,
) -> tuple[Point, dict[str, Limits]]:
    """A refined point once more, with an interval of each parameter; arguments as of `refined`."""
    found = with_intervals(
        arena.objective,
        arena.vector(point),
        moving(arena, point, settings.most),
        settings,
        stage.called(f"intervals {point.structure}"),
    )
    where = places(arena, point)
    limits = {n: found.limits[i] for n, i in where.items()}
    values = {n: float(found.values[i]) for n, i in where.items()}
    return Point(point.structure, values), limits


def places(arena: Arena, point: Point) -> dict[str, int]:
    """Where the parameters of a point are among those of the arena."""
    return {name: arena.objective.names.index(name) for name in point.parameters}


def moving(arena: Arena, point: Point, most: int) -> np.ndarray:
    """Indices of the parameters that a refinement moves."""
    where = places(arena, point)
    if len(where) > most:
        where = {name: i for name, i in where.items() if name.startswith("theta")}
    return np.array(list(where.values()))


def met(
    arena: Arena,
    candidates: Sequence[Candidate],
    names: Mapping[Structure, tuple[str, ...]],
    lives: int,
    stage: Stage,
) -> list[Finalist]:
    """Candidates on the lives of the selection.

    Args:
        arena: runs them.
        candidates: refined.
        names: of rules of the literature, by structure.
        lives: of each.
        stage: random numbers of these lives, and where rewards are kept under its name.
    """
    total = lives * len(candidates)
    stage.tell(0, total, f"{len(candidates)} finalists")
    points = [candidate.point for candidate in candidates]

    def compute() -> dict:
        tick = ticks(stage.report, stage.name, 0, total, 1)
        lots = arena.meet(points, stage.key, lives, tick)
        return {
            "means": [lot.rewards.tolist() for lot in lots],
            "counts": [lot.counts._asdict() for lot in lots],
        }

    found = stage.recall([arena, points, lives], compute)
    rewards = np.array(found["means"])
    told = f"of {len(candidates)} finalists the best earns {rewards.mean(axis=1).max():.4f}"
    stage.tell(total, total, "", told, best_of(points, rewards))
    return [
        Finalist(c, np.array(means), Outcomes(**counts), names.get(c.point.structure, ()))
        for c, means, counts in zip(candidates, found["means"], found["counts"], strict=True)
    ]


def printed(arena: Arena, point: Point, limits: Mapping[str, Limits]) -> Rule:
    """The rule of a point as it is printed: values rounded to what the evidence supports.

    Args:
        arena: where it lives. point: the rule.
        limits: of its parameters; those it lacks keep three digits.
    """
    rule = rounded(arena.rule(point), {name: limits.get(name) for name in point.parameters})
    return parse(rule.fixed().text())
