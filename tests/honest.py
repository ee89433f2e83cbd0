"""Honest records of all kinds, made cheaply: small circuits, few trials, programs compiled once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any

import jax
import numpy as np
import tomli_w

from rulegen.catalog import ParameterNote, Record, Setting, TermLoss, save_record
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING, START
from rulegen.grammar import Rule, parse
from rulegen.ground.keys import Branch, branch
from rulegen.lives.batch import Batch, Lot
from rulegen.lives.bench import Bench
from rulegen.lives.world import World
from rulegen.publishing.config import DiscoverConfig
from rulegen.publishing.evaluate import Trajectory, curves
from rulegen.publishing.evidence import held_out, interval
from rulegen.publishing.printed import exported, summary, texts
from rulegen.publishing.tables import learning_table, lives_table, lots_of, remains_of
from rulegen.verifying.setting import world_of

#: Node perturbation, and beside it a term that is worth nothing.
TEXT = """
param theta = {theta} in [-9, 9]
param phi = {phi} in [-0.15, 0.15]
e <- e + 0.4*theta*xi*pre + 0.05*phi*post*pre : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.2, 0.2)
"""
#: The family of which it is what remains.
FAMILY = """
param theta = {theta} in [-9, 9] free
param phi = 0.1 in [-0.15, 0.15] free
param psi = 0.1 in [-9, 9] free
e <- e + 0.4*theta*xi*pre + 0.05*phi*post*pre + 0.05*psi*u*pre : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.2, 0.2)
"""
TASK = {"name": "delayed_association", "cue": 20.0, "delay": 10.0, "response": 20.0}
SETTING = Setting(task=TASK, circuit={"neurons": 8}, life={"trials": 40, "warmup": 4})
LIVES, SEED = 128, 3


def text(theta: float, phi: float = 0.1) -> str:
    return TEXT.format(theta=theta, phi=phi)


def family(theta: float) -> str:
    return FAMILY.format(theta=theta)


#: The look by which the third term went.
LOOK = {
    "removed": ("0.05*u*pre",),
    "terms": 2,
    "difference": {"mean": 0.001, "low": -0.002, "high": 0.004, "lives": 512},
    "verdict": "accepted",
    "inclusion": 0.01,
}


_COMPILED: dict[tuple[str, str], Bench] = {}
_RUNS: dict[Any, Batch] = {}


def quick_bench(world: World, rule: Rule) -> Bench:
    """A bench that shares its programs with all rules that differ in their values alone."""
    new = Bench(world, rule)
    same = rule.with_values({p.name: 0.1 for p in rule.parameters}).text()
    key = (world.model_dump_json(serialize_as_any=True), same)
    shared = copy(_COMPILED.setdefault(key, new))
    shared.rule, shared.values, shared.bounds = new.rule, new.values, new.bounds
    shared.plain = _COMPILED[key].plain

    def run(values: np.ndarray, of: jax.Array, lives: int, tick: Any = None) -> Batch:
        """What was run before is remembered."""
        parts = (np.asarray(values), jax.random.key_data(of))
        what = (key, lives, *(part.tobytes() for part in parts))
        if what not in _RUNS:
            _RUNS[what] = Bench.run(shared, values, of, lives)
        return _RUNS[what]

    shared.run = run  # type: ignore[method-assign]
    return shared


def lived(
    name: str, rule: str, world: World, seed: int = SEED, lives: int = LIVES, learns: bool = True
) -> Trajectory:
    """A rule on the held-out lives of a seed."""
    if not learns:
        still = world.life.model_copy(update={"warmup": world.life.trials})
        world = world.model_copy(update={"life": still})
    bench = quick_bench(world, parse(rule))
    batch = bench.run(bench.values, branch(jax.random.key(seed), Branch.EVALUATE), lives)
    shown = parse(rule).text()
    return Trajectory(name, shown, batch.means, *curves(batch.rewards), batch.outcomes)


def last(item: tuple[str, str]) -> bool:
    """Runs put no learning behind all others."""
    return not item[1]


def configuration(
    setting: Setting, others: Mapping[str, str], seed: int, lives: int
) -> DiscoverConfig | None:
    """The configuration of the run that began with the start; None without one."""
    if START not in others:
        return None
    rules = {name: parse(rule).text() for name, rule in others.items() if rule}
    start = rules.pop(START)
    references = [{"name": name, "rule": rule} for name, rule in rules.items()]
    data = setting.model_dump() | {"name": "small", "rule": start, "seed": seed}
    return DiscoverConfig.model_validate(
        data | {"references": references, "evaluate": {"lives": lives}}
    )


def publish(
    rule: str = text(1.5),
    others: Mapping[str, str] = {START: family(0.3), NO_LEARNING: ""},
    terms: Mapping[str, str] = {"theta": text(0.0), "phi": text(1.5, 0.0)},
    setting: Setting = SETTING,
    seed: int = SEED,
    lives: int = LIVES,
    notes: Mapping[str, ParameterNote] = {},
    **more: Any,
) -> tuple[Record, tuple[Trajectory, ...]]:
    """A record as runs make it, with the lives of all its rules.

    Args:
        rule: its text. others: rules to compare with; "" for no learning. terms: what remains
            without the term of each coefficient; "" for no learning.
        setting, seed, lives: where, and on which lives. notes: of parameters.
        more: of the evidence.
    """
    world, basis = world_of(setting), {t.coefficient: t.text for t in parse(family(0.3)).terms()}

    def trajectory(name: str, here: str) -> Trajectory:
        return lived(name, here or rule, world, seed, lives, learns=bool(here))

    best = trajectory(DISCOVERED, rule)
    compared = [trajectory(name, here) for name, here in sorted(others.items(), key=last)]
    rests = {name: trajectory(name, here) for name, here in terms.items()}
    losses = [
        TermLoss(
            coefficient=name,
            term=basis[name],
            loss=interval(best.minus(rest)),
            rule=rest.text if terms[name] else "",
            **rest.counts.bad,
        )
        for name, rest in rests.items()
    ]
    config = configuration(setting, others, seed, lives)
    selected = {"margin": 0.005, "terms": tuple(losses)}
    if config is not None:
        selected |= {"candidates": 3, "looks": (LOOK,), "level": config.prune.level}
    digest = config.digest if config else "0" * 16
    evidence = held_out(world, digest, seed, best, compared, rests, **(selected | more))
    start = others.get(START)
    free = {*terms} | {q.name for q in (parse(start).free if start else ())}
    unsaid = {
        q.name: ParameterNote(why="no survey was made")
        for q in parse(rule).parameters
        if q.name in free
    }
    record = Record(
        name="small",
        title="Small | rule <b>",
        kind="discovered",
        description="A `small` rule.",
        equations=parse(rule).text(),
        parameters=unsaid | dict(notes),
        tags=(world.task.name,),
        lineage=(config.family.digest,) if config else ("theta*xi*pre",),
        evidence=evidence,
    )
    return record, (best, *compared)


def config_of(record: Record) -> DiscoverConfig | None:
    """The configuration of the run that published a record; None without a start."""
    evidence = record.evidence
    assert evidence
    others = {other.name: other.rule for other in evidence.comparisons}
    return configuration(evidence.setting, others, evidence.seed, evidence.reward.lives)


def leave(record: Record, trajectories: tuple[Trajectory, ...], folder: Path) -> Path:
    """The folder of a run that published a record."""
    folder.mkdir(parents=True, exist_ok=True)
    save_record(record, folder / "record.toml")
    print_files(record, folder)
    lives_table(lots_of(trajectories), remains(record)).to_csv(folder / "lives.csv", index=False)
    config = config_of(record)
    if config is not None:
        data = config.model_dump(mode="json", exclude_none=True)
        (folder / "config.toml").write_text(tomli_w.dumps(data))
    learning_table(trajectories).round(6).to_csv(folder / "learning.csv", index=False)
    return folder


def print_files(record: Record, folder: Path) -> None:
    """All files of a run that say what its record says."""
    for name, text in (texts(record) | exported(record, ["numpy"])).items():
        (folder / name).write_text(text)
    (folder / "summary.json").write_text(json.dumps(summary(record) | {"seconds": 1.0}))


def remains(record: Record) -> dict[str, Lot]:
    """The published lives of what remains without each term."""
    evidence, found = record.evidence, {}
    assert evidence
    world, lives = world_of(evidence.setting), evidence.reward.lives
    for term in evidence.terms:
        rule = term.rule or record.equations
        found[term.coefficient] = lived("", rule, world, evidence.seed, lives, bool(term.rule))
    return remains_of(found)
