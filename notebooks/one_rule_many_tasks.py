# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # One rule, many tasks
#
# A rule that learns one task in one circuit may owe it to both. Here rules are tuned in two worlds
# at once, each with one set of values for both, and judged in three others that chose nothing: a
# larger circuit, a longer delay, another task. The number of a world is 0 for no learning and 1 for
# node perturbation, tuned in that world for itself.

# %%
import os

import matplotlib.pyplot as plt
import pandas as pd

import rulegen as rg

plt.rcParams.update(rg.STYLE)
fast = bool(os.environ.get("RULEGEN_FAST"))
lives = 64 if fast else 512

# %% [markdown]
# ## The worlds
#
# The same tables stand in a file for `rulegen search`, `rulegen discover` and
# `rulegen compare --worlds`. Two worlds choose; what stands under `elsewhere` never does.

# %%
league = rg.League.model_validate(
    {
        "circuit": {"neurons": 24},
        "life": {"trials": 80},
        "worlds": [
            {"name": "association", "task": {"name": "delayed_association"}},
            {"name": "go or no-go", "task": {"name": "go_nogo"}},
        ],
        "elsewhere": [
            {
                "name": "48 neurons",
                "task": {"name": "delayed_association"},
                "circuit": {"neurons": 48},
            },
            {"name": "twice the delay", "task": {"name": "delayed_association", "delay": 360}},
            {"name": "trajectory", "task": {"name": "trajectory_recall"}},
        ],
        "evaluate": {"lives": lives},
    }
)
list(league.training), list(league.held_out)

# %% [markdown]
# ## The rules
#
# All of them add up an eligibility in each trial and turn it into weights when the reward differs
# from its running mean; what is eligible differs.
#
# - *The noise itself*: node perturbation. Each neuron must know what noise it injected.
# - *A surprise of the soma*: the potential less what the dendrite would have predicted, its own
#   current through a low-pass as slow as the membrane. No neuron is told of its noise, but the
#   difference is little else.
# - *A deviation*: the potential less its own running mean. It knows nothing of the current, so that
#   the stimulus looks like noise to it.
# - *Co-activity*: Hebb's product, gated by reward.

# %%
gated = """
param eta = 1e-3 1/ms in [0, 1]
{lines}
on trial start: e <- 0
on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
"""
eligible = {
    "the noise itself": "de/dt = xi*pre",
    "a surprise of the soma": "v = lowpass(drive, 40)\nde/dt = 5*(u - v)*pre",
    "a deviation": "u_bar = lowpass(u, 40)\nde/dt = 5*(u - u_bar)*pre",
    "co-activity": "de/dt = post*pre",
}
rules = {name: rg.parse(gated.format(lines=lines)) for name, lines in eligible.items()}
rules["a surprise of the soma"]

# %% [markdown]
# The certificate says what a synapse must know for it:

# %%
items = rules["a surprise of the soma"].locality().items
pd.DataFrame([(i.symbol, i.available, i.note) for i in items], columns=["reads", "when", "needs"])

# %% [markdown]
# ## How they fare
#
# Every rule gets the same budget: a random search over its learning rate in both worlds together,
# and a refinement from the best. Then it lives everywhere, on lives that nothing was tuned on. All
# intervals of the table hold together with 95%.

# %%
budget = rg.Budget(((8, 16), (6, 32))) if fast else rg.Budget(((24, 16), (12, 32), (6, 64)))
found = rg.compare_worlds(rules, league, rg.Stage(rg.key(1)), budget)
table = found.table()
table[["rule", "world", "scaled", "low", "high"]].round(2)

# %%
_, ax = plt.subplots(figsize=(9, 3.4))
rg.plot_standings(found, ax=ax)
plt.show()

# %% [markdown]
# What a neuron gains by comparing its soma with its dendrite is the difference between the second
# row and the third: both read the same potential, and only one of them knows what was to be
# expected of it. How close that comes to being told the noise is the difference between the first
# two.

# %%
_, ax = plt.subplots(figsize=(7, 3.4))
rg.plot_ranks(found.ranks(), ax=ax)
plt.show()

# %% [markdown]
# With five worlds, ranks tell little apart, and say so: that bars join rules means that as many
# worlds could order them otherwise. Intervals over lives are sharper, but they are about these
# worlds alone.
#
# ## Next
#
# `examples/generalist.toml` searches thousands of such rules in four worlds, with eight that chose
# nothing; [the page about several worlds](../docs/worlds.md) says how.
