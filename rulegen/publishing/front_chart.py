"""A front as a chart of a page: rules by complexity and reward, with numbers that a table tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from scipy.optimize import isotonic_regression

from rulegen.publishing.charts import (
    FOUND,
    PLAIN,
    WHOLE,
    Bar,
    Scale,
    axes,
    dot,
    drawing,
    label,
    path,
    stretched,
    upright,
)

#: The narrowest and the lowest of these areas, and half the width of a digit in it, pixels.
NARROW, LOW, HALF = 248.0, 208.0, 4.2
#: Pixels from the end of an interval to the number above it, and from there to its upper edge.
ABOVE, HIGH = 10.0, 14.0
#: The largest mark of a front, its radius in pixels.
LARGEST = 7.0


class Point(NamedTuple):
    """A rule on a front: its reward at its complexity, and whether it is on the front or picked."""

    name: str
    x: float
    bar: Bar
    front: bool = False
    pick: bool = False


def numbered(points: Sequence[Point]) -> list[str]:
    """The numbers of points that a front names, from the simplest rule on; others have none.

    Example:
        >>> bar = Bar("", 1.0, 0.5, 1.5)
        >>> numbered([Point("b", 5, bar, front=True), Point("c", 4, bar), Point("a", 3, bar, True)])
        ['2', '', '1']
    """
    named = [n for n, point in enumerate(points) if point.front or point.pick]
    order = sorted(named, key=lambda n: (points[n].x, points[n].bar.mean))
    return [str(order.index(n) + 1) if n in named else "" for n in range(len(points))]


def front_chart(points: Sequence[Point], y_title: str, about: str) -> Markup:
    """Rules by complexity and reward, with numbers at those that `numbered` names.

    What has a number is told beside the drawing: a formula in it would cover other rules.
    """
    known = [n for n, p in enumerate(points) if np.all(np.isfinite([p.x, *p.bar[1:]]))]
    given = numbered(points)
    points, given = [points[n] for n in known], [given[n] for n in known]
    if not points:
        return Markup("<p>There is no rule yet.</p>")
    x = Scale.over([p.x for p in points], 0.0, WHOLE, 0.08)
    y = Scale.over([v for p in points for v in p.bar[1:]], WHOLE, 0.0)
    # Numbers are above intervals, and have room there.
    y = y._replace(high=y.low + (y.high - y.low) / (1 - (ABOVE + HIGH) / LOW))
    best = sorted((p for p in points if p.front), key=lambda p: p.x)
    steps = [(x.at(p.x), y.at(p.bar.mean)) for p in best]
    corners = [(right[0], left[1]) for left, right in pairwise(steps)]
    lines = [Markup('<path class="level" d="{}"/>').format(path(alternating(steps, corners)))]
    marks, numbers = list[Markup](), list[Markup]()
    # The better ones above the others.
    for point in sorted(points, key=lambda p: (p.pick, p.front)):
        at, here = x.at(point.x), y.at(point.bar.mean)
        look = FOUND if point.front or point.pick else PLAIN
        told = f"{point.name}: {point.bar.mean:.4g} [{point.bar.low:.4g}, {point.bar.high:.4g}]"
        limits = y.at(point.bar.low), y.at(point.bar.high)
        mark = Markup('<g class="mark c{}"><title>{}</title>{}{}</g>')
        size = LARGEST if point.pick else 4
        marks.append(mark.format(look, told, upright("", at, *limits), dot(at, here, size)))
    tops = [(x.at(p.x), y.at(p.bar.high)) for p in points]
    for number, own, place in above(tops, given):
        if own != place:
            lines.append(Markup('<path class="lead" d="{}"/>').format(path([own, place])))
        numbers.append(label(*place, number, "middle number", dy=-ABOVE))
    parts = [axes(x, y, "complexity"), stretched(Markup("").join(lines)), *marks, *numbers]
    return Markup('<figure class="chart">{}</figure>').format(drawing(parts, about, y_title))


def above(
    tops: Sequence[tuple[float, float]], numbers: Sequence[str]
) -> Iterator[tuple[str, tuple[float, float], tuple[float, float]]]:
    """Places for the numbers of points, above all intervals there and beside each other.

    Args:
        tops: the upper ends of the intervals of all points, percent.
        numbers: of the points; those without have none.

    Yields:
        a number, the end of its interval, and its place.
    """
    named = [(place, number) for place, number in zip(tops, numbers, strict=True) if number]
    named.sort(key=lambda one: int(one[1]))
    if not named:
        return
    half = np.array([HALF * len(number) for _, number in named]) * WHOLE / NARROW
    gap = 2 * WHOLE / NARROW
    apart = np.concatenate([[0.0], np.cumsum(half[1:] + half[:-1] + gap)])
    apart *= min(1.0, WHOLE / (apart[-1] or 1.0))
    # The closest places that are so far apart, as for the names at the ends of lines in a figure.
    wanted = np.array([at for (at, _), _ in named])
    spread = np.clip(isotonic_regression(wanted - apart).x, 0.0, WHOLE - apart[-1]) + apart
    for (own, number), at, wide in zip(named, spread, half, strict=True):
        room = wide + (LARGEST + 1) * WHOLE / NARROW
        left, right = min(own[0], at) - room, max(own[0], at) + room
        highest = min(top for place, top in tops if left < place < right)
        yield number, own, (round(float(at), 2), highest)


def alternating(
    some: Sequence[tuple[float, float]], others: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """The first of these, the first of those, and so on."""
    return [p for pair in zip_longest(some, others) for p in pair if p is not None]
