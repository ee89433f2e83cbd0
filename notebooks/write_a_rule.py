# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Write a rule
#
# A plasticity rule is a text of a few lines, close to what one writes in a paper. This notebook
# types one in, asks what it is, makes two mistakes, and watches it work on given activity.
# Nothing here learns a task yet; see *Discover a rule* for that.

# %%
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import rulegen as rg

plt.rcParams.update(rg.STYLE)

# %% [markdown]
# ## A rule
#
# Synapses remember, in an eligibility trace $e$, how presynaptic activity coincided with
# deviations of the postsynaptic potential from its running mean. A reward $R$ turns the trace into
# a change of the weight, as much as it is, whenever it arrives. The cube favours large deviations
# over small ones.

# %%
rule = rg.parse("""
    param eta   = 0.02 1/ms
    param tau_u = 30 ms
    param tau_e = 400 ms

    u_bar = lowpass(u, tau_u)                            : post
    de/dt = -e/tau_e + eta*(pre*(u - u_bar))**3          : synapse
    dw/dt = R*e
""")
rule

# %% [markdown]
# Each name has a *site*: one value for each presynaptic neuron, each postsynaptic neuron, each
# synapse, or one for all. The certificate of locality says what a synapse would have to know, and
# when.

# %%
certificate = rule.locality()
print(certificate.verdict)
pd.DataFrame(
    [(i.symbol, i.site.value, i.available, i.note) for i in certificate.items],
    columns=["signal", "site", "available", "needs"],
).set_index("signal")

# %% [markdown]
# The same formulas as LaTeX, for a paper:

# %%
print(rule.latex())

# %% [markdown]
# ## Mistakes
#
# Times are in ms, and every equation must balance in them. An error shows the place and a remedy.
# Here the leak of the trace lost its time constant, and a name is misspelt.

# %%
mistakes = [
    "param tau_e = 400 ms\nde/dt = -tau_e*e + pre*post\ndw/dt = R*e",
    "u_bar = lowpass(u, 30)\nde/dt = -e/400 + pre*(u - u_baar)",
]
for text in mistakes:
    try:
        rg.parse(text)
    except rg.RuleError as error:
        print(error, end="\n\n")

# %% [markdown]
# ## The rule at work
#
# `drive` follows a rule on activity that we choose: no circuit, no task. Two synapses see the
# same postsynaptic neuron, whose potential jumps once. The presynaptic neuron of the first is
# active at that moment, that of the second is active later. The reward comes half a second after,
# spread over a tenth of a second.

# %%
dt, steps = 1.0, 1500
time = np.arange(steps) * dt
pre = np.zeros((steps, 2), np.float32)
pre[200:400, 0], pre[600:800, 1] = 1.0, 1.0
u = 1.2 * np.exp(-(time - 260) / 40.0) * (time >= 260)
reward = 0.25 * dt / 100 * ((time >= 900) & (time < 1000)).astype(np.float32)

# A trial of one step each, so that the history has every step.
activity = {"pre": pre, "u": u[:, None].astype(np.float32), "R": reward}
activity = {name: jnp.asarray(values)[:, None] for name, values in activity.items()}
course = rg.drive(rg.compile_rule(rule), jnp.zeros((1, 2)), activity, dt=dt)

# %%
figure, axes = plt.subplots(4, 1, figsize=(7.5, 6), sharex=True, height_ratios=[1, 1, 1.4, 1.4])
seconds = time / 1000
for synapse, colour in enumerate(("C0", "C1")):
    here = {"color": colour, "label": f"synapse {synapse + 1}"}
    axes[0].fill_between(seconds, pre[:, synapse], color=colour, alpha=0.35, linewidth=0)
    axes[2].plot(seconds, course.history["e"][:, 0, synapse], **here)
    axes[3].plot(seconds, course.history["w"][:, 0, synapse], **here)
axes[1].plot(seconds, u, color="0.3", label="$u$")
axes[1].plot(seconds, course.history["u_bar"][:, 0], color="0.3", linestyle=":", label=r"$\bar u$")
for ax, label in zip(axes, ["pre", "potential", "eligibility $e$", "weight $w$"], strict=True):
    ax.set_ylabel(label)
    ax.axvspan(0.9, 1.0, color="C2", alpha=0.15, linewidth=0)
axes[0].set_yticks([0, 1])
axes[0].text(0.95, 0.5, "$R$", color="C2", ha="center", va="center")
axes[1].legend(loc="upper right")
axes[2].legend(loc="upper right")
axes[3].set_xlabel("time (s)")
figure.align_ylabels()
plt.show()

# %% [markdown]
# Only the first synapse was active while the potential rose above its mean: its trace outlives
# the event, and the reward finds it half a second later.
#
# ## A rule of the literature
#
# The catalog has published rules in the same language. Pair-based spike-timing dependent
# plasticity, as one picture: 161 synapses onto one neuron, each with one presynaptic spike at its
# own time, and a single postsynaptic spike. One run gives the whole window.

# %%
record = rg.find("stdp_pair")
print(record.references[0].citation)
record.rule

# %%
lags = np.arange(-80, 81)  # t_post - t_pre, ms
when = 100
pre_spike = np.zeros((200, len(lags)), np.float32)
pre_spike[when - lags, np.arange(len(lags))] = 1.0  # impulses of unit area: 1/dt at dt = 1 ms
post_spike = np.zeros((200, 1), np.float32)
post_spike[when] = 1.0
spikes = {"pre_spike": jnp.asarray(pre_spike)[None], "post_spike": jnp.asarray(post_spike)[None]}
window = rg.drive(rg.compile_rule(record.rule), jnp.zeros((1, len(lags))), spikes, dt=1.0)
change = 1000 * np.asarray(window.state["w"][0])

figure, ax = plt.subplots(figsize=(5.5, 3.6))
for side, colour in ((lags > 0, "C0"), (lags < 0, "C1")):
    ax.fill_between(lags[side], change[side], color=colour, alpha=0.25, linewidth=0)
    ax.plot(lags[side], change[side], color=colour)
ax.axhline(0, color="0.35", linewidth=0.8)
ax.axvline(0, color="0.35", linewidth=0.8)
ax.text(25, 3.2, "pre before post", color="C0")
ax.text(-25, -3.2, "post before pre", color="C1", ha="right")
ax.set_xlabel(r"$t_\mathrm{post} - t_\mathrm{pre}$ (ms)")
ax.set_ylabel(r"change of weight ($\times 10^{-3}$)")
plt.show()

# %% [markdown]
# ## One rule, many spellings
#
# The canonical form is what two rules share when they differ only in notation: order, names of
# states, `lowpass` against its differential equation, or the scale of a trace. Its digest is the
# rule's fingerprint.

# %%
one = rg.parse("""
    param tau = 400 ms
    e = lowpass(pre*post, tau)     : synapse
    on reward: w += 0.01*(R - R_bar)*e
""")
other = rg.parse("""
    param tau_trace = 400 ms
    dh/dt = post*pre - h/tau_trace : synapse
    on reward: w -= (R_bar - R)*h/40000
""")
print(one.digest, other.digest)
print(one.canonical())
