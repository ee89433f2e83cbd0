"""One combination of a sweep: a configuration, run to its end by whoever is free."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from rulegen.catalog import parts
from rulegen.catalog.records.ended import TROUBLES, Ended
from rulegen.catalog.records.fields import Count, Digest, Real
from rulegen.catalog.records.interval import Interval
from rulegen.catalog.records.part import RecordPart
from rulegen.fitting.ascent import fit, gradients
from rulegen.grammar import ConfigError, RulegenError
from rulegen.ground.keys import Branch, origin
from rulegen.ground.parts import parts_in
from rulegen.ground.runtime import keep_compiled_programs, use_all_cores
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import estimate, paired_difference
from rulegen.lives.batch import Lot
from rulegen.objective import Objective
from rulegen.publishing.config import DiscoverConfig
from rulegen.publishing.purpose import marks_of, objective_of, scaled
from rulegen.publishing.rundir import RunDirectory
from rulegen.publishing.settings_file import validated
from rulegen.runs.discover import discover

#: Columns that count the lives that ended badly, of what was found and of the start.
ENDED = (*TROUBLES, *(f"start_{name}" for name in TROUBLES))


class Finished(Ended, RecordPart):
    """The result of a combination that succeeded, as a sweep keeps it; see `run_combination`."""

    ok: Literal[True]
    identity: dict[str, str]
    job: str
    equation: str
    digest: Digest
    terms: tuple[str, ...]
    parameters: dict[str, Real | None]
    reward: Interval
    gain: Interval
    start_diverged: Count
    start_saturated: Count
    start_silent: Count
    gradients: Count
    nonfinite: Count
    seconds: Annotated[Real, Field(ge=0)]

    @model_validator(mode="after")
    def _lives_end_once(self) -> Finished:
        if max(getattr(self, name) for name in ENDED) > self.reward.lives:
            raise ValueError("more lives ended badly than there were")
        return self


def on_worker(config: str, identity: dict[str, str], job: str, folder: str) -> dict[str, Any]:
    """`run_combination` in a process of a cluster, which runs nothing else."""
    use_all_cores()
    keep_compiled_programs()
    return run_combination(config, identity, job, folder)


def run_combination(config: str, identity: dict[str, str], job: str, folder: str) -> dict[str, Any]:
    """Run a combination, from where an earlier attempt stopped; what it found, or why it failed.

    Args:
        config: the configuration as JSON.
        identity: of the configuration, where the sweep was started.
        job: `fit` or `discover`.
        folder: where the run lives.

    Returns:
        plain data: `ok`, and either `reason` or the rest of `Finished`.
    """
    try:
        check_here(identity)
        settings = validated(DiscoverConfig, json.loads(config), Path("this worker"))
        if other := [n for n, text in settings.identity.items() if identity.get(n) != text]:
            raise ConfigError(f"this worker has another version of {', '.join(other)}")
        run = discover_job if job == "discover" else fit_job
        return {"ok": True} | run(settings, Path(folder))
    except RulegenError as error:
        return {"ok": False, "reason": str(error)}


def check_shared(config: DiscoverConfig) -> None:
    """Raise `ConfigError` where the processes of a cluster cannot find a part by its name."""
    used = [(part.part, part.name) for part in parts_in(config)]
    for kind, name in [*used, *(("export", name) for name in config.exports)]:
        if parts.source(kind, name) == parts.SESSION:
            raise ConfigError(
                f"the {kind} `{name}` was registered in this session, of which workers know "
                "nothing: make a package of it (docs/extending.md) and install it where they run"
            )


def check_here(identity: Mapping[str, str]) -> None:
    """Raise `ConfigError` where a part of another package is missing in this process."""
    for name, text in identity.items():
        kind, _, part = name.partition(" ")
        if kind in parts.GROUPS and part not in parts.names(kind):
            package = text.rpartition(" ")[0]
            lacking = f"this worker lacks the {kind} `{part}` of {package}: install {package} there"
            raise ConfigError("; ".join([lacking, *parts.unread()]))


def discover_job(config: DiscoverConfig, folder: Path) -> dict[str, Any]:
    """Everything that `rulegen discover` does."""
    discover(config, folder, resume=True)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    kept = {"equation", "digest", "terms", "parameters", "reward", *TROUBLES, "seconds"}
    kept |= {"gradients", "nonfinite"}
    start = of_start(summary["start"])
    return {"gain": summary["paired_difference"]} | start | {n: summary[n] for n in kept}


def fit_job(config: DiscoverConfig, folder: Path) -> dict[str, Any]:
    """The fit alone, and how its rule fares on held-out lives, beside the start.

    A rule without free parameters is evaluated as it is.
    """
    try:
        family, lives = objective_of(config, config.family), config.evaluate.lives
        with RunDirectory(folder).open(config, resume=True, also={"job": "fit"}) as journal:
            run = Stage(origin(config.seed), journal)
            family = scaled(config, family, marks_of(config, run))
            values = family.values
            if len(family.free):
                values = fit(family, config.fit, run.on(Branch.FIT))
            best, start = lived(family, [values, family.values], lives, run.on(Branch.EVALUATE))
            seconds, counted = journal.seconds, gradients(journal)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    named = dict(zip(family.names, values.tolist(), strict=True))
    fitted = family.rule.with_values(named)
    return {
        "equation": fitted.text(),
        "digest": fitted.digest,
        "terms": [t.text for t in fitted.terms()],
        "parameters": named,
        "reward": estimate(best.rewards)._asdict(),
        "gain": paired_difference(best.rewards, start.rewards)._asdict(),
        **best.counts.bad,
        **of_start(start.counts.bad),
        **counted,
        "seconds": round(seconds, 1),
    }


def lived(family: Objective, places: Sequence[np.ndarray], lives: int, stage: Stage) -> list[Lot]:
    """The held-out lives of a family at some places."""
    stage = stage.called("evaluate discovered rule and start")

    def compute() -> dict[str, Any]:
        lots = family.meet(places, stage.key, lives)
        return {"lots": [[part.tolist() for part in lot] for lot in lots]}

    found = stage.recall([family, places, lives], compute)["lots"]
    return [Lot(*map(np.array, lot)) for lot in found]


def of_start(bad: Mapping[str, Any]) -> dict[str, int]:
    """The counts of the lives of the start that ended badly, by the names of columns."""
    return {f"start_{name}": bad[name] for name in TROUBLES}
