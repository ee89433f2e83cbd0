"""Random texts: either a rule that its own text gives back, or a `RuleError`, and soon.

`RULE_FUZZ` sets the number of texts (600 by default).
"""

from __future__ import annotations

import os
import random
import time

from rulegen.grammar import RuleError, parse

COUNT = int(os.environ.get("RULE_FUZZ", "600"))
SECONDS = 10.0  # a guard against texts that hang, not a measurement

WORDS = r"""
u pre post w R R_bar R_bar[condition] xi e d u_bar eta theta_1 tau_u lambda 0 1 2 0.5 1e3 -1 1e30
+ - * / ** ( ) (u) , if else and or not < > <= == != exp( log( abs( sqrt( sum_pre( prev( min(u,
delay(u, delay clip(u, where( lowpass( average(R, accumulate( = <- += -= de/dt= : post synapse ;
param initial
bounds in [ ] nonlocal sum_pre forward bias free ms τ θ R̄ ² е ^ ' " \ # $ { é 😀 lowpass(u,30)
(u-u_bar) **3 **0.5 /0 1/ (-1) spow(u,0.5) 7**7 on reward: trial end: diagonal integrate euler
"""
BLANKS = ["\n", "\n", "\n", " ", " ", "\t", "\r", "\0", "\f", "\u2028", "on reward: ", "w += "]
FRAGMENTS = [*WORDS.split(), *BLANKS]

FRAGMENTS += [
    "f(x)=",
    "f(u)",
    "10ms",
    "s",
    "ms",
    "pi",
    "floor(",
    "mod(u,",
    "tau*dx/dt=",
    "on pre_spike:",
]
CALLED = ["abs", "exp", "log", "tanh", "sign", "sqrt", "relu", "sigmoid", "sin", "floor", "erf"]

READ = "u pre post w R xi e d u_bar eta theta_1 beta prev(u) delay(u,9) R_bar 0.5 2 3 0.1 1 7"
NAMES = READ.split()
CONDITIONS = [
    "u > 0",
    "pre**2 < 1 and not xi + 1 > 0",
    "w <= R/3 or d != 2",
    "min(e, pre, 1) == 0.5",
]
SHAPES = [
    "({0} + {1})",
    "({0} - {1})",
    "{0}*{1}",
    "({0})/({1})",
    "-{0}",
    "({0})**({1})",
    "({0})**2",
    "({0})**0.5",
    "({0})**-1",
    "({0})**(1/3)",
    "min({0}, {1}, 1)",
    "max({0}, {1})",
    "clip({0}, -1, {1})",
    "spow({0}, {1})",
    "mod({0}, {1})",
    "pi*{0}",
    "sum_pre({0})",
    *(f"{f}({{0}})" for f in CALLED),
    *(f"({{0}} if {c} else {{1}})" for c in CONDITIONS),
    *(f"({c})*{{0}}" for c in CONDITIONS),
]


def formula(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(NAMES)
    return rng.choice(SHAPES).format(formula(rng, depth - 1), formula(rng, depth - 1))


def text(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.1:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(80))).decode("latin-1")
    if kind < 0.6:
        return rng.choice(["", " "]).join(rng.choices(FRAGMENTS, k=rng.randrange(1, 30)))
    first, second = formula(rng, rng.randrange(1, 6)), formula(rng, rng.randrange(1, 6))
    return (
        "u_bar = lowpass(u, 10) : post\nd = u - u_bar\n"
        f"de/dt = (-e + {first})/tau_e : synapse\non reward: w += {second}\n"
        + ("nonlocal sum_pre\n" if "sum_pre" in first + second else "")
    )


def test_nothing_but_rules_and_errors() -> None:
    rng = random.Random(20240607)
    parse("w += pre/post")  # SymPy imports some of its modules at first use
    accepted = 0
    for _ in range(COUNT):
        source = text(rng)
        start = time.perf_counter()
        try:
            rule = parse(source)
        except RuleError as error:
            assert str(error)
            assert time.perf_counter() - start < SECONDS, source
            continue
        accepted += 1
        assert time.perf_counter() - start < SECONDS, source
        assert parse(rule.text()) == rule, source
        assert rule.latex()
    assert accepted > COUNT // 20
