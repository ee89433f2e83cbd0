"""Time constants where worlds have steps of different lengths, and where a fit moves them."""

from __future__ import annotations

import numpy as np
import pytest

from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING, START
from rulegen.circuits import RateCircuit
from rulegen.fitting.box import no_limits
from rulegen.fitting.refine import Refined
from rulegen.grammar import ConfigError, parse
from rulegen.grammar.rule.timing import with_shortest_times
from rulegen.ground.keys import origin
from rulegen.ground.stage import Stage
from rulegen.lives.bench import Bench, no_learning
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.publishing.config import DiscoverConfig
from rulegen.publishing.held_out import HeldOut
from rulegen.runs.discover import prepare, rounded_rule
from rulegen.runs.league import League, compare_worlds
from rulegen.tasks import DelayedAssociation

RULE = """
param theta_1 = 0.1 in [-3, 3] free
param tau_e = 50 ms in [1, 500] free
de/dt = -e/tau_e + pre*post : synapse
on reward: w += theta_1*R*e
"""
PLACES = {
    "task": {"name": "delayed_association"},
    "circuit": {"neurons": 4, "dt": 2.0},
    "life": {"trials": 3, "warmup": 0},
    "elsewhere": [{"name": "coarse", "circuit": {"neurons": 4, "dt": 10.0}}],
}


def config(rule: str = RULE, **places) -> DiscoverConfig:
    return DiscoverConfig.model_validate({"name": "a", "rule": rule} | (places or PLACES))


def test_a_fit_may_not_leave_the_worlds_that_choose_nothing() -> None:
    family = prepare(config()).family
    assert family.rule.parameter("tau_e").lower == 10.0
    values = family.vector({"tau_e": family.bounds[0, family.names.index("tau_e")]})
    rule = rounded_rule(family, Refined(values, no_limits(2, "")), ["theta_1"])
    held_out = HeldOut(config(), 2, {}, Stage(origin(0)), [family])
    assert set(held_out.run(DISCOVERED, parse(rule.text()))) == {"the world of the run", "coarse"}


def test_the_start_has_the_bounds_of_what_is_published() -> None:
    worlds = [
        {"name": f"step {dt}", "task": {"name": "delayed_association", "delay": 20.0 * dt}}
        | {"circuit": {"neurons": 4, "dt": dt}}
        for dt in (5.0, 10.0)
    ]
    here = config(worlds=worlds, scale="reward", life={"trials": 3, "warmup": 0})
    family = prepare(here).family
    held_out = HeldOut(here, 2, {}, Stage(origin(0)), [family])
    start = held_out.run(START, family.rule)
    assert {parse(t.text).parameter("tau_e").lower for t in start.values()} == {10.0}


def test_a_rule_that_is_too_fast_for_a_world_stops_no_league() -> None:
    league = League.model_validate(PLACES | {"evaluate": {"lives": 2}})
    fast = "param tau = 5 ms\nde/dt = -e/tau + pre*post : synapse\non reward: w += 0.01*R*e"
    rules = {"fast": fast, "hebb": "w += 0.001*pre*post"}
    found = compare_worlds(rules, league, Stage(origin(0)), None)
    assert "world `coarse`: the time constant of `e` is 5 ms" in found.rules["fast"].note
    assert len(found.rules["hebb"].lives) == 2


def test_what_the_fit_made_too_short_is_named_with_its_bounds() -> None:
    text = RULE.replace("e/tau_e", "e/(c*tau_e)") + "param c = 1 in [0.1, 10] free\n"
    here = config(text, **PLACES | {"elsewhere": []})
    rule = parse(text).with_values({"c": 0.1, "tau_e": 10.0}).text()
    with pytest.raises(ConfigError, match="tighter bounds of `tau_e` and `c`"):
        HeldOut(here, 2, {}, Stage(origin(0))).run(DISCOVERED, parse(rule))


@pytest.mark.parametrize(
    ("text", "name", "bounds"),
    [
        ("param k = 0.01 free\ndw/dt = 0.1*pre*post - k*w", "k", (-np.inf, 0.2)),
        ("param k = -0.01 free\ndw/dt = 0.1*pre*post + k*w", "k", (-0.2, np.inf)),
        ("param c = 3\nparam k = 0.01 free\ndw/dt = 0.1*pre*post - c*k*w", "k", (-np.inf, 0.2 / 3)),
        ("param a = 9 ms free\nx = lowpass(pre, a + 20)\nw += x", "a", (5.0, np.inf)),
        ("param a = 2 ms free\nx = lowpass(pre, a)\nw += x", "a", (-np.inf, np.inf)),
        # Learning rates of which the unit is ms.
        ("param a = 0.01 free\nx = accumulate(pre_spike, 20)\nw += a*x*post_spike", "a",
         (-np.inf, np.inf)),
        ("param a = -0.1 in [-2, 0] free\nx = accumulate(pre_spike, 20)\nw += a*x*post_spike",
         "a", (-2.0, 0.0)),
    ],
)  # fmt: skip
def test_bounds_of_times_alone(text: str, name: str, bounds: tuple[float, float]) -> None:
    found = with_shortest_times(parse(text), 5.0).parameter(name)
    assert (found.lower, found.upper) == pytest.approx(bounds)


def test_a_rate_at_its_bound_runs() -> None:
    world = World(circuit=RateCircuit(neurons=4, dt=3.0), task=DelayedAssociation())
    rule = "param c = 0.3\nparam k = 0.01 free\nde/dt = pre*post - c*k*e\non reward: w += 0.01*R*e"
    bench = Bench(world, rule)
    Bench(world, parse(rule).with_values({"k": float(bench.bounds[1, 1])}))


def test_who_acts_by_forward_lines_learns_where_something_is_learned_alone() -> None:
    world = World(
        circuit=RateCircuit(neurons=6),
        task=DelayedAssociation(),
        life=LifeSettings(trials=8, warmup=0),
    )
    rule = (
        "param alpha = 1\nh <- h : synapse\non reward: h += 0.05*post*pre\nforward w = w + alpha*h"
    )
    still = Bench(world, parse(rule).with_values({"alpha": 0.0}))
    told = {
        name: bench.rewards(bench.values, origin(1), 4)
        for name, bench in (
            ("rule", Bench(world, rule)), (NO_LEARNING, no_learning(world, rule)), ("", still)
        )
    }  # fmt: skip
    assert told[NO_LEARNING].tolist() == told[""].tolist() != told["rule"].tolist()
    companion = world.model_copy(
        update={"projections": world.projections.model_copy(update={"input": rule})}
    )
    quiet = Bench(world, "w += 0.0*pre").rewards(np.zeros(0), origin(1), 4)
    bench = no_learning(companion, "w += 0.0*pre")
    assert bench.rewards(bench.values, origin(1), 4).tolist() == quiet.tolist()
