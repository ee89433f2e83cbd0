"""The journal: what is stored is never computed again, what is damaged is."""

import os
import subprocess
import sys
from contextlib import closing

import jax
import numpy as np
import pytest

from rulegen.circuits import RateCircuit
from rulegen.estimators import Evosax, Pgpe
from rulegen.fitting.ascent import Phase
from rulegen.grammar import RunError, parse
from rulegen.ground.digests import inputs_digest, programs
from rulegen.ground.journal import Journal, make_line
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.publishing.config import DiscoverConfig
from rulegen.tasks import DelayedAssociation

ONE = {"configuration": "one", "code": "1"}


def never():
    raise AssertionError("computed again")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "history.jsonl"
    with closing(Journal(path, ONE)) as journal:
        for i in range(3):
            journal.recall(f"result {i}", [i], lambda i=i: {"value": i / 3})
    return path


@pytest.fixture
def reopen(path):
    """Opens the journal again, any number of times; closes each."""
    journals = []

    def reopen():
        for journal in journals:
            journal.close()
        journals.append(Journal(path, ONE))
        return journals[-1]

    yield reopen
    for journal in journals:
        journal.close()


def test_results_are_recalled_exactly(reopen):
    journal = reopen()
    assert [journal.recall(f"result {i}", [i], never)["value"] for i in range(3)] == [
        0,
        1 / 3,
        2 / 3,
    ]
    assert "result 2" in journal
    assert "result 3" not in journal


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_line_cut_short_is_computed_again(path, reopen, cut):
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    journal = reopen()
    assert journal.recall("result 1", [1], never) == {"value": 1 / 3}
    assert "result 2" not in journal
    assert journal.recall("result 2", [2], lambda: {"value": 2 / 3}) == {"value": 2 / 3}
    journal.close()
    assert len(path.read_bytes().splitlines()) == 4
    assert not path.with_name("history.jsonl.damaged").exists()
    assert reopen().recall("result 2", [2], never)


def test_damage_in_the_middle_ends_the_trusted_part(path, reopen):
    path.write_bytes(path.read_bytes().replace(b"0.3333", b"0.4333"))
    journal = reopen()
    assert "result 0" in journal
    assert "result 1" not in journal
    assert "result 2" not in journal
    damaged = path.with_name("history.jsonl.damaged").read_bytes()
    assert len(damaged.splitlines()) == 2


def test_what_was_damaged_before_is_kept(path, reopen):
    whole, aside = path.read_bytes(), path.with_name("history.jsonl.damaged")
    path.write_bytes(whole.replace(b"0.3333", b"0.4333"))
    reopen().close()
    first = aside.read_bytes()
    path.write_bytes(whole.replace(b"0.6666", b"0.7777").replace(b'"result 0"', b'"result 9"'))
    reopen().close()
    assert aside.read_bytes() == first
    assert b"0.7777" in path.with_name("history.jsonl.damaged-2").read_bytes()


def test_what_is_damaged_is_not_written_through_a_link(path, reopen, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    path.with_name("history.jsonl.damaged").symlink_to(precious)
    path.write_bytes(path.read_bytes().replace(b"0.3333", b"0.4333"))
    reopen().close()
    assert precious.read_text() == "mine"
    assert b"0.4333" in path.with_name("history.jsonl.damaged-2").read_bytes()


def test_another_identity_is_refused(path, reopen):
    before = path.read_bytes()
    with pytest.raises(RunError, match="another configuration"):
        Journal(path, {"configuration": "two"})
    assert path.read_bytes() == before
    reopen().close()


def test_a_second_process_is_refused(path, reopen):
    journal = reopen()
    code = f"""
from pathlib import Path
from rulegen.ground.journal import Journal, make_line
Journal(Path({str(path)!r}), {ONE}).close()
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    second = [sys.executable, "-c", code]
    refused = subprocess.run(second, capture_output=True, text=True, env=environment)
    assert refused.returncode != 0
    assert "another process is writing" in refused.stderr
    journal.close()
    assert subprocess.run(second, env=environment).returncode == 0


def test_a_run_of_other_code_is_refused_with_what_to_do(path, reopen):
    """Edited code must not go on with results of the old, and publish them as its own."""
    before = path.read_bytes()
    with pytest.raises(RunError, match=r"differs from this run in code.*start anew"):
        Journal(path, ONE | {"code": "2"})
    with pytest.raises(RunError, match="differs from this run in jax"):
        Journal(path, ONE | {"jax": "1.0"})
    assert path.read_bytes() == before
    reopen().close()


@pytest.mark.parametrize("text", ["", "{}\n", "hello\n", '{"name":"header","data":{}}\n'])
def test_a_file_that_is_no_history_is_left_as_it_is(tmp_path, text):
    path = tmp_path / "history.jsonl"
    path.write_text(text)
    if text:
        with pytest.raises(RunError, match="no history"):
            Journal(path, ONE)
    else:
        Journal(path, ONE).close()
    assert path.read_text().startswith(text)


def test_a_name_with_other_inputs_is_another_result(path, reopen, monkeypatch):
    """A run computes it anew and keeps both; tests call it a mistake."""
    with pytest.raises(AssertionError, match="`result 1` from other inputs"):
        reopen().recall("result 1", [7], never)
    monkeypatch.setattr(Journal, "strict", False)
    assert reopen().recall("result 1", [7], lambda: {"value": 7.0}) == {"value": 7.0}
    again = reopen()
    assert again.recall("result 1", [7], never) == {"value": 7.0}
    assert again.recall("result 1", [1], never) == {"value": 1 / 3}


def test_every_input_counts_to_the_last_bit():
    """Values, keys, lives, settings, rules and worlds; the budget of memory does not."""
    world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation())
    rule = parse("param a = 0.3 free\nw += a*pre*post")

    def bench(**changes):
        return Bench(world.model_copy(update=changes), rule)

    key, values = jax.random.key(0), np.array([0.1, 0.2])
    base = [bench(), values, key, 64, Pgpe()]
    others = [
        [bench(life=LifeSettings(trials=3, warmup=0)), *base[1:]],
        # What only this task and this circuit have.
        [bench(task=DelayedAssociation(delay=300)), *base[1:]],
        [bench(circuit=RateCircuit(neurons=4, tau=20)), *base[1:]],
        [bench().world, *base[1:]],
        [bench(task=DelayedAssociation(delay=300)).world, *base[1:]],
        [Bench(world, parse("param a = 0.3 free\nw += a*pre*pre")), *base[1:]],
        [base[0], np.nextafter(values, 1.0), *base[2:]],
        [*base[:2], jax.random.key(2**32 + 1), *base[3:]],
        [*base[:3], 65, Pgpe()],
        [*base[:4], Pgpe(lives=6)],
    ]
    digests = [inputs_digest(inputs) for inputs in (base, *others)]
    assert len(set(digests)) == len(digests)
    assert inputs_digest([bench(memory_mb=64.0), *base[1:]]) == digests[0]
    with pytest.raises(TypeError, match="cannot depend on"):
        inputs_digest([object()])


def test_programs_know_precision_and_the_libraries_of_parts(x64):
    assert programs()["precision"] == "float64"
    assert "scipy" in programs()
    run = {"name": "a", "rule": "param a = 0.3 free\nw += a*pre*post", "task": DelayedAssociation()}
    assert "evosax" not in DiscoverConfig(**run).identity
    assert "evosax" in DiscoverConfig(**run, fit=(Phase(estimator=Evosax()),)).identity


def test_a_failed_computation_leaves_nothing_behind(reopen):
    journal = reopen()
    with pytest.raises(AssertionError):
        journal.recall("result 3", [3], never)
    journal.close()
    assert "result 3" not in reopen()


def test_a_first_line_that_a_crash_cut_short(tmp_path):
    """It is written anew, unless it is something else."""
    path, identity = tmp_path / "history.jsonl", {"configuration": "x"}
    with Journal(path, identity) as journal:
        journal.recall("answer", [], lambda: {"value": 42})
    whole = path.read_bytes()
    for length in (0, 1, 30, whole.index(b"\n")):
        path.write_bytes(whole[:length])
        with Journal(path, identity) as journal:
            assert journal.recall("answer", [], lambda: {"value": 43})["value"] == 43
    path.write_bytes(b"something else")
    with pytest.raises(RunError, match="is no history"):
        Journal(path, identity)
    assert path.read_bytes() == b"something else"


def test_a_history_that_is_a_link_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").write_text("mine")
    path = tmp_path / "history.jsonl"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match=r"history.jsonl is a link; put the file itself there"):
        Journal(path, {"configuration": "x"})
    assert (tmp_path / "elsewhere").read_text() == "mine"


FORGED = {
    "brackets": b'{"check":1,"name":"a","inputs":"b","seconds":0.0,"data":'
    + b"[" * 100_000
    + b"\n",
    "no name": make_line(7, "b", {}, 0.0),
    "a list as a name": make_line(["a"], "b", {}, 0.0),
    "no inputs": make_line("a", None, {}, 0.0),
    "a list of data": make_line("a", "b", [1], 0.0),
    "no data": make_line("a", "b", None, 0.0),
    "no seconds": make_line("a", "b", {}, "long"),
    "whole seconds": make_line("a", "b", {}, 10**30),
    "endless seconds": make_line("a", "b", {}, float("inf")),
    "negative seconds": make_line("a", "b", {}, -1.0),
}


@pytest.mark.parametrize("line", FORGED.values(), ids=FORGED)
def test_lines_that_no_run_writes(path, reopen, line):
    """A checksum that fits is not enough: they are damaged, and what follows is made again."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], line, *lines[2:]]))
    journal = reopen()
    assert journal.damaged == 3
    assert journal.recall("result 0", [0], never) == {"value": 0.0}
    assert journal.recall("result 1", [1], lambda: {"value": 1 / 3}) == {"value": 1 / 3}


@pytest.mark.parametrize("line", FORGED.values(), ids=FORGED)
def test_a_history_that_begins_with_such_a_line(path, line):
    path.write_bytes(line)
    with pytest.raises(RunError, match="is no history"):
        Journal(path, ONE)
    assert path.read_bytes() == line


@pytest.mark.parametrize(
    "changed", [lambda b: b"\xef\xbb\xbf" + b, lambda b: b.replace(b"\n", b"\r\n")]
)
def test_a_history_that_an_editor_wrote_anew(path, changed):
    """Its lines end elsewhere, so that nothing is appended to it, and it is told."""
    content = changed(path.read_bytes())
    path.write_bytes(content)
    with pytest.raises(RunError, match="with a byte-order mark or lines that end in CRLF"):
        Journal(path, ONE)
    assert path.read_bytes() == content
