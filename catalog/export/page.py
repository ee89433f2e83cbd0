"""What every exported program begins with: what it is, and the rule it was made from."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from rulegen.catalog.records.record import Record
from rulegen.grammar import Rule, RuleError

BEGIN, END = "rule:", "end of rule"


def head(record: Record, mark: str, notes: Iterable[str] = ()) -> list[str]:
    """Comment lines: the rule's text and digest, title, references and notes.

    Titles and citations come from strangers. Each of their lines begins with the comment mark,
    without characters that an editor or a language could take for the end of a line; and the
    exported file begins with a line of ours, so that they cannot declare its encoding.

    Example:
        >>> record = Record(name="x", title="a\\nimport os", description="",
        ...                 equations="on reward: w += pre")
        >>> print(*head(record, "#"), sep="\\n")
        # rule:
        #     on reward: w += pre
        # end of rule
        # digest 50d327849efd64ea
        # a import os
    """
    told = [record.title, *(f"{r.citation} {r.doi or r.arxiv}" for r in record.references), *notes]
    lines = [line for text in told for line in textwrap.wrap(plain(text), 96)]
    return stated(record.rule, mark) + [f"{mark} {line}" for line in lines]


def stated(rule: Rule, mark: str) -> list[str]:
    """The rule's text and digest as comment lines, which `carried` reads."""
    text = ("    " + line for line in rule.text().splitlines())
    return [f"{mark} {line}" for line in (BEGIN, *text, END, f"digest {rule.digest}")]


def plain(text: str) -> str:
    """Text on one line, every character of which can be seen."""
    return "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text_on_line(text)
    )


def text_on_line(text: str) -> str:
    """Text with single blanks in place of all white space."""
    return " ".join(text.split())


def carried(page: str) -> str:
    """The text of the rule that an exported program was made from.

    Raises:
        RuleError: when the page carries none.

    Example:
        >>> carried("# rule:\\n#     w += pre*post\\n# end of rule")
        'w += pre*post\\n'
    """
    lines = page.splitlines()
    marks = [i for i, line in enumerate(lines) if line.endswith(f" {BEGIN}")]
    if not marks:
        raise RuleError("this page carries no rule", remedy="export it again")
    mark = lines[marks[0]].removesuffix(BEGIN)
    end = lines.index(mark + END, marks[0])
    return "".join(line.removeprefix(f"{mark}    ") + "\n" for line in lines[marks[0] + 1 : end])
