"""Rules beside each other: what they earn, each at values that suit the task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
import pandas as pd

from rulegen.catalog.records.ended import Ended
from rulegen.catalog.records.roles import BASELINES, CHANCE, NO_LEARNING
from rulegen.circuits import RateCircuit
from rulegen.fitting.tuning import COMPARE, Budget, opened, tuned_values
from rulegen.grammar import AnyRule, ConfigError, Rule, RuleError, as_rule, parse
from rulegen.grammar.rule.system import check_effect
from rulegen.ground.keys import Branch, branch, origin
from rulegen.ground.parts import with_defaults
from rulegen.ground.progress import Report, silent, ticks
from rulegen.ground.settings import distinct
from rulegen.ground.statistics import estimate, paired_difference
from rulegen.lives.bench import Bench, no_learning
from rulegen.lives.life import LifeSettings
from rulegen.lives.outcomes import TROUBLES, Outcomes, told
from rulegen.lives.world import World
from rulegen.publishing.settings_file import validated

#: What runs where nothing is learned.
STILL = parse("dw/dt = 0.000001*post*pre")

#: Keeps a result by its name and inputs as `Journal.recall` does, or computes it.
Recall = Callable[[str, Sequence[Any], Callable[[], dict[str, Any]]], dict[str, Any]]


def anew(name: str, inputs: Sequence[Any], compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Compute a result, and keep it nowhere."""
    return compute()


def worlds(tasks: Sequence[str], neurons: Sequence[int], trials: int = 200) -> list[World]:
    """Every task in every size of circuit, with default settings otherwise.

    Raises:
        ConfigError: when there is no such task, or a task or a size is named twice.

    Example:
        >>> [w.circuit.neurons for w in worlds(["delayed_match"], [16, 32])]
        [16, 32]
    """
    for option, given in (("task", tasks), ("neurons", [str(n) for n in neurons])):
        distinct(given, f"--{option}")
    life = validated(LifeSettings, {"trials": trials}, "--trials")
    return [
        World(circuit=RateCircuit(neurons=n), task=with_defaults("task", name), life=life)
        for name in tasks
        for n in neurons
    ]


def compare_rewards(
    rules: Mapping[str, AnyRule],
    where: Sequence[World],
    lives: int = 256,
    seed: int = 0,
    report: Report = silent,
    budget: Budget | None = COMPARE,
    recall: Recall = anew,
) -> pd.DataFrame:
    """Mean reward per trial of every rule in every world, on the same lives within a world.

    Args:
        rules: by name; differences are taken to the first that runs in a world.
        where: the worlds.
        lives: number of lives in each.
        seed: of all of them.
        report: told of finished lives.
        budget: with which each rule is tuned in each world, on lives apart from those of the
            rewards; None for rules as they are.
        recall: keeps results, as `Journal.recall` does.

    Returns:
        A row for each rule and world, and two for what they are held against, `no learning` and
        `chance`: rule, task, neurons, lives, reward with low and high, difference (to the first
        rule) and gain (over no learning), each with its limits `_low` and `_high` (paired, 95%),
        diverged, saturated and silent (numbers of lives), parameters (their values) and note. A
        rule that cannot run in a world has only a note that says why.

    Raises:
        ConfigError: when a rule is called like one of those two.
    """
    if taken := next((name for name in BASELINES if name in rules), None):
        raise ConfigError(f"`{taken}` is what all rules are held against; rename the rule")
    rows: list[dict[str, Any]] = []
    for number, world in enumerate(where):
        place = {"task": world.task.model_dump()["name"], "neurons": world.circuit.neurons}
        key = origin(seed)
        contest = Contest(world, lives, branch(key, Branch.COMPARE, number), report)
        still = recall(f"{number} {NO_LEARNING}", [world, lives, seed], contest.unlearned)
        first: np.ndarray | None = None
        for name, given in rules.items():
            try:
                check_effect(rule := as_rule(given))
                Bench(world, rule).checked()
            except (RuleError, ValueError) as error:
                rows.append({"rule": name} | place | {"note": str(error).splitlines()[0]})
                continue
            tuning = branch(key, Branch.TUNE, number)
            compute = partial(contest.entry, name, rule, tuning, budget)
            inputs = [rule.text(), world, lives, seed, budget and list(budget.rounds)]
            found = recall(f"{number} {name}", inputs, compute)
            means = np.array(found["means"])
            first = means if first is None else first
            gains = limits("difference", means, first) | limits("gain", means, still["means"])
            rows.append({"rule": name} | place | figures(found, world.task.ceiling) | gains)
        rows.append({"rule": NO_LEARNING} | place | figures(still, world.task.ceiling))
        rows.append({"rule": CHANCE} | place | {"reward": world.task.chance(world.circuit.dt)})
    columns = ["rule", "task", "neurons", "lives", "reward", "low", "high"]
    columns += [n + end for n in ("difference", "gain") for end in ("", "_low", "_high")]
    rows = [{"parameters": "", "note": ""} | row for row in rows]
    return pd.DataFrame(rows, columns=[*columns, *TROUBLES, "parameters", "note"])


class Contest(NamedTuple):
    """The lives of one world on which all rules are judged.

    Attributes:
        world: circuit, task and life. lives: how many. key: of these. report: told of them.
    """

    world: World
    lives: int
    key: jax.Array
    report: Report

    def entry(self, name: str, rule: Rule, key: jax.Array, budget: Budget | None) -> dict[str, Any]:
        """What a rule earns, tuned on lives under `key` before where there is a budget."""
        bench = Bench(self.world, rule)
        if budget is None:
            return self.judged(name, bench, bench.values)
        open_to_all = Bench(self.world, opened(rule))
        values = tuned_values(open_to_all, key, budget, self.report, f"tune {name}")
        return self.judged(name, bench, values)

    def unlearned(self) -> dict[str, Any]:
        """What the circuits earn with their initial weights."""
        bench = no_learning(self.world, STILL)
        return self.judged(NO_LEARNING, bench, bench.values)

    def judged(self, name: str, bench: Bench, values: np.ndarray) -> dict[str, Any]:
        """Rewards, outcomes and values, as plain data."""
        tick = ticks(self.report, f"rewards of {name}", 0, self.lives, 1)
        batch = bench.run(values, self.key, self.lives, tick)
        named = dict(zip(bench.names, np.asarray(values).tolist(), strict=True))
        return {"means": batch.means.tolist(), "counts": batch.counts._asdict(), "values": named}


def figures(found: Mapping[str, Any], most: float) -> dict[str, Any]:
    """What `Contest.judged` says, as a part of a row, where no life can earn more than `most`."""
    reward, counts = estimate(np.array(found["means"])).below(most), Outcomes(**found["counts"])
    told = {"lives": reward.lives, "reward": reward.mean, "low": reward.low, "high": reward.high}
    told |= counts.bad
    return told | {"parameters": ", ".join(f"{n} = {v:.4g}" for n, v in found["values"].items())}


def limits(name: str, means: np.ndarray, others: Sequence[float] | np.ndarray) -> dict[str, float]:
    """A paired difference as a part of a row."""
    found = paired_difference(means, np.array(others))
    return {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}


def reward_tables(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """For each world a table for a screen: rewards, and both differences, with their intervals.

    Args:
        table: what `compare_rewards` returns.
    """
    found = {}
    for (task, neurons), rows in table.groupby(["task", "neurons"], sort=False):
        runs = rows[rows["note"] == ""]
        first = runs["rule"].iloc[0] if len(runs) else ""
        cells = pd.DataFrame({"rule": rows["rule"]})
        heads = {"reward": "reward per trial", "gain": f"minus {NO_LEARNING}"}
        if len(runs) > 3:
            heads["difference"] = f"minus {first}"
        for column, head in heads.items():
            ends = ("low", "high") if column == "reward" else (f"{column}_low", f"{column}_high")
            cells[head] = [
                cell(mean, low, high)
                for mean, low, high in rows[[column, *ends]].itertuples(index=False)
            ]
        bad = [f"\n{words}" if words else "" for words in bad_lives(rows)]
        cells["reward per trial"] += bad
        cells.loc[rows["note"] != "", "reward per trial"] = "cannot run"
        found[f"{task}, N = {neurons}"] = cells
    return found


def cell(mean: float, low: float, high: float) -> str:
    """A mean with its interval below it; empty where there is none."""
    if np.isnan(mean):
        return ""
    return f"{mean:.4f}" + ("" if np.isnan(low) else f"\n[{low:.4f}, {high:.4f}]")


def bad_lives(table: pd.DataFrame) -> list[str]:
    """For each row how many lives ended badly, in words; empty where none did, or none lived.

    Args:
        table: what `compare_rewards` returns.
    """
    counts = table[[*TROUBLES]].fillna(0).astype(int).itertuples(index=False)
    return [Ended.of(row).ended if any(row) else "" for row in counts]


def reward_matrix(table: pd.DataFrame) -> pd.DataFrame:
    """Rules in rows, worlds in columns; cells are a mean with its interval, and bad lives if any.

    Args:
        table: what `compare_rewards` returns.
    """
    cells = [
        "cannot run" if note else cell(mean, low, high).replace("\n", " ") + (bad and f"; {bad}")
        for mean, low, high, note, bad in zip(
            *(table[name] for name in ("reward", "low", "high", "note")),
            bad_lives(table),
            strict=True,
        )
    ]
    world = table["task"] + ", N = " + table["neurons"].astype(str)
    long = pd.DataFrame({"rule": table["rule"], "world": world, "cell": cells})
    matrix = long.pivot_table(index="rule", columns="world", values="cell", aggfunc="first")
    return matrix.loc[list(dict.fromkeys(table["rule"])), list(dict.fromkeys(world))]


def statements(table: pd.DataFrame, budget: Budget | None) -> list[str]:
    """What must be said beside the rewards: the budget, the values, and lives that went wrong.

    Args:
        table: what `compare_rewards` returns.
        budget: with which it was made.
    """
    judged = table["lives"].dropna()
    apart = f"the {judged.iloc[0]:.0f} on which they are judged"
    said = [
        "Intervals are of 95%; differences are paired on common lives. Chance is the reward of the "
        "best answer that ignores the condition; no learning is that of the initial weights.",
        f"Every rule was tuned in each world with the same budget, {budget}, apart from {apart}."
        if budget
        else "No rule was tuned: values are those of the texts, and may not suit the task.",
    ]
    outcomes: dict[str, Outcomes] = {}
    many = table.groupby(["task", "neurons"]).ngroups > 1
    for row in table.to_dict("records"):
        place = f"{row['rule']}, {row['task']}, N = {row['neurons']}" if many else row["rule"]
        if row["note"]:
            said.append(f"{place}: {row['note']}")
        elif row["rule"] != CHANCE:
            if budget and row["rule"] != NO_LEARNING:
                said.append(f"{place}: {row['parameters'] or 'nothing to tune'}")
            outcomes[place] = Outcomes.beside(row["lives"], row)
    return said + told(outcomes)
