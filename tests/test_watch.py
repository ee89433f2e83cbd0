"""Watching runs: histories that grow, that are cut short, that are no longer written."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import numpy as np
import pytest

from rulegen.catalog.pages.html import content_hash
from rulegen.estimators import MetaGradient
from rulegen.grammar import ConfigError
from rulegen.ground.journal import Journal, make_line
from rulegen.ground.outlook import spoken
from rulegen.ground.progress import Met
from rulegen.lives.outcomes import Outcomes
from rulegen.watching.history import History, planned
from rulegen.watching.page import compared_page, page, row, run_page, runs_page
from rulegen.watching.runs import Runs

CONFIG = """
name = "tried"
rule = '''
param theta_1 = 0.1 free
param theta_2 = 0.1 free
dw/dt = theta_1*pre*post + theta_2*pre
'''
[task]
name = "delayed_association"
"""
#: The parameters of that family, as a history has their values.
VALUES = [0.3, 0.2]


def gradient(number, stage="fit 1 (pathwise)", reward=-0.5):
    rewards = np.array([reward - 0.1, reward, reward + 0.1])
    outcomes = Outcomes(ok=2, diverged=1)
    found = MetaGradient(np.array([3.0, 4.0]), np.array([0.6, 0.8]), rewards, outcomes, 0, 3)
    return make_line(f"{stage}/{number}", "0" * 16, {"values": VALUES, **found.stored()}, 1.5)


def look(number, reward):
    found = Met(2, reward, reward - 0.01, reward + 0.01, "0.3 pre*post <b>")
    data = {"mean": -0.01, "low": -0.02, "high": 0.0, "lives": 64, "found": [found]}
    return make_line(f"look {number}", "0" * 16, data, 2.0)


def judged(number, difference, *rules):
    """A look at two rules, the new one first, each by its size, its reward and its text."""
    mean, low, high = difference
    found = [Met(size, reward, reward - 0.01, reward + 0.01, text) for size, reward, text in rules]
    data = {"mean": mean, "low": low, "high": high, "lives": 64, "found": found}
    return make_line(f"look {number}", "0" * 16, data, 2.0)


BOTH, ONE = (2, -0.2, "0.3*pre*post + 0.2*pre"), (1, -0.21, "0.4*pre*post")
LOOKS = [
    judged(1, (0.001, -0.001, 0.002), ONE, BOTH),
    judged(2, (0.01, -0.004, 0.03), (2, -0.1, "0.4*pre*post - 0.1*pre"), ONE),
    judged(3, (-0.3, -0.31, -0.29), (0, -0.5, "no term"), (1, -0.22, "0.5*pre*post")),
]
HEADER = make_line("header", "", {"format": "2"}, 0.0)


def a_run(folder, *lines, config=CONFIG):
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(config)
    (folder / "history.jsonl").write_bytes(b"".join((HEADER, *lines)))
    return folder


def test_what_a_history_says(tmp_path):
    history = History(a_run(tmp_path / "a", gradient(0), gradient(1, reward=-0.4), look(1, -0.3)))
    history.refresh()
    assert [round(i.reward, 3) for i in history.iterations] == [-0.5, -0.4]
    assert history.iterations[0].signal == pytest.approx(5.0)
    assert history.top.reward == -0.3 and history.looks[0].rules[0].text == "0.3 pre*post <b>"
    assert history.outcomes == Outcomes(ok=4, diverged=2)
    assert history.seconds == 5.0 and 0 < history.share < 1
    text = run_page(history, alone=True)
    for part in (
        "stopped",
        "pre*post",
        "Signal to noise",
        "of 6 lives of the fits and refits",
        "33.33%",
    ):
        assert part in text
    assert "<b>" not in text


def test_a_page_follows_refits_and_says_what_looks_decide(tmp_path):
    refits = [gradient(n, "prune 1: refit", reward=-0.3) for n in range(2)]
    ends = [make_line(name, "", {}, 1.0) for name in ("refine 4: : start", "intervals/0")]
    history = History(a_run(tmp_path / "a", gradient(0), *refits, *LOOKS, *ends)).refresh()
    text = run_page(history, alone=True)
    for part in (
        "<bdi>refit for look 1</bdi>",
        "look 1, without pre: accepted",
        "look 2, with pre: undecided",
        "look 3, without pre*post: refused",
        "refinement 4 without terms, choice of a start",
        "intervals, survey 1",
        "stands after the looks",
    ):
        assert part in text
    # What the looks leave has the star, as it was met last, and not what earned most.
    assert history.top.text == "0.5*pre*post"
    assert max(history.best.values(), key=lambda found: found.reward).complexity == 2


PUBLISHED = {
    "is": "<i>like</i> none", "equation": "dw/dt = 2*pre", "terms": ["pre"],
    "reward": {"mean": -0.125, "low": -0.15, "high": -0.1, "lives": 512},
}  # fmt: skip


def test_a_finished_run_says_what_it_published(tmp_path):
    folder = a_run(tmp_path / "a", *LOOKS, judged(4, (0, 0, 0), (1, -0.3, "2*pre"), BOTH))
    (folder / "summary.json").write_text(json.dumps(PUBLISHED))
    (folder / "report.html").write_text("")
    history = History(folder).refresh()
    text = run_page(history, alone=True)
    for part in (
        "&lt;i&gt;like",
        "dw/dt = 2*pre",
        "-0.1250 [-0.1500, -0.1000] on 512",
        "published",
    ):
        assert part in text
    assert str(folder / "report.html") in text
    assert history.top.text == "2*pre" and row("a", history)["best"] == "-0.1250"
    # It was fitted again after it was met: the values of then are not those that were published.
    assert "has the terms that were published, at the values" in text
    beside = compared_page({"a": history})
    assert "<td><bdi>pre</bdi></td>" in beside and "2*pre" not in beside


def test_intervals_are_no_shorter_than_their_surveys(tmp_path):
    """A survey of four parameters has 42 points: surveys are counted, of the most there are."""
    shares = []
    for done in (1, 3, 6):
        surveys = [make_line(f"intervals/{n}", "", {}, 1.0) for n in range(done)]
        shares.append(History(a_run(tmp_path / str(done), gradient(0), *surveys)).refresh().share)
    legs = planned(History(tmp_path / "1").refresh().config)
    (leg,) = (leg for leg in legs if leg.name == "intervals")
    part = leg.weight / sum(leg.weight for leg in legs)
    assert shares[1] - shares[0] == pytest.approx(part * 2 / 6) and shares[2] > shares[1]


@pytest.mark.parametrize(
    "wrong", ["", "[]", "{}", "[" * 5000, "\x00", '{"a": NaN}', *map(json.dumps, (
        PUBLISHED | {"reward": 1}, PUBLISHED | {"equation": "\ud800"}, PUBLISHED | {"terms": [1]},
        PUBLISHED | {"reward": PUBLISHED["reward"] | {"mean": 10**400}},
    ))],
)  # fmt: skip
def test_a_summary_that_says_nothing(tmp_path, wrong):
    folder = a_run(tmp_path / "a", *LOOKS)
    (folder / "summary.json").write_text(wrong)
    history = History(folder).refresh()
    assert "says nothing readable" in run_page(history, alone=True)
    assert "finished" in runs_page({"a": history}) and compared_page({"a": history})


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_that_is_being_written_is_left_for_the_next_time(tmp_path, cut):
    whole = gradient(1)
    folder = a_run(tmp_path / "a", gradient(0), whole[:-cut])
    history = History(folder).refresh()
    assert (len(history.iterations), history.damaged) == (1, 0)
    with (folder / "history.jsonl").open("ab") as file:
        file.write(whole[-cut:])
    assert (len(history.refresh().iterations), history.damaged) == (2, 0)
    assert history.seconds == 3.0


def test_a_history_that_is_another_one_is_read_anew(tmp_path):
    folder = a_run(tmp_path / "a", gradient(0), gradient(1))
    history = History(folder).refresh()
    (folder / "history.jsonl").write_bytes(HEADER + gradient(0))
    assert len(history.refresh().iterations) == 1


NONSENSE = [
    b"\x00\xff\n", b"{}\n", b"[" * 5000 + b"\n",
    make_line("fit 1 (x)/0", "", {"gradient": "x"}, 1.0),
    make_line("look 1", "", {"mean": 0.0}, 1.0),
    make_line("strategy 1 (x) 1", "", {"found": [[1, 2]]}, 1.0),
]  # fmt: skip


@pytest.mark.parametrize("line", NONSENSE)
def test_lines_that_say_nothing_are_counted(tmp_path, line):
    history = History(a_run(tmp_path / "a", gradient(0), line, gradient(1))).refresh()
    assert len(history.iterations) == 2 and history.damaged == 1
    assert "1 lines of the history say nothing" in run_page(history, alone=True)


@pytest.mark.parametrize("config", ["", "name = 3\n", CONFIG + "\nolder = true\n", "\x00"])
def test_a_run_of_another_version_is_shown_all_the_same(tmp_path, config):
    history = History(a_run(tmp_path / "a", gradient(0), config=config)).refresh()
    assert history.trouble and history.share is None
    assert "Reward of the fits" in run_page(history, alone=True)


def test_links_lead_nowhere(tmp_path):
    there = a_run(tmp_path / "there", gradient(0))
    folder = a_run(tmp_path / "runs" / "a")
    (folder / "history.jsonl").unlink()
    (folder / "history.jsonl").symlink_to(there / "history.jsonl")
    (tmp_path / "runs" / "b").symlink_to(there)
    assert not [h for h in Runs(tmp_path / "runs").found().values() if h.iterations]


def test_two_hundred_runs(tmp_path):
    for number in range(200):
        a_run(tmp_path / f"run-{number}", *(gradient(n, reward=-1.0 / (n + 1)) for n in range(10)))
    began = time.perf_counter()
    runs = Runs(tmp_path)
    text = runs_page(runs.found(patience=0.1))
    assert time.perf_counter() - began < 2.0
    assert text.count("<tr>") == 201 and "200 runs, 0 running." in text
    found = runs.found()
    assert "run-7" in compared_page({name: found[name] for name in ("run-7", "run-19")})


def test_runs_that_there_was_no_time_for_are_read_later(tmp_path):
    for number in range(3):
        os.utime(a_run(tmp_path / f"run-{number}", gradient(0)) / "history.jsonl", (number, number))
    runs = Runs(tmp_path)
    assert "3 still to be read." in runs_page(runs.found(patience=0.0))
    assert runs_page(runs.listed()).count("not read yet") == 3
    found = runs.found()
    assert list(found) == ["run-2", "run-1", "run-0"] and "to be read" not in runs_page(found)


def test_a_dozen_runs_beside_each_other_are_told_apart(tmp_path):
    for number in range(12):
        a_run(tmp_path / f"run-{number}", gradient(0), gradient(1))
    text = compared_page(Runs(tmp_path).found())
    assert len(set(re.findall(r'<path class="line (c\d+)" d="M[^"]*L', text))) == 12


def test_what_is_being_written_is_running_and_nothing_is_taken(tmp_path):
    folder = a_run(tmp_path / "a")
    (folder / "history.jsonl").unlink()
    history = History(folder)
    with Journal(folder / "history.jsonl", {"configuration": "x"}) as journal:
        journal.recall("a", [], lambda: {"x": 1})
        assert history.refresh().state == "running"
    assert history.refresh().state == "stopped"
    (folder / "summary.json").write_text("{}")
    assert history.state == "finished" and history.share == 1.0
    with Journal(folder / "history.jsonl", {"configuration": "x"}) as journal:
        assert "a" in journal  # nothing that watched has harmed it


KILLED = """
import sys, time
from rulegen.ground.journal import Journal
journal = Journal(sys.argv[1], {"configuration": "x"})
journal.recall("fit 2 (x)/3", [], lambda: time.sleep(0.1) or {})
journal.recall("look 1", [], lambda: {"mean": 0.0, "low": -0.1, "high": 0.1})
print("there", flush=True)
time.sleep(60)
"""


def test_a_run_that_was_killed_is_seen_to_be_dead(tmp_path):
    folder = a_run(tmp_path / "a")
    (folder / "history.jsonl").unlink()
    given = [sys.executable, "-c", KILLED, str(folder / "history.jsonl")]
    with subprocess.Popen(given, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "there\n"
        history = History(folder).refresh()
        assert history.state == "running" and history.left > 0
        for text in (runs_page({"a": history}), run_page(history, alone=True)):
            assert spoken(history.left) in text
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        assert history.refresh().state == "stopped" and history.left is None
        assert "left." not in run_page(history, alone=True)
        assert row("a", history)["left"] == ""


def test_no_runs(tmp_path):
    for folder, message in ((tmp_path / "no", "there is no folder"), (tmp_path, "there is no run")):
        with pytest.raises(ConfigError, match=message):
            Runs(folder)


@contextmanager
def served(folder):
    """The address of a watch."""
    given = [sys.executable, "-m", "rulegen", "watch", str(folder), "--port", "0"]
    with subprocess.Popen(given, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            yield process.stdout.readline().split()[0]
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 130
        finally:
            process.kill()  # or this block would wait for ever


@pytest.fixture
def watching(tmp_path):
    """A watch of two runs, and its address."""
    for name in ("a", "b"):
        a_run(tmp_path / name, gradient(0), look(1, -0.3))
    with served(tmp_path) as address:
        yield address, tmp_path


def asked(address, **headers):
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
        return answer.read().decode(), answer.headers


def refused(address, **headers):
    with pytest.raises(urllib.error.HTTPError) as error:
        asked(address, **headers)
    with error.value as answer:
        return answer.code


def test_the_pages_of_a_watch(watching):
    address, folder = watching
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path, part in (
        ("", "2 runs"),
        ("run?run=a", "Reward"),
        ("compare?run=a&run=b", "compared"),
    ):
        text, headers = asked(address + path)
        assert part in text
        for tag in ("style", "script"):
            (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
            assert content_hash(inside) in headers["Content-Security-Policy"]
        assert 'http-equiv="refresh"' in text  # without a script it follows as well
    for bad, code in (("run?run=../a", 404), ("run?run=zz", 404), ("etc", 404)):
        assert refused(address + bad) == code
    assert refused(address, Host="evil.example") == 403
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_watches_on_one_port(watching):
    address, folder = watching
    port = address.rstrip("/").rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-m", "rulegen", "watch", str(folder), "--port", port],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert f"--port {port}" in done.stderr and "choose another" in done.stderr


def test_nobody_else_reaches_it(watching):
    address, _ = watching
    port = int(address.rstrip("/").rpartition(":")[2])
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port)} - {"127.0.0.1"}
    for other in (o for o in others if not o.startswith(("127.", "::1"))):
        with pytest.raises(OSError), socket.create_connection((other, port), timeout=2):
            pass


def test_a_page_is_whole():
    text, policy = page("<i>&", json.dumps({}))
    assert "<i>" not in text and "default-src 'none'" in policy
