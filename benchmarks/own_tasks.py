"""What docs/tasks.md says about tasks that are not bundled."""

from __future__ import annotations

from pathlib import Path

EXAMPLE = Path(__file__).parent.parent / "examples" / "own_task.py"


def beyond() -> list[str]:
    """The last parts of the page."""
    return [
        "## A task of one's own",
        "A subclass of `Task` with a name, its settings, the periods of a trial, and a trial as "
        "arrays. Whatever takes a bundled task takes it too, also a whole discovery "
        "([notebook](../notebooks/add_your_own_task.ipynb)). `rg.register` makes it known by its "
        "name, and a package makes it known everywhere ([extending](extending.md)). This is all of "
        "[`examples/own_task.py`](../examples/own_task.py); it prints the mean reward of the first "
        "12 and of the last 40 trials, with 95% intervals over lives.",
        f"```python\n{EXAMPLE.read_text()}```",
        "`chance(dt)` is the most that answers earn in the long run which depend on neither the "
        "stimulus nor the past, a lot among them: the best outputs that are the same in all "
        "trials, where each trial is met as often as the order of conditions and earlier trials "
        "make it, at the step `dt` of the circuit. Performance is the share of the way from there "
        "to perfect answers. Where one answer is perfect in all trials, as here, there is no "
        "performance, and none is printed; bundled tasks refuse settings that make it so.",
        "Rewards of one's own are a method `rewards(trial, output)`, which gives what each step "
        "earns, shape (T,); `reward` alone is a reward that is known only at the end. Where "
        "rewards arrive during a trial, it is asked for single steps too, as trials of one step: "
        "what differs from step to step must then come from the stimulus, the target or the weight "
        "of the trial. A record of rewards is such a target, and `rewards` returns "
        "`trial.target[:, 0]`. The task then says its own `best`.",
        "## Trials from elsewhere",
        "The task `sampled` consists of trials that somebody else made. `sample_trials` takes them "
        "from any environment in the style of gymnasium or neurogym whose trials do not depend on "
        "the actions taken:",
        """```python
task = rg.Sampled(samples=rg.sample_trials(env, 1000))  # env.new_trial(), or reset and step
```""",
        "An environment that does not go together with rulegen stays in a Python environment of "
        "its own. There a single file, `rulegen/tasks/environments.py`, is enough; it needs "
        "nothing but NumPy:",
        """```python
sys.path.insert(0, "rulegen/tasks")
from environments import sample_trials

np.savez_compressed("trials.npz", **sample_trials(env, 1000))
```""",
        """```toml
[task]
name = "sampled"
file = "trials.npz"   # from the folder in which rulegen runs

[circuit]
dt = 20               # of the trials
```""",
        "- **Targets.** Of discrete actions 0 is fixation, and its target is 0 on all outputs. Two "
        "further actions are one output of -0.5 or +0.5; any other number are an output each, of "
        "which the right one is 0.5 (`amplitude`). Continuous actions are targets as they are.",
        "- **What counts** for the reward are the steps at which some trial has an answer, so that "
        "to withhold one counts too. Fixation before is not asked for.",
        "- **Conditions** are trials with the same targets, or those that differ in what `by` "
        'names, such as `by=("ground_truth", "coh")`.',
        "- **Length.** A trial has one length: give the environment's periods constant lengths, "
        "or pad shorter trials with `length`.",
        "- **The file** holds the arrays `inputs` (trials, steps, channels), `targets` (trials, "
        "steps, outputs) and `dt` in ms, and perhaps `mask`, `conditions`, `period_names` and "
        "`period_steps`: see `Samples` in the [reference](api/tasks.md). It can come from any "
        "program. Nothing in it is executed, and the digest of the trials is part of every "
        "configuration and card.",
        "[Neurogym](neurogym.md) compares its tasks with the bundled ones, and lets circuits learn "
        "one of them.",
    ]
