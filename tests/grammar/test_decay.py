"""Linear decay: equal rules make equal steps, however they are written, at any rate."""

from __future__ import annotations

import itertools
import math

import pytest
from oracle import value
from sympy import sin

from rulegen.grammar import Rule, RuleError, parse
from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.rule.system import make_system, split_impulses
from rulegen.grammar.rule.timing import check_steps

HEAD = "param k = 0.05 1/ms\nparam tau = 30 ms\n"
#: One differential equation of `x` each, in several spellings.
ALIKE = {
    "a filter": [
        "x = lowpass(pre, tau) : pre",
        "dx/dt = -x/tau + pre/tau : pre",
        "dx/dt = (pre - x)/tau : pre",
        "dx/dt = -(x - pre)/tau : pre",
        "gap = x - pre\ndx/dt = -gap/tau : pre",
    ],
    "two rates": [
        "dx/dt = -x/tau - k*x + pre/tau + 2*k*pre : pre",
        "dx/dt = (pre - x)/tau + k*(2*pre - x) : pre",
        "dx/dt = pre*(1/tau + 2*k) - x*(1/tau + k) : pre",
    ],
    "a square that goes": [
        "dx/dt = k*((x - 1)**2 - x**2) : pre",
        "dx/dt = k*(1 - 2*x) : pre",
    ],
    "an impulse": [
        "x = accumulate(3*pre_spike, tau) : pre",
        "dx/dt = -x/tau + 3*pre_spike : pre",
        "dx/dt = 3*(pre_spike - x/(3*tau)) : pre",
    ],
    "a filter that reads itself": [
        "x = lowpass(pre - x, tau) : pre",
        "dx/dt = (pre - 2*x)/tau : pre",
        "gap = pre - x\nx = lowpass(gap, tau) : pre",
    ],
    "a filter of a function of itself": [
        "x = lowpass(pre + tanh(x), tau) : pre",
        "dx/dt = (pre + tanh(x) - x)/tau : pre",
    ],
    "impulses that saturate": [
        "x = accumulate(pre_spike*(1 - x/2), tau) : pre",
        "dx/dt = -x/tau + pre_spike*(1 - x/2) : pre",
        "tau*dx/dt = -x + pre_spike*tau*(2 - x)/2 : pre",
    ],
    "impulses beside a function of itself": [
        "x = accumulate(pre_spike*(x < 1), tau) : pre",
        "dx/dt = -x/tau + pre_spike*(x < 1) : pre",
    ],
    "none": ["dx/dt = k*pre : pre", "dx/dt = k*(pre - x) + k*x : pre"],
    "a rate that varies": ["dx/dt = -k*x*pre : pre", "integrate euler\ndx/dt = -k*x*pre : pre"],
    "no equation": ["x <- 0.9*x + pre : pre", "integrate euler\nx <- 0.9*x + pre : pre"],
    "unused": [
        "x <- 0.9*x + pre : pre",
        "integrate euler\ny = lowpass(u, tau)\nx <- 0.9*x + pre : pre",
    ],
}
VALUES = {"k": 0.05, "tau": 30.0, "pre": 0.7, "pre_spike": 0.1, "x": -1.3}


def rule(text: str) -> Rule:
    return parse(HEAD + text + "\nw += x*post")


def stepped(text: str, dt: float) -> float:
    (equation,) = [e for e in make_system(rule(text)).neuron if e.name == "x"]
    return value(equation.expr, VALUES | {"dt": dt})


@pytest.mark.parametrize("texts", ALIKE.values(), ids=ALIKE)
def test_equal_rules_make_equal_steps(texts: list[str]) -> None:
    for first, second in itertools.pairwise(texts):
        assert rule(first).digest == rule(second).digest
        for dt in (1.0, 20.0):
            assert stepped(first, dt) == pytest.approx(stepped(second, dt), rel=1e-12)


def test_a_decay_is_integrated_exactly_however_it_is_written() -> None:
    for text in ALIKE["a filter"]:
        assert stepped(text, 20.0) == pytest.approx(0.7 - 2.0 * math.exp(-20 / 30), rel=1e-12)
    euler = "integrate euler\ndx/dt = (pre - x)/tau : pre"
    assert rule(euler).digest != rule(ALIKE["a filter"][0]).digest
    assert stepped(euler, 20.0) == pytest.approx(-1.3 + 2.0 * 20 / 30, rel=1e-12)


@pytest.mark.parametrize(
    "equation",
    [
        "4*dx/dt = -x + pre",
        "4*dx/dt = -x + pre + 0.1*tanh(x)",
        "x = lowpass(pre + 0.1*tanh(x), 4)",
        "dx/dt = -x/4 - k*pre*x",
        "dx/dt = -x*(1 - x)/4 + k*pre",
    ],
)
def test_a_decay_within_a_step_is_refused_whatever_else_the_equation_has(equation: str) -> None:
    shorter = "the time constant of `x` is 4 ms, shorter than the step of 10 ms"
    with pytest.raises(RuleError, match=shorter):
        check_steps(rule(f"{equation} : pre"), {}, 10.0)
    check_steps(rule(f"{equation} : pre"), {}, 4.0)


@pytest.mark.parametrize("equation", ["dx/dt = x*(1 - x)/4", "x = lowpass(2*x + pre, 4)"])
def test_growth_is_not_refused(equation: str) -> None:
    check_steps(rule(f"{equation} : pre"), {}, 10.0)


@pytest.mark.parametrize(
    "equation", ["accumulate(pre_spike*(1 - x/2), tau)", "accumulate(pre_spike*(x < 1), tau)"]
)
def test_a_trace_that_saturates_decays_exactly_between_spikes(equation: str) -> None:
    (step,) = [e for e in make_system(rule(f"x = {equation} : pre")).neuron if e.name == "x"]
    still = value(step.expr, VALUES | {"pre_spike": 0.0, "dt": 10.0})
    assert still == pytest.approx(VALUES["x"] * math.exp(-10 / VALUES["tau"]), rel=1e-12)


def test_nothing_is_multiplied_out_within_functions() -> None:
    """SymPy does not come to an end with some sines that it opens, `sin(pi*(...))`."""
    u, pre, spike = symbol("u"), symbol("pre"), symbol("pre_spike")
    curve = sin(u * (pre + 1))
    assert split_impulses(u * (spike + curve)) == (u * curve, u * spike)


@pytest.mark.parametrize("name", ["a filter", "an impulse", "impulses that saturate"])
def test_how_a_decay_is_integrated_is_a_part_of_the_rule(name: str) -> None:
    """Steps that differ have digests that differ, and none where it makes no difference."""
    for text in ALIKE[name]:
        assert rule(text).digest != rule(f"integrate euler\n{text}").digest
        assert stepped(text, 5.0) != stepped(f"integrate euler\n{text}", 5.0)
    varies, euler = ALIKE["a rate that varies"]
    assert rule(varies).digest == rule(euler).digest
