"""Pages of runs: all of a folder, one of them, several beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rulegen.catalog.pages import html, pens
from rulegen.ground.outlook import spoken
from rulegen.ground.progress import Met
from rulegen.publishing import report
from rulegen.publishing.charts import Bar, Line, bar_chart, line_chart, table
from rulegen.publishing.front_chart import Point, front_chart, numbered
from rulegen.watching.history import History
from rulegen.watching.lines import Iteration
from rulegen.watching.words import spelled, staged, told

TEMPLATES = Path(__file__).parent / "templates"
#: Parts of a page, with their titles.
Parts = list[tuple[str, str, list[Markup]]]


def page(title: str, body: Markup) -> tuple[str, str]:
    """A whole page, and the policy with which a browser shall read it."""
    style, script = look()
    rules = {
        "default-src": "'none'",
        "img-src": "data:",
        "connect-src": "'self'",
        "style-src": f"'{html.content_hash(style)}'",
        "script-src": f"'{html.content_hash(script)}'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    policy = "; ".join(f"{name} {value}" for name, value in rules.items())
    whole = filled("watch.html", title=title, body=body, style=Markup(style), script=Markup(script))
    return whole, policy


def runs_page(histories: Mapping[str, History]) -> Markup:
    """All runs, in order."""
    rows = [row(name, history) for name, history in histories.items()]
    return filled(
        "runs.html", rows=rows, running=sum(r["state"] == "running" for r in rows),
        unread=sum(history.unread for history in histories.values()),
    )  # fmt: skip


def row(name: str, history: History) -> dict[str, str]:
    """A run in a line."""
    share, left, earned = history.share, history.left, most(history)
    best = earned.mean if earned else max((i.reward for i in history.iterations), default=None)
    return {
        "name": name,
        "state": history.state,
        "share": "" if share is None else f"{share:.0%}",
        "left": "" if left is None else spoken(left),
        "best": "" if best is None else f"{best:.4f}",
        "last": last(history),
    }


def last(history: History) -> str:
    """The latest result, in words."""
    if history.unread:
        return "not read yet"
    return spelled(history.latest[-1][0]) if history.latest else ""


def most(history: History, name: str = "") -> Bar | None:
    """What the best rule of a run earned: on held-out lives where it has been published."""
    if outcome := history.published:
        reward = outcome.reward
        return Bar(name, reward.mean, reward.low, reward.high)
    top = history.top
    return Bar(name, top.reward, top.low, top.high) if top else None


def run_page(history: History, alone: bool) -> Markup:
    """One run."""
    left, share = history.left, history.share
    said = [f"{spoken(history.seconds)} computed", f"{history.lines} results"]
    said += [f"{share:.0%} of the run"] if share is not None else []
    said += [f"about {spoken(left)} left"] if left is not None else []
    notes = [history.trouble] if history.trouble else []
    if history.damaged:
        notes.append(f"{history.damaged} lines of the history say nothing that is known here.")
    return filled(
        "run.html", alone=alone, state=history.state, told=", ".join(said) + ".", share=share,
        notes=notes, sections=[part for part in parts(history) if any(part[2])],
    )  # fmt: skip


def parts(history: History) -> Iterator[tuple[str, str, list[Markup]]]:
    """What there is to see of a run."""
    fits = history.iterations
    curves = list(by_stage(fits))
    yield "published", "What was published", outcome(history)
    yield "front", "The best rules so far", fame(history)
    reward = line_chart(curves, "iteration", "reward", "Reward in each iteration, with intervals")
    signal = [
        Line(staged(stage), numbers(own), [i.signal for i in own])
        for stage, own in by_name(fits)
    ]  # fmt: skip
    noise = line_chart(signal, "iteration", "signal / noise", "Signal to noise of the gradient")
    yield "reward", "Reward of the fits and refits", [reward] if curves else []
    yield "signal", "Signal to noise of the gradients", [noise] if curves else []
    yield "terms", "Terms and their coefficients", [coefficients(history, fits)] if fits else []
    looks = [
        Bar(told(look, history.margin), look.difference, look.low, look.high)
        for look in history.looks[-16:]
    ]
    drawn = bar_chart(looks, "change of reward", "The latest looks of the selection")
    yield "looks", "The latest looks of the selection", [drawn]
    yield "outcomes", "How lives ended", [ended(history)]
    rows = [(spelled(name), spoken(seconds)) for name, seconds in reversed(history.latest)]
    yield "latest", "Latest results", [table(("result", "time"), rows)]


def outcome(history: History) -> list[Markup]:
    """What a finished run has published, and where to read more of it."""
    if not history.finished:
        return []
    found, parts = history.published, list[Markup]()
    if found is None:
        parts.append(Markup('<p class="missing">The summary of the run says nothing readable.</p>'))
    else:
        reward = found.reward
        parts += [
            Markup("<p>{}</p>").format(found.likeness.replace("`", "")),
            Markup("<pre>{}</pre>").format(found.equation),
            Markup("<p>Reward per trial {} [{}, {}] on {} held-out lives.</p>").format(
                *(f"{number:.4f}" for number in (reward.mean, reward.low, reward.high)),
                reward.lives,
            ),
        ]
    report_at = history.folder.absolute() / report.REPORT
    if report_at.exists():
        parts.append(Markup("<p>Report: <code>{}</code></p>").format(report_at))
    return parts


def fame(history: History) -> list[Markup]:
    """The best rule of each complexity."""
    found, top = history.front, history.top
    if not found:
        return []
    highest, points = float("-inf"), []
    for best in found:
        front = best.reward > highest
        highest = max(highest, best.reward)
        points.append(point(best, front, best is top))
    rows = [
        (f"{number} *" if best is top else number, f"{best.complexity:g}",
         f"{best.reward:.4f} [{best.low:.4f}, {best.high:.4f}]", best.text)
        for number, best in zip(numbered(points), found, strict=True)
    ]  # fmt: skip
    starred = "stands after the looks so far"
    if history.finished:
        starred = "has the terms that were published, at the values with which it met the others"
    if not history.finished and history.standing is None:
        starred = "earned most so far"
    note = Markup("<p>{}{}</p>").format(
        f"The rule with a star {starred}. " if top else "",
        "Rewards here chose the rules that they are of, and later lives will say less of some.",
    )
    drawn = front_chart(points, "reward", "The best reward of each complexity")
    return [drawn, table(("number", "size", "reward [95%]", "rule"), rows), note]


def point(best: Met, front: bool, top: bool) -> Point:
    """A rule of the front, drawn."""
    return Point(best.text, best.complexity, Bar("", best.reward, best.low, best.high), front, top)


def coefficients(history: History, fits: Sequence[Iteration]) -> Markup:
    """The coefficients of all terms over all iterations, one fit after the other."""
    names = history.names or tuple(f"parameter {n + 1}" for n in range(len(fits[0].values)))
    steps = list(range(1, len(fits) + 1))
    rows = [i.values for i in fits if len(i.values) == len(names)]
    lines = [
        Line(history.terms.get(name, name), steps[: len(rows)], [values[n] for values in rows])
        for n, name in enumerate(names)
        if name in history.terms or not history.terms
    ]
    about = "Coefficients over iterations"
    drawn = line_chart(lines, "iteration of all fits", "coefficient", about)
    return drawn + Markup("<p>Refinements, which come after fits and refits, are not drawn.</p>")


def ended(history: History) -> Markup:
    """How many lives of fits and refits ended how."""
    lives = history.outcomes.lives
    if not lives:
        return Markup("")
    bad = history.outcomes.bad
    rows = [(name, str(count), f"{count / lives:.2%}") for name, count in bad.items()]
    return table((f"of {lives} lives of the fits and refits", "lives", "share"), rows)


def compared_page(histories: Mapping[str, History]) -> Markup:
    """Several runs beside each other."""
    if not histories:
        return Markup('<p><a href="/">All runs</a></p><p>Tick the runs to compare.</p>')
    best = [bar for name, history in histories.items() if (bar := most(history, name))]
    rewards = []
    for name, history in histories.items():
        fits = history.iterations
        steps = list(range(1, len(fits) + 1))
        rewards.append(Line(name, steps, [i.reward for i in fits]))
    shown = [
        ("best", "Best reward of each", [bar_chart(best, "reward", "Best reward of each")]),
        ("reward", "Reward of the fits and refits",
         [line_chart(rewards, "iteration of all fits", "reward", "Reward of the fits and refits")]),
        ("rules", "Best rules",
         [table(("run", "state", "rule"), [(n, h.state, ruled(h))
                                           for n, h in histories.items()])]),
    ]  # fmt: skip
    return filled(
        "run.html", alone=False, state="compared", told=", ".join(histories), share=None, notes=[],
        sections=[part for part in shown if any(part[2])],
    )  # fmt: skip


def ruled(history: History) -> str:
    """The rule of a run in few words: its terms where it is published, for it was fitted again."""
    found, top = history.published, history.top
    if found is not None:
        return ", ".join(found.terms)
    return top.text if top is not None else ""


def by_name(fits: Sequence[Iteration]) -> Iterator[tuple[str, list[Iteration]]]:
    """Iterations by their stage."""
    for stage, own in groupby(fits, lambda i: i.stage):
        yield stage, list(own)


def by_stage(fits: Sequence[Iteration]) -> Iterator[Line]:
    """Reward with its limits, of each stage."""
    for stage, own in by_name(fits):
        low = [i.reward - 1.96 * i.error for i in own]
        high = [i.reward + 1.96 * i.error for i in own]
        yield Line(staged(stage), numbers(own), [i.reward for i in own], low, high)


def numbers(own: Sequence[Iteration]) -> list[int]:
    """The numbers of iterations, from 1."""
    return [i.number + 1 for i in own]


def look() -> tuple[str, str]:
    """Style and script of all pages."""
    style = (html.FOLDER / "style.css", report.TEMPLATES / "chart.css", TEMPLATES / "watch.css")
    script = (report.TEMPLATES / "chart.js", TEMPLATES / "watch.js")
    read = ["".join(file.read_text() for file in files) for files in (style, script)]
    return pens.style() + read[0], read[1]


def filled(name: str, **given: Any) -> Markup:
    """A template with its texts."""
    return Markup(templates().get_template(name).render(**given))


@cache
def templates() -> Environment:
    """The templates, with everything escaped that is not marked as safe."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
