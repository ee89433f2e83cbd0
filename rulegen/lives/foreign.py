"""States that the rules of several projections read of each other.

In a step all of them read what was there before it, as they read their own pre, post and global
states: so it has no order. At an event a rule follows those whose changes it reads there.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter

from rulegen.circuits import Projection
from rulegen.compile import CompiledRule
from rulegen.compile.plan import names_in
from rulegen.grammar import Event, Rule, Site
from rulegen.grammar.algebra.parts import Foreign, Form
from rulegen.grammar.printing.unparse import show_unit
from rulegen.grammar.reading.suggest import suggest


def turns(rules: Mapping[Projection, CompiledRule], event: Event) -> tuple[Projection, ...]:
    """The order in which rules do what they do at an event.

    Raises:
        ValueError: when some read what the others change there, in a circle.

    Example:
        >>> from rulegen.compile import compile_rule
        >>> actor = compile_rule("on reward: w += input.delta*pre")
        >>> critic = compile_rule("delta <- delta : global\\non reward: delta <- R; w += R*pre")
        >>> turns({"recurrent": actor, "input": critic}, Event.REWARD)
        ('input', 'recurrent')
    """
    updates = {name: rule.tangents.system.events[event] for name, rule in rules.items()}
    changed = {f"{name}.{e.name}" for name in rules for e in updates[name]}
    order = TopologicalSorter[Projection]()
    for name, rule in rules.items():
        foreign = rule.rule.foreign
        read = changed & names_in(e.expr for e in updates[name]) if foreign else set()
        order.add(name, *(f.projection for f in foreign if f.name in read))
    try:
        return tuple(order.static_order())
    except CycleError as circle:
        names = " and ".join(sorted(set(circle.args[1])))
        raise ValueError(
            f"`on {event.value}` the rules of the {names} projections read what they change "
            "there, in a circle: let one of them keep a copy, such as `before <- x : global`, and "
            "another read the copy"
        ) from None


def check_foreign(rules: Mapping[Projection, Rule]) -> None:
    """Raise `ValueError` where a rule reads what no other rule has, or what it cannot see."""
    for name, rule in rules.items():
        for foreign in rule.foreign:
            if why := unseen(foreign, name, rules):
                raise ValueError(f"the rule of the {name} projection reads `{foreign.name}`, {why}")


def unseen(foreign: Foreign, reader: Projection, rules: Mapping[Projection, Rule]) -> str:
    """Why a rule cannot read a state of another one, with the remedy, or ""."""
    whose, name = foreign.projection, foreign.state
    if whose == reader and any(state.name == name for state in rules[reader].states):
        return f"which is its own state: write `{name}`"
    if whose == reader:
        return (
            "and lives on that projection itself: let it live on another one, such as "
            f'`[projections] studied = "input"`, and give `{whose}` the rule that has `{name}`'
        )
    other = next((rule for key, rule in rules.items() if key == whose), None)
    if other is None:
        return f"but no rule lives there: give it one, `[projections] {whose} = ...`"
    found = next((s for s in other.states if s.name == name), None)
    if found is None:
        return missing(name, other)
    if found.form is Form.DRAW:
        return f"which is drawn anew in every step: let a state keep it, `kept <- {name}`"
    if found.per_condition:
        return (
            "which is kept per condition: let a state of that rule keep the one at hand, "
            f"`now <- {name}[condition] : global`"
        )
    if found.site not in (Site.GLOBAL, Site.POST):
        return (
            f"which lives at {found.site.value}: let a global or postsynaptic state of that rule "
            "gather it"
        )
    if (site := found.site) is not foreign.site:
        return f"which is a {site.value} variable: write `{foreign.name} : {site.value}`"
    here, there = rules[reader].units()[foreign.name], other.units()[name]
    if None not in (here, there) and here != there:
        return f"as {words(here)}, but there it is {words(there)}: multiply by a time or a rate"
    return ""


def seen(rule: Rule) -> list[str]:
    """The names of the states of a rule that rules of other projections can read.

    Example:
        >>> from rulegen.grammar import parse
        >>> seen(parse("v <- 0.9*v + R : global\\ne <- e + pre*post\\nw += v*e"))
        ['v']
    """
    kept = [s for s in rule.states if s.form is not Form.DRAW and not s.per_condition]
    return [s.name for s in kept if s.site in (Site.GLOBAL, Site.POST)]


def missing(name: str, other: Rule) -> str:
    """What is said of a name that is no state of the other rule."""
    if any(d.name == name for d in other.definitions):
        return f"which is a definition and has no memory: make it a state, `{name} <- ...`"
    if any(p.name == name for p in other.parameters):
        return "which is a parameter: write its value in its place"
    shown = seen(other)
    states = f"it has {', '.join(f'`{s}`' for s in shown)}" if shown else "let it keep one"
    return f"but that rule has no such state: {suggest(name, shown) or states}"


def words(unit: Fraction | None) -> str:
    """A dimension."""
    return show_unit(unit) if unit else "a plain number"


def valued(name: str, others: Mapping[Projection, Rule]) -> str:
    """What to write where a parameter has no value, which may be meant as another rule's state.

    Example:
        >>> from rulegen.grammar import parse
        >>> valued("delta", {"input": parse("delta <- R : global\\non reward: w += delta*pre")})
        '`delta` is a state of the rule of the input projection: write `input.delta`'
    """
    for projection, rule in others.items():
        if any(state.name == name for state in rule.states):
            return (
                f"`{name}` is a state of the rule of the {projection} projection: write "
                f"`{projection}.{name}`"
            )
    return f"add a line such as `param {name} = 1`"
