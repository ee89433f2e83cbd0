"""Where analyses tell rules apart: every measure of a life, compared over the same networks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rulegen.analysis.words import worded
from rulegen.catalog.pages.pens import pens
from rulegen.ground.statistics import estimate, paired_difference
from rulegen.publishing.figures import new_axes

#: What the intervals of a table of contrasts hold for.
INTERVALS = (
    "Means over networks have a 95% interval each. The intervals of the differences, paired over "
    "networks, are wider: those of one rule hold for all measures together with 95%. A measure "
    "counts the networks that have it under every rule."
)


def contrast_table(measures: Mapping[str, pd.DataFrame], level: float = 0.95) -> pd.DataFrame:
    """Means of all measures, and paired differences from the first rule.

    Intervals of means have the level as it is. Those of the m differences between two rules have
    the level `1 - (1 - level)/m`, so that all of them hold together with probability `level`.

    Args:
        measures: by rule, a row for each life and a column for each measure, the same lives for
            all. A life counts where all rules have a value, so that differences of means are means
            of differences.
        level: coverage.

    Returns:
        a row for each measure and rule: `measure`, `rule`, `lives`, `mean`, `low`, `high`,
        `difference`, `difference_low`, `difference_high`, `deviation` (of a life's difference, its
        standard deviation over lives) and `separates` (whether the interval of the difference
        leaves out 0).

    Example:
        >>> import numpy as np
        >>> import pandas as pd
        >>> a = pd.DataFrame({"size": np.arange(20.0), "rank": np.arange(20.0) % 3})
        >>> b = pd.DataFrame({"size": a["size"] + 1.0, "rank": a["rank"].to_numpy()[::-1]})
        >>> table = contrast_table({"a": a, "b": b})
        >>> table.loc[table["rule"] == "b", ["measure", "separates"]].to_numpy().tolist()
        [['size', True], ['rank', False]]
    """
    first, *_ = measures.values()
    columns = list(first)
    strict, table = 1.0 - (1.0 - level) / len(columns), []
    for column in columns:
        whole = np.logical_and.reduce([np.isfinite(f[column]) for f in measures.values()])
        if not whole.any():
            continue
        base = first[column][whole].to_numpy(float)
        for number, (name, frame) in enumerate(measures.items()):
            here = frame[column][whole].to_numpy(float)
            mean, gap = estimate(here, level), paired_difference(here, base, strict)
            table.append(
                {
                    "measure": column, "rule": name, "lives": len(here),
                    "mean": mean.mean, "low": mean.low, "high": mean.high,
                    "difference": gap.mean, "difference_low": gap.low,
                    "difference_high": gap.high,
                    "deviation": float(np.std(here - base)),
                    "separates": number > 0 and gap.excludes_zero,
                }
            )  # fmt: skip
    return pd.DataFrame(table)


def plot_contrast(table: pd.DataFrame, *, found: str = "", ax: Axes | None = None) -> Axes:
    """Differences from the first rule with their intervals, in standard deviations over lives.

    Dots are filled where the interval leaves out 0.

    Args:
        table: from `contrast_table`.
        found: what the discovered rule is called, if by a name of its own.
        ax: where to draw.

    Example:
        >>> import pandas as pd
        >>> a = pd.DataFrame({"size": [1.0, 2.0, 4.0]})
        >>> plot_contrast(contrast_table({"a": a, "b": 2 * a})).get_title()
        'b minus a'
    """
    names, columns = list(dict.fromkeys(table["rule"])), list(dict.fromkeys(table["measure"]))
    if ax is None:
        ax = new_axes(7.2, 1.2 + 0.27 * len(columns))
    others, known = names[1:], pens(names, found)
    for number, name in enumerate(others):
        rows = table[table["rule"] == name]
        # Where all lives differ alike, the difference has no interval, and is drawn as it is.
        unit = rows["deviation"].where(rows["deviation"] > 0, 1.0)
        height = rows["difference"] / unit
        middle = rows["measure"].map(columns.index) + 0.5 * (number + 0.5) / len(others) - 0.25
        ends = rows["difference_low"] / unit, rows["difference_high"] / unit
        colour = known[name].colour
        ax.hlines(middle, *ends, color=colour, linewidth=2.0)
        for apart, face in ((True, colour), (False, "white")):
            chosen = rows["separates"] == apart
            ax.scatter(
                height[chosen], middle[chosen], s=28, zorder=3, facecolors=face,
                edgecolors=colour, label=f"{name} minus {names[0]}" if apart else None,
            )  # fmt: skip
    ax.axvline(0.0, color="0.35", linewidth=0.8)
    ax.set_yticks(range(len(columns)), [worded(column) for column in columns])
    ax.invert_yaxis()
    ax.set_xlabel(
        "difference / standard deviation over networks\n"
        "95% intervals of all together; filled: without 0"
    )
    if len(others) == 1:
        ax.set_title(f"{others[0]} minus {names[0]}")
    else:
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, fontsize="small")
    return ax


def contrast_page(table: pd.DataFrame) -> str:
    """A table of contrasts as Markdown, a row for each measure and other rule."""
    first = table["rule"].iloc[0]
    base = table[table["rule"] == first].set_index("measure")
    lines = [
        f"| measure | rule | {first} | the rule | difference, all intervals together | networks | "
        "separates |"
    ]
    lines.append("|" + " --- |" * 7)
    for row in table[table["rule"] != first].to_dict("records"):
        one = base.loc[row["measure"]]
        cells = [
            f"{m:.3g} [{low:.3g}, {high:.3g}]"
            for m, low, high in (
                (one["mean"], one["low"], one["high"]),
                (row["mean"], row["low"], row["high"]),
                (row["difference"], row["difference_low"], row["difference_high"]),
            )
        ]
        cells += [str(row["lives"]), "yes" if row["separates"] else "no"]
        words = worded(row["measure"])
        code = "" if words == row["measure"] else f" (`{row['measure']}`)"
        lines.append(f"| {words}{code} | {row['rule']} | {' | '.join(cells)} |")
    return "\n".join(lines)
