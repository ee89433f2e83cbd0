"""Cards in HTML, and one page around them that works without a network and without a script.

Every text of a record goes through the escaping of the templates. The page also names, by their
digests, the one style and the one script that a browser may obey in it.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rulegen.catalog.pages import drawing, pens
from rulegen.catalog.pages.bibtex import bibtex
from rulegen.catalog.pages.brief import brief
from rulegen.catalog.pages.card import Block, card
from rulegen.catalog.pages.curves import Curves
from rulegen.catalog.pages.mathfont import math_style
from rulegen.catalog.pages.probe import probe
from rulegen.catalog.records.facets import Facets, facets
from rulegen.catalog.records.record import Record
from rulegen.grammar.printing.mathml import inline_mathml, mathml

FOLDER = Path(__file__).parent / "templates"
#: The complexity that fills a bar; the least one has none of it.
LARGEST, LEAST, BAR = 512, 2, 60


def html_card(record: Record, figure: bytes = b"") -> str:
    """The card of a rule as an `article`.

    Args:
        record: the rule.
        figure: its learning curve, PNG; without one it has no picture.

    Example:
        >>> record = Record(name="hebb", title="Hebb & co", description="Fire <b>together</b>.",
        ...                 equations="param eta = 0.1\\ndw/dt = eta*pre*post")
        >>> '<p dir="auto">Fire &lt;b&gt;together&lt;/b&gt;.</p>' in html_card(record)
        True
    """
    return html_article(facets(record), card(record), figure)


def html_article(row: Facets, blocks: Sequence[Block], figure: bytes = b"") -> str:
    """An article of blocks."""
    return filled("card.html", **about(row, blocks, figure, {}))


def html_rule(
    record: Record, row: Facets, blocks: Sequence[Block], figure: bytes, curves: Curves
) -> str:
    """A rule as an item of the page: a line with its equation, and its card, which is closed.

    Args:
        record: the rule. row: what one looks it up by. blocks: its card.
        figure: its learning curve, PNG, where there are no `curves`.
        curves: the same as numbers, from which the page draws it.
    """
    lines, left_out = brief(record.rule)
    found = None if curves else probe(record.rule)
    picture = drawing.small_curves(curves) if curves else drawing.drawn(found) if found else ""
    large, shown = drawing.pictured(found) if found else ("", "")
    return filled(
        "rule.html",
        **about(row, blocks, figure, curves),
        brief=lines,
        left_out=left_out,
        thumb=drawing.svg((drawing.WIDE, drawing.HIGH), picture),
        shown=shown,
        picture=large,
        bar=complexity_bar(row.complexity),
        latex=record.rule.latex(),
        bibtex=bibtex([record]),
    )


def about(row: Facets, blocks: Sequence[Block], figure: bytes, curves: Curves) -> dict[str, Any]:
    """What both templates of a card are filled with."""
    names = list(next(iter(curves.values()), {}))
    return {
        "facets": row,
        "blocks": [(type(block).__name__, block) for block in blocks],
        "figure": base64.b64encode(figure).decode(),
        "curves": [
            (world, drawing.panel(rules, f"Reward against trials, {world or row.title}"))
            for world, rules in curves.items()
        ],
        "legend": [(name, drawing.swatch(name, names)) for name in names],
    }


def complexity_bar(complexity: int) -> Markup:
    """A bar on a logarithmic scale."""
    share = math.log(max(complexity, LEAST) / LEAST) / math.log(LARGEST / LEAST)
    wide = min(BAR, drawing.whole(BAR * share))
    return drawing.svg(
        (BAR, 6),
        f'<path class="grid" d="M0 3H{BAR}"/><path class="bar" d="M0 0h{wide}v6h-{wide}z"/>',
    )


def html_page(cards: Sequence[tuple[Facets, str]]) -> str:
    """The page with all rules; it searches, filters, sorts and compares them.

    Args:
        cards: what one looks rules up by, and what `html_rule` made of them.
    """
    style, script = ((FOLDER / name).read_text() for name in ("style.css", "page.js"))
    style = pens.style() + style + math_style()
    rows = [f for f, _ in cards]
    return filled(
        "page.html",
        cards=[(f, Markup(html)) for f, html in cards],
        pictures=drawing.SHOWN.values(),
        choices=[
            ("kind", "Kind", "any", sorted({f.kind for f in rows})),
            ("locality", "Locality", "any", sorted({f.verdict for f in rows})),
            ("tag", "Task or tag", "any", sorted({tag for f in rows for tag in f.tags})),
            ("site", "Keeps a state at", "any site", sorted({s for f in rows for s in f.sites})),
        ],
        sizes=sorted({f.complexity for f in rows}) or [0],
        style=Markup(style),
        script=Markup(script),
        style_hash=content_hash(style),
        script_hash=content_hash(script),
    )


def filled(template: str, **values: Any) -> str:
    """A template with its values."""
    return templates().get_template(template).render(values)


def content_hash(text: str) -> str:
    """The digest by which a content security policy names a text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def templates() -> Environment:
    """The templates, with everything escaped that is not marked as safe."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["mathml"] = lambda lines: Markup(mathml(lines))
    environment.filters["sign"] = lambda box: Markup(inline_mathml(box))
    return environment
