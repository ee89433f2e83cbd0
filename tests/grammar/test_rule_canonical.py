"""Equal rules have equal digests, and different ones do not."""

from __future__ import annotations

import pytest
from rule_texts import MICONI, ROUND_TRIP

from rulegen.grammar import parse

EQUAL = {
    "order of terms and statements": (
        MICONI,
        "on reward: w += e*eta*(-R_bar + R)\nde/dt = ((u - u_bar)*pre)**3 - e/tau_e\n"
        "u_bar = lowpass(u, tau_u)",
    ),
    "names": (
        MICONI,
        "v = lowpass(u, tau_v)\ndh/dt = -h/tau_h + (pre*(u - v))**3\n"
        "b = average(R, 0.2)\non reward: w += kappa*(R - b)*h",
    ),
    "definitions": (
        MICONI,
        "d = u - u_bar\nf = pre*d\nu_bar = lowpass(u, tau_u)\nde/dt = -e/tau_e + f**3\n"
        "on reward: w += eta*(R - R_bar)*e",
    ),
    "lowpass or its equation": (
        MICONI,
        "u_bar = lowpass(u, tau_u)\ne = lowpass((pre*(u - u_bar))**3, tau_e)\n"
        "on reward: w += eta*(R - R_bar)*e",
    ),
    "scale of the eligibility": (
        MICONI,
        "u_bar = lowpass(u, tau_u)\nde/dt = -e/tau_e - 2*kappa*(pre*(u - u_bar))**3\n"
        "on reward: w -= eta*(R - R_bar)*e/5",
    ),
    "numbers in place of parameters": (
        "param a = 0.1\nde/dt = -e/10 + 3*pre*post\non reward: w += a*R*e",
        "param a = 0.3\nparam T = 10\nde/dt = -e/T + pre*post\non reward: w += a*R*e",
    ),
    "scale in a circle of states": (
        "dw/dt = eta*pre*post + (a - w)/tau\nda/dt = (w - 2*a + b)/tau : synapse\n"
        "db/dt = (a - b)/(8*tau) : synapse",
        "dw/dt = eta*pre*post + (a/2 - w)/tau\nda/dt = 2*(w - a + b)/tau : synapse\n"
        "db/dt = (a/2 - b)/(8*tau) : synapse",
    ),
    "unused statements": (MICONI, MICONI + "param kappa = 3\nz = lowpass(pre, 10)\n"),
    "comparisons": ("w += (pre > u)*pre", "w += (u < pre)*pre"),
    "relu": ("w += relu(pre)*u", "w += max(pre, 0)*u"),
    "symmetric parameters": (
        "w += alpha*pre*post + beta*pre*post**2",
        "w += alpha*pre*post**2 + beta*pre*post",
    ),
    "symmetric states": (
        "a = lowpass(pre, tau_a)\nb = lowpass(pre, tau_b)\nw += (a - b)*post*eta/tau_a",
        "b = lowpass(pre, tau_x)\na = lowpass(pre, tau_y)\nw += (b - a)*post*eta/tau_x",
    ),
}

DIFFERENT = [
    MICONI,
    MICONI.replace("3", "2"),
    MICONI.replace("+=", "-="),
    MICONI.replace("R_bar", "R_bar[condition]"),
    MICONI + "integrate euler",
    MICONI + "bounds w in [0, 1]",
    MICONI + "diagonal w = 0",
    MICONI + "on reward: e <- 0",
    MICONI + "initial e = 1",
    MICONI.replace("on reward", "on trial end"),
    MICONI.replace("lowpass(u", "lowpass(post"),
    MICONI + "param eta = 0.1",
    MICONI + "param tau_e = 10 ms",
]


@pytest.mark.parametrize("case", EQUAL)
def test_equal_rules_have_equal_digests(case: str) -> None:
    first, second = (parse(text) for text in EQUAL[case])
    assert first.canonical().text() == second.canonical().text()
    assert first.canonical() == second.canonical()
    assert first.digest == second.digest


def test_different_rules_have_different_digests() -> None:
    digests = [parse(text).digest for text in DIFFERENT]
    assert len(set(digests)) == len(DIFFERENT)


@pytest.mark.parametrize("text", [*ROUND_TRIP, *DIFFERENT])
def test_the_canonical_form_is_its_own(text: str) -> None:
    rule = parse(text).canonical()
    assert rule.canonical() == rule
    assert parse(rule.text()) == rule
    assert parse(text).digest == rule.digest


def test_prev_reads_a_name_in_whatever_units() -> None:
    rule = parse("x <- 0.5*x + 2*alpha*pre\nw += prev(x)*post")
    canonical = rule.canonical()
    assert parse(canonical.text()) == canonical
    assert rule.digest == parse("x <- 0.5*x + pre\nw += beta*post*prev(x)").digest


def test_delays_read_a_name_in_whatever_units_and_are_the_same_only_when_they_last_as_long() -> (
    None
):
    rule = parse("x <- 0.5*x + 2*alpha*pre\nw += (delay(x, 20 ms) - delay(x, 5 ms))*post")
    assert parse(rule.canonical().text()) == rule.canonical()
    same = "y <- pre + y/2\nw += beta*post*delay(y, 0.02 s) - post*delay(y, 5)*beta"
    assert rule.digest == parse(same).digest
    others = [same.replace("0.02 s", "21 ms"), same.replace("delay(y, 5)", "prev(y)")]
    others += [same.replace("delay(y, 5)", "y")]
    assert len({parse(text).digest for text in [same, *others]}) == 4


def test_spikes_change_what_a_name_is_now_and_not_what_it_was() -> None:
    text = "x <- 0.9*x + delay(x, 9 ms) : synapse\nw += x\non pre_spike: x += 0.5"
    now = "x <- 0.9*(x + 0.5*dt*pre_spike) + delay(x, 9 ms) : synapse\nw += x"
    assert parse(text).digest == parse(now).digest
