"""Tables of a card as rows of cells, the same for every format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from rulegen.catalog.pages.units import unit_of
from rulegen.catalog.records.ended import Ended, happened
from rulegen.catalog.records.evidence import Evidence
from rulegen.catalog.records.interval import Interval
from rulegen.catalog.records.record import ParameterNote, Record
from rulegen.catalog.records.roles import CHANCE, PERFECT, THIS_RULE
from rulegen.grammar import SIGNALS, Site
from rulegen.grammar.algebra.parts import State
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.grammar.printing.boxes import Box
from rulegen.grammar.printing.display import printed_names
from rulegen.grammar.printing.unparse import show_unit
from rulegen.grammar.rule.locality import used_names

Row = tuple[str, ...]


class Table(NamedTuple):
    """A table.

    Attributes:
        head: titles of the columns.
        body: rows of cells, all as long as the head.
        code: titles of the columns that are set as code.
        caption: what the table shows, for those who hear it read.
        signs: formulas, one for each row, that stand in a column before the others; or none.
    """

    head: Row = ()
    body: tuple[Row, ...] = ()
    code: tuple[str, ...] = ()
    caption: str = ""
    signs: tuple[Box, ...] = ()


#: Where a state is kept, in words.
WHERE = {
    Site.GLOBAL: "one for all",
    Site.PRE: "of the presynaptic neuron",
    Site.POST: "of the postsynaptic neuron",
    Site.SYNAPSE: "of the synapse",
}
#: What the column of formulas is called.
SIGN = "symbol"
#: What stands between numbers and those who read them: on cards, in figures and on pages.
REWARD_IS = (
    "Rewards are means over all trials of a life, so that a rule which learns late may earn less "
    "than chance."
)
CHANCE_IS = "Chance is the reward of the best single answer that ignores the condition."
NO_LEARNING_IS = (
    "No learning is the same circuit with its initial weights; it may lie below chance, because "
    "its answers vary."
)
REWARD_HEAD = ("rule", "reward per trial", "95% interval", "this rule minus it")
SETTING_HEAD = ("part", "setting", "value", "unit")


def number(value: float | None) -> str:
    """Four significant digits, or nothing."""
    return "" if value is None else f"{value:.4g}"


def limits(interval: Interval) -> str:
    """The interval alone."""
    return f"[{interval.low:.4g}, {interval.high:.4g}]"


def symbol_table(record: Record) -> Table:
    """How formulas show what the rule reads and keeps, beside the names that its text has."""
    rule = record.rule
    read, states = used_names(rule), {state.name: state for state in rule.states}
    told = {name: SIGNALS[name].meaning for name in SIGNALS if name in read and name not in states}
    told |= {WEIGHT: "weight"}
    told |= {name: f"state, {kept(state)}" for name, state in states.items() if name != WEIGHT}
    told |= {f.name: f"state of the rule of the {f.projection} projection" for f in rule.foreign}
    told |= {
        g.name: f"1 where the {g.side}synaptic neuron is {g.group}, else 0" for g in rule.groups
    }
    told |= {definition.name: "short for a formula" for definition in rule.definitions}
    signs = tuple(printed_names(rule, told))
    return Table(("name", "meaning"), tuple(told.items()), ("name",), "Symbols", signs)


def kept(state: State) -> str:
    """Where a state is kept."""
    return "one for each condition" if state.per_condition else WHERE[state.site]


def parameter_table(record: Record) -> Table:
    """Parameter, value, unit, 95% interval or why a discovered rule has none, meaning."""
    rows: list[Row] = []
    units = record.rule.units()
    for p in record.rule.parameters:
        note = record.parameters.get(p.name)
        power = units.get(p.name)
        unit = show_unit(power) if power else ""
        between = "" if record.kind == "literature" else interval_text(note)
        rows.append((p.name, number(p.value), unit, between, note.meaning if note else ""))
    head = ("parameter", "value", "unit", "95% interval", "meaning")
    signs = tuple(printed_names(record.rule, (row[0] for row in rows)))
    return without_empty_columns(Table(head, tuple(rows), ("parameter",), "Parameters", signs))


def interval_text(note: ParameterNote | None) -> str:
    """The interval of a parameter, or why there is none.

    Example:
        >>> interval_text(ParameterNote(low=1.0, high=2.0)), interval_text(None)
        ('[1, 2]', 'not fitted')
        >>> interval_text(ParameterNote(why="the lives show no maximum"))
        'none: the lives show no maximum'
    """
    if note is None:
        return "not fitted"
    if note.low is not None:
        return f"[{number(note.low)}, {number(note.high)}]"
    return f"none: {note.why}" if note.why else ""


def reward_table(evidence: Evidence) -> Table:
    """Rule, reward per trial, interval, difference from this rule, lives that ended badly."""
    mine, others = evidence.reward, evidence.comparisons
    ended = happened((evidence, *others))
    rows: list[Row] = [
        (THIS_RULE, number(mine.mean), limits(mine), "", *ended_cells(evidence, ended))
    ]
    for other in others:
        cells = (number(other.reward.mean), limits(other.reward), str(other.difference))
        rows.append((other.name, *cells, *ended_cells(other, ended)))
    for name, value in ((CHANCE, evidence.chance), (PERFECT, evidence.best)):
        rows.append((name, number(value), "", "", *[""] * len(ended)))
    head = tuple(evidence.reward_is if name == "reward per trial" else name for name in REWARD_HEAD)
    return Table((*head, *ended), tuple(rows), caption="Reward on held-out lives")


def term_table(evidence: Evidence) -> Table:
    """Coefficient, term, loss without it, lives without it that ended badly."""
    ended = happened(evidence.terms)
    several = evidence.objective != "reward"
    lost = f"{evidence.reward_is} lost" if several else "reward lost per trial"
    head = ("coefficient", "term", f"{lost} without it", "inclusion", *ended)
    rows = tuple(
        (t.coefficient, t.term, str(t.loss), share(t.inclusion), *ended_cells(t, ended))
        for t in evidence.terms
    )
    return without_empty_columns(Table(head, rows, head[:2], "What each term is worth"))


def ended_cells(part: Ended, names: Sequence[str]) -> Row:
    """The lives of some kinds that ended badly."""
    return tuple(str(part.counts[name]) for name in names)


def look_table(evidence: Evidence) -> Table:
    """What was tried to be left out or taken in, and what came of it."""
    head = ("left out", "taken in", "terms", "change of reward", "lives", "decision", "inclusion")
    rows = tuple(
        (
            ", ".join(look.removed),
            ", ".join(look.added),
            str(look.terms),
            str(look.difference),
            str(look.difference.lives),
            look.verdict,
            share(look.inclusion),
        )
        for look in evidence.looks
    )
    return without_empty_columns(Table(head, rows, head[:2], "Looks of the selection"))


def share(value: float | None) -> str:
    """A share as text; empty where there is none."""
    return "" if value is None else f"{value:.3g}"


def locality_table(record: Record) -> Table:
    """Name, site, when it is available, what it needs."""
    head = ("name", "site", "available", "needs")
    items = record.rule.locality().items
    rows = tuple((i.symbol, i.site.value, i.available, i.note) for i in items)
    return without_empty_columns(Table(head, rows, ("name",), "What the rule reads"))


def setting_table(evidence: Evidence) -> Table:
    """Every setting of task, circuit and life, and of projections where there are some."""
    rows: list[Row] = []
    for part in ("task", "circuit", "life", "projections"):
        settings = getattr(evidence.setting, part)
        package = evidence.packages.get(part)
        for key, value in settings.items():
            rows.append((part, key, setting_text(value), unit_of(key, value, package)))
        if package:
            rows.append((part, "package", package, ""))
    return Table(SETTING_HEAD, tuple(rows), ("setting",), "Settings of task, circuit and life")


def setting_text(value: Any) -> str:
    """A setting as text: words and numbers as they are, anything else as JSON, in one line.

    Example:
        >>> setting_text("tanh"), setting_text(0.5), setting_text({"tau": 5.0})
        ('tanh', '0.5', '{"tau": 5.0}')
    """
    return value if isinstance(value, str) and "\n" not in value else json.dumps(value)


def without_empty_columns(table: Table) -> Table:
    """The table without columns that have nothing below their head; without rows, no table."""
    columns = [i for i in range(len(table.head)) if any(row[i] for row in table.body)]
    if not columns:
        return Table()
    rows = [tuple(row[i] for i in columns) for row in (table.head, *table.body)]
    return table._replace(head=rows[0], body=tuple(rows[1:]))


def widths(rows: Sequence[Row]) -> list[int]:
    """The width of each column, characters."""
    return [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
