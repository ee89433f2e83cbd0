"""`make tasks`: node perturbation on every bundled task, docs/tasks.md and its picture."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.own_tasks import beyond
from benchmarks.task_pictures import plot
from rulegen.analysis.choices import psychometric
from rulegen.catalog.pages.tables import CHANCE_IS
from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.grammar import parse
from rulegen.ground.noise import Stream, stream
from rulegen.ground.runtime import use_all_cores
from rulegen.ground.statistics import estimate
from rulegen.lives.life import LifeSettings, LifeState
from rulegen.lives.many import Lives
from rulegen.lives.play import Occasion, play
from rulegen.lives.trial import Streams, trial_streams
from rulegen.lives.world import World
from rulegen.tasks import TASKS, Task

DOCS = Path(__file__).parent.parent / "docs"
#: The learning rates were chosen on the networks of another seed.
LIVES, SEED, ENOUGH = 20, 3, 15
CIRCUIT = RateCircuit(neurons=64)
#: A number that no trial of a life has: examinations draw their random numbers from it.
EXAMINATION = 1_000_000
RULE = """
param eta = 0.01
e <- e + xi*pre : synapse
on trial start: e <- 0
on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
"""


class Case(NamedTuple):
    """How a task is learnt, and what counts as learnt.

    Attributes:
        task: the task.
        eta: learning rate of the rule.
        trials: of a life.
        bar: least share of right answers in the examination of a network that has learnt the task.
        tests: trials of that examination.
        noise: exploration noise of the circuit.
    """

    task: Task
    eta: float
    trials: int
    bar: float = 0.9
    tests: int = 400
    noise: float = CIRCUIT.noise

    @property
    def circuit(self) -> RateCircuit:
        """The circuit, with this noise."""
        return CIRCUIT.model_copy(update={"noise": self.noise})


CASES = [
    Case(TASKS["delayed_association"](), 0.005, 1500),
    Case(TASKS["delayed_association"](feedback="binary"), 0.001, 3000),
    Case(TASKS["delayed_match"](), 0.002, 5000),
    Case(TASKS["context_integration"](), 0.0002, 30_000),
    Case(TASKS["trajectory_recall"](), 0.005, 10_000),
    Case(TASKS["trajectory_recall"](feedback="binary"), 0.001, 20_000),
    Case(TASKS["perceptual_decision"](), 0.0003, 10_000, bar=0.75),
    Case(TASKS["working_memory"](), 0.002, 3000),
    Case(TASKS["go_nogo"](), 0.005, 1500),
    Case(TASKS["go_nogo"](catch=True), 0.005, 1500),
    Case(TASKS["ready_set_go"](), 0.001, 40_000, bar=0.7, noise=0.05),
    Case(TASKS["motor_sequence"](), 0.005, 1500),
    Case(TASKS["reaching"](), 0.002, 6000),
    # The examination falls into the second half of a block.
    Case(TASKS["reversal"](), 0.006, 2300, tests=100),
    Case(TASKS["baited_bandit"](), 0.001, 10_000, bar=0.55, tests=1000),
]


class Examination(NamedTuple):
    """Trials without learning of some circuits, each array of shape (L, tests)."""

    conditions: np.ndarray
    rewards: np.ndarray
    right: np.ndarray


class Result(NamedTuple):
    """A case, its circuits before and after learning, and lives times trials per second."""

    case: Case
    untrained: Examination
    trained: Examination
    ends: list[tuple[np.ndarray, LifeState]]
    speed: float

    @property
    def learnt(self) -> int:
        """How many networks reach the bar."""
        return int((self.trained.right.mean(axis=1) >= self.case.bar).sum())


def examine(
    task: Task, circuit: RateCircuit, tests: int, ends: list[tuple[np.ndarray, LifeState]]
) -> Examination:
    """What circuits do in trials with exploration noise, but without learning."""
    source = stream(jax.random.key(SEED))

    @jax.jit
    @jax.vmap
    def sit(number: jax.Array, end: LifeState) -> Examination:
        def one(memory: Any, inputs: tuple[jax.Array, Streams]) -> tuple[Any, Examination]:
            condition, streams = inputs
            here = Occasion(streams, condition, memory)
            played = play(circuit, task, end.learned, 0.0, here)
            right = task.correct(played.trial, played.outputs)
            memory = task.remember(memory, played.trial, played.outputs)
            return memory, Examination(condition, played.reward, right)

        own: Stream = source.fold(number).fold(EXAMINATION)
        inputs = task.order(own, tests), trial_streams(own, jnp.arange(tests))
        return jax.lax.scan(one, end.memory, inputs)[1]

    sat = [jax.tree.map(np.asarray, sit(number, end)) for number, end in ends]
    return Examination(*(np.concatenate(column) for column in zip(*sat, strict=True)))


def learn(case: Case) -> Result:
    """Let networks learn, and examine them before and after."""
    world = World(circuit=case.circuit, task=case.task, life=LifeSettings(trials=case.trials))
    lives, key = Lives(world, compile_rule(parse(RULE))), jax.random.key(SEED)
    values, source = np.array([case.eta]), stream(key)
    list(lives.live(values, key, LIVES))  # compiles
    started = time.perf_counter()
    parts = list(lives.live(values, key, LIVES))
    seconds = time.perf_counter() - started
    begin = jax.vmap(lambda number: lives.life.begin(source.fold(number), jnp.float32))
    starts = [(part.numbers, begin(jnp.asarray(part.numbers))) for part in parts]
    ends = [(part.numbers, jax.tree.map(part.kept, part.life)) for part in parts]
    return Result(
        case,
        examine(case.task, case.circuit, case.tests, starts),
        examine(case.task, case.circuit, case.tests, ends),
        ends,
        LIVES * case.trials / seconds,
    )


def label(task: Task) -> str:
    """The name of a task, with the settings that are not its defaults."""
    defaults = type(task).model_fields
    changed = {k: v for k, v in task if v != defaults[k].default}
    return task.name + "".join(f", {k} {v}".lower() for k, v in changed.items())


def rewards(examination: Examination) -> str:
    """Mean reward with its interval over networks."""
    mean, low, high, _ = estimate(examination.rewards.mean(axis=1))
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def main_table(results: list[Result]) -> list[str]:
    """Every task, one row each."""
    lines = [
        "| task | eta | trials | chance | reward, untrained | reward, after | right, untrained | "
        "right, after | bar | networks that reach it | lives x trials a second |",
        "|" + " --- |" * 11,
    ]
    for result in results:
        task, eta, trials, bar, *_ = result.case
        lines.append(
            f"| {label(task)} | {eta:g} | {trials} | {task.chance(CIRCUIT.dt):.3f} | "
            f"{rewards(result.untrained)} | {rewards(result.trained)} | "
            f"{result.untrained.right.mean():.2f} | {result.trained.right.mean():.2f} | {bar:g} | "
            f"{result.learnt} of {LIVES} | {round(result.speed, -3):.0f} |"
        )
    return lines


def recall_table(result: Result) -> list[str]:
    """Recall under conditions that were not trained."""
    task, tests, circuit = result.case.task, result.case.tests, result.case.circuit
    delay = task.periods["delay"]
    tried = {
        "as trained": (task, circuit),
        "without noise": (task, circuit.model_copy(update={"noise": 0.0})),
        "twice the noise": (task, circuit.model_copy(update={"noise": 2 * circuit.noise})),
        "1.5 times the delay": (task.model_copy(update={"delay": 1.5 * delay}), circuit),
        "twice the delay": (task.model_copy(update={"delay": 2 * delay}), circuit),
    }
    lines = ["| recall | reward | right |", "| --- | --- | --- |"]
    for name, (other, here) in tried.items():
        found = examine(other, here, tests, result.ends)
        lines.append(f"| {name} | {rewards(found)} | {found.right.mean():.2f} |")
    return lines


def psychometric_table(result: Result) -> list[str]:
    """Shares of positive answers."""
    found = result.trained
    table = psychometric(result.case.task, found.conditions, found.right)
    stimuli = list(table.columns[: table.columns.get_loc("positive")])
    lines = [f"| {' | '.join(stimuli)} | positive answers |", "|" + " --- |" * (len(stimuli) + 1)]
    for row in table.to_dict("records"):
        shown = " | ".join(f"{row[name]:g}" for name in stimuli)
        interval = f"{row['positive']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
        lines.append(f"| {shown} | {interval} |")
    return lines


def page(results: list[Result]) -> str:
    """The results as a page."""
    ready = next(case for case in CASES if case.task.name == "ready_set_go")
    by_label = {label(result.case.task): result for result in results}
    missed = [f"`{name}` ({r.learnt})" for name, r in by_label.items() if r.learnt < ENOUGH]
    parts = [
        "# Tasks",
        "The bundled tasks, one file each in `rulegen/tasks/`; the "
        "[reference](api/tasks.md) has their periods, settings and sources. Times are in "
        "ms and shorter than in the experiments where those take seconds. This page is made by "
        "`make tasks`.",
        "![One trial of each task](tasks.png)",
        "Inputs of the condition in the title, silent ones thin, and targets of all conditions "
        "where they count; a second output is dotted. Above are the periods of a trial. Baits are "
        "drawn afresh in each trial.",
        "## Learnt by node perturbation",
        f"```rule{RULE}```",
        f"{LIVES} networks of {CIRCUIT.neurons} rate neurons with exploration noise of "
        f"{CIRCUIT.noise:g} per step and otherwise default settings learn each task by this rule, "
        "with the learning rate and for the number of trials in the table. Learning rates, lengths "
        "and bars were chosen on other networks. Afterwards, and "
        f"for comparison before, each network is examined in {CASES[0].tests} trials with "
        "exploration noise but without learning; "
        "the task counts as learnt when its share of right answers reaches the bar. Rewards are "
        f"means over networks with 95% intervals. {CHANCE_IS} An untrained network may lie "
        "below chance, because its answers vary. Speed is a rough figure, from two cores shared "
        "with others; [performance](performance.md) has ratios to what bounds it.",
        "\n".join(main_table(results)),
        (
            f"The bar is reached by fewer than {ENOUGH} of {LIVES} in: {', '.join(missed)}."
            if missed
            else f"The bar of every task is reached by at least {ENOUGH} of {LIVES} networks."
        ),
        "- With binary feedback a network learns only while its answers to a condition differ from "
        "trial to trial: where all are right or all wrong, the reward equals its running mean.",
        "- `perceptual_decision`: at coherence 0 every answer is right in half of the trials. Who "
        "adds up all of the motion is right in 84% of all trials, and nobody in more.",
        f"- `ready_set_go`: with exploration noise of {ready.noise:g}; right is within "
        f"{ready.task.tolerance:.0%} of the interval.",
        "- `working_memory`: who hears only the second frequency is right in 75%.",
        "- `reversal`: examined in the second half of a block of 200 trials, the twelfth, after "
        "eleven reversals; 100 trials.",
        "- `baited_bandit`: reward and right answer are one thing, and networks forget between "
        "trials, so that none can earn more than chance, a lot with the best odds. The arm that is "
        "filled more often, always chosen, earns 0.6, and the other 0.1: the bar, below chance, "
        "tells who found the better arm. 1000 trials.",
        "## A cue evokes its trajectory",
        "The networks of `trajectory_recall` with graded feedback, after learning, under "
        "conditions that they have not met. A trajectory that comes too early or too late counts "
        "as wrong where it is nearer to that of another cue.",
        "\n".join(recall_table(by_label["trajectory_recall"])),
        "## Psychometric tables",
        "Of the same examinations (`rulegen.analysis.psychometric`): motion to the right at each "
        "signed coherence, and second frequency called higher.",
        "\n".join(psychometric_table(by_label["perceptual_decision"])),
        "\n".join(psychometric_table(by_label["working_memory"])),
        *beyond(),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Learn all tasks and write the page."""
    use_all_cores()
    results = []
    for case in CASES:
        results.append(learn(case))
        print(main_table(results)[-1], flush=True)
    plot(DOCS)
    (DOCS / "tasks.md").write_text(page(results))


if __name__ == "__main__":
    main()
