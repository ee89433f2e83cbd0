"""The locality certificate: what a synapse would need in order to follow a rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import sympy as sp

from rulegen.grammar.algebra.operators import NONLOCAL, OPERATORS, RuleFunction
from rulegen.grammar.algebra.parts import SPIKES, Form, Group, RuleParts
from rulegen.grammar.algebra.symbols import SIGNALS, SIGNS, WEIGHT, Site, symbol
from rulegen.grammar.reading.sites import site_of, site_table

P = TypeVar("P", bound=RuleParts)
EVERY_STEP, AT_REWARD, EVERY_TRIAL = "every step", "at reward", "every trial"
ONCE = "once a life"

#: What a synapse must know of numbers that are random in every step.
_RANDOM = {
    Site.SYNAPSE: "is random: the synapse must make noise of its own",
    Site.PRE: "is random: the synapse must know noise of its presynaptic neuron",
    Site.POST: "is random: the synapse must know noise of its postsynaptic neuron",
    Site.GLOBAL: "is random and the same for all: noise that reaches every synapse",
}
#: What a synapse must know of the states of other rules.
_FOREIGN = {
    Site.GLOBAL: "is a state of another projection: global side information, as by a modulator "
    "that reaches every synapse",
    Site.POST: "is a state of another projection: the synapse must know what the neuron keeps for "
    "those synapses",
}
#: When signals are there that are not there in every step: a reward, unless time reads it.
_AVAILABLE = {"R": AT_REWARD, "zeta": EVERY_TRIAL}


@dataclass(frozen=True)
class LocalityItem:
    """One thing that a rule reads: its name, site, when it is available, and what it needs."""

    symbol: str
    site: Site
    available: str
    note: str = ""


@dataclass(frozen=True)
class LocalityCertificate:
    """Whether every synapse can follow the rule with what it has.

    Attributes:
        local: whether nothing reads more than one neuron or synapse.
        verdict: one sentence.
        items: everything that the rule reads.
        violations: what is not local, a sentence each.
    """

    local: bool
    verdict: str
    items: tuple[LocalityItem, ...]
    violations: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is local only given side information, a sentence each."""
        return tuple(f"`{i.symbol}` {i.note}" for i in self.items if i.note)


def locality(parts: RuleParts) -> LocalityCertificate:
    """Certify a rule.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> locality(parse("on reward: w += eta*(R - R_bar[condition])*post*pre")).verdict
        'local, given side information'
    """
    exprs = expressions(parts)
    table = site_table(parts)
    states = {s.name: s for s in parts.states}
    names = {s.name for e in exprs for s in e.free_symbols}
    items = []
    for name in dict.fromkeys([*SIGNALS, WEIGHT, *states]):
        if name not in names:
            continue
        state = states.get(name)
        if state is None or name == WEIGHT:
            note = SIGNALS[name].note if name in SIGNALS else ""
            available = _AVAILABLE.get(name, EVERY_STEP)
            available = EVERY_STEP if name == "R" and "R" in _in_time(parts) else available
            items.append(LocalityItem(name, table[name], available, note))
        else:
            shown = f"{name}[condition]" if state.per_condition else name
            note = "needs the trial's identity: global side information"
            note = note if state.per_condition else ""
            available = AT_REWARD if state.form is Form.AVERAGE else EVERY_STEP
            available = ONCE if name in parts.drawn else available
            if state.form is Form.DRAW:
                note = _RANDOM[state.site]
            items.append(LocalityItem(shown, state.site, available, note))
    for group in parts.groups:
        items.append(LocalityItem(group.name, group.site, ONCE, _known(group)))
    for other in parts.foreign:
        if other.name in names:
            items.append(LocalityItem(other.name, other.site, EVERY_STEP, _FOREIGN[other.site]))
    sums = {type(f).__name__: f for e in exprs for f in e.atoms(RuleFunction)}
    violations = []
    for name in sorted(NONLOCAL & set(sums)):
        meaning = OPERATORS[name].meaning.removesuffix(" (non-local)")
        items.append(LocalityItem(name, site_of(sums[name], table), EVERY_STEP))
        violations.append(f"`{name}` is a {meaning}: it reads more than one neuron or synapse")
    items_, bad = tuple(items), tuple(violations)
    return LocalityCertificate(not bad, _verdict(items_, bad), items_, bad)


def _in_time(parts: RuleParts) -> set[str]:
    """The names that are read in every step: by what evolves in time, and by what that reads.

    A definition is read where its name is, which may be at an event alone.
    """
    meaning = {d.name: d.expr for d in parts.definitions}
    moving = [s for s in parts.states if s.form is not Form.AVERAGE]
    waiting = [e for s in moving for e in (s.expr, s.tau) if e is not None]
    found: set[str] = set()
    while waiting:
        names = {str(s.name) for s in waiting.pop().free_symbols} - found
        found |= names
        waiting += [meaning[name] for name in names & meaning.keys()]
    return found


def _known(group: Group) -> str:
    """What a synapse needs in order to know a group: a neuron knows its own, and a transmitter is
    seen by whoever receives it."""
    if group.side == "post" or group.group in SIGNS:
        return ""
    return "is a group: the synapse must know to which its presynaptic neuron belongs"


def _verdict(items: tuple[LocalityItem, ...], violations: tuple[str, ...]) -> str:
    if violations:
        return "not local"
    return "local, given side information" if any(i.note for i in items) else "local"


def used_names(parts: RuleParts) -> set[str]:
    """The names of all variables, parameters and functions that the formulas read."""
    exprs = expressions(parts)
    names = {str(s.name) for e in exprs for s in e.free_symbols}
    return names | {type(f).__name__ for e in exprs for f in e.atoms(sp.Function)}


def outside_of(parts: P) -> P:
    """The rule with what its formulas read of outside, and without what algebra has cancelled."""
    used = used_names(parts)
    foreign = tuple(f for f in parts.foreign if f.name in used)
    groups = tuple(g for g in parts.groups if g.name in used)
    return replace(parts, foreign=foreign, groups=groups)


def expressions(parts: RuleParts) -> list[sp.Expr]:
    """Every expression of the rule."""
    taus = [s.tau for s in parts.states if s.tau is not None]
    return [
        *(d.expr for d in parts.definitions),
        *(s.expr for s in parts.states),
        *taus,
        *(s.initial for s in parts.states if not s.initial.is_number),
        *(e for _, e in parts.forward),
        *(u.expr for u in parts.updates),
        *(symbol(u.event.value) for u in parts.updates if u.event in SPIKES),
    ]
