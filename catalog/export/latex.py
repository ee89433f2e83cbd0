"""A rule as a LaTeX document that carries its own text."""

from __future__ import annotations

from rulegen.catalog.export.page import stated
from rulegen.catalog.pages.latex import latex_card
from rulegen.catalog.records.record import Record


def write(record: Record) -> str:
    r"""The card, behind the text of the rule in comments.

    Example:
        >>> record = Record(name="hebb", title="Hebb", description="",
        ...                 equations="w += 0.1*pre*post")
        >>> print(*write(record).splitlines()[:5], sep="\n")
        % A plasticity rule, exported by rulegen.
        % rule:
        %     w += 0.1*post*pre  : synapse
        % end of rule
        % digest 1b83785ed28b8790
    """
    lines = ["% A plasticity rule, exported by rulegen.", *stated(record.rule, "%")]
    return "\n".join(lines) + "\n" + latex_card(record)
