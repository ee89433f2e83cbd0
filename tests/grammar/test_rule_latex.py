"""LaTeX reads as papers do, is balanced, and holds no command but known ones."""

from __future__ import annotations

import re

import pytest
from rule_texts import MICONI, ROUND_TRIP

from rulegen.grammar import parse

COMMANDS = set(
    re.findall(
        r"\w+",
        "tau eta theta lambda alpha gamma beta kappa xi zeta phi pi bar dot text quad Delta mathrm "
        "left right frac sqrt exp log tanh sin cos min max operatorname sum le ge ne land lor "
        "mathbf begin end times infty leftarrow mapsto epsilon in",
    )
)


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("text", ROUND_TRIP)
def test_latex_is_well_formed(text: str, values: bool) -> None:
    tex = parse(text).latex(values=values)
    assert tex.count("{") == tex.count("}")
    assert tex.count(r"\left") - tex.count(r"\leftarrow") == tex.count(r"\right")
    assert set(re.findall(r"\\([A-Za-z]+)", tex)) <= COMMANDS
    assert tex.isascii()
    assert not set("#%$~") & set(tex)
    assert ("&" in tex) == (r"\begin" in tex)


def test_the_rule_of_the_readme() -> None:
    assert parse(MICONI).latex().split("\n")[1:4] == [
        r"  && \tau_{u}\,\dot{\bar{u}}_{i} & = -\bar{u}_{i} + u_i \\",
        r"  && \dot{e}_{ij} & = -\frac{e_{ij}}{\tau_{e}} + "
        r"\left(u_i - \bar{u}_{i}\right)^{3}\,r_j^{3} \\",
        r"  & \text{on reward:}\quad & \Delta w_{ij} & = "
        r"\eta\,\left(R - \bar{R}\right)\,e_{ij} \\",
    ]


@pytest.mark.parametrize(
    ("formula", "tex"),
    [
        ("pre*post*w*(R - R_bar)*eta", r"\eta\,\left(R - \bar{R}\right)\,w_{ij}\,r_i\,r_j"),
        ("pre/2", r"0.5\,r_j"),
        ("pre/3", r"\frac{r_j}{3}"),
        ("(u - 1)/(2*u)", r"\frac{0.5\,\left(u_i - 1\right)}{u_i}"),
        ("slope**2", r"\left(\phi'(u_i)\right)^{2}"),
        ("prev(pre)**2", r"\left(r_j^{(t-1)}\right)^{2}"),
        ("delay(pre, 20 ms)**2", r"\left(r_j^{(t - 20\,\text{ms})}\right)^{2}"),
        ("delay(u, 0.5)*prev(u)", r"u_i^{(t - 0.5\,\text{ms})}\,u_i^{(t-1)}"),
        ("1e-9*theta_10", r"10^{-9}\,\theta_{10}"),
        ("(pre > 1)*u", r"u_i\,\mathbf{1}\left\{r_j > 1\right\}"),
        ("sqrt(abs(u))", r"\sqrt{\left|u_i\right|}"),
        ("relu(u)**2", r"\left[u_i\right]_{+}^{2}"),
        ("dt**2*u", r"\left(\Delta t\right)^{2}\,u_i"),
    ],
)
def test_formulas(formula: str, tex: str) -> None:
    text = f"param eta ms**2\n w += ({formula})*kappa"
    rule = parse(text)
    shown = rule.latex()
    assert tex.replace("\\,", "") in shown.replace(r"\kappa", "").replace("\\,", ""), shown


@pytest.mark.parametrize(
    ("formula", "tex"),
    [
        ("cumsum_post(w*post)", r"\sum_{k \le i} w_{kj}\,r_{k}"),
        ("sum_post(w*cumsum_post(w*post))", r"\sum_{l \le k} w_{lj}\,r_{l}"),
        ("cumsum_post(w*cumsum_post(w*post))", r"\sum_{l \le k} w_{lj}\,r_{l}"),
        ("sum_pre(w*cumsum_post(w*post))", r"\sum_{l \le i} w_{lk}\,r_{l}"),
    ],
)
def test_a_cumulative_sum_ends_at_the_neuron_around_it(formula: str, tex: str) -> None:
    sums = ", ".join(sorted(set(re.findall(r"\w+(?=\()", formula))))
    assert tex in parse(f"nonlocal {sums}\nw += {formula}").latex()


def test_values_stand_in_for_parameters() -> None:
    text = "param eta = 0.12345678\nparam tau_e = 30 ms\ne = lowpass(pre*post, tau_e)\nw += eta*e"
    assert parse(text).latex(values=True).split("\n")[1:3] == [
        r"  30\,\dot{e}_{ij} & = -e_{ij} + r_i\,r_j \\",
        r"  \Delta w_{ij} & = 0.1235\,e_{ij}",
    ]


def test_a_rule_displays_itself() -> None:
    rule = parse(MICONI)
    assert rule._repr_latex_().startswith("$\\displaystyle ")
    assert rule.latex() in rule.markdown()
    assert "| `tau_u` |  | ms |  |" in rule.markdown()


def test_a_time_constant_in_numbers_stays_one() -> None:
    assert r"20\,\mathrm{ms}\,\dot{x}_{j}" in parse("20 ms*dx/dt = pre - x\nw += x").latex()
    assert r"-\frac{x_{j}}{16.8}" in parse("x = accumulate(pre, 16.8)\nw += x*post/100").latex()
