"""A rule on one page: formulas where matplotlib can set them, words where it cannot."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from rulegen.catalog import Record, find
from rulegen.catalog.pages.brief import brief
from rulegen.catalog.records.library import library
from rulegen.catalog.records.places import DISCOVERED
from rulegen.grammar import parse
from rulegen.grammar.printing.display import displayed
from rulegen.publishing.figures import FORMULA, picture
from rulegen.publishing.slide import ROWS, formula, plot_slide


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_a_run_with_its_curve_and_differences():
    record = find("delayed_association")
    curves = pd.read_csv(DISCOVERED / "delayed_association.learning.csv")
    figure = plot_slide(record, curves).figure.figure
    told = texts(figure)
    assert {"warm-up", "chance", "discovered rule", "no learning"} <= set(told)
    assert record.evidence is not None
    for other in record.evidence.comparisons:
        found = other.difference
        assert f"{found.mean:.3g} [{found.low:.3g}, {found.high:.3g}]" in told
    assert picture(figure.axes[0], ".pdf").startswith(b"%PDF")


def test_several_worlds_and_no_curve():
    record = find("generalist")
    figure = plot_slide(record).figure.figure
    names = [label.get_text() for ax in figure.axes for label in ax.get_yticklabels()]
    assert "delayed association" in names and "64 neurons (held out)" in names
    single = plot_slide(find("delayed_association")).figure.figure
    assert any("no learning.csv" in text for text in texts(single))


@pytest.mark.parametrize("name", ["stdp_pair", "bcm", "maoutsa", "sanger", "stdp_nearest"])
def test_rules_without_a_run(name):
    ax = plot_slide(find(name))
    formulas = [text for text in ax.texts if text.get_gid() == FORMULA]
    assert len(formulas) == len(brief(find(name).rule, ROWS)[0])
    assert picture(ax, ".png").startswith(b"\x89PNG")


@pytest.mark.parametrize("lines", [4, 5, 7, 8, 9])
def test_lines_are_left_out_where_there_is_no_room_for_them(lines):
    """Five lines are whole, and stand above the values."""
    states = "".join(f"x_{n} = lowpass(pre, {n} ms)\n" for n in range(2, lines + 1))
    total = " + ".join(f"x_{n}" for n in range(2, lines + 1))
    text = f"param eta = 0.1\n{states}dw/dt = eta*post*({total})"
    ax = plot_slide(Record(name="many", title="Many", description="", equations=text))
    formulas = [t for t in ax.texts if t.get_gid() == FORMULA]
    assert len(formulas) == min(lines, ROWS)
    told = ax.texts[-1].get_text()
    more = {8: "1 more line in its card", 9: "2 more lines in its card"}
    assert more.get(lines, "") in told and ("more" in told) == (lines in more)
    heights = [text.get_position()[1] for text in formulas]
    assert all(above - below > 0.1 for above, below in pairwise(heights))


def test_values_stand_below_the_equation_however_many_there_are():
    ax = plot_slide(find("mehta"))
    picture(ax, ".png")
    values = ax.texts[-1].get_window_extent().y1
    lowest = min(t.get_position()[1] for t in ax.texts if t.get_gid() == FORMULA)
    assert values < ax.transAxes.transform((0.0, lowest))[1]
    assert ax.texts[-1].get_text().splitlines()[2].endswith("…")


def test_most_lines_are_formulas():
    lines = [line for name in library() for line in brief(find(name).rule)[0]]
    set_as = [formula(line).startswith("$") for line in lines]
    assert np.mean(set_as) > 0.95


def test_a_derivative_is_told_without_a_dot():
    """A dot above a long bar stands among the subscripts of the line above."""
    text = "post_bar_1 = lowpass(post, 20 ms)\ndw/dt = eta*(post - post_bar_1)*pre"
    trace, change = (formula(line) for line in displayed(parse(text)))
    assert r"\mathrm{d}\,\overline{\mathrm{post}}_{1,i}/\mathrm{d}t = " in trace
    assert change.startswith(r"$\mathrm{d}\,w_{ij}/\mathrm{d}t = ")
    lines = [line for name in library() for line in displayed(find(name).rule)]
    assert not any("dot" in formula(line) for line in lines)


def test_a_dollar_in_a_title_begins_no_formula():
    record = find("hebb").model_copy(update={"title": r"costs $x_{ and \frac"})
    assert picture(plot_slide(record), ".png").startswith(b"\x89PNG")
