"""Whatever a rule calls its variables, its programs do the same."""

from __future__ import annotations

import ast
import builtins
import re

import numpy as np
import pytest
from random_rules import random_rule

from rulegen.catalog.export import export
from rulegen.catalog.export.arrays import Module
from rulegen.catalog.export.jax_ import JAX
from rulegen.catalog.export.names import identifiers
from rulegen.catalog.export.numpy_ import NUMPY
from rulegen.catalog.export.sympy_ import HELPERS, SYMBOLIC
from rulegen.catalog.export.words import (
    ARRAYS,
    BRIAN2,
    NESTML,
    SYMPY,
    taken_in_brian2,
    taken_in_nestml,
)
from rulegen.catalog.records.record import Record
from rulegen.grammar import RuleError, parse

#: Beside the tables: names of users' neurons, of units, and of what is made from names.
MORE = [
    "new_w", "prev_u", "new_new_w", "w_rule", "e_0", "e_0_0", "xi_bar", "xi_1", "A_post", "x_",
    "mV", "nS", "ms2", "own_xi_bar", "syn_id", "weight", "n_post", "old", "value", "I_in",
]  # fmt: skip
#: The functions of a program of arrays that read the names of a rule.
FUNCTIONS = ("init", "draw", "forward", "step", "on_reward", "on_trial_start", "on_trial_end")
TABLES = sorted({*ARRAYS, *SYMPY, *BRIAN2, *NESTML, *dir(builtins), *MORE})


def usable(word: str) -> bool:
    try:
        parse(f"param {word} = 1\nw += {word}*pre")
    except RuleError:
        return False
    return True


WORDS = [word for word in TABLES if usable(word)]


def rule_text(names: list[str]) -> str:
    """Every second name is a parameter, the others are states at all sites."""
    lines, total = [], []
    for i, name in enumerate(names):
        site, read = (("post", "u"), ("pre", "pre"), ("synapse", "u*pre"))[i % 3]
        if i % 2:
            lines.append(f"param {name} = {i}")
        else:
            lines.append(f"{name} <- 0.5*{name} + {read}*{i + 1} + prev({name}) : {site}")
        total.append(f"{i + 2}*{name}")
    return "\n".join([*lines, f"w += pre*({' + '.join(total)})"])


def batches() -> list[list[str]]:
    step = len(WORDS) // 24 + 1
    return [WORDS[i::step] for i in range(step)]


def test_all_that_a_module_of_sympy_defines_is_taken() -> None:
    assert {*SYMBOLIC, *HELPERS} <= SYMPY
    module = export(parse("param uniform = 2\nn = uniform(0, 1) : pre\nw += n*uniform"), "sympy")
    space: dict = {}
    exec(module, space)
    read = space["EQUATIONS"]["w"].rhs.free_symbols
    assert {str(s) for s in read} == {"w", "n", "uniform"}


def own_words(program: str) -> set[str]:
    """What the functions of a rule name; those that help them have names of their own inside."""
    functions = [f for f in ast.parse(program).body if isinstance(f, ast.FunctionDef)]
    ours = [f for f in functions if f.name in FUNCTIONS]
    nodes = [node for f in ours for node in ast.walk(f)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.arg for node in nodes if isinstance(node, ast.arg)} | set(FUNCTIONS)


def test_all_that_programs_name_is_taken() -> None:
    """All but the names of the rule itself, and a loop's own `n`."""
    tried = 0
    for seed in range(60):
        rule = random_rule(seed, sums=True)
        if rule is None:
            continue
        tried += 1
        for fmt, library in (("numpy", NUMPY), ("jax", JAX)):
            record = Record(name="x", title="X", description="", equations=rule.text())
            of_rule = Module(record, library).names.values()
            free = own_words(export(rule, fmt)) - {*of_rule} - ARRAYS
            assert not free - {"n"}
    assert tried > 20


def after_steps(names: list[str], fmt: str) -> np.ndarray:
    space: dict = {}
    exec(compile(export(parse(rule_text(names)), fmt), fmt, "exec"), space)
    state, signals = space["init"](np.ones((2, 3))), {"pre": [1.0, 2.0, 3.0], "u": [0.5, -1.0]}
    for _ in range(3):
        state = space["step"](state, signals, 1.0)
    return np.asarray(state["w"])


@pytest.mark.parametrize("names", batches(), ids=lambda names: names[0])
def test_programs_do_the_same_under_all_names(names: list[str]) -> None:
    plain = [f"alpha_{i}" for i in range(len(names))]
    for fmt in ("numpy", "jax"):
        np.testing.assert_allclose(after_steps(names, fmt), after_steps(plain, fmt), rtol=1e-6)
    space: dict = {}
    exec(export(parse(rule_text(names)), "sympy"), space)
    assert {name for name, value in space["PARAMETERS"].items()} == set(names[1::2])
    program = export(parse(rule_text(names)), "brian2")
    space = {}
    exec(
        re.sub(r"^(from brian2|@).*|^import.*", "", program.partition("@impl")[0], flags=re.M),
        space,
    )
    assert not [name for name in space["NAMES"] if taken_in_brian2(name)]


@pytest.mark.parametrize("taken", [taken_in_brian2, taken_in_nestml])
def test_no_identifier_is_taken_and_none_is_used_twice(taken) -> None:
    found = identifiers(WORDS, taken, "_0")
    assert not [name for name in found.values() if taken(name)]
    assert len(set(found.values())) == len(WORDS)
    assert found["lambda"] == "lambda_0"
    assert found["xi_bar"].startswith("own_")
