"""The catalog in LaTeX: its first pages, tables that fit their lines, intervals in one piece."""

import re
import shutil
import subprocess
import zlib
from pathlib import Path
from urllib.parse import unquote

import pytest

from rulegen.catalog import Reference, find, latex_card, save_record
from rulegen.catalog.pages.build import build
from rulegen.catalog.pages.card import card
from rulegen.catalog.pages.latex import (
    INTERVAL,
    breakable,
    columns,
    longest_piece,
    plain,
    table,
)
from rulegen.catalog.pages.pdf import make_pdf
from rulegen.catalog.pages.tables import Table
from rulegen.catalog.records.library import library


def test_an_interval_stays_together():
    shown = breakable("0.8392 [0.828, -8.5e-05], a,b")
    assert r"\mbox{{[}0.828, {-}8.5e{-}05{]}}" in shown
    assert shown.count("allowbreak") == 2
    assert longest_piece("0.8392 [0.828, 0.8511]") == len("[0.828, 0.8511]")


def test_every_interval_of_a_table_stays_together():
    cells = [cell for b in library().values() for cell in intervals_of(b.record)]
    assert len(cells) > 100
    assert all(r"\mbox" in breakable(cell) for cell in cells)


def intervals_of(record):
    tables = [b for b in card(record) if isinstance(b, Table)]
    return [c for t in tables for row in t.body for c in row if INTERVAL.search(c)]


def test_a_table_of_many_columns_has_smaller_letters():
    head = tuple(f"column{i}" for i in range(11))
    size, wide = columns(Table(head, (("x" * 8,) * 11,)))
    assert size != "small"
    shares = [float(s) for s in re.findall(r"p\{([\d.]+)\\linewidth\}", wide)]
    assert len(shares) == 11 and sum(shares) <= 1.0
    assert rf"{{\{size}\begin{{longtable}}" in table(Table(head, (("x" * 8,) * 11,)))


def test_a_document_says_what_it_is(tmp_path: Path):
    assert "pdftitle={Oja{'}s rule}".replace("{'}", r"\textquotesingle{}") in latex_card(
        find("oja")
    )
    build([library()[name] for name in ("oja", "local_search")], tmp_path)
    text = (tmp_path / "tex" / "catalog.tex").read_text()
    assert "2 rules of synaptic plasticity" in text and "pdfauthor=" in text
    discovered, literature = (text.index(f"{{part}}{{{t}") for t in ("Discovered", "From the"))
    assert discovered < text.index("rules/local_search") < literature < text.index("rules/oja")


def test_no_picture_is_higher_than_its_page():
    """That of twelve worlds ran over the number of its page."""
    shown = latex_card(find("generalist"), figure="generalist.pdf")
    (size,) = re.findall(r"includegraphics\[(.*?)\]", shown)
    assert r"height=.95\textheight" in size and "keepaspectratio" in size


@pytest.mark.skipif(shutil.which("latexmk") is None, reason="no latexmk")
def test_the_printed_catalog_has_its_pages(tmp_path: Path):
    names = ("oja", "clopath", "measurable_signals")
    build([library()[name] for name in names], tmp_path)
    assert make_pdf(tmp_path / "tex" / "catalog.tex", tmp_path / "catalog.pdf")
    assert (tmp_path / "catalog.pdf").read_bytes().startswith(b"%PDF")
    if shutil.which("pdfinfo"):
        told = subprocess.run(
            ["pdfinfo", tmp_path / "catalog.pdf"], capture_output=True, text=True, check=True
        ).stdout
        assert re.search(r"Title: +Plasticity rules: a catalog", told)
        assert re.search(r"Author: +The rulegen developers", told)


@pytest.mark.skipif(shutil.which("latexmk") is None, reason="no latexmk")
def test_addresses_are_what_they_say(tmp_path: Path):
    """Links of the PDF lead to the DOIs, whatever is in them and wherever they stand."""
    tails = ("a-b", "_c", "(d)e", ";2-f", "a" * 80)
    links = [f"10.1523/JNEUROSCI.02-01-00032.1982{tail}" for tail in tails]
    sources = tuple(
        Reference(citation=f"Oja E (1982). A {number}. B 1: 1-2.", doi=doi)
        for number, doi in enumerate(links)
    )
    record = find("oja").model_copy(update={"references": sources})
    (tmp_path / "rules").mkdir()
    save_record(record, tmp_path / "rules" / "oja.toml")
    build([library(tmp_path)["oja"]], tmp_path)
    assert make_pdf(tmp_path / "tex" / "catalog.tex", tmp_path / "catalog.pdf")
    content = (tmp_path / "catalog.pdf").read_bytes()
    streams = re.findall(rb"stream\r?\n(.*?)endstream", content, re.S)
    content += b"".join(inflated(s) for s in streams)
    found = re.findall(r"/URI ?\((https:[^()]*)\)", content.decode("latin-1"))
    assert {f"https://doi.org/{link}" for link in links} <= {unquote(link) for link in found}


def inflated(stream: bytes) -> bytes:
    """What is packed in a stream of a PDF; nothing where it is no such stream."""
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def test_a_word_that_is_longer_than_a_line_breaks():
    assert plain("w" * 100).count(r"\allowbreak{}") == 2
    assert plain("two " * 30).count("allowbreak") == 0
