"""What is shown of a rule in LaTeX and in MathML is well formed, and the same."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from rulegen.grammar import Rule
from rulegen.grammar.printing import mathml as mathml_module
from rulegen.grammar.printing.breaking import broken
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.latex_spelling import latex_lines
from rulegen.grammar.printing.mathml import mathml
from rulegen.grammar.printing.names import pieces, shown_as


def check_shown(rule: Rule, values: bool) -> None:
    """LaTeX and MathML, with names of parameters or with their values."""
    lines = displayed(rule, values)
    for shown in (lines, broken(lines)):
        tex, root = latex_lines(shown), ElementTree.fromstring(mathml(shown))
        assert tex.count("{") == tex.count("}")
        assert tex.count(r"\left") - tex.count(r"\leftarrow") == tex.count(r"\right")
        assert not re.search(r"\^\{[^{}]*\}\^", tex), "two exponents at one letter"
        seen = {e.text for e in root.iter() if e.tag in ("mi", "mn", "mo", "mtext")}
        names = {s.name for s in rule.states} | {d.name for d in rule.definitions}
        names |= set() if values else used_parameters(rule)
        for name in names - seen:  # those that look like another are spelt out
            for piece in pieces(shown_as(name)):
                text = mathml_module._piece(piece)[0]
                assert {e.text for e in text.iter() if e.text} <= seen, (name, tex)
        digits = re.sub(r"<[^>]*>", "", mathml(shown))
        printed = re.sub(r"\\[A-Za-z]+", "", tex)
        assert re.sub(r"[^0-9.]", "", digits) == re.sub(r"[^0-9.]", "", fences_seen(printed))


def used_parameters(rule: Rule) -> set[str]:
    exprs = [s.expr for s in rule.states] + [u.expr for u in rule.updates]
    used = {str(s) for e in exprs for s in e.free_symbols}
    return used & {p.name for p in rule.parameters}


def fences_seen(tex: str) -> str:
    """Without the points that stand for brackets that are not seen."""
    return re.sub(r"(?<!\d)\.|\.(?!\d)", "", tex)
