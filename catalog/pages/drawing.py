"""Small pictures as SVG: lines and cells that take their colours from the page around them.

All numbers of a picture are whole, so that every machine draws the same one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from rulegen.catalog.pages.curves import Curve, Curves
from rulegen.catalog.pages.pens import numbers
from rulegen.catalog.pages.probe import SIZES, Probe
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING

#: A small picture, and the margin around what is drawn.
WIDE, HIGH, EDGE = 480, 288, 24
#: A picture with an axis: room for its numbers, and what is drawn beside and above them.
PANEL = (360, 210)
LEFT, BELOW, ABOVE, RIGHT = 52, 28, 10, 10
#: How many shades a map has on either side of 0.
SHADES = 5
#: A number half way between two is drawn as the larger one, whatever was rounded before.
NUDGE = 1e-6

#: What small pictures show, for captions.
SHOWN = {
    "window": (
        "Change of the weight by a pair of spikes, against the time from the presynaptic to the "
        "postsynaptic one, from -60 to 60 ms."
    ),
    "rates": (
        "Change of the weight in one step, against the postsynaptic rate from 0 to 2, after both "
        "neurons were at 1 for three seconds."
    ),
    "map": (
        "Change of the weight by a pulse in a trial, with a reward that is 1 above the expected "
        "where the rule reads one: presynaptic size from left to right, postsynaptic size "
        "upwards, each from -1 to 1; bright blue is potentiation, orange depression."
    ),
}


def whole(x: float) -> int:
    """The nearest whole number."""
    return math.floor(x + 0.5 + NUDGE)


def path(points: Iterable[tuple[float, float]]) -> str:
    """A line through points, each relative to the one before."""
    steps, last = list[str](), (0, 0)
    for x, y in points:
        at = (whole(x), whole(y))
        steps.append(f"{'l' if steps else 'M'}{at[0] - last[0]} {at[1] - last[1]}")
        last = at
    return "".join(steps)


def svg(size: tuple[int, int], body: str, label: str = "") -> Markup:
    """A picture; without a label it is nothing to those who hear the page."""
    told = Markup('role="img" aria-label="{}"').format(label) if label else 'aria-hidden="true"'
    return Markup(f'<svg viewBox="0 0 {size[0]} {size[1]}" {told}>{body}</svg>')


def drawn(found: Probe) -> str:
    """What an experiment found, without the picture around it.

    Example:
        >>> from rulegen.catalog import find
        >>> from rulegen.catalog.pages.probe import probe
        >>> drawn(probe(find("hebb").rule))[:30]
        '<path class="axis" d="M24 264l'
    """
    if found.kind == "map":
        return cells(found.change.tolist())
    low, high = min(0.0, float(min(found.change))), max(0.0, float(max(found.change)))
    first, last = float(found.x[0]), float(found.x[-1])

    def place(x: float, y: float) -> tuple[float, float]:
        across = EDGE + (WIDE - 2 * EDGE) * (x - first) / (last - first)
        return across, HIGH - EDGE - (HIGH - 2 * EDGE) * (y - low) / (high - low)

    axes = path([place(first, 0.0), place(last, 0.0)])
    middle = 0.0 if found.kind == "window" else first
    axes += path([place(middle, low), place(middle, high)])
    points = [(float(x), float(y)) for x, y in zip(found.x, found.change, strict=True)]
    parts = [points]
    if found.kind == "window":  # what happens at once belongs to neither side
        parts = [[p for p in points if p[0] < 0], [p for p in points if p[0] > 0]]
    lines = "".join(path(place(x, y) for x, y in part) for part in parts)
    return f'<path class="axis" d="{axes}"/><path class="line" d="{lines}"/>'


def pictured(found: Probe) -> tuple[Markup, str]:
    """The picture of an experiment, and what it shows.

    Example:
        >>> from rulegen.catalog import find
        >>> from rulegen.catalog.pages.probe import probe
        >>> pictured(probe(find("hebb").rule))[1].startswith("Change of the weight")
        True
    """
    picture = svg((WIDE, HIGH), drawn(found), "What the rule does to a synapse")
    return picture, f"{SHOWN[found.kind]} The picture is scaled to its largest change."


def cells(change: Sequence[Sequence[float]]) -> str:
    """A map: one path for all cells of a shade, neighbours of one column as one stroke."""
    wide, high = (WIDE - 2 * EDGE) / SIZES, (HIGH - 2 * EDGE) / SIZES
    edges = [whole(EDGE + wide * i) for i in range(SIZES + 1)]
    rows = [whole(HIGH - EDGE - high * i) for i in range(SIZES + 1)]
    shades: dict[int, str] = {}
    for i, column in enumerate(change):
        levels = [shade(float(value)) for value in column]
        start = 0
        for j in range(1, SIZES + 1):
            if j == SIZES or levels[j] != levels[start]:
                across, up = edges[i + 1] - edges[i], rows[start] - rows[j]
                bar = f"M{edges[i]} {rows[j]}h{across}v{up}h{-across}z"
                shades[levels[start]] = shades.get(levels[start], "") + bar
                start = j
    filled = (
        f'<path class="{"more" if level > 0 else "less"}" opacity="{abs(level) / SHADES:g}" '
        f'd="{shades[level]}"/>'
        for level in sorted(shades)
        if level
    )
    frame = f"M{edges[0]} {rows[-1]}H{edges[-1]}V{rows[0]}H{edges[0]}z"
    return "".join(filled) + f'<path class="axis" d="{frame}"/>'


def shade(value: float) -> int:
    """A change of the weight between -1 and 1 as one of few shades, 0 for next to nothing."""
    return whole(SHADES * value) if math.isfinite(value) else 0


def small_curves(curves: Curves) -> str:
    """The rule beside no learning in the first world, without numbers."""
    world = next(iter(curves.values()))
    shown = {name: world[name] for name in (DISCOVERED, NO_LEARNING) if name in world}
    scale = Scale(shown.values() or world.values(), (WIDE, HIGH), (EDGE, EDGE, EDGE, EDGE))
    frame = path([(EDGE, EDGE), (EDGE, HIGH - EDGE), (WIDE - EDGE, HIGH - EDGE)])
    pen = numbers(shown)
    lines = (line(pen[name], curve, scale) for name, curve in reversed(shown.items()))
    return f'<path class="axis" d="{frame}"/>' + "".join(lines)


def line(pen: int, curve: Curve, scale: Scale) -> str:
    """A curve in one of `pens.PENS`."""
    points = zip(curve.trial, curve.mean, strict=True)
    return f'<path class="line c{pen}" d="{path(scale.place(*p) for p in points)}"/>'


def swatch(name: str, names: Sequence[str]) -> Markup:
    """How a rule is drawn, for a legend."""
    return svg((36, 12), f'<path class="line c{numbers(names)[name]}" d="M1 6h34"/>')


class Scale:
    """From trials and rewards to places in a picture.

    Args:
        curves: what must fit. size: of the picture. margins: left, above, right and below.
    """

    def __init__(
        self, curves: Iterable[Curve], size: tuple[int, int], margins: tuple[int, int, int, int]
    ) -> None:
        curves = list(curves)
        self.first = min(curve.trial[0] for curve in curves)
        self.last = max(curve.trial[-1] for curve in curves)
        self.low = min(min(curve.low) for curve in curves)
        self.high = max(max(curve.high) for curve in curves)
        self.size, self.margins = size, margins

    def place(self, trial: float, reward: float) -> tuple[float, float]:
        """Where a point is."""
        left, above, right, below = self.margins
        wide, high = self.size[0] - left - right, self.size[1] - above - below
        across = (trial - self.first) / ((self.last - self.first) or 1.0)
        up = (reward - self.low) / ((self.high - self.low) or 1.0)
        return left + wide * across, self.size[1] - below - high * up


def panel(curves: Mapping[str, Curve], label: str) -> Markup:
    """Curves of one world with their intervals, an axis of rewards and one of trials."""
    scale = Scale(curves.values(), PANEL, (LEFT, ABOVE, RIGHT, BELOW))
    bottom, parts = PANEL[1] - BELOW, []
    for value in ticks(scale.low, scale.high):
        _, y = scale.place(0.0, value)
        parts.append(f'<path class="grid" d="M{LEFT} {whole(y)}H{PANEL[0] - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{whole(y) + 4}" class="end">{value:g}</text>')
    for trial in ticks(0.0, scale.last):
        if trial >= scale.first:
            x, _ = scale.place(trial, 0.0)
            parts.append(f'<text x="{whole(x)}" y="{bottom + 18}" class="middle">{trial:g}</text>')
    frame = f"M{LEFT} {ABOVE}V{bottom}H{PANEL[0] - RIGHT}"
    parts.append(f'<path class="axis" d="{frame}"/>')
    pen = numbers(curves)
    for name, curve in reversed(list(curves.items())):
        above = [scale.place(*p) for p in zip(curve.trial, curve.high, strict=True)]
        below = [scale.place(*p) for p in zip(curve.trial, curve.low, strict=True)]
        band = path([*above, *reversed(below)])
        parts.append(f'<path class="band c{pen[name]}" d="{band}z"/>')
        parts.append(line(pen[name], curve, scale))
    return svg(PANEL, "".join(parts), label)


def ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers between two.

    Example:
        >>> ticks(-0.41, -0.08), ticks(0.0, 200.0)
        ([-0.4, -0.3, -0.2, -0.1], [0.0, 50.0, 100.0, 150.0, 200.0])
    """
    span = (high - low) or 1.0
    unit = 10.0 ** math.floor(math.log10(span / 3))
    step = next(unit * m for m in (1, 2, 5, 10) if span / (unit * m) <= 5)
    return [round(step * i, 10) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
