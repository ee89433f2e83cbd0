"""Dimensions: what is inferred and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from rulegen.grammar import RuleError, parse


@pytest.mark.parametrize(
    ("text", "name", "unit"),
    [
        ("de/dt = -e/tau_e + pre*post\non reward: w += eta*e", "eta", -1),
        ("e = lowpass(pre*post, tau_e)\non reward: w += eta*e", "eta", 0),
        ("e = accumulate(pre_spike, 20)\nw += eta*e", "eta", 0),
        ("dw/dt = -w/kappa", "kappa", 1),
        ("on trial end: w -= w/tau_w", "tau_w", 0),
        ("dw/dt = eta*pre*(theta - sqrt(beta)*post)", "beta", None),
        ("d = u*alpha\ndw/dt = d*tanh(d)*beta", "alpha", 0),
        ("w += where(theta < dt, 1, 0)*pre", "theta", 1),
        ("w += max(dt, kappa)*pre*eta", "kappa", 1),
        ("w += pre**(u*alpha)", "alpha", 0),
        ("param a = 2 ms**(1/2)\nw += a*b_0*pre\nparam b_0", "b_0", Fraction(-1, 2)),
        ("w += 3*alpha*dt*pre", "alpha", None),
    ],
)
def test_inferred(text: str, name: str, unit: Fraction | int | None) -> None:
    assert parse(text).units()[name] == unit


@pytest.mark.parametrize(
    "formula",
    [
        "u + dt",
        "exp(dt)*u",
        "u**dt",
        "dt**u",
        "min(u, dt)",
        "where(u < dt, 1, 0)",
        "where(u < 0, u, dt)",
        "clip(u, 0.5, dt)",
        "spow(dt, u)",
        "abs(dt) - u",
        "prev(pre_spike) - u",
        "u*dt",
    ],
)
def test_refused(formula: str) -> None:
    with pytest.raises(RuleError, match=r"dimensionless|ms"):
        parse(f"w += {formula}")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("9 Hz", "0.009 1/ms"),
        ("7 Hz in [3, 9]", "0.007 1/ms in [0.003, 0.009]"),
        ("1.001 s", "1001 ms"),
        ("1.1 h", "3960 s"),
        ("4.35 us", "0.00435 ms"),
        ("8 s**(1/3)", "80 ms**(1/3)"),
        ("0.3/s", "0.0003/ms"),
    ],
)
def test_units_of_parameters_are_multiplied_as_fractions(one: str, two: str) -> None:
    first, second = (parse(f"param k = {text}\nw += k*u*pre/k_0\nparam k_0") for text in (one, two))
    assert first.parameters == second.parameters
    assert first.digest == second.digest


def test_a_rate_is_the_same_as_a_parameter_and_in_a_formula() -> None:
    named = parse("param k = 9 Hz\ndw/dt = k*pre*post")
    assert named.digest == parse("dw/dt = 9 Hz*pre*post").digest
