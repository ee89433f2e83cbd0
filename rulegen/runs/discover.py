"""The main job: from a family of rules to a published card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rulegen.catalog import Look, Record
from rulegen.catalog.export import problems
from rulegen.catalog.records.roles import (
    DISCOVERED,
    NO_LEARNING,
    START,
    TAKEN,
    YARDSTICK,
    ambiguous,
)
from rulegen.estimators.together import prepared
from rulegen.fitting.ascent import fit
from rulegen.fitting.box import STILL, no_limits
from rulegen.fitting.refine import Refined
from rulegen.grammar import ConfigError, Rule, parse
from rulegen.ground import hosts
from rulegen.ground.journal import Journal
from rulegen.ground.keys import Branch, origin
from rulegen.ground.progress import Report, silent
from rulegen.ground.stage import Stage
from rulegen.objective import Objective
from rulegen.objective.joint import blamed
from rulegen.publishing.config import DiscoverConfig, load_config
from rulegen.publishing.discovery import Discovery
from rulegen.publishing.evidence import (
    evidence_of,
    interval,
    record_of,
    rounded,
    with_gradients,
)
from rulegen.publishing.held_out import Everywhere, HeldOut
from rulegen.publishing.printed import check_exports
from rulegen.publishing.purpose import check_gain, check_worlds, marks_of, objective_of, scaled
from rulegen.publishing.rehearsal import rehearse
from rulegen.publishing.rundir import RunDirectory
from rulegen.selection.looks import Look as PruneLook
from rulegen.selection.looks import Looks
from rulegen.selection.prune import prune
from rulegen.selection.trim import Trimmed, trim


class Entrants(NamedTuple):
    """Every rule of a configuration where it lives, checked before anything runs.

    Attributes:
        family: the family, judged by rewards as they are.
        references: rules to compare with, by name.
    """

    family: Objective
    references: dict[str, Objective]


def check_config(path: Path | str) -> None:
    """Refuse the configuration of a discovery that would be refused when it is run.

    Raises:
        ConfigError: when it cannot be read, or its parts do not fit together.
        RuleError: when a rule in it is none.

    Example:
        >>> check_config("examples/delayed_association.toml")
    """
    prepare(load_config(path))


def prepare(config: DiscoverConfig) -> Entrants:
    """Check that everything in a configuration fits together.

    Raises:
        ConfigError, RuleError: when it does not.
    """
    references = {r.name: parse(r.rule) for r in config.references}
    try:
        family = objective_of(config, config.family)
        if not config.family.terms():
            raise ConfigError(
                "rule: no term has a free coefficient; mark at least one as free, such as "
                "`param theta_1 = 0.1 free`"
            )
        for phase in config.fit:
            prepared(phase.estimator, family)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    entrants = {}
    for label, rule in references.items():
        with blamed(f"references: `{label}`"):
            entrants[label] = objective_of(config, rule)
    others = {f"references: `{label}`": rule for label, rule in references.items()}
    check_worlds(config, {"": config.family, **others})
    if name := ambiguous(references, {*TAKEN, START, NO_LEARNING, YARDSTICK}):
        raise ConfigError(f"references: the name `{name}` is taken; choose another")
    check_exports(config)
    for name in config.exports:
        if found := problems(config.family, name):
            raise ConfigError(f"exports: {name} cannot express this family: " + "; ".join(found))
    terms = {term.coefficient: term.text for term in config.family.terms()}
    rehearse(config, config.family.fixed(), {START: config.family, **references}, terms)
    return Entrants(family, entrants)


def discover(
    config: DiscoverConfig,
    folder: Path | str | None = None,
    *,
    resume: bool = False,
    report: Report = silent,
) -> Discovery:
    """Fit, prune, refine, evaluate and publish.

    Every step keeps its results in the history of `folder`; an interrupted run continues from
    there with `resume` and ends with the same figures as an uninterrupted one.

    Args:
        config: what to do.
        folder: where the run lives; without one, all of it stays in memory, until
            `Discovery.publish` writes it.
        resume: continue the run in `folder`.
        report: told of the progress.

    Raises:
        ConfigError, RuleError: when the configuration cannot run, or the folder not be used.
        RunError: when every life diverges, or the rule found is no better than no learning.
    """
    entrants = prepare(config)
    if folder is None and resume:
        raise ConfigError("without a folder there is nothing to resume: name the folder of the run")
    if folder is None:
        return carry_out(config, entrants, Stage(origin(config.seed), Journal(), report))
    directory = RunDirectory(folder)
    with directory.running(config, resume=resume, report=report) as journal:
        discovery = carry_out(config, entrants, Stage(origin(config.seed), journal, report))
        hosts.on_first(lambda: directory.publish(discovery, journal.seconds))
    return discovery


def carry_out(config: DiscoverConfig, entrants: Entrants, run: Stage) -> Discovery:
    """All computations of a run, each through the journal."""
    marks = marks_of(config, run)
    family = scaled(config, entrants.family, marks)
    fitted, trimmed, looks = select(config, family, run)
    published = published_rule(family, trimmed)
    known = [family, *entrants.references.values()]
    held_out = HeldOut(config, config.evaluate.lives, marks, run.on(Branch.EVALUATE), known)
    # What is evaluated is what will be printed: the text, read again.
    held_out.run(DISCOVERED, parse(published.text()))
    held_out.run(START, family.rule)
    for reference in config.references:
        held_out.run(reference.name, parse(reference.rule), f"reference {reference.name}")
    held_out.finish(parse(published.text()))
    best, *others = held_out.compared()
    remedy = "Try other terms, more iterations of the fit, or other starting coefficients."
    gain = best.minus(others[-1])
    check_gain(config, gain, config.prune.margin, "the rule found", remedy)
    rests, terms = {}, {t.coefficient: t.text for t in family.rule.terms()}
    for name, values in trimmed.without.items():
        rest = remainder(family, trimmed, name, values)
        text = None if rest is None else parse(rest.text())
        rests[name] = held_out.rest(f"without {terms[name]}", text)
    record = make_record(config, (family, published), trimmed, looks, held_out, rests)
    names = dict(zip(family.names, fitted.tolist(), strict=True))
    return Discovery(
        config,
        with_gradients(record, run.journal),
        config.family,
        config.family.with_values(names),
        (best, *others),
        {name: held_out.joint(rest) for name, rest in rests.items()},
        held_out.shown(rests),
    )


def select(
    config: DiscoverConfig, family: Objective, run: Stage
) -> tuple[np.ndarray, Trimmed, list[PruneLook]]:
    """Fit a family and select its terms.

    Args:
        config: settings of fit, prune and refine.
        family: the family where it lives.
        run: its random numbers, and where results are kept.

    Returns:
        the fitted parameters, shape (P,), the rule that remains, and the looks that were taken.
    """
    fitted = fit(family, config.fit, run.on(Branch.FIT))
    looks = Looks(family, config.prune, run.on(Branch.LOOK))
    pruned = prune(family, fitted, looks, run.on(Branch.PRUNE))
    trimmed = trim(family, pruned, looks, config.refine, run.on(Branch.REFINE))
    return fitted, trimmed, looks.taken


def published_rule(family: Objective, trimmed: Trimmed) -> Rule:
    """The rule that remains, with its values rounded to what the evidence supports."""
    return rounded_rule(family, trimmed.refined, trimmed.kept)


def remainder(family: Objective, trimmed: Trimmed, name: str, values: np.ndarray) -> Rule | None:
    """The rule refitted without a term, as it is printed; None where it does not learn."""
    kept = [n for n in trimmed.kept if n != name and values[family.names.index(n)] != 0]
    refined = Refined(values, no_limits(len(values), STILL))
    return rounded_rule(family, refined, kept) if kept else None


def rounded_rule(family: Objective, refined: Refined, kept: Sequence[str]) -> Rule:
    """A rule of some of the family's terms, its values rounded to what the evidence supports."""
    dropped = {t.coefficient for t in family.rule.terms()} - set(kept)
    # What is dropped is 0, which its bounds may forbid.
    rest = family.rule.drop(sorted(dropped))
    left = {p.name for p in rest.parameters}
    found = dict(zip(family.names, refined.values.tolist(), strict=True))
    rest = rest.with_values({name: value for name, value in found.items() if name in left})
    limits = {family.names[i]: refined.limits[i] for i in family.free}
    return rounded(rest, {name: limits[name] for name in limits if name in left}).fixed()


def make_record(
    config: DiscoverConfig,
    rules: tuple[Objective, Rule],
    trimmed: Trimmed,
    looks: Sequence[PruneLook],
    held_out: HeldOut,
    rests: Mapping[str, Everywhere],
) -> Record:
    """The published rule with its evidence.

    Args:
        config: of the run.
        rules: the family where it lives, and the published rule.
        trimmed, looks: how the one became the other.
        held_out: with all rules on the held-out lives.
        rests: what remains without each term there, by its coefficient.
    """
    family, published = rules
    terms = {t.coefficient: t.text for t in family.rule.terms()}
    remaining = {p.name for p in published.parameters}
    limits = {
        family.names[i]: trimmed.refined.limits[i]
        for i in family.free
        if family.names[i] in remaining
    }
    evidence = evidence_of(
        config,
        held_out,
        rests,
        terms,
        trimmed.inclusion,
        looks=tuple(
            Look(
                removed=tuple(terms[name] for name in look.removed),
                added=tuple(terms[name] for name in look.added),
                terms=len(look.kept),
                difference=interval(look.difference),
                verdict=look.verdict,
                inclusion=look.inclusion,
            )
            for look in looks
        ),
        candidates=len(terms),
        margin=config.prune.margin,
        level=config.prune.level,
    )
    return record_of(config, published, limits, terms, (family.rule.digest,), evidence)
