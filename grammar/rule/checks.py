"""What formulas may not say, though each of their names and signs is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import CycleError

from rulegen.grammar.algebra.algebra import operator_name
from rulegen.grammar.algebra.exact import AlgebraError
from rulegen.grammar.algebra.operators import NONLOCAL, OPERATORS, Earlier, opposite
from rulegen.grammar.algebra.parts import Form
from rulegen.grammar.algebra.symbols import (
    SIGNALS,
    WEIGHT,
    ZETA,
    Site,
    is_group,
    is_outside,
    symbol,
)
from rulegen.grammar.reading.draft import Assignment, Draft
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.reads import Formula
from rulegen.grammar.reading.remedies import of_others
from rulegen.grammar.reading.sites import Equation, check_reads, source_of
from rulegen.grammar.reading.suggest import suggest
from rulegen.grammar.rule.averages import readers_first
from rulegen.grammar.rule.locality import used_names
from rulegen.grammar.rule.rule import Rule
from rulegen.grammar.rule.spikes import folded, from_start, jumps_of, start_of
from rulegen.grammar.rule.system import writer

#: What the forward pass may read: it runs before the activity of the step exists.
FORWARD_SIGNALS = frozenset({"zeta", "dt", "N_pre", "N_post"})


def check_forward(
    forward: list[tuple[Assignment, Formula]],
    definitions: list[Equation],
    sites: dict[str, Site],
) -> None:
    """The forward pass reads nothing that it computes."""
    behind: dict[str, set[str]] = {name: {name} for name in SIGNALS}
    for equation in definitions:
        reads = (r.name for r in equation.formula.reads)
        behind[equation.target.text] = {s for name in reads for s in behind.get(name, ())}
    for assignment, formula in forward:
        target = assignment.target.text
        site = Site.SYNAPSE if target == WEIGHT else Site.POST
        unseen = [r for r in formula.reads if not (r.reduced or source_of(r, sites).fits(site))]
        for read in formula.reads:
            early = sorted(behind.get(read.name, set()) - FORWARD_SIGNALS)
            if early:
                raise formula.line.error(
                    f"the forward pass cannot read `{early[0]}`, which is known after it",
                    read.column,
                    f"keep it in a state, `x <- {early[0]}`, which is then of the step before, and "
                    + (_summed("x") if read in unseen else "read the state"),
                )
        sums = _summed(unseen[0].name) if unseen else ""
        check_reads(formula, site, f"`forward {target}` lives at {site.value}", sites, sums)


def _summed(name: str) -> str:
    inside = WEIGHT if name == WEIGHT else f"{WEIGHT}*{name}"
    return f"sum over the sources, `sum_pre({inside})`, declared `nonlocal`"


#: What initial values may read besides parameters; the weights are those of the start.
INITIAL_SIGNALS = frozenset({"dt", "N_pre", "N_post"})


def check_initial(
    initial: Mapping[str, tuple[Assignment, Formula]],
    definitions: list[Equation],
    parameters: Collection[str],
    sites: Mapping[str, Site],
    drawn: Collection[str],
    fresh: Collection[str],
) -> None:
    """States alone begin at a value of the rule, which is known before anything happens.

    What a parameter is drawn from is the same for all, but for the weights of the start.
    """
    shared = {*parameters, *INITIAL_SIGNALS, WEIGHT, *filter(is_group, sites)}
    known = shared | {*drawn}
    for equation in definitions:
        for names in (shared, known):
            if all(r.name in names for r in equation.formula.reads if r.name not in NONLOCAL):
                names.add(equation.target.text)
    defined = {equation.target.text for equation in definitions}
    for name, (assignment, formula) in initial.items():
        line, column = assignment.line, assignment.target.column
        if name == WEIGHT:
            raise line.error(
                "the weights begin as the circuit draws them",
                column,
                "set that in the circuit, or at the start of the first trial: `on trial start: "
                "w <- ... if first > 0 else w; first <- 0` with `first <- first : global` and "
                "`initial first = 1`; a state may begin at them: `initial x = w`",
            )
        if is_outside(name):
            what, remedy = of_others(name)
            remedy = remedy if is_group(name) else "that rule alone says where it begins"
            raise line.error(f"`{name}` {what}", column, remedy)
        if name not in sites.keys() - parameters - defined - SIGNALS.keys():
            begun = sites.keys() - parameters - defined - SIGNALS.keys() - {WEIGHT}
            begun = {n for n in begun if not is_outside(n)}
            raise line.error(
                f"`{name}` is not a state of this rule",
                column,
                suggest(name, sorted(begun)) or "only states have an initial value",
            )
        if name in fresh:
            raise line.error(
                f"`{name}` is drawn anew in every step, and begins nowhere",
                column,
                f"`param {name} = ...` is drawn once a life",
            )
        there = shared if name in drawn else known
        for read in formula.reads:
            if read.name not in there and read.name not in NONLOCAL:
                raise line.error(
                    f"`{read.name}` is not known before the first step",
                    read.column,
                    "what is drawn once a life is drawn from numbers, parameters that are the same "
                    "for all, `N_pre`, `N_post`, `dt` and the weights of the start"
                    if name in drawn
                    else "initial values are made of numbers, parameters, `N_pre`, `N_post`, `dt` "
                    "and the weights of the start",
                )
        end = "it" if name in drawn else f"the equation of `{name}`"
        target = f"`{name}` is a {sites[name].value} variable"
        check_reads(formula, sites[name], target, sites, equation=end)


def check_earlier(rule: Rule, formulas: list[Formula]) -> None:
    """Events and the forward pass happen between steps."""
    for formula in formulas:
        for name in sorted(map(operator_name, rule.expand(formula.expr).atoms(Earlier))):
            raise formula.line.error(
                f"`{name}` has a meaning only where something changes at every step",
                formula.column,
                f"keep the value in a state, `NAME <- {name}(...)`, and read the state",
            )


def check_remembered(rule: Rule, formulas: list[Formula]) -> None:
    """What `prev` and `delay` read is kept from step to step, and changes."""
    constant = {*INITIAL_SIGNALS, *(p.name for p in rule.parameters), *rule.drawn}
    kept = (SIGNALS.keys() - INITIAL_SIGNALS) | {WEIGHT}
    kept |= {s.name for s in rule.states if s.form is not Form.DRAW} - set(rule.drawn)
    for formula in formulas:
        atoms = sorted(formula.expr.atoms(Earlier), key=operator_name)
        found = {a.args[0].name: operator_name(a) for a in atoms if a.args[0].name not in kept}
        for read in formula.reads:
            if read.name in found:
                function, name = found[read.name], read.name
                fixed = is_group(name) or name in constant
                raise formula.line.error(
                    f"`{function}` takes the name of a signal or a state, and `{name}` is neither",
                    read.column,
                    f"it never changes: write `{name}`"
                    if fixed
                    else f"keep it in a state, or write `{function}` around the names of which it "
                    "is made",
                )


def check_opposites(rule: Rule, formulas: list[Formula]) -> None:
    """What the other direction of a synapse has is kept at synapses."""
    kept = {WEIGHT, ZETA} | {s.name for s in rule.states if s.site is Site.SYNAPSE}
    for formula in formulas:
        found = {a.args[0].name for a in formula.expr.atoms(opposite)} - kept
        for read in formula.reads:
            if read.name in found:
                raise formula.line.error(
                    f"`opposite` takes `w` or a state of synapses, and `{read.name}` is neither",
                    read.column,
                    f"keep it in a state, `NAME <- {read.name} : synapse`, or write what the other "
                    "neuron has",
                )


def check_averages(rule: Rule, equations: list[Equation]) -> None:
    """Averages that read each other would have to be written at once."""
    try:
        readers_first(rule)
    except CycleError as circle:
        names = list(dict.fromkeys(circle.args[1]))
        (last,) = (e for e in equations if e.target.text == names[0])
        raise last.formula.line.error(
            f"the averages {', '.join(f'`{name}`' for name in names)} read each other",
            last.target.column,
            "write one of them as a state of its own that changes `on reward`",
        ) from None


def check_spikes(rule: Rule, updates: list[tuple[Formula, Assignment]]) -> None:
    """What spikes do can be a part of a step, in which states are written in their order."""
    if not updates:
        return
    formula, _ = updates[-1]
    sites = {state.name: state.site for state in rule.states}
    for i, (read, update) in enumerate(updates):
        later = {a.target.text for _, a in updates[i + 1 :] if a.event is update.event}
        changed = {s.name for s in rule.expand(read.expr).free_symbols} & later
        held = sorted(n for n in changed if sites.get(n) is Site.SYNAPSE and n != WEIGHT)
        if update.target.text == WEIGHT and held:
            raise read.line.error(
                f"the weight reads `{held[0]}` as this step leaves it, which changes only below",
                update.target.column,
                f"change `{held[0]}` before `w`",
            )
    try:
        parts = folded(rule)
        jumps = jumps_of(parts)
        for state in parts.states:
            start = start_of(state, jumps.get(state.name, {}))
            if state.name in jumps:
                from_start(rule.expand(state.expr), symbol(state.name), start)
    except AlgebraError as problem:
        message = f"with what the spike changes, this makes {problem.message}"
        raise formula.line.error(message, formula.column, problem.remedy) from None
    except CycleError as circle:
        names = list(dict.fromkeys(circle.args[1]))
        formula = [read for read, update in updates if update.target.text in names][-1]
        shown = ", ".join(f"`{name}`" for name in names)
        raise formula.line.error(
            f"{shown}, which a spike sets, read each other",
            formula.column,
            f"write the equation of one as a step, `{names[0]} <- {names[0]} + dt*(...)`",
        ) from None


def check_written_out(rule: Rule, formulas: list[Formula]) -> None:
    """Formulas that are defined alone may be undefined with what their names stand for."""
    # What is drawn is written out before all else, and so the first of it is at fault there.
    formula = next((f for f in formulas if f.draws), formulas[0])
    try:
        write = writer(rule)
        for formula in formulas:
            write(formula.expr)
    except RuleError as problem:
        raise formula.line.error(problem.message, formula.column, problem.remedy) from None
    except AlgebraError as problem:
        message = f"with what is drawn, this makes {problem.message}"
        raise formula.line.error(message, formula.column, problem.remedy) from None


def check_nonlocal(rule: Rule, formulas: list[Formula], draft: Draft) -> None:
    """What reads more than one neuron or synapse is declared, and what is declared is used."""
    declared = draft.nonlocals
    for formula in formulas:
        for read in formula.reads:
            if read.name in NONLOCAL and read.name not in declared:
                raise formula.line.error(
                    f"`{read.name}` reads more than one neuron or synapse",
                    read.column,
                    f"if that is meant, declare it: `nonlocal {read.name}`",
                )
    for name, (line, token) in declared.items():
        if name not in NONLOCAL or name not in used_names(rule):
            known = name in OPERATORS or name in SIGNALS or name in draft.defined
            message = "is not used" if known else "is not known"
            if name in used_names(rule):
                message = "reads no other neuron or synapse"
            raise line.error(f"`{name}` {message}", token.column, "remove it from `nonlocal`")
