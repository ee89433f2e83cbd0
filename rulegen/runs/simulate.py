"""Rules at work in a world, without any fit: the reward of every trial of many lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rulegen.grammar import AnyRule, ConfigError, RuleError, as_rule
from rulegen.grammar.rule.system import check_effect
from rulegen.ground.keys import origin
from rulegen.ground.progress import Report, silent, ticks
from rulegen.ground.statistics import Estimate, estimate
from rulegen.lives.batch import Answered, Batch, last_quarter
from rulegen.lives.bench import Bench
from rulegen.lives.outcomes import words
from rulegen.lives.world import World
from rulegen.publishing.places import WorldSettings
from rulegen.publishing.references import References
from rulegen.publishing.settings_file import load_settings, replace_values, validated


class Scene(WorldSettings):
    """A world and rules to run in it, as a file says.

    Attributes:
        rules: rules with their names.
    """

    rules: References = ()


def load_scene(path: Path | str, changes: Sequence[str] = ()) -> Scene:
    """Read a scene; each of `changes` replaces a setting, `key=value`.

    Raises:
        ConfigError: when the file cannot be read, or a field is missing, unknown or wrong.
        RuleError: when a rule in it is none.
    """
    return load_settings(Scene, path, changes)


def described(data: dict[str, Any], source: str, changes: Sequence[str] = ()) -> Scene:
    """The scene that tables describe; arguments and errors as of `load_scene`.

    Example:
        >>> scene = described({"task": {"name": "reversal"}}, "here", ["circuit.neurons=8"])
        >>> scene.world.circuit.neurons
        8
    """
    replace_values(data, changes)
    return validated(Scene, data, source)


def simulate(
    world: World, rules: Mapping[str, AnyRule], lives: int, seed: int, report: Report = silent
) -> dict[str, Batch]:
    """Run lives of every rule, on the same networks and noise for all of them.

    Args:
        world: circuit, task and life.
        rules: by name; every parameter has a value.
        lives: number of lives of each.
        seed: of networks and noise.
        report: told of finished lives.

    Raises:
        ConfigError: when a rule and the world do not fit each other.
        RuleError: when a parameter has no value, or a time constant does not fit the step.

    Example:
        >>> from rulegen.grammar import parse
        >>> from rulegen.circuits import RateCircuit
        >>> from rulegen.lives.life import LifeSettings
        >>> from rulegen.tasks import DelayedAssociation
        >>> world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation(),
        ...               life=LifeSettings(trials=3, warmup=0))
        >>> batches = simulate(world, {"hebb": parse("dw/dt = 1e-4*post*pre")}, lives=2, seed=0)
        >>> list(reward_table(batches))  # doctest: +NORMALIZE_WHITESPACE
        ['rule', 'life', 'trial', 'condition', 'reward', 'choice', 'wanted', 'output_1', 'outcome']
    """
    key = origin(seed)
    return {
        name: bench.answered.run(bench.values, key, lives, tick=ticks(report, name, 0, lives, 1))
        for name, bench in benches(world, rules).items()
    }


def reward_table(batches: Mapping[str, Batch]) -> pd.DataFrame:
    """The reward of every trial of every life, and what the circuit answered.

    Args:
        batches: by rule, as of `simulate`.

    Returns:
        a row a trial, columns `rule`, `life`, `trial`, `condition` (all from 0), `reward`, where it
        is known `choice`, `wanted` (both missing once a life has diverged) and `output_1` and so on
        (`rulegen.lives.batch.Answered`), and
        `outcome` (how the life ended: `ok`, `diverged`, `saturated` or `silent`).
    """
    frames = []
    for name, batch in batches.items():
        lives, trials = batch.rewards.shape
        frames.append(
            pd.DataFrame(
                {
                    "rule": name,
                    "life": np.repeat(np.arange(lives), trials),
                    "trial": np.tile(np.arange(trials), lives),
                    "condition": batch.conditions.ravel(),
                    "reward": batch.rewards.ravel(),
                    **answered(batch.answers),
                    "outcome": np.repeat(words(batch.outcomes), trials),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def answered(answers: Answered | None) -> dict[str, np.ndarray | pd.Series]:
    """The columns of what circuits answered; none where it was not kept."""
    if answers is None:
        return {}
    outputs = {
        f"output_{number}": answers.outputs[..., number - 1].ravel()
        for number in range(1, answers.outputs.shape[-1] + 1)
    }
    numbers = {"choice": answers.choices.ravel(), "wanted": answers.wanted.ravel()}
    return {k: pd.Series(n, dtype="Int64").mask(n < 0) for k, n in numbers.items()} | outputs


def benches(world: World, rules: Mapping[str, AnyRule]) -> dict[str, Bench]:
    """Every rule in the world, ready to run, so that what cannot run is refused early.

    Raises:
        ConfigError: when a rule and the world do not fit each other.
        RuleError: when a rule changes no weight, a parameter has no value, or a time constant does
            not fit the step.
    """
    found = {}
    for name, given in rules.items():
        try:
            check_effect(rule := as_rule(given))
            found[name] = Bench(world, rule).checked()
        except RuleError as error:
            raise RuleError(f"{name}: {error.message}", remedy=error.remedy) from None
        except ValueError as error:
            raise ConfigError(f"{name}: {error}") from None
    return found


def late_rewards(table: pd.DataFrame) -> dict[str, Estimate]:
    """Mean reward in the last quarter of the trials with its interval over lives, by rule.

    Args:
        table: as of `reward_table`.
    """
    trials = table["trial"].max() + 1
    late = table[table["trial"] >= trials - last_quarter(trials)]
    lives = late.groupby(["rule", "life"], sort=False)["reward"].mean().groupby("rule", sort=False)
    return {str(name): estimate(rewards.to_numpy()) for name, rewards in lives}
