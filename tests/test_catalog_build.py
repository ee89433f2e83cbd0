"""The built catalog: whole, deterministic, current, and deaf to what records try to say to it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rulegen.catalog import Record, find, latex_card, markdown_card
from rulegen.catalog.pages.build import build, locked
from rulegen.catalog.pages.html import html_card
from rulegen.catalog.pages.markdown import OPENING
from rulegen.catalog.records.evidence import Evidence, Interval
from rulegen.catalog.records.evidence import Setting as RecordSetting
from rulegen.catalog.records.files import MARKS
from rulegen.catalog.records.library import HOME, library, read_entry
from rulegen.catalog.records.literature import literature
from rulegen.catalog.records.places import names
from rulegen.catalog.records.record import Reference, load_record, save_record
from rulegen.grammar import ConfigError, parse
from rulegen.grammar.printing.breaking import broken
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.latex_spelling import latex_lines
from rulegen.grammar.printing.mathml import mathml

HEBB = "param eta = 0.1\ndw/dt = eta*pre*post"


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("catalog")
    build(list(library().values()), out)
    return out


def test_the_committed_pages_are_those_of_a_fresh_build(built: Path) -> None:
    """When this fails: `rulegen catalog build`, and commit what it changed."""
    for name, content in files(built).items():
        assert (HOME / name).read_bytes() == content, name
    for place in ("cards", "tex/rules"):
        assert {p.name for p in (HOME / place).iterdir()} == {
            p.name for p in (built / place).iterdir()
        }


def test_a_second_build_changes_nothing_and_renders_nothing(built: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in built.rglob("*.*") if not p.name.startswith(".")}
    done = build(list(library().values()), built)
    assert (done.rendered, done.written) == (0, 0)
    assert before == {p: p.stat().st_mtime_ns for p in before}


class Reader(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.elements.append((tag, values))
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if values.get("href"):
            self.links.append(str(values["href"]))


def read_html(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


def test_the_page_has_every_rule_once_and_no_dead_link(built: Path) -> None:
    reader = read_html((built / "catalog.html").read_text())
    assert len(reader.ids) == len(set(reader.ids))
    assert {f"rule-{name}" for name in names()} <= set(reader.ids)
    inside = {link[1:] for link in reader.links if link.startswith("#")}
    assert inside <= set(reader.ids)
    outside = [link for link in reader.links if not link.startswith("#")]
    assert all(re.match(r"https://(doi\.org|arxiv\.org/abs)/|data:,$", link) for link in outside)


def test_the_page_needs_no_network(built: Path) -> None:
    reader = read_html((built / "catalog.html").read_text())
    for tag, values in reader.elements:
        assert not str(values.get("src") or "data:").startswith("http")
        assert tag != "link" or values["href"] == "data:,"
    assert b"@import" not in (built / "catalog.html").read_bytes()


@pytest.mark.parametrize("page", ["README.md", *(f"cards/{n}.md" for n in ("oja", "foldiak"))])
def test_markdown_links_lead_somewhere(built: Path, page: str) -> None:
    path = built / page
    for link in re.findall(r"\]\(([^)]+)\)", path.read_text()):
        assert link.startswith("https://") or (path.parent / link).exists()


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
        "strut", "arraybackslash", "linewidth", "raggedright",
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


def home_with(tmp_path: Path, *records: Record) -> Path:
    for record in records:
        place = tmp_path / ("discovered" if record.evidence else "rules")
        place.mkdir(parents=True, exist_ok=True)
        save_record(record, place / f"{record.name}.toml")
    return tmp_path


def test_a_broken_record_or_a_missing_figure_leaves_the_old_pages(tmp_path: Path) -> None:
    home, out = home_with(tmp_path / "home", find("oja")), tmp_path / "out"
    build(list(library(home).values()), out)
    before = files(out)
    (home / "rules" / "bad.toml").write_text('name = "other"\ntitle = "Other"\ndescription = ""\n')
    with pytest.raises(ConfigError, match="equations"):
        library(home)
    (home / "rules" / "bad.toml").unlink()
    home_with(home, hostile_record("x"))
    with pytest.raises(ConfigError, match=r"figure hostile\.png is missing"):
        library(home)
    (home / "discovered" / "hostile.png").write_text("<svg onload=alert(1)>")
    with pytest.raises(ConfigError, match="no PNG"):
        library(home)
    assert files(out) == before


def test_a_crash_while_writing_leaves_the_old_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    build([read_entry(HOME / "rules" / "oja.toml")], out)
    before, count = files(out), 0
    whole = Path.write_bytes

    def crash(path: Path, content: bytes) -> int:
        nonlocal count
        count += 1
        if count == 3:
            raise OSError(28, "No space left on device")
        return whole(path, content)

    monkeypatch.setattr(Path, "write_bytes", crash)
    with pytest.raises(ConfigError, match="No space left"):
        build([read_entry(HOME / "rules" / name) for name in ("oja.toml", "hebb.toml")], out)
    assert files(out) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from rulegen.catalog.pages.build import build
from rulegen.catalog.records.library import HOME, read_entry

count, replace = 0, Path.replace

def killing(path, target):
    global count
    count += 1
    if count == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(path, target)

Path.replace = killing
build([read_entry(HOME / "rules" / f"{name}.toml") for name in sys.argv[3:]], Path(sys.argv[1]))
"""


@pytest.mark.parametrize("moment", range(1, 7))
def test_a_build_that_is_killed_leaves_pages_that_are_whole(tmp_path: Path, moment: int) -> None:
    """Each page is the old one or the new one, and the next build makes all of them new."""
    out, new = tmp_path / "out", tmp_path / "new"
    first, second = (
        [read_entry(HOME / "rules" / f"{name}.toml") for name in names]
        for names in (("oja", "hebb"), ("oja", "hebb", "bcm"))
    )
    build(first, out)
    build(second, new)
    before, after = files(out), files(new)
    command = [sys.executable, "-c", KILLED, str(out), str(moment), "oja", "hebb", "bcm"]
    assert subprocess.run(command).returncode == -9
    found = files(out)
    assert before.keys() <= found.keys()
    assert all(content in (before.get(n), after.get(n)) for n, content in found.items())
    for link in re.findall(r"\]\((cards/[^)]+)\)", (out / "README.md").read_text()):
        assert (out / link).exists()
    build(second, out)
    assert files(out) == after
    assert not list(out.rglob(".*.new"))


def test_rules_that_are_gone_lose_their_pages_and_others_keep_theirs(tmp_path: Path) -> None:
    both = [read_entry(HOME / "rules" / name) for name in ("oja.toml", "hebb.toml")]
    build(both, tmp_path)
    (tmp_path / "cards" / "mine.md").write_text("my notes")
    done = build(both[:1], tmp_path)
    assert (done.records, done.rendered) == (1, 0)
    assert {p.name for p in (tmp_path / "cards").iterdir()} == {"oja.md", "mine.md"}


def test_pictures_of_rules_that_are_gone_go_with_their_pages(tmp_path: Path) -> None:
    found = read_entry(HOME / "discovered" / "delayed_association.toml")
    build([found], tmp_path)
    folder = tmp_path / "tex" / "figures"
    (folder / "mine.pdf").write_bytes(b"my figure")
    assert (folder / "delayed_association.pdf").exists()
    build([read_entry(HOME / "rules" / "oja.toml")], tmp_path)
    assert [p.name for p in folder.iterdir()] == ["mine.pdf"]


def test_foreign_pages_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("years of work")
    with pytest.raises(ConfigError, match="was not made by"):
        build([read_entry(HOME / "rules" / "oja.toml")], tmp_path)
    assert set(files(tmp_path)) == {"README.md"}


def test_two_builds_at_once(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(ConfigError, match="another build"):
        build([read_entry(HOME / "rules" / "oja.toml")], tmp_path)


def test_a_damaged_cache_is_ignored(tmp_path: Path) -> None:
    entries = [read_entry(HOME / "rules" / "oja.toml")]
    for text in ("", "[1]", '{"x": {"facets": 1}}', "\xff"):
        (tmp_path / ".rendered.json").write_bytes(text.encode("latin-1"))
        assert build(entries, tmp_path).rendered == 1
        build(entries[:0] or entries, tmp_path)
    assert (tmp_path / "README.md").read_text().startswith(MARKS[".md"])


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("values", [False, True])
def test_every_equation_is_shown_as_mathml(name: str, values: bool) -> None:
    """What is shown is what is printed: the same names and numbers in the same order."""
    rule = literature()[name].rule
    latex = rule.latex(values)
    shown = re.sub(r"<[^>]*>", "", mathml(broken(displayed(rule, values))))
    printed = re.sub(r"\\[A-Za-z]+|[^0-9.]", "", latex)
    assert re.sub(r"[^0-9.]", "", shown) == printed


def test_long_equations_are_broken_without_a_change_of_content() -> None:
    latex = find("confavreux").rule.latex()
    text = latex_lines(broken(displayed(find("confavreux").rule)))
    assert text.count("\\\\\n") >= 4
    marks = r"\\(?:begin|end)\{aligned\}|\\\\|&|\\quad|\\(?:left|right)\.|\s"
    assert re.sub(marks, "", text) == re.sub(marks, "", latex)


def test_building_a_record_that_a_run_left(tmp_path: Path) -> None:
    """A figure goes into the page, and into both documents by reference."""
    home = home_with(tmp_path / "home", hostile_record("harmless"))
    picture = b"\x89PNG\r\n\x1a\n" + bytes(10)
    (home / "discovered" / "hostile.png").write_bytes(picture)
    (home / "discovered" / "hostile.pdf").write_bytes(b"%PDF-1.4")
    build(list(library(home).values()), tmp_path / "out")
    made = files(tmp_path / "out")
    assert made["discovered/hostile.png"] == picture
    assert b"(../discovered/hostile.png)" in made["cards/hostile.md"]
    assert b"{figures/hostile.pdf}" in made["tex/rules/hostile.tex"]
    assert b"data:image/png;base64,iVBORw0KGgo" in made["catalog.html"]


def test_data_that_are_not_those_of_the_record(tmp_path: Path) -> None:
    record = hostile_record("harmless")
    assert record.evidence
    evidence = record.evidence.model_copy(update={"data": "0123456789abcdef"})
    home = home_with(tmp_path, record.model_copy(update={"evidence": evidence}))
    (home / "discovered" / "hostile.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for change in (lambda path: None, lambda path: path.write_text("rule,life,reward\n")):
        change(home / "discovered" / "hostile.csv")
        with pytest.raises(ConfigError, match=r"hostile\.csv is not the data"):
            library(home)


def test_a_card_says_where_its_rule_comes_from() -> None:
    assert "It comes from `bcm`." in markdown_card(find("bcm_power"))


def test_the_digest_of_a_saved_record_is_that_of_its_rule(tmp_path: Path) -> None:
    save_record(find("oja"), tmp_path / "oja.toml")
    assert load_record(tmp_path / "oja.toml").digest == parse(find("oja").equations).digest


def test_no_pdf_without_latex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rulegen.catalog.pages.pdf import make_pdf

    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(subprocess, "run", None)
    assert not make_pdf(tmp_path / "a.tex", tmp_path / "a.pdf")


def test_a_pdf_that_is_new_enough_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rulegen.catalog.pages.pdf import make_pdf

    document, pdf = tmp_path / "tex" / "a.tex", tmp_path / "a.pdf"
    document.parent.mkdir()
    document.write_text("")
    pdf.write_text("")
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr(subprocess, "run", None)
    os.utime(document, (1, 1))
    assert make_pdf(document, pdf)
    os.utime(pdf, (0, 0))
    with pytest.raises(TypeError):
        make_pdf(document, pdf)


def test_a_card_says_why_a_parameter_has_no_interval():
    """In every format, and nothing of it where a rule of the literature has no intervals at all."""
    text = "param eta = 0.1\nparam theta_1 = 0.3\nparam theta_2 = 0.2\n"
    text += "dw/dt = eta*(theta_1*pre*post + theta_2*post)"
    notes = {
        "theta_1": {"low": 0.25, "high": 0.35},
        "theta_2": {"why": "the lives show no maximum"},
    }
    about = {"name": "why", "title": "Why", "description": "Some.", "equations": text}
    record = Record.model_validate({**about, "kind": "discovered", "parameters": notes})
    for page in (markdown_card(record), html_card(record), latex_card(record)):
        words = re.sub(r"\\allowbreak\{\}|\\(?=_)|[{}]|\\(?=\[)", "", page)
        assert "none: the lives show no maximum" in words
        assert re.search(r"0\.25, ?0\.35", words)
        assert words.count("not fitted") == 1
    assert "not fitted" not in markdown_card(Record.model_validate(about))
