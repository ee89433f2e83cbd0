"""The canonical form: equal rules, differently written, become the same rule.

What does not matter: the order of terms and statements (except of updates at one event that depend
on each other), names of states, definitions and valueless parameters, definitions written out or
not, additions at spikes or their impulses, `lowpass` or its differential equation, unused
statements, and the scale of a state that is linear in itself (`e -> k*e` with `eta -> eta/k`),
unless only states that it drives drive it. Numbers are exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations

import sympy as sp

from rulegen.grammar.algebra import algebra, constants, exact
from rulegen.grammar.algebra.content import leading
from rulegen.grammar.algebra.decay import split_decay
from rulegen.grammar.algebra.factoring import times
from rulegen.grammar.algebra.facts import Exhausted, effort
from rulegen.grammar.algebra.normal import growth, normal
from rulegen.grammar.algebra.operators import NONLOCAL, OF_NAMES
from rulegen.grammar.algebra.parts import Form, Parameter, RuleParts, State
from rulegen.grammar.algebra.symbols import MILLISECOND, WEIGHT, symbol
from rulegen.grammar.printing.unparse import unparse
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.rule.comparable import check_functions, check_units, too_large
from rulegen.grammar.rule.draws import bare, standards
from rulegen.grammar.rule.locality import expressions, used_names
from rulegen.grammar.rule.ones import with_ones
from rulegen.grammar.rule.renaming import renamed
from rulegen.grammar.rule.spikes import folded
from rulegen.grammar.rule.terms import live_names, without

#: A rule that would have more symbols and numbers than this is not multiplied out.
MAX_LEAVES = 2500
#: With more states than this of open sign, each keeps the sign that was written.
MAX_SIGNS = 6
#: So many parts of expressions are looked at, six times what any rule of the catalog needs.
MAX_EFFORT = 100_000
#: One law may make room for another, but no more often than this.
MAX_ROUNDS = 4


def canonical(parts: RuleParts) -> RuleParts:
    """The canonical form of a rule; `canonical(canonical(r)) == canonical(r)`.

    Raises:
        RuleError: the values of the parameters make a formula undefined, or the rule is larger
            than can be compared; see `comparable`.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> a = parse("on reward: w += eta*(R - R_bar)*e\\nde/dt = -e/tau_e + 2*pre*post")
        >>> b = parse("E = lowpass(post*pre, tau_E)\\non reward: w -= alpha*E*(R_bar - R)")
        >>> canonical(a) == canonical(b)
        True
    """
    try:
        with algebra.as_written(False), effort(MAX_EFFORT):
            return _canonical(parts)
    except Exhausted:
        raise too_large(f"it takes more than {MAX_EFFORT} steps of algebra") from None
    except exact.AlgebraError as problem:
        raise RuleError(f"with its values put in, the rule makes {problem.message}") from None


def _canonical(parts: RuleParts) -> RuleParts:
    parts = _written_out(parts)
    check_functions(expressions(parts))
    parts = folded(parts)
    multiply = sum(growth(e)[1] for e in expressions(parts)) <= MAX_LEAVES
    parts = _at_rest(_derivatives(_mapped(parts, multiply)), multiply)
    live = live_names(parts)
    if len(live) > 1:
        parts = without(parts, _names(parts) - live)
    parts = replace(parts, euler=parts.euler and _decays(parts))
    driven = _driven(parts)
    factors = [_drive(parts, name, circle)[0] for name, circle in driven.items()]
    check_units(sum(bool(f is not None and f.free_symbols) for f in factors), expressions(parts))
    for _ in range(len(parts.states) + 1):
        before = parts
        for state in parts.states:
            parts = _rescaled(parts, state.name, driven[state.name], multiply)
        if parts == before:
            break
    short = _with_expressions(parts, _shortened)
    parts = parts if short == parts else _at_rest(short, multiply)
    parts = replace(parts, forward=tuple(sorted(parts.forward)))
    named = (_named(p) for p in _signed(parts, driven, multiply))
    return with_ones(min(named, key=unparse))


def _named(parts: RuleParts) -> RuleParts:
    """With one parameter for all factors of a weight change, and canonical names."""
    parts = _absorbed(parts)
    parts = without(parts, {p.name for p in parts.parameters} - used_names(parts))
    return renamed(replace(parts, nonlocal_names=NONLOCAL & used_names(parts)))


def _signed(
    parts: RuleParts, driven: dict[str, set[sp.Symbol]], multiply: bool
) -> Iterator[RuleParts]:
    """The rule with either sign of each state whose drive, as of `a - b`, leaves its sign open."""
    names = {name for name, circle in driven.items() if _drive(parts, name, circle)[1]}
    for k in range(len(names) + 1 if len(names) <= MAX_SIGNS else 1):
        for chosen in combinations(sorted(names), k):
            new = parts
            for name in chosen:
                new = _divided(new, _state(new, name), sp.Integer(-1), multiply)
            yield new


def _state(parts: RuleParts, name: str) -> State:
    return next(s for s in parts.states if s.name == name)


def _shortened(expr: sp.Basic) -> sp.Basic:
    """With the numbers by which rules are compared."""
    if expr.is_Rational:
        return constants.short(expr)
    return algebra.rebuilt(expr, _shortened) if expr.args else expr


def _names(parts: RuleParts) -> set[str]:
    return {s.name for s in parts.states} | {p.name for p in parts.parameters}


def _constants(parts: RuleParts) -> dict[sp.Symbol, sp.Expr]:
    """Parameters with a value that no fit may change are numbers."""
    return {
        symbol(p.name): exact.number(p.value)
        for p in parts.parameters
        if p.value is not None and not p.free
    }


def _mapped(parts: RuleParts, multiply: bool) -> RuleParts:
    """All expressions in normal form."""
    return _with_expressions(parts, lambda expr: normal(expr, multiply))


def _at_rest(parts: RuleParts, multiply: bool) -> RuleParts:
    """All expressions in a normal form that no law changes any more."""
    for _ in range(MAX_ROUNDS):
        # Laws may show that a spike adds to a state: max(x, w) is w + ...
        before, parts = parts, folded(_mapped(parts, multiply))
        if parts == before:
            break
    return parts


def _with_expressions(parts: RuleParts, new: Callable[[sp.Expr], sp.Expr]) -> RuleParts:
    return replace(
        parts,
        states=tuple(
            replace(
                s,
                expr=new(s.expr),
                tau=None if s.tau is None else new(s.tau),
                initial=s.initial if s.initial.is_number else new(s.initial),
            )
            for s in parts.states
        ),
        updates=tuple(replace(u, expr=new(u.expr)) for u in parts.updates),
        forward=tuple((name, new(expr)) for name, expr in parts.forward),
    )


def _written_out(parts: RuleParts) -> RuleParts:
    """Without definitions, with numbers for parameters that have one, and standard draws."""
    parts = bare(parts) if standards(parts) else parts
    meaning = _constants(parts) | {symbol(MILLISECOND): sp.Integer(1)}
    for definition in parts.definitions:
        meaning[symbol(definition.name)] = algebra.substitute(definition.expr, meaning)
    parts = replace(parts, definitions=())
    return _with_expressions(parts, lambda expr: algebra.substitute(expr, meaning))


def _derivatives(parts: RuleParts) -> RuleParts:
    """Filters as differential equations; parameters as bare names."""

    def plain(state: State) -> State:
        if state.form not in (Form.LOWPASS, Form.ACCUMULATE):
            return state
        own, rate = symbol(state.name), algebra.reciprocal(state.tau)
        decay = algebra.multiply([sp.Integer(-1), own, rate])
        drive = state.expr
        if state.form is Form.LOWPASS:
            drive = algebra.multiply([drive, rate])
        expr = algebra.add([drive, decay])
        return replace(state, form=Form.DERIVATIVE, expr=expr, tau=None)

    return replace(
        parts,
        states=tuple(plain(s) for s in parts.states),
        parameters=tuple(Parameter(p.name, free=p.free) for p in parts.parameters),
    )


def _decays(parts: RuleParts) -> bool:
    """Whether a state decays, so that it matters how decay is integrated."""
    return any(
        split_decay(s.expr, symbol(s.name), parts.constants)[0] != 0
        for s in parts.states
        if s.form is Form.DERIVATIVE and s.name != WEIGHT
    )


def _content(terms: list[sp.Expr], parameters: set[sp.Symbol]) -> tuple[sp.Rational, sp.Expr, bool]:
    """The number and the product of parameters that all the terms have in common.

    The number is the coefficient of the leading term; it is positive where terms of both signs
    lead, and the third says whether they do.
    """
    powers: dict[sp.Symbol, sp.Rational] | None = None
    zero = sp.Integer(0)
    for term in terms:
        own = {}
        for factor in sp.Mul.make_args(term):
            base, exponent = factor.as_base_exp()
            if base in parameters and exponent.is_Rational:
                own[base] = exponent
        both = own if powers is None else set(powers) | set(own)
        known = own if powers is None else powers
        powers = {b: min(known.get(b, zero), own.get(b, zero)) for b in both}
    size, sign = leading(terms, lambda s: _word(s, parameters))
    common = sp.Mul(*[b**e for b, e in (powers or {}).items() if e != 0])
    return size * (sign or 1), common, sign == 0 and size != 0


def _word(sym: sp.Symbol, parameters: set[sp.Symbol]) -> str:
    return "p" if sym in parameters else ""


def _parameter_symbols(parts: RuleParts) -> set[sp.Symbol]:
    return {symbol(p.name) for p in parts.parameters}


def _drive(parts: RuleParts, name: str, circle: set[sp.Symbol]) -> tuple[sp.Expr | None, bool]:
    """The factor that the drive of a state has of its own, if it may; and whether its sign is open.

    A state that begins at a value has this value as its unit.
    """
    state, own = _state(parts, name), symbol(name)
    terms = sp.Add.make_args(state.expr)
    drive = [t for t in terms if own not in t.free_symbols]
    linear = all(own not in (t / own).free_symbols for t in terms if t not in drive)
    if name == WEIGHT or state.form is Form.AVERAGE or not linear:
        return None, False
    if state.initial.is_number and state.initial != 0:
        return exact.number(float(state.initial)), False
    # What it drives itself has no unit before it has: in a circle only what comes in counts.
    drive = [t for t in drive if not t.free_symbols & circle]
    if drive in ([], [0]):
        return None, False
    number, product, open_ = _content(drive, _parameter_symbols(parts))
    return algebra.multiply([number, product]), open_


def _rescaled(parts: RuleParts, name: str, circle: set[sp.Symbol], multiply: bool) -> RuleParts:
    """Choose the unit of a state such that it begins at 1, or that its drive has no factor."""
    try:
        factor, _ = _drive(parts, name, circle)
        return parts if factor is None else _divided(parts, _state(parts, name), factor, multiply)
    except exact.AlgebraError:  # a long chain of states can run out of the range of numbers
        return parts


def _divided(parts: RuleParts, state: State, scale: sp.Expr, multiply: bool) -> RuleParts:
    """The rule with this state in units of `scale`."""
    name, own = state.name, symbol(state.name)
    if scale == 1:
        return parts
    inverse = algebra.reciprocal(scale)

    def new(expr: sp.Expr, target: str = "") -> sp.Expr:
        if target != name and own not in expr.free_symbols:
            return expr
        # What it was earlier, or is elsewhere, is read of a name alone, and is in the same units.
        others = (node for node in expr.atoms(*OF_NAMES) if node.args[0] == own)
        both = {x: algebra.multiply([scale, x]) for x in (own, *others)}
        expr = normal(algebra.substitute(expr, both), multiply)
        return times(expr, inverse) if target == name else expr

    return replace(
        parts,
        states=tuple(
            replace(
                s,
                expr=new(s.expr, s.name),
                initial=_begun(s.initial, inverse) if s.name == name else s.initial,
            )
            for s in parts.states
        ),
        updates=tuple(replace(u, expr=new(u.expr, u.target)) for u in parts.updates),
        forward=tuple((n, new(e)) for n, e in parts.forward),
    )


def _begun(initial: sp.Expr, inverse: sp.Expr) -> sp.Expr:
    """The initial value in other units; a number is the unit."""
    if initial.is_number:
        return sp.Integer(1) if initial != 0 else initial
    return times(initial, inverse)


def _driven(parts: RuleParts) -> dict[str, set[sp.Symbol]]:
    """The states that each one drives, directly or through others, but for the weight."""
    readers = {
        state.name: {
            other.name
            for other in parts.states
            if other.name != WEIGHT and symbol(state.name) in other.expr.free_symbols
        }
        for state in parts.states
    }

    def reached(name: str) -> set[str]:
        found, ahead = {name}, [name]
        while ahead:
            new = readers[ahead.pop()] - found
            found |= new
            ahead += new
        return found

    return {name: {symbol(other) for other in reached(name)} for name in readers}


def _absorbed(parts: RuleParts) -> RuleParts:
    """A parameter that only scales the change of the weights takes up all other such factors.

    Its sign stays: the negative of a rule is another rule.
    """
    readers = Counter(s for e in expressions(parts) for s in e.free_symbols)

    def new(expr: sp.Expr, step: bool) -> sp.Expr:
        others = readers - Counter(expr.free_symbols)
        scaled = _scaled(parts, expr, step, set(others))
        readers.subtract(expr.free_symbols)
        readers.update(scaled.free_symbols)
        return scaled

    states = tuple(
        replace(s, expr=new(s.expr, s.form is Form.STEP)) if s.name == WEIGHT else s
        for s in parts.states
    )
    updates = tuple(
        replace(u, expr=new(u.expr, True)) if u.target == WEIGHT else u for u in parts.updates
    )
    return replace(parts, states=states, updates=updates)


def _scaled(parts: RuleParts, expr: sp.Expr, step: bool, others: set[sp.Symbol]) -> sp.Expr:
    """A weight change whose factors are taken up by a parameter that nothing else reads."""
    own = symbol(WEIGHT)
    change = algebra.add([expr, algebra.multiply([sp.Integer(-1), own])]) if step else expr
    number, product, _ = _content(list(sp.Add.make_args(change)), _parameter_symbols(parts))
    if number == 0:
        return expr
    size = algebra.multiply([abs(number), product])
    rest = times(change, algebra.reciprocal(size))
    taken = rest.free_symbols | others
    factors = [f.as_base_exp() for f in sp.Mul.make_args(product)]
    alone = [b for b, e in factors if b.is_Symbol and b not in taken and abs(e) == 1]
    if not alone:
        return expr
    free = {symbol(p.name) for p in parts.parameters if p.free}
    eta = min(alone, key=lambda s: (s in free, s.name))
    new = times(rest, eta)
    return algebra.add([own, new]) if step else new
