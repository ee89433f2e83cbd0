"""The main job: from a family of rules to a published card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rulegen.catalog import Look, Record, TermLoss
from rulegen.catalog.export import problems
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING, START, TAKEN, ambiguous
from rulegen.fitting.ascent import fit
from rulegen.fitting.box import STILL, no_limits
from rulegen.fitting.refine import Refined
from rulegen.grammar import ConfigError, Rule, RunError, parse
from rulegen.ground import hosts
from rulegen.ground.journal import Journal
from rulegen.ground.keys import Branch, origin
from rulegen.ground.progress import Report, silent
from rulegen.ground.stage import Stage
from rulegen.lives.bench import Bench
from rulegen.publishing.config import DiscoverConfig
from rulegen.publishing.discovery import Discovery
from rulegen.publishing.evaluate import Trajectory, evaluate
from rulegen.publishing.evidence import (
    held_out,
    interval,
    known,
    record_of,
    supported,
    with_gradients,
)
from rulegen.publishing.printed import check_exports
from rulegen.publishing.rundir import RunDirectory
from rulegen.selection.looks import Look as PruneLook
from rulegen.selection.looks import Looks
from rulegen.selection.prune import prune
from rulegen.selection.trim import Trimmed, trim


class Benches(NamedTuple):
    """Every rule of a configuration in its world, checked before anything runs."""

    family: Bench
    references: dict[str, Bench]


def prepare(config: DiscoverConfig) -> Benches:
    """Check that everything in a configuration fits together.

    Raises:
        ConfigError, RuleError: when it does not.
    """
    try:
        family = Bench(config.world, config.family)
        if not config.family.terms():
            raise ConfigError(
                "rule: no term has a free coefficient; mark at least one as free, such as "
                "`param theta_1 = 0.1 free`"
            )
        family.checked()
        for phase in config.fit:
            phase.estimator.prepare(family)
        references = {
            r.name: Bench(config.world, parse(r.rule)).checked() for r in config.references
        }
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if name := ambiguous((r.name for r in config.references), {*TAKEN, START, NO_LEARNING}):
        raise ConfigError(f"references: the name `{name}` is taken; choose another")
    check_exports(config)
    for name in config.exports:
        if found := problems(config.family, name):
            raise ConfigError(f"exports: {name} cannot express this family: " + "; ".join(found))
    return Benches(family, references)


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
    benches = prepare(config)
    if folder is None and resume:
        raise ConfigError("without a folder there is nothing to resume: name the folder of the run")
    if folder is None:
        return carry_out(config, benches, Stage(origin(config.seed), Journal(), report))
    directory = RunDirectory(folder)
    with directory.open(config, resume=resume, report=report) as journal:
        discovery = carry_out(config, benches, Stage(origin(config.seed), journal, report))
        hosts.on_first(lambda: directory.publish(discovery, journal.seconds))
    return discovery


def carry_out(config: DiscoverConfig, benches: Benches, run: Stage) -> Discovery:
    """All computations of a run, each through the journal."""
    bench, lives = benches.family, config.evaluate.lives
    fitted, trimmed, looks = select(config, bench, run)
    published = published_rule(bench, trimmed)

    def trajectory(name: str, here: Bench, label: str = "") -> Trajectory:
        label = label or name
        found = evaluate(here, here.values, lives, label, run.on(Branch.EVALUATE))
        return found._replace(name=name)

    # What is evaluated is what will be printed: the text, read again.
    printed = Bench(config.world, parse(published.text()))
    unlearned = Bench(config.world.unlearned, printed.rule)
    best = trajectory(DISCOVERED, printed)
    others = [trajectory(START, bench)]
    others += [trajectory(n, b, f"reference {n}") for n, b in benches.references.items()]
    others += [trajectory(NO_LEARNING, unlearned)]
    gain = best.minus(others[-1])
    if gain.low <= 0 or gain.mean < config.prune.margin:
        raise RunError(
            f"nothing to publish: on {lives} held-out lives the rule found earns {gain} more "
            f"reward per trial than no learning; the margin is {config.prune.margin:g}. Try other "
            "terms, more iterations of the fit, or other starting coefficients. The history is "
            "kept."
        )
    without = {}
    for name, values in trimmed.without.items():
        rest, label = remainder(bench, trimmed, name, values), f"without {name}"
        without[name] = others[-1]._replace(text="")
        if rest is not None:
            without[name] = trajectory(label, Bench(config.world, parse(rest.text())))
    record = make_record(config, bench, published, trimmed, looks, (best, *others), without)
    record = with_gradients(record, run.journal)
    names = dict(zip(bench.names, fitted.tolist(), strict=True))
    family = config.family
    return Discovery(config, record, family, family.with_values(names), (best, *others), without)


def select(
    config: DiscoverConfig, bench: Bench, run: Stage
) -> tuple[np.ndarray, Trimmed, list[PruneLook]]:
    """Fit a family and select its terms.

    Args:
        config: settings of fit, prune and refine.
        bench: the family in its world.
        run: its random numbers, and where results are kept.

    Returns:
        the fitted parameters, shape (P,), the rule that remains, and the looks that were taken.
    """
    fitted = fit(bench, config.fit, run.on(Branch.FIT))
    looks = Looks(bench, config.prune, run.on(Branch.LOOK))
    pruned = prune(bench, fitted, looks, run.on(Branch.PRUNE))
    trimmed = trim(bench, pruned, looks, config.refine, run.on(Branch.REFINE))
    return fitted, trimmed, looks.taken


def published_rule(bench: Bench, trimmed: Trimmed) -> Rule:
    """The rule that remains, with its values rounded to what the evidence supports."""
    return rounded_rule(bench, trimmed.refined, trimmed.kept)


def remainder(bench: Bench, trimmed: Trimmed, name: str, values: np.ndarray) -> Rule | None:
    """The rule refitted without a term, as it is printed; None where it does not learn."""
    kept = [n for n in trimmed.kept if n != name and values[bench.names.index(n)] != 0]
    refined = Refined(values, no_limits(len(values), STILL))
    return rounded_rule(bench, refined, kept) if kept else None


def rounded_rule(bench: Bench, refined: Refined, kept: Sequence[str]) -> Rule:
    """A rule of some of the family's terms, its values rounded to what the evidence supports."""
    dropped = {t.coefficient for t in bench.rule.terms()} - set(kept)
    rest, (values, limits) = bench.rule.drop(sorted(dropped)), refined
    # What is dropped is 0, which its bounds may forbid.
    rounded = {
        name: supported(values[i], limits[i]) if i in bench.free else float(values[i])
        for i, name in enumerate(bench.names)
        if any(p.name == name for p in rest.parameters)
    }
    return rest.with_values(rounded).fixed()


def make_record(
    config: DiscoverConfig,
    bench: Bench,
    published: Rule,
    trimmed: Trimmed,
    looks: Sequence[PruneLook],
    trajectories: Sequence[Trajectory],
    without: Mapping[str, Trajectory],
) -> Record:
    """The published rule with its evidence; its trajectory is the first."""
    best, *others = trajectories
    terms = {t.coefficient: t.text for t in bench.rule.terms()}
    remaining = {p.name for p in published.parameters}
    limits = {
        bench.names[i]: trimmed.refined.limits[i] for i in bench.free if bench.names[i] in remaining
    }
    evidence = held_out(
        config.world,
        config.digest,
        config.seed,
        best,
        others,
        without,
        terms=tuple(
            TermLoss(
                coefficient=name,
                term=terms[name],
                loss=interval(best.minus(rest)),
                inclusion=known(trimmed.inclusion[name]),
                rule=rest.text,
                **rest.counts.bad,
            )
            for name, rest in without.items()
        ),
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
    return record_of(config, published, limits, terms, (bench.rule.digest,), evidence)
