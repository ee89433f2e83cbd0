"""One rule for many structures, so that a search compiles one program for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import sympy as sp

from rulegen.grammar.algebra import algebra
from rulegen.grammar.algebra.symbols import IMPULSES, SIGNALS, WEIGHT, Site, symbol
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.sites import site_of
from rulegen.grammar.rule.parse import parse
from rulegen.grammar.rule.rule import Rule
from rulegen.grammar.space.bases import Basis
from rulegen.grammar.space.productions import Traces
from rulegen.grammar.space.space_file import Description
from rulegen.grammar.space.structure import (
    Structure,
    coefficient,
    filled,
    parameter,
    roles,
    spelled,
    time_constant,
)

#: The three sides of a term, and where each lives.
SIDES = {"post": Site.POST, "pre": Site.PRE, "weight": Site.SYNAPSE}

#: Signals with a unit, or that are counted per time where time is differentiated.
TIMED = IMPULSES | {"R"} | {name for name, signal in SIGNALS.items() if signal.unit}

#: What each side of a term is: its postsynaptic, presynaptic and weight-dependent factor.
Factors = dict[str, sp.Expr]


@dataclass(frozen=True)
class Slots:
    """A rule that is any of many structures, depending on the values of some parameters.

    Its term in slot k is `theta_k * weight_k * post_k * pre_k`, and each side is one of several
    factors f_1, f_2, ...:

        post_k = sum_a (f_a if choose_post_k == a else 0)

    and so is what its traces filter. All sides keep to one site, so that there is one matrix
    product for each slot, however many factors there are to choose from. Coefficients and time
    constants are named as in the rule of a structure; what is chosen is not free.

    Attributes:
        rule: the rule.
        count: the number of slots.
        factors: what there is to choose from, by side.
    """

    rule: Rule
    count: int
    factors: Mapping[str, tuple[sp.Expr, ...]]

    def values(
        self, structure: Structure, parameters: Mapping[str, float] | None = None
    ) -> dict[str, float]:
        """The values of all parameters that make the rule exactly a structure.

        Args:
            structure: of which the factors are among those of the slots.
            parameters: values in the rule of the structure; the others are as the rule has them.

        Raises:
            RuleError: the slots cannot become this structure, or have no such parameter.

        Example:
            >>> from rulegen.grammar.space.space import load_space
            >>> space = load_space()
            >>> hebb = space.find(parse("dw/dt = eta*u*pre"))
            >>> found = space.slots().values(hebb, {"theta_1": 0.3})
            >>> [found[name] for name in ("theta_1", "theta_2", "choose_post_1")]
            [0.3, 0.0, 2.0]
        """
        if len(structure.terms) > self.count:
            raise RuleError(
                f"{len(structure.terms)} terms for {self.count} slots",
                remedy="make slots for this structure as well",
            )
        found = {p.name: p.value for p in self.rule.parameters if p.value is not None}
        found |= {coefficient(k + 1): 0.0 for k in range(len(structure.terms), self.count)}
        for name, value in (parameters or {}).items():
            self.rule.parameter(name)
            found[name] = float(value)
        for k, basis in structure.numbered:
            for side, factor in factors_of(basis, structure.description.traces).items():
                if factor not in self.factors[side]:
                    raise RuleError(
                        f"the slots have no {side} factor for `{basis.text}`",
                        remedy="make slots for this structure as well",
                    )
                if len(self.factors[side]) > 1:
                    found[choice(side, k)] = self.factors[side].index(factor) + 1.0
        return found


def slots(structures: Iterable[Structure]) -> Slots:
    """A rule that is any of these structures, and what else their factors can be joined to.

    Args:
        structures: of one space.

    Raises:
        RuleError: there are none, or a term is no product of factors that live at one neuron or
            read the weight alone.

    Example:
        >>> from rulegen.grammar.space.space import load_space
        >>> space = load_space()
        >>> some = [space.structure(term) for term in space.terms[2:4]]
        >>> print(slots(some).rule.text(), end="")
        param eta = 0.000913 1/ms
        param theta_1 = 0.1 in [-3, 3] free
        param choose_post_1 = 1 in [1, 2]
        post_1 = (post if choose_post_1 == 2 else 0) + (u if choose_post_1 == 1 else 0)  : post
        pre_1 = pre                                       : pre
        de/dt = theta_1*post_1*pre_1                      : synapse
        R_bar[condition] = average(R, 0.2)
        on trial start: e <- 0
        on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
    """
    given = list(structures)
    if not given:
        raise RuleError("slots for no structures", remedy="give at least one")
    bases = dict.fromkeys(basis for structure in given for basis in structure.terms)
    return made_slots(given[0].description, bases, max(len(s.terms) for s in given))


def made_slots(description: Description, bases: Iterable[Basis], count: int) -> Slots:
    """Slots for all structures of at most `count` of these terms."""
    bases = list(bases)
    factors: dict[str, dict[sp.Expr, None]] = {side: {} for side in SIDES}
    for basis in bases:
        for side, factor in factors_of(basis, description.traces).items():
            factors[side][factor] = None
    sides = [_Side(side, tuple(found), description) for side, found in factors.items()]
    lines, terms = [], []
    with algebra.as_written(False):
        for k in range(1, count + 1):
            lines.append(parameter(coefficient(k), "", description.coefficients))
            lines += [line for side in sides for line in side.statements(k)]
            names = [f"{side.name}_{k}" for side in sides if side.factors != (1,)]
            terms.append("*".join([coefficient(k), *names]))
    rule = parse(filled(description.template, " + ".join(terms), lines))
    return Slots(rule, count, {side.name: side.factors for side in sides})


@dataclass(frozen=True)
class _Side:
    """One side of the terms: what there is to choose from, and the traces that it needs."""

    name: str
    factors: tuple[sp.Expr, ...]
    description: Description

    def statements(self, number: int) -> Iterator[str]:
        """The statements that define the side in the slot of this number."""
        if self.factors == (1,):
            return
        if len(self.factors) > 1:
            yield f"param {choice(self.name, number)} = 1 in [1, {len(self.factors)}]"
        traces = self.description.traces
        drives: dict[str, dict[int, str]] = {}
        shown = {}
        for i, factor in enumerate(self.factors, 1):
            own = roles(traces.within(factor), traces)
            names = {trace: f"{role}_bar_{number}" for trace, role in own.items()}
            shown[i] = spelled(factor, names, traces)
            for trace, role in own.items():
                drives.setdefault(role, {})[i] = spelled(traces.drives[trace], names, traces)
        site = SIDES[self.name].value
        for role, texts in drives.items():
            tau = time_constant(role, number)
            yield parameter(tau, " ms", self.description.time_constants)
            drive = next(iter(texts.values()))
            if len(set(texts.values())) > 1:
                lines, texts = self._alike(texts, f"{role}_bar_{number}")
                yield from lines
                drive = self._chosen(texts, number)
            yield f"{role}_bar_{number} = lowpass({drive}, {tau}) : {site}"
        lines, shown = self._alike(shown, f"{self.name}_{number}")
        yield from lines
        yield f"{self.name}_{number} = {self._chosen(shown, number)} : {site}"

    def _alike(self, texts: dict[int, str], what: str) -> tuple[list[str], dict[int, str]]:
        """Texts that can stand in one sum, and the parameters that they need for it.

        A rate and a reward or a spike, which are counted per time, cannot; each times a 1 of some
        unit can.
        """
        drives = self.description.traces.drives.values()
        read = {s.name for factor in (*self.factors, *drives) for s in factor.free_symbols}
        if len(self.factors) == 1 or read.isdisjoint(TIMED):
            return [], texts
        units = {text: f"unit_{what}_{i}" for i, text in texts.items()}
        lines = [f"param {unit} = 1" for unit in units.values()]
        return lines, {i: f"{units[text]}*({text})" for i, text in texts.items()}

    def _chosen(self, texts: Mapping[int, str], number: int) -> str:
        """The text of the factor that is chosen, 0 where it has none."""
        if len(self.factors) == 1:
            return texts[1]
        name, same = choice(self.name, number), dict[str, list[int]]()
        for i, text in texts.items():
            same.setdefault(text, []).append(i)
        return " + ".join(
            f"(({text}) if {' or '.join(f'{name} == {i}' for i in places)} else 0)"
            for text, places in same.items()
        )


def choice(side: str, number: int) -> str:
    """The name of the parameter that chooses the factor of a side of a slot."""
    return f"choose_{side}_{number}"


def factors_of(basis: Basis, traces: Traces) -> Factors:
    """The sides of a term; numbers belong to the postsynaptic one.

    Raises:
        RuleError: the term is no product of such sides.
    """
    found: Factors = {side: sp.Integer(1) for side in SIDES}
    for factor in sp.Mul.make_args(basis.expr):
        site = site_of(factor, traces.sites)
        side = "pre" if site is Site.PRE else "post"
        mixed = side == "pre" and "post" in roles(traces.within(factor), traces).values()
        if site is Site.SYNAPSE or mixed:
            side = "weight"
            if factor.free_symbols != {symbol(WEIGHT)}:
                raise RuleError(
                    f"the term `{basis.text}` is no product of factors that live at one neuron "
                    "or read the weight alone",
                    remedy="write it as several terms, or compile its rule by itself",
                )
        found[side] = algebra.multiply([found[side], factor])
    return found
