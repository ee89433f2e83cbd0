"""What `rulegen check` says about a rule."""

from __future__ import annotations

from fractions import Fraction
from textwrap import wrap
from typing import Any, Final

import sympy as sp

from rulegen.catalog.likeness.naming import named
from rulegen.compile.plan import names_in, plan_rule
from rulegen.grammar import Rule
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.algebra import as_written
from rulegen.grammar.algebra.parts import Event, Form
from rulegen.grammar.algebra.symbols import SIGNS, WEIGHT, ZETA
from rulegen.grammar.printing.unparse import show_expression, show_unit
from rulegen.grammar.rule.locality import expressions, used_names
from rulegen.grammar.rule.system import CHANGES
from rulegen.runs.beginnings import by_nothing
from rulegen.runs.chances import unfit

# fmt: off
#: What is negative at times in any circuit; whether rates are is a matter of their function.
SIGNED: Final = frozenset({
    "u", "pre_u", "drive", "drive_recurrent", "drive_input", "drive_feedback", "xi", "zeta",
    "error", "pre_error", "R",
})
# fmt: on


@as_written(False)  # set once: SymPy forgets all that it has found out whenever it changes
def check_report(rule: Rule) -> dict[str, Any]:
    """Everything that can be said about a rule without running it.

    Example:
        >>> from rulegen.grammar import parse
        >>> check_report(parse("dw/dt = eta*pre*post"))["latex"]
        '\\\\dot{w}_{ij} = \\\\eta\\\\,r_i\\\\,r_j'
    """
    digest = rule.digest  # first, as it refuses what is too large for the rest
    certificate, units = rule.locality(), rule.units()
    return {
        "digest": digest,
        "is": named(rule).text,
        "text": rule.text(),
        "canonical": rule.canonical().text(),
        "latex": rule.latex(),
        "sites": {name: rule.site_of(name).value for name in symbols(rule)},
        "locality": {
            "local": certificate.local,
            "verdict": certificate.verdict,
            "violations": list(certificate.violations),
            "items": [
                {
                    "symbol": i.symbol,
                    "site": i.site.value,
                    "available": i.available,
                    "needs": i.note,
                }
                for i in certificate.items
            ],
        },
        "parameters": [
            {
                "name": p.name,
                "value": p.value,
                "ms_power": None if units.get(p.name) is None else float(units[p.name] or 0),
                "unit": _shown(units.get(p.name)),
                "inferred": p.unit is None,
                "lower": p.lower if p.lower > float("-inf") else None,
                "upper": p.upper if p.upper < float("inf") else None,
                "free": p.free,
            }
            for p in rule.parameters
        ],
        "terms": [{"coefficient": t.coefficient, "term": t.text} for t in rule.terms()],
        "lowering": plan_rule(rule).explain(),
        "notes": notes(rule),
    }


def notes(rule: Rule) -> list[str]:
    """What a reader may have written without meaning it.

    Example:
        >>> from rulegen.grammar import parse
        >>> notes(parse("param alpha = 1\\nparam beta = 2\\ndw/dt = alpha*pre*post"))
        ['without effect: beta']
        >>> notes(parse("dw = 0.1*pre*post"))
        ['nothing changes w: write `dw/dt = ...`, `w += ...` or `on reward: w += ...`']
        >>> notes(parse("dw/dt = eta**2*pre*post"))
        ['the equations make eta ms**(-1/2): is that meant? A `param` line states a unit']
        >>> notes(parse("w += 0.1*pre.fast*post"))
        ['it runs where the circuit has a group `fast`: see `circuit.groups`']
        >>> notes(parse("w += clip(pre, 1, 0)"))
        ['`clip(pre, 1, 0)` is its last limit, whatever it limits: swap the limits']
        >>> notes(parse("v = average(R, 0.1)\\non reward: v += 1\\nw += v"))
        ['`v` is an average, which follows each reward by itself, after what `on reward` adds']
        >>> notes(parse("w += 0.1*sqrt(u)*pre"))
        ['`sqrt(u)` has no value where u is negative: write `spow(u, 0.5)`']
    """
    if rule.inert:
        return [f"nothing changes w: {CHANGES}"]
    found = [f"without effect: {', '.join(rule.idle())}"] if rule.idle() else []
    found += [*without_value(rule), *by_nothing(rule), *unfit(rule), *unheard(rule)]
    found += [
        f"`{show_expression(rule, part)}` is its last limit, whatever it limits: swap the limits"
        for part in sorted({p for e in expressions(rule) for p in e.atoms(op.clip)}, key=str)
        if part.args[1].is_Rational and part.args[2].is_Rational and part.args[1] > part.args[2]
    ]
    averages = {s.name for s in rule.states if s.form is Form.AVERAGE}
    found += [
        f"`{name}` is an average, which follows each reward by itself, after what `on reward` adds"
        for name in sorted(averages & {u.target for u in rule.updates if u.event is Event.REWARD})
    ]
    found += [
        f"it runs where the rule of the {f.projection} projection has a state `{f.state}` "
        f"({f.site.value}): see `[projections]`"
        for f in rule.foreign
    ]
    groups = dict.fromkeys(group.group for group in rule.groups)
    if signed := [name for name in groups if name in SIGNS]:
        found.append(f"it runs where neurons are {' or '.join(signed)}: see `circuit.excitatory`")
    found += [
        f"it runs where the circuit has a group `{name}`: see `circuit.groups`"
        for name in groups
        if name not in SIGNS
    ]
    return found + [
        f"the equations make {name} {unit}: is that meant? A `param` line states a unit"
        for name, unit in silent_units(rule).items()
    ]


def unheard(rule: Rule) -> list[str]:
    """Noise of synapses that a reward is to judge, and that the circuit never hears of.

    Example:
        >>> from rulegen.grammar import parse
        >>> unheard(parse("on reward: w += 0.1*R*zeta"))
        ['`zeta` never reaches the circuit, and so no reward: add `forward w = w + 0.1*zeta`']
        >>> unheard(parse("forward w = w + 0.1*zeta\\non reward: w += 0.1*R*zeta"))
        []
    """
    if not {ZETA, "R"} <= used_names(rule):
        return []
    reads = {s.name: names_in([rule.expand(s.expr)]) for s in rule.states if s.name != WEIGHT}
    for update in rule.updates:
        if update.target in reads:
            reads[update.target] |= names_in([rule.expand(update.expr)])
    heard = names_in(rule.expand(expr) for _, expr in rule.forward)
    while more := frozenset[str]().union(*(reads.get(name, ()) for name in heard)) - heard:
        heard |= more
    if ZETA in heard:
        return []
    return ["`zeta` never reaches the circuit, and so no reward: add `forward w = w + 0.1*zeta`"]


def without_value(rule: Rule) -> list[str]:
    """Roots and logarithms of what may be negative, each with what to write in its place."""
    signed = SIGNED | ({WEIGHT} if rule.lower < 0 else set())
    whole = {p.name for p in rule.parameters if p.value is not None and p.value == int(p.value)}
    found = []
    for part in dict.fromkeys(p for e in expressions(rule) for p in e.atoms(op.power, sp.log)):
        of, exponent = rule.expand(part.args[0]), part.args[-1]
        if not of.is_Symbol or of.name not in signed:
            continue
        if isinstance(part, op.power) and exponent.is_Symbol and exponent.name in whole:
            continue
        name, value = of.name, show_expression(rule, exponent)
        other = f"log(abs({name}))" if isinstance(part, sp.log) else f"spow({name}, {value})"
        other = f"`{other}`" + (", or `bounds w in [0, inf]`" if name == WEIGHT else "")
        shown = show_expression(rule, part)
        found.append(f"`{shown}` has no value where {name} is negative: write {other}")
    return sorted(found)


def _shown(unit: Fraction | None) -> str:
    return show_unit(unit) if unit else ""


def silent_units(rule: Rule) -> dict[str, str]:
    """Units of parameters that no line states and that are neither times nor rates."""
    found = rule.units()
    units = {p.name: found[p.name] for p in rule.parameters if p.unit is None}
    return {n: show_unit(u) for n, u in units.items() if u is not None and u not in (-1, 0, 1)}


def symbols(rule: Rule) -> list[str]:
    """Names of the definitions and states of a rule, in the order of its text."""
    return [d.name for d in rule.definitions] + [s.name for s in rule.states]


def check_text(report: dict[str, Any], width: int = 0) -> str:
    """The report for people, its running text no wider than a terminal of this width if given."""
    lines = [f"digest     {report['digest']}"]
    lines += [f"this is    {report['is']}"]
    lines += [f"computed   {report['lowering']}"]
    lines += [f"note       {note}" for note in report["notes"]]
    lines += [f"locality   {report['locality']['verdict']}"]
    lines += [f"           {violation}" for violation in report["locality"]["violations"]]
    lines += [
        f"  reads    {i['symbol']} ({i['site']}, {i['available']})"
        + (f": {i['needs']}" if i["needs"] else "")
        for i in report["locality"]["items"]
    ]
    lines += [f"site       {name}: {site}" for name, site in report["sites"].items()]
    for p in report["parameters"]:
        value = "no value" if p["value"] is None else f"{p['value']:g}"
        unit = f" {p['unit']}" if p["unit"] else ""
        unit += " (inferred)" if unit and p["inferred"] else ""
        bounds = [p["lower"], p["upper"]]
        between = "" if bounds == [None, None] else f" in {bounds}".replace("None", "any")
        lines.append(
            f"parameter  {p['name']} = {value}{unit}{between}{' free' if p['free'] else ''}"
        )
    if width:
        hanging = " " * len("computed   ")
        lines = ["\n".join(wrap(x, width, subsequent_indent=hanging)) for x in lines]
    lines = [report["text"].rstrip(), "", *lines]
    lines += ["", "canonical form", *("    " + x for x in report["canonical"].splitlines())]
    lines += ["", "LaTeX", *("    " + x for x in report["latex"].splitlines())]
    return "\n".join(lines)
