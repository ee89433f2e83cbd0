"""In which worlds a rule runs, and what keeps it from the others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from rulegen.circuits import Circuit, RateCircuit, SpikingCircuit
from rulegen.circuits.base import SHARES
from rulegen.compile import CompiledRule, compile_rule
from rulegen.grammar import AnyRule, Rule, RulegenError, as_rule
from rulegen.grammar.algebra.operators import delay
from rulegen.grammar.algebra.symbols import DRIVES, SIGNS, Driving
from rulegen.grammar.rule.locality import expressions
from rulegen.grammar.rule.system import check_effect
from rulegen.grammar.rule.timing import check_steps, shown, steps_back
from rulegen.lives.life import Life
from rulegen.lives.world import World
from rulegen.runs.league import load_league
from rulegen.tasks import TASKS

#: Tried where a rule reads rewards at every step and a task has them at the end.
EVERY_STEP = 'with task.delivery = "steps"'
#: Tried where a rule tells apart what nothing tells apart, or reads a feedback that there is not:
#: a share of excitatory sources, the largest part of the neurons in a group, a size of weights.
SHARE, PART, SIZE = 0.8, 0.25, 1.0


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

    Example:
        >>> from importlib.resources import files
        >>> path = files("rulegen").joinpath("examples/recall.toml")
        >>> [world.task.name for world in worlds_of(path).values()]
        ['trajectory_recall']
    """
    league = load_league(path)
    return league.training | league.held_out


def where_it_runs(rule: AnyRule, worlds: Mapping[str, World] | None = None) -> pd.DataFrame:
    """Where a rule runs; nothing is simulated.

    Args:
        rule: the rule, with a value for every parameter.
        worlds: by name; by default `bundled_worlds()`.

    Returns:
        a row for each world: `world`, `runs`, and in `note` with which settings of the circuit or
        the task, if it needs some, and what it reads in vain, or what keeps the rule from it and
        the remedy.

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
        why, settings = obstacle(rule, world), list[str]()
        if why and (changes := wanted(rule, world.circuit, world.projections.studied)):
            other = with_circuit(world, changes)
            if not obstacle(rule, other):
                world, why, settings = other, "", [f"circuit.{c}" for c in lines(changes)]
        if not why and reads_rewards(rule) and world.task.delivery == "end":
            task = world.task.model_copy(update={"delivery": "steps"})
            if not obstacle(rule, world.model_copy(update={"task": task})):
                settings.append(EVERY_STEP.removeprefix("with "))
        told = [f"with {' and '.join(settings)}"] if settings else []
        note = why or "; ".join([*told, *never(rule, world)])
        rows.append({"world": name, "runs": not why, "note": note})
    return pd.DataFrame(rows)


def obstacle(rule: AnyRule, world: World) -> str:
    """What keeps a rule from a world, in one line; "" where nothing does."""
    rule = as_rule(rule)
    values = {p.name: float(p.value) for p in rule.parameters if p.value is not None}
    try:
        # What is missing first: no step helps a rule whose signals there are not.
        Life(world.circuit, world.task, world.life, compiled(rule), world.projections)
        check_steps(rule, values, world.circuit.dt)
    except (RulegenError, ValueError) as error:
        return "; ".join(line.strip() for line in str(error).splitlines())
    return ""


def reads_rewards(rule: AnyRule) -> bool:
    """Whether a rule reads the reward of a step."""
    return "R" in compiled(as_rule(rule)).step_signals


@lru_cache(maxsize=64)
def compiled(rule: Rule) -> CompiledRule:
    """A rule as all worlds have it, compiled once."""
    return compile_rule(rule)


def wanted(rule: AnyRule, circuit: Circuit, studied: Driving) -> dict[str, Any]:
    """Settings of a circuit that give a rule the groups and the feedback that it reads.

    Args:
        rule: the rule. circuit: whose settings they are. studied: where the rule lives.

    Example:
        >>> wanted("w += pre.fast*post.excitatory*pre", RateCircuit(), "recurrent")
        {'excitatory': 0.8, 'groups': {'fast': (0.0, 0.25)}}
    """
    rule = as_rule(rule)
    sides = {"pre": SHARES[studied], "post": SHARES["recurrent"]}
    shares = {sides[group.side] for group in rule.groups if group.group in SIGNS}
    found: dict[str, Any] = {n: SHARE for n in sorted(shares) if not getattr(circuit, n)}
    names = dict.fromkeys(group.group for group in rule.groups if group.group not in SIGNS)
    if more := [name for name in names if name not in circuit.groups]:
        size = min(PART, 1 / len(more))
        parts = {name: (i * size, (i + 1) * size) for i, name in enumerate(more)}
        found["groups"] = circuit.groups | parts
    if DRIVES["feedback"] in compiled(rule).signals and circuit.feedback is None:
        found["feedback"] = SIZE
    return found


def never(rule: AnyRule, world: World) -> list[str]:
    """What is always 0: a delay that is longer than a trial.

    Example:
        >>> from rulegen.tasks import DelayedAssociation
        >>> never("w += 0.1*delay(post, 1000 ms)*pre", World(task=DelayedAssociation()))
        ['`delay(post, 1000*ms)` is always 0, as a trial lasts 300 ms: use a shorter one']
    """
    dt = world.circuit.dt
    steps = world.task.steps(dt)
    found = {node for expr in expressions(as_rule(rule)) for node in expr.atoms(delay)}
    return [
        f"`{shown(node)}` is always 0, as a trial lasts {steps * dt:g} ms: use a shorter one"
        for node in sorted(found, key=str)
        if steps_back(node, dt) > steps
    ]


def with_circuit(world: World, changes: dict[str, Any]) -> World:
    """A world with other settings of its circuit; the same where there is no such circuit."""
    circuit = world.circuit
    try:
        other = type(circuit).model_validate(dict(circuit) | changes)
    except ValidationError:
        return world
    return world.model_copy(update={"circuit": other})


def lines(changes: Mapping[str, Any]) -> list[str]:
    """Settings as a file has them.

    Example:
        >>> lines({"excitatory": 0.8, "groups": {"fast": (0.0, 0.25)}})
        ['excitatory = 0.8', 'groups = { fast = [0, 0.25] }']
    """

    def text(value: Any) -> str:
        if isinstance(value, dict):
            return f"{{ {', '.join(f'{name} = {text(part)}' for name, part in value.items())} }}"
        if isinstance(value, tuple):
            return f"[{', '.join(map(text, value))}]"
        return f"{value:g}"

    return [f"{name} = {text(value)}" for name, value in changes.items()]
