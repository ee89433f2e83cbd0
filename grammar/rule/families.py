"""Families: rules with one free coefficient for each candidate term."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from rulegen.grammar.printing.unparse import show_number
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.rule.parse import parse
from rulegen.grammar.rule.rule import Rule

#: More candidate terms than this are refused: no fit could tell them apart.
MAX_TERMS = 200


def monomials(orders: Mapping[str, int], degree: int | None = None) -> dict[str, str]:
    """All products of powers of some variables, by their exponents.

    Args:
        orders: the highest power of each variable.
        degree: the highest sum of the powers, or None for no limit.

    Example:
        >>> monomials({"pre": 1, "d": 2}, degree=2)
        {'00': '1', '01': 'd', '02': 'd**2', '10': 'pre', '11': 'pre*d'}
    """
    if any(not 0 <= order <= 9 for order in orders.values()):
        raise RuleError("the order of a variable in a family lies between 0 and 9")
    found = {}
    for powers in product(*(range(order + 1) for order in orders.values())):
        if degree is None or sum(powers) <= degree:
            factors = [
                name if k == 1 else f"{name}**{k}"
                for name, k in zip(orders, powers, strict=True)
                if k
            ]
            found["".join(map(str, powers))] = "*".join(factors) or "1"
    return found


def polynomial(
    template: str,
    orders: Mapping[str, int],
    *,
    degree: int | None = None,
    start: Mapping[str, float] | None = None,
    bounds: tuple[float, float] = (-2.0, 2.0),
    prefix: str = "theta",
) -> Rule:
    """A family whose free part is a polynomial.

    Args:
        template: the text of the rule, with `{terms}` where the polynomial stands.
        orders: the highest power of each variable of the polynomial.
        degree: the highest sum of the powers, or None for no limit.
        start: initial values of coefficients by their exponents, such as `{"11": 0.1}`; else 0.
        bounds: of every coefficient.
        prefix: the coefficients are named `prefix_EXPONENTS`, such as `theta_12`.

    Example:
        >>> family = polynomial("dw/dt = eta*({terms})", {"pre": 1, "post": 1}, degree=1)
        >>> print(family.text(), end="")
        param theta_00 = 0 in [-2, 2] free
        param theta_01 = 0 in [-2, 2] free
        param theta_10 = 0 in [-2, 2] free
        param eta
        dw/dt = eta*(theta_00 + theta_01*post + theta_10*pre)  : synapse
    """
    candidates = monomials(orders, degree)
    if "{terms}" not in template:
        raise RuleError("the template of a family has no `{terms}`")
    if len(candidates) > MAX_TERMS:
        raise RuleError(f"a family of {len(candidates)} terms", remedy="lower orders or degree")
    values = dict(start or {})
    for key in values.keys() - candidates.keys():
        raise RuleError(f"the family has no term `{key}`", remedy="write one digit a variable")
    low, high = map(show_number, bounds)
    head = "".join(
        f"param {prefix}_{key} = {show_number(values.get(key, 0.0))} in [{low}, {high}] free\n"
        for key in candidates
    )
    terms = " + ".join(
        f"{prefix}_{key}" if text == "1" else f"{prefix}_{key}*{text}"
        for key, text in candidates.items()
    )
    return parse(head + template.replace("{terms}", terms))


def confavreux(order: int = 2) -> Rule:
    """`dw/dt = eta * sum theta_abc pre^a post^b w^c` (Confavreux et al. 2020).

    Example:
        >>> len(confavreux().terms())
        27
    """
    return polynomial("dw/dt = eta*({terms})", {"pre": order, "post": order, "w": order})


def mehta(order: int = 2, reward: int = 1) -> Rule:
    """The polynomial of `confavreux` with powers of `R - R_bar` beside (Mehta et al. 2024).

    Example:
        >>> len(mehta(order=1).terms())
        16
    """
    orders = {"pre": order, "post": order, "w": order, "m": reward}
    return polynomial("m = R - R_bar\non reward: w += eta*({terms})", orders)


def maoutsa(order: int = 2) -> Rule:
    """A polynomial eligibility in `pre` and `u - u_bar`, read out at reward (Maoutsa 2025).

    Example:
        >>> maoutsa().terms()[1].text
        'd'
    """
    template = (
        "u_bar = lowpass(u, tau_u) : post\n"
        "d = u - u_bar : post\n"
        "e = lowpass({terms}, tau_e) : synapse\n"
        "on reward: w += (R - R_bar[condition])*e - w/tau_w\n"
    )
    return polynomial(template, {"pre": order, "d": order})
