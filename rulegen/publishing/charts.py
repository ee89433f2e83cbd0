"""Charts and tables of a page: they read without a script, and `chart.js` makes charts answer.

Every number of a line stands in the page once more as data, for whoever points at it. All texts
are escaped, and nothing here needs a style of its own in an element, which pages forbid.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from rulegen.catalog.pages.pens import ROLES, numbers
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING

#: Places are shares of the area between the axes in percent, so that a chart is as wide as its page
#: and texts keep their size; `chart.css` says how large that area is.
WHOLE = 100.0
#: Pens of marks that say something, and of others.
FOUND, PLAIN = (list(ROLES).index(role) for role in (DISCOVERED, NO_LEARNING))
#: Most steps between numbers beside bars, which have less room.
FEW = 5


class Line(NamedTuple):
    """Numbers over numbers.

    Attributes:
        name: of it. x, y: of each point. low, high: limits of each, or none.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


class Bar(NamedTuple):
    """A mean with its interval."""

    name: str
    mean: float
    low: float
    high: float


class Scale(NamedTuple):
    """From numbers to places: `low` to `begin`, `high` to `end`."""

    low: float
    high: float
    begin: float
    end: float

    @classmethod
    def over(cls, values: Iterable[float], begin: float, end: float, room: float = 0.04) -> Scale:
        """A scale of all these numbers, with some room at both ends."""
        known = [v for v in values if np.isfinite(v)] or [0.0, 1.0]
        low, high = min(known), max(known)
        more = room * (high - low) or (abs(high) or 1.0) * room
        return cls(low - more, high + more, begin, end)

    def at(self, value: float) -> float:
        """The place of a number."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(self.begin + share * (self.end - self.begin), 2)

    def ticks(self, most: int = 7, whole: bool = False) -> list[float]:
        """Round numbers within, or whole ones."""
        found = MaxNLocator(most, integer=whole).tick_values(self.low, self.high)
        return [float(v) for v in found if self.low <= v <= self.high]


def line_chart(
    lines: Sequence[Line],
    x_title: str,
    y_title: str,
    about: str,
    levels: Sequence[tuple[str, float]] = (),
    shaded: tuple[float, float, str] | None = None,
) -> Markup:
    """Lines with their intervals, each by itself to be shown or hidden.

    Args:
        lines: at least one point each.
        x_title, y_title: of the axes.
        about: what the chart shows, for those who hear it read.
        levels: names and heights of level lines.
        shaded: from where to where on the x axis, and what that is.

    Example:
        >>> drawn = line_chart([Line("<a>", [1, 2], [0.0, 1.0])], "trial", "reward", "rewards")
        >>> "&lt;a&gt;" in drawn, "<a>" in drawn
        (True, False)
    """
    lines = [line for line in lines if len(line.x)]
    if not lines:
        return Markup("<p>There is nothing to draw yet.</p>")
    heights = [v for line in lines for part in (line.y, line.low, line.high) for v in part or ()]
    heights += [height for _, height in levels]
    x = Scale.over((v for line in lines for v in line.x), 0.0, WHOLE, 0.0)
    y = Scale.over(heights, WHOLE, 0.0)
    parts, inside, named = [axes(x, y, x_title)], list[Markup](), list[Markup]()
    if shaded is not None:
        begin, end, name = shaded
        at, to = x.at(max(begin, x.low)), x.at(min(end, x.high))
        box = Markup('<rect class="shade" x="{}" y="0" width="{}" height="100"/>')
        inside.append(box.format(at, round(max(to - at, 0), 2)))
        named.append(key(Markup('<rect class="shade" width="32" height="8"/>'), name))
    for name, height in levels:
        drawn_as = f"line c{numbers([name])[name]}" if name in ROLES else "level"
        parts.append(across(drawn_as, y.at(height)))
        named.append(key(Markup('<path class="{}" d="M0 4H32"/>').format(drawn_as), name))
    pens = numbers(line.name for line in lines)
    inside += [drawn(line, n, pens[line.name], x, y) for n, line in enumerate(lines)]
    parts.append(stretched(Markup("").join(inside)))
    told = {
        "x": [x.low, x.high], "of": x_title,
        "lines": [{"name": line.name, "x": short(line.x), "y": short(line.y),
                   "low": short(line.low), "high": short(line.high)} for line in lines],
    }  # fmt: skip
    keys = Markup("").join(
        Markup(
            '<label><input type="checkbox" checked data-line="{}">{}<bdi>{}</bdi></label> '
        ).format(
            number,
            swatch(Markup('<path class="line c{}" d="M0 4H32"/>').format(pens[line.name])),
            line.name,
        )
        for number, line in enumerate(lines)
    )
    # What is no rule is named beside the rules: a name within the drawing would cover a line.
    return Markup(
        '<figure class="chart" data-chart="{}"><div class="keys">{}</div>{}</figure>'
    ).format(json.dumps(told), keys + Markup("").join(named), drawing(parts, about, y_title))


def drawn(line: Line, number: int, pen: int, x: Scale, y: Scale) -> Markup:
    """A line and what lies between its limits, in one of `pens.PENS`."""
    places = [(x.at(a), y.at(b)) for a, b in zip(line.x, line.y, strict=True)]
    band = Markup("")
    if line.low is not None and line.high is not None:
        upper = [(x.at(a), y.at(b)) for a, b in zip(line.x, line.high, strict=True)]
        lower = [(x.at(a), y.at(b)) for a, b in zip(line.x, line.low, strict=True)]
        band = Markup('<path class="band c{}" d="{}Z"/>').format(pen, path([*upper, *lower[::-1]]))
    return Markup('<g data-line="{}">{}<path class="line c{}" d="{}"/></g>').format(
        number, band, pen, path(places)
    )


def bar_chart(
    bars: Sequence[Bar],
    title: str,
    about: str,
    pens: Mapping[str, int] = MappingProxyType({}),
) -> Markup:
    """Means with their intervals, a row each, beside the line of 0.

    Args:
        bars: in order. title: of the axis. about: what the chart shows.
        pens: those of bars by their names; others say whether their interval leaves out 0.

    Example:
        >>> "0.5" in bar_chart([Bar("a", 0.5, 0.4, 0.6)], "gain", "gains")
        True
    """
    bars = [bar for bar in bars if np.all(np.isfinite(bar[1:]))]
    if not bars:
        return Markup("")
    x = Scale.over([0.0, *(v for b in bars for v in b[1:])], 0.0, WHOLE)
    level = upright("zero", x.at(0.0))
    row = Markup(
        '<div class="row"><bdi class="name">{}</bdi><span class="value">{}</span>'
        '<svg aria-hidden="true">{}</svg></div>'
    )
    rows = [
        row.format(
            bar.name,
            f"{bar.mean:.4g} [{bar.low:.4g}, {bar.high:.4g}]",
            level + interval(x, bar, pens.get(bar.name, FOUND if apart else PLAIN)),
        )
        for bar, apart in ((bar, bar.low > 0 or bar.high < 0) for bar in bars)
    ]
    scale = Markup('<div class="row"><svg class="scale" aria-hidden="true">{}</svg></div>')
    end = scale.format(ticks(x, 0.0, FEW) + across("axis", 0.0) + below(title, 0.0))
    return Markup('<figure class="chart bars" role="group" aria-label="{}">{}</figure>').format(
        about, Markup("").join([*rows, end])
    )


def axes(x: Scale, y: Scale, x_title: str) -> Markup:
    """Both axes with their numbers, of which those of trials, iterations and sizes are whole."""
    parts = [ticks(x, WHOLE, whole=True), across("axis", WHOLE), below(x_title, WHOLE)]
    for value in y.ticks(6):
        parts += [across("grid", y.at(value)), label(0, y.at(value), f"{value:.4g}", "end", -6, 4)]
    return Markup("").join(parts)


def ticks(x: Scale, y: float, most: int = 7, whole: bool = False) -> Markup:
    """The numbers of the x axis, which a script may replace; every second has room anywhere."""
    numbers = Markup("").join(
        label(x.at(value), y, f"{value:.4g}", "middle odd" if n % 2 else "middle", dy=17)
        for n, value in enumerate(x.ticks(most, whole))
    )
    return Markup('<g class="ticks">{}</g>').format(numbers)


def below(title: str, y: float) -> Markup:
    """The title of the x axis."""
    return label(WHOLE / 2, y, title, "middle title", dy=36)


def drawing(parts: Sequence[Markup], about: str, y_title: str) -> Markup:
    """A drawing of some parts, below the title of its y axis."""
    whole = '<svg class="drawing" role="img" aria-label="{}">{}</svg>'
    title = label(0, 0, y_title, "title", dx=-56, dy=-10)
    return Markup(whole).format(about, Markup("").join([*parts, title]))


def stretched(inside: Markup) -> Markup:
    """A drawing in percent over the area between the axes; its lines keep their width."""
    whole = '<svg class="plot" viewBox="0 0 100 100" preserveAspectRatio="none">{}</svg>'
    return Markup(whole).format(inside)


def label(x: float, y: float, text: str, kind: str, dx: float = 0, dy: float = 0) -> Markup:
    """A text at a place in percent, moved by some pixels."""
    return Markup('<text class="{}" x="{}%" y="{}%" dx="{}" dy="{}">{}</text>').format(
        kind, round(x, 2), round(y, 2), dx, dy, text
    )


def across(kind: str, y: float) -> Markup:
    """A line from side to side."""
    return Markup('<line class="{0}" x1="0" x2="100%" y1="{1}%" y2="{1}%"/>').format(kind, y)


def upright(kind: str, x: float, low: float = WHOLE, high: float = 0.0) -> Markup:
    """A line from below to above."""
    line = Markup('<line class="{0}" x1="{1}%" x2="{1}%" y1="{2}%" y2="{3}%"/>')
    return line.format(kind, x, low, high)


def dot(x: float, y: float, radius: float) -> Markup:
    """A mark."""
    return Markup('<circle cx="{}%" cy="{}%" r="{}"/>').format(x, y, radius)


def interval(x: Scale, bar: Bar, pen: int) -> Markup:
    """A mean with its interval in a row."""
    return Markup(
        '<g class="mark c{}"><line class="wide" x1="{}%" x2="{}%" y1="50%" y2="50%"/>{}</g>'
    ).format(pen, x.at(bar.low), x.at(bar.high), dot(x.at(bar.mean), WHOLE / 2, 4.5))


def key(drawn: Markup, name: str) -> Markup:
    """How something is drawn, and its name."""
    return Markup("<span>{}<bdi>{}</bdi></span> ").format(swatch(drawn), name)


def swatch(drawn: Markup) -> Markup:
    """How a line is drawn, beside its name."""
    whole = '<svg class="swatch" viewBox="0 0 32 8" aria-hidden="true">{}</svg>'
    return Markup(whole).format(drawn)


def path(places: Sequence[tuple[float, float]]) -> str:
    """Places, one after the other; what is no number has none."""
    known = [(a, b) for a, b in places if np.isfinite(a) and np.isfinite(b)]
    return "M" + "L".join(f"{a:g} {b:g}" for a, b in known) if known else "M0 0"


def short(values: Sequence[float] | None) -> list[float | None] | None:
    """Numbers with as many digits as anybody reads; what is none is `null`."""
    if values is None:
        return None
    return [float(f"{v:.5g}") if np.isfinite(v) else None for v in values]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """A table of texts.

    Example:
        >>> "<td><bdi>&lt;a&gt;</bdi></td>" in table(("rule",), [("<a>",)])
        True
    """
    heads = Markup("").join(Markup('<th scope="col">{}</th>').format(cell) for cell in head)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td><bdi>{}</bdi></td>").format(cell) for cell in cells)
        )
        for cells in rows
    )
    return Markup(
        '<div class="scroll" role="group" aria-label="{}" tabindex="0"><table><thead><tr>{}</tr>'
        "</thead><tbody>{}</tbody></table></div>"
    ).format(", ".join(head), heads, body)
