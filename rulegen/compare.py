"""Rules beside each other: what they earn, how they change weights, how alike they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import networkx as nx
import numpy as np
import pandas as pd

from catalog.distance import relations
from grammar import ConfigError, Rule, RuleError
from grammar.system import check_effect
from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.drive import drive
from rulegen.keys import Branch, branch, origin
from rulegen.life import LifeSettings
from rulegen.lives import World
from rulegen.progress import Progress, Report, silent, ticks
from rulegen.settings import distinct
from rulegen.statistics import estimate, paired_difference
from rulegen.tasks import TASKS
from rulegen.workbench import Workbench

#: Rules whose algebraic distance is at most this belong to one family.
KIN = 0.5


def worlds(tasks: Sequence[str], neurons: Sequence[int], trials: int = 200) -> list[World]:
    """Every task in every size of circuit, with default settings otherwise.

    Raises:
        ConfigError: when there is no such task, or a task or a size is named twice.

    Example:
        >>> [w.circuit.neurons for w in worlds(["delayed_match"], [16, 32])]
        [16, 32]
    """
    if unknown := [name for name in tasks if name not in TASKS]:
        raise ConfigError(f"there is no task `{unknown[0]}`: choose from {', '.join(TASKS)}")
    for option, given in (("task", tasks), ("neurons", [str(n) for n in neurons])):
        distinct(given, f"--{option}")
    life = LifeSettings(trials=trials)
    return [
        World(circuit=RateCircuit(neurons=n), task=TASKS[name](), life=life)
        for name in tasks
        for n in neurons
    ]


def compare_rewards(
    rules: Mapping[str, Rule],
    where: Sequence[World],
    lives: int = 256,
    seed: int = 0,
    report: Report = silent,
) -> pd.DataFrame:
    """Mean reward per trial of every rule in every world, on the same lives within a world.

    Args:
        rules: by name; differences are taken to the first that runs in a world.
        where: the worlds.
        lives: number of lives in each.
        seed: of all of them.
        report: told of finished lives.

    Returns:
        A row for each rule and world: rule, task, neurons, lives, reward with low and high,
        difference with difference_low and difference_high (paired, 95%), diverged, note. A rule
        that cannot run in a world has only a note that says why.
    """
    rows: list[dict[str, Any]] = []
    total, done = lives * len(rules) * len(where), 0
    for number, world in enumerate(where):
        key = branch(origin(seed), Branch.COMPARE, number)
        first: np.ndarray | None = None
        for name, rule in rules.items():
            place = {
                "rule": name,
                "task": world.task.model_dump()["name"],
                "neurons": world.circuit.neurons,
            }
            report(Progress("rewards", done, total, name))
            try:
                check_effect(rule)
                bench = Workbench(world, rule)
                bench.plain  # noqa: B018  (made here, to learn whether the rule runs)
            except (RuleError, ValueError) as error:
                rows.append(place | {"note": str(error).splitlines()[0]})
            else:
                batch = bench.run(
                    bench.values, key, lives, ticks(report, "rewards", done, total, 1)
                )
                first = batch.means if first is None else first
                reward, gain = estimate(batch.means), paired_difference(batch.means, first)
                figures = {"lives": lives, "reward": reward.mean, "low": reward.low}
                figures |= {"high": reward.high, "difference": gain.mean}
                figures |= {"difference_low": gain.low, "difference_high": gain.high}
                rows.append(place | figures | {"diverged": batch.diverged, "note": ""})
            done += lives
    report(Progress("rewards", total, total))
    columns = ["rule", "task", "neurons", "lives", "reward", "low", "high", "difference"]
    columns += ["difference_low", "difference_high", "diverged", "note"]
    return pd.DataFrame(rows, columns=columns)


def reward_matrix(table: pd.DataFrame) -> pd.DataFrame:
    """Rules in rows, worlds in columns; cells are a mean with its interval.

    Args:
        table: what `compare_rewards` returns.
    """
    cells = [
        "cannot run" if note else f"{mean:.4g} [{low:.4g}, {high:.4g}]"
        for mean, low, high, note in zip(
            table["reward"], table["low"], table["high"], table["note"], strict=True
        )
    ]
    world = table["task"] + ", N = " + table["neurons"].astype(str)
    long = pd.DataFrame({"rule": table["rule"], "world": world, "cell": cells})
    matrix = long.pivot_table(index="rule", columns="world", values="cell", aggfunc="first")
    return matrix.loc[list(dict.fromkeys(table["rule"])), list(dict.fromkeys(world))]


def probe(neurons: int, trials: int, steps: int, seed: int) -> dict[str, np.ndarray]:
    """Activity of a circuit that does not learn: every signal that any rule can read.

    Potentials follow a random rate circuit with exploration noise; spikes are Poisson with the
    positive part of the rate, one in ten steps at most; errors and rewards are random numbers.

    Returns:
        Arrays of shape (trials, steps, ...), and `weights`, shape (neurons, neurons).
    """
    rng = np.random.default_rng(seed)
    circuit, shape = RateCircuit(neurons=neurons), (trials, steps, neurons)
    weights = circuit.gain / neurons**0.5 * rng.standard_normal((neurons, neurons))
    xi, drives = rng.standard_normal(shape), rng.standard_normal((trials, 1, neurons))
    u = np.zeros((trials, steps + 1, neurons))
    for t in range(steps):
        current = np.tanh(u[:, t]) @ weights.T + drives[:, 0]
        u[:, t + 1] = u[:, t] + circuit.step_size * (current - u[:, t]) + circuit.noise * xi[:, t]
    rates = np.tanh(u)
    spikes = (rng.random(rates.shape) < 0.1 * np.maximum(rates, 0.0)) / circuit.dt
    reward = np.zeros((trials, steps))
    reward[:, -1] = rng.standard_normal(trials)
    zeta = np.broadcast_to(rng.standard_normal((trials, 1, neurons, neurons)), (*shape, neurons))
    return {
        "pre": rates[:, :-1], "post": rates[:, 1:], "pre_u": u[:, :-1], "u": u[:, 1:],
        "slope": 1.0 - rates[:, 1:] ** 2, "xi": xi, "zeta": zeta, "R": reward,
        "pre_spike": spikes[:, :-1], "post_spike": spikes[:, 1:],
        "error": rng.standard_normal(shape), "pre_error": rng.standard_normal(shape),
        "weights": weights,
    }  # fmt: skip


def weight_changes(
    rules: Mapping[str, Rule],
    *,
    neurons: int = 8,
    trials: int = 8,
    steps: int = 30,
    seed: int = 0,
    report: Report = silent,
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """How each rule changes the weights on one and the same activity; see `probe`.

    Returns:
        The changes by name, shape (neurons, neurons), and for rules without one the reason.
    """
    activity = probe(neurons, trials, steps, seed)
    weights = activity.pop("weights")
    signals = {name: jnp.asarray(values, float) for name, values in activity.items()}
    changes, reasons = {}, {}
    for done, (name, rule) in enumerate(rules.items()):
        report(Progress("weight changes", done, len(rules), name))
        start = np.clip(weights, rule.lower, rule.upper)
        if rule.zero_diagonal:
            start = start - np.diag(np.diag(start))
        first = jnp.asarray(start, float)
        try:
            course = drive(
                compile_rule(rule),
                first,
                signals,
                dt=RateCircuit().dt,
                conditions=jnp.arange(trials) % 2,
                number_of_conditions=2,
            )
        except (RuleError, ValueError) as error:
            reasons[name] = str(error).splitlines()[0]
            continue
        change = np.asarray(course.state["w"], float) - np.asarray(first, float)
        if not np.isfinite(change).all():
            reasons[name] = "its weights leave the finite range on the probe"
        elif not np.abs(change).max() > 1e-12:
            reasons[name] = "it does not change the weights on the probe"
        else:
            changes[name] = change
    report(Progress("weight changes", len(rules), len(rules)))
    return changes, reasons


def behavioural_distance(changes: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Cosine distances between weight changes: 0 the same direction, 1 none in common, 2 opposite.

    `d(a, b) = 1 - <a, b>/(|a| |b|)`, so learning rates do not count.

    Example:
        >>> import numpy as np
        >>> a = np.eye(2)
        >>> behavioural_distance({"a": a, "2a": 2*a, "-a": -a}).loc["a"].round(6).tolist()
        [0.0, 0.0, 2.0]
    """
    flat = np.array([c.ravel() / np.linalg.norm(c) for c in changes.values()])
    distance = 1.0 - flat @ flat.T if len(flat) else np.zeros((0, 0))
    names = list(changes)
    return pd.DataFrame(np.maximum(distance, 0.0), index=names, columns=names)


def family_graph(rules: Mapping[str, Rule], kin: float = KIN) -> nx.Graph:
    """Rules as nodes, joined where their algebraic distance is at most `kin`.

    Every edge has its `distance` and what its later end is in terms of the first, `relation`;
    every node the number of its `family`, the largest first.

    Example:
        >>> from catalog import find
        >>> graph = family_graph({name: find(name).rule for name in ("hebb", "oja", "td_lambda")})
        >>> graph.edges["hebb", "oja"]["relation"], graph.nodes["td_lambda"]["family"]
        ('= hebb + post^2*w', 1)
    """
    graph = nx.Graph()
    graph.add_nodes_from(rules)
    for (a, b), (distance, relation) in relations(rules).items():
        if distance <= kin:
            graph.add_edge(a, b, distance=distance, relation=relation)
    return number_families(graph)


def number_families(graph: nx.Graph) -> nx.Graph:
    """The graph, whose nodes know the number of their `family`: what edges connect, largest first.

    Example:
        >>> graph = nx.Graph([("b", "c")])
        >>> graph.add_node("a")
        >>> dict(number_families(graph).nodes(data="family"))
        {'b': 0, 'c': 0, 'a': 1}
    """
    families = sorted(nx.connected_components(graph), key=lambda f: (-len(f), min(f)))
    for number, family in enumerate(families):
        for name in family:
            graph.nodes[name]["family"] = number
    return graph
