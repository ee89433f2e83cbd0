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
# the same solution? Below each figure stands what it shows, in numbers of this very run.

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

import rulegen as rg
from rulegen.analysis.words import worded

plt.rcParams.update(rg.STYLE)
lives = 32 if os.environ.get("RULEGEN_FAST") else 256

# %% [markdown]
# ## The rules
#
# The first four were discovered by rulegen and are in its catalog. The first of all, with which we
# compare, is node perturbation: a search with every signal found it again. The other three came of
# searches that forbade the exploration noise. Beside them, *Miconi's supralinear rule* guesses that
# noise from large deviations of the potential, and the *deviation* without the cube reads them as
# they are. *Hebb, gated* is plain co-activity gated by reward.

# %%
cards = {
    "noise times input (found)": "delayed_association",
    "deviation and Hebb (found)": "measurable_signals",
    "trace and contrast (found)": "local_search",
    "soma and dendrite (found)": "generalist",
}
gated = """
    param eta = 3e-4 1/ms
    {trace}
    on trial start: e <- 0
    on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
"""
deviation = "u_bar <- 0.3*u_bar + 0.7*u : post\n    de/dt = (u - u_bar)/0.2*pre"
world = rg.World(circuit=rg.RateCircuit(neurons=32), task=rg.DelayedAssociation())
rules = {name: rg.find(card).rule for name, card in cards.items()} | {
    "supralinear (Miconi)": rg.find("miconi_supralinear").rule.with_values({"limit": 0.02}),
    "deviation": rg.parse(gated.format(trace=deviation)),
    "Hebb, gated": rg.parse(gated.format(trace="de/dt = post*pre")),
}
benches = {name: rg.Bench(world, rule) for name, rule in rules.items()}
reference, *others = rules
rules[reference]

# %% [markdown]
# A comparison is fair when each rule has its best learning rate, chosen on lives other than those
# that count. Rates are tried in steps of half a decade, and where the best is the last that was
# tried, one beyond it is tried too: each has room on both sides.

# %%
STEP = 10**0.5


def tuned(bench: rg.Bench, most: int = 12) -> dict[float, float]:
    """Mean reward by learning rate, in units of the default; the best one is within."""
    start, found = bench.rule.parameter("eta").value, {}
    waiting = [-1, 0, 1]
    while waiting and len(found) < most:
        step = waiting.pop()
        vector = bench.vector({"eta": start * STEP**step})
        found[step] = bench.rewards(vector, rg.key(1), lives // 4).mean()
        if not waiting:
            best = max(found, key=found.get)
            waiting = [s for s in (best - 1, best + 1) if s not in found]
    return {round(STEP**step, 3): found[step] for step in sorted(found)}


curves = {name: tuned(bench) for name, bench in benches.items()}
best = {name: max(tried, key=tried.get) for name, tried in curves.items()}
values = {
    name: bench.vector({"eta": best[name] * bench.rule.parameter("eta").value})
    for name, bench in benches.items()
}
tried = pd.DataFrame(curves).T.sort_index(axis=1).rename_axis(columns="eta / default")
tried.round(3).astype(object).fillna("")

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
gaps = {name: rg.paired_difference(batches[name].means, base) for name in others}

figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.4), width_ratios=[1.6, 1])
rg.plot_learning(learning, world.task, world.circuit.dt, warmup=world.life.warmup, ax=left)
for number, (name, interval) in enumerate(gaps.items(), start=1):
    height = number + np.linspace(-0.3, 0.3, lives)
    right.plot(batches[name].means - base, height, ".", ms=4, alpha=0.4, color="0.5")
    right.plot([interval.low, interval.high], [number] * 2, color="black", linewidth=5)
right.axvline(0, color="0.35", linewidth=0.8)
right.set_yticks(range(1, len(batches)), others)
right.invert_yaxis()
right.locator_params(axis="x", nbins=4)
right.set_xlabel("reward minus that of the first rule")
plt.show()

# %%
below = [f"{name} by {-g.mean:.3f} [{-g.high:.3f}, {-g.low:.3f}]" for name, g in gaps.items()]
earning = max(batches, key=lambda name: batches[name].means.mean())
told = all(g.high < 0 for g in gaps.values())
Markdown(
    f"**So** the most reward is earned by *{earning}*. Compared with *{reference}*, the others "
    "earn less by: "
    + "; ".join(below)
    + (
        ". No interval holds 0: to know the noise is worth more than any signal that a synapse can "
        "measure here."
        if told
        else ". Where an interval holds 0, the two are not told apart."
    )
)

# %% [markdown]
# ## Other tasks, other sizes
#
# Does the order hold elsewhere? The same rules, with the rates chosen above, on two tasks and in
# two sizes of circuit: the mean reward per trial with its 95% interval. Bold are the best of a
# column and all that could be.

# %%
rated = {
    name: rules[name].with_values({"eta": values[name][benches[name].names.index("eta")]})
    for name in rules
}
places = rg.worlds(["delayed_association", "delayed_match"], [16, 32])
table = rg.compare_rewards(rated, places, lives=lives // 4, budget=None)
figure, ax = plt.subplots(figsize=(9, 0.8 + 0.5 * (len(rules) + 1)))
rg.plot_rewards(table, ax=ax)
plt.show()

# %%
world_of = table["task"].str.replace("_", " ") + ", " + table["neurons"].astype(str) + " neurons"
earned = table.assign(world=world_of).pivot_table("reward", "rule", "world")
order = earned.corr(method="spearman").loc["delayed association, 32 neurons"]
worse = table[table["gain_high"] < 0].groupby(world_of)["rule"].agg(", ".join)
Markdown(
    "**So** the order of rules where they were tuned goes with that in other worlds by rank "
    f"correlations of {', '.join(f'{r:.2f} ({place})' for place, r in order.items() if r < 1)}. "
    + " ".join(
        f"In {place} no rule earns more than chance."
        for place in earned
        if earned[place].drop("chance").max() < earned.loc["chance", place]
    )
    + " ".join(f" Less than no learning in {place}: {names}." for place, names in worse.items())
)

# %% [markdown]
# ## Relatives
#
# Which published rules have terms in common with those that were found, and with each other?
# Numbers and names of states do not count: Oja's rule is Hebb's with one more term.

# %%
known = {name: record.rule for name, record in rg.literature().items()}
family = rg.family_graph(known | {name: rules[name] for name in cards})
figure, ax = plt.subplots(figsize=(13, 10.5))
rg.plot_families(family, ax=ax)
plt.show()

# %%
kin = {name: [(other, family.edges[name, other]["relation"]) for other in family[name]]
       for name in (*cards, "oja")}  # fmt: skip
Markdown(
    "**So** "
    + "; ".join(
        f"*{name}* stands beside "
        + (", ".join(f"`{other}` ({relation})" for other, relation in found) or "no other rule")
        for name, found in kin.items()
    )
    + "."
)

# %% [markdown]
# ## The circuits
#
# `dissect` runs the same lives and opens the circuits that they end with: weights before and
# after, and the activity in one trial of each condition, with the rule and the noise switched
# off. A life that is all warm-up shows what no learning leaves.

# %%
still = world.model_copy(update={"life": world.life.model_copy(update={"warmup": 200})})
unlearned = rg.Bench(still, rules[reference])
anatomies = {
    name: rg.analysis.dissect(bench, values[name], rg.key(0), lives // 4)
    for name, bench in benches.items()
}
anatomies["no learning"] = rg.analysis.dissect(
    unlearned, unlearned.values, rg.key(0), lives // 4
)  # fmt: skip
properties = {name: rg.analysis.anatomy_table(a) for name, a in anatomies.items()}
measured = pd.DataFrame({name: table.mean() for name, table in properties.items()})
measured.rename(index=worded).round(3)

# %% [markdown]
# A change of weights is *low-dimensional* when a few singular values carry it. On the left those
# of the change that each rule made (means over lives), on the right the dimensionality of the
# activity, with a dot for each life and a line for their mean.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.6))
rng = np.random.default_rng(0)
colours = {name: f"C{n % 4}" for n, name in enumerate(rules)} | {"no learning": "0.5"}
for number, (name, anatomy) in enumerate(anatomies.items()):
    if name in rules:
        spectrum = rg.analysis.spectra(anatomy.change).mean(axis=0)
        left.plot(
            np.arange(1, 33),
            spectrum,
            label=name,
            color=colours[name],
            ls="-" if name in cards else "--",
        )
    dimension = properties[name].dimension
    around = number + rng.uniform(-0.2, 0.2, len(dimension))
    right.plot(dimension, around, ".", alpha=0.5, color=colours[name])
    right.plot([dimension.mean()] * 2, [number - 0.3, number + 0.3], color="black")
left.set_yscale("log")
left.set_ylim(1e-3, 1.2)
left.set_xlabel("rank of the singular value")
left.set_ylabel("singular value / largest")
left.set_title("change of the weights")
left.legend(fontsize="small", frameon=False)
right.set_yticks(range(len(anatomies)), anatomies)
right.invert_yaxis()
right.set_xlabel("participation ratio")
right.set_title("dimensionality of the activity")
plt.show()

# %%
ranks = {name: properties[name]["rank"].mean() for name in rules}
few, many = min(ranks, key=ranks.get), max(ranks, key=ranks.get)
flat = {name: properties[name].dimension.mean() for name in anatomies}
Markdown(
    f"**So** all changes are of low rank: a participation ratio of {ranks[few]:.1f} (*{few}*) to "
    f"{ranks[many]:.1f} (*{many}*), of {world.circuit.neurons} that could be. The activity has "
    f"{flat['no learning']:.1f} dimensions without learning, "
    + ", ".join(f"{flat[name]:.1f} under *{name}*" for name in rules)
    + "."
)

# %% [markdown]
# ## Trajectories
#
# One network, several teachers: of all networks the one on which the first rule earns its median,
# neither its best case nor its worst. Each panel shows the activity of this circuit after learning
# by one rule, along its two principal axes, from the start of the trial (small dot) through cue and
# delay to the response (thick line). The colour is the cue. Below, the outputs, with the targets
# as bars.

# %%
middle = int(np.argsort(anatomies[reference].rewards.mean(axis=1))[lives // 8])
response = np.asarray(world.task.window("response", world.circuit.dt), bool)
milliseconds = world.circuit.dt * np.arange(1, len(response) + 1)
figure = plt.figure(figsize=(12, 10))
halves = figure.subfigures(2, 1, hspace=0.04)
for half, names in zip(halves, (list(anatomies)[:4], list(anatomies)[4:]), strict=True):
    axes = half.subplots(2, 4, height_ratios=[1.5, 1])
    for name, top, bottom in zip(names, *axes, strict=True):
        anatomy = anatomies[name]
        for cue, path in enumerate(rg.analysis.principal_trajectories(anatomy.rates[middle])):
            colour = f"C{cue}"
            top.plot(*path.T, color=colour, linewidth=1.2)
            top.plot(*path[response].T, color=colour, linewidth=3.5)
            top.plot(*path[0], "o", color=colour, markersize=4)
            output = anatomy.outputs[middle, cue, :, 0]
            bottom.plot(milliseconds, output, color=colour, label=f"cue {cue}")
            target = anatomy.targets[middle, cue, response, 0]
            bottom.plot(milliseconds[response], target, color=colour, linewidth=5, alpha=0.35)
        top.set_title(name, fontsize="medium")
        top.set_xlabel("component 1")
        top.set_aspect("equal", adjustable="datalim")
        bottom.set_xlabel("time (ms)")
        bottom.set_ylim(-1.6, 1.6)
    axes[0, 0].set_ylabel("component 2")
    axes[1, 0].set_ylabel("output")
    axes[1, 0].legend(fontsize="small", frameon=False, loc="upper right")
plt.show()

# %%
here = pd.Series({name: a.rewards[middle, -50:].mean() for name, a in anatomies.items()})
listed = ", ".join(
    f"{reward:.2f} after {name}" for name, reward in here.sort_values()[::-1].items()
)
Markdown(f"**So** the last 50 trials earn, in this network, {listed}.")

# %% [markdown]
# ## Are the solutions alike?
#
# On the left the cosine between the weight changes of the same life under two rules (without
# learning nothing changes, and it is 0); on the right the alignment of the activity (linear CKA: 1
# when one activity is a rotation of the other). The networks were the same before, so much of the
# activity is: its row *no learning* is the yardstick.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(13.5, 5.4))
changes = rg.analysis.similarity_matrix(anatomies)
rg.analysis.plot_similarity(changes, ax=left)
left.set_title("change of the weights (cosine)")
activity = rg.analysis.similarity_matrix(anatomies, rg.analysis.activity_similarity)
rg.analysis.plot_similarity(activity, ax=right)
right.set_yticks(range(len(activity)), [""] * len(activity))
right.set_title("activity after learning (CKA)")
plt.show()

# %%
pairs = np.triu_indices(len(rules), 1)
cosines, aligned = (t.loc[list(rules), list(rules)].to_numpy()[pairs] for t in (changes, activity))
most = int(np.argmax(cosines))
one, other = (list(rules)[k[most]] for k in pairs)
begun = activity.loc["no learning", list(rules)].median()
Markdown(
    f"**So** two rules change the weights in directions of a median cosine of "
    f"{np.median(cosines):.2f}; the most alike are *{one}* and *{other}*, {cosines[most]:.2f}. The "
    f"activity of two rules has a median CKA of {np.median(aligned):.2f}, and that of a rule and "
    f"of no learning one of {begun:.2f}: as much is owed to the network that all of them began "
    "with, and only what exceeds it to what they learned."
)
