"""What of an outline can be compared at once: of which factors a weight's change is made.

Most rules of a catalogue are not a given rule, and it shows without solving an equation.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.grammar.matching.outline import Outline

#: What every state is called: the states of two rules may be paired in any way.
STATE = "state"

#: By what a formula changes (as in `Outline.changes`), the factors of each of its terms.
Sketch = Mapping[str, frozenset[str]]


def sketch(outline: Outline) -> Sketch:
    """The terms of which the changes of weights are made, and what goes forward, at a glance.

    A factor is a power of a name, or the names within; those of parameters are left out.

    Example:
        >>> from rulegen.grammar import parse
        >>> from rulegen.grammar.matching.outline import outline
        >>> drawn = sketch(outline(parse("e <- pre*post\\nw += eta*e*relu(u - R) - alpha*w")))
        >>> sorted(drawn["w"])
        ['(R, u)*state', 'w']
    """
    return {
        place: frozenset(_factors(term.basis, outline) for term in terms.values())
        for place, terms in outline.plain.items()
        if place.split(" ", 1)[0] in (WEIGHT, "forward")
    }


def _factors(basis: sp.Expr, outline: Outline) -> str:
    """The factors of a term in order."""
    words = []
    for factor in sp.Mul.make_args(basis):
        base, exponent = factor.as_base_exp()
        read = sorted(str(s.name) for s in factor.free_symbols - outline.parameters.keys())
        names = [STATE if name in outline.states else name for name in read]
        if base.is_Symbol and exponent.is_Rational:
            words.append(names[0] if exponent == 1 else f"{names[0]}**{exponent}")
        else:
            words.append(f"({', '.join(sorted(names))})")
    return "*".join(sorted(words))


def possible(template: Sketch, rule: Sketch) -> bool:
    """Whether a rule may be a template; if not, `matches` yields nothing.

    Each formula of the template has to be there, with one of its terms at least.

    Example:
        >>> from rulegen.grammar import parse
        >>> from rulegen.grammar.matching.outline import outline
        >>> hebb, decay = (outline(parse(f"dw/dt = {f}")) for f in ("eta*pre*post", "-w/tau"))
        >>> possible(sketch(hebb), sketch(decay))
        False
    """
    return all(
        place in rule and (not terms or bool(terms & rule[place]))
        for place, terms in template.items()
    )
