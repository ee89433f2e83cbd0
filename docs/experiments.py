"""The tables and the picture of docs/experiments.md: `make experiments`.

    python docs/experiments.py FOLDER

does what rules of the literature were made for, as they are in the catalog: values of a chain of
states, a reward that comes seconds after what earned it, errors that teach a trajectory, and the
noise of two ways to perturb. FOLDER keeps what circuits of a world earn while it runs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from filling import fill

from rulegen.catalog import find
from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.fitting.tuning import COMPARE
from rulegen.ground.digests import programs
from rulegen.ground.display import Display
from rulegen.ground.journal import Journal
from rulegen.ground.noise import Stream, stream, uniform
from rulegen.ground.progress import Progress, Report
from rulegen.ground.runtime import keep_compiled_programs, use_all_cores
from rulegen.ground.statistics import estimate
from rulegen.lives.drive import drive
from rulegen.lives.life import LifeSettings
from rulegen.lives.projections import Projections
from rulegen.lives.world import World
from rulegen.publishing.figures import new_axes, save_figure
from rulegen.runs.contest import compare_rewards
from rulegen.tasks import DelayedAssociation, TrajectoryRecall

Array = jax.Array
PAGE = Path(__file__).with_suffix(".md")
SEED, LIVES = 5, 128

# A chain of states ------------------------------------------------------------------------------

STATES, GAMMA = 10, 0.9


def chain(lam: float, trials: int) -> np.ndarray:
    """The largest error of a value after each trial, shape (K,), where one state follows another.

    A reward of 1 comes after the last, so state k is worth gamma^(STATES - 1 - k).
    """
    state = np.vstack([np.eye(STATES), np.zeros((1, STATES))])
    reward = np.zeros(STATES + 1)
    reward[-1] = 1.0
    activity = {
        "pre": jnp.broadcast_to(jnp.asarray(state), (trials, *state.shape)),
        "R": jnp.broadcast_to(jnp.asarray(reward), (trials, STATES + 1)),
    }

    def critic(weights: Array, bias: Array, inputs: Any, memory: Any) -> tuple[dict, Any]:
        return {"post": weights @ inputs["pre"]}, memory

    values = {"eta": 0.3, "gamma": GAMMA, "lambda": lam}
    rule = compile_rule(find("td_lambda").rule)
    start = jnp.zeros((1, STATES))
    course = drive(rule, start, activity, values, dt=1.0, circuit=critic)
    worth = GAMMA ** np.arange(STATES - 1, -1, -1.0)
    return np.abs(np.asarray(course.history["w"])[:, 0] - worth).max(axis=1)


def chain_rows() -> Iterator[tuple[str, ...]]:
    """A row for each lambda."""
    for lam in (0.0, 0.5, 0.9, 1.0):
        errors = chain(lam, 400)
        yield f"{lam:g}", str(int(np.argmax(errors < 0.05)) + 1), f"{errors[-1]:.1g}"


# A reward that comes late -----------------------------------------------------------------------

SYNAPSES, LIMIT = 50, 4.0
#: Spikes of the neuron: in 1 ms by itself, and more for each unit of weight that has just spiked.
ALONE, EACH = 0.001, 0.02
#: A spike of the first synapse and one of the neuron within so many ms earn a reward, this many ms
#: later at least and at most; so much of it, beside what is always there in a ms.
TOGETHER, EARLIEST, LATEST, REWARD, TONIC = 10, 1000, 3000, 0.5, 1e-5
#: Spikes of a synapse in a ms, rewards that may be on their way, and steps of one program.
RATE, WAITING, PIECE = 0.002, 16, 20_000


class Protocol(NamedTuple):
    """What the experimenter keeps from step to step: the last spikes, and when rewards are due."""

    source: Stream
    now: Array
    spiked: Array
    since: Array
    due: Array


def unrewarded(life: Array) -> Protocol:
    """Before the first step."""
    start = jnp.zeros((), jnp.int32)
    nobody = jnp.zeros(SYNAPSES)
    source = stream(jax.random.key(SEED)).fold(life)
    return Protocol(source, start, nobody, start + TOGETHER, jnp.full(WAITING, -1))


def experimenter(weights: Array, bias: Array, inputs: Any, kept: Protocol) -> tuple[dict, Protocol]:
    """One ms: Poisson spikes, a neuron that they drive, and the rewards that were promised."""
    lots = uniform(kept.source, (1, SYNAPSES + 2), first=kept.now)[0]
    pre = (lots[2:] < RATE).astype(jnp.float32)
    post = lots[0] < ALONE + EACH * weights[0] @ kept.spiked
    reward = REWARD * (kept.due == kept.now).sum()
    free = kept.due < kept.now
    first = jnp.cumsum(free) * free == 1
    late = kept.now + (EARLIEST + lots[1] * (LATEST - EARLIEST)).astype(jnp.int32)
    due = jnp.where(first & post & (kept.since < TOGETHER), late, kept.due)
    since = jnp.where(pre[0] > 0, 0, kept.since + 1)
    post_spike = post.astype(jnp.float32)[None]
    signals = {"pre_spike": pre, "post_spike": post_spike, "R": reward + TONIC}
    return signals, Protocol(kept.source, kept.now + 1, pre, since, due)


def distal(lives: int, minutes: float, report: Report) -> np.ndarray:
    """Weights of all synapses at the end, shape (lives, SYNAPSES); the first one earns rewards."""
    rule = compile_rule(find("dopamine_stdp").rule)
    nothing = {"unused": jnp.zeros((1, PIECE))}

    @jax.jit
    @jax.vmap
    def go_on(state: dict[str, Array], memory: Protocol) -> tuple[dict[str, Array], Protocol]:
        kept = {name: value for name, value in state.items() if name != "w"}
        found = drive(rule, state["w"], nothing, kept, dt=1.0, circuit=experimenter, memory=memory)
        return found.state, found.memory

    weights = jnp.ones((lives, 1, SYNAPSES))
    state = jax.vmap(lambda w: rule.init(w, 1))(weights)
    memory = jax.vmap(unrewarded)(jnp.arange(lives))
    pieces = round(minutes * 60_000 / PIECE)
    for piece in range(pieces):
        state, memory = go_on(state, memory)
        report(Progress("a reward that comes late", piece + 1, pieces))
    return np.asarray(state["w"])[:, 0]


def distal_rows(weights: np.ndarray) -> Iterator[tuple[str, ...]]:
    """What became of the synapse that earns rewards, and of all others."""
    others = weights[:, 1:]
    yield "the one that earns rewards", str(estimate(weights[:, 0])), ""
    yield "all others, mean", str(estimate(others.mean(axis=1))), ""
    largest = int((weights[:, 0] >= others.max(axis=1)).sum())
    yield "strongest of all", "", f"{largest} of {len(weights)}"


# Two ways to perturb ----------------------------------------------------------------------------


def relative_variance(name: str, outputs: int, inputs: int, draws: int) -> float:
    """Variance of one update of a linear layer, summed, over its squared mean; R = -|y|^2/2."""
    by_node, small = name == "node_perturbation", 1e-3
    rng = np.random.default_rng(SEED)
    weights = jnp.asarray(rng.normal(size=(outputs, inputs)))
    x = jnp.asarray(rng.normal(size=inputs))

    def layer(used: Array, bias: Array, inputs: Any, memory: Any) -> tuple[dict, Any]:
        y = used @ inputs["pre"] + (small * inputs["xi"] if by_node else 0.0)
        return {"post": y, "R": -0.5 * jnp.sum(y**2)}, memory

    baseline = -0.5 * jnp.sum((weights @ x) ** 2)
    start = {"R_bar": baseline[None]} if by_node else {"R_bar": baseline, "sigma": small}
    rule = compile_rule(find(name).rule)

    @jax.jit
    @jax.vmap
    def change(noise: Array) -> Array:
        seen = {"pre": x[None, None], ("xi" if by_node else "zeta"): noise[None, None]}
        return drive(rule, weights, seen, start, dt=1.0, circuit=layer).state["w"] - weights

    shape = (draws, outputs) if by_node else (draws, outputs, inputs)
    changes = np.asarray(change(jax.random.normal(jax.random.key(SEED), shape)))
    variance = changes.var(axis=0).sum()
    # A squared mean over draws is too large by the variance of the mean.
    return float(variance / ((changes.mean(axis=0) ** 2).sum() - variance / draws))


def noise_rows(draws: int = 200_000) -> Iterator[tuple[str, ...]]:
    """Theory and measurement for layers of several sizes."""
    for outputs, inputs in ((2, 3), (5, 10), (5, 40)):
        theory = outputs + 1, outputs * inputs + 1
        with jax.enable_x64(True):
            found = [
                relative_variance(name, outputs, inputs, draws)
                for name in ("node_perturbation", "weight_perturbation")
            ]
        cells = [f"{found[0]:.1f} ({theory[0]})", f"{found[1]:.1f} ({theory[1]})"]
        ratio = f"{found[1] / found[0]:.1f} ({theory[1] / theory[0]:.1f})"
        yield str(outputs), str(inputs), *cells, ratio


# In circuits of a world -------------------------------------------------------------------------


def earned(names: tuple[str, ...], worlds: dict[str, World], kept: Journal, report: Report) -> str:
    """What rules of the literature earn, each tuned in each world."""
    rules = {name: find(name).rule for name in names}
    table = compare_rewards(rules, [*worlds.values()], LIVES, SEED, report, COMPARE, kept.recall)
    labels = np.repeat(list(worlds), len(table) // len(worlds))
    rows = [
        (label, f"`{row['rule']}`", limits(row, "reward", "low", "high"), gain(row))
        for label, (_, row) in zip(labels, table.iterrows(), strict=True)
        if row["rule"] in names
    ]
    return markdown(("world", "rule", "reward per trial", "minus no learning"), rows)


def limits(row: pd.Series, *columns: str) -> str:
    """A mean with its interval."""
    mean, low, high = (row[name] for name in columns)
    return f"{mean:.4f} [{low:.4f}, {high:.4f}]"


def gain(row: pd.Series) -> str:
    """What learning is worth."""
    return limits(row, "gain", "gain_low", "gain_high")


#: Feedback of errors learns how each neuron is read out, by what its noise does to the outputs.
MIRROR = "w += 0.02*(prev(xi)*pre - 0.02*w)"


def trajectories() -> dict[str, World]:
    """A trajectory to be recalled, with errors that come back in three ways."""
    ways = (
        ("the readout", "readout", ""), ("random weights", "random", ""),
        ("weights that learn", "random", MIRROR),
    )  # fmt: skip
    return {
        f"errors through {words}": World(
            circuit=RateCircuit(errors=errors),
            task=TrajectoryRecall(),
            life=LifeSettings(),
            projections=Projections(errors=rule),
        )
        for words, errors, rule in ways
    }


def sizes() -> dict[str, World]:
    """One task in circuits of growing size."""
    return {
        f"{neurons} neurons": World(
            circuit=RateCircuit(neurons=neurons), task=DelayedAssociation(), life=LifeSettings()
        )
        for neurons in (8, 16, 32, 64)
    }


# The page ---------------------------------------------------------------------------------------


def markdown(head: tuple[str, ...], rows: Any) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def draw(weights: np.ndarray, path: Path) -> None:
    """Weights at the end, of the synapse that earns rewards and of all others."""
    axes = new_axes(5, 2.6)
    bins = np.linspace(0, LIMIT, 33)
    axes.hist(weights[:, 1:].ravel(), bins, density=True, color="0.6", label="others")
    axes.hist(weights[:, 0], bins, density=True, color="C0", alpha=0.8, label="earns rewards")
    axes.set_xlabel("weight at the end")
    axes.set_ylabel("density")
    axes.legend(frameon=False)
    save_figure(axes, path.parent, path.name)
    path.with_suffix(".pdf").unlink()


def main(folder: Path) -> None:
    """Do all of them, and put what they find into the page."""
    use_all_cores()
    keep_compiled_programs()
    folder.mkdir(parents=True, exist_ok=True)
    identity = {"configuration": "experiments", **programs()}
    with Journal(folder / "history.jsonl", identity) as journal, Display() as report:
        weights = distal(24, 20, report)
        parts = {
            "chain": markdown(
                ("lambda", "trials until all are right", "error at last"), chain_rows()
            ),
            "distal": markdown(("synapses", "weight at the end", "lives"), distal_rows(weights)),
            "noise": markdown(
                ("outputs", "inputs", "node perturbation", "weight perturbation", "ratio"),
                noise_rows(),
            ),
            "trajectory": earned(
                ("rflo", "e_prop", "node_perturbation"), trajectories(), journal, report
            ),
            "sizes": earned(("node_perturbation", "weight_perturbation"), sizes(), journal, report),
        }
    draw(weights, PAGE.with_suffix(""))
    fill(PAGE, parts)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
