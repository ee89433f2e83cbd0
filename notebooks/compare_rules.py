# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Compare discovered rules, and the circuits that they make
#
# Several rules learn the same task, with the same networks, the same order of trials and the same
# noise. Which learns best is one question. Another is what they make of the circuit: do they find
# the same solution?

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import rulegen as rg

plt.rcParams.update(rg.STYLE)
lives = 32 if os.environ.get("RULEGEN_FAST") else 256

# %% [markdown]
# ## The rules
#
# First those that rulegen discovered for this task, with whatever signals their families had, by
# the names of their cards. Then two others: *Miconi's supralinear rule* guesses the noise that a
# neuron injected from large deviations of the potential, and the deviation without the cube reads
# them as they are. The last is plain Hebbian co-activity gated by reward. The first of all is the
# one with which we compare.

# %%
gated = """
    param eta = 3e-4 1/ms
    {trace}
    on trial start: e <- 0
    on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
"""
deviation = "u_bar <- 0.3*u_bar + 0.7*u : post\n    de/dt = (u - u_bar)/0.2*pre"
world = rg.World(circuit=rg.RateCircuit(neurons=32), task=rg.DelayedAssociation())
discovered = {
    name.replace("_", " "): entry.record.rule
    for name, entry in rg.library().items()
    if entry.record.evidence and entry.record.evidence.setting.task["name"] == world.task.name
}
rules = discovered | {
    "supralinear": rg.find("miconi_supralinear").rule.with_values({"limit": 0.02}),
    "deviation": rg.parse(gated.format(trace=deviation)),
    "Hebb, gated": rg.parse(gated.format(trace="de/dt = post*pre")),
}
benches = {name: rg.Bench(world, rule) for name, rule in rules.items()}
reference, *others = rules
rules[reference]

# %% [markdown]
# A comparison is fair when each rule has its best learning rate, chosen on lives other than those
# that count.

# %%
factors = 10.0 ** np.arange(-1.0, 2.0, 0.5)
values, curves = {}, {}
for name, bench in benches.items():
    rate = bench.rule.parameter("eta").value
    tried = [bench.vector({"eta": rate * factor}) for factor in factors]
    rewards = [bench.rewards(vector, rg.key(1), lives // 4).mean() for vector in tried]
    values[name], curves[name] = tried[int(np.argmax(rewards))], rewards
pd.DataFrame(curves, index=pd.Index(factors, name="eta / default")).round(3)

# %% [markdown]
# ## Learning
#
# On the left the mean reward of each trial over lives. On the right, the mean reward of each life
# minus that of the first rule on the same network and noise, with the 95% interval over lives of
# its mean.

# %%
batches = {name: bench.run(values[name], rg.key(0), lives) for name, bench in benches.items()}
base = batches[reference].means
learning = [
    rg.Trajectory(name, rules[name].text(), b.means, *rg.curves(b.rewards), b.outcomes)
    for name, b in batches.items()
]

figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4.2), width_ratios=[1.7, 1])
rg.plot_learning(learning, world.task, world.circuit.dt, warmup=world.life.warmup, ax=left)
for number, name in enumerate(others, start=1):
    height, mean = number + np.linspace(-0.3, 0.3, lives), batches[name].means - base
    right.plot(mean, height, ".", markersize=4, alpha=0.4, color=f"C{number}")
    interval = rg.paired_difference(batches[name].means, base)
    right.plot([interval.low, interval.high], [number] * 2, color="black", linewidth=5)
right.axvline(0, color="0.35", linewidth=0.8)
right.set_yticks(range(1, len(batches)), others)
right.invert_yaxis()
right.set_xlabel(f"reward minus that of {reference}")
plt.show()

# %% [markdown]
# ## Other tasks, other sizes
#
# Does the order hold elsewhere? The same rules, with the rates chosen above, on two tasks and in
# two sizes of circuit: the mean reward per trial with its 95% interval. Bold are the best of a
# column and all that could be.

# %%
tuned = {
    name: rules[name].with_values({"eta": values[name][benches[name].names.index("eta")]})
    for name in rules
}
places = rg.worlds(["delayed_association", "delayed_match"], [16, 32])
table = rg.compare_rewards(tuned, places, lives=lives // 4, budget=None)
figure, ax = plt.subplots(figsize=(8.5, 0.6 + 0.5 * len(rules)))
rg.plot_rewards(table, ax=ax)
plt.show()

# %% [markdown]
# ## Relatives
#
# Which published rules have terms in common? Numbers and names of states do not count: Oja's rule
# is Hebb's with one more term.

# %%
family = rg.family_graph({name: record.rule for name, record in rg.literature().items()})
print("oja", family.edges["hebb", "oja"]["relation"])
figure, ax = plt.subplots(figsize=(12, 9))
rg.plot_families(family, ax=ax)
plt.show()

# %% [markdown]
# ## The circuits
#
# `dissect` runs the same lives and opens the circuits that they end with: weights before and
# after, and the activity in one trial of each condition, with the rule and the noise switched
# off.

# %%
anatomies = {
    name: rg.analysis.dissect(bench, values[name], rg.key(0), lives // 4)
    for name, bench in benches.items()
}
pd.DataFrame({name: rg.analysis.anatomy_table(a).mean() for name, a in anatomies.items()}).T.round(
    3
)

# %% [markdown]
# A change of weights is *low-dimensional* when a few singular values carry it. On the left those
# of the change that each rule made (means over lives), on the right the dimensionality of the
# activity, with a dot for each life and a line for their mean.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 3.9))
rng = np.random.default_rng(0)
for number, (name, anatomy) in enumerate(anatomies.items()):
    left.plot(np.arange(1, 33), rg.analysis.spectra(anatomy.change).mean(axis=0), label=name)
    dimension = rg.analysis.anatomy_table(anatomy).dimension
    right.plot(number + rng.uniform(-0.2, 0.2, len(dimension)), dimension, ".", alpha=0.5)
    right.plot([number - 0.3, number + 0.3], [dimension.mean()] * 2, color="black")
left.set_yscale("log")
left.set_ylim(1e-3, 1.2)
left.set_xlabel("rank of the singular value")
left.set_ylabel("singular value / largest")
left.set_title("change of the weights")
left.legend()
right.set_xticks(range(len(anatomies)), anatomies, rotation=30, ha="right", rotation_mode="anchor")
right.set_ylabel("participation ratio")
right.set_title("dimensionality of the activity after learning")
plt.show()

# %% [markdown]
# ## Trajectories
#
# One network, several teachers. Each panel shows the activity of the same circuit after learning by
# one rule, along its two principal axes, from the start of the trial (small dot) through cue and
# delay to the response (thick line). The colour is the cue. Below, the outputs, with the targets
# as bars.

# %%
middle = int(np.argsort(anatomies[reference].rewards.mean(axis=1))[lives // 8])
response = np.asarray(world.task.window("response", world.circuit.dt), bool)
figure, axes = plt.subplots(2, len(rules), figsize=(3 * len(rules), 5.6), height_ratios=[1.5, 1])
milliseconds = world.circuit.dt * np.arange(1, len(response) + 1)
for (name, anatomy), top, bottom in zip(anatomies.items(), axes[0], axes[1], strict=True):
    paths = rg.analysis.principal_trajectories(anatomy.rates[middle])
    for cue, path in enumerate(paths):
        colour = f"C{cue}"
        top.plot(*path.T, color=colour, linewidth=1.2)
        top.plot(*path[response].T, color=colour, linewidth=3.5)
        top.plot(*path[0], "o", color=colour, markersize=4)
        bottom.plot(milliseconds, anatomy.outputs[middle, cue, :, 0], color=colour)
        target = anatomy.targets[middle, cue, response, 0]
        bottom.plot(milliseconds[response], target, color=colour, linewidth=5, alpha=0.35)
    top.set_title(name)
    top.set_xlabel("component 1")
    top.set_aspect("equal", adjustable="datalim")
    bottom.set_xlabel("time (ms)")
    bottom.set_ylim(-1.3, 1.3)
axes[0, 0].set_ylabel("component 2")
axes[1, 0].set_ylabel("output")
axes[1, 0].text(150, 1.1, "cue 2", color="C1")
axes[1, 0].text(60, -0.95, "cue 1", color="C0")
plt.show()

# %% [markdown]
# ## Are the solutions alike?
#
# On the left the cosine between the weight changes of the same life under two rules; on the right
# the alignment of the activity (linear CKA: 1 when one activity is a rotation of the other). The
# networks were the same before, so much of the activity is: the row *no learning* is the
# yardstick. Weights change in nearly orthogonal directions, while the activity stays closer to
# where it began: many changes of the weights solve the task.

# %%
first = anatomies[reference]
still = world.model_copy(update={"life": world.life.model_copy(update={"warmup": 200})})
unlearned = rg.Bench(still, rules[reference])
with_yardstick = {
    **anatomies,
    "no learning": rg.analysis.dissect(unlearned, unlearned.values, rg.key(0), len(first.before)),
}
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6))
rg.analysis.plot_similarity(rg.analysis.similarity_matrix(anatomies), ax=left)
left.set_title("change of the weights (cosine)")
table = rg.analysis.similarity_matrix(with_yardstick, rg.analysis.activity_similarity)
rg.analysis.plot_similarity(table, ax=right)
right.set_title("activity after learning (CKA)")
plt.show()
