"""`make reproductions`: Miconi's delayed non-match task, his statistics, docs/reproductions.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from rulegen.catalog.pages.pens import ROLES, pens
from rulegen.catalog.pages.tables import CHANCE, CHANCE_IS
from rulegen.publishing.figures import new_axes, save_figure, stroke
from rulegen.runs.simulate import load_scene

ROOT = Path(__file__).parent.parent
SCENE = ROOT / "examples" / "miconi_dnms.toml"
LIVES, SEED = 40, 1
#: The published criterion: more than 95 of 100 successive trials with an error below 1.
WINDOW, ENOUGH, LARGEST = 100, 95, 1.0
LAST = 500

HEAD = f"""# Reproductions

## Delayed non-match to sample (Miconi 2017)

[`examples/miconi_dnms.toml`](../examples/miconi_dnms.toml) has the protocol as configuration and
both rules as formulas. {LIVES} networks of each rule, the same networks and order of trials for
both, seed {SEED}; made by `make reproductions`. The published criterion is reached at the first
trial that ends {WINDOW} successive trials of which more than {ENOUGH} have an error below
{LARGEST:g}. The error of a network at the end is the median over its last {LAST} trials. What
differs from his program: single precision, other random numbers, and the number of networks.
{CHANCE_IS}

"""


def criterion(errors: np.ndarray) -> float:
    """The number of trials after which a life has reached the criterion, NaN if never.

    Args:
        errors: error of each trial, shape (K,).
    """
    good = np.convolve(errors < LARGEST, np.ones(WINDOW), mode="valid") > ENOUGH
    return float(np.argmax(good) + WINDOW) if good.any() else float("nan")


def statistics(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each rule and life: `reached` (trials), `error` (median of the last trials)."""
    rows = []
    for (rule, life), rewards in table.groupby(["rule", "life"], sort=False)["reward"]:
        errors = -rewards.to_numpy()
        row = {"rule": rule, "life": life, "reached": criterion(errors)}
        rows.append(row | {"error": float(np.median(errors[-LAST:]))})
    return pd.DataFrame(rows)


def quartiles(values: pd.Series, digits: int) -> str:
    """Median and quartiles."""
    low, median, high = values.dropna().quantile([0.25, 0.5, 0.75])
    return f"{median:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def page(found: pd.DataFrame) -> str:
    """The statistics as a table."""
    lines = [
        "| rule | networks that reach it | after so many trials | error at the end | best network |"
    ]
    lines.append("| --- | --- | --- | --- | --- |")
    for rule, lives in found.groupby("rule", sort=False):
        reached = lives["reached"].notna().sum()
        lines.append(
            f"| {rule} | {reached} of {len(lives)} | {quartiles(lives['reached'], 0)} | "
            f"{quartiles(lives['error'], 3)} | {lives['error'].min():.3f} |"
        )
    lines += ["", "Medians over networks, with quartiles in brackets.", ""]
    lines += ["![Errors over trials, and where networks end](reproductions.png)", ""]
    return "\n".join(lines)


def plot(table: pd.DataFrame, found: pd.DataFrame, folder: Path) -> None:
    """Median error over trials with quartiles, as thin lines, and every network's end."""
    ax = new_axes()
    groups = list(table.groupby("rule", sort=False))
    known = pens(str(rule) for rule, _ in groups)
    for number, (rule, rows) in enumerate(groups):
        pen = known[str(rule)]
        errors = -rows.pivot_table(index="trial", columns="life", values="reward")
        smooth = errors.rolling(50, min_periods=1).median().quantile([0.25, 0.5, 0.75], axis=1)
        ax.plot(smooth.columns, smooth.loc[0.5], **stroke(pen), linewidth=1.8, label=rule)
        for quartile in (0.25, 0.75):
            ax.plot(smooth.columns, smooth.loc[quartile], color=pen.colour, linewidth=0.6)
        ends = found.loc[found["rule"] == rule, "error"]
        # Beside each other, so that none covers another.
        beyond = table["trial"].max() * (1.03 + 0.03 * number)
        ax.plot([beyond] * len(ends), ends, "_", color=pen.colour, clip_on=False)
    world = load_scene(SCENE).world
    chance = world.task.chance(world.circuit.dt)
    ax.axhline(-chance, **stroke(ROLES[CHANCE]), linewidth=1.0, label=CHANCE)
    ax.set_yscale("log")
    ax.set_xlabel("trial")
    ax.set_ylabel("error")
    ax.set_title(
        "median of the last 50 trials: median and quartiles over networks; bars: where each ends",
        fontsize="small", color="0.35",
    )  # fmt: skip
    ax.legend(frameon=False)
    save_figure(ax, folder, "reproductions")


def main() -> None:
    """Simulate, unless a table is given, and write the page."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "runs" / "miconi_dnms.csv"
    if not source.exists():
        source.parent.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "rulegen", "simulate"]
        command += ["--world", str(SCENE)]
        command += ["--lives", str(LIVES), "--seed", str(SEED), "--out", str(source)]
        subprocess.run(command, check=True)
    table = pd.read_csv(source)
    found = statistics(table)
    folder = ROOT / "docs"
    plot(table, found, folder)
    (folder / "reproductions.pdf").unlink(missing_ok=True)
    (folder / "reproductions.md").write_text(HEAD + page(found))


if __name__ == "__main__":
    main()
