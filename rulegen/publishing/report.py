"""The report of a run: one page that a colleague can open, made from what the run left behind.

Everything in it comes from files of the folder, so that it can be made again, of an old run as
well; what a file does not say is said to be missing. A folder may come from a stranger: no link in
it is followed, and every text is escaped.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rulegen.catalog import Evidence, Record
from rulegen.catalog.likeness.naming import named
from rulegen.catalog.pages import drawing, html, pens
from rulegen.catalog.pages.bibtex import bibtex, software
from rulegen.catalog.pages.card import Picture, card
from rulegen.catalog.pages.mathfont import math_style
from rulegen.catalog.pages.probe import probe
from rulegen.catalog.records.evidence import Comparison
from rulegen.catalog.records.facets import facets
from rulegen.catalog.records.fields import several
from rulegen.catalog.records.library import LARGEST_TABLE
from rulegen.catalog.records.record import own_record
from rulegen.catalog.records.roles import CHANCE, DISCOVERED, NO_LEARNING, PERFECT, THIS_RULE
from rulegen.grammar import ConfigError
from rulegen.grammar.printing.breaking import broken
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.mathml import mathml
from rulegen.grammar.reading.files import read_own
from rulegen.publishing.bounds import at_bounds
from rulegen.publishing.charts import Bar, Line, bar_chart, line_chart, table
from rulegen.publishing.front_chart import Point, front_chart, numbered
from rulegen.publishing.history import fit_history
from rulegen.publishing.setting import ceiling
from rulegen.publishing.tables import NAMES

REPORT = "report.html"
TEMPLATES = Path(__file__).parent / "templates"
#: Columns without which a table is none.
CURVES = ("rule", "trial", "mean", "low", "high")
FRONT = ("complexity", "reward", "low", "high", "front", "pick", "equation")


class Left(NamedTuple):
    """What a run left behind beside its record; None where there is no such table.

    Attributes:
        curves: learning curves of the held-out lives. front: the finalists of a search.
        fits: every iteration of its fits.
    """

    curves: pd.DataFrame | None = None
    front: pd.DataFrame | None = None
    fits: pd.DataFrame | None = None


class Section(NamedTuple):
    """A part of the page: the name of its place, its title, and what is in it."""

    name: str
    title: str
    parts: tuple[Markup, ...]


def report(folder: Path | str) -> str:
    """The report of a finished run as HTML.

    Args:
        folder: of the run.

    Raises:
        ConfigError: when it is no folder of a finished run.
        RuleError: when the rule of its record is none.
    """
    folder = Path(folder)
    if not (folder / "record.toml").exists():
        raise ConfigError(f"{folder} is no folder of a finished run: it has no record.toml")
    return report_page(own_record(folder / "record.toml"), left_in(folder))


def left_in(folder: Path) -> Left:
    """What the report shows beside the record; a file that says nothing is passed over."""
    try:
        fits: pd.DataFrame | None = fit_history(folder)
    except (ConfigError, KeyError, ValueError):
        fits = None
    return Left(
        columns_of(folder / "learning.csv", CURVES),
        columns_of(folder / "front.csv", FRONT),
        fits,
    )


def columns_of(path: Path, columns: Sequence[str]) -> pd.DataFrame | None:
    """A table of a run; None where the file is missing or no such table."""
    try:
        content = read_own(path, LARGEST_TABLE)
        found = pd.read_csv(io.BytesIO(content), keep_default_na=False, dtype=NAMES)
        numbers = [name for name in columns if name in ("mean", "low", "high", "reward", "trial")]
        return found.astype(dict.fromkeys(numbers, float)) if {*columns} <= {*found} else None
    except (ConfigError, ValueError):
        return None


def report_page(record: Record, left: Left) -> str:
    """The page of a record and what was left beside it.

    Raises:
        ConfigError: when the record has no evidence, which only runs have.

    Example:
        >>> from rulegen.catalog import find
        >>> page = report_page(find("delayed_association"), Left())
        >>> "minus no learning" in page, "There is no learning.csv" in page
        (True, True)
    """
    if record.evidence is None:
        raise ConfigError(f"{record.name} has no evidence: a report is that of a run")
    blocks = [block for block in card(record) if not isinstance(block, Picture)]
    style = pens.style() + (html.FOLDER / "style.css").read_text()
    style += (TEMPLATES / "chart.css").read_text() + math_style()
    script = (TEMPLATES / "chart.js").read_text()
    return templates().get_template("report.html").render(
        title=" ".join(record.title.split()),
        verdict=verdict(record, record.evidence),
        sections=[s for s in sections(record, record.evidence, left) if s.parts],
        card=Markup(html.html_article(facets(record), blocks)),
        style=Markup(style), style_hash=html.content_hash(style),
        script=Markup(script), script_hash=html.content_hash(script),
    )  # fmt: skip


def verdict(record: Record, evidence: Evidence) -> str:
    """What was found and what it is worth, in a few sentences."""
    free = [p for p in record.rule.parameters if p.name in record.parameters]
    values = ", ".join(f"{p.name} = {p.value:.4g}" for p in free if p.value is not None)
    found = named(record.rule).text.replace("`", "")
    found += f". It has {values}" if values and values not in found else ""
    sentences = [f"{found[0].upper()}{found[1:]}.", at_bounds(record)]
    sentences.append(
        f"Its {evidence.reward_is} is {evidence.reward} on {evidence.reward.lives} held-out lives: "
        f"{'; '.join(standing(evidence.comparisons))}."
    )
    return " ".join(filter(None, sentences))


def standing(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """What the intervals of differences say: more or less than others, or how near to them."""
    told: dict[str, list[str]] = {"": [], "more than ": [], "less than ": []}
    for other in comparisons:
        found = other.difference
        if found.low <= 0 <= found.high:
            told[""].append(f"within {max(-found.low, found.high):.4g} of {other.name}")
        else:
            kind = "more than " if found.mean > 0 else "less than "
            told[kind].append(f"{other.name} by {abs(found.mean):.4g}")
    return (kind + ", ".join(names) for kind, names in told.items() if names)


def sections(record: Record, evidence: Evidence, left: Left) -> Iterator[Section]:
    """The story of the run."""
    rule = record.rule
    shown = Markup(
        '<div class="scroll equation" role="group" aria-label="{}" tabindex="0">{}</div>'
    )
    spelt = Markup(mathml(broken(displayed(rule, True))))
    text = listing("rule-text", record.equations.strip("\n"), "Copy the rule")
    closed = Markup("<details><summary>As text, to copy</summary>{}</details>").format(text)
    yield Section("equation", "The rule", (shown.format("Equation", spelt), closed))
    yield Section("weights", "Change of weights", tuple(weights(record)))
    yield Section("learning", "How it learns", tuple(learning(evidence, left)))
    bars = [Bar(f"minus {c.name}", *interval(c.difference)) for c in evidence.comparisons]
    note = paragraph(
        f"{THIS_RULE.capitalize()} minus each other, paired over {evidence.reward.lives} held-out "
        "lives on the same networks and noise, with 95% intervals."
    )
    numbers = pens.numbers([DISCOVERED, *(c.name for c in evidence.comparisons)])
    drawn = bar_chart(
        bars, evidence.reward_is, "Differences from the rules that it is compared with",
        pens={f"minus {name}": number for name, number in numbers.items()},
    )  # fmt: skip
    yield Section("differences", "What it earns more than others", (drawn, note))
    terms = [Bar(t.term, *interval(t.loss)) for t in evidence.terms]
    worth = bar_chart(terms, "reward lost without it", "What each term is worth")
    yield Section("terms", "What each term is worth", (worth,) if terms else ())
    worlds = [Bar(w.name, *interval(w.scaled or w.reward)) for w in evidence.worlds]
    chosen = ", ".join(w.name for w in evidence.worlds if w.chosen_in)
    where = bar_chart(worlds, "scaled reward" if evidence.scaled else "reward", "Rewards by world")
    yield Section(
        "worlds", "Where it learns",
        (where, paragraph(f"It was chosen by: {chosen}; the others chose nothing."))
        if worlds else (),
    )  # fmt: skip
    yield Section("front", "The front", tuple(front(left)))
    yield Section("found", "How it was found", tuple(fits(evidence, left)))
    yield Section("again", "Do it again, and cite it", tuple(again(record, evidence)))


def weights(record: Record) -> Iterator[Markup]:
    """What the rule does to one synapse, as the catalog shows it, where an experiment tells it."""
    found = probe(record.rule)
    if found is not None:
        figure = Markup('<figure class="synapse">{}<figcaption>{}</figcaption></figure>')
        yield figure.format(*drawing.pictured(found))


def learning(evidence: Evidence, left: Left) -> Iterator[Markup]:
    """Learning curves, of each world."""
    if left.curves is None:
        yield missing("There is no learning.csv beside the record, and so no curve.")
        return
    several = "world" in left.curves
    groups = left.curves.groupby("world", sort=False) if several else [("", left.curves)]
    warmup = float(evidence.setting.life.get("warmup", 0) or 0)
    worlds = {world.name: world for world in evidence.worlds}
    for number, (world, rows) in enumerate(groups):
        here = worlds.get(str(world)) if several else evidence
        most = math.inf if here is None else ceiling(here.setting)
        rows = rows.assign(high=rows["high"].clip(upper=most))
        lines = [
            Line(str(name), *(own[c].tolist() for c in ("trial", "mean", "low", "high")))
            for name, own in rows.groupby("rule", sort=False)
        ]
        levels = [] if here is None else [(CHANCE, here.chance), (PERFECT, here.best)]
        drawn = line_chart(
            lines, "trial", "reward", "Reward against trials " + str(world), levels,
            (1.0, warmup, "warm-up") if warmup > 1 and not several else None,
        )  # fmt: skip
        opened = Markup("<details{}><summary><bdi>{}</bdi></summary>{}</details>")
        yield (
            opened.format(Markup(" open" if not number else ""), world, drawn) if several else drawn
        )
    yield paragraph(
        "Means over lives, with the 95% interval of each trial alone. Chance is the best single "
        f"answer that ignores the condition; {NO_LEARNING} is the initial weights."
    )


def front(left: Left) -> Iterator[Markup]:
    """The finalists of a search."""
    if left.front is None:
        return
    points = [
        Point(
            str(row["equation"]), float(row["complexity"]),
            Bar("", float(row["reward"]), float(row["low"]), float(row["high"])),
            str(row["front"]) == "True", str(row["pick"]) == "True",
        )
        for row in left.front.to_dict("records")
    ]  # fmt: skip
    yield front_chart(points, "reward in the selection", "Rules by complexity and reward")
    values = left.front.get("values", pd.Series("", left.front.index))
    rows = [
        (f"{number} *" if p.pick else number, f"{p.x:g}",
         f"{p.bar.mean:.4g} [{p.bar.low:.4g}, {p.bar.high:.4g}]", p.name, str(own))
        for number, p, own in zip(numbered(points), points, values, strict=True)
        if number
    ]  # fmt: skip
    rows.sort(key=lambda row: int(row[0].split()[0]))
    yield table(("number", "size", "reward [95%]", "rule", "values"), rows)
    yield paragraph(
        "Each rule at its refined values on the lives of the selection, which no strategy met; "
        "the pick has a star, and a larger mark above."
    )


def fits(evidence: Evidence, left: Left) -> Iterator[Markup]:
    """How the rule came about."""
    if left.fits is not None and len(left.fits):
        main = left.fits[left.fits["stage"].str.startswith("fit ")]
        stages = list(main.groupby("stage", sort=False))
        rewards = [
            Line(str(stage), own["iteration"].add(1).tolist(), own["reward"].tolist(),
                 (own["reward"] - 1.96 * own["error"]).tolist(),
                 (own["reward"] + 1.96 * own["error"]).tolist())
            for stage, own in stages
        ]  # fmt: skip
        yield line_chart(rewards, "iteration", "reward", "Reward in the iterations of the fit")
    if evidence.looks:
        kept = sum(look.verdict == "accepted" for look in evidence.looks)
        yield paragraph(
            f"From {several(evidence.candidates, 'candidate term')}, "
            f"{several(len(evidence.looks), 'look')} accepted {several(kept, 'change')}; each is "
            "in the card below."
        )
    if evidence.structures:
        yield paragraph(
            f"{evidence.structures} structures were tried. Why this one was picked: "
            f"{evidence.choice}."
        )


def again(record: Record, evidence: Evidence) -> Iterator[Markup]:
    """How to make the run again, to hold it against new lives, and to cite it."""
    what = "search" if evidence.structures else "discover"
    yield paragraph("In the folder of the run, where this page lies:")
    lines = (
        f"rulegen {what} config.toml --out ../again",
        "rulegen verify .",
        "rulegen export . --to numpy",
    )
    yield Markup('<pre class="scroll" tabindex="0"><code>{}</code></pre>').format("\n".join(lines))
    versions = evidence.versions
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    yield paragraph(
        f"Rule {record.digest}, configuration {evidence.config}, code {evidence.code}, seed "
        f"{evidence.seed}; {told}. A citation names the digest of the rule and the version of "
        "rulegen: by them anybody finds out whether a rule is this one."
    )
    entries = [bibtex([record]), software(versions["rulegen"]) if "rulegen" in versions else ""]
    yield listing("bibtex", "\n".join(filter(None, entries)).strip(), "Copy the BibTeX")


def listing(name: str, text: str, copy: str) -> Markup:
    """A text with a button that copies it, which has a use where scripts run."""
    return Markup(
        '<pre class="scroll" tabindex="0" id="{0}"><code>{1}</code></pre>'
        '<p><button type="button" data-copy="{0}" hidden>{2}</button></p>'
    ).format(name, text, copy)


def interval(of: object) -> tuple[float, float, float]:
    """Mean and limits of an interval."""
    return of.mean, of.low, of.high  # type: ignore[attr-defined]


def paragraph(text: str) -> Markup:
    """A text."""
    return Markup("<p>{}</p>").format(text)


def missing(text: str) -> Markup:
    """What is not there."""
    return Markup('<p class="missing">{}</p>').format(text)


@cache
def templates() -> Environment:
    """The templates, with everything escaped that is not marked as safe."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
