"""The benchmark whose best rule is known: all ways to ask for rewards give those of imitation."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import pytest

if not (Path(__file__).parent.parent / "benchmarks").exists():
    pytest.skip("the benchmarks are not beside the tests", allow_module_level=True)
from benchmarks.worlds import ImitationBench
from rulegen.circuits import RateCircuit
from rulegen.grammar import parse
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation


def test_places_that_meet_are_rewarded_for_imitation() -> None:
    world = World(
        circuit=RateCircuit(neurons=4),
        task=DelayedAssociation(cue=20, delay=20, response=20),
        life=LifeSettings(trials=6, warmup=0),
    )
    text = "param a = 0.1 free\ne <- e + a*xi*pre : synapse\non reward: w += 0.1*(R + 0.3)*e"
    bench, key = ImitationBench(world, parse(text), {"a": 0.8}, 0.5), jax.random.key(1)
    places = [np.array([a]) for a in (0.1, 0.8, 1.6)]
    together = bench.rewards(places, key, 12)
    alone = [bench.run(place, key, 12).means for place in places]
    np.testing.assert_allclose(together, alone, rtol=1e-4)
    np.testing.assert_allclose(
        [lot.rewards for lot in bench.meet(places, key, 12)], alone, rtol=1e-4
    )
    assert together.mean(axis=1).argmax() == 1, "the planted rule earns most"
