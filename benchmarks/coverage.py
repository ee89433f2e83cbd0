"""`make selection`: how often intervals of means and of peaks hold the truth, method by method."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import numpy as np
from scipy.special import stdtrit
from scipy.stats import norm

from benchmarks import linear
from benchmarks.worlds import REWARDED, family
from rulegen.circuits import RateCircuit
from rulegen.fitting.surface import Surface, design
from rulegen.ground.keys import branch
from rulegen.ground.runtime import keep_compiled_programs
from rulegen.ground.statistics import limits, resampling_weights
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

ROOT = Path(__file__).parent.parent
KEY = jax.random.key(1923)
#: Number of lives, and repetitions with so many.
SIZES = {32: 2000, 128: 1500, 1024: 1000}
PEAK_SIZES = {192: 500, 1024: 400, 4096: 200}
#: So many times as many repetitions of what is not resampled.
MORE = 16
#: One interval, and one of 25 that shall hold together.
LEVEL, FAMILY = 0.95, 25
LEVELS = (LEVEL, 1.0 - (1.0 - LEVEL) / FAMILY)
#: Repetitions that are resampled at once.
BLOCK = 500
#: So many resamples lie beyond each limit.
BEYOND = 6
#: Resamples of peaks.
PEAK_RESAMPLES = 1000

#: Low and high limits of many means.
Bounds = tuple[np.ndarray, np.ndarray]


def populations() -> dict[str, np.ndarray]:
    """Values of lives, many of each kind; what is drawn from them has the mean of them all."""
    rng, many = np.random.default_rng(0), 1 << 17
    few = 1 << 12
    world = World(
        circuit=RateCircuit(neurons=16), task=DelayedAssociation(), life=LifeSettings(trials=30)
    )
    bench = Bench(world, family(("xi*pre",), REWARDED.replace("9.13e-4", "3e-3")))
    rewards, nothing = (bench.rewards(np.array([a]), KEY, few) for a in (1.5, 0.0))
    binary = World(
        circuit=world.circuit,
        task=DelayedAssociation(feedback="binary"),
        life=LifeSettings(trials=20),
    )
    answers = Bench(binary, family(("xi*pre",), REWARDED))
    tails = Bench(linear.world(), linear.rule("a*xi*pre"))
    best = np.array([linear.best()])
    single, none = (tails.rewards(a, KEY, many) for a in (best, 0.0 * best))
    return {
        "rewards of a rule": rewards,
        "paired differences": rewards - nothing,
        "binary rewards, 20 trials": answers.rewards(np.array([1.5]), KEY, few),
        "even, Student's t of 5": rng.standard_t(5, many),
        "skewed, exponential": rng.exponential(size=many),
        "very skewed, lognormal": rng.lognormal(size=many),
        "one in 20 at -1, else -0.1": np.repeat([-1.0, -0.1], [1, 19]),
        "one in 20 at -1, else near -0.1": np.where(
            np.arange(many) % 20 == 0, -1.0, -0.1 + 0.05 * rng.standard_normal(many)
        ),
        "heavy tails, rewards": single,
        "heavy tails, paired differences": single - none,
    }


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, variance and skewness of each column; columns of one value have no skewness."""
    mean = values.mean(axis=0)
    deviation = values - mean
    variance = (deviation**2).mean(axis=0)
    scale = np.where(variance > 0, variance, 1.0) ** 1.5
    return mean, variance, (deviation**3).mean(axis=0) / scale


def student(values: np.ndarray, level: float) -> Bounds:
    """Student's interval of each column."""
    mean, variance, _ = moments(values)
    count = len(values)
    half = stdtrit(count - 1, (1 + level) / 2) * np.sqrt(variance / (count - 1))
    return mean - half, mean + half


def hall(values: np.ndarray, level: float) -> Bounds:
    """Hall's interval alone, with Student's quantiles: the roots of the cubic in `limits`."""
    mean, variance, g = moments(values)
    count = len(values)
    step = stdtrit(count - 1, (1 + level) / 2) / np.sqrt(count)
    g = np.where(np.abs(g) < 1e-6, 1e-6, g)
    spread = np.sqrt(variance * count / (count - 1))
    ends = [3 / g * (np.cbrt(1 + g * (t - g / (6 * count))) - 1) for t in (step, -step)]
    return mean - spread * ends[0], mean - spread * ends[1]


def wider(values: np.ndarray, level: float) -> Bounds:
    """The intervals of `rulegen.ground.statistics.estimate`."""
    return limits(*moments(values), len(values), level)


def resampled(values: np.ndarray) -> Iterator[tuple[str, float, Bounds]]:
    """The intervals of each column by three bootstraps, with the name and level of each."""
    count = len(values)
    mean, variance, skewness = moments(values)
    spread = np.sqrt(variance)
    standard = (values - mean) / np.where(spread > 0, spread, 1.0)
    weights = resampling_weights(count, math.ceil(2 * BEYOND / (1 - LEVELS[1])))
    means = weights @ standard
    scale = np.sqrt(np.maximum(weights @ standard**2 - means**2, 0.0))
    # A resample of one value alone is as far as can be.
    with np.errstate(divide="ignore", invalid="ignore"):
        studentised = np.nan_to_num(means / scale, posinf=1e9, neginf=-1e9)
    below = np.mean(means < 0, axis=0) + np.mean(means == 0, axis=0) / 2
    bias = norm.ppf(below.clip(1e-6, 1 - 1e-6))
    means.sort(axis=0)
    studentised.sort(axis=0)
    for level in LEVELS:
        ends = np.array([(1 - level) / 2, (1 + level) / 2])
        low, high = (means[round(end * (len(means) - 1))] for end in ends)
        yield "percentile", level, (mean + spread * low, mean + spread * high)
        z = bias + norm.ppf(ends)[:, None]
        moved = norm.cdf(bias + z / np.maximum(1 - skewness / (6 * math.sqrt(count)) * z, 1e-3))
        places = (moved * (len(means) - 1)).round().astype(int)
        low, high = np.take_along_axis(means, places, axis=0)
        yield "BCa", level, (mean + spread * low, mean + spread * high)
        high, low = (studentised[round(end * (len(means) - 1))] for end in ends)
        yield "bootstrap t", level, (mean - spread * low, mean - spread * high)


FORMULAS: dict[str, Callable[[np.ndarray, float], Bounds]] = {
    "Student": student,
    "Hall": hall,
    "wider": wider,
}
METHODS = ("percentile", "BCa", "bootstrap t", *FORMULAS)


def held(population: np.ndarray, count: int, repetitions: int) -> dict[tuple[str, float], float]:
    """The share of samples of `count` whose interval holds the mean, by method and level."""
    rng, truth = np.random.default_rng(count), population.mean()
    hits: dict[tuple[str, float], list[np.ndarray]] = {}
    for number in range(MORE * repetitions // BLOCK):
        values = rng.choice(population, (count, BLOCK))
        found = [(n, level, f(values, level)) for n, f in FORMULAS.items() for level in LEVELS]
        if number < repetitions // BLOCK:
            found += resampled(values)
        for name, level, (low, high) in found:
            hits.setdefault((name, level), []).append((low <= truth) & (truth <= high))
    return {key: float(np.mean(each)) for key, each in hits.items()}


def table_of_means() -> str:
    """Coverage of one interval and of 25 independent ones together, as Markdown."""
    head = ["values", "lives", "intervals", *METHODS]
    rows = []
    for name, population in populations().items():
        for count, repetitions in SIZES.items():
            found = held(population, count, repetitions)
            for level, number in zip(LEVELS, (1, FAMILY), strict=True):
                shown = [f"{100 * found[method, level] ** number:.1f}" for method in METHODS]
                rows.append([name, str(count), str(number), *shown])
            print(*rows[-2], *rows[-1][2:], flush=True)
    return markdown(head, rows)


def table_of_peaks() -> str:
    """Coverage of intervals of the best coefficient of linear circuits, as Markdown."""
    rows = []
    for neurons, sigma in ((8, 0.3), (32, 0.1)):
        truth, rng = linear.best(neurons, sigma), np.random.default_rng(neurons)
        bench = Bench(linear.world(neurons, sigma), linear.rule("a*xi*pre", sigma))
        # The reward of a life is a quadratic of the coefficient, so the box does not matter.
        points = truth * (1.0 + 0.5 * design(1))
        lives = [bench.rewards(point, branch(KEY, 1), 1 << 16) for point in points]
        surface = Surface(1, np.array(lives).T)
        population, (top,) = surface.quadratics, surface.maximiser().place
        for count, repetitions in PEAK_SIZES.items():
            weights = resampling_weights(count, PEAK_RESAMPLES)
            hits = []
            for _ in range(repetitions):
                surface.quadratics = rng.choice(population, count)
                means = weights @ surface.quadratics
                peaks = np.where(means[:, 2] < 0, -means[:, 1] / (2 * means[:, 2]), np.inf)
                low, high = np.quantile(peaks, [0.025, 0.975], method="nearest")
                peak = surface.maximiser()
                hits.append([low <= top <= high, peak.low[0] <= top <= peak.high[0]])
            shares = [f"{100 * share:.1f}" for share in np.mean(hits, axis=0)]
            rows.append([f"{neurons} neurons, noise {sigma:g}", str(count), *shares])
            print(*rows[-1], flush=True)
    return markdown(["linear circuit", "lives", "percentile", "wider, of pulls"], rows)


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


HEAD = f"""# Coverage of intervals

How often intervals over lives hold the truth, method by method; made by `make selection`. Figures
are per cent of samples that are drawn from many lives, so that the truth, their mean, is known. One
interval has the level {100 * LEVEL:g}%; {FAMILY} together have {100 * LEVELS[1]:g}% each, and the
figure is how often {FAMILY} independent ones would all hold. It should be {100 * LEVEL:g} in either
row. By chance alone, figures of bootstraps for 1024 lives vary by
{100 * math.sqrt(LEVEL * (1 - LEVEL) / SIZES[1024]):.1f} for one interval and by
{100 * FAMILY * math.sqrt((1 - LEVELS[1]) / SIZES[1024]):.0f} for {FAMILY}, the others by a quarter
of that; fewer lives have more repetitions.

- `percentile`, `BCa` and `bootstrap t` take quantiles of resamples: as they are, corrected for bias
  and skewness, and of the mean over its standard error.
- `Student` and `Hall` are formulas of the mean, the standard deviation and, for Hall, the skewness.
- `wider` is what rulegen prints (`estimate`): the lower of both lower limits and the higher of both
  upper ones.

{{means}}

What it says:

- Percentiles of resamples are too narrow for 32 lives whatever their values are, and BCa is no
  better. 25 intervals of skewed values fail by both with 128 lives too.
- Student's interval is right for even values, with tails or without, and fails for skewed ones.
  Hall's and the bootstrap t are nearly right for skewed ones, and fail for even tails. The wider of
  Student's and Hall's is nearest to its promise where each does worst, and errs to the safe side
  elsewhere. It is wider than either: little so with many lives, half as much again for 32 very
  skewed ones.
- No interval knows what no life has shown. Where one life in 20 fares badly, 32 lives show none of
  those in one sample of five: values that are all alike have an interval of no width, and 25 such
  intervals do not hold together by any method. In the linear circuit with heavy tails one life in
  ten thousand weighs hundreds of times the mean. There all methods fail, and more lives help
  slowly; such rewards need a bound (`floor`).

## The best coefficient

In linear circuits (`benchmarks/linear.py`) the reward of a life is a quadratic of the coefficient,
so only chance errs; the truth is the best coefficient for all lives that samples are drawn from.
`percentile` takes the maximisers of resampled means; `wider, of pulls` is the interval of the mean
of how far each life pulls the maximiser, as `Surface.maximiser` has it. Figures are of one
interval, {100 * LEVEL:g}%.

{{peaks}}
"""


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", nargs="?", type=Path, default=ROOT / "docs" / "coverage.md")
    arguments = parser.parse_args()
    keep_compiled_programs()
    arguments.page.write_text(HEAD.format(means=table_of_means(), peaks=table_of_peaks()))


if __name__ == "__main__":
    main()
