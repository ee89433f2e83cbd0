"""Pages read back: every number in their prose and tables stands in what lies beside them."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from readback import edited, numbers, printed, unsupported

from benchmarks import results
from benchmarks.measure import Row
from benchmarks.page import write_page
from rulegen.catalog import load_record
from rulegen.catalog.likeness.naming import named
from rulegen.catalog.records.facets import facets
from rulegen.catalog.records.worlds import level

ROOT = Path(__file__).parent.parent
DOCS, CATALOG = ROOT / "docs", ROOT / "catalog"
FOUND = sorted(path.stem for path in (CATALOG / "discovered").glob("*.toml"))
#: Pages that commands make, and what they keep beside them; None: nothing yet.
MADE = {
    "analyses.md": None,
    "experiments.md": None,
    "coverage.md": None,
    "estimators.md": "estimators/*.csv",
    "exports.md": None,
    "generalist.md": None,
    "literature.md": None,
    "neurogym.md": None,
    "random-rules.md": None,
    "performance.md": "../benchmarks/results.json",
    "reproductions.md": None,
    "results.md": "results.json",
    "selection.md": None,
    "tasks.md": None,
    "together.md": None,
    "verification.md": None,
}


def module(name):
    """A script of the folder docs."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def record_of(name):
    return load_record(CATALOG / "discovered" / f"{name}.toml")


def choosing(record):
    """In how many worlds a rule was chosen."""
    return sum(world.chosen_in for world in record.evidence.worlds)


def known(name):
    """What a card may print: the record, what its rule is, counts of its parts, the margin."""
    record = record_of(name)
    evidence = record.evidence
    counts = [len(evidence.looks), evidence.margin, -evidence.margin, choosing(record)]
    if evidence.worlds:
        counts.append(level(evidence.worlds))
    return numbers(record, named(record.rule).text, counts)


def card(name):
    return (CATALOG / "cards" / f"{name}.md").read_text()


@pytest.mark.parametrize("name", FOUND)
def test_numbers_on_cards_stand_in_their_records(name):
    assert unsupported(card(name), known(name)) == []


@pytest.mark.parametrize("name", FOUND)
def test_a_number_that_was_edited_is_found(name):
    """Of figures with four digits; a count of 2 or a setting of 60.0 may be many things."""
    page, right = card(name), known(name)
    found = [m for _, _, m in printed(page) if len(re.sub(r"\D", "", m[0]).lstrip("0")) >= 4]
    assert len(found) > 15
    spoilt = [page[: m.start()] + edited(m[0]) + page[m.end() :] for m in found]
    missed = [m[0] for m, text in zip(found, spoilt, strict=True) if not unsupported(text, right)]
    assert len(missed) <= 0.05 * len(found), f"{missed} became figures of something else"


def test_the_list_of_the_catalog_shows_the_records():
    page = (CATALOG / "README.md").read_text()
    section = page[page.index("## Discovered") : page.index("## From the literature")]
    rows = [row for row in section.splitlines() if "](cards/" in row]
    assert len(rows) == len(FOUND)
    for row in rows:
        record = record_of(re.search(r"cards/(\w+)\.md", row)[1])
        counts = [facets(record).complexity, choosing(record)]
        assert unsupported(row, numbers(record, counts)) == []


def test_every_page_that_is_made_is_known_here():
    made = {
        path.name
        for path in DOCS.glob("*.md")
        if re.search(r"[Mm]ade\s+by\s+`make [\w-]+`|`make exports-check`", path.read_text())
        and not path.name.startswith(("architecture", "catalog", "scaling"))
    }
    assert made == set(MADE)


def test_the_page_of_benchmarks_is_that_of_its_results(tmp_path):
    rows = [Row(**row) for row in json.loads((ROOT / "benchmarks" / "results.json").read_text())]
    page = (DOCS / "performance.md").read_text()
    kind = re.search(r"Made by `make bench` on (.*?)\. Every", page, re.DOTALL)[1]
    write_page(rows, kind, tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text() == page


def test_the_page_of_results_is_that_of_its_summaries():
    if not results.KEPT.exists():
        pytest.skip("`make results` has not kept its summaries yet")
    assert results.page(json.loads(results.KEPT.read_text())) == (DOCS / "results.md").read_text()


@pytest.mark.parametrize("name", [name for name in results.SEEDS if name in FOUND])
def test_what_is_published_is_the_first_seed_of_the_results(name):
    """The catalog and the table of all seeds are about the same run."""
    page = (DOCS / "results.md").read_text()
    section = page[page.index(f"## {name}\n") :].split("\n## ")[0]
    (row,) = re.findall(r"^\| 1 \|.*$", section, re.MULTILINE)
    *cells, _, _ = row.strip("| ").split(" | ")  # seconds and MB are of the machine
    assert unsupported(" | ".join(cells), numbers(record_of(name))) == []


def test_the_tables_of_estimators_are_those_that_are_kept():
    made, page = module("estimators"), (DOCS / "estimators.md").read_text()
    assert made.filled(page) == page
    for name, place in made.PLACES:
        table = pd.read_csv(made.TABLES / f"{name}-{place}.csv")
        assert (table["seconds_per_life"].dropna() > 0).all()


@pytest.mark.parametrize("name", ["estimators"])
def test_prose_above_tables_says_what_they_say(name):
    """Ratios and figures in the prose of a page are among the numbers of its tables."""
    page = (DOCS / f"{name}.md").read_text()
    prose = page[page.index("What they say:") : page.index("Every fit begins")]
    tables = page[page.index("<!-- tables -->") :]
    assert unsupported(prose, numbers(tables)) == []


def test_numbers_are_read_as_they_are_printed():
    text = "-0.287 [-0.41, 0.45], 95% at 1.5e-3 and 40%; `theta_1`, x**2, 0.10.2, ms^-1"
    assert [match[0] for _, _, match in printed(text)] == [
        "-0.287", "-0.41", "0.45", "95%", "1.5e-3", "40%",
    ]  # fmt: skip
    assert unsupported("0.287", numbers([0.28651])) == []
    assert unsupported("0.287", numbers([0.28649])) == ["0.287"]
    assert unsupported("99.4%", numbers({"level": 0.99375})) == []
    assert unsupported("-0.1", numbers([0.1])) == ["-0.1"]
    assert unsupported("2.01", numbers(tomllib.loads('a = "x + 2.01"'))) == []
    assert unsupported("7", numbers([True, None, "x7"])) == ["7"]
