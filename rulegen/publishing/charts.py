"""Charts as drawings in a page: they read without a script, and `chart.js` makes them answer.

Every number of a line stands in the page once more as data, for whoever points at it. All texts
are escaped, and nothing here needs a style of its own in an element, which pages forbid.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from rulegen.catalog.pages.looks import ROLES, numbers
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING

#: Size of a chart, and of its margins: left, right, top, below. In units of a drawing.
WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BELOW = 64, 16, 12, 44
#: Height of a row of a chart of intervals, and where its names end.
ROW, NAMES = 30, 270
#: Looks of marks that say something, and of others.
FOUND, PLAIN = (list(ROLES).index(role) for role in (DISCOVERED, NO_LEARNING))
#: A longer name is cut in a drawing; the page has the whole of it elsewhere.
LONGEST = 40


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


class Point(NamedTuple):
    """A rule on a front: its reward at its complexity, and whether it is on the front or picked."""

    name: str
    x: float
    bar: Bar
    front: bool = False
    pick: bool = False


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

    def ticks(self, most: int = 7) -> list[float]:
        """Round numbers within."""
        found = MaxNLocator(most).tick_values(self.low, self.high)
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
    x = Scale.over((v for line in lines for v in line.x), LEFT, WIDTH - RIGHT, 0.0)
    y = Scale.over(heights, HEIGHT - BELOW, TOP)
    parts = [axes(x, y, x_title, y_title)]
    if shaded is not None:
        begin, end, name = shaded
        at, to = x.at(max(begin, x.low)), x.at(min(end, x.high))
        box = Markup('<rect class="shade" x="{}" y="{}" width="{}" height="{}"/>')
        parts.append(box.format(at, TOP, max(to - at, 0), HEIGHT - BELOW - TOP))
        parts.append(label(at + 4, HEIGHT - BELOW - 6, name))
    for name, height in levels:
        drawn_as = f"line c{numbers([name])[name]}" if name in ROLES else "level"
        rule = Markup('<path class="{}" d="M{} {}H{}"/>')
        parts.append(rule.format(drawn_as, LEFT, y.at(height), WIDTH - RIGHT))
        parts.append(label(WIDTH - RIGHT - 4, y.at(height) - 4, name, "end"))
    wide, high = WIDTH - RIGHT - LEFT, HEIGHT - BELOW - TOP
    plot = Markup(
        '<svg class="plot" x="{0}" y="{1}" width="{2}" height="{3}" viewBox="{0} {1} {2} {3}" '
        'preserveAspectRatio="none">{4}</svg>'
    )
    looks = numbers(line.name for line in lines)
    inside = Markup("").join(drawn(line, n, looks[line.name], x, y) for n, line in enumerate(lines))
    parts.append(plot.format(LEFT, TOP, wide, high, inside))
    told = {
        "x": [x.low, x.high], "width": [LEFT, WIDTH - RIGHT], "of": x_title,
        "lines": [{"name": line.name, "x": short(line.x), "y": short(line.y),
                   "low": short(line.low), "high": short(line.high)} for line in lines],
    }  # fmt: skip
    keys = Markup("").join(
        Markup(
            '<label><input type="checkbox" checked data-line="{}">{}<bdi>{}</bdi></label> '
        ).format(number, swatch(looks[line.name]), line.name)
        for number, line in enumerate(lines)
    )
    return Markup(
        '<figure class="chart" data-chart="{}"><div class="keys">{}</div>{}</figure>'
    ).format(json.dumps(told), keys, drawing("".join(parts), HEIGHT, about))


def drawn(line: Line, number: int, look: int, x: Scale, y: Scale) -> Markup:
    """A line and what lies between its limits, in one of `looks.LOOKS`."""
    places = [(x.at(a), y.at(b)) for a, b in zip(line.x, line.y, strict=True)]
    band = Markup("")
    if line.low is not None and line.high is not None:
        upper = [(x.at(a), y.at(b)) for a, b in zip(line.x, line.high, strict=True)]
        lower = [(x.at(a), y.at(b)) for a, b in zip(line.x, line.low, strict=True)]
        band = Markup('<path class="band c{}" d="{}Z"/>').format(look, path([*upper, *lower[::-1]]))
    return Markup('<g data-line="{}">{}<path class="line c{}" d="{}"/></g>').format(
        number, band, look, path(places)
    )


def bar_chart(bars: Sequence[Bar], title: str, about: str, zero: float = 0.0) -> Markup:
    """Means with their intervals, a row each, beside a line that means nothing.

    Args:
        bars: in order. title: of the axis. about: what the chart shows.
        zero: where that line is.

    Example:
        >>> "0.5" in bar_chart([Bar("a", 0.5, 0.4, 0.6)], "gain", "gains")
        True
    """
    bars = [bar for bar in bars if np.all(np.isfinite(bar[1:]))]
    if not bars:
        return Markup("")
    height = TOP + ROW * len(bars) + BELOW
    x = Scale.over([zero, *(v for b in bars for v in b[1:])], NAMES, WIDTH - RIGHT)
    bottom = height - BELOW
    parts = [grid(x, bottom, title)]
    parts.append(Markup('<path class="zero" d="M{} {}V{}"/>').format(x.at(zero), TOP, bottom))
    for number, bar in enumerate(bars):
        middle = TOP + ROW * (number + 0.62)
        look = FOUND if bar.low > zero or bar.high < zero else PLAIN
        parts.append(label(NAMES - 10, middle + 4, cut(bar.name), "end"))
        parts.append(interval(x.at(bar.low), x.at(bar.high), x.at(bar.mean), middle, look))
        text = f"{bar.mean:.4g} [{bar.low:.4g}, {bar.high:.4g}]"
        far = x.at(bar.mean) > (NAMES + WIDTH) / 2
        place = x.at(bar.mean) + (-8 if far else 8)
        parts.append(label(place, middle - 7, text, "end" if far else "start"))
    return Markup('<figure class="chart">{}</figure>').format(
        drawing("".join(parts), height, about)
    )


def front_chart(points: Sequence[Point], y_title: str, about: str) -> Markup:
    """Rules by complexity and reward, with their formulas at those on the front."""
    if not points:
        return Markup("<p>There is no rule yet.</p>")
    x = Scale.over([p.x for p in points], LEFT, WIDTH - RIGHT - 220, 0.08)
    y = Scale.over([v for p in points for v in p.bar[1:]], HEIGHT - BELOW, TOP)
    parts = [axes(x, y, "complexity", y_title)]
    best = sorted((p for p in points if p.front), key=lambda p: p.x)
    steps = [(x.at(p.x), y.at(p.bar.mean)) for p in best]
    if len(steps) > 1:
        parts.append(Markup('<path class="level" d="{}"/>').format(path(steps)))
    taken: list[float] = []
    labels: list[Markup] = []
    for point in sorted(points, key=lambda p: (not p.pick, not p.front)):
        at, here = x.at(point.x), y.at(point.bar.mean)
        look = FOUND if point.front or point.pick else PLAIN
        told = f"{point.name}: {point.bar.mean:.4g} [{point.bar.low:.4g}, {point.bar.high:.4g}]"
        mark = Markup('<g class="mark c{}"><title>{}</title><path d="M{} {}V{}"/>').format(
            look, told, at, y.at(point.bar.low), y.at(point.bar.high)
        )
        parts.append(
            mark
            + Markup('<circle cx="{}" cy="{}" r="{}"/></g>').format(
                at, here, 7 if point.pick else 4
            )
        )
        room = all(abs(here - other) > 13 for other in taken)
        if (point.front or point.pick) and room:
            taken.append(here)
            labels.append(label(at + 10, here + 4, cut(point.name)))
    # Above all marks, so that none hides a name.
    return Markup('<figure class="chart">{}</figure>').format(
        drawing("".join([*parts, *labels]), HEIGHT, about)
    )


def axes(x: Scale, y: Scale, x_title: str, y_title: str) -> Markup:
    """Both axes with their numbers."""
    bottom, parts = HEIGHT - BELOW, [grid(x, HEIGHT - BELOW, x_title)]
    for value in y.ticks(6):
        line = Markup('<path class="grid" d="M{} {}H{}"/>')
        parts.append(line.format(LEFT, y.at(value), WIDTH - RIGHT))
        parts.append(label(LEFT - 6, y.at(value) + 4, f"{value:.4g}", "end"))
    turned = Markup('<text class="title" transform="translate(14 {}) rotate(-90)">{}</text>')
    parts.append(turned.format((TOP + bottom) / 2, y_title))
    return Markup("").join(parts)


def grid(x: Scale, bottom: float, title: str) -> Markup:
    """The x axis with its numbers, which a script may replace."""
    ticks = Markup("").join(
        label(x.at(value), bottom + 16, f"{value:.4g}", "middle") for value in x.ticks()
    )
    line = Markup('<path class="axis" d="M{} {}H{}"/>').format(x.begin, bottom, x.end)
    named = Markup('<text class="title" x="{}" y="{}">{}</text>').format(
        (x.begin + x.end) / 2, bottom + 36, title
    )
    return Markup('<g class="ticks" data-at="{}">{}</g>').format(bottom + 16, ticks) + line + named


def drawing(parts: str, height: float, about: str) -> Markup:
    """A drawing of some parts."""
    inside = Markup(parts)  # made above, each escaped
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, height, about, inside
    )


def label(x: float, y: float, text: str, anchor: str = "start") -> Markup:
    """A text in a drawing."""
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
        round(x, 2), round(y, 2), anchor, text
    )


def interval(low: float, high: float, mean: float, y: float, look: int) -> Markup:
    """An interval in a row."""
    return Markup(
        '<g class="mark c{}"><path stroke-width="2" d="M{} {}H{}"/>'
        '<circle cx="{}" cy="{}" r="4.5"/></g>'
    ).format(look, low, y, high, mean, y)


def swatch(look: int) -> Markup:
    """How a line is drawn, beside its name."""
    return Markup(
        '<svg class="swatch" viewBox="0 0 32 8" aria-hidden="true">'
        '<path class="line c{}" d="M0 4H32"/></svg>'
    ).format(look)


def path(places: Sequence[tuple[float, float]]) -> str:
    """Places, one after the other; what is no number has none."""
    known = [(a, b) for a, b in places if np.isfinite(a) and np.isfinite(b)]
    return "M" + "L".join(f"{a:g} {b:g}" for a, b in known) if known else "M0 0"


def short(values: Sequence[float] | None) -> list[float | None] | None:
    """Numbers with as many digits as anybody reads; what is none is `null`."""
    if values is None:
        return None
    return [float(f"{v:.5g}") if np.isfinite(v) else None for v in values]


def cut(name: str) -> str:
    """A name that fits beside what it names."""
    name = " ".join(name.split())
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
