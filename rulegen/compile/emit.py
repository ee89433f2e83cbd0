"""From a SymPy expression to JAX operations: a walk over the tree, one operation a node."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from typing import Any

import jax
import jax.numpy as jnp
import sympy as sp
from jax.custom_derivatives import SymbolicZero

from rulegen.compile.derivative import derivative, gate, is_finite
from rulegen.grammar import Site
from rulegen.grammar.algebra import constants
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.symbols import WEIGHT, symbol
from rulegen.grammar.reading.sites import site_of

Array = jax.Array


def spread(value: Array, source: Site, target: Site) -> Array:
    """Give a value of site `source` the axes of `target`, so that it broadcasts there.

    Synapse arrays end in the axes (post, pre): a pre value gets a post axis of length one, a
    post value a pre axis of length one.
    """
    if target is not Site.SYNAPSE or source in (Site.SYNAPSE, Site.GLOBAL):
        return value
    return jnp.expand_dims(value, -2 if source is Site.PRE else -1)


class Emitter:
    """Evaluates rule expressions with JAX.

    Args:
        values: the array of each symbol, by name. Leading axes (time) are allowed when every
            array that an expression reads has them or broadcasts against them.
        sites: the site of each symbol.
        earlier: values of earlier steps, by what reads them, such as `prev(x)`.

    Example:
        >>> import jax.numpy as jnp
        >>> from rulegen.grammar import parse
        >>> rule = parse("e <- pre*post : synapse")
        >>> sites = {"pre": Site.PRE, "post": Site.POST}
        >>> emitter = Emitter({"pre": jnp.array([1.0, 2.0]), "post": jnp.array([3.0])}, sites)
        >>> print(emitter(rule.states[0].expr, Site.SYNAPSE))
        [[3. 6.]]
    """

    def __init__(
        self,
        values: Mapping[str, Array],
        sites: Mapping[str, Site],
        earlier: Mapping[op.Earlier, Array] | None = None,
    ) -> None:
        self.values, self.sites, self.earlier = values, sites, earlier or {}

    def __call__(self, expr: sp.Basic, site: Site) -> Array | float:
        """The value of `expr` as seen from `site`."""
        if isinstance(expr, sp.Symbol):
            return spread(self.values[expr.name], self.sites[expr.name], site)
        if expr.is_Number:
            return float(expr)  # a Python scalar takes the precision of what it meets
        if expr in (sp.true, sp.false):
            return bool(expr)
        if isinstance(expr, op.Earlier):
            return spread(self.earlier[expr], self.sites[expr.args[0].name], site)
        if isinstance(expr, op.over_pre | op.over_post):
            return self.total(expr, site)
        if isinstance(expr, op.cumsum_post):
            return jnp.cumsum(self.full(expr), axis=-2)
        if isinstance(expr, op.opposite):
            return jnp.swapaxes(self.full(expr), -1, -2)
        if isinstance(expr, sp.Piecewise):
            return self.piecewise(expr, site)
        if any(isinstance(f, gate) for f in sp.Mul.make_args(expr)):
            return self.gated(sp.Mul.make_args(expr), site)
        if isinstance(expr, sp.Expr) and expr.is_number:
            return constants.as_float(expr)
        if departs(expr):
            places = [a if a.is_number else symbol(f"x{i:03}") for i, a in enumerate(expr.args)]
            inside = [self(a, site) for a in expr.args if not a.is_number]
            return by_convention(expr.func(*places, evaluate=False))(*inside)
        return self.operation(expr, site)

    def operation(self, expr: sp.Basic, site: Site) -> Array | float:
        """One operation, of what stands in it."""
        if isinstance(expr, sp.Pow | op.power):
            return self.power(expr, site)
        function = FUNCTIONS.get(type(expr))
        if function is None:
            raise TypeError(f"no JAX translation of {type(expr).__name__}")
        return function(*(self(argument, site) for argument in expr.args))

    def total(self, expr: sp.Expr, site: Site) -> Array:
        """A sum or maximum over the neurons of one side, as seen from `site`."""
        reduction = jnp.max if isinstance(expr, op.max_pre | op.max_post) else jnp.sum
        side, rest, axis = Site.PRE, Site.POST, -1
        if isinstance(expr, op.over_post):
            side, rest, axis = Site.POST, Site.PRE, -2
        if site_of(expr, self.sites) is not Site.GLOBAL:
            return spread(reduction(self.full(expr), axis=axis), rest, site)
        count = self.values[WEIGHT].shape[axis]
        inside = jnp.asarray(self(expr.args[0], side))
        return reduction(jnp.broadcast_to(inside, (*inside.shape[:-1], count)), axis=-1)

    def full(self, expr: sp.Expr) -> Array:
        """What a sum runs over: every synapse counts, also where whole rows are the same."""
        inside = jnp.asarray(self(expr.args[0], Site.SYNAPSE))
        return jnp.broadcast_arrays(inside, self.values[WEIGHT])[0]

    def piecewise(self, expr: sp.Piecewise, site: Site) -> Array:
        """The first branch whose condition holds."""
        *pairs, (default, _) = expr.args
        result = jnp.asarray(self(default, site))
        for value, condition in reversed(pairs):
            result = jnp.where(self(condition, site), self(value, site), result)
        return result

    def gated(self, factors: Sequence[sp.Expr], site: Site) -> Array:
        """A product that is 0 where one of its gates is closed, whatever the others are."""
        conditions = [self(f.args[0], site) for f in factors if isinstance(f, gate)]
        rest = [self(f, site) for f in factors if not isinstance(f, gate)]
        inside = reduce(jnp.multiply, rest) if rest else 1.0
        return jnp.where(reduce(jnp.logical_and, conditions), inside, 0.0)

    def power(self, expr: sp.Expr, site: Site) -> Array:
        """base**exponent, with the exponent kept out of the array when it is a number."""
        base, exponent = expr.args
        if base is sp.E:
            return jnp.exp(self(exponent, site))
        x = jnp.asarray(self(base, site))
        if exponent.is_Integer:
            return jax.lax.integer_pow(x, int(exponent))
        if exponent == sp.Rational(1, 2):
            return jnp.sqrt(x)
        if exponent == sp.Rational(-1, 2):
            return jax.lax.rsqrt(x)
        return jnp.power(x, self(exponent, site))


#: Functions whose derivative JAX takes by another convention,
_OTHERS = (sp.Abs, sp.Min, sp.Max, op.clip, op.power, op.spow)
#: and those whose slope may be 0 where they are of something infinite.
_LEVEL = (sp.tanh, sp.exp, op.exp, op.sigmoid, op.exprel, sp.Pow)


def departs(expr: sp.Basic) -> bool:
    """Whether JAX's own derivative of an operation is not, or may not be, that of the language."""
    return isinstance(expr, _OTHERS) or (
        isinstance(expr, _LEVEL) and not all(map(is_finite, expr.args))
    )


@cache
def by_convention(form: sp.Expr) -> Callable[..., Array]:
    """An operation on arrays, whose derivative in JAX is that of the language.

    Args:
        form: of symbols in the order of their names.

    Example:
        >>> print(jax.grad(by_convention(sp.Max(symbol("x"), 1)))(1.0))
        0.0
    """
    names = sorted(form.free_symbols, key=str)
    sites = {x.name: Site.GLOBAL for x in names}

    def emitter(arrays: Sequence[Array]) -> Emitter:
        return Emitter({x.name: a for x, a in zip(names, arrays, strict=True)}, sites)

    @jax.custom_jvp
    def operation(*arrays: Array) -> Array:
        return jnp.asarray(emitter(arrays).operation(form, Site.GLOBAL))

    def changes(arrays: Sequence[Array], moved: Sequence[Any]) -> tuple[Array, Array]:
        value = operation(*arrays)
        moving = [i for i, d in enumerate(moved) if not isinstance(d, SymbolicZero)]
        if isinstance(form, sp.Min | sp.Max):
            still: list[Any] = [a for i, a in enumerate(arrays) if i not in moving]
            still += [float(a) for a in form.args if a.is_number]
            change = of_extreme(value, [(arrays[i], moved[i]) for i in moving], still)
        else:
            here = emitter(arrays)
            along = {i: derivative(form, {names[i]: sp.Integer(1)}) for i in moving}
            slopes = {i: jnp.asarray(here(slope, Site.GLOBAL)) for i, slope in along.items()}
            change = reduce(
                jnp.add, [jnp.where(s == 0, 0.0, s * moved[i]) for i, s in slopes.items()]
            )
        return value, jnp.broadcast_to(change, value.shape).astype(value.dtype)

    operation.defjvp(changes, symbolic_zeros=True)
    return operation


def of_extreme(
    value: Array, moving: Sequence[tuple[Array, Array]], still: Sequence[Array | float]
) -> Array:
    """How a minimum or maximum changes, see `rulegen.compile.derivative`.

    Args:
        value: of it. moving: what it is of that changes, and how. still: what else it is of.
    """
    attained = [(a == value, d) for a, d in moving]
    total = reduce(jnp.add, [jnp.where(at, d, 0.0) for at, d in attained])
    count = reduce(jnp.add, [jnp.where(at, 1.0, 0.0) for at, _ in attained])
    flat = reduce(jnp.logical_or, [value == a for a in still], jnp.zeros((), bool))
    return jnp.where(flat, 0.0, total / jnp.maximum(count, 1.0))


def signed_power(x: Array, p: Array | float) -> Array:
    """sign(x)*|x|**p, and 0 at 0 also where p is negative."""
    zero = x == 0
    return jnp.where(zero, 0.0, jnp.sign(x) * jnp.abs(jnp.where(zero, 1.0, x)) ** p)


#: Terms of a series that a double needs up to |x| = 1/2.
_TERMS = 14


def exponential_mean(x: Array, n: float) -> Array:
    """The integral of s**n*exp(x*s) over s from 0 to 1, see `rulegen.grammar.algebra.operators`.

    Near 0, where `(exp(x) - 1)/x` loses its digits, the series sum_k x**k/(k! (n + 1 + k)).
    """
    x = jnp.asarray(x)
    near = jnp.abs(x) < 0.5
    small, large = jnp.where(near, x, 0.0), jnp.where(near, 1.0, x)
    series = jnp.zeros_like(x)
    for k in reversed(range(_TERMS)):
        series = small * series + 1.0 / (math.factorial(k) * (n + 1 + k))
    closed = jnp.expm1(large) / large
    for order in range(1, int(n) + 1):
        closed = (jnp.exp(large) - order * closed) / large
    return jnp.where(near, series, closed)


def _tree(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda *arguments: reduce(function, arguments)


FUNCTIONS: dict[type, Callable[..., Array]] = {
    sp.Add: _tree(jnp.add),
    sp.Mul: _tree(jnp.multiply),
    sp.Abs: jnp.abs,
    sp.sign: jnp.sign,
    sp.exp: jnp.exp,
    op.exp: jnp.exp,
    sp.log: jnp.log,
    sp.tanh: jnp.tanh,
    sp.sin: jnp.sin,
    sp.cos: jnp.cos,
    op.erf: jax.lax.erf,
    op.floor: jnp.floor,
    op.mod: jnp.mod,
    sp.Min: _tree(jnp.minimum),
    sp.Max: _tree(jnp.maximum),
    op.relu: jax.nn.relu,
    op.clip: jnp.clip,
    op.sigmoid: jax.nn.sigmoid,
    op.spow: signed_power,
    op.exprel: exponential_mean,
    sp.StrictLessThan: jnp.less,
    sp.LessThan: jnp.less_equal,
    sp.StrictGreaterThan: jnp.greater,
    sp.GreaterThan: jnp.greater_equal,
    sp.Equality: jnp.equal,
    sp.Unequality: jnp.not_equal,
    sp.And: _tree(jnp.logical_and),
    sp.Or: _tree(jnp.logical_or),
    sp.Not: jnp.logical_not,
}
