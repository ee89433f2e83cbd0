"""A part of others that fails in use is named in one line, and a run keeps its history."""

import re

import numpy as np
import pytest
from packages import install
from test_outside import command
from test_parts import definition

import rulegen as rg
from rulegen.catalog.export import export, problems
from rulegen.fitting.ascent import KEPT
from rulegen.runs.simulate import simulate

SMALL = rg.RateCircuit(neurons=4)
RULE = rg.parse("param a = 0.1 free\non reward: w += a*R*pre*post")
LIFE = rg.LifeSettings(trials=3, warmup=0)


def raising(error):
    def fail(self, *given, **named):
        raise error

    return fail


def giving(found):
    return lambda self, *given, **named: found


def branching(self, stream, condition, dt):
    return stream if condition > 0 else dt  # the condition is traced


#: Members of tasks and what asking for a world with them says.
TASKS = {
    "periods that fail": (
        {"periods": property(lambda self: {"tone": 1 / 0})},
        r"`periods`: ZeroDivisionError: division by zero \(test_faults\.py, line \d+\); RULEGEN_T",
    ),
    "no length": (
        {"periods": property(lambda self: {"tone": "long"})},
        r"`periods`: `tone` lasts 'long', which is no length in ms$",
    ),
    "no periods": ({"periods": property(giving(None))}, "`periods`: it gives None in place of le"),
    "no number": ({"channels": property(giving("2"))}, "`channels`: it gives '2' in place of how"),
    "no chance": ({"chance": giving("low")}, "`chance`: it gives 'low' in place of one number"),
    "a trial that fails": (
        {"trial": raising(ValueError("oops\nno"))},
        r"`trial`: ValueError: oops no \(test_faults\.py, line \d+\); RULEGEN_TRACEBACK=1 shows",
    ),
    "a trial that branches": ({"trial": branching}, r"`trial`: TracerBoolConversionError: .* line"),
    "no trial": ({"trial": giving((1, 2))}, r"`trial`: it gives \(1, 2\) in place of a Trial"),
    "no arrays": ({"trial": giving(rg.Trial(1, 2, 3))}, "`trial`: its stimulus is no array"),
    "another shape": (
        {"trial": giving(rg.Trial(np.ones(3), np.ones(3), np.ones(3)))},
        r"`trial`: its stimulus has the shape \(3,\); with its periods, .* must be \(\d+, 2\)",
    ),
    "no reward": ({"reward": lambda self, trial, output: output}, "`reward`: it gives .* one num"),
    "a memory that fails": ({"begin": raising(KeyError("u"))}, "`begin`: KeyError: 'u' "),
    "another memory": ({"remember": giving((1.0,))}, "`remember`: it makes of .* a memory"),
}


@pytest.mark.parametrize(("members", "message"), TASKS.values(), ids=TASKS)
def test_a_task_that_fails_is_named_before_anything_runs(members, message):
    made = definition(rg.DelayedMatch, name="made", **members)
    world = rg.World(circuit=SMALL, task=made(), life=LIFE)
    told = "^the task `made` of this session fails in " + message
    with pytest.raises(rg.ConfigError, match=told) as error:
        simulate(world, {"np": RULE}, lives=1, seed=0)
    assert len(str(error.value).splitlines()) == 1


def without_u(self, before, after, xi):
    return {n: v for n, v in rg.RateCircuit.signals(self, before, after, xi).items() if n != "u"}


CIRCUITS = {
    "a step that fails": ({"step": raising(KeyError("u"))}, r"`step`: KeyError: 'u' \(test_faults"),
    "no signal": ({"signals": without_u}, "`signals`: it gives no `u`, which `provides` names"),
    "no signals": ({"signals": giving(None)}, "`signals`: it gives None in place of signals"),
    "no activity": ({"init": giving(3)}, "`init`: it gives 3 in place of a tuple with `u` and"),
    "another activity": (
        {"step": lambda self, weights, before, drive, xi: before._replace(u=before.u[None])},
        "`step`: it makes of Shape.* an activity",
    ),
    "a limit that fails": ({"limit": property(raising(OSError("disk")))}, "`limit`: OSError: disk"),
}


@pytest.mark.parametrize(("members", "message"), CIRCUITS.values(), ids=CIRCUITS)
def test_a_circuit_that_fails_is_named(members, message):
    made = definition(rg.RateCircuit, name="made", **members)
    world = rg.World(circuit=made(neurons=4), task=rg.DelayedMatch(), life=LIFE)
    told = "^the circuit `made` of this session fails in " + message
    with pytest.raises(rg.ConfigError, match=told):
        simulate(world, {"np": RULE}, lives=1, seed=0)


def short(self, lives, values, free, key, tick=None):
    found = rg.Pgpe(lives=4).estimate(lives, values, free, key, tick)
    return found._replace(gradient=np.ones(7))


ESTIMATORS = {
    "an estimate that fails": (raising(KeyError("x")), r"KeyError: 'x' \(test_faults\.py, line"),
    "no gradient": (giving(3), "it gives 3 in place of a MetaGradient"),
    "another shape": (short, r"its gradient has the shape \(7,\), not \(1,\)"),
}


@pytest.mark.parametrize(("estimate", "message"), ESTIMATORS.values(), ids=ESTIMATORS)
def test_an_estimator_that_fails_leaves_the_history(tmp_path, estimate, message):
    made = definition(rg.Pgpe, name="made", estimate=estimate)
    phase = rg.Phase(estimator=made(lives=4), iterations=1, choice_lives=4)
    config = rg.DiscoverConfig(
        name="x", rule=RULE.text(), circuit=SMALL, task=rg.DelayedMatch(), life=LIFE, fit=(phase,)
    )
    told = r"in iteration 1 of fit 1 \(made\): the estimator `made` of this session fails in "
    with pytest.raises(rg.RunError, match=f"{told}`estimate`: {message}") as error:
        rg.discover(config, tmp_path / "run")
    assert str(error.value).endswith(f". {KEPT}")
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["config.toml", "history.jsonl"]


def test_what_an_estimator_refuses_is_told_as_it_says_it():
    made = definition(rg.Pgpe, name="made", prepare=raising(ValueError("not here")))
    with pytest.raises(ValueError, match=r"^not here$"):
        made().prepare(None)
    made = definition(rg.Pgpe, name="made", prepare=raising(KeyError("x")))
    with pytest.raises(rg.ConfigError, match="`made` of this session fails in `prepare`: KeyError"):
        made().prepare(None)


@pytest.mark.parametrize("found", [None, [], [3]])
def test_a_strategy_that_finds_nothing_is_named(found):
    made = definition(rg.Strategy, name="made", check=giving(None), search=giving(found))
    told = f"strategy `made` of this session fails in `search`: it gives {found} in place of"
    with pytest.raises(rg.RunError, match=re.escape(told)):
        made().search(None, [])


@pytest.mark.parametrize(("member", "found"), [("write", None), ("problems", None)])
def test_an_export_that_gives_nothing_is_named(member, found):
    members = {"write": repr, member: lambda given: found}
    rg.register(rg.Export("hollow", "", ".txt", **members))
    with pytest.raises(rg.RulegenError, match=f"`hollow` of this session fails in `{member}`: it"):
        export(RULE, "hollow")
    assert problems(RULE, "numpy") == []


BROKEN = """
import rulegen as rg
def write(record):
    raise RuntimeError("full")
BROKEN = rg.Export("broken", "", ".txt", write)
class Many(rg.DelayedMatch):
    name: str = "many"
    level: int = "many"
"""


@pytest.fixture
def broken(tmp_path):
    points = {
        "rulegen.exports": {"broken": "broken:BROKEN"},
        "rulegen.tasks": {"many": "broken:Many"},
    }
    return install(tmp_path / "site", "broken-parts", points, {"broken.py": BROKEN})


def test_who_mends_a_part_sees_the_whole_way(broken, monkeypatch):
    for shown, first in (("", "rulegen: the export `broken`"), ("1", "Traceback (most recent")):
        monkeypatch.setenv("RULEGEN_TRACEBACK", shown)
        done = command("export", "oja", "--to", "broken", path=broken)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(first)
        *_, line = done.stderr.splitlines()
        assert line == (
            "rulegen: the export `broken` of broken-parts 0.1 fails in `write`: RuntimeError: full "
            "(broken.py, line 4); RULEGEN_TRACEBACK=1 shows the whole way there"
        )


def test_a_default_that_is_wrong_is_that_of_the_part(broken, monkeypatch):
    monkeypatch.syspath_prepend(str(broken))
    told = "task `many` of broken-parts 0.1 fails in `settings`: the default of `level` is wrong: "
    settings = {"name": "x", "rule": RULE.text()}
    with pytest.raises(ValueError, match=told):
        rg.DiscoverConfig(task={"name": "many"}, **settings)
    with pytest.raises(ValueError, match=r"task\.level\n  Input should be a valid integer"):
        rg.DiscoverConfig(task={"name": "many", "level": "few"}, **settings)


def test_settings_that_fail_are_those_of_the_part():
    class Strict(rg.DelayedMatch):
        name: str = "strict"

        def model_post_init(self, context):
            raise KeyError("strict")

    rg.register(Strict)
    with pytest.raises(ValueError, match="`strict` of this session fails in `settings`: KeyError"):
        rg.DiscoverConfig(name="x", rule=RULE.text(), task={"name": "strict"})


def test_a_defect_of_rulegen_shows_all_of_itself(monkeypatch):
    monkeypatch.setattr(rg.DelayedMatch, "trial", raising(KeyError("x")))
    with pytest.raises(KeyError):
        simulate(rg.World(circuit=SMALL, task=rg.DelayedMatch()), {"np": RULE}, 1, 0)
