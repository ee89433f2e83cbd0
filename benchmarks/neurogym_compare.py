"""Tasks of neurogym beside those of rulegen, from the files of `neurogym_sample` (`make neurogym`).

Both have the same periods. Inputs are brought to the channels of rulegen and compared condition by
condition, step by step; targets follow the convention of `rulegen.sample_trials`. Then circuits
learn one task of neurogym by `rulegen simulate`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from rulegen.ground.noise import stream
from rulegen.ground.statistics import estimate, paired_difference
from rulegen.tasks import (
    ContextIntegration,
    DelayedMatch,
    GoNogo,
    PerceptualDecision,
    ReadySetGo,
    Samples,
    Task,
    WorkingMemory,
)

#: Draws of a trial of each of our conditions.
DRAWS = 1000
#: Means agree that differ by no more standard errors than this, at any of thousands of places.
FAR = 5.0
LIVES = 40
SCENE = """
[task]
name = "sampled"
file = "{file}"
[circuit]
neurons = 64
dt = 20
[life]
trials = 4000
[[rules]]
name = "node perturbation"
rule = '''
e <- e + 3e-4*xi*pre : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.02, 0.02)
'''
"""


class Pair(NamedTuple):
    """A task of ours for one of theirs.

    Attributes:
        ours: with their timing and strengths.
        conditions: for each of their conditions the one of ours, or -1 for none.
        seen: their inputs, shape (n, T, channels), as channels of ours.
        remarks: what the figures do not say.
    """

    ours: Task
    conditions: Sequence[int]
    seen: Callable[[np.ndarray], np.ndarray]
    remarks: str


def frequencies(inputs: np.ndarray) -> np.ndarray:
    """Their stimulus from 0.5 to 1 as a pair of channels around 0; nothing shown is 0 in both."""
    x = np.where(inputs[..., 1] > 0, (64.0 * inputs[..., 1] - 52.0) / 12.0, 0.0)
    return np.stack([x, -x], axis=-1)


PAIRS = {
    "perceptual_decision": Pair(
        PerceptualDecision(spread=2**0.5),
        range(10),
        lambda x: x[..., [2]] - x[..., [1]],
        "theirs shows the evidence for either side on a channel of its own, around 0.5 and with "
        "noise of its own; the difference of both is our one channel with a `spread` of sqrt(2), "
        "noise included. A fixation channel is on in the fixation period alone",
    ),
    "delayed_match": Pair(
        DelayedMatch(before=60, wait=0),
        range(4),
        lambda x: x[..., 1:],
        "theirs has noise on the stimuli (here without), and a fixation channel that is on until "
        "the decision. Their actions are 1 for a match and 2 for a non-match, so that the targets "
        "are those of our non-match task",
    ),
    "working_memory": Pair(
        WorkingMemory(delay=160),
        [-1, 0, 4, 1, 5, 2, 6, 3],
        frequencies,
        "theirs shows each frequency as one number from 0.5 to 1, ours as a rising and a falling "
        "one around 0. Theirs has every pair in both orders, so that extreme first frequencies "
        "tell the answer; ours every first frequency with a lower and a higher second one. Seven "
        "of eight conditions are in both (the others: 2 then 10 Hz, 34 then 42 Hz)",
    ),
    "go_nogo": Pair(
        GoNogo(),
        [1, 0],
        lambda x: x[..., [2, 1]],
        "theirs has no-go first, a fixation channel that is on until the decision, and punishes "
        "a missed go",
    ),
    "context_integration": Pair(
        ContextIntegration(scale=1.0, bias=0.5, amplitude=0.5),
        [2, 0, 3, 1],
        lambda x: np.concatenate([x[..., [2, 4]] - x[..., [1, 3]], x[..., 5:]], axis=-1),
        "theirs has two channels for each signal, of which ours is the difference, and three "
        "coherences, here set to one. The fixation channel is on in the fixation period alone, "
        "not until the decision",
    ),
}


def agreement(name: str, pair: Pair, samples: Samples) -> list[str]:
    """One row of the table."""
    ours, dt = pair.ours, samples.dt
    theirs = list(samples.periods.values())
    same = theirs == list(ours.spans(dt).values())
    stimuli = pair.seen(samples.inputs.astype(float))
    source = stream(jax.random.key(0))
    draw = jax.jit(jax.vmap(lambda i, c: ours.trial(source.fold(i), c, dt), (0, None)))
    gaps, errors, spreads, off, counted = [], [], [], 0.0, True
    for their, our in enumerate(pair.conditions):
        if our < 0:
            continue
        here = samples.conditions == their
        trials = draw(jnp.arange(DRAWS), jnp.asarray(our))
        shown, drawn = stimuli[here], np.asarray(trials.stimulus, float)
        gaps.append(np.abs(shown.mean(axis=0) - drawn.mean(axis=0)))
        errors.append(np.sqrt(shown.var(axis=0) / len(shown) + drawn.var(axis=0) / DRAWS))
        noisy = shown.std(axis=0) > 1e-6
        spreads.append((shown.std(axis=0)[noisy], drawn.std(axis=0)[noisy]))
        counted &= bool(np.all((samples.mask[here] > 0) == np.asarray(trials.weight[0] > 0)))
        off = max(off, float(np.abs(samples.targets[here] - np.asarray(trials.target[0])).max()))
    gap, error = np.array(gaps), np.array(errors)
    exact = error.max() < 1e-6
    distance = (gap / np.maximum(error, 1e-6)).max()
    inputs = f"differ by at most {gap.max():.2g}"
    if not exact:
        noise = [np.concatenate(parts).mean() for parts in zip(*spreads, strict=True)]
        inputs += (
            f", {distance:.1f} standard errors, at {gap.size} places; noise of "
            f"{noise[0]:.3f} and {noise[1]:.3f}"
        )
    agree = gap.max() < 1e-5 if exact else distance < FAR
    return [
        f"`{name}`",
        f"{'same' if same else 'DIFFERENT'}: {' + '.join(map(str, theirs))} steps",
        "same" if counted else "DIFFERENT",
        f"{'same' if agree else 'DIFFERENT'}: {inputs}",
        f"{'same' if off < 1e-6 else 'DIFFERENT'}: differ by at most {off:.2g}",
    ]


def intervals(samples: Samples) -> pd.DataFrame:
    """Of each condition of an interval task: from ready to set, and from set to the answer, ms."""
    rows = []
    for condition in range(samples.conditions.max() + 1):
        number = np.flatnonzero(samples.conditions == condition)[0]
        ready, begin = (np.argmax(samples.inputs[number, :, c] > 0) for c in (1, 2))
        go = np.argmax(samples.targets[number, :, 0] > 0)
        rows.append({"sample": (begin - ready) * samples.dt, "go": (go - begin) * samples.dt})
    return pd.DataFrame(rows)


def interval_table(samples: Samples, rewarded: Sequence[float]) -> list[str]:
    """Ready, set, go of both."""
    found, dt = intervals(samples), samples.dt
    ours = ReadySetGo(intervals=tuple(found["sample"]))
    lines = [
        "| from ready to set, both | neurogym: `gt` says go | neurogym: reward is largest | "
        "rulegen: target reaches 0 |",
        "|" + " --- |" * 4,
    ]
    for condition, row in enumerate(found.itertuples()):
        trial = ours.trial(stream(jax.random.key(0)), jnp.asarray(condition), dt)
        reached = int(ours.produced(trial, trial.target)) * dt
        lines.append(f"| {row.sample:g} | {row.go:g} | {rewarded[condition]:g} | {reached:g} |")
    return lines


def learning(folder: Path) -> list[str]:
    """`rulegen simulate` on perceptual decisions of neurogym."""
    scene, out = folder / "scene.toml", folder / "rewards.csv"
    file = folder / "perceptual_decision.npz"
    scene.write_text(SCENE.format(file=file))
    command = [sys.executable, "-m", "rulegen", "simulate", "--world", scene, "--out", out]
    subprocess.run([*map(str, command), "--lives", str(LIVES)], check=True)
    rewards = pd.read_csv(out)["reward"].to_numpy().reshape(LIVES, -1)
    trials = rewards.shape[1]
    first, last = rewards[:, :100].mean(axis=1), rewards[:, -trials // 4 :].mean(axis=1)
    gain = paired_difference(last, first)
    print(f"learning: {estimate(first)} to {estimate(last)}, gain {gain}")
    return [
        "| trials | mean reward |",
        "| --- | --- |",
        f"| first 100 | {estimate(first)} |",
        f"| last {trials // 4} | {estimate(last)} |",
        f"| difference | {gain} |",
    ]


def page(folder: Path) -> str:
    """The comparison as a page."""
    facts: dict[str, Any] = json.loads((folder / "facts.json").read_text())
    samples = {
        name: Samples.load(folder / f"{name}.npz") for name in [*PAIRS, "ready_set_go", "reaching"]
    }
    names = "task", "periods", "steps that count", "inputs", "targets"
    table = [f"| {' | '.join(names)} |", "|" + " --- |" * len(names)]
    for name, pair in PAIRS.items():
        table.append(f"| {' | '.join(agreement(name, pair, samples[name]))} |")
        print(table[-1], flush=True)
    remarks = [
        f"- `{name}` is `{facts[name]['env']}` with the channels "
        f"{', '.join(facts[name]['channels'])}: {pair.remarks}."
        for name, pair in PAIRS.items()
    ]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    own = samples["reaching"]
    parts = [
        "# Neurogym",
        "Neurogym has environments for many of the tasks that are bundled here. This page, made by "
        f"`make neurogym` with {versions} in a Python environment of its own, sets them beside "
        "each other. The two environments exchange nothing but files of arrays and JSON: "
        "`benchmarks/neurogym_sample.py` samples there what `benchmarks/neurogym_compare.py` reads "
        "here as the task `sampled` does ([tasks](tasks.md#trials-from-elsewhere)).",
        "## Periods, inputs and targets",
        "Both sides have the same periods in ms, at a step of 20 ms, and the same strengths of "
        "stimuli. Neurogym's inputs are brought to the channels of ours as said below, and means "
        f"over trials of each condition are compared at every step (1000 trials there, {DRAWS} of "
        f"each condition here); with noise they agree where they differ by fewer than {FAR:g} "
        "standard errors everywhere. The noise is the standard deviation in a step, there and "
        "here. Neurogym's right actions become targets by the convention of `sample_trials`.",
        "\n".join(table),
        "\n".join(remarks),
        "In neurogym a network answers by actions in every step, and the reward comes with the "
        "action, which ends the trial; here outputs are compared with the target over the whole "
        "response. In neurogym fixation before the answer is part of the ground truth; here, and "
        "in sampled trials, only the steps of the response count.",
        "## Intervals",
        "`ready_set_go` is `ReadySetGo-v0`. Its trials differ in length, which `sample_trials` "
        f"refuses ({facts['ready_set_go']['unpadded']}); padded ones can be used. Times from the "
        "onset of set, in ms:",
        "\n".join(interval_table(samples["ready_set_go"], facts["ready_set_go"]["rewarded"])),
        "Neurogym's ground truth says go one length of the set pulse later than the time at which "
        "its own reward is largest; our target agrees with that reward. Its ground truth is a "
        "single step, ours a ramp that reaches 0 at that time. Periods that overlap, as ready and "
        "measure do, become one period of sampled trials.",
        "## What cannot be compared",
        f"- `reaching` and `{facts['reaching']['env']}` share a name: there a number is shown "
        f"({', '.join(facts['reaching']['channels'])}) and, after a delay, reported by a "
        f"continuous action; here torques move an arm. Its trials can be sampled (targets of shape "
        f"{own.targets.shape[1:]}, as they are).",
        f"- `baited_bandit` and `{facts['baited_bandit']['env']}`: there a trial is one step, and "
        "arms pay independently of the past. `sample_trials` refuses it: "
        f"{facts['baited_bandit']['refused']}.",
        "- `reversal`: neurogym has no environment of its kind among those that it registers.",
        "- `delayed_association`, `trajectory_recall` and `motor_sequence` have no counterpart.",
        "## Learning a task of neurogym",
        f"{LIVES} circuits learn 1000 sampled trials of `PerceptualDecisionMaking-v0`, noise "
        "included, which they meet about four times each, in `rulegen simulate --world`:",
        f"```toml{SCENE.format(file='perceptual_decision.npz')}```",
        "Means with 95% intervals over lives. To answer 0 always earns "
        "-0.25, and at coherence 0 nobody can do better.",
        "\n".join(learning(folder)),
    ]
    return "\n\n".join(parts) + "\n"


def main(folder: Path, out: Path) -> None:
    """Compare, learn, and write the page."""
    out.write_text(page(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
