"""What a format cannot express is said with its place and reason, before anything is written."""

from __future__ import annotations

import sys

import pytest
import sympy as sp

from rulegen.catalog import Record, literature, parts
from rulegen.catalog.export import export, problems
from rulegen.catalog.export.nest_spikes import drive, jumps
from rulegen.commands import cli
from rulegen.grammar import RuleError, parse
from rulegen.grammar.algebra.symbols import symbol

X = "x = accumulate(pre_spike, 20)\n"
REFUSED = [
    *(
        (name, "on reward: w += feedback.v*pre", "`w` on reward reads `feedback.v`, a state of")
        for name in ("numpy", "jax", "sympy", "brian2", "nestml")
    ),
    ("brian2", "nonlocal max_pre\nw <- w/max_pre(w)", "`w` has `max_pre`: synapse code"),
    ("nestml", "dw/dt = eta*post_spike", "the parameter `eta` has no value, which a model of NEST"),
    ("nestml", "dw/dt = eta*pre*post", "`w` reads `pre`: a synapse of NEST knows of its"),
    ("nestml", X + "w += x*u", "`w` changes by steps: a synapse of NEST is computed at spikes"),
    ("nestml", X + "on reward: w += R*x", "`w` changes on reward"),
    ("nestml", X + "on reward: w += R*x", "`w` on reward reads `R`: NEST gives synapses no reward"),
    ("nestml", "dw/dt = dt*pre_spike*post_spike", "`w` is not linear in the spikes"),
    ("nestml", X + "dw/dt = 0.1*x*(dt*post_spike > 0)/ms", "`w` is not linear in the spikes"),
    ("nestml", X + "dw/dt = 0.1*x*sign(dt*post_spike)/ms", "`w` is not linear in the spikes"),
    ("nestml", X + "dw/dt = x*u/100", "`w` reads `u`: a synapse of NEST is computed at spikes"),
    ("nestml", X + "dw/dt = 0.1*x*post_spike\ndiagonal w = 0", "connect without autapses"),
    ("nestml", X + "dw/dt = 0.1*x*post_spike\nforward bias = 1", "`forward bias`"),
    ("nestml", X + "dw/dt = 0.1*x*post_spike\nintegrate euler", "`integrate euler`"),
    (
        "nestml",
        "y = accumulate(pre_spike*x, 20)\ndx/dt = -x/20 + pre_spike*y : pre\n"
        "dw/dt = 0.1*x*post_spike",
        "`x`, `y` jump by each other's old values",
    ),
    (
        "nestml",
        X + "y = accumulate(post_spike, 20)\ndw/dt = 0.1*x*y*post_spike",
        "`w` reads `y` at postsynaptic spikes: NEST keeps it in the neuron",
    ),
    ("nestml", "dw/dt = prev(u)/100", "`w` has `prev`"),
    ("nestml", "dw/dt = delay(pre_spike, 9 ms)", "`w` has `delay`"),
    ("brian2", "d = delay(pre, 9 ms)\nw += d*post", "`w` has `delay`: a variable of a synapse"),
    (
        "brian2",
        "x <- x : post\ninitial x = sum_pre(1)\nw += x\nnonlocal sum_pre",
        "`initial x` has",
    ),
    ("brian2", "h <- h + pre*u\ninitial h = w\nw += h", "`h` begins at a formula of what is set"),
    ("brian2", "n[condition] <- n[condition] + 1 : global\nw += n[condition]*pre", "at every step"),
    ("nestml", X + "initial x = 1/N_pre\ndw/dt = x*post_spike", "`initial x` reads `N_pre`"),
    (
        "nestml",
        "h = accumulate(pre_spike, 20) : synapse\ninitial h = w\ndw/dt = h*post_spike",
        "`h` begins at what reads `w`",
    ),
    (
        "nestml",
        "param a = 1\nx = accumulate(pre_spike, 20)\ny = accumulate(post_spike, 20)\n"
        "initial y = 2*a\ndw/dt = x*post_spike - y*pre_spike",
        "`y` begins at a formula: NEST keeps it in the neuron",
    ),
    (
        "nestml",
        X + "y = accumulate(post_spike, 20)\ninitial y = 0.3\ndw/dt = x*post_spike - y*pre_spike",
        "`y` does not begin at rest: NEST keeps it in the neuron",
    ),
    (
        "nestml",
        X + "dy/dt = (1 - y)/20 + 0.1*post_spike\ndw/dt = x*post_spike - y*pre_spike",
        "`y` does not begin at rest",
    ),
]
ALLOWED = [
    ("brian2", "w += 2 if u > 0 else u**2"),
    ("brian2", "w += (u > 0)/u + spow(u, xi)"),
    ("brian2", "w += log(u) if u > 0 else 1/u"),
    ("brian2", "x <- erf(x) : post\ninitial x = mod(N_pre, 0.7)\nw += floor(x)*sin(pi*pre)"),
    ("nestml", "on pre_spike: w += 0.1*erf(w)\non post_spike: w <- 1"),
    ("nestml", X + "dw/dt = x/100 + 0.1*x*post_spike\nbounds w in [0, 1]"),
]


@pytest.mark.parametrize(("fmt", "text", "message"), REFUSED)
def test_refused(fmt: str, text: str, message: str) -> None:
    rule = parse(text)
    assert any(message in problem for problem in problems(rule, fmt))
    with pytest.raises(RuleError, match=f"{fmt} cannot express this rule: "):
        export(rule, fmt)


@pytest.mark.parametrize(("fmt", "text"), ALLOWED)
def test_allowed(fmt: str, text: str) -> None:
    assert problems(parse(text), fmt) == []
    assert export(parse(text), fmt)


@pytest.mark.parametrize("record", literature().values(), ids=literature())
def test_every_format_says_whether_it_can(record: Record) -> None:
    for fmt in parts.names("export"):
        if not problems(record, fmt):
            export(record, fmt)
        else:
            assert fmt in ("brian2", "nestml")


def test_names_of_brian_and_nest() -> None:
    text = "param lambda = 2\nparam rand = 1\ne <- e + pre : pre\nA_post <- e*lambda*rand : pre\n"
    program = export(parse(text + "w += A_post*post"), "brian2")
    told = " ".join(program.replace("\n# ", " ").split())
    assert "e is e_0, A_post is A_post_0, lambda is lambda_0, rand is rand_0." in told
    assert "new_A_post_0 = lambda_0*rand_0*e_0" in program
    model = export(parse("mV = accumulate(pre_spike, 20)\ndw/dt = 0.1*mV*post_spike"), "nestml")
    assert "mV is mV_0." in model


@pytest.mark.parametrize("name", ["stdp_pair", "triplet_stdp", "clopath", "graupner_brunel"])
def test_jumps_and_flow_make_the_equation(name: str) -> None:
    rule = literature()[name].rule
    still = {symbol(s): sp.Integer(0) for s in ("pre_spike", "post_spike")}
    for state in rule.states:
        f, found = drive(rule, state), jumps(rule, state)
        assert found is not None
        whole = f.xreplace(still) + sum(symbol(s) * slope for s, slope in found.items())
        assert (f - whole).expand() == 0


def test_the_command_refuses_with_code_2_and_writes_nothing(monkeypatch, capsys, tmp_path) -> None:
    out = tmp_path / "out.py"
    out.write_text("before")
    words = ["rulegen", "export", "sanger", "--to", "brian2", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert capsys.readouterr().err == (
        "rulegen: brian2 cannot express this rule: `w` has `cumsum_post`: synapse code of "
        "Brian 2 sees one synapse at a time\n"
    )
    assert out.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["out.py"]
