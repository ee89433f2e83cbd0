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
