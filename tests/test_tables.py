"""Tables on a terminal: nothing is cut off, and no number is broken where a line has room."""

import io

import numpy as np
import pytest
from rich.console import Console

from rulegen.commands.table import print_table


def printed(width, heads, rows):
    file = io.StringIO()
    print_table(Console(file=file, width=width), heads, rows)
    return file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100, 133])
def test_every_interval_stands_on_one_line(width):
    rng = np.random.default_rng(width)
    rows = []
    for number in range(20):
        low, mean, high = np.sort(rng.normal(size=3) * 10.0 ** rng.integers(-5, 3))
        figure = f"{mean:.4g} [{low:.4g}, {high:.4g}]"
        why = "refuted: " + "the published lives, run again, give another " * (number % 3)
        rows.append([f"loss without theta_{number}", why, "0.5", figure, figure, figure])
    heads = ["claim", "verdict", "surprise", "published", "published lives", "new lives"]
    out = printed(width, heads, rows)
    assert max(map(len, out.splitlines())) <= width
    for row in rows:
        assert out.count(row[3][row[3].index("[") :]) >= 3
        assert out.count(row[0]) >= 1
    for head in heads:
        assert head in out


def test_rows_that_say_nothing_more_are_not_repeated():
    long = "words " * 5
    rows = [["a", long, ""], ["b", long, "[-0.2345, -0.0123]"]]
    out = printed(32, ["claim", "verdict", "figure"], rows)
    first, second = out.split("claim")[1:]
    assert " a " in first and " b " in first
    assert " a " not in second and "[-0.2345, -0.0123]" in second


def test_words_longer_than_a_column_are_whole_all_the_same():
    """A word without a break fills lines; no letter of it is lost."""
    word = "x" * 50 + "y"
    out = printed(40, ["name", "what"], [["a", word]])
    assert "".join(out.split()).count("x") == 50 and "y" in out
