"""How good each estimator of the meta-gradient is on a task, against finite differences."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
import pandas as pd
from pydantic import Field

from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.compile import compile_rule
from rulegen.estimators import AnyEstimator, MetaGradient, Pathwise, Pgpe, Score
from rulegen.estimators.coordinates import Coordinates
from rulegen.fitting.ascent import Phase
from rulegen.grammar import RunError
from rulegen.ground.keys import Branch
from rulegen.ground.settings import MOST_TOGETHER, Settings
from rulegen.ground.stage import Stage
from rulegen.lives.bench import Bench
from rulegen.lives.outcomes import Outcomes

#: How the table calls the finite differences that everything is compared with.
TRUTH = "finite differences"
#: Columns of what it finds along each parameter.
COMPONENTS = ("estimator", "parameter", "gradient", "error", "truth", "truth_error", "z")


class AppraisalSettings(Settings):
    """How much is spent on an appraisal.

    Attributes:
        lives: lives of one estimate.
        repeats: estimates by each estimator, with keys of their own.
        truth_lives: lives at both ends of each finite difference.
        step: half the distance between the ends, in the coordinates of the fit.
    """

    lives: int = Field(256, ge=4, le=MOST_LIVES)
    repeats: int = Field(8, ge=2, le=MOST_TOGETHER)
    truth_lives: int = Field(2048, ge=2, le=MOST_LIVES)
    step: float = Field(0.05, gt=0)


class Appraisal(NamedTuple):
    """What an appraisal found.

    Attributes:
        table: one row for each estimator, see `table_row`.
        components: the gradients behind it, along each parameter: columns `COMPONENTS`.
    """

    table: pd.DataFrame
    components: pd.DataFrame


class Sample(NamedTuple):
    """Repeated estimates of one gradient.

    Attributes:
        gradients: shape (R, P). errors: standard errors of each, shape (R, P).
        lives: simulated for one of them. seconds: that one took (median).
        compiling: seconds that the first took longer, with its programs compiled.
        nonfinite: share of the gradients of single lives that are left out.
        outcomes: how the lives of all estimates ended.
    """

    gradients: np.ndarray
    errors: np.ndarray
    lives: int
    seconds: float
    compiling: float
    nonfinite: float
    outcomes: Outcomes

    @property
    def mean(self) -> np.ndarray:
        """Mean over the estimates, shape (P,)."""
        return self.gradients.mean(axis=0)

    @property
    def error(self) -> np.ndarray:
        """Standard error of `mean`, shape (P,)."""
        return np.sqrt((self.errors**2).mean(axis=0) / len(self.errors))

    @property
    def variance(self) -> float:
        """Variance of the estimate from a single life, summed over parameters."""
        return float((self.errors**2).mean(axis=0).sum() * self.lives)


def candidates(bench: Bench, phases: Sequence[Phase]) -> dict[str, AnyEstimator]:
    """The estimators worth comparing, by name: all kinds, with the other settings of the fit.

    Args:
        bench: the rule in its world.
        phases: the fit whose estimators are among them.
    """
    used = {phase.estimator.name: phase.estimator for phase in phases}
    score, found = used.get("score", Score()), dict[str, AnyEstimator]()
    noise = compile_rule(bench.rule, wrt=bench.free_names, noise_tangent=True).tangents.noise
    for exact in (False, True) if noise else (False,):
        for gamma in (0.0, 0.9, 1.0):
            changes = {"gamma": gamma, "exact": exact}
            name = f"score, gamma {gamma:g}" + (", exact" if exact else "")
            found[name] = score.model_copy(update=changes)
    found["pgpe"] = used.get("pgpe", Pgpe())
    pathwise = used.get("pathwise", Pathwise())
    for credit in ("trial", "life"):
        found[f"pathwise, {credit}"] = pathwise.model_copy(update={"credit": credit})
    for number, phase in enumerate(phases):
        if phase.estimator not in found.values():
            found[f"fit {number + 1}: {phase.estimator.name}"] = phase.estimator
    return found


def appraise(
    bench: Bench,
    values: np.ndarray,
    estimators: Mapping[str, AnyEstimator],
    settings: AppraisalSettings,
    stage: Stage,
) -> Appraisal:
    """Compare estimators with central finite differences of the expected reward.

    All estimators meet the same lives; both ends of a difference share theirs, others than the
    estimators'.

    Args:
        bench: the rule in its world.
        values: where the gradient is taken, all parameters of the rule.
        estimators: by name; `lives` is that of the settings.
        settings: how much is spent.
        stage: its random numbers, and where results are kept.
    """
    truth = differences(bench, values, settings, stage)
    rows, parts = [table_row(TRUTH, truth, truth)], list[pd.DataFrame]()
    for name, estimator in estimators.items():
        here = estimator.model_copy(update={"lives": settings.lives})
        try:
            found = repeat(bench, values, here, settings.repeats, stage.called(name))
        except (ValueError, RunError) as error:  # an estimator that cannot work here
            rows.append({"estimator": name, "note": str(error)})
        else:
            rows.append(table_row(name, found, truth, bench.free_names))
            parts.append(component_rows(name, found, truth, bench.free_names))
    # Where no estimator works, the table says why of each.
    nothing = pd.DataFrame(columns=[*COMPONENTS])
    return Appraisal(pd.DataFrame(rows), pd.concat(parts, ignore_index=True) if parts else nothing)


def repeat(
    bench: Bench,
    values: np.ndarray,
    estimator: AnyEstimator,
    repeats: int,
    stage: Stage,
) -> Sample:
    """The gradient estimated again and again, on fresh lives each time.

    Raises:
        ValueError: when the estimator does not fit the world.
    """
    lives, found, clock = estimator.prepare(bench), list[dict[str, Any]](), Clock()
    stage.tell(0, repeats, "first the program is compiled")
    for number in range(repeats):
        here = stage.on(Branch.APPRAISE, number).called(f"{stage.name}/{number}")

        def compute(key: jax.Array = here.key) -> dict[str, Any]:
            return clock.time(lambda: estimator.estimate(lives, values, bench.free, key).stored())

        found.append(here.recall([bench, estimator, values], compute))
        stage.tell(number + 1, repeats)
    estimates = [MetaGradient.of(f) for f in found]
    seconds, compiling = times(found)
    return Sample(
        np.array([e.gradient for e in estimates]),
        np.array([e.error for e in estimates]),
        estimator.lives,
        seconds,
        compiling,
        sum(e.nonfinite for e in estimates) / sum(e.parts for e in estimates),
        Outcomes.total(e.outcomes for e in estimates),
    )


class Clock:
    """Times a computation without the compilation of its programs.

    The first time, the computation runs twice: compiled programs belong to their shapes, so only
    the same computation warms it up.
    """

    def __init__(self) -> None:
        self.cold = True

    def time(self, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What it computes, with `seconds` and, where it was cold, those of the `first` time."""
        first = {}
        if self.cold:
            first = {"first": elapsed(compute)[1]}
            self.cold = False
        result, seconds = elapsed(compute)
        return result | first | {"seconds": seconds}


def elapsed(compute: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], float]:
    """What a function returns, and how many seconds of computing it takes.

    On processors these are those of the process over the number of devices, because the clock on
    the wall would also count what else the machine does; elsewhere those of the clock.
    """
    own = jax.default_backend() == "cpu"
    now, share = (time.process_time, len(jax.local_devices())) if own else (time.perf_counter, 1)
    began = now()
    return compute(), (now() - began) / share


def times(found: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Of what `Clock.time` gave: the median of the seconds, and what the first took longer.

    Example:
        >>> times([{"first": 3.5, "seconds": 0.5}, {"seconds": 0.25}, {"seconds": 0.5}])
        (0.5, 3.0)
    """
    typical = float(np.median([f["seconds"] for f in found]))
    return typical, max(0.0, next(f["first"] for f in found if "first" in f) - typical)


def differences(
    bench: Bench,
    values: np.ndarray,
    settings: AppraisalSettings,
    stage: Stage,
) -> Sample:
    """Central differences of the mean reward along each free parameter, on common lives.

    g_p = < R(x + h e_p) - R(x - h e_p) > / 2h ,   x the coordinates of the fit.
    """
    coordinates, found, clock = Coordinates(bench.rule.parameters), [], Clock()
    here = coordinates.inward(values)
    count, stage = settings.truth_lives, stage.called(TRUTH)
    stage.tell(0, len(bench.free), "first the program is compiled")
    for done, index in enumerate(bench.free):

        def slope(index: int = int(index)) -> dict[str, Any]:
            steps = settings.step * np.eye(len(here))[index]
            ends = [coordinates.outward(place) for place in (here + steps, here - steps)]
            lots = bench.meet(ends, stage.on(Branch.TRUTH).key, count)
            ahead, behind = (coordinates.inward(end)[index] for end in ends)
            # Closer where there is a bound.
            slopes = (lots[0].rewards - lots[1].rewards) / (ahead - behind)
            error = float(slopes.std(ddof=1) / count**0.5)
            outcomes = Outcomes.total(lot.counts for lot in lots)
            return {
                "slope": float(slopes.mean()), "error": error, "outcomes": outcomes._asdict(),
            }  # fmt: skip

        along = stage.called(f"{TRUTH}/{bench.names[index]}")
        found.append(along.recall([bench, values, settings], partial(clock.time, slope)))
        stage.tell(done + 1, len(bench.free))
    slopes, errors = (np.array([[f[k] for f in found]]) for k in ("slope", "error"))
    seconds, compiling = times(found)
    lives = 2 * count * len(found)
    outcomes = Outcomes.total(Outcomes(**f["outcomes"]) for f in found)
    return Sample(slopes, errors, lives, seconds * len(found), compiling, 0.0, outcomes)


def table_row(
    name: str, sample: Sample, truth: Sample, names: Sequence[str] = ()
) -> dict[str, Any]:
    """One row of the table, with g the mean estimate and t the finite differences.

    - `cosine` between g and t, with its standard error `cosine_error`;
    - `bias`: |g - t|/|t|, less what their noise adds to it, with `bias_error`; `z`: the largest
      |g_p - t_p| of a parameter in standard errors; `scale`: <g, t>/|t|^2, 1 without bias;
    - `wrong`: parameters along which g and t have opposite signs, both beyond 2 standard errors;
    - `variance` of the estimate from one life, summed over parameters; `seconds_per_life`, and
      `compiling`: seconds that the first estimate took longer;
    - `nonfinite`: share of the gradients of single lives that are left out, see
      `rulegen.estimators.Estimator.average`;
    - `diverged`, `saturated`, `silent`: numbers of the lives of all estimates that ended so;
    - `signal_to_noise`: |g|, less its noise, over the standard deviation of what one second of
      computing gives; it grows with the root of the time spent;
    - `useful`: the same for the part of g along t, `signal_to_noise` times `cosine`.
    """
    g, t = sample.mean, truth.mean
    row: dict[str, Any] = {"estimator": name, "cosine": np.nan, "cosine_error": np.nan}
    length = float(np.linalg.norm(t))
    itself = sample is truth
    if not itself and length > 0:
        noise = sample.error**2 + truth.error**2
        gap = g - t
        row["cosine"] = cosine(g, t)
        # The spread of the cosine over draws of both gradients within their errors.
        draws = np.random.default_rng(0).standard_normal((2, 2000, len(g)))
        spread = cosine(g + sample.error * draws[0], t + truth.error * draws[1])
        row["cosine_error"] = float(np.std(spread))
        row["bias"] = float(np.sqrt(max(0.0, gap @ gap - noise.sum()))) / length
        row["bias_error"] = float(np.sqrt((gap**2 * noise).sum() / max(gap @ gap, 1e-300))) / length
        row["z"] = float(np.max(np.abs(gap) / np.sqrt(np.maximum(noise, 1e-300))))
        row["scale"] = float(g @ t) / length**2
        sure = (np.abs(g) > 2 * sample.error) & (np.abs(t) > 2 * truth.error) & (g * t < 0)
        row["wrong"] = " ".join(n for n, is_wrong in zip(names, sure, strict=True) if is_wrong)
    row["variance"] = sample.variance
    row["seconds_per_life"] = sample.seconds / sample.lives
    row["compiling"] = sample.compiling
    row["nonfinite"] = sample.nonfinite
    row |= sample.outcomes.bad
    signal = np.sqrt(max(0.0, g @ g - (sample.error**2).sum()))
    noise_of_a_second = np.sqrt(sample.variance * row["seconds_per_life"])
    row["signal_to_noise"] = float(signal / noise_of_a_second) if noise_of_a_second > 0 else 0.0
    row["useful"] = row["signal_to_noise"] * (1.0 if itself else row["cosine"])
    return row | {"note": ""}


def cosine(a: np.ndarray, b: np.ndarray) -> Any:
    """Cosine of the angle between vectors along the last axis; 0 where one has no length.

    Example:
        >>> float(cosine(np.array([1.0, 0.0]), np.array([1.0, 1.0])).round(3))
        0.707
    """
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.sum(a * b, axis=-1) / np.where(lengths > 0, lengths, np.inf)


def component_rows(name: str, sample: Sample, truth: Sample, names: Sequence[str]) -> pd.DataFrame:
    """The gradient along each parameter, beside the finite differences."""
    gap, noise = sample.mean - truth.mean, np.hypot(sample.error, truth.error)
    columns = (
        name,
        list(names),
        sample.mean,
        sample.error,
        truth.mean,
        truth.error,
        gap / np.where(noise > 0, noise, np.inf),
    )
    return pd.DataFrame(dict(zip(COMPONENTS, columns, strict=True)))
