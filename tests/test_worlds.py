"""Runs in several worlds, from the configuration to the verdict on their cards."""

from __future__ import annotations

import copy
import json
import math
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tomli_w

from rulegen.catalog import Record, find, load_record, read_card
from rulegen.catalog.pages.build import build
from rulegen.catalog.pages.card import what_is_earned
from rulegen.catalog.pages.prose import line
from rulegen.catalog.pages.world_tables import rows_of
from rulegen.catalog.records.record import plain_data
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING, YARDSTICK
from rulegen.catalog.records.worlds import level
from rulegen.grammar import parse
from rulegen.ground.statistics import estimate
from rulegen.lives.bench import Bench
from rulegen.objective import Aim
from rulegen.publishing.config import load_config
from rulegen.publishing.places import Places
from rulegen.runs.discover import discover
from rulegen.searching import load_search, search
from rulegen.verifying.admission import add_run
from rulegen.verifying.consistency import compared
from rulegen.verifying.finding import Verdict
from rulegen.verifying.origin import configuration, differences
from rulegen.verifying.published import Published, published
from rulegen.verifying.scales import neighbours
from rulegen.verifying.verify import verify

SHORT = {"name": "delayed_association", "cue": 20.0, "delay": 10.0, "response": 20.0}
#: Node perturbation at which these circuits learn fast.
FAST = """
param eta = 0.4
e <- e + xi*pre : synapse
R_bar[condition] = average(R, 0.2)
on trial start: e <- 0
on reward: w += clip(eta*(R - R_bar[condition])*e, -0.2, 0.2)
"""
FAMILY = FAST.replace("xi*pre", "a*xi*pre + b*post*pre").replace(
    "eta = 0.4", "eta = 0.4\nparam a = 0.5 in [-3, 3] free\nparam b = 0.1 in [-3, 3] free"
)
PLACES = {
    "circuit": {"neurons": 8},
    "life": {"trials": 40, "warmup": 4},
    "yardstick": {"name": "fast", "rule": FAST},
    "worlds": [
        {"name": "small", "task": SHORT},
        {
            "name": "other sizes",
            "task": SHORT | {"cue": 30.0},
            "circuit": {"neurons": 10, "groups": {"fast": [0, 0.5]}},
            "weight": 3,
        },
    ],
    "elsewhere": [
        {
            "name": "later",
            "task": SHORT | {"delay": 30.0},
            "circuit": {"neurons": 8, "pulses": {"probability": 0.05, "size": 0.1}},
        }
    ],
}
CONFIG = PLACES | {
    "name": "two",
    "seed": 3,
    "rule": FAMILY,
    "fit": [
        {
            "estimator": {"name": "score", "gamma": 0.0, "lives": 32},
            "iterations": 3,
            "rate": 0.1,
        }
    ],
    "prune": {
        "margin": 0.05, "lives": 128, "most_lives": 512, "rank_lives": 32,
        "refit": {"iterations": 2, "estimator": {"name": "pgpe", "lives": 32}, "choice_lives": 32},
    },
    "refine": {"lives": 64, "most_lives": 256, "moves": 3},
    "evaluate": {"lives": 128},
}  # fmt: skip


def write(folder: Path, config: dict) -> Path:
    path = folder / "run.toml"
    path.write_text(tomli_w.dumps(config))
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run, and its folder."""
    folder = tmp_path_factory.mktemp("worlds")
    found = discover(load_config(write(folder, CONFIG)), folder / "two")
    return found, folder / "two"


def evidence_of(record: Record):
    assert record.evidence
    return record.evidence


def test_the_record_has_all_worlds(run) -> None:
    found, folder = run
    evidence = evidence_of(found.record)
    assert load_record(folder / "record.toml") == found.record
    assert [(w.name, w.weight) for w in evidence.worlds] == [
        ("small", 0.25),
        ("other sizes", 0.75),
        ("later", 0.0),
    ]
    table = pd.read_csv(folder / "lives.csv")
    assert list(dict.fromkeys(table["world"])) == [w.name for w in evidence.worlds]
    for world in evidence.worlds:
        means = {
            name: rows["reward"].to_numpy()
            for name, rows in table[table["world"] == world.name].groupby("rule")
        }
        # Written out once more: a ratio of means over the same lives.
        unit = (means[YARDSTICK] - means[NO_LEARNING]).mean()
        scaled = (means[DISCOVERED] - means[NO_LEARNING]).mean() / unit
        assert world.scaled and world.scaled.mean == pytest.approx(scaled)
        told = {c.name: c for c in world.comparisons}
        assert list(told) == ["start", YARDSTICK, NO_LEARNING]
        assert told[YARDSTICK].scaled.mean == pytest.approx(1.0)
        assert told[NO_LEARNING].scaled.low == told[NO_LEARNING].scaled.high == 0.0
        difference = estimate(means[DISCOVERED] - means["start"], level(evidence.worlds))
        assert told["start"].difference.low == pytest.approx(difference.low)
    weighted = 0.25 * evidence.worlds[0].scaled.mean + 0.75 * evidence.worlds[1].scaled.mean
    assert evidence.reward.mean == pytest.approx(weighted)
    assert {c.name for c in evidence.comparisons} == {"start", NO_LEARNING}
    counted = sum(len(world.intervals) for world in evidence.worlds)
    assert counted == 3 * (2 + 4 * 3) and level(evidence.worlds) == pytest.approx(
        1 - 0.05 / counted
    )


def test_the_summary_and_the_card_say_so(run, tmp_path: Path) -> None:
    found, folder = run
    evidence, card = evidence_of(found.record), (folder / "card.md").read_text()
    assert read_card(card) == found.record
    for words in ("## Worlds", "Nothing was chosen by `later`", "mean scaled reward of 2 worlds"):
        assert words in card
    for world in evidence.worlds:
        assert str(world.scaled) in card and f"Yardstick in {world.name}" in card
    assert (
        json.loads((folder / "summary.json").read_text())["reward"]["mean"] == evidence.reward.mean
    )
    build([add_run(folder, tmp_path, lives=256, seed=1)], tmp_path / "pages")
    index = (tmp_path / "pages/README.md").read_text()
    assert "| 3 " in index and "no learning in 3 of 3" in index


def test_settings_are_printed_in_one_order(run) -> None:
    """A card must be printed alike by every process; what a world lacks stands in order too."""
    first, *_ = evidence_of(run[0].record).worlds
    circuit = {k: v for k, v in first.setting.circuit.items() if k not in ("gain", "dt", "tau")}
    less = first.setting.model_copy(update={"circuit": circuit})
    rows = rows_of(first.model_copy(update={"setting": less}), first)
    lacking = [key for _, key, value, _ in rows if value == "as by default"]
    assert lacking == ["dt", "gain", "tau"]


def test_a_run_goes_on_with_the_same_figures(run, tmp_path: Path) -> None:
    found, folder = run
    lines = (folder / "history.jsonl").read_bytes().splitlines(keepends=True)
    again = tmp_path / "again"
    again.mkdir()
    (again / "history.jsonl").write_bytes(b"".join(lines[: len(lines) // 3]))
    other = discover(load_config(write(tmp_path, CONFIG)), again, resume=True)
    assert other.record == found.record
    assert (again / "lives.csv").read_bytes() == (folder / "lives.csv").read_bytes()


def test_every_claim_of_every_world_holds(run) -> None:
    _, folder = run
    found = verify(published(folder), lives=256)
    assert found.verdict is Verdict.HOLDS, found.table().to_string()
    names = {check.claim for check in found.checks}
    for world in ("small", "other sizes", "later"):
        assert {f"reward in {world}", f"scaled minus {YARDSTICK} in {world}"} <= names
        assert f"learning curve of {DISCOVERED} in {world}" in names
    alone = verify(load_record(folder / "record.toml"), lives=64)
    assert "data" in {c.claim for c in alone.checks if c.holds}


def of_many_worlds() -> Record:
    """A record that comes with the program."""
    return load_record(files("rulegen.catalog").joinpath("discovered/generalist.toml"))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ((), None),
        (("yardstick.name=mine", "yardstick.rule=w += 0.1*R*xi*pre"), "yardstick"),
        (("yardstick.name=hebb", f"yardstick.rule={find('hebb').equations}"), "yardstick"),
        (("scale=reward",), "scale"),
    ],
)
def test_a_configuration_says_by_what_is_measured(
    change: tuple[str, ...], what: str | None
) -> None:
    """A record that was measured by something else is not that of the configuration."""
    record = of_many_worlds()
    config = load_search(files("rulegen").joinpath("examples/generalist.toml"), list(change))
    assert next(differences(config, record, evidence_of(record)), None) == what


def test_without_a_configuration_nobody_knows_the_yardstick() -> None:
    record = of_many_worlds()
    found = {f.claim: f.verdict for f in configuration(None, record, evidence_of(record))}
    assert found["yardstick"] is Verdict.UNCHECKED


def test_a_yardstick_that_nothing_can_move_is_not_called_tuned() -> None:
    rule = parse(FAST)
    world = Places.model_validate(PLACES).world
    assert {n for n, _ in neighbours(Bench(world, rule.with_values({"eta": -0.4})))} == {"eta"}
    assert not neighbours(Bench(world, parse(FAST.replace("0.4", "0.4 in [0.3, 0.5]"))))


def test_names_of_worlds_are_code_whatever_is_in_them() -> None:
    evidence = evidence_of(of_many_worlds())
    worlds = [w.model_copy(update={"name": f"{w.name} `x`"}) for w in evidence.worlds]
    card = what_is_earned(evidence.model_copy(update={"worlds": tuple(worlds)}))
    assert [piece.text for piece in line(card) if piece.code] == [w.name for w in worlds[:4]]


def test_a_world_compares_with_what_the_record_prints() -> None:
    """No weak rule stands in for a strong one, and none is left out of a world."""
    record = of_many_worlds()
    evidence = evidence_of(record)
    assert not list(compared(evidence))
    data = plain_data(record)["evidence"]
    name = data["comparisons"][0]["name"]
    strong = find("node_perturbation").equations
    for place in (lambda told: told, lambda told: told["worlds"][5]):
        changed = copy.deepcopy(data)
        place(changed)["comparisons"][0]["rule"] = strong
        found = list(compared(type(evidence).model_validate(changed)))
        assert {f.verdict for f in found} == {Verdict.REFUTED}
        assert all(f.claim.startswith(f"{name} in ") for f in found)
    del data["worlds"][1]["comparisons"][0]
    with pytest.raises(ValueError, match="world `trajectory recall`: the rule is compared there"):
        type(evidence).model_validate(data)


def exchanged(data: dict) -> None:
    """Two worlds tell the figures of each other."""
    one, other = data["worlds"][0], data["worlds"][2]
    for part in ("reward", "scaled", "comparisons", "saturated"):
        one[part], other[part] = other[part], one[part]


def raised(data: dict) -> None:
    for place in ("reward", "scaled"):
        for part in ("mean", "low", "high"):
            data["worlds"][2][place][part] += 0.05


def narrowed(data: dict) -> None:
    told = data["worlds"][2]["scaled"]
    for part in ("low", "high"):
        told[part] = told["mean"] + (told[part] - told["mean"]) / 2


def reweighted(data: dict) -> None:
    data["worlds"][0]["weight"], data["worlds"][1]["weight"] = 0.75, 0.25


def chosen_by_chance(data: dict) -> None:
    data["worlds"][1]["setting"]["circuit"]["neurons"] = 9


def tamed(data: dict) -> None:
    """A yardstick that learns less well makes a rule look better."""
    told = next(c for c in data["worlds"][2]["comparisons"] if c["name"] == YARDSTICK)
    told["rule"] = re.sub(r"eta = \S+", "eta = 0.001", told["rule"])


@pytest.mark.parametrize(
    "forge", [exchanged, raised, narrowed, reweighted, chosen_by_chance, tamed]
)
def test_forged_worlds_are_refused(run, forge) -> None:
    found, _ = run
    data = copy.deepcopy(plain_data(found.record))
    forge(data["evidence"])
    try:
        record = Record.model_validate(data)
    except ValueError:
        return  # it contradicts itself
    assert verify(Published(record), lives=64).verdict is Verdict.REFUTED


def test_conditions_may_differ(tmp_path: Path) -> None:
    """Every world has baselines of its own, so that nothing has to be refused."""
    config = copy.deepcopy(CONFIG)
    config["worlds"][1]["task"]["cues"] = 3
    config |= {"scale": "reward", "evaluate": {"lives": 32}, "elsewhere": []}
    config["prune"] |= {"lives": 32, "most_lives": 32, "margin": 0.005}
    found = discover(load_config(write(tmp_path, config)))
    evidence = evidence_of(found.record)
    assert [w.setting.task["cues"] for w in evidence.worlds] == [2, 3]
    assert not evidence.scaled and evidence.reward_is == "mean reward of 2 worlds"
    aim = Aim.of_rewards([1.0, 3.0])
    assert evidence.reward.mean == pytest.approx(
        aim.value([w.reward.mean for w in evidence.worlds])
    )


def test_a_search_of_several_worlds(tmp_path: Path) -> None:
    config = PLACES | {
        "name": "found",
        "objective": "worst",
        "seeds": ["node_perturbation"],
        "strategy": [
            {"name": "halving", "lives": 40_000, "structures": 30, "points": 1, "last": 4}
        ],
        "refine": {"lives": 16, "most_lives": 32, "moves": 2, "most": 2},
        "select": {"finalists": 3, "lives": 64, "margin": 0.05},
        "evaluate": {"lives": 64},
    }
    settings = load_search(write(tmp_path, config), ["strategy.0.least=2"])
    found = search(settings, tmp_path / "found")
    evidence = evidence_of(found.record)
    assert evidence.objective == "worst" and evidence.sharpness == 5.0
    scaled = [w.scaled.mean for w in evidence.worlds if w.chosen_in]
    made = -np.log(np.dot([0.25, 0.75], np.exp(-5.0 * np.array(scaled)))) / 5.0
    assert evidence.reward.mean == pytest.approx(made)
    assert math.copysign(1.0, evidence.best) == 1.0
    assert set(found.elsewhere["world"]) == {"small", "other sizes", "later"}
    assert (tmp_path / "found/search.md").exists()
    assert verify(published(tmp_path / "found"), lives=64).verdict is not Verdict.REFUTED
