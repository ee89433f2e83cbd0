"""What is said to remain without a term is the best of what could: none is spoilt."""

from __future__ import annotations

from types import SimpleNamespace

import jax
import numpy as np
import pytest
from honest import SETTING, lived, quick_bench

from rulegen.catalog import Interval, TermLoss
from rulegen.grammar import parse
from rulegen.ground.keys import Branch, branch
from rulegen.lives.batch import Lot
from rulegen.lives.bench import Bench
from rulegen.verifying.claims import MINE, NOTHING
from rulegen.verifying.finding import Verdict
from rulegen.verifying.refits import drawn, refits
from rulegen.verifying.setting import world_of

#: Two terms that do nearly the same, against each other: the first alone would unlearn.
TEXT = """
param theta = {} in [-9, 9]
param phi = {} in [-9, 9]
e <- e + 0.4*theta*xi*pre + 0.4*phi*xi*tanh(pre) : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.2, 0.2)
"""
RULE, LIVES = TEXT.format(-1.5, 3.0), 128
WORLD = world_of(SETTING)


def lot(rule: str, learns: bool = True) -> Lot:
    found = lived("", rule, WORLD, lives=LIVES, learns=learns)
    return Lot(found.means, np.asarray(found.outcomes))


@pytest.mark.parametrize(
    ("remains", "verdict"),
    [
        ("", Verdict.REFUTED),
        (TEXT.format(0.0, 0.0), Verdict.REFUTED),
        (TEXT.format(-0.01, 0.0), Verdict.REFUTED),
        (TEXT.format(0.05, 0.0), Verdict.REFUTED),
        (TEXT.format(1.5, 0.0), Verdict.HOLDS),
    ],
)
def test_a_rest_that_was_spoilt_is_found_out(remains: str, verdict: Verdict) -> None:
    rest = lot(remains or RULE, learns=bool(remains))
    lots = {MINE: lot(RULE), NOTHING: lot(RULE, learns=False), ("term", "phi"): rest}
    told = TermLoss(
        coefficient="phi", term="0.4*xi*tanh(pre)", rule=remains,
        loss=Interval(mean=0.0, low=0.0, high=0.0, lives=LIVES),
        diverged=0, saturated=0, silent=0,
    )  # fmt: skip
    evidence = SimpleNamespace(terms=[told], reward=SimpleNamespace(lives=LIVES))
    key = branch(jax.random.key(3), Branch.EVALUATE)
    (found,) = refits(evidence, quick_bench(WORLD, parse(RULE)), key, lots, None)  # type: ignore[arg-type]
    assert found.verdict is verdict, found.why


def test_what_is_left_out_is_0_whatever_its_bounds() -> None:
    bench = Bench(WORLD, TEXT.format(1.5, 3.0).replace("[-9, 9]", "[0.2, 9]", 1))
    there = bench.names.index("theta")
    assert bench.bounds[0, there] == 0.2 and not drawn(bench, "theta", 9)[:, there].any()
