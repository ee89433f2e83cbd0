"""References as BibTeX: every citation of the catalog is read, and no text is markup."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from test_hostile_texts import HOSTILE, hostile_record

from rulegen.catalog import Record, Reference, find, literature
from rulegen.catalog.pages.bibtex import bibtex, software
from rulegen.catalog.records.library import library

ROOT = Path(__file__).parent.parent
ENTRY = re.compile(r"@(\w+)\{([a-zA-Z0-9_]+),\n((?:  \w+ = \{.*\},\n)*)\}\n")


def entries(text):
    """Kind and fields of all entries, by key."""
    found = {}
    for kind, key, fields in ENTRY.findall(text):
        assert key not in found
        found[key] = {"kind": kind, **dict(re.findall(r"  (\w+) = \{(.*)\},\n", fields))}
    assert ENTRY.sub("", text).strip() == ""
    return found


def test_every_citation_of_the_catalog_is_read():
    records = [entry.record for entry in library().values()]
    found = entries(bibtex(records))
    sources = {r.citation for record in records for r in record.references}
    discovered = [record for record in records if record.kind == "discovered"]
    assert len(found) == len(sources) + len(discovered)
    for key, fields in found.items():
        if key.startswith("rulegen_"):
            assert "digest" in fields["note"]
            continue
        assert re.fullmatch(r"\d{4}", fields["year"]) and fields["author"] and fields["title"]
        assert "{" not in fields["author"].replace(r"\{", ""), "an author who was not read"
        assert "note" not in fields
    assert found["foldiak1990forming"]["author"] == "Földiák, P."
    assert found["hebb1949organization"]["publisher"] == "Wiley"
    assert found["hopfield1982neural"]["pages"] == "2554--2558"


def test_all_licences_are_named():
    assert {entry.record.licence for entry in library().values()} == {"MIT"}


def test_a_citation_of_another_form_stands_as_a_note():
    record = find("oja").model_copy(update={"references": (Reference(citation="In a letter"),)})
    (fields,) = entries(bibtex([record])).values()
    assert fields["note"] == "In a letter"


def test_two_references_never_share_a_key():
    sources = tuple(
        Reference(citation=f"Oja E (1982). A simplified {what}. Neuron {i}: 1-2.")
        for i, what in enumerate(["neuron", "brain", "mind"])
    )
    record = find("oja").model_copy(update={"references": sources})
    assert len(entries(bibtex([record, record]))) == 3


def test_no_reference_is_lost_among_many_of_one_key():
    sources = tuple(
        Reference(citation=f"Smith J (2001). Networks {i}. Neuron {i}: 1-2.") for i in range(40)
    )
    record = find("oja").model_copy(update={"references": sources})
    assert len(entries(bibtex([record, record]))) == 40


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markup(text):
    shown = bibtex([hostile_record(text)])
    entries(shown)
    bare = re.sub(r"\\text[a-z]+\{\}", "", shown)
    assert bare.count("{") == bare.count("}")
    assert not re.search(r"(?<!\\)[&%$#_](?!\w*,\n)", re.sub(r"@.*\n", "", bare))


def test_the_command(tmp_path):
    def told(*rules):
        command = [sys.executable, "-m", "rulegen", "cite", *rules]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    found = entries(told("oja", "local_search").stdout)
    assert set(found) == {"oja1982simplified", "rulegen_local_search", "rulegen"}
    assert entries(told().stdout) == entries(software(version("rulegen")))
    (tmp_path / "mine.txt").write_text("w += 0.1*pre*post")
    done = told("mine.txt")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("rulegen: mine.txt: a rule alone has no references")


def test_the_citation_file_says_what_the_package_says():
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (told["version"], told["license"]) == (project["version"], project["license"])
    fields = entries(software(told["version"]))["rulegen"]
    assert told["authors"][0]["name"] in fields["author"]
    assert told["title"] == fields["title"].strip("{}")


def test_a_licence_is_one():
    rule = {"name": "a", "title": "A", "description": "", "equations": "w += 0.1*pre*post"}
    assert Record(**rule, licence="MIT OR CC-BY-4.0").licence
    with pytest.raises(ValueError, match="licence"):
        Record(**rule, licence="<b>mine</b>")
    assert all(record.licence for record in literature().values())
