"""A rule as a synapse model of NESTML, for rules that a synapse of NEST can follow.

Such a synapse knows the spikes of both neurons. It is computed when a spike arrives: between spikes
by its differential equations, at a spike by jumps.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from rulegen.catalog.export.code import Code
from rulegen.catalog.export.names import changed, identifiers, variables
from rulegen.catalog.export.nest_spikes import (
    PORTS,
    after_spike,
    drive,
    entangled,
    jumps,
    written_first,
)
from rulegen.catalog.export.page import head
from rulegen.catalog.export.places import foreign_problems, formulas, functions, nonlocal_problems
from rulegen.catalog.export.words import taken_in_nestml
from rulegen.catalog.records.record import Record
from rulegen.grammar import SIGNALS, Form, Rule, Site
from rulegen.grammar.algebra.parts import SPIKES
from rulegen.grammar.algebra.symbols import IMPULSES, WEIGHT, symbol
from rulegen.grammar.rule.draws import standards
from rulegen.grammar.rule.spikes import folded

TITLE = "# A plasticity rule as a synapse of NESTML, exported by rulegen."
#: What the language knows itself.
BUILT_IN = {"dt": "resolution()/(1 ms)"}


class NestmlCode(Code):
    """Expressions of NESTML."""

    def function(self, name: str, args: Sequence[str]) -> str:
        """A function, made of others where NESTML has none."""
        match name:
            case "log":
                return f"ln({args[0]})"
            case "sqrt":
                return f"(({args[0]})**0.5)"
            case "sign":
                return f"(({args[0]}) > 0 ? 1.0 : (({args[0]}) < 0 ? -1.0 : 0.0))"
            case "relu":
                return f"max({args[0]}, 0.0)"
            case "mod":
                x, y = args
                return f"({x} - ({y})*floor(({x})/({y})))"
            case "clip":
                return f"min(max({args[0]}, {args[1]}), {args[2]})"
            case "sigmoid":
                return f"(1.0/(1.0 + exp(-({args[0]}))))"
        return f"{name}({', '.join(args)})"

    def choice(self, condition: str, first: str, second: str) -> str:
        """`first` where the condition holds, else `second`."""
        return f"({condition} ? {first} : {second})"


def problems(rule: Rule) -> list[str]:
    """What of a rule a synapse of NEST cannot follow.

    Example:
        >>> from rulegen.grammar import parse
        >>> problems(parse("param eta = 0.1\\ndw/dt = eta*pre*w"))
        ['`w` reads `pre`: a synapse of NEST knows of its presynaptic neuron only the spikes']
    """
    rule = Rule.of(folded(rule))
    found = foreign_problems(rule)
    found += nonlocal_problems(rule, "a synapse of NEST sees no other")
    for place, expr in formulas(rule):
        for name in sorted({s.name for s in expr.free_symbols} & SIGNALS.keys()):
            if why := unknown(name):
                found.append(f"{place} reads `{name}`: {why}")
        for name in sorted({s.name for s in expr.free_symbols} & {g.name for g in rule.groups}):
            found.append(f"{place} reads `{name}`: NEST gives each population synapses of its own")
        for name in sorted(functions(expr) & {"prev", "delay", "spow"}):
            found.append(f"{place} has `{name}`: NESTML has nothing like it")
    found += [
        f"the parameter `{p.name}` has no value, which a model of NEST needs: state it"
        for p in rule.parameters
        if p.value is None
    ]
    found += [
        f"`{n.owner}` draws a random number: give values to synapses where NEST connects them"
        for n in standards(rule)
    ]
    for state in rule.states:
        name = f"`{state.name}`"
        if state.form is Form.AVERAGE:
            found.append(f"{name} is an average over rewards: NEST has no rewards")
        elif state.form is Form.STEP and state.expr != symbol(state.name):
            found.append(f"{name} changes by steps: a synapse of NEST is computed at spikes only")
        elif jumps(rule, state) is None:
            found.append(f"{name} is not linear in the spikes")
        if state.per_condition and state.form is not Form.AVERAGE:
            found.append(f"{name} is kept per condition: NEST knows no conditions")
        if symbol(WEIGHT) in rule.expand(state.initial).free_symbols:
            found.append(f"{name} begins at what reads `w`, which NEST does not know then")
    found += [
        f"`{u.target}` changes on {u.event.value}: a synapse of NEST knows no such event"
        for u in rule.updates
        if u.event not in SPIKES
    ]
    if not found:
        found += entangled(rule)
    if any(target == "bias" for target, _ in rule.forward):
        found.append("`forward bias` is a matter of the neuron in NEST")
    if rule.zero_diagonal:
        found.append("`diagonal w = 0`: in NEST, connect without autapses instead")
    if rule.euler:
        found.append("`integrate euler`: NEST integrates between spikes, exactly where it can")
    return list(dict.fromkeys(found))


def unknown(signal: str) -> str:
    """Why a synapse of NEST cannot know a signal, or "" where it can."""
    if signal in IMPULSES or signal == "dt":
        return ""
    if SIGNALS[signal].site is Site.PRE:
        return "a synapse of NEST knows of its presynaptic neuron only the spikes"
    if SIGNALS[signal].site is Site.POST:
        return "a synapse of NEST is computed at spikes, and does not see what passes between them"
    if signal == "R":
        return "NEST gives synapses no reward"
    return "NEST gives synapses no such number"


def write(record: Record) -> str:
    """The text of a synapse model.

    Example:
        >>> record = Record(name="hebb", title="Hebb", description="",
        ...                 equations="x = accumulate(pre_spike, 20)\\ndw/dt = 0.1*x*post_spike")
        >>> print(*[s.strip() for s in write(record).splitlines() if "w = w" in s], sep="\\n")
        w = w + 0.1*x
    """
    return "\n".join(Model(record).lines()) + "\n"


class Model:
    """One rule on its way to NESTML."""

    def __init__(self, record: Record) -> None:
        self.record, self.rule = record, Rule.of(folded(record.rule))
        rule = self.rule
        keys = [n for n in variables(rule) if n not in SIGNALS]
        self.names = identifiers(keys, taken_in_nestml, "_0") | BUILT_IN
        sites = dict.fromkeys((*self.names, *PORTS, *SIGNALS), Site.GLOBAL)
        self.code = NestmlCode(self.names, sites, {p.name for p in rule.parameters})
        spikes = dict.fromkeys(map(symbol, PORTS), sp.Integer(0))
        self.smooth = {s.name: drive(rule, s).xreplace(spikes) for s in rule.states}

    def lines(self) -> list[str]:
        """All lines of the model."""
        rule, names = self.rule, self.names
        notes = [*changed(rule, names), "All times are numbers in ms."]
        lines = [TITLE, *head(self.record, "#", notes), f"model {self.record.name}_synapse:"]
        starts = {s.name: self.first(rule.expand(s.initial)) for s in rule.states}
        starts |= {WEIGHT: "1.0"}
        block = [f"{names[name]} real = {value}" for name, value in starts.items()]
        lines += indented("state", block)
        values = [(names[p.name], p.value) for p in rule.parameters]
        lines += indented("parameters", [f"{n} real = {v!r}" for n, v in values])
        odes = {name: f for name, f in self.smooth.items() if f != 0}
        block = [f"{names[n]}' = ({self.code(f, Site.GLOBAL)})/(1 ms)" for n, f in odes.items()]
        lines += indented("equations", block)
        lines += indented("input", [f"{port} <- spike" for port in PORTS.values()])
        lines += indented("output", ["spike"])
        for signal, port in PORTS.items():
            emit = [f"emit_spike({self.weight()})"] if signal == "pre_spike" else []
            lines += indented(f"onReceive({port})", [*self.jump(signal), *emit])
        return lines + indented("update", ["integrate_odes()", *self.bounds()] if odes else [])

    def first(self, value: sp.Expr) -> str:
        """An initial value."""
        return repr(float(value)) if value.is_number else self.code(value, Site.GLOBAL)

    def jump(self, signal: str) -> list[str]:
        """What a spike changes, one state after the other."""
        lines, values = [], after_spike(self.rule, signal)
        for name in written_first(self.rule, signal).static_order():
            lines.append(f"{self.names[name]} = {self.code(values[name], Site.GLOBAL)}")
            lines += self.bounds() if name == WEIGHT else []
        return lines

    def bounds(self) -> list[str]:
        """Lines that keep the weight within its bounds."""
        lower, upper, w = self.rule.lower, self.rule.upper, self.names[WEIGHT]
        lines = [f"{w} = max({w}, {lower!r})"] if lower > -sp.oo else []
        return lines + ([f"{w} = min({w}, {upper!r})"] if upper < sp.oo else [])

    def weight(self) -> str:
        """What the postsynaptic neuron receives."""
        shown = dict(self.rule.forward).get(WEIGHT, symbol(WEIGHT))
        return self.code(self.rule.expand(shown), Site.GLOBAL)


def indented(title: str, lines: Sequence[str]) -> list[str]:
    """A block of NESTML; none where it would be empty."""
    return [f"    {title}:", *(f"        {line}" for line in lines), ""] if lines else []
