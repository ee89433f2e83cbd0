"""The figure of a rule in several worlds: its panels show the numbers of the tables."""

import numpy as np
import pytest
from matplotlib.lines import Line2D

from rulegen.catalog import find
from rulegen.catalog.pages.world_tables import differences_table
from rulegen.catalog.records.roles import DISCOVERED
from rulegen.publishing.evaluate import Trajectory
from rulegen.publishing.world_figures import differences, plot_worlds
from rulegen.verifying.worlds import places


@pytest.fixture(scope="module")
def evidence():
    return find("generalist").evidence


def drawn(evidence):
    """The figure, with flat curves."""
    worlds = {place.name: place.world for place in places(evidence)}
    shown = {
        told.name: [
            Trajectory(name, "", np.zeros(2), *np.zeros((2, 3, 9)), np.zeros(2))
            for name in (DISCOVERED, *(other.name for other in told.comparisons))
        ]
        for told in evidence.worlds
    }
    return plot_worlds(evidence, shown, worlds).get_figure(root=True)


def test_paired_differences_are_those_of_the_table(evidence):
    """A panel for each other rule, a line for each world."""
    table = differences_table(evidence)
    means = {(row[0], row[1]): row[table.head.index("scaled")] for row in table.body}
    panels = [ax for ax in drawn(evidence).axes if ax.get_title().startswith("minus ")]
    assert len(panels) == len({name for _, name in means})
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names == [told.name for told in evidence.worlds]
    for ax in panels:
        name = " ".join(ax.get_title().split()).removeprefix("minus ")
        dots = [line for line in ax.lines if line.get_marker() == "o"]
        assert len(dots) == sum(other == name for _, other in means)
        for dot in dots:
            (x,), (y,) = dot.get_data()
            told = float(means[names[int(y)], name].split()[0])
            assert x == pytest.approx(told, rel=1e-3, abs=1e-3)
        assert any(isinstance(line, Line2D) and {*line.get_xdata()} == {0.0} for line in ax.lines)


def test_no_text_of_the_figure_stands_on_another(evidence):
    figure = drawn(evidence)
    figure.canvas.draw()
    texts = [text for ax in figure.axes for text in (ax.title, ax.xaxis.label)]
    texts += [text for ax in (figure.axes[0], *figure.axes[-3:]) for text in ax.get_yticklabels()]
    texts = [text for text in texts if text.get_text() and text.get_visible()]
    assert len(texts) > 3 * len(evidence.worlds)
    for number, one in enumerate(texts):
        for other in texts[:number]:
            apart = not one.get_window_extent().overlaps(other.get_window_extent())
            assert apart, (one.get_text(), other.get_text())


def test_a_rule_that_is_compared_in_some_worlds_has_gaps_in_the_others(evidence):
    first, *others = evidence.worlds
    name = first.comparisons[0].name
    alone = first.model_copy(update={"comparisons": first.comparisons[1:]})
    found = differences(evidence.model_copy(update={"worlds": (alone, *others)}))
    assert found[name][0] is None and all(found[name][1:])
    drawn(evidence.model_copy(update={"worlds": (alone, *others)}))
