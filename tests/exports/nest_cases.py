"""Spikes for what is exported to NEST, and the weights that rulegen has after them.

    python tests/exports/nest_cases.py FOLDER

In NEST all delay is that of the dendrite: a spike of the postsynaptic neuron reaches the synapse
DELAY steps after it was fired. Spikes of both sides never meet in a step.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from random_rules import random_spike_rule

from rulegen import compile_rule, drive
from rulegen.catalog import Record, literature
from rulegen.catalog.export import export, problems
from rulegen.catalog.export.nest_spikes import drive as flow
from rulegen.grammar import Rule, Site
from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.rule.spikes import folded

STEP, DELAY, STEPS = 0.1, 1, 1500
PRE = np.array([30, 100, 140, 300, 310, 500, 710, 900, 904, 1210, 1400])
POST = np.array([51, 121, 251, 331, 341, 601, 661, 861, 871, 1101, 1251, 1301])
#: So many numbers make random rules of spikes, each of which is compiled.
RANDOM = int(os.environ.get("NEST_RULES", "0"))
#: Rules of spikes whose terms and names are awkward in NEST.
MADE_UP = {
    "pair": "x = accumulate(pre_spike, 20)\ny = accumulate(post_spike, 20)\n"
    "dw/dt = 0.01*x*post_spike - 0.01*y*pre_spike",
    "names": "param weight = 0.02\nparam syn_id = 1.5\ndelay = accumulate(pre_spike, 20)\n"
    "port = accumulate(post_spike, 30)\n"
    "dw/dt = weight*delay*post_spike - weight*syn_id*port*pre_spike",
    "bounded": "x = accumulate(pre_spike, 20)\nz = lowpass(x, 30)\n"
    "dw/dt = 0.01*x*pre_spike + 0.3*z*post_spike\nbounds w in [0, 1.1]",
    "multiplicative": "x = accumulate(pre_spike, 20)\ny = accumulate(post_spike, 20)\n"
    "dw/dt = 0.05*(1.5 - w)*x*post_spike - 0.05*w**2*y*pre_spike",
    "synaptic": "x = accumulate(pre_spike, 20) : synapse\ny = accumulate(post_spike, 20)\n"
    "dw/dt = 0.01*x*post_spike - 0.01*y*pre_spike + 0.002*x*pre_spike",
    "chained": "y = accumulate(post_spike, 20)\nz = lowpass(y, 30)\n"
    "x = accumulate(pre_spike*z, 25) : synapse\ndw/dt = 0.05*x*post_spike - 0.05*z*pre_spike",
    "flowing": "c = accumulate(pre_spike + 2*post_spike, 20) : synapse\n"
    "dw/dt = (0.1*(1.5 - w)*(c > 1.3) - 0.2*w*(c > 1))/20",
    "functions": "x = accumulate(pre_spike, 20)\ny = accumulate(post_spike, 20)\n"
    "dw/dt = 0.01*relu(x - 0.2)*post_spike - 0.01*clip(y, 0.9, 0.3)*pre_spike"
    " + 0.01*min(x, y, 0.5)*max(w, 0.2)*sqrt(abs(y))*sigmoid(x)*sign(y - 0.3)*pre_spike"
    " + 0.01*(x if w > 0.9 and x > 0.1 else log(1 + x)*tanh(w))*post_spike",
    "saturating": "x = accumulate(pre_spike*(1 - x/2), 20)\n"
    "y = accumulate(post_spike*(1 - y/2), 30)\ndw/dt = 0.02*x*post_spike - 0.01*y*pre_spike",
    "set": "param t_y = 20 ms\ndx/dt = -x/15\nt_y*dy/dt = -y\ninitial x = t_y/(40 ms)\n"
    "on pre_spike: x <- 1; w -= 0.05*y*w + 0.1*x\n"
    "on post_spike: w <- clip(w + 0.1*x, 0, 1.2); y <- 0.9",
    "whole": "x = accumulate(pre_spike, 20)\ny = accumulate(post_spike, 20)\n"
    "dw/dt = 0.1*erf(x)*post_spike - 0.1*floor(3*y)*mod(y - 0.5, 0.3)*sin(pi*x)*pre_spike",
}


def stepwise(rule: Rule) -> bool:
    """Whether rulegen's steps are exact: all that happens between spikes is that traces decay."""
    rule = Rule.of(folded(rule))
    spikes = dict.fromkeys(map(symbol, ("pre_spike", "post_spike")), 0)
    kept = {s.name for s in rule.states if s.site is Site.SYNAPSE} - {"w"}
    flows = {s.name: flow(rule, s).xreplace(spikes).free_symbols for s in rule.states}
    states = set(map(symbol, flows))
    return not kept and not flows["w"] and all(f & states <= {symbol(n)} for n, f in flows.items())


def weights(rule: Rule) -> np.ndarray:
    """The weight after each presynaptic spike."""
    spikes = {"pre_spike": np.zeros((1, STEPS, 1)), "post_spike": np.zeros((1, STEPS, 1))}
    spikes["pre_spike"][0, PRE] = spikes["post_spike"][0, POST + DELAY] = 1 / STEP
    # One trial a step, so that the history has every step.
    trials = {name: jnp.asarray(a.reshape(STEPS, 1, 1)) for name, a in spikes.items()}
    course = drive(compile_rule(rule), jnp.ones((1, 1)), trials, dt=STEP)
    return np.asarray(course.history["w"])[PRE, 0, 0]


def write_cases(folder: Path) -> None:
    """All rules of the literature that NEST can follow, those made up, and random ones.

    But for those whose weight has no value: NEST asks what a spike does at spikes alone, where what
    is undefined between them may be defined.
    """
    records = dict(literature())
    texts = {f"made_{name}": text for name, text in MADE_UP.items()}
    made = {f"random_{seed}": random_spike_rule(seed) for seed in range(RANDOM)}
    texts |= {name: rule.text() for name, rule in made.items() if rule is not None}
    for name, text in texts.items():
        records[name] = Record(name=name, title=name, description="", equations=text)
    for name, record in records.items():
        if not problems(record, "nestml") and np.isfinite(found := weights(record.rule)).all():
            (folder / f"{name}_synapse.nestml").write_text(export(record, "nestml"))
            saved = {"pre": PRE, "post": POST, "step": STEP, "delay": DELAY, "steps": STEPS}
            np.savez(
                folder / f"{name}.nest.npz", weights=found, exact=stepwise(record.rule), **saved
            )


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    write_cases(Path(sys.argv[1]))
