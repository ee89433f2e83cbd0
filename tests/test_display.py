"""What a run shows on a terminal and in a file."""

import io

from rich.console import Console

from rulegen.ground.display import Display
from rulegen.ground.progress import Progress


def show(terminal, steps):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    with Display(console) as display:
        for step in steps:
            display(step)
    return console.file.getvalue()


STEPS = [
    Progress("fit", 0, 2, "first"),
    Progress("fit", 1, 2, "reward -0.3"),
    Progress("fit", 2, 2, "reward -0.2"),
    Progress("prune", 1, 1, "dropped"),
]


def test_a_file_gets_one_line_at_the_start_and_end_of_each_stage():
    lines = show(False, STEPS).splitlines()
    assert lines == ["fit 0/2  first", "fit 2/2  reward -0.2", "prune 1/1  dropped"]


def test_a_terminal_keeps_one_line_of_every_stage_that_is_over():
    out = show(True, STEPS)
    assert "fit  reward -0.2\n" in out
    assert "prune  dropped\n" in out
    assert "reward -0.3" not in out.replace("reward -0.3 ", "")
