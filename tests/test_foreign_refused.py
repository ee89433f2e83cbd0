"""What rules cannot read of each other, and what is said of it."""

import jax.numpy as jnp
import pytest
from test_projections import TASK

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Pathwise, Score
from rulegen.grammar import RuleError, parse
from rulegen.lives.bench import Bench
from rulegen.lives.drive import drive
from rulegen.lives.projections import Projections
from rulegen.lives.world import World
from rulegen.runs.check import check_report
from rulegen.runs.where import where_it_runs

CRITIC = """
param k = 0.1
V = 2*delta
g <- 0.5*g + post
x <- 0.5*x + pre : pre
s <- 0.5*s + post*pre
v[condition] <- v[condition]
n = normal(0, 1) : global
late <- t
delta <- 0.5*delta + n : global
on reward: w += k*(R - delta)*pre
"""
READ = "on reward: w += 0.1*{}*pre*post"
#: What the studied rule says, what lives on other projections, and what is wrong.
REFUSED = {
    "no rule": (READ.format("input.delta"), {}, "no rule lives there: give it one, `.projections"),
    "itself": (
        "delta <- R : global\n" + READ.format("recurrent.delta"), {},
        "is its own state: write `delta`",
    ),
    "its own projection": (
        READ.format("recurrent.delta"), {}, "on another one, such as `.projections. studied = ",
    ),
    "a slip": (READ.format("feedback.dleta"), {}, "no such state: did you mean `delta`"),
    "no such name": (READ.format("feedback.qqq"), {}, "it has `g`, `late`, `delta`"),
    "a rule without states": (
        READ.format("input.delta"), {"input": "w += 0*pre"}, "no such state: let it keep one",
    ),
    "a definition": (READ.format("feedback.V"), {}, "make it a state, `V <- ...`"),
    "a parameter": (READ.format("feedback.k"), {}, "a parameter: write its value"),
    "a draw": (READ.format("feedback.n"), {}, "let a state keep it, `kept <- n`"),
    "one for each condition": (READ.format("feedback.v"), {}, "`now <- v.condition. : global`"),
    "a state of channels": (READ.format("feedback.x"), {}, "lives at pre: let a global or post"),
    "a state of synapses": (READ.format("feedback.s"), {}, "lives at synapse: let a global or"),
    "an unstated site": (READ.format("feedback.g"), {}, "post variable: write `feedback.g : post`"),
    "another site": (
        "feedback.delta : post\n" + READ.format("feedback.delta"), {},
        "global variable: write `feedback.delta : global`",
    ),
    "another unit": (
        "on reward: w += feedback.late*pre", {}, "as a plain number, but there it is ms: multiply",
    ),
    "a circle at an event": (
        "z <- z : global\non reward: z <- input.y; w += z*pre",
        {"input": "y <- y : global\non reward: y <- recurrent.z; w += y*pre"},
        "`on reward` the rules of the input and recurrent projections read what they change there",
    ),
    "a companion that reads itself": (
        "w += 0*pre", {"input": "y <- input.y : global\nw += y*pre"}, "its own state: write `y`",
    ),
    "a companion that reads what the studied rule has not": (
        "w += 0*pre", {"input": "w += recurrent.m*pre"}, "the input projection reads `recurrent.m`",
    ),
}  # fmt: skip


def world(**companions):
    circuit = RateCircuit(neurons=4, feedback=0.5)
    return World(circuit=circuit, task=TASK, projections=Projections(**companions))


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_said_with_the_remedy(case):
    text, others, message = REFUSED[case]
    here = world(**{"feedback": CRITIC, **others})
    with pytest.raises(ValueError, match=message):
        Bench(here, parse(text)).checked()


def test_what_differs_from_it_by_little_runs():
    """With the remedies there is nothing left to refuse."""
    remedied = "feedback.g : post\n" + READ.format("feedback.g*feedback.delta")
    Bench(world(feedback=CRITIC), parse(remedied)).checked()
    copied = "z <- z : global\nbefore <- z : global\non reward: z <- input.y; w += z*pre"
    other = "y <- y : global\non reward: y <- recurrent.before; w += y*pre"
    Bench(world(input=other), parse(copied)).checked()


def test_a_bare_name_that_another_rule_has():
    """Of the studied rule and of a companion."""
    with pytest.raises(RuleError) as caught:
        Bench(world(feedback=CRITIC), parse(READ.format("delta")))
    wanted = "`delta` is a state of the rule of the feedback projection: write `feedback.delta`"
    assert caught.value.remedy == wanted
    with pytest.raises(ValueError, match=wanted):
        Projections(feedback=CRITIC, input=READ.format("delta"))
    with pytest.raises(ValueError, match="add a line such as `param eta = 1`"):
        Projections(feedback=CRITIC, input=READ.format("eta"))


def test_a_companion_that_is_only_read_may_change_no_weight():
    here = world(input="m <- 0.9*m + 1 : global")
    Bench(here, parse(READ.format("input.m"))).checked()
    with pytest.raises(ValueError, match="changes no weight"):
        Bench(world(input="e <- 0.9*e + pre*post"), parse("on reward: w += R*pre")).checked()


@pytest.mark.parametrize(
    "estimator",
    [Score(exact=True), Pathwise(credit="trial", exact=True)],
    ids=["score", "pathwise"],
)
def test_an_exact_score_needs_companions_that_read_nothing_of_it(estimator):
    """Only what changes with a free parameter matters."""
    companion = "on reward: w += 0.1*recurrent.{}*pre"
    text = "param a = 1 free\nm <- 0.5*m + a : global\nz <- 0.5*z + 1 : global\n"
    rule = parse(text + "on reward: w += a*m*z*xi*pre")
    here = world(feedback=companion.format("m"))
    with pytest.raises(ValueError, match="reads a state of the studied rule"):
        estimator.prepare(Bench(here, rule))
    estimator.prepare(Bench(world(feedback=companion.format("z")), rule))
    third = companion.format("m").replace("recurrent", "input")
    other = "m <- 0.5*m + 1 : global\non reward: w += m*pre"
    estimator.prepare(Bench(world(feedback=third, input=other), rule))


def test_alone_it_runs_nowhere_and_says_where_it_would():
    rule = parse(READ.format("feedback.delta"))
    note = "it runs where the rule of the feedback projection has a state `delta` (global)"
    assert any(n.startswith(note) for n in check_report(rule)["notes"])
    table = where_it_runs(rule, {"alone": world(), "with a critic": world(feedback=CRITIC)})
    assert list(table["runs"]) == [False, True]
    assert "no rule lives there" in table["note"].iloc[0]
    with pytest.raises(ValueError, match="a state of another rule, and `drive` runs one"):
        drive(compile_rule(rule), jnp.zeros((2, 2)), {"pre": jnp.zeros((1, 3, 2))}, dt=1.0)
