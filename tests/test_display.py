"""What a run shows on a terminal and in a file."""

import io

import pytest
from rich.console import Console

from rulegen.ground.display import Display
from rulegen.ground.outlook import Leg, Outlook
from rulegen.ground.progress import Met, Progress

LONG = "1.23 post*trace(pre) - 0.619 trace(post)*pre + 0.5 " + "clip(u - u_bar, 0, 1)*pre " * 4


def show(terminal, steps, width=120):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=width)
    with Display(console) as display:
        for step in steps:
            display(step)
    return console.file.getvalue()


STEPS = [
    Progress("fit", 0, 2, "first"),
    Progress("fit", 1, 2, "reward -0.3"),
    Progress("fit", 2, 2, "reward -0.2"),
    Progress("prune", 1, 1, "", "without d*pre: accepted"),
    Progress("count", 1, 1),
]


def test_a_file_gets_a_line_at_once_and_at_the_end_of_each_stage():
    lines = show(False, STEPS).splitlines()
    assert lines == [
        "fit 0/2  first",
        "fit 2/2  reward -0.2",
        "prune 1/1  without d*pre: accepted",
        "count 1/1",
    ]


def test_a_stage_whose_result_comes_after_its_end_has_one_line():
    ends = [Progress("evaluate a", n, 8) for n in (0, 8)]
    lines = show(False, [*ends, Progress("evaluate a", 8, 8, "", "reward -0.1")]).splitlines()
    assert lines == ["evaluate a 0/8", "evaluate a 8/8  reward -0.1"]


def test_lines_of_a_file_say_how_far_the_whole_run_is():
    console = Console(file=io.StringIO(), width=80)
    legs = [Leg("fit", ("fit",), 3.0, 1), Leg("rest", ("evaluate",), 1.0, 1)]
    with Display(console, legs) as display:
        for step in (Progress("fit", 0, 2, "begun"), Progress("fit", 1, 2), Progress("fit", 2, 2)):
            display(step)
    first, last = console.file.getvalue().splitlines()
    assert first.startswith("fit 0/2  begun  (0%")
    assert last.startswith(("fit 2/2  begun  (74%", "fit 2/2  begun  (75%"))


def test_what_stays_on_a_narrow_terminal_is_broken_between_words():
    result = "without u*pre: refused, difference -0.01234 [-0.0249, 0.0021] on 1024 lives"
    out = show(True, [Progress("look 12", 1, 1, "", result)], width=50)
    for word in result.split():
        assert word in out.replace("\n", " ").split()


def test_what_stays_on_a_terminal_has_a_result():
    out = show(True, STEPS)
    assert "prune: without d*pre: accepted\n" in out
    assert "fit  reward" not in out.split("prune: ")[0].splitlines()[0]
    assert "count:" not in out


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_nothing_collapses_at_any_width(width):
    """The bar, its share and the time are there, and no line is wider than the terminal."""
    found = tuple(
        Met(size, size / 10, size / 10 - 0.05, size / 10 + 0.05, LONG) for size in range(1, 12)
    )
    console = Console(file=io.StringIO(), width=width)
    display = Display(console, [Leg("fit", ("fit",), 1.0, 4)])
    display(
        Progress("fit 1 (score)", 1, 4, "a text that is much longer than a line " * 3, "", found)
    )
    console.file = io.StringIO()
    console.print(display.shown())
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert "25%" in lines[-1]
    assert sum("0500" in line or "[" in line for line in lines) >= 8


def test_the_hall_of_fame_keeps_the_best_of_each_size():
    steps = [
        Progress("a", 0, 1, found=(Met(3, 0.5, 0.4, 0.6, "old"), Met(5, 0.6, 0.5, 0.7, "large"))),
        Progress("a", 1, 1, found=(Met(3, 0.7, 0.6, 0.8, "new"), Met(5, 0.1, 0.0, 0.2, "worse"))),
    ]
    console = Console(file=io.StringIO(), width=80)
    display = Display(console)
    for step in steps:
        display(step)
    console.file = io.StringIO()
    console.print(display.shown())
    out = console.file.getvalue()
    assert "0.7000 [0.6000, 0.8000]" in out and "new" in out and "large" in out
    assert "old" not in out and "worse" not in out
    (best,) = (line for line in out.splitlines() if line.startswith("*"))
    assert "new" in best


def test_the_whole_run_has_one_share_that_never_falls():
    legs = [
        Leg("fit", ("fit",), 2.0, 4),
        Leg("looks", ("look ",), 1.0, 3, whole=True),
        Leg("evaluation", ("evaluate",), 1.0, 2, whole=True),
    ]
    now = [0.0]
    outlook, shares = Outlook(legs, lambda: now[0]), []
    steps = [("fit 1", n, 4) for n in range(5)] + [(f"look {n}", 1, 1) for n in range(5)]
    steps += [("other", 3, 3), ("evaluate a", 1, 2), ("evaluate a", 2, 2), ("evaluate b", 2, 2)]
    for step in steps:
        now[0] += 10.0
        outlook.see(*step)
        shares.append(outlook.share)
    assert shares == sorted(shares) and shares[0] >= 0.0 and shares[-1] > 0.99
    assert outlook.left is not None and outlook.left < 10.0


def test_time_that_a_resumed_run_did_not_spend_is_not_counted():
    now = [0.0]
    outlook = Outlook([Leg("fit", ("fit",), 1.0, 100)], lambda: now[0])
    outlook.see("fit", 80, 100)  # recalled at once
    now[0] = 10.0
    outlook.see("fit", 80, 100)
    now[0] = 20.0
    outlook.see("fit", 90, 100)
    assert outlook.left == pytest.approx(10.0, rel=0.05)
