"""Sites, the built-in symbols, and the one place where SymPy symbols are made."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import sympy as sp

#: A projection that drives neurons: all synapses on them from one source.
Driving = Literal["recurrent", "input", "feedback"]
#: A projection: one of those, or the weights that send errors of the outputs to the neurons.
Projection = Literal[Driving, "errors"]


class Site(enum.Enum):
    """Where a variable lives.

    With weights oriented `w[post, pre]`, a `pre` variable has shape (N_pre,), a `post` variable
    (N_post,), a `synapse` variable (N_post, N_pre) and a `global` variable () (or one value per
    condition).
    """

    GLOBAL = "global"
    PRE = "pre"
    POST = "post"
    SYNAPSE = "synapse"

    def fits(self, target: Site) -> bool:
        """Whether a variable of this site can be read at `target` without non-local knowledge."""
        return self in (target, Site.GLOBAL) or target is Site.SYNAPSE


def join(sites: Iterable[Site]) -> Site:
    """The smallest site that sees all of `sites`: pre and post together make a synapse."""
    kinds = set(sites) - {Site.GLOBAL}
    if not kinds:
        return Site.GLOBAL
    return kinds.pop() if len(kinds) == 1 else Site.SYNAPSE


@dataclass(frozen=True)
class Signal:
    """A built-in variable that the circuit or the task provides at every step.

    Attributes:
        name: its name in rule text.
        site: where it lives.
        unit: its dimension as a power of milliseconds (0 for a plain number).
        latex: how it is printed.
        meaning: one line for the documentation and for `rulegen check`.
        note: what a synapse would need in order to know it, or "" when nothing special.
    """

    name: str
    site: Site
    unit: int
    latex: str
    meaning: str
    note: str = ""


#: Who could measure currents.
DENDRITE = "the synapse must sense the current of the dendrite apart from the soma's potential"
PATHWAY = "the synapse must sense the current of one pathway apart from the others"

SIGNALS: dict[str, Signal] = {
    s.name: s
    for s in (
        Signal("pre", Site.PRE, 0, r"r_j", "presynaptic rate that drove this step"),
        Signal("post", Site.POST, 0, r"r_i", "postsynaptic rate after this step"),
        Signal("u", Site.POST, 0, r"u_i", "postsynaptic potential after this step"),
        Signal("pre_u", Site.PRE, 0, r"u_j", "presynaptic potential that drove this step"),
        Signal("slope", Site.POST, 0, r"\phi'(u_i)", "slope of the postsynaptic rate function"),
        Signal(
            "drive",
            Site.POST,
            0,
            "I_i",
            "current that reaches the postsynaptic neuron in this step: of its synapses, its "
            "inputs and its bias",
            DENDRITE,
        ),
        Signal(
            "drive_recurrent",
            Site.POST,
            0,
            r"I^{\mathrm{rec}}_i",
            "what of the drive the recurrent synapses deliver",
            PATHWAY,
        ),
        Signal(
            "drive_input",
            Site.POST,
            0,
            r"I^{\mathrm{in}}_i",
            "what of the drive the input synapses deliver",
            PATHWAY,
        ),
        Signal(
            "drive_feedback",
            Site.POST,
            0,
            r"I^{\mathrm{fb}}_i",
            "what of the drive the feedback from the outputs delivers",
            PATHWAY,
        ),
        Signal(
            "xi",
            Site.POST,
            0,
            r"\xi_i",
            "exploration noise injected into the postsynaptic neuron in this step",
            "the neuron must know its own exploration noise",
        ),
        Signal(
            "zeta",
            Site.SYNAPSE,
            0,
            r"\zeta_{ij}",
            "exploration noise of this synapse, fresh every trial",
            "the synapse must know its own exploration noise",
        ),
        Signal(
            "error",
            Site.POST,
            0,
            r"\epsilon_i",
            "output error (target minus output) sent back to the postsynaptic neuron",
            "needs a feedback pathway that carries an error to each neuron",
        ),
        Signal(
            "pre_error",
            Site.PRE,
            0,
            r"\epsilon_j",
            "output error (target minus output) sent back to the presynaptic neuron",
            "needs a feedback pathway that carries an error to each neuron",
        ),
        Signal("pre_spike", Site.PRE, -1, r"S_j", "presynaptic spikes, impulses of unit area"),
        Signal("post_spike", Site.POST, -1, r"S_i", "postsynaptic spikes, impulses of unit area"),
        Signal("R", Site.GLOBAL, 0, r"R", "reward delivered in this step (0 when there is none)"),
        Signal(
            "t",
            Site.GLOBAL,
            1,
            "t",
            "time from the start of the trial to the start of this step; at reward, all of it",
            "the synapse must know when the trial began",
        ),
        Signal("dt", Site.GLOBAL, 1, r"\Delta t", "length of a step"),
        Signal("N_pre", Site.GLOBAL, 0, r"N_\mathrm{pre}", "number of presynaptic neurons"),
        Signal("N_post", Site.GLOBAL, 0, r"N_\mathrm{post}", "number of postsynaptic neurons"),
    )
}

#: The current that reaches a neuron, and its parts by projection.
DRIVE = "drive"
DRIVES: dict[Driving, str] = {
    "recurrent": "drive_recurrent",
    "input": "drive_input",
    "feedback": "drive_feedback",
}
PROJECTIONS: tuple[Projection, ...] = (*DRIVES, "errors")
#: What comes back of the errors of the outputs.
ERRORS = frozenset({"error", "pre_error"})
#: Noise of each synapse, fresh in every trial.
ZETA = "zeta"
#: Signals that change with the weights where the potentials are held fixed.
INNER = frozenset({"xi", DRIVE, *DRIVES.values()})

#: Impulses: a jump of one unit of area whatever dt is, so that formulas do not depend on the step.
IMPULSES = frozenset({"pre_spike", "post_spike"})

#: The unit of time, as a symbol that stands for 1: `10*ms` is 10 in what is computed.
MILLISECOND = "ms"

#: The plastic weight itself: built in, at a synapse, a plain number.
WEIGHT = "w"

#: What is no group of neurons where it stands behind a side: `pre.u` is the potential of one.
UNGROUPED = frozenset({*SIGNALS, WEIGHT, "rate", "spike"})

#: The sides of a synapse, whose neurons may belong to groups: `pre.NAME` is 1 where they do.
SIDES: tuple[Literal["pre", "post"], ...] = ("pre", "post")


#: The groups of neurons that Dale's law makes.
SIGNS = ("excitatory", "inhibitory")


def is_group(name: str) -> bool:
    """Whether a name says if a neuron belongs to a group, `pre.NAME` or `post.NAME`."""
    return name.partition(".")[0] in SIDES and "." in name


def is_foreign(name: str) -> bool:
    """Whether a name is that of a state of another rule, `PROJECTION.NAME`."""
    return "." in name and not is_group(name)


def is_outside(name: str) -> bool:
    """Whether a name stands for what the rule does not say itself: a group, or another's state."""
    return "." in name


def symbol(name: str) -> sp.Symbol:
    """Make the SymPy symbol of a rule variable or parameter.

    The only maker of symbols in the project: `Symbol("x") != Symbol("x", real=True)`, so two
    makers would sooner or later disagree.

    Example:
        >>> symbol("pre") == symbol("pre")
        True
    """
    return sp.Symbol(name, real=True)
