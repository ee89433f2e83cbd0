# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A rule for a task of mine
#
# The task is in `task.py`, all settings are in `discover.toml`. Jupyter opens this file as a
# notebook with jupytext (`pip install 'rulegen[notebooks]'`, then `jupytext --to ipynb
# notebook.py`); `python notebook.py` runs it as it is.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
from task import Mine

import rulegen as rg

plt.rcParams.update(rg.STYLE)
lives = 16 if os.environ.get("RULEGEN_FAST") else 128

# %% [markdown]
# ## A rule at work
#
# Circuits that learn the task by a rule that is given. The same key gives the same lives.

# %%
config = rg.load_config(Path("discover.toml")).model_copy(update={"task": Mine()})
rule = rg.parse(config.references[0].rule)
bench = rg.Bench(config.world, rule)
batch = bench.run(bench.values, rg.key(0), lives)
print("first 12 trials", rg.estimate(batch.rewards[:, :12].mean(axis=1)))
print("last 40 trials ", rg.estimate(batch.rewards[:, -40:].mean(axis=1)))
chance = config.task.chance(config.circuit.dt)
print(f"chance {chance:.3f}, perfect answers {config.task.best:.3f}")

# %% [markdown]
# ## Discover one
#
# The family of the configuration, fitted and pruned on the new task. What is done is kept in the
# folder; run the cell again to go on.

# %%
settings = [f"evaluate.lives={2 * lives}", f"prune.lives={lives}"]
small = rg.load_config(Path("discover.toml"), settings).model_copy(update={"task": config.task})
folder = Path("runs") / f"{small.name}-of-mine"
with rg.Display() as report:
    found = rg.discover(small, folder, resume=folder.exists(), report=report)
print(found.record.rule.text())

# %%
figure, ax = plt.subplots(figsize=(7, 4))
found.plot(ax)
figure.savefig(folder / "learning.png")
