"""Scales of worlds: a yardstick that learns less than it could is found by new lives."""

from __future__ import annotations

from types import SimpleNamespace

import jax
import pytest
from test_worlds import CONFIG

from rulegen.catalog import find
from rulegen.catalog.records.roles import NO_LEARNING, YARDSTICK
from rulegen.circuits import RateCircuit
from rulegen.grammar import RunError
from rulegen.lives.bench import Bench, no_learning
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.publishing.config import DiscoverConfig
from rulegen.publishing.rehearsal import EARNED, Rehearsal
from rulegen.tasks import DelayedAssociation
from rulegen.verifying.finding import Verdict
from rulegen.verifying.scales import neighbours, scales
from rulegen.verifying.worlds import Place

WORLD = World(
    circuit=RateCircuit(neurons=12),
    task=DelayedAssociation(cue=60, delay=60, response=60),
    life=LifeSettings(trials=60),
)
KEY = jax.random.key(3)


@pytest.mark.parametrize(("share", "verdict"), [(1.0, Verdict.HOLDS), (0.15, Verdict.REFUTED)])
def test_a_weakened_yardstick_is_found(share, verdict):
    rule = find("node_perturbation").rule
    rule = rule.with_values({"eta": 0.005 * share})
    bench, still = Bench(WORLD, rule), no_learning(WORLD, rule)
    rewards = {
        name: SimpleNamespace(
            name=name, reward=SimpleNamespace(mean=b.rewards(b.values, KEY, 256).mean())
        )
        for name, b in ((YARDSTICK, bench), (NO_LEARNING, still))
    }
    figures = SimpleNamespace(comparisons=tuple(rewards.values()))
    place = Place("here", WORLD, 0, figures, True)
    (found,) = scales([place], {"here": {("rule", YARDSTICK): bench}}, KEY)
    assert found.claim == "yardstick tuned in here" and found.verdict is verdict
    assert not found.why or "with eta = 0.0015 it earns" in found.why


def test_every_parameter_of_a_yardstick_is_moved_within_its_bounds():
    rule = "param a = 0.4 in [0.3, 1]\nparam b = -1\nparam c = 2\nparam d = 0\nw += a*b*c*(pre+d)"
    tried = neighbours(Bench(WORLD, rule))
    assert [(name, tuple(values)) for name, values in tried] == [
        ("a", (0.8, -1, 2, 0)),
        ("b", (0.4, -0.5, 2, 0)), ("b", (0.4, -2, 2, 0)),
        ("c", (0.4, -1, 1, 0)), ("c", (0.4, -1, 4, 0)),
    ]  # fmt: skip


def test_a_yardstick_that_shows_nothing_on_the_held_out_lives_is_no_unit(monkeypatch):
    monkeypatch.setitem(EARNED, YARDSTICK, 0.0)
    config = DiscoverConfig.model_validate(CONFIG)
    with pytest.raises(RunError, match=r"world `small`: on 2 held-out lives .*evaluate\.lives"):
        Rehearsal(config).finish(config.measure)
