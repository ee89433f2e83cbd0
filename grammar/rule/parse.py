"""The parser: from the text of a rule to a `Rule`, or to an error that points at the problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from rulegen.grammar.algebra import algebra, constants, exact
from rulegen.grammar.algebra.algebra import as_written
from rulegen.grammar.algebra.parts import (
    SPIKES,
    Definition,
    Event,
    Foreign,
    Form,
    Group,
    State,
    Update,
)
from rulegen.grammar.algebra.symbols import (
    MILLISECOND,
    SIGNALS,
    WEIGHT,
    Site,
    is_group,
    is_outside,
    symbol,
)
from rulegen.grammar.reading.dependencies import check_conditions, in_order
from rulegen.grammar.reading.draft import Assignment, Draft, end_of
from rulegen.grammar.reading.drawing import check_single
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.formula import read_formula, read_list
from rulegen.grammar.reading.functions import Functions
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.limits import check_size, check_states
from rulegen.grammar.reading.names import BASELINE, Names
from rulegen.grammar.reading.reads import Formula, Read
from rulegen.grammar.reading.remedies import of_others
from rulegen.grammar.reading.sites import SIGNAL_SITES, Equation, check_reads, infer_sites
from rulegen.grammar.reading.source import Line
from rulegen.grammar.reading.statements import read_statements
from rulegen.grammar.reading.walk import FILTERS
from rulegen.grammar.rule.checks import (
    check_averages,
    check_earlier,
    check_forward,
    check_initial,
    check_nonlocal,
    check_opposites,
    check_remembered,
    check_spikes,
    check_written_out,
)
from rulegen.grammar.rule.declared import declared_site, form_of, instead
from rulegen.grammar.rule.impulses import check_impulses
from rulegen.grammar.rule.locality import outside_of
from rulegen.grammar.rule.rule import Rule
from rulegen.grammar.rule.units import Clash, Owner, infer_units

#: Gain of the running reward baseline where the text uses `R_bar` without defining it.
BASELINE_GAIN = sp.Rational(1, 5)


def parse(text: str) -> Rule:
    """Read a rule.

    Args:
        text: the statements, one a line; see `docs/rule-language.md`.

    Returns:
        The rule. `parse(rule.text()) == rule`.

    Raises:
        RuleError: the text is not a rule; the error has the line, the column and a remedy.

    Example:
        >>> rule = parse("on reward: w += eta*(R - R_bar)*post*pre")
        >>> [p.name for p in rule.parameters]
        ['eta']
    """
    try:
        draft = read_statements(text)
        with as_written(False):
            return _Builder(draft).build()
    except RuleError as error:
        error.rule = text
        raise
    except RecursionError:
        raise Line(1, "").error(
            "the formulas are nested too deeply", 1, "name their parts on lines of their own"
        ) from None


class _Builder:
    """Resolves the names of a draft and puts the rule together."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.states = {a.target.text: a for a in draft.assignments if form_of(a)}
        self.definitions = {a.target.text: a for a in draft.assignments if not form_of(a)}
        check_states(self.states.values())
        states = {name: a.target.per_condition for name, a in self.states.items()}
        changed = {a.target.text: (a.line, a.target) for a in reversed(draft.updates)}
        self.names = Names(draft.parameters, states, self.definitions, draft.groups, changed)
        self.functions = Functions(draft.functions, self.names.resolve)
        self.formulas: list[Formula] = []

    # Equations -----------------------------------------------------------------------------

    def formula(self, assignment: Assignment) -> Formula:
        line = assignment.line
        read = self.read(line, assignment.body, assignment.start)
        name, draft = assignment.target.text, self.draft
        begins = draft.initial.get(name) is assignment
        named = form_of(assignment) is Form.DRAW and draft.forward.get(name) is not assignment
        check_single(read, begins or named)
        if assignment.factor:
            factor = self.read(line, assignment.factor, assignment.factor[0].column)
            read.expr = algebra.multiply([read.expr, self.reciprocal(factor)])
            read.reads += factor.reads
            read.terms |= factor.terms
        if assignment.adds:
            target = self.names.resolve(line, assignment.target)
            read.expr = algebra.add(
                [target, algebra.multiply([sp.Integer(assignment.adds), read.expr])]
            )
        self.formulas.append(read)
        return read

    def read(self, line: Line, tokens: Sequence[Token], after: int) -> Formula:
        return read_formula(line, tokens, self.names.resolve, after, self.functions)

    def reciprocal(self, factor: Formula) -> sp.Expr:
        """What `tau` in `tau*dx/dt = ...` makes of the right side."""
        try:
            return algebra.reciprocal(factor.expr)
        except exact.AlgebraError as problem:
            message = f"this makes {problem.message}"
            raise factor.line.error(message, factor.column, problem.remedy) from None

    def filtered(self, assignment: Assignment) -> tuple[Formula, Formula]:
        """The two arguments of `lowpass(f, tau)` and its like."""
        line, body, name = assignment.line, assignment.body, assignment.body[0].text
        depth = 0
        for i, token in enumerate(body):
            depth += (token.text == "(") - (token.text == ")")
            if token.text == ")" and depth == 0 and i < len(body) - 1:
                remedy = "give the filter a name on its own line and use the name"
                if body[i + 1].text == "[":
                    remedy = f"write `{assignment.target.text}[condition] = {name}(...)`"
                message = f"`{name}(...)` must stand alone"
                raise line.error(message, body[i + 1].column, remedy)
        if depth:
            raise line.error("this `(` is never closed", body[1].column, "add `)`")
        after = end_of(body[:2])
        parts = read_list(line, body[2:-1], self.names.resolve, after, self.functions)
        if len(parts) != 2:
            column = body[0].column
            message = f"`{name}` takes 2 arguments, not {len(parts)}"
            gain = "GAIN" if name == Form.AVERAGE.value else "TAU"
            raise line.error(message, column, f"write `{name}(FORMULA, {gain})`")
        self.formulas.append(parts[0])
        for part in parts:
            check_single(part, False)
        for read in parts[1].reads:
            known = read.name in self.names.parameters or read.name in self.draft.drawn
            if not (known or is_group(read.name)) or read.total is not None:
                what = f"`{read.name}` cannot be a part of a time constant or gain"
                remedy = f"use parameters and numbers, such as `param {read.name} = 20 ms`"
                if read.name not in self.definitions:
                    gain = "GAIN" if name == Form.AVERAGE.value else "TAU"
                    remedy = (
                        f"it comes second, `{name}(FORMULA, {gain})`, of parameters and numbers"
                    )
                raise line.error(what, read.column, remedy)
        size = algebra.substitute(parts[1].expr, {symbol(MILLISECOND): sp.Integer(1)})
        if size.is_number and constants.exact(size) <= 0:
            raise line.error("this must be positive", parts[1].column, "write a positive number")
        if name == Form.AVERAGE.value and size.is_number and constants.exact(size) > 1:
            raise line.error(
                "a gain above 1, with which the average overshoots",
                parts[1].column,
                "it is the part of the way at each reward: `average(R, 0.05)`",
            )
        return parts[0], parts[1]

    def build(self) -> Rule:
        draft = self.draft
        equations, taus = [], {}
        for assignment in draft.assignments:
            form = form_of(assignment)
            if form and form.value in FILTERS:
                formula, taus[assignment.target.text] = self.filtered(assignment)
            else:
                formula = self.formula(assignment)
            if assignment.target.text in taus:
                formula.reads += self._drawn_time(taus[assignment.target.text])
            equations.append(
                Equation(
                    assignment.target,
                    assignment.line,
                    declared_site(assignment),
                    formula,
                    form is not None,
                    instead(assignment),
                    self._spikes(assignment.target.text),
                )
            )
        fresh = {a.target.text for a in draft.assignments if form_of(a) is Form.DRAW}
        same_step = in_order([e for e in equations if not e.is_state or e.target.text in fresh])
        definitions = [e for e in same_step if not e.is_state]
        self.initial = {n: (a, self.formula(a)) for n, a in draft.initial.items()}
        updates = [(a, self._target(a), self.formula(a)) for a in draft.updates]
        forward = [(a, self.formula(a)) for a in draft.forward.values()]
        check_conditions(definitions, self.formulas)
        check_size(definitions, self.formulas)
        self.functions.check_called()
        known = SIGNAL_SITES | dict.fromkeys(self.names.parameters, Site.GLOBAL)
        known |= {BASELINE: Site.GLOBAL} if self.names.baseline else {}
        self._check_foreign()
        known |= {other.name: other.site for other in self._foreign()}
        known |= {group.name: group.site for group in self._groups()}
        sites = infer_sites(equations, known)
        for update, name, formula in updates:
            if update.event in SPIKES:
                formula.reads.append(Read(update.event.value, update.target.column))
            target = f"`{name}` is a {sites[name].value} variable"
            check_reads(formula, sites[name], target, sites, *self._remedy(name))
        check_forward(forward, same_step, sites)
        check_initial(self.initial, definitions, self.names.parameters, sites, draft.drawn, fresh)
        states = [e for e in equations if e.is_state]
        rule = self._rule(definitions, states, taus, updates, forward, sites)
        check_averages(rule, states)
        check_nonlocal(rule, self.formulas, draft)
        check_remembered(rule, self.formulas)
        check_opposites(rule, self.formulas)
        between = [f for a, _, f in updates if a.event not in SPIKES]
        between += [f for _, f in self.initial.values()]
        check_earlier(rule, between + [f for _, f in forward])
        check_spikes(rule, [(f, a) for a, _, f in updates if a.event in SPIKES])
        check_written_out(rule, self.formulas)
        owners: dict[Owner, Formula] = {
            ("definition", e.target.text): e.formula for e in definitions
        }
        owners |= {("state", e.target.text): e.formula for e in states}
        owners |= {("tau", name): formula for name, formula in taus.items()}
        owners |= {("update", i): formula for i, (_, _, formula) in enumerate(updates)}
        owners |= {("initial", name): formula for name, (_, formula) in self.initial.items()}
        owners |= {("forward", a.target.text): formula for a, formula in forward}
        units = _units(rule, owners)
        at_spikes = [formula for a, _, formula in updates if a.event in SPIKES]
        check_impulses(rule, [(e.target.text, e.formula) for e in states], at_spikes)
        return self._with_time_constants(rule, units)

    def _foreign(self) -> tuple[Foreign, ...]:
        """What the formulas read of other rules: global where the text does not say so."""
        stated = {name: site for name, (_, _, site) in self.draft.foreign.items()}
        return tuple(
            Foreign.named(name, stated.get(name, Site.GLOBAL))
            for name in sorted(self.names.foreign)
        )

    def _groups(self) -> tuple[Group, ...]:
        """The groups of neurons that the formulas tell apart."""
        return tuple(Group.named(name) for name in sorted(self.names.groups))

    def _check_foreign(self) -> None:
        """Refuse a site of what nobody reads."""
        for name, (line, token, _) in self.draft.foreign.items():
            if name not in self.names.foreign:
                raise line.error(f"`{name}` is not used", token.column, "remove the line")

    def _with_time_constants(self, rule: Rule, units: Mapping[str, Fraction | None]) -> Rule:
        """With the unit ms stated for the implicit parameters whose name and use say so."""
        taus = {n for n in self.names.implicit if n.lower().startswith("tau") and units[n] == 1}
        parameters = (
            replace(p, unit=units[p.name]) if p.name in taus else p for p in rule.parameters
        )
        return replace(rule, parameters=tuple(parameters))

    def _drawn_time(self, tau: Formula) -> list[Read]:
        """What of a time constant lives at a site: drawn parameters, and groups."""
        return [r for r in tau.reads if r.name in self.draft.drawn or is_group(r.name)]

    def _spikes(self, name: str) -> tuple[Site, ...]:
        """The sites of the spikes that change a state."""
        events = {u.event for u in self.draft.updates if u.target.text == name}
        return tuple(SIGNALS[e.value].site for e in SPIKES if e in events)

    def _remedy(self, name: str) -> tuple[str, str]:
        """What to write where an event reads what its target does not see, and where."""
        if name in self.states:
            return instead(self.states[name]), f"the equation of `{name}`"
        return "", f"an equation of its own, `{name} <- {name}`,"

    def _target(self, update: Assignment) -> str:
        name, column = update.target.text, update.target.column
        if name not in self.states and name not in (WEIGHT, BASELINE):
            if name in self.definitions:
                problem = "is a definition and has no memory"
                remedy = f"make it a state: `{name} <- ...`"
            elif name in self.names.parameters:
                problem = "is a parameter"
                remedy = f"make it a state: `{name} <- {name} : synapse`"
            elif name in SIGNALS:
                problem, remedy = "is a signal of the circuit", "change a state or `w`"
            elif is_outside(name):
                problem, remedy = of_others(name)
            else:
                raise self.names.no_state(update.line, update.target)
            raise update.line.error(f"`{name}` {problem}", column, remedy)
        if name in self.draft.drawn:
            raise update.line.error(
                f"`{name}` is a parameter, which keeps the number it has drawn",
                column,
                f"make it a state: `{name} <- {name} : synapse` and `initial {name} = ...`",
            )
        if name in self.states and form_of(self.states[name]) is Form.DRAW:
            raise update.line.error(
                f"`{name}` is drawn anew in every step, and keeps nothing",
                column,
                "change a state or `w`",
            )
        if name == BASELINE and name not in self.states and update.event is Event.REWARD:
            raise update.line.error(
                f"`{name}` follows the rewards by itself, as `{name} = average(R, 0.2)`",
                column,
                f"remove this; or write `{name} <- {name} : global`, and nothing else changes it",
            )
        self.names.resolve(update.line, update.target)
        return name

    # Putting together ----------------------------------------------------------------------

    def _rule(
        self,
        definitions: list[Equation],
        equations: list[Equation],
        taus: dict[str, Formula],
        updates: list[tuple[Assignment, str, Formula]],
        forward: list[tuple[Assignment, Formula]],
        sites: dict[str, Site],
    ) -> Rule:
        states = []
        for equation in equations:
            name = equation.target.text
            form = form_of(self.states[name])
            assert form is not None
            states.append(
                State(
                    name,
                    sites[name],
                    form,
                    equation.formula.expr,
                    taus[name].expr if name in taus else None,
                    self._initial(name),
                    equation.target.per_condition,
                )
            )
        if self.names.baseline:
            states.append(
                State(
                    BASELINE,
                    Site.GLOBAL,
                    Form.AVERAGE,
                    symbol("R"),
                    BASELINE_GAIN,
                    self._initial(BASELINE),
                    self.names.baseline.per_condition,
                )
            )
        settings = self.draft.settings
        bounds = settings.get("bounds", (-float("inf"), float("inf")))
        assert isinstance(bounds, tuple)
        rule = Rule(
            parameters=tuple(self.names.parameters.values()),
            definitions=tuple(
                Definition(e.target.text, sites[e.target.text], e.formula.expr) for e in definitions
            ),
            states=tuple(states),
            updates=tuple(
                Update(a.event, name, f.expr) for a, name, f in updates if a.event is not None
            ),
            forward=tuple((a.target.text, f.expr) for a, f in forward),
            lower=bounds[0],
            upper=bounds[1],
            zero_diagonal=bool(settings.get("diagonal", False)),
            euler=bool(settings.get("integrate", False)),
            nonlocal_names=frozenset(self.draft.nonlocals),
            foreign=self._foreign(),
            groups=self._groups(),
        )
        return outside_of(rule)

    def _initial(self, name: str) -> sp.Expr:
        """A number is a double, which stands for its shortest text."""
        expr = self.initial[name][1].expr if name in self.initial else sp.Integer(0)
        return exact.number(constants.as_float(expr)) if expr.is_number else expr


def _units(rule: Rule, owners: Mapping[Owner, Formula]) -> dict[str, Fraction | None]:
    """The dimensions of the rule, or an error at the term that does not fit."""
    try:
        return infer_units(rule)
    except Clash as clash:
        formula = owners[clash.owner]
        column = formula.terms.get(clash.term) or formula.terms.get(-clash.term)
        raise formula.line.error(clash.message, column or formula.column, clash.remedy) from None
