"""What is given to lives from Python in another form is refused with what would do."""

import numpy as np
import pytest

import rulegen as rg

WORLD = rg.World(
    circuit=rg.RateCircuit(neurons=4),
    task=rg.DelayedAssociation(),
    life=rg.LifeSettings(trials=3, warmup=1),
)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1"])
def test_seeds_that_would_be_others(seed):
    with pytest.raises(ValueError, match="a seed is an integer from 0 to"):
        rg.key(seed)


def test_values_that_are_none_of_the_rule():
    bench = rg.Bench(WORLD, "param a = 0.1\nw += a*pre*post")
    with pytest.raises(ValueError, match="the rule has no parameter `nope`: it has"):
        bench.vector({"nope": 1.0})
    for places in ([0.1, 0.2], np.ones((2, 3)), 0.1):
        with pytest.raises(ValueError, match="give one for each"):
            bench.rewards(places, rg.key(0), 2)
