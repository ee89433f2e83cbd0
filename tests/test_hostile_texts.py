"""Texts of records are text on every page: no markup, no address, nothing that a terminal obeys."""

from __future__ import annotations

import re
from typing import Any

import pytest
from html_reader import read_html
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rulegen.catalog import Record, find, latex_card, markdown_card
from rulegen.catalog.pages.card import card
from rulegen.catalog.pages.html import html_card
from rulegen.catalog.pages.markdown import formula
from rulegen.catalog.pages.tables import Table
from rulegen.catalog.records.evidence import Evidence
from rulegen.catalog.records.interval import Interval
from rulegen.catalog.records.interval import Setting as RecordSetting
from rulegen.catalog.records.kinds import OPENING
from rulegen.catalog.records.places import names
from rulegen.catalog.records.record import Reference
from rulegen.grammar.printing.breaking import broken
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.latex_spelling import latex_lines

HEBB = "param eta = 0.1\ndw/dt = eta*pre*post"
#: No life ended badly.
NONE = {"diverged": 0, "saturated": 0, "silent": 0}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</pre></code></script><svg onload=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](https://example.org/x.png)",
    "\n\n# heading\n\n- item\n\n```\ncode",
    "`` ` `` |  a | b |",
    r"\input{/etc/passwd} \write18{id} $x$ \end{document}",
    r"}\csname end\endcsname{verbatim} ^^5cinput %",
    "{{ 7*7 }} {% raw %}",
    "$$x$$ &lt; &#60; <!-- --> ~~gone~~",
]


def hostile_record(text: str) -> Record:
    span = Interval(mean=0.0, low=-1.0, high=1.0, lives=2)
    line = " ".join(text.split())  # names and terms have one
    return Record(
        name="hostile",
        title=text,
        kind="discovered",
        description=text,
        fact=text,
        limits=text,
        equations=f"# {line}\n{HEBB}",
        parameters={"eta": {"meaning": text}},  # type: ignore[dict-item]
        references=(Reference(citation=text, doi="10.1000/x)](javascript:1)<b>\"'{}\\%#"),),
        tags=(text,),
        evidence=Evidence(
            setting=RecordSetting(task={text: text}, circuit={"a": [text]}, life={}),
            reward=span,
            chance=0.0,
            best=0.0,
            **NONE,
            comparisons=(
                {"name": line, "rule": text, "reward": span, "difference": span, **NONE},  # type: ignore[arg-type]
            ),
            terms=({"coefficient": text, "term": line, "loss": span, **NONE},),  # type: ignore[arg-type]
            looks=({"removed": (line,), "terms": 1, "difference": span, "verdict": "accepted"},),  # type: ignore[arg-type]
            versions={"jax": "0.0.1"},
            digest="0" * 16,
        ),
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_html(text: str) -> None:
    """The elements and attributes are those of a card with harmless text."""

    def skeleton(record: Record) -> list[tuple[str, list[str]]]:
        elements = read_html(html_card(record)).elements
        return [(tag, sorted(values)) for tag, values in elements if tag not in ("p", "code")]

    assert skeleton(hostile_record(text)) == skeleton(hostile_record("harmless"))
    links = read_html(html_card(hostile_record(text))).links
    assert all(link.startswith(("https://doi.org/10.1000/", "#")) for link in links)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markdown(text: str) -> None:
    """An independent reader finds the blocks, links and pictures of a harmless card."""
    reader = MarkdownIt("commonmark").enable("table")

    def tokens(record: Record) -> list[Token]:
        blocks = reader.parse(markdown_card(record, "learning.png"))
        return blocks + [child for block in blocks for child in block.children or ()]

    harmless, found = tokens(hostile_record("harmless")), tokens(hostile_record(text))
    assert {t.type for t in found} <= {t.type for t in harmless}
    for kind in ("heading_open", "table_open", "tr_open", "td_open", "fence", "image", "link_open"):
        assert [t.type for t in found].count(kind) == [t.type for t in harmless].count(kind), kind
    links = [str(t.attrs["href"]) for t in found if t.type == "link_open"]
    assert all(link.startswith("https://doi.org/10.1000/x%29") for link in links)
    shown = "".join(t.content for t in found if t.type in ("text", "code_inline", "fence"))
    prose = "".join(t.content for t in found if t.type == "text")
    blocks = card(hostile_record(text))
    symbols = {formula(box) for b in blocks if isinstance(b, Table) for box in b.signs}
    for symbol in symbols:
        prose = prose.replace(symbol, "")
    assert "$" not in prose or "\\$" in markdown_card(hostile_record(text))
    assert text.split()[0].strip("`") in shown


def test_no_address_in_a_text_becomes_a_link() -> None:
    text = "see https://evil.example, HTTP://evil.example or www.evil.example"
    card = markdown_card(Record(name="a", title=text, description=text, equations=HEBB))
    written, _, _ = card.partition(OPENING)
    assert not re.search(r"(?i)://|www\.", written)
    tokens = MarkdownIt("commonmark").parse(written)
    shown = ["".join(c.content for c in token.children or ()) for token in tokens]
    assert shown.count(text) == 2


@pytest.mark.parametrize("name", names())
def test_equations_are_as_code_hosts_admit_them(name: str) -> None:
    """In a fence, which leaves backslashes alone, and without the command they refuse."""
    card = markdown_card(find(name))
    tokens = MarkdownIt("commonmark").enable("table").parse(card)
    (equation,) = [token.content for token in tokens if token.info == "math"]
    latex = latex_lines(broken(displayed(find(name).rule)))
    assert equation == latex.replace("operatorname", "mathrm") + "\n"
    assert "operatorname" not in equation


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_latex(text: str) -> None:
    """Nothing but the commands of a harmless card; braces balance."""
    commands = set(re.findall(r"\\[A-Za-z]+", latex_card(hostile_record("harmless"))))
    characters = {
        "textbackslash", "textasciicircum", "textasciitilde", "textless", "textgreater",
        "textbar", "textasciigrave", "textquotesingle", "textquotedbl", "allowbreak", "texttt",
        "strut", "arraybackslash", "linewidth", "raggedright", "footnotesize", "scriptsize",
    }  # fmt: skip
    document = latex_card(hostile_record(text))
    assert set(re.findall(r"\\[A-Za-z]+", document)) <= commands | {f"\\{c}" for c in characters}
    bare = re.sub(r"\\[{}]", "", document)
    assert bare.count("{") == bare.count("}")
    assert "%" not in bare.replace(r"\%", "")
    assert not re.search(r"\\(?:\\|item|endhead)\s*[\[*]", document), "read as an argument"


def test_what_terminals_obey_is_refused() -> None:
    heaped = "a" + "\u0301" * 300
    for text in ("\x1b[2J", "a\x00", "\u202etxt.exe", "\x07", "\u3164", "\u2800\u2800", heaped):
        with pytest.raises(ValueError, match="has no place in a text"):
            Record(name="a", title=text, description="", equations=HEBB)
        with pytest.raises(ValueError, match="has no place in a text"):
            Record(name="a", title="A", description="", equations=HEBB, tags=("x", text))
        with pytest.raises(ValueError, match="has no place in a text"):
            RecordSetting(task={"a": [{text: 1}]}, circuit={}, life={})


@pytest.mark.parametrize(
    "change",
    [
        {"title": "x" * 401},
        {"description": "x" * 8001},
        {"tags": ("x",) * 41},
        {"references": ({"citation": "x" * 2001},)},
        {"evidence": {"versions": {"a": "x" * 70_000}}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_no_page_has_room_for_is_refused(change: dict[str, Any]) -> None:
    record: dict[str, Any] = {"name": "a", "title": "A", "description": "", "equations": HEBB}
    with pytest.raises(ValueError, match=r"at most \d+|long"):
        Record.model_validate(record | change)


@pytest.mark.parametrize("title", ["", " ", " \t\n "])
def test_a_title_can_be_seen(title: str) -> None:
    with pytest.raises(ValueError, match="title is empty"):
        Record(name="a", title=title, description="", equations=HEBB)


@pytest.mark.parametrize(
    "doi",
    ["10.1000/../../evil", "10.1000/./x", "10.1000//evil.com", "10.1/x", "10.1000/", "11.1000/x"],
)
def test_an_address_is_that_of_a_publication(doi: str) -> None:
    with pytest.raises(ValueError, match="is no DOI"):
        Reference(citation="x", doi=doi)


@pytest.mark.parametrize("name", ["../evil", "a/b", "A", "", "x" * 65, "a\n", ".hidden", "con.md"])
def test_names_cannot_leave_their_folder(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Record(name=name, title="A", description="", equations=HEBB)
