"""The rules of the literature as what other rules are called by, from an index of them.

To read fifty records and put their formulas in order takes longer than to say what a rule is. So
the package has an index of them, `index.json`, which `make index` writes: an entry holds for the
very file that it was made from, and a record that has none, or another, is read instead.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache, cached_property
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import sympy as sp

from rulegen import catalog
from rulegen.catalog.likeness.distance import canonical_terms
from rulegen.catalog.records.places import FOLDER
from rulegen.grammar import Parameter, Rule, parse, symbol
from rulegen.grammar.algebra import algebra
from rulegen.grammar.matching.memories import with_memories
from rulegen.grammar.matching.outline import Outline, outline
from rulegen.grammar.matching.sketch import Sketch, possible, sketch

INDEX = Path(__file__).with_name("index.json")


class Form(NamedTuple):
    """A rule of the literature as it is sought in others, some of its parameters left out."""

    parts: Rule
    outline: Outline


@dataclass(frozen=True)
class Known:
    """A rule of the literature.

    Attributes:
        name, title, equations: as its record says.
        signals: names of what its simplest form reads.
        terms: of `canonical_terms`.
        sketches: of its forms.
    """

    name: str
    title: str
    equations: str
    signals: frozenset[str]
    terms: frozenset[str]
    sketches: tuple[Sketch, ...]

    def may_be(self, signals: frozenset[str], drawn: Sketch) -> bool:
        """Whether a rule that reads these signals may be this one, at a glance."""
        return self.signals <= signals and any(possible(mine, drawn) for mine in self.sketches)

    @cached_property
    def rule(self) -> Rule:
        """The rule itself."""
        return parse(self.equations)

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        """As it is sought in others.

        It stands there once more without each parameter, and all of them, that is usually 0: others
        need no states that these alone need.
        """
        return forms(self.rule)

    @property
    def entry(self) -> dict[str, Any]:
        """All but its name, for the index."""
        return {
            "title": self.title,
            "equations": self.equations,
            "signals": sorted(self.signals),
            "terms": sorted(self.terms),
            "sketches": [
                {place: sorted(terms) for place, terms in drawn.items()} for drawn in self.sketches
            ],
        }


@cache
def known() -> tuple[Known, ...]:
    """The rules of the literature, in alphabetical order.

    Example:
        >>> next(k for k in known() if k.name == "oja").title
        "Oja's rule"
    """
    entries = json.loads(INDEX.read_text(encoding="utf-8")) if INDEX.exists() else {}
    return tuple(
        indexed(path.stem, found)
        if (found := entries.get(path.stem, {})).get("digest") == digest(path)
        else read(path)
        for path in sorted(FOLDER.glob("*.toml"))
    )


def digest(path: Path) -> str:
    """Of the file that an entry is made from."""
    return sha256(path.read_bytes()).hexdigest()


def indexed(name: str, entry: dict[str, Any]) -> Known:
    """A rule from its entry."""
    signals, terms = frozenset(entry["signals"]), frozenset(entry["terms"])
    sketches = tuple(
        {place: frozenset(terms) for place, terms in drawn.items()} for drawn in entry["sketches"]
    )
    return Known(name, entry["title"], entry["equations"], signals, terms, sketches)


def read(path: Path) -> Known:
    """A rule from its record."""
    record = catalog.load_record(path)
    outlines = [form.outline for form in forms(record.rule)]
    signals = frozenset(set.intersection(*(set(o.signals) for o in outlines)))
    terms = canonical_terms(record.rule)
    sketches = tuple(sketch(o) for o in outlines)
    return Known(record.name, record.title, record.equations, signals, terms, sketches)


def index() -> str:
    """The content of the index, made anew."""
    found = {p.stem: {"digest": digest(p), **read(p).entry} for p in sorted(FOLDER.glob("*.toml"))}
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def forms(rule: Rule) -> tuple[Form, ...]:
    """A rule with and without its parameters that are usually 0, and are no coefficients."""
    parts = Rule.of(with_memories(rule))
    absent = [symbol(p.name) for p in parts.parameters if usually_absent(p)]
    found = []
    for count in range(len(absent) + 1):
        for some in combinations(absent, count):
            form = substituted(parts, dict.fromkeys(some, sp.Integer(0)))
            found.append(Form(form, outline(form)))
    return tuple(found)


def usually_absent(parameter: Parameter) -> bool:
    """Whether a parameter is usually 0, and no coefficient of a family."""
    return parameter.value == 0 and not parameter.free


def substituted(rule: Rule, values: dict[sp.Symbol, sp.Expr]) -> Rule:
    """A rule with numbers for some parameters."""

    def new(expr: sp.Expr) -> sp.Expr:
        return algebra.substitute(expr, values)

    return Rule.of(
        replace(
            rule,
            parameters=tuple(p for p in rule.parameters if symbol(p.name) not in values),
            definitions=tuple(replace(d, expr=new(d.expr)) for d in rule.definitions),
            states=tuple(
                replace(
                    s,
                    expr=new(s.expr),
                    tau=None if s.tau is None else new(s.tau),
                    initial=new(s.initial),
                )
                for s in rule.states
            ),
            updates=tuple(replace(u, expr=new(u.expr)) for u in rule.updates),
            forward=tuple((name, new(expr)) for name, expr in rule.forward),
        )
    )


if __name__ == "__main__":
    INDEX.write_text(index(), encoding="utf-8")
