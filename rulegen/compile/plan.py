"""How a rule will be computed, decided by algebra alone: nothing here knows JAX."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from rulegen.compile.lowering import (
    FactoredState,
    Lowering,
    NotFactorable,
    basis,
    factor,
    merge,
)
from rulegen.compile.tangents import Tangents, add_tangents
from rulegen.grammar import Rule, Site
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.rule.system import Equation, make_system

#: What is said of a rule that changes synapses at events alone.
IDLE = "nothing is computed at synapses within a trial"


@dataclass(frozen=True)
class Plan:
    """What is computed of a rule, and how.

    Attributes:
        rule: the rule it was made from.
        tangents: its one-step system with tangents.
        lowering: how synapse states are computed.
        reason: why, in words.
        factored: the synapse states in factored form (empty in the dense lowering).
    """

    rule: Rule
    tangents: Tangents
    lowering: Lowering
    reason: str
    factored: tuple[FactoredState, ...]

    @cached_property
    def stepped(self) -> tuple[Equation, ...]:
        """The equations that run inside the time loop, in order of evaluation."""
        system = self.tangents.system
        if self.lowering is Lowering.FACTORED:
            return system.neuron
        return (*system.synapse, *system.weights, *system.neuron)

    @cached_property
    def in_loop(self) -> str:
        """A synapse state that others than synapses read at every step, or ""."""
        system = self.tangents.system
        read = names_in([*system.forward.values(), *(e.expr for e in system.neuron)])
        return next((e.name for e in system.synapse if e.name in read), "")

    @cached_property
    def moving_forward(self) -> bool:
        """Whether the tangents of noise follow a forward pass that changes in a trial."""
        system = self.tangents.system
        changing = {e.name for e in system.neuron} | {f.name for f in self.rule.foreign}
        changing |= {number.name for number in system.standards if not number.once}
        forward = [*system.forward.values(), *self.tangents.forward.values()]
        return bool(self.tangents.noise) and bool(names_in(forward) & changing)

    def explain(self) -> str:
        """Which lowering was chosen, why, and what the synapse states cost.

        The cost counts multiplications and additions per step for N neurons on both sides.
        """
        if self.lowering is Lowering.FACTORED:
            number = len(basis(self.factored))
            products = "1 product" if number == 1 else f"{number} products"
            sums = [e for e in self.stepped if e.expr.atoms(op.over_pre, op.over_post)]
            told = (
                f"{products} of a post and a pre factor; {2 * number} N^2 operations a "
                "step, as matrix products once per block of time"
            )
            more = "; and sums over neurons in every step" if sums else ""
            return f"factored: {told if number else IDLE}{more}"
        states = [e for e in self.stepped if e.site is Site.SYNAPSE]
        operations = sum(int(sp.count_ops(e.expr)) for e in states)
        told = f"about {operations} N^2 operations in every step" if operations else IDLE
        return f"dense: {self.reason}; {told}"


def plan_rule(
    rule: Rule,
    *,
    wrt: Iterable[str] = (),
    noise_tangent: bool = False,
    lowering: Lowering | None = None,
) -> Plan:
    """Decide how `rule` is computed, with tangents along the parameters `wrt`.

    Args:
        rule: the rule.
        wrt: names of the parameters to carry tangents of.
        noise_tangent: see `rulegen.compile.tangents.Tangents.noise`.
        lowering: force one; by default factored where the algebra allows it.

    Raises:
        NotFactorable: when the factored lowering is forced and impossible.

    Example:
        >>> from rulegen.grammar import parse
        >>> plan = plan_rule(parse("e <- e + xi*pre : synapse"))
        >>> print(plan.explain().partition(";")[0])
        factored: 1 product of a post and a pre factor
    """
    tangents = add_tangents(make_system(rule), wrt, noise=noise_tangent, steady=never_zero(rule))
    dense = Plan(rule, tangents, Lowering.DENSE, "as asked", ())
    if lowering is Lowering.DENSE:
        return dense
    try:
        if dense.in_loop:
            raise NotFactorable(f"`{dense.in_loop}` is read at every step")
        if dense.moving_forward:
            raise NotFactorable("noise has a tangent, and the forward pass changes at every step")
        factored = factor(tangents)
    except NotFactorable as why:
        if lowering is Lowering.FACTORED:
            raise
        return replace(dense, reason=str(why))
    if not tangents.wrt:
        factored = tuple(merge(state, tangents.system) for state in factored)
    return Plan(rule, tangents, Lowering.FACTORED, "the drive separates", factored)


def never_zero(rule: Rule) -> frozenset[str]:
    """Names of numbers that are not 0 in any step, whatever a fit makes of free parameters.

    Example:
        >>> from rulegen.grammar import parse
        >>> rule = parse("param k = 2 free\\nparam c = 3\\nparam a = 1 in [1, 2]\\nw += k*pre")
        >>> sorted(never_zero(rule) - {"dt", "N_pre", "N_post"})
        ['a', 'c']
    """
    fixed = {p.name for p in rule.parameters if not p.free and p.value}
    bounded = {p.name for p in rule.parameters if p.lower > 0.0 or p.upper < 0.0}
    return frozenset({"dt", "N_pre", "N_post"} | fixed | bounded)


def names_in(exprs: Iterable[sp.Expr]) -> frozenset[str]:
    """The names of all symbols that some expressions read."""
    return frozenset(s.name for e in exprs for s in e.free_symbols)
