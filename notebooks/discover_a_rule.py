# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Discover a rule
#
# A recurrent circuit must answer a cue after a delay, and all that its synapses learn is one
# reward at the end of each trial. Which products of activity should their eligibility traces
# accumulate? We propose four and let rulegen fit, prune, refine and test them on circuits that
# the fit never saw. The full example of the README has eight terms and more lives; this one takes
# about two minutes.

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from IPython.display import Markdown

import rulegen as rg

plt.rcParams.update(rg.STYLE)
lives = 32 if os.environ.get("RULEGEN_FAST") else 256

# %% [markdown]
# ## The family
#
# Four candidate terms with free coefficients. `xi` is the exploration noise that was injected
# into the neuron in this step, `d` the deviation of its potential from the running mean. The
# start is a mixture that learns slowly.

# %%
family = """
param eta = 9.13e-4 1/ms
param theta_1 = 0.1 in [-3, 3] free
param theta_2 = 0.1 in [-3, 3] free
param theta_3 = 0   in [-3, 3] free
param theta_4 = 0.1 in [-3, 3] free

u_bar <- 0.3*u_bar + 0.7*u : post
d = (u - u_bar)/0.2
de/dt = theta_1*xi*pre + theta_2*d*pre + theta_3*d**3*pre**3 + theta_4*post*pre : synapse

on trial start: e <- 0
on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
"""
rg.parse(family)

# %% [markdown]
# ## The run
#
# A cheap, biased beginning (credit for the next trial only), then an unbiased finish. Terms are
# dropped when the rule without them, fitted again, is not worse by more than the margin, on the
# same networks and noise. Each line below is a stage that ended.

# %%
config = rg.DiscoverConfig(
    name="four_terms",
    title="A rule from four candidates",
    description="Delayed association by 32 rate neurons, one reward at the end of each trial.",
    seed=1,
    rule=family,
    task=rg.DelayedAssociation(),
    fit=(
        rg.Phase(estimator=rg.Score(lives=lives), iterations=15, rate=0.08),
        rg.Phase(estimator=rg.Pgpe(lives=lives), iterations=8, rate=0.06),
    ),
    prune=rg.PruneSettings(
        lives=lives, refit=rg.Refit(estimator=rg.Pgpe(lives=lives // 2), iterations=6)
    ),
    refine=rg.RefineSettings(lives=lives // 2),
    evaluate=rg.EvaluateSettings(lives=4 * lives),
    references=(
        rg.ReferenceRule(
            name="node perturbation, tuned by hand",
            rule="""
                param eta = 9.13e-4 1/ms
                de/dt = 1.5*xi*pre
                on trial start: e <- 0
                on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
            """,
        ),
    ),
)
folder = Path(tempfile.mkdtemp()) / config.name
with rg.Display() as report:
    found = rg.discover(config, folder, report=report)

# %% [markdown]
# ## The fit
#
# The history of a run is a table. Above, the reward of each iteration with its standard error;
# below, the coefficients. The shading marks the second phase. Where the reward falls by more than
# its error allows, the fit returns to its best point and halves its step.

# %%
history = rg.fit_history(folder)
fit = history[history.stage.str.startswith("fit")].reset_index(drop=True)
second = fit.stage.ne(fit.stage[0]).idxmax()
terms = {t.coefficient: t.text for t in rg.parse(family).terms()}

figure, (top, bottom) = plt.subplots(2, 1, figsize=(8, 5), sharex=True)
top.errorbar(fit.index + 1, fit.reward, fit.error, color="0.3", marker="o", markersize=3)
top.set_ylabel("reward per trial")
for name, term in terms.items():
    bottom.plot(fit.index + 1, fit[name], marker="o", markersize=3, label=term)
bottom.axhline(0, color="0.35", linewidth=0.8)
bottom.set_ylabel("coefficient")
bottom.set_xlabel("iteration")
bottom.legend(title="term", loc="center left", bbox_to_anchor=(1.0, 0.5))
for ax in (top, bottom):
    ax.axvspan(second + 0.5, len(fit) + 0.5, color="0.94", zorder=0)
plt.show()

# %% [markdown]
# ## What is left
#
# The rule as published, which is also what the figures below are about: the text is read again
# before it is tested.

# %%
found.record.rule

# %%
figure, ax = plt.subplots(figsize=(7, 4.2))
rg.plot_learning(
    found.trajectories, config.task, config.circuit.dt, warmup=config.life.warmup, ax=ax
)
plt.show()

# %% [markdown]
# ## The card
#
# Everything that supports the rule, on one page; `folder` has it as Markdown and LaTeX, with the
# data of all figures.

# %%
Markdown(rg.markdown_card(found.record, notebook=True))
