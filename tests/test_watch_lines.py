"""Lines of a history that no run writes, though their checksums agree."""

import math
import os
import time
import urllib.parse

import numpy as np
import pytest
from test_watch import a_run, asked, gradient, served

from rulegen.ground.journal import make_line, parse_line
from rulegen.lives.outcomes import Outcomes
from rulegen.watching.history import History
from rulegen.watching.page import compared_page, page, run_page, runs_page

WHOLE = {
    "name": "look 1/0", "seconds": 1.0, "values": [0.1, 0.2], "gradient": [1.0, 2.0],
    "error": [0.1, 0.1], "rewards": [0.1, 0.2], "outcomes": {"ok": 2}, "mean": 0.0, "low": -0.1,
    "high": 0.1, "lives": 64, "found": [[2, 0.5, 0.4, 0.6, "w"]],
}  # fmt: skip
#: What no run writes, in place of a field or of one of its members.
WRONG = [
    None, True, "a", "\ud800", [], {}, [[]], [None], ["a"], math.nan, math.inf, -math.inf, -1,
    [math.nan], 1e308, 10**30, 10**400, [10**400], [1e308, -1e308], {"ok": -1}, {"ok": 10**400},
    [[2, 0.5, 0.4, 0.6, "\ud800"]], [[99, "high", 0, 1, "x"]], [[math.nan, 0, 0, 0, "x"]], [[1]],
]  # fmt: skip
NAMES = [
    "fit 1 (x)/0", "look 1", "intervals/0", "refine 1: /0", "strategy 1 (x) 1", "\ud800", "",
    f"fit 1 (x)/{10**20 - 1}", f"intervals/{'9' * 5000}", "a" + "/0" * 5000, "fit 1 (x)/\u0663",
]  # fmt: skip


def whole(name):
    """All fields of a line that is read; one that is no iteration has no gradient."""
    fields = WHOLE | {"name": name, "outcomes": Outcomes(ok=2)._asdict()}
    return {n: part for n, part in fields.items() if "/" in name or n != "gradient"}


def forged():
    """Lines with a checksum that agrees, and with something in them that no run writes."""
    for name in NAMES:
        for field in WHOLE:
            for wrong in WRONG:
                said = whole(name) | {field: wrong}
                if isinstance(said["name"], str):
                    seconds = said.pop("seconds")
                    yield make_line(said.pop("name"), "", said, seconds)


def test_nothing_in_a_line_takes_a_page_down(tmp_path):
    """Each page is rendered to bytes, as whoever answers does: a text may have none."""
    lines = [line for line in forged() if parse_line(line)]
    assert len(lines) > 1000
    for part in (*np.array_split(np.array(lines, object), 40), lines):
        folder = a_run(tmp_path / f"run-{len(part)}-{time.perf_counter_ns()}", gradient(0), *part)
        history = History(folder).refresh()
        for text in (
            runs_page({"a": history}),
            run_page(history, alone=True),
            compared_page({"a": history, "b": history}),
        ):
            assert page("a", text)[0].encode()
    assert 0 < history.damaged < len(lines)


@pytest.mark.parametrize("field", [name for name in WHOLE if name not in ("name", "seconds")])
def test_a_line_with_a_wrong_field_says_nothing(tmp_path, field):
    name = "look 1" if field in ("mean", "low", "high") else "fit 1 (x)/0"
    right, wrong = whole(name), whole(name) | {field: "a"}
    lines = [make_line(name, "", data, 1.0) for data in (right, wrong)]
    history = History(a_run(tmp_path / "a", *lines)).refresh()
    assert (history.lines, history.damaged) == (1, 1)


def test_a_watch_answers_whatever_a_history_says(tmp_path):
    a_run(tmp_path / "a", gradient(0), *forged())
    odd = a_run(tmp_path / os.fsdecode(b"odd \xff"), gradient(0), config="no configuration")
    (odd / "summary.json").write_text("{}")
    (odd / "report.html").write_text("")
    name = urllib.parse.quote("odd \\udcff")
    with served(tmp_path) as address:
        for path in ("", "run?run=a", f"run?run={name}", f"compare?run=a&run={name}"):
            asked(address + path)  # which raises where the answer is not 200
