"""Every record of the literature is complete, and its rule survives all that is done to rules."""

from __future__ import annotations

import pytest

from rulegen.catalog import Record, find, literature
from rulegen.catalog.records.places import names
from rulegen.grammar import ConfigError, parse

RECORDS = literature().values()


@pytest.fixture(params=RECORDS, ids=names())
def record(request: pytest.FixtureRequest) -> Record:
    return request.param


def test_text_and_notation(record: Record) -> None:
    rule = record.rule
    assert parse(rule.text()) == rule
    assert rule.canonical().digest == rule.digest
    assert rule.latex(), "it prints"
    assert rule.markdown()


def test_certificate_and_units(record: Record) -> None:
    rule = record.rule
    certificate = rule.locality()
    assert certificate.local == (not rule.nonlocal_names)
    assert ("non-local" in record.tags) == (not certificate.local)
    assert rule.units().keys() >= {p.name for p in rule.parameters}


def test_the_record_is_complete(record: Record) -> None:
    rule = record.rule
    assert record.kind == "literature"
    assert record.title
    assert record.description
    assert record.fact
    assert record.tags
    assert record.references
    assert all(p.value is not None for p in rule.parameters), "it can be run as it stands"
    documented = {p.name for p in rule.parameters if not p.free}
    assert record.parameters.keys() == documented
    assert set(record.lineage) <= set(names())


def test_rules_differ() -> None:
    digests = {r.digest for r in RECORDS}
    assert len(digests) == len(RECORDS)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="did you mean `sanger`"):
        find("sangers")
    with pytest.raises(ConfigError, match="`rulegen catalog list` shows all"):
        find("?")
    with pytest.raises(ConfigError, match="there is no rule"):
        find("../record")
