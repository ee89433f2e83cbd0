"""What an equation says of itself: how its name evolves, and where it lives."""

from __future__ import annotations

from rulegen.grammar.algebra.parts import Form
from rulegen.grammar.algebra.symbols import WEIGHT, Site
from rulegen.grammar.reading.draft import Assignment, end_of
from rulegen.grammar.reading.drawing import draws
from rulegen.grammar.reading.walk import FILTERS


def form_of(assignment: Assignment) -> Form | None:
    """How the assigned name evolves; None for a definition."""
    body = assignment.body
    if assignment.op == "=":
        called = len(body) > 1 and body[0].text in FILTERS and body[1].text == "("
        if called:
            return Form(body[0].text)
        return Form.DRAW if draws(body) else None
    return Form.STEP if assignment.op == "<-" else Form.DERIVATIVE


def declared_site(assignment: Assignment) -> Site | None:
    """The site that the text or the kind of an equation states, None where it is inferred."""
    line, column = assignment.line, assignment.target.column
    name, site = assignment.target.text, assignment.site
    if name == WEIGHT:
        if site not in (None, Site.SYNAPSE):
            raise line.error("`w` lives at the synapse", column, "write `: synapse`")
        if assignment.target.per_condition:
            raise line.error("`w` is not kept per condition", column, "remove `[condition]`")
        return Site.SYNAPSE
    if form_of(assignment) is Form.AVERAGE:
        if site not in (None, Site.GLOBAL):
            raise line.error("an average over rewards is global", column, _over_time(name))
        return Site.GLOBAL
    if form_of(assignment) is Form.DRAW:
        if assignment.target.per_condition:
            raise line.error(
                f"`{name}` is drawn anew in every step, and not kept",
                column,
                "remove `[condition]`",
            )
        if site is None:
            raise line.error(
                f"for whom is `{name}` drawn?",
                end_of(assignment.body),
                "end the line with `: pre`, `: post`, `: synapse` or `: global`",
            )
        return site
    if assignment.target.per_condition:
        if form_of(assignment) is None:
            raise line.error(
                "a definition has no memory, and so none for each condition",
                column,
                f"write `{name} = ...`, or `{name}[condition] <- ...` for a state",
            )
        if site not in (None, Site.GLOBAL):
            raise line.error("what is kept per condition is global", column, "write `: global`")
        return Site.GLOBAL
    return site


def instead(assignment: Assignment) -> str:
    """What to write where an equation reads what its site does not see, if it is a special one."""
    if form_of(assignment) is Form.AVERAGE:
        return _over_time(assignment.target.text)
    if assignment.target.per_condition:
        return "what is kept per condition is one number, made of others such as `R`"
    return ""


def _over_time(name: str) -> str:
    """What to write in place of an average over rewards of what a neuron or synapse does."""
    return (
        f"a mean over time is `{name} = lowpass(..., tau)`, and one over rewards of what is not "
        f"global a state: `{name} <- {name} : post`, `on reward: {name} += 0.1*(... - {name})`"
    )
