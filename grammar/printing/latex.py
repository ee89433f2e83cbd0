r"""Rules as LaTeX."""

from __future__ import annotations

from rulegen.grammar.algebra.parts import RuleParts
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.latex_spelling import latex_lines


def latex(parts: RuleParts, values: bool = False) -> str:
    r"""The rule as LaTeX for display mathematics.

    Args:
        parts: the rule.
        values: whether parameters with a value are printed as numbers.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> print(latex(parse("param eta = 0.1\ndw/dt = eta*pre*post"), values=True))
        \dot{w}_{ij} = 0.1\,r_i\,r_j
    """
    return latex_lines(displayed(parts, values))
