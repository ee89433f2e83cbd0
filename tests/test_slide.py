"""A rule on one page: formulas where matplotlib can set them, words where it cannot."""

import numpy as np
import pandas as pd
import pytest

from rulegen.catalog import find
from rulegen.catalog.pages.brief import brief
from rulegen.catalog.records.library import library
from rulegen.catalog.records.places import DISCOVERED
from rulegen.publishing.figures import FORMULA, picture
from rulegen.publishing.slide import formula, plot_slide


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
    assert len(formulas) == len(brief(find(name).rule)[0])
    assert picture(ax, ".png").startswith(b"\x89PNG")


def test_most_lines_are_formulas():
    lines = [line for name in library() for line in brief(find(name).rule)[0]]
    set_as = [formula(line).startswith("$") for line in lines]
    assert np.mean(set_as) > 0.95


def test_a_dollar_in_a_title_begins_no_formula():
    record = find("hebb").model_copy(update={"title": r"costs $x_{ and \frac"})
    assert picture(plot_slide(record), ".png").startswith(b"\x89PNG")
