"""Configurations of several worlds that are refused, in one line and before anything is written."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from test_worlds import CONFIG, FAST, SHORT, write

from rulegen.catalog.records.roles import YARDSTICK
from rulegen.grammar import ConfigError
from rulegen.publishing.config import load_config
from rulegen.runs.discover import discover

SPIKES = "dw/dt = 0.1*post_spike*pre"
#: The same with a number for its learning rate.
SET = FAST.replace("param eta = 0.4\n", "").replace("eta*", "0.4*")
#: All that the first world of `CONFIG` is.
HERE = {"task": SHORT, "circuit": {"neurons": 8}}


def without(place: str, **changes) -> dict:
    config = copy.deepcopy(CONFIG)
    config[place][0] |= changes
    return config


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (without("worlds", name="other sizes"), "worlds: numbers 1 and 2 are both called"),
        (without("elsewhere", name="small"), "elsewhere: number 1: `small` is a world of the run"),
        (without("worlds", name="Start"), "world `Start`: the name is taken, or looks like"),
        (without("worlds", name="yardstick"), "world `yardstick`: the name is taken"),
        (without("elsewhere", name="no learning"), "world `no learning`: the name is taken"),
        (without("worlds", name="start"), "world `start`: the name is taken, or looks like"),
        (without("worlds", weight=0), r"worlds.0 \(`small`\).weight"),
        (without("worlds", weight=-1), r"worlds.0 \(`small`\).weight"),
        (without("elsewhere", **HERE), "world `later`: it is the same as `small`"),
        (
            without("elsewhere", task=SHORT, circuit={"neurons": 8, "correlation": -0.0}),
            "world `later`: it is the same as `small`",
        ),
        (
            CONFIG | {"circuit": {"neurons": 8, "clamped": [[0, 0.5], [3, 0.1]]},
                      "elsewhere": [{"name": "turned", "task": SHORT, "circuit":
                                     {"neurons": 8, "clamped": [[3, 0.1], [0, 0.5]]}}]},
            "world `turned`: it is the same as `small`",
        ),
        (
            CONFIG | {"projections": {"input": "w += 0.01*post*pre # as ever"},
                      "elsewhere": [{"name": "respelt", "task": SHORT, "projections":
                                     {"input": "w += 0.01*pre*post"}}]},
            "world `respelt`: it is the same as `small`",
        ),
        (without("elsewhere", name="small (held out)"), "tables add `.held out.` to names"),
        (
            CONFIG | {part: [{"name": f"{part} {n}", "task": SHORT | {"delay": 10.0 * n}}
                             for n in range(start, start + 33)]
                      for part, start in (("worlds", 1), ("elsewhere", 40))},
            "worlds: 66 of them, with those of `elsewhere`, and a run has at most 64",
        ),
        (CONFIG | {"objective": "worst", "sharpness": 1e-16}, "sharpness: .*0.001"),
        (
            CONFIG | {"yardstick": {"name": "set", "rule": SET}},
            "yardstick `set`: it has no parameter by which it could be tuned",
        ),
        (CONFIG | {"task": SHORT}, r"both \[task\] and \[\[worlds\]\]"),
        ({k: v for k, v in CONFIG.items() if k != "worlds"}, r"no world: add \[task\]"),
        (CONFIG | {"worlds": [{"name": "x"}]}, "world `x`: it has no task"),
        (CONFIG | {"yardstick": "nobody"}, "yardstick: there is no rule `nobody`"),
        (CONFIG | {"yardstick": 3}, "yardstick: name a rule of the catalog, or write a table"),
        (CONFIG | {"yardstick": "stdp_pair"}, "yardstick `stdp_pair`: world `small`: .*post_spike"),
        (
            {k: v for k, v in CONFIG.items() if k != "worlds"} | {"task": SHORT},
            "yardstick: nothing is measured by it",
        ),
        (CONFIG | {"sharpness": 7.0}, "sharpness: a mean has none"),
        (
            CONFIG | {"references": [{"name": "other", "rule": SPIKES}]},
            "references: `other`: world `small`: .*post_spike",
        ),
        (
            without("elsewhere", circuit={"neurons": 8, "noise": 0.0}, name="quiet"),
            "world `quiet`",
        ),
        (CONFIG | {"references": [{"name": YARDSTICK, "rule": FAST}]}, "the name `yardstick`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(config: dict, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        discover(load_config(write(tmp_path, config)), tmp_path / "run")
    assert len(str(refused.value).splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_yardstick_that_does_not_learn_leaves_nothing_behind(tmp_path: Path) -> None:
    still = "param eta = 1e-9\non reward: w += eta*R*pre*post"
    config = CONFIG | {"yardstick": {"name": "still", "rule": still}}
    with pytest.raises(ConfigError, match="world `small`: the yardstick gains"):
        discover(load_config(write(tmp_path, config)), tmp_path / "run")
    assert not (tmp_path / "run").exists()
