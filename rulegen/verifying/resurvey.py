"""Are the published intervals of fitted parameters where lives put them, and as wide?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import jax
import numpy as np

from rulegen.catalog import ParameterNote, Record
from rulegen.fitting.box import REACH, Box, Survey
from rulegen.fitting.refine import MORE, RefineSettings, box_around, surveyed
from rulegen.fitting.surface import design
from rulegen.ground.progress import Progress, Report, silent
from rulegen.objective import Objective
from rulegen.verifying.finding import Finding, Verdict

#: An interval is refuted when its middle lies so many times the half width of the difference from
#: that of the new survey: four standard errors, which no honest card meets.
APART = 2.0
#: So many surveys, each of `MORE` times the lives, are made before an interval is refuted.
ATTEMPTS = 3
#: With more parameters than this no survey is made: its design grows with their square.
MOST = 12
#: Widths of intervals differ by less than this factor from survey to survey.
NOISE = 2.0
#: One part of an interval, below or above its value, is no longer than so many times the other:
#: lives with heavy tails and a value rounded by an eighth of the interval leave them less unlike.
LOPSIDED = 10.0
#: No refinement has fewer lives.
FEWEST = 8
#: A survey that does not find the peak still tells the width to within this factor.
UNLIKE = 30.0


class Resurvey:
    """Surveys the surroundings of a published rule anew.

    Args:
        objective: the published rule where it lives.
        notes: of its parameters; those with intervals were fitted.
        key: random numbers; never those of the publication.
        settings: sizes.
        report: told of every point.
        told: sizes of the published surveys, where a configuration says them.
    """

    def __init__(
        self,
        objective: Objective,
        notes: Mapping[str, ParameterNote],
        key: jax.Array,
        settings: RefineSettings,
        report: Report = silent,
        told: RefineSettings | None = None,
    ) -> None:
        self.notes = {n: note for n, note in notes.items() if note.low is not None}
        self.objective, self.key = objective, key
        self.settings, self.report, self.told = settings, report, told
        self.names = [name for name in objective.names if name in self.notes]
        self.free = np.array([objective.names.index(name) for name in self.names], int)

    def verdicts(self) -> dict[str, tuple[bool | None, str]]:
        """For each parameter with an interval, whether it holds (None: cannot be said), and why."""
        if not self.notes:
            return {}
        if len(self.free) > MOST:
            if self.told and len(self.free) <= self.told.most:
                why = f"no survey of {len(self.free)} parameters at once is made here"
                return dict.fromkeys(self.names, (None, why))
            why = f"intervals of {len(self.free)} parameters come from no survey"
            return dict.fromkeys(self.names, (False, why))
        lives, scale = self.settings.lives, 1.0
        found: dict[str, tuple[bool | None, str]] = {}
        for attempt in range(ATTEMPTS):
            box, survey = self.survey(attempt, lives, scale)
            found = {n: self.verdict(n, box, survey, lives, scale) for n in self.names}
            verdicts = {holds for holds, _ in found.values()}
            if verdicts == {True} or (attempt and False not in verdicts):
                break
            # Nothing is refuted by few lives. As in a refinement, the box is smaller where the
            # reward is no quadratic.
            scale = scale / 2.0 if survey.miss.excludes_zero else scale
            lives *= MORE
        return found

    def survey(self, attempt: int, lives: int, scale: float) -> tuple[Box, Survey]:
        """The surface of the reward around the published values, on lives of its own."""
        box = box_around(self.objective, self.objective.values, self.free, self.settings, scale)
        key, visits = jax.random.fold_in(self.key, attempt), len(design(len(self.free))) + 1

        def visit(places: Sequence[np.ndarray], before: int) -> np.ndarray:
            def tick(done: int) -> None:
                there, text = before + done // lives, f"{lives} lives"
                self.report(Progress("parameters", there, visits, text))

            return self.objective.rewards([box.at(place) for place in places], key, lives, tick)

        return box, surveyed(len(self.free), visit)

    def verdict(
        self, name: str, box: Box, survey: Survey, lives: int, scale: float
    ) -> tuple[bool | None, str]:
        """One interval against a survey, in the units of its box, `scale` times the first one."""
        place, note = self.names.index(name), self.notes[name]
        low, high = survey.low[place], survey.high[place]
        unsaid = ""
        if survey.miss.excludes_zero and abs(survey.miss.mean) > self.settings.tolerance:
            unsaid = "the reward is no quadratic around it"
        elif not np.isfinite([low, high]).all():
            unsaid = f"{lives} lives show no maximum near it"
        claimed = self.in_box(place, np.array([note.low, note.high], float), box)
        breadth, half = (claimed[1] - claimed[0]) / 2.0, (high - low) / 2.0
        most = max(self.settings.most_lives, lives)
        # Farther than its reach a survey says nothing, but that the interval is no narrower.
        least = min(half, REACH) * np.sqrt(lives / most) / (UNLIKE if unsaid else NOISE)
        if breadth < least:
            theirs = self.told.most_lives if self.told else most
            if breadth >= least * np.sqrt(most / max(theirs, most)):
                return None, f"{theirs} lives could make it so narrow; {most} do not tell"
            return False, f"it is narrower than {most} lives can make it"
        parts = np.abs(claimed)  # the value is in the middle of the box
        if parts.max() > LOPSIDED * parts.min():
            return False, "its value is at its end, and lives put it near the middle"
        if unsaid:
            return None, unsaid
        # The box of an interval may shrink until the interval reaches out of it, and what lives
        # leave open grows with the square of its narrowness.
        fewest = self.told.lives if self.told else FEWEST
        first = half * scale**2 * np.sqrt(lives / fewest)
        if breadth * scale > NOISE * np.sqrt(REACH * min(first, REACH)):
            return False, f"it is wider than {fewest} lives leave it"
        if abs(claimed.mean() - (low + high) / 2.0) > APART * float(np.hypot(breadth, half)):
            return False, "a new survey of the reward puts it elsewhere"
        return True, ""

    def in_box(self, place: int, values: np.ndarray, box: Box) -> np.ndarray:
        """Values of one parameter in the units of a box."""
        x, middle = (np.arcsinh(v / box.unit) for v in (values, box.middle[self.free[place]]))
        return np.asarray((x - middle) / box.half[place])


def resurveyed(
    objective: Objective,
    record: Record,
    key: jax.Array,
    told: RefineSettings | None,
    report: Report,
) -> Iterator[Finding]:
    """The intervals of fitted parameters against a new survey.

    Args:
        objective: the published rule. record: with the intervals.
        key: of the survey's lives, which are none of the published ones.
        told: sizes of the published surveys, where a configuration says them.
        report: told of every point.
    """
    survey = Resurvey(objective, record.parameters, key, RefineSettings(), report, told)
    for name, (holds, why) in survey.verdicts().items():
        verdict = {True: Verdict.HOLDS, False: Verdict.REFUTED, None: Verdict.UNCHECKED}[holds]
        yield Finding(f"interval of {name}", verdict, why)
