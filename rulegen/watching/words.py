"""What a watch calls the steps of a run, and what a look of the selection is about."""

from __future__ import annotations

import re

from rulegen.grammar.printing.sums import NO_TERM
from rulegen.ground.statistics import Estimate
from rulegen.selection.looks import Verdict, judged
from rulegen.watching.lines import STEP, Look

#: What stages end with, and how that is said after them.
ENDS = {
    "/choice": "choice of the best",
    ": choose": "choice of the best",
    ": start": "choice of a start",
    ": rank": "ranking of the terms",
}
#: How stages are called in histories, and how on pages.
STAGES = (
    (re.compile(r"prune (\d+): refit(.*)"), "refit for look {}{}"),
    (re.compile(r"refine (\d+): "), "refinement {} without terms"),
    (re.compile(r"refine (\d+): (.+)"), "refinement {} of {}"),
    (re.compile(r"refine (.+)"), "refinement of {}"),
    (re.compile(r"refit (\d+): (.+)"), "search before refinement {}: {}"),
    (re.compile(r"intervals (.+)"), "intervals of {}"),
    (re.compile(r"evaluate (.+)"), "evaluation of {}"),
    (re.compile(r"(literature|candidates|strategy \d+ \(.*\)) (\d+)"), "{}, round {}"),
    (re.compile(r"select"), "finalists on common lives"),
)
#: The iteration at which a fit was asked whether it still gains.
HELD_OUT = re.compile(r"(.+)/([0-9]{1,6}) held out")
#: The value before a term.
VALUE = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\*\*)")


def spelled(name: str) -> str:
    """The name of a result, for readers.

    Example:
        >>> spelled("refine 4: : start"), spelled("intervals/0")
        ('refinement 4 without terms, choice of a start', 'intervals, survey 1')
        >>> spelled("prune 2: refit/3"), spelled("fit 1 (pgpe)/choice")
        ('refit for look 2, iteration 4', 'fit 1 (pgpe), choice of the best')
    """
    if step := STEP.fullmatch(name):
        stage = step["stage"]
        kind = "survey" if stage.startswith(("refine", "intervals")) else "iteration"
        return f"{staged(stage)}, {kind} {int(step['number']) + 1}"
    if step := HELD_OUT.fullmatch(name):
        return f"{staged(step[1])}, iteration {int(step[2]) + 1} on held-out lives"
    for end, words in ENDS.items():
        if name.endswith(end):
            return f"{staged(name.removesuffix(end))}, {words}"
    return staged(name)


def staged(stage: str) -> str:
    """The name of a stage, for readers.

    Example:
        >>> staged("fit 1 (pgpe), start 2"), staged("refine 1: xi*pre"), staged("literature 3")
        ('fit 1 (pgpe), start 2', 'refinement 1 of xi*pre', 'literature, round 3')
    """
    for pattern, words in STAGES:
        if found := pattern.fullmatch(stage):
            return words.format(*found.groups())
    return stage


def terms(text: str) -> tuple[str, ...]:
    """The terms of a weighted sum without their values, see `weighted_sum`.

    Example:
        >>> terms("1.06*xi*pre - 0.388*(u - u_bar) + 2"), terms("-w - 2/tau"), terms("no term")
        (('xi*pre', '(u - u_bar)', '1'), ('w', '1/tau'), ())
    """
    found, depth, begin = [], 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if not depth and text[place : place + 3] in (" + ", " - "):
            found.append(text[begin:place])
            begin = place + 3
    found.append(text[begin:])
    return () if text == NO_TERM else tuple(map(without_value, found))


def without_value(product: str) -> str:
    """A term without its value."""
    value = VALUE.match(product)
    rest = product[value.end() :] if value else product.removeprefix("-")
    if value and rest[:1] not in ("", "*", "/"):
        return product
    return f"1{rest}" if rest[:1] == "/" else rest.removeprefix("*") or "1"


def judgement(look: Look, margin: float | None) -> Verdict | None:
    """What became of the new rule of a look; None where the history does not say.

    Args:
        look: with both rules. margin: of the selection.
    """
    if margin is None or len(look.rules) < 2:
        return None
    new, other = (round(rule.complexity) for rule in look.rules[:2])
    return judged(Estimate(look.difference, look.low, look.high, 0), new, other, margin)


def told(look: Look, margin: float | None) -> str:
    """A look by what its new rule leaves out or takes in, with the verdict."""
    words = ""
    if len(look.rules) > 1:
        new, other = (terms(rule.text) for rule in look.rules[:2])
        gone, come = ([t for t in a if t not in b] for a, b in ((other, new), (new, other)))
        parts = [f"without {', '.join(gone)}"] if gone else []
        parts += [f"with {', '.join(come)}"] if come else []
        words = ", " + (" and ".join(parts) or "the same terms")
    verdict = judgement(look, margin)
    return f"{look.name}{words}" + (f": {verdict}" if verdict else "")
