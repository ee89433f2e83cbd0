"""What a task tells the rules of a circuit in each step: what was earned, and the errors."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rulegen.circuits import Network
from rulegen.grammar.algebra.symbols import ERRORS
from rulegen.lives.arrivals import arrive, check_parts, first_trial, some_output
from rulegen.tasks import Task, Trial

Array = jax.Array
#: What a rule may read of it.
TOLD = ERRORS | {"R"}


class Wanted(NamedTuple):
    """What outputs should be in a step, or with an axis of steps in several.

    Attributes:
        stimulus, target, weight: of the trial.
        arrives: whether what is owed arrives in this step.
    """

    stimulus: Array
    target: Array
    weight: Array
    arrives: Array


class Lessons:
    """What rules are told in each step of a trial; nothing of it is made where nobody reads it.

    With B the weights that send errors back (`Circuit.errors`) and y* the target,

        error = B (y* - y) where the step counts for the reward, else 0 ,

    and `pre_error` is the error of the step before, since `pre` is the rate of the step before.

    Args:
        task: what the circuit does.
        dt: step, ms.
        read: what rules read of it, rewards in steps.

    Raises:
        ValueError: when a reward is asked for in a step, and known at the end alone, or errors of
            outputs, and the target is for what outputs bring about.
    """

    def __init__(self, task: Task, dt: float, read: frozenset[str]) -> None:
        self.task, self.dt, self.read = task, dt, TOLD & read
        self.rewards, self.errors = "R" in read, bool(self.read - {"R"})
        if self.rewards:
            remedy = "use `on reward:`"
            if not isinstance(task.delivery, str):
                remedy += ' and set task.delivery = "end"'
            check_parts(task, dt, "the rule reads R at every step", remedy)
        if self.errors and not _for_outputs(task, dt):
            raise ValueError(
                f"the target of {task.name} is for what outputs bring about, and the rule reads "
                f"`{min(self.read - {'R'})}`, target minus output: use a task whose target is for "
                "the outputs, or a rule that reads R"
            )

    def begin(self, neurons: int, dtype: jnp.dtype) -> dict[str, Array]:
        """What is kept from step to step, at the start of a trial."""
        owed = {"owed": jnp.zeros((), dtype)} if self.rewards else {}
        return owed | ({"error": jnp.zeros(neurons, dtype)} if self.errors else {})

    def silence(self, neurons: int, dtype: jnp.dtype) -> dict[str, Array]:
        """What rules are told before the first step."""
        shapes = {"R": (), "error": (neurons,), "pre_error": (neurons,)}
        return {name: jnp.zeros(shapes[name], dtype) for name in sorted(self.read)}

    def wanted(self, trial: Trial, first: int, last: int) -> Any:
        """What the outputs of these steps should be; () where nobody asks."""
        if not self.read:
            return ()
        parts = trial.stimulus, trial.target, trial.weight, arrive(self.task, self.dt)
        return Wanted(*(jnp.asarray(part)[first:last] for part in parts))

    def tell(
        self, wanted: Any, kept: dict[str, Array], network: Network, rates: Array
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """What rules are told in a step, by the name of the signal, and what is kept after it.

        Args:
            wanted: in this step.
            kept: after the step before.
            network: whose outputs they are.
            rates: after the step, shape (N,).
        """
        told, later = dict[str, Array](), dict[str, Array]()
        if not self.read:
            return told, later
        output = network.readout @ rates
        if self.rewards:
            alone = Trial(wanted.stimulus[None], wanted.target[None], wanted.weight[None])
            owed = kept["owed"]
            owed = owed + self.task.rewards(alone, output[None])[0].astype(owed.dtype)
            nothing = jnp.zeros_like(owed)
            told["R"] = jnp.where(wanted.arrives, owed, nothing)
            later["owed"] = jnp.where(wanted.arrives, nothing, owed)
        if self.errors:
            miss = jnp.where(wanted.weight > 0, wanted.target - output, 0.0)
            error = (network.backward @ miss).astype(rates.dtype)
            told |= {"error": error, "pre_error": kept["error"]}
            later["error"] = error
        return {name: told[name] for name in sorted(self.read)}, later


def _for_outputs(task: Task, dt: float) -> bool:
    """Whether a target is compared with the outputs themselves, where it counts."""
    if type(task).effect is Task.effect:
        return True

    def both(output: Array) -> tuple[Array, Array]:
        trial = first_trial(task, dt)
        counts = (trial.weight > 0)[:, None]
        return counts * task.effect(trial, output), counts * output

    effect, output = jax.jit(both)(some_output(task, dt))
    return bool(np.allclose(effect, output, 1e-4))
