"""Are the rules of a record made of one family: the start, the rule, what remains without a term?

Rules are compared by their digests with parameters taken for unknown: a free parameter has no value
and no name in a canonical form, so rules that differ in fitted values alone have equal ones.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from rulegen.catalog import Evidence, Record, TermLoss
from rulegen.catalog.records.roles import START
from rulegen.grammar import Rule, RuleError, parse
from rulegen.grammar.algebra.algebra import as_written
from rulegen.grammar.algebra.normal import normal
from rulegen.grammar.algebra.parts import Form
from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.printing.unparse import show_expression
from rulegen.grammar.rule.terms import Term
from rulegen.verifying.finding import Finding, decided, unchecked

#: Terms of larger families are not left out in all ways.
MOST_WAYS = 256
#: How searches write a low pass: `trace(pre)`.
TRACE = "trace"
#: How searches call the coefficients of terms.
COEFFICIENT = re.compile(r"theta_\d+")
#: No parameter ends so.
TERM = "term_that_is_told"


def opened(rule: Rule, names: Collection[str]) -> Rule:
    """The rule as a family in which these parameters are free."""
    parameters = tuple(replace(p, free=p.name in names) for p in rule.parameters)
    return replace(rule, parameters=parameters)


def fitted(record: Record) -> set[str]:
    """Names of the parameters of the published rule that a fit has moved.

    What the start leaves free, the coefficients of a search, and whatever the record speaks of.
    """
    evidence, names = record.evidence, set(record.parameters)
    if evidence is not None:
        start = family(evidence)
        names |= {p.name for p in start.free} if start else set()
        names |= {t.coefficient for t in evidence.terms}
    own = {p.name for p in record.rule.parameters}
    searched = (
        {n for n in own if COEFFICIENT.fullmatch(n)} if evidence and evidence.structures else set()
    )
    return own & names | searched


def terms_of(record: Record) -> dict[str, Term]:
    """The terms of the published rule, by coefficient."""
    return {term.coefficient: term for term in opened(record.rule, fitted(record)).terms()}


def siblings(rule: Rule, coefficient: str) -> list[str]:
    """Coefficients of the other terms of the formula that holds a term, fitted or not.

    Example:
        >>> rule = parse("param a = 1\\nparam b = 2\\nparam k = 3\\ndw/dt = k*(a*pre + b*post)")
        >>> siblings(rule, "a")
        ['b']
    """
    there, own = opened(rule, {p.name for p in rule.parameters}).terms(), symbol(coefficient)
    holder = next((t.state for t in there if t.coefficient == coefficient), None)
    others = [t for t in there if t.state == holder and t.coefficient != coefficient]
    return [t.coefficient for t in others if own not in t.basis.free_symbols]


def family(evidence: Evidence) -> Rule | None:
    """The family that a run began with; None where the record has none."""
    return next((parse(c.rule) for c in evidence.comparisons if c.name == START), None)


def made_of(record: Record, evidence: Evidence) -> Iterator[Finding]:
    """Whether start, lineage and terms belong to the published rule."""
    start = family(evidence)
    if start is not None:
        yield begun(record, start)
        why = f"the start has the digest {start.digest}"
        yield decided("lineage", record.lineage == (start.digest,), why)
    elif record.lineage:
        yield unchecked("lineage", "what a rule was made from shows in its search alone")
    whole = opened(record.rule, fitted(record))
    here = terms_of(record)
    for told in evidence.terms:
        claim = f"term {told.coefficient}"
        if told.coefficient not in here:
            yield decided(claim, False, f"the rule has no term with `{told.coefficient}`")
        elif not same_term(record.rule, here[told.coefficient], told.term):
            why = f"the rule has `{here[told.coefficient].text}` there, not `{told.term}`"
            yield decided(claim, False, why)
        else:
            why = "what is said to remain is not the rule without it, with other values"
            yield decided(claim, remains(whole, told, here), why)
    valued = {told.coefficient for told in evidence.terms}
    for name in (name for name in here if name not in valued):
        why = f"the rule has `{here[name].text}`, and nothing says what it is worth"
        yield decided(f"term {name}", False, why)
    if evidence.structures:
        beside = {n for told in here for n in siblings(record.rule, told)} - here.keys()
        for name in sorted(beside):
            why = f"whether a search has fitted `{name}`, its configuration alone says"
            yield unchecked(f"term {name}", why)


def begun(record: Record, start: Rule) -> Finding:
    """Whether the published rule is a member of the start's family."""
    free = {p.name for p in start.free}
    own = {p.name for p in record.rule.parameters}
    dropped = {term.coefficient for term in start.terms()} - own
    try:
        same = start.drop(dropped).digest == opened(record.rule, free).digest
    except RuleError:
        same = False
    return decided("family", same, "the rule is none of the family that it is said to begin with")


def remains(whole: Rule, told: TermLoss, terms: Collection[str]) -> bool:
    """Whether what remains without a term is the rest of the rule, with values of its own.

    A coefficient may have become 0, so that more terms are missing.

    Args:
        whole: the published rule, its fitted parameters free.
        told: the term, and what remains.
        terms: all coefficients of the rule.
    """
    if not told.rule.strip():
        return True
    rest = parse(told.rule)
    still = {p.name for p in whole.parameters if not p.free}
    rest = rest.drop([p.name for p in rest.parameters if p.value == 0.0 and p.name not in still])
    found = opened(rest, {p.name for p in rest.parameters} - still).digest
    others = [name for name in terms if name != told.coefficient]
    for more in itertools.islice(subsets(others), MOST_WAYS):
        try:
            if whole.drop([told.coefficient, *more]).digest == found:
                return True
        except RuleError:
            continue
    return False


def subsets(names: list[str]) -> Iterable[tuple[str, ...]]:
    """All of them, small ones first."""
    sizes = range(len(names) + 1)
    return itertools.chain.from_iterable(itertools.combinations(names, k) for k in sizes)


def same_term(rule: Rule, term: Term, text: str) -> bool:
    """Whether a text says what a coefficient multiplies; `trace(x)` is a low pass of x.

    Args:
        rule: that has the term.
        term: the true one.
        text: as a record says it.

    Example:
        >>> rule = parse("param a = 1 free\\nx = lowpass(pre, 20)\\ndw/dt = a*post*x")
        >>> (term,) = rule.terms()
        >>> [same_term(rule, term, t) for t in ("x*post", "post*trace(pre)", "post*trace(post)")]
        [True, True, False]
        >>> [same_term(rule, term, t) for t in ("x*post # best", "x*post*R**0")]
        [False, False]
    """
    if text == term.text:
        return True
    names = traces(rule)
    told, true = spelled(text, names), spelled(term.text, names)
    if "#" in text or not words(told) <= reached(rule, words(true)):
        return False  # what cancels or stands in a comment would be read all the same
    unknown = sorted({*re.findall(rf"\b{TRACE}_\w+", f"{told} {true}")})
    lines = [rule.text(), *(f"param {name}" for name in unknown)]
    lines += [f"told_{TERM} = {told}", f"true_{TERM} = {true}"]
    try:
        both = parse("\n".join(lines))
        with as_written(False):
            sides = [normal(both.expand(d.expr)) for d in both.definitions if d.name.endswith(TERM)]
    except RuleError:
        return False
    return len(sides) == 2 and bool(sides[0] == sides[1])


def words(text: str) -> set[str]:
    """The names in a formula, but for those of functions."""
    return set(re.findall(r"\b[A-Za-z_]\w*\b(?!\s*\()", text))


def reached(rule: Rule, names: set[str]) -> set[str]:
    """Names, and those in the definitions that they stand for."""
    found = set(names)
    for definition in reversed(rule.definitions):
        if definition.name in found:
            found |= {str(s.name) for s in definition.expr.free_symbols}
    return found


def spelled(text: str, names: Mapping[str, str]) -> str:
    """A formula with one name for all traces of one drive.

    Args:
        text: of the formula.
        names: what stands for the names of traces.

    Example:
        >>> spelled("post*trace(pre)", {}), spelled("post*x", {"x": "trace_pre"})
        ('post*trace_pre', 'post*trace_pre')
    """
    while (start := text.rfind(f"{TRACE}(")) >= 0:  # the last one has no other inside
        inside = start + len(TRACE) + 1
        depths = itertools.accumulate((c == "(") - (c == ")") for c in text[inside:])
        end = next((inside + i for i, depth in enumerate(depths) if depth < 0), len(text))
        text = text[:start] + trace_name(text[inside:end]) + text[end + 1 :]
    return re.sub(r"\b[^\W\d]\w*", lambda name: names.get(name[0], name[0]), text)


def traces(rule: Rule) -> dict[str, str]:
    """For each low pass of a rule, the name that all traces of its drive have."""
    found: dict[str, str] = {}
    for _ in rule.states:  # a trace of a trace takes one more round
        for state in rule.states:
            if state.form is Form.LOWPASS:
                drive = show_expression(rule, state.expr)
                found[state.name] = trace_name(spelled(drive, found))
    return found


def trace_name(drive: str) -> str:
    """One name for all traces of one drive."""
    return f"{TRACE}_" + re.sub(r"\W+", "_", drive)
