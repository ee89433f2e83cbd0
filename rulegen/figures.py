"""Pictures: every function draws on given axes, or makes its own, and returns them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rulegen.evaluate import Trajectory

#: Colours that people with any colour vision tell apart (Okabe and Ito).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

#: Settings of matplotlib for pictures in these colours: `plt.rcParams.update(rulegen.STYLE)`.
STYLE = {
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.dpi": 110.0,
    "legend.frameon": False,
    "legend.fontsize": "small",
}


def new_axes(width: float = 6.4, height: float = 4.0) -> Axes:
    """Axes of a figure of their own, without a window."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes: Axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def plot_learning(
    trajectories: Sequence[Trajectory], chance: float, *, warmup: int = 0, ax: Axes | None = None
) -> Axes:
    """Reward against trials: median over lives, and the interquartile range of the first rules.

    Args:
        trajectories: the rules; bands are drawn for the first two, lines for all.
        chance: reward without knowledge of the condition, drawn as a line.
        warmup: trials without weight changes, shaded.
        ax: where to draw.

    Example:
        >>> import numpy as np
        >>> flat = Trajectory("a rule", "", np.zeros(2), np.zeros((3, 10)), 0)
        >>> plot_learning([flat], -0.25).get_ylabel()
        'reward per trial'
    """
    ax = new_axes() if ax is None else ax
    trials = np.arange(1, trajectories[0].quartiles.shape[1] + 1)
    for number, trajectory in enumerate(trajectories):
        colour = COLOURS[number % len(COLOURS)]
        low, median, high = trajectory.quartiles
        if number < 2:
            ax.fill_between(trials, low, high, color=colour, alpha=0.18, linewidth=0)
        width = 2.2 if number == 0 else 1.2
        ax.plot(trials, median, color=colour, linewidth=width, label=trajectory.name)
    ax.axhline(chance, color="0.35", linestyle="--", linewidth=1.0, label="chance")
    if warmup > 0:
        ax.axvspan(1, warmup, color="0.92", zorder=0)
    ax.set_xlim(1, trials[-1])
    ax.set_xlabel("trial")
    ax.set_ylabel("reward per trial")
    ax.set_title("median and interquartile range over lives", fontsize="medium", color="0.35")
    ax.legend(loc="lower right", frameon=False, fontsize="small")
    return ax


def save_figure(ax: Axes, folder: Path, name: str) -> None:
    """Write the figure of `ax` as `NAME.png` and `NAME.pdf`."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.savefig(folder / f"{name}.png", dpi=160)
    # Without a date, so that the same figures make the same file.
    figure.savefig(folder / f"{name}.pdf", metadata={"CreationDate": None})


def plot_estimators(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Estimators by what a second of computing gives and by how well it points uphill.

    Args:
        table: of `rulegen.appraisal.appraise`.
        ax: where to draw.

    Example:
        >>> import pandas as pd
        >>> row = {"estimator": "pgpe", "cosine": 0.9, "cosine_error": 0.1, "signal_to_noise": 2.0}
        >>> plot_estimators(pd.DataFrame([row])).get_ylabel()
        'cosine with finite differences'
    """
    ax = new_axes() if ax is None else ax
    rows = table.dropna(subset=["cosine"]).to_dict("records")
    for number, row in enumerate(rows):
        ax.errorbar(
            row["signal_to_noise"], row["cosine"], yerr=1.96 * row["cosine_error"],
            fmt="os^vDPX*"[number // len(COLOURS) % 8], color=COLOURS[number % len(COLOURS)],
            capsize=2, label=row["estimator"],
        )  # fmt: skip
    ax.axhline(1.0, color="0.35", linestyle="--", linewidth=1.0)
    ax.axhline(0.0, color="0.35", linewidth=0.8)
    ax.set_xlabel("signal to noise of one second of computing")
    ax.set_ylabel("cosine with finite differences")
    ax.set_title("better is up and to the right", fontsize="medium", color="0.35")
    ax.margins(0.06)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small")
    return ax
