"""How large a life is, from its settings alone: nothing of it is made to find out."""

from __future__ import annotations

from rulegen.circuits import Circuit
from rulegen.circuits.base import MOST_NEURONS
from rulegen.ground.machine import memory
from rulegen.tasks import Task

#: Most steps of a trial, trials of a life, and steps of all of them.
MOST_STEPS, MOST_TRIALS, MOST_IN_ALL = 1 << 20, 1 << 20, 1 << 32
#: Most input channels, outputs and conditions of a task, as a circuit has neurons.
MOST_WIDE = MOST_NEURONS
#: Most rewards that are kept of all lives of a rule together.
MOST_REWARDS = 1 << 31
#: Bytes of a number, in single precision.
NUMBER = 4


def check_size(circuit: Circuit, task: Task, trials: int) -> None:
    """See that a life is one that a computer can hold and that somebody can wait for.

    Of the memory this is a lower bound, without what the rule keeps; `rulegen.lives.policy` has
    the other.

    Args:
        circuit, task: where it is lived. trials: of it.

    Raises:
        ValueError: when it is too large; the message says in what.

    Example:
        >>> from rulegen.circuits import RateCircuit
        >>> from rulegen.tasks import DelayedMatch
        >>> check_size(RateCircuit(), DelayedMatch(), 200)
        >>> check_size(RateCircuit(), DelayedMatch(delay=1e9), 200)
        Traceback (most recent call last):
        ...
        ValueError: a trial of 100000024 steps: at most 1048576 are run; shorten it, or lengthen ...
    """
    wide = {"channels": task.channels, "outputs": task.outputs, "conditions": task.conditions}
    for name, count in wide.items():
        if count > MOST_WIDE:
            raise ValueError(f"a task of {count} {name}: at most {MOST_WIDE} are run")
    steps = task.steps(circuit.dt)
    if steps > MOST_STEPS:
        remedy = f"shorten it, or lengthen the step of {circuit.dt:g} ms"
        raise ValueError(f"a trial of {steps} steps: at most {MOST_STEPS} are run; {remedy}")
    if trials * steps > MOST_IN_ALL:
        raise ValueError(
            f"a life of {trials} trials of {steps} steps: at most {MOST_IN_ALL} steps are run"
        )
    neurons, sides = circuit.neurons, task.channels + task.outputs
    # Old and new weights, those from inputs and to outputs, and stimulus, target and weight.
    numbers = 2 * neurons**2 + neurons * sides + steps * (sides + 1)
    if (needed := NUMBER * numbers) > memory():
        raise ValueError(
            f"one life needs {needed >> 20} MB at least, and this machine has {memory() >> 20} MB: "
            "take fewer neurons, or shorter trials"
        )


def check_rewards(lives: int, trials: int) -> None:
    """See that the rewards of all trials of so many lives can be kept.

    Raises:
        ValueError: when they cannot.

    Example:
        >>> check_rewards(1 << 20, 1 << 12)
        Traceback (most recent call last):
        ...
        ValueError: 1048576 lives of 4096 trials: at most 2147483648 rewards are kept; take fewer
    """
    if lives * trials > MOST_REWARDS:
        raise ValueError(
            f"{lives} lives of {trials} trials: at most {MOST_REWARDS} rewards are kept; take fewer"
        )
