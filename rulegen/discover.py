"""The main job: from a family of rules to a published card."""

from __future__ import annotations

import math
import resource
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from catalog import Comparison, Evidence, Interval, Look, ParameterNote, Record, Setting, TermLoss
from catalog.export import problems
from grammar import ConfigError, Rule, RunError, parse
from rulegen import hosts
from rulegen.config import DiscoverConfig, code_digest, digest_of, versions
from rulegen.discovery import DISCOVERED, NO_LEARNING, START, Discovery
from rulegen.evaluate import Trajectory, evaluate
from rulegen.fit import fit
from rulegen.journal import Journal
from rulegen.keys import Branch, branch
from rulegen.progress import Progress, Report, silent
from rulegen.prune import Look as PruneLook
from rulegen.prune import Trimmed, prune, trim
from rulegen.refine import Refined
from rulegen.rundir import RunDirectory, lives_table
from rulegen.statistics import Estimate
from rulegen.workbench import Workbench


class Benches(NamedTuple):
    """Every rule of a configuration in its world, checked before anything runs."""

    family: Workbench
    references: dict[str, Workbench]


def prepare(config: DiscoverConfig) -> Benches:
    """Check that everything in a configuration fits together.

    Raises:
        ConfigError, RuleError: when it does not.
    """
    try:
        family = Workbench(config.world, config.family)
        if not config.family.terms():
            raise ConfigError(
                "rule: no term has a free coefficient; mark at least one as free, such as "
                "`param theta_1 = 0.1 free`"
            )
        family.plain  # noqa: B018  (made here, so that what cannot run is refused early)
        for phase in config.fit:
            family.for_estimator(phase.estimator)
        references = {r.name: Workbench(config.world, parse(r.rule)) for r in config.references}
        for bench in references.values():
            bench.plain  # noqa: B018
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if taken := {DISCOVERED, NO_LEARNING, START} & references.keys():
        raise ConfigError(f"references: the name `{taken.pop()}` is taken; choose another")
    for name in config.exports:
        if found := problems(config.family, name):
            raise ConfigError(f"exports: {name} cannot express this family: " + "; ".join(found))
    if len(references) < len(config.references):
        raise ConfigError("references: two have the same name")
    return Benches(family, references)


def discover(
    config: DiscoverConfig, folder: Path, *, resume: bool = False, report: Report = silent
) -> Discovery:
    """Fit, prune, refine, evaluate and publish.

    Every step keeps its results in the history of `folder`; an interrupted run continues from
    there with `resume` and ends with the same figures as an uninterrupted one.

    Args:
        config: what to do.
        folder: where the run lives.
        resume: continue the run in `folder`.
        report: told of the progress.

    Raises:
        ConfigError, RuleError: when the configuration cannot run, or the folder not be used.
        RunError: when every life diverges, or the rule found is no better than no learning.
    """
    benches = prepare(config)
    directory = RunDirectory(folder)
    with directory.open(config, resume=resume) as journal:
        if journal.damaged:
            text = f"the last {journal.damaged} lines of the history are damaged and made again"
            report(Progress("resume", 1, 1, text))
        discovery = search(config, benches, journal, report)
        hosts.on_first(lambda: directory.publish(config, discovery, journal.seconds, peak_mb()))
    return discovery


def search(config: DiscoverConfig, benches: Benches, journal: Journal, report: Report) -> Discovery:
    """All computations of a run, each through the journal."""
    root, bench = jax.random.key(config.seed), benches.family
    fitted = fit(bench, config.fit, branch(root, Branch.FIT), journal, report)
    pruned = prune(bench, fitted, config.prune, branch(root, Branch.PRUNE), journal, report)
    trimmed = trim(
        bench, pruned, config.prune, config.refine, branch(root, Branch.REFINE), journal, report
    )
    published = published_rule(bench, trimmed)

    held_out, lives = branch(root, Branch.EVALUATE), config.evaluate.lives

    def trajectory(name: str, here: Workbench, values: np.ndarray) -> Trajectory:
        return evaluate(here, values, lives, held_out, journal, name, report)

    # What is evaluated is what will be printed: the text, read again.
    printed = Workbench(config.world, parse(published.text()))
    still = config.life.model_copy(update={"warmup": config.life.trials})
    unlearned = Workbench(config.world.model_copy(update={"life": still}), printed.rule)
    best = trajectory(DISCOVERED, printed, printed.values)
    others = [trajectory(START, bench, bench.values)]
    others += [trajectory(n, b, b.values) for n, b in benches.references.items()]
    others += [trajectory(NO_LEARNING, unlearned, unlearned.values)]
    gain = best.minus(others[-1])
    if gain.low <= 0:
        raise RunError(
            f"nothing to publish: on {lives} held-out lives the rule found earns {gain} more "
            "reward per trial than no learning. Try other terms, more iterations of the fit, or "
            "other starting coefficients. The history is kept."
        )
    losses = {
        name: best.minus(trajectory(f"without {name}", bench, values))
        for name, values in trimmed.without.items()
    }
    looks = (*pruned.looks, *trimmed.looks)
    record = make_record(config, bench, published, trimmed.refined, looks, best, others, losses)
    names = dict(zip(bench.names, fitted.tolist(), strict=True))
    return Discovery(record, config.family.with_values(names), (best, *others))


def published_rule(bench: Workbench, trimmed: Trimmed) -> Rule:
    """The rule that remains, with its values rounded to what the evidence supports."""
    dropped = {t.coefficient for t in bench.rule.terms()} - set(trimmed.kept)
    values, low, high = trimmed.refined
    rounded = {
        name: supported(values[i], low[i], high[i]) if i in bench.free else float(values[i])
        for i, name in enumerate(bench.names)
    }
    return bench.rule.with_values(rounded).drop(sorted(dropped)).fixed()


def supported(value: float, low: float, high: float) -> float:
    """Round `value` so that the change is at most a quarter of its interval's half width.

    Without an interval, three significant digits remain; a value never becomes 0.

    Example:
        >>> supported(1.4805, 1.2, 1.8), supported(0.0321, float("nan"), float("nan"))
        (1.5, 0.0321)
    """
    if value == 0.0:
        return 0.0
    digits = 2 - math.floor(math.log10(abs(value)))
    if math.isfinite(low) and math.isfinite(high) and high > low:
        leading = -math.floor(math.log10(abs(value)))
        digits = max(math.ceil(-math.log10((high - low) / 4.0)), leading)
    return round(float(value), digits)


def interval(e: Estimate) -> Interval:
    """An estimate as a part of a record."""
    return Interval(mean=e.mean, low=e.low, high=e.high, lives=e.lives)


def make_record(
    config: DiscoverConfig,
    bench: Workbench,
    published: Rule,
    refined: Refined,
    looks: Sequence[PruneLook],
    best: Trajectory,
    others: Sequence[Trajectory],
    losses: Mapping[str, Estimate],
) -> Record:
    """The published rule with its evidence."""
    terms = {t.coefficient: t.text for t in bench.rule.terms()}
    notes = {}
    for i, name in enumerate(bench.names):
        if i in bench.free and name in {p.name for p in published.parameters}:
            limits = [
                float(x) if math.isfinite(x) else None for x in (refined.low[i], refined.high[i])
            ]
            meaning = f"coefficient of {terms[name]}" if name in terms else ""
            notes[name] = ParameterNote(meaning=meaning, low=limits[0], high=limits[1])
    evidence = Evidence(
        setting=Setting(
            task=config.task.model_dump(mode="json", exclude_none=True),
            circuit=config.circuit.model_dump(mode="json", exclude_none=True),
            life=config.life.model_dump(mode="json"),
            projections=config.projections.model_dump(mode="json", exclude_defaults=True),
        ),
        reward=interval(best.reward),
        chance=config.task.chance,
        diverged=best.diverged,
        comparisons=tuple(
            Comparison(
                name=t.name,
                rule="" if t.name == NO_LEARNING else t.text,
                reward=interval(t.reward),
                difference=interval(best.minus(t)),
                diverged=t.diverged,
            )
            for t in others
        ),
        terms=tuple(
            TermLoss(coefficient=name, term=terms[name], loss=interval(loss))
            for name, loss in losses.items()
        ),
        looks=tuple(
            Look(
                removed=tuple(terms[name] for name in look.removed),
                terms=len(look.kept),
                difference=interval(look.difference),
                accepted=look.accepted,
            )
            for look in looks
        ),
        candidates=len(terms),
        margin=config.prune.margin,
        seed=config.seed,
        versions=versions(),
        config=config.digest,
        code=code_digest(),
        data=digest_of(lives_table((best, *others)).to_csv(index=False)),
        digest=published.digest,
    )
    return Record(
        name=config.name,
        title=config.title or config.name.replace("_", " "),
        kind="discovered",
        description=config.description,
        equations=published.text(),
        parameters=notes,
        tags=(config.task.name,),
        lineage=(bench.rule.digest,),
        evidence=evidence,
    )


def peak_mb() -> float:
    """The most memory that this process has held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
