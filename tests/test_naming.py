"""What a rule is: the literature under other names, units and values, and what is none of it."""

from __future__ import annotations

import itertools
import re
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp
from named_rules import NAMED

from rulegen.catalog import find, literature
from rulegen.catalog.likeness.distance import algebraic_distance
from rulegen.catalog.likeness.known import INDEX, index, known
from rulegen.catalog.likeness.naming import named
from rulegen.grammar import Event, Rule, Update, parse, symbol
from rulegen.grammar.algebra import algebra
from rulegen.grammar.algebra.parts import Form
from rulegen.grammar.matching.matches import matches
from rulegen.grammar.matching.outline import outline
from rulegen.grammar.matching.sketch import possible, sketch
from rulegen.grammar.matching.values import own_values, value

NAMES = sorted(literature())
#: Made of what a circuit can measure.
MEASURABLE = """
param eta = 0.000913 1/ms
u_bar <- 0.7*u + 0.3*u_bar : post
d = 5*(u - u_bar) : post
de/dt = 0.27*d*pre + 0.34*post*pre : synapse
R_bar[condition] = average(R, 0.2)
on trial start: e <- 0
on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
"""
EXAMPLE = """
param eta = 0.000913 1/ms
param theta_1 = 1.8 in [-3, 3]
de/dt = theta_1*xi*pre  : synapse
R_bar[condition] = average(R, 0.2)
on trial start: e <- 0
on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
"""


def renamed(rule: Rule) -> Rule:
    """The rule with other names for states, definitions and parameters."""
    own = [p.name for p in rule.parameters] + [d.name for d in rule.definitions]
    own += [s.name for s in rule.states if s.name not in ("w", "R_bar")]
    text = rule.text()
    for number, name in enumerate(sorted(own)):
        text = re.sub(rf"\b(d?){name}\b", rf"\1q_{number}", text)
    return parse(text)


def in_other_units(rule: Rule, unit: sp.Rational) -> Rule:
    """The rule with every state but the weight in other units."""
    names = [s.name for s in rule.states if s.name != "w"]
    back = {symbol(n): algebra.multiply([1 / unit, symbol(n)]) for n in names}

    def new(target: str, expr: sp.Expr) -> sp.Expr:
        expr = algebra.substitute(expr, back)
        return algebra.multiply([unit, expr]) if target in names else expr

    return Rule.of(
        replace(
            rule,
            definitions=tuple(replace(d, expr=new("", d.expr)) for d in rule.definitions),
            states=tuple(
                replace(s, expr=new(s.name, s.expr), initial=s.initial * float(unit))
                if s.name in names
                else replace(s, expr=new("", s.expr))
                for s in rule.states
            ),
            updates=tuple(replace(u, expr=new(u.target, u.expr)) for u in rule.updates),
            forward=tuple((n, new("", e)) for n, e in rule.forward),
        )
    )


def with_other_values(rule: Rule) -> Rule:
    """The rule with every parameter well away from its default, of the same sign."""
    values = {}
    for number, p in enumerate(rule.parameters):
        wanted = (p.value or 0.0) * (0.83 + 0.013 * number)
        values[p.name] = min(max(wanted, p.lower), p.upper)
    return rule.with_values(values)


def with_one_more(rule: Rule) -> Rule:
    """The rule and a change of the weights at the end of a trial that no rule has."""
    more = Update(Event.TRIAL_END, "w", parse("on trial end: w -= 3e-5*post**5*u").updates[0].expr)
    return Rule.of(replace(rule, updates=(*rule.updates, more)))


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_of_the_literature_is_itself_however_it_is_written(name: str) -> None:
    rule = literature()[name].rule
    forms = {
        "as it is": rule,
        "renamed": renamed(rule),
        "in other units": in_other_units(rule, sp.Rational(3, 7)),
        "with other values": with_other_values(rule),
        "all of it": in_other_units(renamed(with_other_values(rule)), sp.Rational(-5, 2)),
    }
    for how, form in forms.items():
        if how == "all of it" and name in ("graupner_brunel", "burst_dependent", "tag_and_capture"):
            form = in_other_units(renamed(with_other_values(rule)), sp.Rational(5, 2))
        found = named(form)
        assert (found.known, found.same) == (name, True), (how, found.text)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "hopfield"])
def test_a_rule_with_one_more_term_is_that_rule_and_the_term(name: str) -> None:
    found = named(with_one_more(literature()[name].rule))
    assert (found.known, found.same, found.extended) == (name, False, True)
    more = r" - 3e-05\*(u\*post\*\*5|post\*\*5\*u) in w on trial end"
    assert re.search(more, found.text), found.text


def test_the_index_is_that_of_the_records() -> None:
    """Whoever changes a record, or how formulas are put in order, makes it anew: `make index`."""
    assert INDEX.read_text(encoding="utf-8") == index()


def test_what_is_no_rule_at_a_glance_matches_none() -> None:
    """A sketch may be wrong in one way only: whatever matches, looks possible."""
    glances = {name: (outline(r.rule), own_values(r.rule)) for name, r in literature().items()}
    skipped = 0
    for one in known():
        for form, (drawn, values) in itertools.product(one.forms, glances.values()):
            if not possible(sketch(form.outline), sketch(drawn)):
                skipped += form.outline.signals <= drawn.signals
                assert not list(matches(form.parts, form.outline, drawn, values))
    assert skipped > 400


def test_a_record_without_an_entry_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys.modules["rulegen.catalog.likeness.known"], "INDEX", tmp_path / "none")
    assert known.__wrapped__() == known()


SENTENCES = {
    EXAMPLE: "Node perturbation (`node_perturbation`) with theta_1 = 1.8, tau_e infinite; "
    "changes of w within [-0.02, 0.02]",
    "dw/dt = 0.1*post*(pre - 2*w*post)": "Oja's rule (`oja`) with alpha = 2",
    "w += 0.01*pre*(post - 0.5*u)": "Hebb's rule (`hebb`) - 0.005*u*pre with eta = 0.01 a step",
    "dw/dt = 0.1*pre*post - 0.01*w\nbounds w in [0, 1]": "Hebb's rule (`hebb`) - 0.01*w "
    "with eta = 0.1 1/ms; w within [0, 1]",
    "e <- 0.9*e + 2*xi*pre : synapse\non reward: w += 0.1*(R - R_bar[condition])*e": (
        "Node perturbation (`node_perturbation`) with tau_e = 10 steps; e not reset on trial start"
    ),
    "param theta_100 = 1 free\ndw/dt = theta_100*post**2*pre*w": (
        "Polynomial family of Confavreux et al. (`confavreux`) with only theta_121"
    ),
    "param eta = 1\ny <- eta*y": "no rule of the catalog: it changes no weight",
}


@pytest.mark.parametrize(("text", "sentence"), SENTENCES.items(), ids=range(len(SENTENCES)))
def test_sentences(text: str, sentence: str) -> None:
    assert named(parse(text)).text == sentence


def test_miconi_and_decay() -> None:
    text = find("miconi_supralinear").equations
    for change in ("e <- 0.9*e + 4*(pre*(u - u_bar))**3",):
        decaying = re.sub(r"e \+= .*?:", f"{change} :", text)
        decaying = decaying.replace("-limit, limit", "-2*limit, 2*limit")
        assert named(parse(decaying)).text == (
            "Miconi's supralinear rule (`miconi_supralinear`) + decay of e by 0.1 a step; "
            "changes of w within [-0.0006, 0.0006]"
        )


@pytest.mark.parametrize(("text", "sentence"), NAMED.values(), ids=NAMED)
def test_textbook_rules_and_what_is_nearly_one(text: str, sentence: str) -> None:
    assert named(parse(text)).text == sentence


@pytest.mark.parametrize("share", [-0.73, -1e-4, 1e-8, 0.25, 0.999])
@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("dw/dt = 0.004*pre*post", 0.004),
        ("dw/dt = 0.1*post*(pre - 3*post*w)", 0.3),
        ("a = accumulate(pre_spike, 17)\nb = accumulate(post_spike, 34)\n"
         "dw/dt = 0.005*a*post_spike - 0.02*b*pre_spike", 0.02),
    ],
)  # fmt: skip
def test_terms_are_told_with_sign_and_size(text: str, rate: float, share: float) -> None:
    """Relative to the largest coefficient of the rule, which may be a negative one."""
    found = named(parse(f"{text} + {share * rate:.12f}*u*pre**3"))
    assert found.extended
    sign = "-" if share < 0 else "+"
    assert f" {sign} {abs(share * rate):.3g}*u*pre**3" in found.text
    assert not named(parse(f"{text} + {1.01 * rate}*u*pre**3")).extended


@pytest.mark.parametrize("name", NAMES)
def test_no_rule_is_called_by_its_opposite(name: str) -> None:
    """Changes of the weights of the other sign are another rule, or a sign that is said."""
    rule = literature()[name].rule
    turned = Rule.of(
        replace(
            rule,
            states=tuple(
                replace(s, expr=algebra.multiply([sp.Integer(-1), s.expr]))
                if s.name == "w" and s.form is Form.DERIVATIVE else s
                for s in rule.states
            ),
        )
    )  # fmt: skip
    if turned == rule:
        pytest.skip("its weights change in steps or at events")
    found = named(turned)
    if found.known == name and found.same:
        assert "= -" in found.text or "= -" in rule.text(), found.text
    assert not re.search(r"tau\w* = -", found.text), found.text
    if name in ("hebb", "oja", "bcm", "stdp_pair", "covariance"):
        assert found.text.startswith(f"the opposite of {literature()[name].title}")


NEAR_MISSES = {
    "a threshold of half the mean square": (
        "th = lowpass(post**2, 100) : post\ndw/dt = 0.1*pre*post*(post - 0.5*th)", "bcm"),
    "the other sign of Oja's term": ("dw/dt = 0.1*post*(pre + w*post)", "oja"),
    "means of other strengths": (
        "a = lowpass(pre, 100) : pre\nb = lowpass(post, 100) : post\n"
        "dw/dt = 0.1*(pre - a)*(post - 0.9*b)", "covariance"),
    "means of two time constants": (
        "a = lowpass(pre, 100) : pre\nb = lowpass(post, 200) : post\n"
        "dw/dt = 0.1*(pre - a)*(post - b)", "covariance"),
    "the noise of the other neuron": (EXAMPLE.replace("xi*pre", "xi*post"), "node_perturbation"),
    "a square": (EXAMPLE.replace("xi*pre", "xi*pre**2"), "node_perturbation"),
    "a baseline of half its size": (
        EXAMPLE.replace("R - R_bar", "R - 0.5*R_bar"), "node_perturbation"),
    "a trace that grows": (EXAMPLE.replace("theta_1*xi*pre", "theta_1*xi*pre + 0.1*e"),
                           "node_perturbation"),
    "the deviation cubed, its factors apart": (
        find("miconi_supralinear").equations.replace("(pre*(u - u_bar))**3", "pre*(u - u_bar)**3"),
        "miconi_supralinear"),
    "a window that does not end at the threshold": (
        find("clopath").equations.replace("relu(u_minus - theta_minus)", "relu(u_minus - 1)"),
        "clopath"),
    "a potentiation of the wrong order": (
        find("stdp_pair").equations.replace("pre_tr*post_spike", "pre_tr*pre_spike"), "stdp_pair"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "name"), NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses_are_not_that_rule(text: str, name: str) -> None:
    found = named(parse(text))
    assert not (found.known == name and found.same), found.text


@pytest.mark.parametrize(
    "text",
    [
        "dw/dt = 0.1*post**5*pre*u",
        "dw/dt = 0.1*sin(pre)*xi",
        "e <- e + xi*pre*post*u : synapse\non reward: w += 0.1*(R - R_bar)**2*e*post",
        "on trial end: w += zeta*xi*pre",
        MEASURABLE,
    ],
)
def test_products_that_no_rule_has_are_unlike_any(text: str) -> None:
    found = named(parse(text))
    assert not found.extended
    assert found.text.startswith("unlike any rule of the catalog")


@pytest.mark.parametrize(
    "difference",
    [
        "(post > 0.5) - (post > 0.2)",
        "relu(u) - 2*relu(-u)",
        "relu(u - post) - 2*relu(post - u)",
        "exp(-u**2) - exp(-u**2/4)",
        "sin(u) - sin(2*u)",
        "spow(u, 2) - spow(u, 3)",
        "abs(u - 0.5) - abs(u + 0.5)",
        "sigmoid(10*(u - 0.5)) - sigmoid(5*(u - 0.1))",
        "1/(1 + post**2) - 1/(1 + 2*post**2)",
        "delay(post, 10 ms) - delay(post, 20 ms)",
        "min(u, 0.5) - min(u, 0.2)",
        "max(0.5*u, R) - max(0.2*u, R)",
    ],
)
def test_terms_that_differ_within_a_function_do_not_cancel(difference: str) -> None:
    assert named(parse(f"w += 0.1*pre*({difference})")).text.startswith("unlike any rule")
    beside = named(parse(f"w += 0.1*pre*post + 0.01*pre*({difference})"))
    assert not (beside.known == "hebb" and beside.same)


def test_what_the_laws_of_functions_leave_is_what_a_rule_is() -> None:
    assert named(parse("w += eta*(relu(post) - relu(-post))*pre")).text == "Hebb's rule (`hebb`)"
    assert "(`hebb`) + u with" in named(parse("w += pre*post + relu(u) - relu(-u)")).text
    both = parse("w += 0.1*(relu(post) - relu(-post))*pre"), parse("w += 0.1*post*pre")
    assert algebraic_distance(*both) == 0


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("relu(u - 0.1)", "relu(0.1 - u)", 1),
        ("(u > 0)", "(u < 0)", 1),
        ("sigmoid(u)", "sigmoid(-u)", 1),
        ("relu(u - 0.1)", "relu(u - 0.2)", 0),
        ("abs(u - post)", "abs(post - u)", 0),
        ("((u > 1) - (u > 2))", "(u > 1)", 0.5),
    ],
)
def test_a_function_of_the_opposite_is_another_term(one: str, other: str, distance: float) -> None:
    rules = [parse(f"w += 0.1*pre*{factor}") for factor in (one, other)]
    assert algebraic_distance(*rules) == distance


def test_terms_of_one_shape_are_found_in_any_order() -> None:
    texts = [
        f"param theta_1 = {low}\nparam theta_2 = {high}\n"
        "w += 0.1*alpha*pre*((post > theta_1) - 2*(post > theta_2))"
        for low, high in ((0.5, 0.2), (0.2, 0.5))
    ]
    template, rule = map(parse, texts)
    for mine in (template, rule):
        found = next(matches(template, outline(template), outline(mine), own_values(mine)))
        assert found.values["theta_1"] == pytest.approx(mine.parameter("theta_1").value)


def test_the_distance_between_two_of_one_name_is_0() -> None:
    example = parse(EXAMPLE)
    for name in NAMES:
        rule = literature()[name].rule
        for other in (renamed(rule), with_other_values(rule)):
            assert algebraic_distance(rule, other) == 0, name
    assert algebraic_distance(example, find("node_perturbation").rule) == 0
    assert algebraic_distance(example, find("miconi_node_perturbation").rule) > 0.2


def test_it_is_quick() -> None:
    named(parse(EXAMPLE))
    start = time.process_time()
    for name in ("delayed_association", "delayed_nonmatch"):
        named(in_other_units(find(name).rule, sp.Rational(9, 8)))
    assert time.process_time() - start < 2 * 0.5


def test_many_states_take_no_longer() -> None:
    lines = [f"e_{i} <- 0.{i + 1}*e_{i} + pre*post : synapse" for i in range(8)]
    total = " + ".join(f"e_{i}" for i in range(8))
    start = time.process_time()
    assert named(parse("\n".join([*lines, f"w += 0.1*R*({total})"]))).text
    assert time.process_time() - start < 5


def test_values_of_formulas() -> None:
    a, b = symbol("a"), symbol("b")
    assert value(sp.Max(a, b) ** sp.Rational(1, 2), {a: 4.0, b: 1.0}) == 2.0
    assert value(sp.log(a), {a: -1.0}) != value(sp.log(a), {a: -1.0}), "nan where there is none"


def test_a_coefficient_may_be_a_choice() -> None:
    line = "on trial start: x -= 0.2*(0.5 if b > 0.2 and b != 1 else -0.3)"
    rule = parse(f"param b = 0.3\nx <- 0.5*x + pre : pre\n{line}\nw += x*u")
    assert named(rule).text
