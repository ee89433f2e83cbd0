"""Rules compared in many worlds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tomli_w
from test_worlds import CONFIG, FAST, PLACES

from rulegen.catalog.records.roles import NO_LEARNING, YARDSTICK
from rulegen.commands.compare import kept
from rulegen.fitting.tuning import Budget
from rulegen.fitting.yardstick import NoScale
from rulegen.grammar import ConfigError
from rulegen.ground.keys import origin
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import estimate
from rulegen.objective.aim import scaled_lives
from rulegen.runs.league import League, compare_worlds, load_league, ranked
from rulegen.runs.league_figures import cliques, plot_ranks, plot_standings


def rulegen(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rulegen", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


SMALL = Budget(((8, 16), (4, 32)))
RULES = {
    "fast": FAST.replace("eta = 0.4", "eta = 0.1 in [0, 3]"),
    "anti": FAST.replace("eta = 0.4", "eta = -0.1 in [-3, 0]"),
    "spikes": "param k = 0.1\ndw/dt = k*post_spike*pre",
}


@pytest.fixture(scope="module")
def found():
    league = League.model_validate(PLACES | {"evaluate": {"lives": 128}})
    return compare_worlds(RULES, league, Stage(origin(2)), SMALL)


def test_every_rule_is_judged_everywhere_with_one_set_of_values(found) -> None:
    table = found.table()
    assert list(found.rules) == [*RULES, YARDSTICK, NO_LEARNING]
    assert list(found.worlds.items()) == [("small", True), ("other sizes", True), ("later", False)]
    values = table[table["rule"] == "fast"]["values"]
    assert len(set(values)) == 1 and len(values) == 3, "tuned in all worlds together"
    assert (table["rule"] == "fast").sum() == 3
    fast = table.set_index(["rule", "world"]).loc["fast"]
    assert (fast["low"] > 0.3).all(), "it learns everywhere"
    np.testing.assert_allclose(table[table["rule"] == YARDSTICK]["scaled"], 1.0)
    note = table[table["rule"] == "spikes"]["note"].iloc[0]
    assert "world `small`" in note and "post_spike" in note


def test_its_figures_follow_from_the_lives(found) -> None:
    world = "later"
    means = {name: s.lives[world].means for name, s in found.rules.items() if s.lives}
    scaled = scaled_lives(means["fast"], means[NO_LEARNING], means[YARDSTICK])
    runs = [s.lives for s in found.rules.values() if s.lives]
    counted = 2 * sum(len(lives) + 1 for lives in runs)
    assert found.level == pytest.approx(1 - 0.05 / counted)
    row = found.table().set_index(["rule", "world"]).loc[("fast", world)]
    here = estimate(scaled, found.level)
    assert (row["scaled"], row["low"], row["high"]) == pytest.approx(here[:3])
    other = scaled_lives(means["anti"], means[NO_LEARNING], means[YARDSTICK])
    gap = estimate(scaled - other, found.level)
    row = found.table().set_index(["rule", "world"]).loc[("anti", world)]
    assert row["difference_low"] == pytest.approx(gap.low)


def test_the_objective_is_what_the_tuned_worlds_make_of_a_rule(found) -> None:
    table = found.objective()
    assert set(table.index) == {"fast", "anti", YARDSTICK, NO_LEARNING}
    assert table["objective"].is_monotonic_decreasing
    weights = {"small": 1.0, "other sizes": 3.0}
    numbers = sum(w * found.scaled["fast", name] for name, w in weights.items()) / 4.0
    here = estimate(numbers, found.level)
    row = table.loc["fast"]
    assert (row["objective"], row["low"], row["high"]) == pytest.approx(here[:3])
    none = table.loc[NO_LEARNING]
    assert (none["difference"], none["difference_low"]) == pytest.approx(here[:2])


def test_a_rule_that_was_fitted_is_not_tuned_away(monkeypatch) -> None:
    """Its own values are among the places to refine from, whatever the random search finds."""
    monkeypatch.setattr("rulegen.runs.league.tuned_values", lambda *_: np.array([4e-4]))
    league = League.model_validate(PLACES | {"evaluate": {"lives": 128}})
    found = compare_worlds({"fast": FAST}, league, Stage(origin(2)), SMALL)
    as_it_is = compare_worlds({"fast": FAST}, league, Stage(origin(2)), None)
    fitted, given = (f.objective().loc["fast", "objective"] for f in (found, as_it_is))
    assert fitted > 0.9 * given > 0.3


def test_pictures_show_all_of_it(found) -> None:
    cells = [text.get_text() for text in plot_standings(found).texts]
    assert len(cells) == 3 * 5 and cells.count("–") == 3
    names = [text.get_text() for text in plot_ranks(found.ranks()).texts]
    assert len(names) == 4 and not any("spikes" in name for name in names)


def test_ranks_are_those_of_demsar() -> None:
    """Table 6 of his article: four classifiers on 14 data sets, CD 1.25."""
    rng = np.random.default_rng(0)
    matrix = pd.DataFrame(rng.random((4, 14)), index=list("abcd"))
    assert ranked(matrix).critical == pytest.approx(1.25, abs=0.005)
    assert ranked(matrix).mean.sum() == pytest.approx(10.0)
    assert np.isnan(ranked(matrix.iloc[:1]).critical)
    assert cliques(np.array([1.0, 2.0, 3.0]), 0.5) == []
    assert cliques(np.array([1.0, 2.0, 3.0]), np.nan) == [], "one world tells nobody apart"


def test_from_the_command_line(tmp_path: Path) -> None:
    """The file may be the configuration of a run; both kinds of results are kept."""

    path = tmp_path / "worlds.toml"
    path.write_text(tomli_w.dumps(CONFIG))
    assert list(load_league(path).training) == ["small", "other sizes"]
    (tmp_path / "fast.txt").write_text(RULES["fast"])
    out = tmp_path / "out"
    arguments = ["compare", str(tmp_path / "fast.txt"), "hebb", "--worlds", str(path)]
    done = rulegen(*arguments, "--as-is", "--lives", "16", "--out", str(out))
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert "mean ranks in 3 worlds" in said and "hebb" in said
    assert "what the worlds in which they were tuned make of them" in said
    left = {p.name for p in out.iterdir()}
    assert {
        "worlds.csv",
        "matrix.csv",
        "objective.csv",
        "worlds.png",
        "ranks.png",
        "hebb.txt",
    } <= left
    assert "history.jsonl" not in left


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    league = League.model_validate(PLACES)
    with pytest.raises(ConfigError, match="`yardstick` is what all rules are held against"):
        compare_worlds({YARDSTICK: FAST}, league, Stage(origin(0)), None)
    with pytest.raises(ConfigError, match="no rule can run in these worlds: world `small`"):
        compare_worlds({"spikes": RULES["spikes"]}, league, Stage(origin(0)), None)


def test_nothing_is_left_where_a_world_has_no_scale(tmp_path: Path) -> None:
    """As `discover` leaves nothing; a folder that was there stays as it is."""
    places = list(League.model_validate(PLACES).training.values())
    for out in (tmp_path / "new", tmp_path):
        with pytest.raises(NoScale), kept(out, places):
            raise NoScale("world `small`: the yardstick gains nothing")
    assert not (tmp_path / "new").exists() and tmp_path.is_dir()
