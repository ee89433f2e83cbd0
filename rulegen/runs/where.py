"""In which worlds a rule runs, and what keeps it from the others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from rulegen.circuits import RateCircuit, SpikingCircuit
from rulegen.compile import compile_rule
from rulegen.grammar import AnyRule, RulegenError, as_rule
from rulegen.grammar.rule.system import check_effect
from rulegen.grammar.rule.timing import check_steps
from rulegen.lives.life import Life
from rulegen.lives.world import World
from rulegen.runs.league import load_league
from rulegen.tasks import TASKS

#: Tried where a rule reads rewards at every step and a task has them at the end.
EVERY_STEP = 'with task.delivery = "steps"'


def bundled_worlds() -> dict[str, World]:
    """Every bundled task in a circuit of rates and in one of spikes, with default settings.

    Example:
        >>> len(bundled_worlds()), list(bundled_worlds())[:2]
        (24, ['delayed_association, rate', 'delayed_association, spiking'])
    """
    circuits = (RateCircuit(), SpikingCircuit())
    return {
        f"{name}, {circuit.name}": World(circuit=circuit, task=task())
        for name, task in TASKS.items()
        for circuit in circuits
    }


def worlds_of(path: Path | str) -> dict[str, World]:
    """The worlds of a file: of a configuration, or as of `rulegen simulate --world`.

    Raises:
        ConfigError: when the file cannot be read, or a world in it is wrong.
    """
    league = load_league(path)
    return league.training | league.held_out


def where_it_runs(rule: AnyRule, worlds: Mapping[str, World] | None = None) -> pd.DataFrame:
    """Where a rule runs; nothing is simulated.

    Args:
        rule: the rule, with a value for every parameter.
        worlds: by name; by default `bundled_worlds()`.

    Returns:
        a row for each world: `world`, `runs`, and in `note` what keeps the rule from it and the
        remedy, or with which setting it runs.

    Raises:
        RuleError: when the rule runs nowhere, because it changes no weight.

    Example:
        >>> table = where_it_runs("dw/dt = 0.1*post_spike*pre")
        >>> table[table["runs"]]["world"].iloc[0]
        'delayed_association, spiking'
    """
    rule = as_rule(rule)
    check_effect(rule)
    rows = []
    for name, world in (bundled_worlds() if worlds is None else worlds).items():
        why = obstacle(rule, world)
        note = why
        if not why and reads_rewards(rule) and world.task.delivery == "end":
            task = world.task.model_copy(update={"delivery": "steps"})
            note = EVERY_STEP if not obstacle(rule, world.model_copy(update={"task": task})) else ""
        rows.append({"world": name, "runs": not why, "note": note})
    return pd.DataFrame(rows)


def obstacle(rule: AnyRule, world: World) -> str:
    """What keeps a rule from a world, in one line; "" where nothing does."""
    rule = as_rule(rule)
    values = {p.name: float(p.value) for p in rule.parameters if p.value is not None}
    try:
        # What is missing first: no step helps a rule whose signals there are not.
        Life(world.circuit, world.task, world.life, compile_rule(rule), world.projections)
        check_steps(rule, values, world.circuit.dt)
    except (RulegenError, ValueError) as error:
        return "; ".join(line.strip() for line in str(error).splitlines())
    return ""


def reads_rewards(rule: AnyRule) -> bool:
    """Whether a rule reads the reward of a step."""
    return "R" in compile_rule(as_rule(rule)).step_signals
