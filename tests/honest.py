"""Honest records of all kinds, made cheaply: small circuits, few trials, programs compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any

import jax
import numpy as np

from rulegen.catalog import ParameterNote, Record, Setting, TermLoss, markdown_card, save_record
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING, START
from rulegen.grammar import Rule, parse
from rulegen.ground.keys import Branch, branch
from rulegen.lives.batch import Batch
from rulegen.lives.bench import Bench
from rulegen.lives.world import World
from rulegen.publishing.evaluate import Trajectory, curves
from rulegen.publishing.evidence import held_out, interval
from rulegen.publishing.rundir import learning_table, lives_table, lots_of
from rulegen.verifying.verify import world_of

#: Node perturbation, and beside it a term that is worth nothing.
TEXT = """
param theta = {theta} in [-9, 9]
param phi = {phi} in [-9, 9]
e <- e + 0.4*theta*xi*pre + 0.05*phi*post*pre : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.2, 0.2)
"""
TASK = {"name": "delayed_association", "cue": 20.0, "delay": 10.0, "response": 20.0}
SETTING = Setting(task=TASK, circuit={"neurons": 8}, life={"trials": 40, "warmup": 4})
LIVES, SEED = 128, 3


def text(theta: float, phi: float = 0.1) -> str:
    return TEXT.format(theta=theta, phi=phi)


_COMPILED: dict[tuple[str, str], Bench] = {}
_RUNS: dict[Any, Batch] = {}


def quick_bench(world: World, rule: Rule) -> Bench:
    """A bench that shares its programs with all rules that differ in their values alone."""
    new = Bench(world, rule)
    same = rule.with_values({p.name: 1.0 for p in rule.parameters}).text()
    key = (world.model_dump_json(serialize_as_any=True), same)
    shared = copy(_COMPILED.setdefault(key, new))
    shared.rule, shared.values, shared.bounds = new.rule, new.values, new.bounds
    shared.plain = _COMPILED[key].plain

    def run(values: np.ndarray, of: jax.Array, lives: int, tick: Any = None) -> Batch:
        """What was run before is remembered."""
        what = (key, np.asarray(values).tobytes(), jax.random.key_data(of).tobytes(), lives)
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


def publish(
    rule: str = text(1.5),
    others: Mapping[str, str] = {START: text(0.3), NO_LEARNING: ""},
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
    world = world_of(setting)

    def trajectory(name: str, here: str) -> Trajectory:
        return lived(name, here or rule, world, seed, lives, learns=bool(here))

    best = trajectory(DISCOVERED, rule)
    compared = [trajectory(name, here) for name, here in others.items()]
    rests = {name: trajectory(name, here) for name, here in terms.items()}
    losses = [
        TermLoss(
            coefficient=name,
            term=f"{name}*x",
            loss=interval(best.minus(rest)),
            rule=rest.text if terms[name] else "",
            **rest.counts.bad,
        )
        for name, rest in rests.items()
    ]
    evidence = held_out(world, "0" * 16, seed, best, compared, terms=tuple(losses), **more)
    record = Record(
        name="small",
        title="Small | rule <b>",
        kind="discovered",
        description="A `small` rule.",
        equations=parse(rule).text(),
        parameters=dict(notes),
        evidence=evidence,
    )
    return record, (best, *compared)


def leave(record: Record, trajectories: tuple[Trajectory, ...], folder: Path) -> Path:
    """The folder of a run that published a record."""
    folder.mkdir(parents=True, exist_ok=True)
    save_record(record, folder / "record.toml")
    (folder / "card.md").write_text(markdown_card(record, "learning.png"))
    lives_table(lots_of(trajectories)).to_csv(folder / "lives.csv", index=False)
    learning_table(trajectories).round(6).to_csv(folder / "learning.csv", index=False)
    return folder


def rewards_of(trajectories: tuple[Trajectory, ...]) -> dict[tuple[str, str], np.ndarray]:
    """As a verification names them."""
    return {("rule", t.name): t.means for t in trajectories}
