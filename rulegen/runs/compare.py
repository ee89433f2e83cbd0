"""Rules beside each other: how they change weights, and how alike they are."""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pandas as pd

from rulegen.catalog.likeness.distance import relations
from rulegen.circuits import Activity, RateCircuit
from rulegen.compile import compile_rule
from rulegen.grammar import AnyRule, RuleError, as_rule
from rulegen.grammar.algebra.symbols import DRIVE, DRIVES
from rulegen.ground.progress import Progress, Report, silent
from rulegen.lives.drive import drive

#: Rules whose algebraic distance is at most this belong to one family.
KIN = 0.5


def probe(neurons: int, trials: int, steps: int, seed: int) -> dict[str, np.ndarray]:
    """Activity of a circuit that does not learn: every signal that any rule can read.

    Potentials follow a random rate circuit with exploration noise; spikes are Poisson with the
    positive part of the rate, one in ten steps at most; errors and rewards are random numbers.
    The input is constant in a trial, and the circuit has no feedback.

    Returns:
        Arrays of shape (trials, steps, ...), and `weights`, shape (neurons, neurons).
    """
    rng = np.random.default_rng(seed)
    circuit, shape = RateCircuit(neurons=neurons), (trials, steps, neurons)
    weights = circuit.gain / neurons**0.5 * rng.standard_normal((neurons, neurons))
    xi, drives = rng.standard_normal(shape), rng.standard_normal((trials, neurons))

    def one_trial(drive: jax.Array, noise: jax.Array) -> dict[str, jax.Array]:
        def one_step(before: Activity, xi: jax.Array) -> tuple[Activity, dict[str, jax.Array]]:
            after = circuit.step(jnp.asarray(weights, xi.dtype), before, drive, xi)
            return after, circuit.signals(before, after, xi)

        start = circuit.recall(jnp.zeros(neurons, noise.dtype))
        return jax.lax.scan(one_step, start, noise)[1]

    signals = jax.vmap(one_trial)(jnp.asarray(drives, float), jnp.asarray(xi, float))
    seen = {name: np.asarray(values) for name, values in signals.items()}
    rates = np.concatenate([seen["pre"][:, :1], seen["post"]], axis=1)
    spikes = (rng.random(rates.shape) < 0.1 * np.maximum(rates, 0.0)) / circuit.dt
    reward = np.zeros((trials, steps))
    reward[:, -1] = rng.standard_normal(trials)
    inner, outer = seen["pre"] @ weights.T, np.broadcast_to(drives[:, None], shape)
    currents = {
        DRIVES["recurrent"]: inner,
        DRIVES["input"]: outer,
        DRIVES["feedback"]: np.zeros(shape),
    }
    zeta = np.broadcast_to(rng.standard_normal((trials, 1, neurons, neurons)), (*shape, neurons))
    return {
        **seen, "zeta": zeta, "R": reward,
        "pre_spike": spikes[:, :-1], "post_spike": spikes[:, 1:],
        "error": rng.standard_normal(shape), "pre_error": rng.standard_normal(shape),
        **currents, DRIVE: inner + outer, "weights": weights,
    }  # fmt: skip


def weight_changes(
    rules: Mapping[str, AnyRule],
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

    Example:
        >>> rules = {"hebb": "w += 0.01*pre*post", "still": "w += 0*pre"}
        >>> changes, reasons = weight_changes(rules, neurons=3, trials=1, steps=2)
        >>> changes["hebb"].shape, reasons
        ((3, 3), {'still': 'it does not change the weights on the probe'})
    """
    activity = probe(neurons, trials, steps, seed)
    weights = activity.pop("weights")
    signals = {name: jnp.asarray(values, float) for name, values in activity.items()}
    changes, reasons = {}, {}
    for done, (name, given) in enumerate(rules.items()):
        report(Progress("weight changes", done, len(rules), name))
        rule = as_rule(given)
        if rule.groups:
            reasons[name] = "it reads groups of neurons, and those of the probe are all alike"
            continue
        start = np.clip(weights, rule.lower, rule.upper)
        if rule.zero_diagonal:
            start = start - np.diag(np.diag(start))
        first = jnp.asarray(start, float)
        try:
            course = drive(
                compile_rule(rule),
                first,
                {**signals, "condition": jnp.arange(trials) % 2},
                dt=RateCircuit().dt,
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


def headed(square: pd.DataFrame) -> pd.DataFrame:
    """A table with rules in rows and columns, and the names of its rows as a first column `rule`.

    It is there beside the column of a rule that is called like it.

    Example:
        >>> square = pd.DataFrame([[0.0]], index=["rule"], columns=["rule"])
        >>> headed(square).to_numpy().tolist(), list(headed(square))
        ([['rule', 0.0]], ['rule', 'rule'])
    """
    table = square.copy()
    table.insert(0, "rule", square.index, allow_duplicates=True)
    return table


def family_graph(rules: Mapping[str, AnyRule], kin: float = KIN) -> nx.Graph:
    """Rules as nodes, joined where their algebraic distance is at most `kin`.

    Every edge has its `distance` and what its later end is in terms of the first, `relation`;
    every node the number of its `family`, the largest first.

    Example:
        >>> from rulegen.catalog import find
        >>> graph = family_graph({name: find(name).rule for name in ("hebb", "oja", "td_lambda")})
        >>> graph.edges["hebb", "oja"]["relation"], graph.nodes["td_lambda"]["family"]
        ('the terms of hebb and post**2*w', 1)
    """
    graph = nx.Graph()
    graph.add_nodes_from(rules)
    known = {name: as_rule(rule) for name, rule in rules.items()}
    for (a, b), (distance, relation) in relations(known).items():
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
