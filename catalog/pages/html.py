"""Cards in HTML, and one page around them that works without a network.

Every text of a record goes through the escaping of the templates. The page also names, by their
digests, the one style and the one script that a browser may obey in it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rulegen.catalog.pages.card import Block, card
from rulegen.catalog.records.facets import Facets, facets
from rulegen.catalog.records.record import Record
from rulegen.grammar.printing.mathml import mathml

FOLDER = Path(__file__).parent / "templates"
#: Columns of the index, and how they are sorted.
COLUMNS = (
    ("rule", "text"),
    ("kind", "text"),
    ("reward", "number"),
    ("worlds", "number"),
    ("earns more than", "text"),
    ("complexity", "number"),
    ("states at", "text"),
    ("locality", "text"),
    ("tags", "text"),
)


def html_card(record: Record, figure: bytes = b"") -> str:
    """The card of a rule as an `article`.

    Args:
        record: the rule.
        figure: its learning curve, PNG; without one it has no picture.

    Example:
        >>> record = Record(name="hebb", title="Hebb & co", description="Fire <b>together</b>.",
        ...                 equations="param eta = 0.1\\ndw/dt = eta*pre*post")
        >>> "<p>Fire &lt;b&gt;together&lt;/b&gt;.</p>" in html_card(record)
        True
    """
    return html_article(facets(record), card(record), figure)


def html_article(row: Facets, blocks: Sequence[Block], figure: bytes = b"") -> str:
    """An article of blocks."""
    return (
        templates()
        .get_template("card.html")
        .render(
            facets=row,
            blocks=[(type(block).__name__, block) for block in blocks],
            figure=base64.b64encode(figure).decode(),
        )
    )


def html_page(cards: Sequence[tuple[Facets, str]]) -> str:
    """The page with an index of all rules and their cards; it filters and sorts them.

    Args:
        cards: what one looks rules up by, and what `html_card` made of them.
    """
    style, script = ((FOLDER / name).read_text() for name in ("style.css", "page.js"))
    complexities = [f.complexity for f, _ in cards] or [0]
    return (
        templates()
        .get_template("page.html")
        .render(
            cards=[(f, Markup(html)) for f, html in cards],
            columns=COLUMNS,
            tags=sorted({tag for f, _ in cards for tag in f.tags}),
            sites=sorted({site for f, _ in cards for site in f.sites}),
            smallest=min(complexities),
            largest=max(complexities),
            style=Markup(style),
            script=Markup(script),
            style_hash=content_hash(style),
            script_hash=content_hash(script),
        )
    )


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
    return environment
