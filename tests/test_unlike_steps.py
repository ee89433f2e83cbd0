"""Worlds whose circuits have unlike steps: time constants fit all of them, to the verdict."""

from __future__ import annotations

import copy
import random

import numpy as np
import pytest
from test_worlds import CONFIG, FAMILY, FAST, PLACES, evidence_of, write

from rulegen.publishing.config import load_config
from rulegen.runs.discover import discover
from rulegen.searching.config import load_search
from rulegen.searching.finals import printed
from rulegen.searching.run import prepare
from rulegen.verifying.finding import Verdict
from rulegen.verifying.origin import differences
from rulegen.verifying.published import published
from rulegen.verifying.verify import verify


def fading(text: str) -> str:
    """The rule with an eligibility that fades, whose bounds allow times shorter than a step."""
    fitted = "param tau_e = 100 ms in [5, 1000] free\n"
    return fitted + text.replace("e <- e + ", "de/dt = -e/tau_e + ")


def coarse(config: dict) -> dict:
    """The same with a longer step in the worlds that are not the first."""
    config = copy.deepcopy(config)
    for number, world in enumerate([config["worlds"][1], *config["elsewhere"]], 1):
        world["circuit"] = {"neurons": 8, "dt": 10.0 + 5.0 * number, "tau": 60.0}
        world["task"] |= {"cue": 60.0, "delay": 60.0, "response": 60.0}
    return config


@pytest.mark.parametrize("several", [True, False])
def test_an_honest_run_is_believed(tmp_path, several) -> None:
    config = coarse(CONFIG) | {"rule": fading(FAMILY)}
    if several:
        config["yardstick"] = {"name": "fast", "rule": fading(FAST)}
    else:
        config |= {"task": config.pop("worlds")[0]["task"]}
        del config["yardstick"]
    found = discover(load_config(write(tmp_path, config)), tmp_path / "run")
    evidence = evidence_of(found.record)
    assert f"in [{found.config.step:g}, 1000]" in evidence.comparisons[0].rule
    assert next(differences(found.config, found.record, evidence), None) is None
    assert verify(published(tmp_path / "run"), lives=64).verdict is not Verdict.REFUTED


def test_points_of_a_search_fit_every_step(tmp_path) -> None:
    """The space allows 10 ms, and a world that chooses nothing has a step of 30."""
    config = copy.deepcopy(PLACES) | {"name": "found", "scale": "reward"}
    del config["yardstick"]
    config["elsewhere"][0]["circuit"] = {"neurons": 8, "dt": 30.0, "tau": 90.0}
    config["elsewhere"][0]["task"] |= {"cue": 60.0, "delay": 60.0, "response": 60.0}
    arena = prepare(load_search(write(tmp_path, config)))
    timed = [t for t in arena.space.terms if "trace" in t.text]
    structure = arena.space.structure(random.Random(0).choice(timed))
    rng, met = np.random.default_rng(0), []
    for _ in range(20):
        point = arena.draw(structure, rng)
        point = arena.near(point, rng, 2.0)
        rule = printed(arena, point, {})
        met += [p.value for p in rule.parameters if p.name.startswith("tau")]
        assert all(p.lower == 30.0 for p in rule.parameters if p.name.startswith("tau"))
    assert min(met) == 30.0 < max(met)
