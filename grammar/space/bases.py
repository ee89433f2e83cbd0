"""The terms of a space: every formula that its productions lead to, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import permutations

import sympy as sp

from rulegen.grammar.algebra.behaviour import (
    MANY_STEPS,
    STEPS,
    Collection,
    History,
    history,
    ratio,
    switches,
    vanishes,
)
from rulegen.grammar.reading.errors import ConfigError
from rulegen.grammar.rule.locality import locality
from rulegen.grammar.rule.units import Clash, infer_units
from rulegen.grammar.space.derive import START, Derivation, Derivations, Tree
from rulegen.grammar.space.productions import Traces
from rulegen.grammar.space.space_file import Constraints, Description

#: Decays of the traces of a term on made-up activity; a term has no more traces than these.
DECAYS = (0.35, 0.55, 0.72, 0.86)


@dataclass(frozen=True)
class Basis:
    """What the coefficient of one term multiplies: a formula that counts up to a factor.

    Two are equal when their formulas are.

    Attributes:
        expr: the formula.
        traces: the traces in it, those first that others filter; each has its own time constant.
        words: what their names are made of: the signal that a trace filters, else `x1`, `x2`, ...
        text: the formula as text, with `trace(x)` for the trace of x.
        complexity: see `rulegen.grammar.space.derive.complexity`.
        weight: the probability of its derivation, by the weights of the productions.
        tree: how it is derived.
    """

    expr: sp.Expr
    traces: tuple[sp.Symbol, ...] = field(compare=False)
    words: tuple[str, ...] = field(compare=False)
    text: str = field(compare=False)
    complexity: int = field(compare=False)
    weight: float = field(compare=False)
    tree: Tree = field(compare=False)

    def __str__(self) -> str:
        return self.text


class Bases:
    """The terms of a space, ordered by complexity, and how to find one.

    Of formulas that are multiples of each other, and of those that differ in the names of their
    time constants alone, the simplest is kept.

    Raises:
        ConfigError: there are none, and why.
    """

    def __init__(self, description: Description) -> None:
        self.traces = description.traces
        self.derivations = Derivations(
            description.productions, self.traces, description.limits.complexity
        )
        self.all: list[Basis] = []
        self._collection = Collection()
        self._derived: dict[Tree, Basis] = {}
        self._words: dict[sp.Symbol, str] = {}
        reasons: Counter[str] = Counter()
        for derivation in self.derivations.found[START].values():
            reason = self._objection(derivation, description.constraints)
            if reason:
                reasons[reason] += 1
            else:
                self._place(derivation)
        if not self.all:
            raise ConfigError(f"the space generates nothing: {_why(reasons, description)}")

    def derived(self, tree: Tree) -> Basis | None:
        """The term that a tree leads to, or None where that is outside the space."""
        return self._derived.get(tree)

    def match(
        self,
        expr: sp.Expr,
        drives: Mapping[sp.Symbol, sp.Expr],
        traces: tuple[sp.Symbol, ...],
        values: Mapping[sp.Symbol, float],
    ) -> Basis | None:
        """The term of which a formula is a multiple, or None; see `behaviour.history`."""
        if len(traces) > len(DECAYS):
            return None
        for order in permutations(DECAYS[: len(traces)]):
            over = partial(history, expr, drives, dict(zip(traces, order, strict=True)), values)
            found = over(steps=STEPS)
            for place in () if vanishes(found) else self._collection.find(found):
                basis = self.all[place]
                if not (switches(expr, drives) or switches(basis.expr, self.traces.drives)):
                    return basis
                if ratio(self._plain(basis.expr, MANY_STEPS), over(steps=MANY_STEPS)) is not None:
                    return basis
        return None

    def _place(self, new: Derivation) -> None:
        traces = self.traces.within(new.expr)
        basis = self.match(new.expr, self.traces.drives, traces, {})
        if basis is None:
            self._collection.add(self._plain(new.expr))
            text, weight = self.traces.show(new.expr), self.derivations.weight(new.tree)
            words = tuple(map(self._word, traces))
            basis = Basis(new.expr, traces, words, text, new.complexity, weight, new.tree)
            self.all.append(basis)
        self._derived[new.tree] = basis

    def _plain(self, expr: sp.Expr, steps: int = STEPS) -> History:
        """The values of a formula with the first decays for its traces."""
        decays = dict(zip(self.traces.within(expr), DECAYS, strict=False))
        return history(expr, self.traces.drives, decays, steps=steps)

    def _word(self, trace: sp.Symbol) -> str:
        drive = self.traces.drives[trace]
        if drive.is_Symbol and drive not in self.traces.drives:
            return str(drive.name)
        return self._words.setdefault(trace, f"x{len(self._words) + 1}")

    def _objection(self, derivation: Derivation, constraints: Constraints) -> str:
        """Why a formula is no term, or ""."""
        traces = self.traces.within(derivation.expr)
        if len(traces) > len(DECAYS):
            return f"have more than {len(DECAYS)} traces"
        exprs = [derivation.expr, *(self.traces.drives[t] for t in traces)]
        read = {s.name for e in exprs for s in e.free_symbols}
        for name in constraints.forbidden:
            if name in read:
                return f"read `{name}`, which is forbidden"
        parts = self.traces.parts(derivation.expr, self.traces.sites[START])
        certificate = locality(parts)
        if constraints.locality != "any" and not certificate.local:
            return "are not local"
        if constraints.locality == "measurable" and certificate.notes:
            return f"are not measurable ({certificate.notes[0]})"
        try:
            infer_units(parts)
        except Clash:
            return "have units that do not agree"
        plain = self._plain(derivation.expr)
        if vanishes(plain) and vanishes(self._plain(derivation.expr, MANY_STEPS)):
            return "are 0 or undefined"
        if constraints.symmetry:
            sign = 1 if constraints.symmetry == "symmetric" else -1
            if not _turns_into(plain, derivation.expr, self.traces, sign):
                return f"are not {constraints.symmetry}"
        return ""


def _turns_into(plain: History, expr: sp.Expr, traces: Traces, sign: int) -> bool:
    """Whether an exchange of the two neurons makes `sign` times the formula of it."""
    own = traces.within(expr)
    for decays in permutations(DECAYS[: len(own)]):
        drives, values = traces.drives, dict(zip(own, decays, strict=True))
        scale = ratio(plain, history(expr, drives, values, exchanged=True))
        if scale is not None and abs(scale - sign) < 1e-6:
            return True
    return False


def _why(reasons: Counter[str], description: Description) -> str:
    if not reasons:
        return (
            f"no formula of `{START}` has a complexity of {description.limits.complexity} or less; "
            "raise `limits.complexity`"
        )
    total = sum(reasons.values())
    listed = "; ".join(f"{number} {reason}" for reason, number in reasons.most_common(4))
    return f"of {total} formulas {listed}; see `constraints`"
