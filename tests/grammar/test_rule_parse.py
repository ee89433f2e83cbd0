"""What typical rules become, and that their text gives them back."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy as sp
from rule_texts import MICONI, ROUND_TRIP

from rulegen.grammar import Event, Form, Parameter, RuleError, Site, parse, symbol, unparse


def test_the_rule_of_the_readme() -> None:
    rule = parse(MICONI)
    u_bar, e, baseline = rule.states
    assert (u_bar.form, u_bar.site, u_bar.tau) == (Form.LOWPASS, Site.POST, symbol("tau_u"))
    assert (e.form, e.site) == (Form.DERIVATIVE, Site.SYNAPSE)
    assert (baseline.name, baseline.form, baseline.tau) == (
        "R_bar",
        Form.AVERAGE,
        sp.Rational("0.2"),
    )
    assert [p.name for p in rule.parameters] == ["tau_u", "tau_e", "eta"]
    assert rule.updates[0].event is Event.REWARD
    expected = symbol("eta") * (symbol("R") - symbol("R_bar")) * symbol("e")
    assert rule.updates[0].expr == symbol("w") + expected


@pytest.mark.parametrize("text", ROUND_TRIP)
def test_text_and_rule_agree(text: str) -> None:
    rule = parse(text)
    assert parse(unparse(rule)) == rule
    assert unparse(parse(unparse(rule))) == unparse(rule)


def test_units_are_converted_to_ms() -> None:
    declared = "param a = 2 s\nparam f = 5 Hz\nparam g = 3 1/ms\nparam h ms**2\n"
    rule = parse(declared + "w += (a*f + g*dt + h/dt**2)*pre")
    assert rule.parameters == (
        Parameter("a", 2000.0, Fraction(1)),
        Parameter("f", 0.005, Fraction(-1)),
        Parameter("g", 3.0, Fraction(-1)),
        Parameter("h", None, Fraction(2)),
    )


def test_greek_letters_and_macrons_are_names() -> None:
    greek = "ū = lowpass(u, τ_u)\nde/dt = −e/τ_e + (pre·(u − ū))³\non reward: w += η×(R − R̄)*e"
    assert parse(greek) == parse(MICONI)


def test_ordinary_names_are_not_constants() -> None:
    text = "".join(f"param {n} = 1\n" for n in ("S", "E", "I", "N", "O", "Q", "beta", "gamma"))
    rule = parse(text + "w += S*E*I*N*O*Q*beta*gamma*lambda*zeta*Pi")
    assert rule.states[0].expr.atoms() <= rule.states[0].expr.atoms(sp.Symbol)
    assert rule.states[0].expr.count(sp.Symbol) == 12


def test_sites_are_inferred() -> None:
    rule = parse("a <- b + u\nb <- a*0.5\nc = pre*a\nk = 2*alpha\nw += c*k")
    sites = {n: rule.site_of(n) for n in "abck"}
    assert sites == {"a": Site.POST, "b": Site.POST, "c": Site.SYNAPSE, "k": Site.GLOBAL}


def test_dropping_a_term_removes_what_only_it_used() -> None:
    rule = parse(
        "param theta_1 = 1 free\nparam theta_2 = 1 free\nparam kappa = 2\n"
        "u_bar = lowpass(u, tau_u)\nd = kappa*(u - u_bar)\n"
        "de/dt = -e/tau_e + theta_1*xi*pre + theta_2*d*pre\non reward: w += eta*R*e"
    )
    assert [t.text for t in rule.terms()] == ["xi*pre", "d*pre"]
    small = rule.drop(["theta_2"])
    assert small == parse(
        "param theta_1 = 1 free\nparam tau_e ms\nparam eta\n"
        "de/dt = -e/tau_e + theta_1*xi*pre\non reward: w += eta*R*e"
    )
    assert rule.drop(["theta_1", "theta_2"]).state("e").expr == -symbol("e") / symbol("tau_e")
    with pytest.raises(RuleError, match="no parameter `theta_9`"):
        rule.drop(["theta_9"])


def test_values_are_replaced_within_bounds() -> None:
    rule = parse("param theta_1 = 1 in [0, 2] free\nw += theta_1*pre")
    assert rule.with_values({"theta_1": 0.5}).parameter("theta_1").value == 0.5
    for name, value in (("theta_1", 3.0), ("theta_1", float("nan")), ("theta", 1.0)):
        with pytest.raises(RuleError):
            rule.with_values({name: value})


def test_nonlocal_functions_are_certified_as_such() -> None:
    certificate = parse("w += sum_pre(w)*pre\nnonlocal sum_pre").locality()
    assert not certificate.local
    assert len(certificate.violations) == 1
    side = parse("on reward: w += (R - R_bar[condition])*xi*pre").locality()
    assert side.local
    assert any("R_bar[condition]" in n and "trial's identity" in n for n in side.notes)


@pytest.mark.parametrize("name", ["sum_pre", "max_pre", "sum_post", "max_post", "cumsum_post"])
def test_a_reduction_of_a_constant_is_no_number(name: str) -> None:
    """It may be compared: how many neurons there are is not known when the text is read."""
    rule = parse(f"nonlocal {name}\nw += max({name}(7), u)")
    assert parse(rule.text()) == rule


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("tau*dx/dt = -x + pre\nw += x", "dx/dt = (-x + pre)/tau\nw += x"),
        ("(tau - dt)/2*dx/dt = -x\nw += x*pre", "dx/dt = -x/((tau - dt)/2) : global\nw += x*pre"),
        ("-tau*dw/dt = w - pre", "dw/dt = (pre - w)/tau"),
        ("x = lowpass(pre, 1 s)\nw += x", "x = lowpass(pre, 1000)\nw += x"),
        ("x = lowpass(pre, 20*ms)\nw += x", "x = lowpass(pre, 20)\nw += x"),
        ("x = lowpass(pre, 1 h)\nw += x", "x = lowpass(pre, 3600000)\nw += x"),
        ("dx/dt = -x/20ms + 2*pre/ms\nw += x", "dx/dt = -x/20 + 2*pre\nw += x"),
        ("dw/dt = 5*Hz*pre - 100 us*w/ms/ms", "dw/dt = 0.005*pre - 0.1*w"),
        ("s <- 0.5*s + pre\nw += 2*s", "q <- 0.5*q + pre\nw += 2*q"),
        ("w += pre*(0 < u <= 1 < post)", "w += pre*(u > 0 and u <= 1 and 1 < post)"),
        ("w += not 0 < u < 1", "w += (u <= 0 or u >= 1)"),
        ("f(x) = x**2 - u\nw += f(pre)*f(2*post)", "w += (pre**2 - u)*(4*post**2 - u)"),
        ("f(u, k) = k*u\ng(x) = f(x, 3) + 1\nw += g(pre)", "w += 3*pre + 1"),
        ("f(x) = x*u\nu_bar = f(2)\nw += u_bar", "w += 2*u"),
    ],
)
def test_what_people_type_is_the_plain_rule(typed: str, plain: str) -> None:
    rule = parse(typed)
    assert rule.digest == parse(plain).digest
    assert parse(rule.text()) == rule
    assert parse(rule.canonical().text()) == rule.canonical()


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("on reward: w += R*pre", "at reward"),
        ("b = average(R, 0.1)\non reward: w += (R - b)*pre", "at reward"),
        ("d = R - 1\non reward: w += d*pre", "at reward"),
        ("d = 2*R\nb = average(d, 0.1)\non reward: w += b*pre", "at reward"),
        ("w += R*pre", "every step"),
        ("dw/dt = R*pre", "every step"),
        ("x = accumulate(R, 20)\non reward: w += x*pre", "every step"),
        ("d = c - 1\nc = R + post\nw += d*pre", "every step"),
        ("n = normal(R, 1) : post\non reward: w += n*pre", "every step"),
        ("x <- x + R\non reward: w += R*x*pre", "every step"),
    ],
)
def test_when_a_rule_reads_the_reward(text: str, when: str) -> None:
    items = {item.symbol: item for item in parse(text).locality().items}
    assert items["R"].available == when
