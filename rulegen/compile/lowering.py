"""How the synapse states are computed: as a few matrix products, or step by step.

Within a trial the weights are constant and a synapse state obeys

    e <- rho*e + sum_m c_m f_m g_m

with `f_m` seen by the postsynaptic neuron, `g_m` by the presynaptic one, `c_m` constant over the
trial. Then after T steps

    e_T = rho^T e_0 + sum_m c_m F_m^T diag(rho^(T-1-t)) G_m ,

so no N x N state needs to exist inside the time loop: this is the *factored* lowering. A rule for
which the algebra does not work out takes the *dense* one, which steps the N x N state in time.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace

import sympy as sp

from rulegen.compile.tangents import Tangents
from rulegen.grammar import Site
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.decay import DT
from rulegen.grammar.algebra.symbols import join, symbol
from rulegen.grammar.rule.system import Equation, System


class Lowering(enum.Enum):
    """How synapse states are computed."""

    FACTORED = "factored"
    DENSE = "dense"


@dataclass(frozen=True)
class Product:
    """One term `coefficient * post * pre` of the drive of a synapse state.

    `order` is the order of the decay kernel: 0 for rho^(T-1-t), 1 for its derivative in rho,
    (T-1-t) rho^(T-2-t), which the tangent along a time constant needs.
    """

    coefficient: sp.Expr
    post: sp.Expr
    pre: sp.Expr
    rho: sp.Expr
    order: int = 0

    @property
    def bare(self) -> Product:
        """The product without its coefficient."""
        return replace(self, coefficient=sp.Integer(1))


@dataclass(frozen=True)
class FactoredState:
    """A synapse state after T steps: `rho^T x_0 + T rho^(T-1) rho_p y_0 + sum of products`.

    `source` names the state y whose decay rate this state differentiates ("" when there is none)
    and `slope` is d(rho)/dp.
    """

    name: str
    rho: sp.Expr
    products: tuple[Product, ...]
    source: str = ""
    slope: sp.Expr = sp.S.Zero


class NotFactorable(Exception):
    """Why a system has no factored lowering."""


def factor(tangents: Tangents) -> tuple[FactoredState, ...]:
    """The factored form of every synapse state.

    Raises:
        NotFactorable: with the reason, when the algebra does not work out.
    """
    system = tangents.system
    if system.weights:
        raise NotFactorable("the weights change at every step")
    names = [e.name for e in system.synapse]
    states: dict[str, FactoredState] = {}
    for equation in sorted(system.synapse, key=lambda e: e.name.count("@")):
        states[equation.name] = factor_state(equation, names, states, system)
    return tuple(states[name] for name in names)


def factor_state(
    equation: Equation,
    names: list[str],
    done: dict[str, FactoredState],
    system: System,
) -> FactoredState:
    """Bring one synapse equation to factored form."""
    rho, slope, source = sp.Integer(0), sp.Integer(0), ""
    drive = []
    x = symbol(equation.name)
    others = {symbol(name) for name in names if name != equation.name}
    for term in separated(equation.expr, system):
        if any(not is_constant(node, system) for node in term.atoms(op.opposite)):
            raise NotFactorable(f"`{equation.name}` reads other synapses at every step")
        if term.has(x):
            quotient = term / x
            if quotient.free_symbols & ({x} | others) or not is_rate(quotient, system):
                raise NotFactorable(f"`{equation.name}` decays at a rate that varies: {quotient}")
            rho += quotient
        elif term.free_symbols & others:
            (other,) = sorted(s.name for s in term.free_symbols & others)[:1]
            quotient = term / symbol(other)
            differentiates = equation.name.partition("@")[0] == other
            if not differentiates or not is_rate(quotient, system):
                raise NotFactorable(f"`{equation.name}` reads the synapse state `{other}`")
            slope, source = slope + quotient, other
        else:
            drive.append(term)
    products = [make_product(term, rho, system, equation.name) for term in drive]
    if source:
        if done[source].rho != rho:
            raise NotFactorable(f"`{equation.name}` and `{source}` decay differently")
        products += [
            Product(p.coefficient * slope, p.post, p.pre, rho, order=1)
            for p in done[source].products
        ]
    return FactoredState(equation.name, rho, tuple(products), source, slope)


def is_rate(expr: sp.Expr, system: System) -> bool:
    """Whether `expr` is one number for all synapses during a trial."""
    return is_constant(expr, system) and site_of(expr, system) is Site.GLOBAL


def separated(expr: sp.Expr, system: System) -> list[sp.Expr]:
    """Split a sum into terms, expanding only factors that mix the two sides of the synapse.

    `(u - u_bar)**3` stays as it is; `(pre*(u - u_bar) + 1)**2` is multiplied out.
    """
    terms, pending = [], list(sp.Add.make_args(expr))
    while pending:
        term = pending.pop()
        factors = list(sp.Mul.make_args(term))
        for index, mixed in enumerate(factors):
            if site_of(mixed, system) is Site.SYNAPSE and not is_constant(mixed, system):
                opened = sp.Add.make_args(sp.expand(mixed, deep=False))
                if len(opened) > 1:
                    rest = sp.Mul(*factors[:index], *factors[index + 1 :])
                    pending += [rest * part for part in opened]
                    break
        else:
            terms.append(term)
    return terms


def site_of(expr: sp.Expr, system: System) -> Site:
    """The site that sees everything `expr` reads."""
    return join(system.sites[s.name] for s in expr.free_symbols)


def is_constant(expr: sp.Expr, system: System) -> bool:
    """Whether `expr` keeps its value during a trial."""
    return all(s.name in system.constants for s in expr.free_symbols)


def make_product(term: sp.Expr, rho: sp.Expr, system: System, state: str) -> Product:
    """Sort the factors of one term to coefficient, postsynaptic and presynaptic side."""
    coefficient: list[sp.Expr] = []
    post: list[sp.Expr] = []
    pre: list[sp.Expr] = []
    for part in sp.Mul.make_args(term):
        site = site_of(part, system)
        if part.atoms(op.Earlier):
            raise NotFactorable(f"`{state}` reads an earlier step of a signal")
        if part.atoms(op.over_pre, op.over_post, op.cumsum_post):
            raise NotFactorable(f"`{state}` sums over neurons")
        if part == DT:
            # Every term of a differential equation has this factor; with it in the product, the
            # tangent along a coefficient is the product itself.
            pre.append(part)
        elif is_constant(part, system):
            coefficient.append(part)
        elif site is not Site.SYNAPSE:
            # Numbers go to the coefficient, so that 5*a - 5*b and a - b are the same factor.
            content, primitive = part.primitive()
            coefficient.append(content)
            (pre if site is Site.PRE else post).append(primitive)
        else:
            raise NotFactorable(f"`{state}` has a term that does not separate: {part}")
    return Product(sp.Mul(*coefficient), sp.Mul(*post), sp.Mul(*pre), rho)


def merge(state: FactoredState, system: System) -> FactoredState:
    """Sum the postsynaptic sides of all products that share a presynaptic side.

    `a*f1*g + b*f2*g = (a*f1 + b*f2)*g` with plain numbers a, b: one product instead of two. Only
    worth while when nobody needs the products apart, as the tangents of coefficients do.
    """
    sums: dict[tuple[sp.Expr, int], sp.Expr] = {}
    kept = []
    for product in state.products:
        if site_of(product.coefficient, system) is Site.GLOBAL:
            key = (product.pre, product.order)
            sums[key] = sums.get(key, sp.Integer(0)) + product.coefficient * product.post
        else:
            kept.append(product)
    one = sp.Integer(1)
    merged = [Product(one, post, pre, state.rho, order) for (pre, order), post in sums.items()]
    return replace(state, products=(*merged, *kept))


def basis(states: Iterable[FactoredState]) -> list[Product]:
    """The distinct products of all states, without their coefficients."""
    return list(dict.fromkeys(p.bare for s in states for p in s.products))
