"""What whole lives cost, in several forms."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np

from grammar import Rule, parse
from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.compile.lowering import Lowering
from rulegen.life import LifeSettings
from rulegen.lives import Lives, World
from rulegen.tasks import DelayedAssociation

TERMS = ("xi*pre", "d*pre", "d**3*pre**3", "post*pre**2", "u*pre", "d", "d**3*pre", "post*pre")


def family(terms: int) -> Rule:
    """A family with the first so many of the terms."""
    lines = ["param eta = 1e-3 1/ms"]
    lines += [f"param theta_{i} = 0.1 free" for i in range(terms)]
    lines += ["u_bar <- 0.3*u_bar + 0.7*u : post", "d = (u - u_bar)/0.2"]
    products = " + ".join(f"theta_{i}*{TERMS[i]}" for i in range(terms))
    lines += [f"de/dt = {products} : synapse", "on trial start: e <- 0"]
    lines += ["on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)"]
    return parse("\n".join(lines))


def world(neurons: int, trials: int) -> World:
    """The setting of the delayed association: 30 steps a trial."""
    return World(
        circuit=RateCircuit(neurons=neurons),
        task=DelayedAssociation(),
        life=LifeSettings(trials=trials),
        memory_mb=4000,
    )


def program(lives: int, neurons: int, trials: int, terms: int, **options: object) -> Callable:
    """Run `lives` lives of a family with so many terms; `options` are those of `compile_rule`."""
    rule = family(terms)
    compiled = compile_rule(rule, **options)  # type: ignore[arg-type]
    runner = Lives(world(neurons, trials), compiled, chunk=lives // len(jax.local_devices()))
    values = np.array([p.value for p in rule.parameters], float)
    return lambda: runner.run(values, jax.random.key(0), lives)


def forms(lives: int, neurons: int, trials: int) -> dict[str, Callable]:
    """Lives in the forms that are worth comparing."""
    wrt = [f"theta_{i}" for i in range(8)]

    def make(terms: int, **options: object) -> Callable:
        return program(lives, neurons, trials, terms, **options)

    return {
        "lives, 4 terms, factored": make(4),
        "lives, 4 terms, dense": make(4, lowering=Lowering.DENSE),
        "lives, 8 terms, factored": make(8),
        "lives, 8 terms with 8 tangents, factored": make(8, wrt=wrt),
        "lives, 8 terms with 8 tangents and the noise's": make(8, wrt=wrt, noise_tangent=True),
    }
