# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Add your own task
#
# A task is a class with a name, settings, the periods of a trial, and a method that makes one
# trial. Anything that takes a bundled task takes yours: worlds, benches, fits, and whole
# discoveries.
#
# ## Remember how strong it was
#
# A stimulus of one of several strengths comes on a single channel and goes. After a delay the
# output must report the strength, as in a parametric working memory. Here is all of the task, and
# `register`, which makes it known by its name, so that configurations can say `name = "strength"`.

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import rulegen as rg

plt.rcParams.update(rg.STYLE)
lives = 32 if os.environ.get("RULEGEN_FAST") else 192


# %%
class Strength(rg.Task):
    """Report the strength of a stimulus after a delay.

    Attributes:
        levels: number of strengths, evenly spread over [-1, 1].
        amplitude: output that reports the strength 1.
        delay: ms.
    """

    name: str = "strength"
    levels: int = 4
    amplitude: float = 0.6
    delay: float = 150.0

    @property
    def conditions(self) -> int:
        return self.levels

    @property
    def channels(self) -> int:
        return 1

    @property
    def periods(self) -> dict[str, float]:
        return {"stimulus": 60.0, "delay": self.delay, "response": 60.0}

    def chance(self, dt: float) -> float:
        """The reward of the best single answer that ignores the strength."""
        return self.blind(self.answers)

    @property
    def answers(self):
        """The right answer to each strength."""
        return self.amplitude * np.linspace(-1, 1, self.levels)

    def trial(self, stream, condition, dt):
        """`condition` is a traced integer: compute with it, but do not branch on it."""
        strength = 2.0 * condition / (self.levels - 1) - 1.0
        response = self.window("response", dt)
        return rg.Trial(
            stimulus=strength * self.window("stimulus", dt)[:, None],
            target=strength * self.amplitude * response[:, None],
            weight=response / response.sum(),
            answers=self.answers[:, None, None],
        )


rg.register(Strength)

# %% [markdown]
# The reward comes with the base class: minus the mean squared distance of the output from the
# target, where `weight` says how much each step counts. Beside `chance`, every task has the reward
# of perfect answers, `best`: 0, or 1 with binary feedback, for which `answers` says what can be
# answered. A task with another reward overrides `reward(trial, output)` and `best`.

# %%
task = Strength()
time = 10.0 * np.arange(1, task.steps(10.0) + 1)
colours = plt.get_cmap("viridis")(np.linspace(0, 0.85, task.levels))
figure, (top, bottom) = plt.subplots(2, 1, figsize=(6.5, 3.8), sharex=True)
for condition, colour in enumerate(colours):
    trial = task.trial(None, condition, 10.0)
    counts = np.asarray(trial.weight) > 0
    top.step(time, trial.stimulus[:, 0], where="pre", color=colour)
    bottom.plot(time[counts], trial.target[counts, 0], color=colour, linewidth=5)
top.set_ylabel("stimulus")
bottom.set_ylabel("target")
bottom.set_xlabel("time (ms)")
plt.show()

# %% [markdown]
# ## Live in it
#
# A rule in a world with the new task. Nothing else has to be told about it.

# %%
world = rg.World(circuit=rg.RateCircuit(neurons=32), task=task, life=rg.LifeSettings(trials=200))
rule = rg.parse("""
    param eta = 9.13e-4 1/ms
    de/dt = 1.5*xi*pre
    on trial start: e <- 0
    on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
""")
bench = rg.Bench(world, rule)
batch = bench.run(bench.values, rg.key(0), lives)
print("first 12 trials", rg.estimate(batch.rewards[:, :12].mean(axis=1)))
print("last 40 trials ", rg.estimate(batch.rewards[:, -40:].mean(axis=1)))
print(f"chance {task.chance(world.circuit.dt):.3f}, perfect answers {task.best:.3f}")

# %% [markdown]
# The outputs of twelve circuits before and after learning, one colour for each strength, and
# their means as thick lines.

# %%
warmup = world.life.model_copy(update={"warmup": world.life.trials})
before = rg.Bench(world.model_copy(update={"life": warmup}), rule)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True)
for ax, here, title in zip(axes, (before, bench), ("before", "after"), strict=True):
    outputs = rg.analysis.dissect(here, here.values, rg.key(0), 12).outputs[..., 0]
    for condition, colour in enumerate(colours):
        ax.plot(time, outputs[:, condition].T, color=colour, linewidth=0.6, alpha=0.45)
        ax.plot(time, outputs[:, condition].mean(axis=0), color=colour, linewidth=2.5)
        target = task.trial(None, condition, 10.0).target[counts, 0]
        ax.plot(time[counts], target, color="black", linewidth=1.2, linestyle="--")
    ax.set_title(f"{title} learning")
    ax.set_xlabel("time (ms)")
    ax.set_ylim(-1.5, 1.5)
axes[0].set_ylabel("output")
plt.show()

# %% [markdown]
# ## Discover with it
#
# The configuration takes the task as it is. Two candidate terms are enough to show the way.

# %%
config = rg.DiscoverConfig(
    name="strength",
    title="A rule for a graded memory",
    rule="""
        param eta = 9.13e-4 1/ms
        param theta_1 = 0.2 in [-3, 3] free
        param theta_2 = 0.2 in [-3, 3] free
        de/dt = theta_1*xi*pre + theta_2*post*pre : synapse
        on trial start: e <- 0
        on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
    """,
    task=task,
    fit=(rg.Phase(estimator=rg.Pgpe(lives=lives), iterations=8, rate=0.1, choice_lives=lives),),
    prune=rg.PruneSettings(
        lives=lives, refit=rg.Refit(estimator=rg.Pgpe(lives=lives), iterations=4)
    ),
    refine=rg.RefineSettings(lives=lives // 2, moves=2),
    evaluate=rg.EvaluateSettings(lives=2 * lives),
)
with rg.Display() as report:
    found = rg.discover(config, Path(tempfile.mkdtemp()) / config.name, report=report)
found.record.rule

# %%
figure, ax = plt.subplots(figsize=(7, 4))
rg.plot_learning(found.trajectories, task, world.circuit.dt, warmup=world.life.warmup, ax=ax)
plt.show()

# %% [markdown]
# A configuration file names no code. The command line knows a task of your own when it comes with
# an installed package that names it among its entry points, as `docs/extending.md` shows.
