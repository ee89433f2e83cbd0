"""The built catalog: whole, deterministic and current."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from html_reader import read_html
from test_hostile_texts import hostile_record

from rulegen.catalog import Record, find, latex_card, markdown_card
from rulegen.catalog.pages.build import build, locked
from rulegen.catalog.pages.html import html_card
from rulegen.catalog.records.files import MARKS
from rulegen.catalog.records.library import HOME, library, read_entry
from rulegen.catalog.records.literature import literature
from rulegen.catalog.records.places import names
from rulegen.catalog.records.record import load_record, save_record
from rulegen.grammar import ConfigError, parse
from rulegen.grammar.printing.breaking import broken
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.latex_spelling import latex_lines
from rulegen.grammar.printing.mathml import mathml


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
    pages = Path(__file__).parent.parent / "catalog"
    for name, content in files(built).items():
        assert (pages / name).read_bytes() == content, name
    for place in ("cards", "tex/rules"):
        assert {p.name for p in (pages / place).iterdir()} == {
            p.name for p in (built / place).iterdir()
        }


def test_a_second_build_changes_nothing_and_renders_nothing(built: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in built.rglob("*.*") if not p.name.startswith(".")}
    done = build(list(library().values()), built)
    assert (done.rendered, done.written) == (0, 0)
    assert before == {p: p.stat().st_mtime_ns for p in before}


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


def test_a_notebook_reads_formulas_between_dollars():
    """Where code hosts want fences; nothing else of the card differs."""
    fenced, dollars = markdown_card(find("bcm")), markdown_card(find("bcm"), notebook=True)
    assert re.sub(r"```math\n(.*?)\n```", r"$$\n\1\n$$", fenced, flags=re.DOTALL) == dollars
    for path in (Path(__file__).parent.parent / "notebooks").glob("*.ipynb"):
        assert "```math" not in path.read_text(), path.name
