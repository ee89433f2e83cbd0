"""Where things live: the site of expressions, and its inference for equations without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from rulegen.grammar.algebra.operators import cumsum_post, opposite, over_post, over_pre
from rulegen.grammar.algebra.parts import RuleParts
from rulegen.grammar.algebra.symbols import MILLISECOND, SIGNALS, WEIGHT, Site, join
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.reads import Formula, Read
from rulegen.grammar.reading.source import Line

SIGNAL_SITES: dict[str, Site] = {s.name: s.site for s in SIGNALS.values()} | {WEIGHT: Site.SYNAPSE}


def site_table(parts: RuleParts) -> dict[str, Site]:
    """The site of every name that the rule may read."""
    table = SIGNAL_SITES | {MILLISECOND: Site.GLOBAL}
    table |= {p.name: Site.GLOBAL for p in parts.parameters}
    table |= {d.name: d.site for d in parts.definitions}
    table |= {s.name: s.site for s in parts.states}
    table |= {other.name: other.site for other in parts.outside}
    return table


def site_of(expr: sp.Basic, table: Mapping[str, Site]) -> Site:
    """The site of an expression: the join of the sites of what it reads.

    A sum over one side leaves the other: of what lives at its own side alone it is global.

    Example:
        >>> from rulegen.grammar.algebra.operators import sum_post
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> site_of(symbol("pre") * symbol("post"), SIGNAL_SITES)
        <Site.SYNAPSE: 'synapse'>
        >>> site_of(sum_post(symbol("post")), SIGNAL_SITES)
        <Site.GLOBAL: 'global'>
    """
    if isinstance(expr, cumsum_post | opposite):
        return Site.SYNAPSE  # also of what is the same for all of a neuron, or for all
    if expr.is_Symbol:
        return table.get(expr.name, Site.GLOBAL)
    inside = join(site_of(a, table) for a in expr.args)
    if isinstance(expr, over_pre):
        return {Site.SYNAPSE: Site.POST, Site.PRE: Site.GLOBAL}.get(inside, inside)
    if isinstance(expr, over_post):
        return {Site.SYNAPSE: Site.PRE, Site.POST: Site.GLOBAL}.get(inside, inside)
    return inside


def source_of(read: Read, table: Mapping[str, Site]) -> Site:
    """Where that lives which a formula reads."""
    if read.total is None:
        return table.get(read.name, Site.GLOBAL)
    return site_of(read.total, table)


@dataclass(frozen=True)
class Equation:
    """What the inference needs of one equation: its name, declared site and what it reads.

    `remedy` is what to write where it reads what its site does not see, if there is a special one;
    `spikes` are the sites of the spikes that change it.
    """

    target: Token
    line: Line
    declared: Site | None
    formula: Formula
    is_state: bool
    remedy: str = ""
    spikes: tuple[Site, ...] = ()

    def sources(self, table: Mapping[str, Site]) -> list[Site]:
        """The sites of everything read, itself excluded."""
        reads = [r for r in self.formula.reads if not r.reduced and r.name != self.target.text]
        return [*self.spikes, *(source_of(r, table) for r in reads)]


def infer_sites(equations: Sequence[Equation], known: Mapping[str, Site]) -> dict[str, Site]:
    """The site of every equation: the declared one, or the smallest that sees what it reads.

    Equations may read each other in a circle, so all start at `global`, the smallest site, and
    grow until nothing changes.
    """
    table = dict(known) | {e.target.text: e.declared or Site.GLOBAL for e in equations}
    anchored = set(known) | {e.target.text for e in equations if e.declared or not e.is_state}
    changed = True
    while changed:
        changed = False
        for equation in equations:
            name = equation.target.text
            site = equation.declared or join(equation.sources(table))
            reads = {r.name for r in equation.formula.reads if r.total is None} - {name}
            fixed = equation.spikes or any(r.total is not None for r in equation.formula.reads)
            if table[name] is not site or (name not in anchored and (fixed or reads & anchored)):
                table[name] = site
                anchored.add(name)
                changed = True
    for equation in equations:
        name = equation.target.text
        if name not in anchored:
            raise equation.line.error(
                f"the site of `{name}` cannot be told, because it reads only itself",
                equation.target.column,
                "end the line with `: pre`, `: post`, `: synapse` or `: global`",
            )
        target = f"`{name}` is a {table[name].value} variable"
        check_reads(equation.formula, table[name], target, table, equation.remedy)
    return table


def check_reads(
    formula: Formula,
    site: Site,
    target: str,
    table: Mapping[str, Site],
    remedy: str = "",
    equation: str = "it",
) -> None:
    """Refuse a formula at `site` that reads what cannot be known there.

    `remedy` is what to write if that is special, and `equation` what ends with the site.
    """
    sources = [source_of(read, table) for read in formula.reads if not read.reduced]
    for read in formula.reads:
        source = source_of(read, table)
        if read.reduced or source.fits(site):
            continue
        end = f"let {equation} end with `: {join([site, *sources]).value}`"
        if remedy:
            pass
        elif source is Site.SYNAPSE and site is Site.GLOBAL:
            remedy = f"{end}, or sum over both sides, `sum_post(sum_pre(...))`, declared `nonlocal`"
        elif source is Site.SYNAPSE:
            total = "sum_pre" if site is Site.POST else "sum_post"
            remedy = f"{end}, or sum over a side with `{total}(...)`, declared `nonlocal`"
        else:
            what = "a global formula reads neither neurons nor synapses: "
            remedy = f"{what if site is Site.GLOBAL else ''}{end}"
        raise formula.line.error(
            f"`{read.name}` lives at {source.value}, but {target}", read.column, remedy
        )
