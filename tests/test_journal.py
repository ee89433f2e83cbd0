"""The journal: what is stored is never computed again, what is damaged is."""

import os
import subprocess
import sys
from contextlib import closing

import pytest

from grammar import RunError
from rulegen.journal import Journal


def never():
    raise AssertionError("computed again")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "history.jsonl"
    with closing(Journal(path, "one")) as journal:
        for i in range(3):
            journal.recall(f"result {i}", lambda i=i: {"value": i / 3})
    return path


@pytest.fixture
def reopen(path):
    """Opens the journal again, any number of times; closes each."""
    journals = []

    def reopen():
        for journal in journals:
            journal.close()
        journals.append(Journal(path, "one"))
        return journals[-1]

    yield reopen
    for journal in journals:
        journal.close()


def test_results_are_recalled_exactly(reopen):
    journal = reopen()
    assert [journal.recall(f"result {i}", never)["value"] for i in range(3)] == [0, 1 / 3, 2 / 3]
    assert "result 2" in journal
    assert "result 3" not in journal


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_line_cut_short_is_computed_again(path, reopen, cut):
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    journal = reopen()
    assert journal.recall("result 1", never) == {"value": 1 / 3}
    assert "result 2" not in journal
    assert journal.recall("result 2", lambda: {"value": 2 / 3}) == {"value": 2 / 3}
    journal.close()
    assert len(path.read_bytes().splitlines()) == 4
    assert not path.with_name("history.jsonl.damaged").exists()
    assert reopen().recall("result 2", never)


def test_damage_in_the_middle_ends_the_trusted_part(path, reopen):
    path.write_bytes(path.read_bytes().replace(b"0.3333", b"0.4333"))
    journal = reopen()
    assert "result 0" in journal
    assert "result 1" not in journal
    assert "result 2" not in journal
    damaged = path.with_name("history.jsonl.damaged").read_bytes()
    assert len(damaged.splitlines()) == 2


def test_another_identity_is_refused(path, reopen):
    before = path.read_bytes()
    with pytest.raises(RunError, match="another configuration"):
        Journal(path, "two")
    assert path.read_bytes() == before
    reopen().close()


def test_a_second_process_is_refused(path, reopen):
    journal = reopen()
    code = f"""
from pathlib import Path
from rulegen.journal import Journal
Journal(Path({str(path)!r}), "one").close()
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    second = [sys.executable, "-c", code]
    refused = subprocess.run(second, capture_output=True, text=True, env=environment)
    assert refused.returncode != 0
    assert "another process is writing" in refused.stderr
    journal.close()
    assert subprocess.run(second, env=environment).returncode == 0


def test_a_failed_computation_leaves_nothing_behind(reopen):
    journal = reopen()
    with pytest.raises(AssertionError):
        journal.recall("result 3", never)
    journal.close()
    assert "result 3" not in reopen()
