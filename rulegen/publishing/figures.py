"""Pictures: every function draws on given axes, or makes its own, and returns them."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.optimize import isotonic_regression

from rulegen.catalog.pages.pens import COLOURS, ROLES, Pen, pens
from rulegen.catalog.pages.tables import CHANCE_IS, NO_LEARNING_IS
from rulegen.catalog.records.roles import CHANCE, NO_LEARNING, PERFECT
from rulegen.publishing.evaluate import Trajectory
from rulegen.tasks import Task

#: What a learning curve shows.
SPREADS = {
    "interval": "mean over lives, with the 95% interval of each trial alone",
    "quartiles": "median over lives, with quartiles (tables have means)",
}
#: The mark of texts in which `$` begins a formula.
FORMULA = "formula"
#: Height of a line of text, as a share of the height of a picture.
LINE = 0.055

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


def stroke(pen: Pen) -> dict[str, Any]:
    """How a line of this pen is drawn, for `plot` and its kin.

    Example:
        >>> stroke(Pen("#0072b2", "#56b4e9"))
        {'color': '#0072b2', 'linestyle': '-'}
    """
    return {"color": pen.colour, "linestyle": (0, pen.dash) if pen.dash else "-"}


def plot_learning(
    trajectories: Sequence[Trajectory],
    task: Task,
    dt: float,
    *,
    warmup: int = 0,
    spread: Literal["interval", "quartiles"] = "interval",
    found: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Reward against trials, between chance and perfect answers.

    Means over lives are what tables have: the mean of a line over its trials is the mean reward per
    trial of its rule. Each band is the 95% interval of the mean of each trial alone
    (`rulegen.curves`). Quartiles show how lives differ instead, as thin lines, because bands of
    several rules would hide each other; their middle line, the median, is not the mean, and can
    even order rules otherwise. Each role has its own colour and dash.

    Args:
        trajectories: the rules.
        task: what was learned; its chance and its best reward are drawn as lines.
        dt: step of the circuit, ms.
        warmup: trials without weight changes, shaded.
        spread: means with their intervals, or medians with quartiles.
        found: what the discovered rule is called, if by a name of its own.
        ax: where to draw.

    Example:
        >>> import numpy as np
        >>> from rulegen.tasks import DelayedMatch
        >>> flat = Trajectory("a rule", "", np.zeros(2), *np.zeros((2, 3, 10)), np.zeros(2))
        >>> ax = plot_learning([flat], DelayedMatch(), 10.0, warmup=4)
        >>> ax.get_ylabel(), [text.get_text() for text in ax.texts[:3]]
        ('reward per trial', ['warm-up', 'chance', 'a rule'])
    """
    ax = new_axes(7.2, 4.4) if ax is None else ax
    trials = np.arange(1, trajectories[0].curve.shape[1] + 1)
    labels: list[tuple[str, float, str]] = []
    shown = pens((trajectory.name for trajectory in trajectories), found)
    for number, trajectory in enumerate(trajectories):
        pen = shown[trajectory.name]
        low, median, high = trajectory.quartiles
        curve, width = trajectory.curve, 2.0 if number == 0 else 1.2
        line = curve if spread == "interval" else median
        end = draw_curve(ax, trials, line, pen, width, task.ceiling)
        if spread == "quartiles":
            for limit in (low, high):
                ax.plot(trials, limit, color=pen.colour, linewidth=0.4, alpha=0.8)
        labels.append((trajectory.name, end, pen.colour))
    for name, height in ((CHANCE, task.chance(dt)), (PERFECT, task.best)):
        ax.axhline(height, **stroke(ROLES[name]), linewidth=1.0)
        labels.append((name, height, ROLES[name].colour))
    mark_warmup(ax, warmup)
    ax.set_xlim(1, trials[-1])
    ax.set_xlabel("trial")
    ax.set_ylabel("reward per trial")
    label_ends(ax, labels)
    # Above the name of the warm-up.
    ax.set_title(SPREADS[spread], fontsize="medium", color="0.35", pad=16 if warmup > 1 else None)
    unlearned = [NO_LEARNING_IS] if any(t.name == NO_LEARNING for t in trajectories) else []
    ended = [f"{t.name}: {t.counts}." for t in trajectories if t.counts.trouble]
    note = "\n".join(textwrap.wrap(" ".join([CHANCE_IS, *unlearned, *ended]), 100))
    ax.annotate(
        note, (0, 0), xycoords="axes fraction", xytext=(0, -42), textcoords="offset points",
        va="top", fontsize="x-small", color="0.35",
    )  # fmt: skip
    return ax


def draw_curve(
    ax: Axes,
    trials: np.ndarray,
    curve: np.ndarray,
    pen: Pen,
    width: float,
    most: float = np.inf,
) -> float:
    """Draw means over trials with what lies between their limits, if there are limits.

    Args:
        ax: where to draw.
        trials: shape (K,).
        curve: lower limit, mean and upper limit, shape (3, K), or a line alone, shape (K,).
        pen: of the rule. width: of its line.
        most: what no life can exceed, of which an interval knows nothing.

    Returns:
        where the line ends: the mean of its last trials, of which single ones are noisy.
    """
    if curve.ndim == 2:
        low, curve, high = curve
        high = np.minimum(high, most)
        ax.fill_between(trials, low, high, color=pen.colour, alpha=0.18, linewidth=0)
    ax.plot(trials, curve, **stroke(pen), linewidth=width)
    return float(curve[-max(1, len(trials) // 20) :].mean())


def mark_warmup(ax: Axes, warmup: int) -> None:
    """Shade and name the trials without weight changes, if there are enough to be seen.

    The name stands above the axes, where no line crosses it.
    """
    if warmup > 1:
        ax.axvspan(1, warmup, color="0.92", zorder=0)
        ax.annotate(
            "warm-up", (1, 1), xycoords=("data", "axes fraction"), xytext=(3, 2),
            textcoords="offset points", va="bottom", fontsize="small", color="0.35",
        )  # fmt: skip


def label_ends(ax: Axes, labels: Sequence[tuple[str, float, str]], line: float = LINE) -> None:
    """Name lines at their right ends: the names next to their heights that do not overlap.

    Args:
        ax: with its lines, and limits that hold from now on.
        labels: name, height and colour of each line.
        line: height of a line of text, as a share of the height of the axes.
    """
    low, high = ax.get_ylim()
    ax.set_ylim(low, high)
    labels = sorted(labels, key=lambda label: label[1])
    apart = line * (high - low) * np.arange(len(labels))
    # The closest heights that rise by a line of text or more: those less `apart` do not fall.
    wanted = np.array([height for _, height, _ in labels])
    heights = isotonic_regression(wanted - apart).x + apart
    for (name, _, colour), height in zip(labels, heights, strict=True):
        ax.annotate(
            name, (1, height), xycoords=("axes fraction", "data"), xytext=(5, 0),
            textcoords="offset points", va="center", fontsize="small", color=colour,
            annotation_clip=False,
        )  # fmt: skip


def save_figure(ax: Axes, folder: Path, name: str) -> None:
    """Write the figure of `ax` as `NAME.png` and `NAME.pdf`."""
    for suffix in (".png", ".pdf"):
        (folder / f"{name}{suffix}").write_bytes(picture(ax, suffix))


def picture(ax: Axes, suffix: str) -> bytes:
    """The figure of `ax` in a format, `.png` or `.pdf`.

    Example:
        >>> picture(new_axes(), ".png")[1:4]
        b'PNG'
    """
    figure = ax.get_figure(root=True)
    assert figure is not None
    axes = [axis for own in figure.axes for axis in (own.xaxis, own.yaxis)]
    powers = {text for axis in axes if axis.get_scale() == "log" for text in axis.findobj(Text)}
    for text in {*figure.findobj(Text)} - powers:
        if text.get_gid() != FORMULA:
            text.set_parse_math(False)  # a `$` in the name of a rule begins no formula
    stream = io.BytesIO()
    # Without a date, so that the same figures make the same file.
    told = {"metadata": {"CreationDate": None}} if suffix == ".pdf" else {"dpi": 160}
    figure.savefig(stream, format=suffix[1:], **told)
    return stream.getvalue()


def plot_estimators(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Estimators by what a second of computing gives and by how well it points uphill.

    Args:
        table: of `rulegen.fitting.appraisal.appraise`.
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
    if rows:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small")
    return ax
