"""What a trial is, and why something that a task gives is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, NamedTuple

import jax
import numpy as np

from rulegen.ground.parts import Part

Array = jax.Array

#: Answers of tasks that ask for a sign.
SIGNS = np.array([-1.0, 1.0])[:, None, None]


class Trial(NamedTuple):
    """One trial as arrays.

    Attributes:
        stimulus: input to each channel, shape (T, channels).
        target: wanted output, shape (T, outputs).
        weight: how much each step counts for the reward, shape (T,), of sum 1.
        answers: outputs among which the target is chosen, shape (answers, T, outputs) or one that
            broadcasts to it; unless stated, one of either sign.
    """

    stimulus: Array
    target: Array
    weight: Array
    answers: Array | np.ndarray = SIGNS


def no_trial(task: Part, found: Any, *given: Any, **named: Any) -> str:
    """Why something is no trial; "" where it is one."""
    if not isinstance(found, Trial):
        return f"it gives {found!r} in place of a Trial"
    none = [name for name in Trial._fields if not hasattr(getattr(found, name), "shape")]
    return f"its {none[0]} is no array" if none else ""


def no_periods(task: Part, found: Any) -> str:
    """Why something is no lengths of periods; "" where it is."""
    if not isinstance(found, Mapping) or not found:
        return f"it gives {found!r} in place of lengths in ms by name"
    none = [n for n, t in found.items() if not isinstance(t, Real) or not math.isfinite(t)]
    return f"`{none[0]}` lasts {found[none[0]]!r}, which is no length in ms" if none else ""


def no_count(task: Part, found: Any) -> str:
    """Why something is no number of things; "" where it is."""
    number = isinstance(found, Integral) and int(found) > 0
    return "" if number else f"it gives {found!r} in place of how many there are"


def no_reward(task: Part, found: Any, *given: Any, **named: Any) -> str:
    """Why something is no reward; "" where it is one."""
    number = isinstance(found, Real) or getattr(found, "shape", None) == ()
    return "" if number else f"it gives {found!r} in place of one number"


def no_rewards(task: Part, found: Any, *given: Any, **named: Any) -> str:
    """Why something is no rewards of steps; "" where it is."""
    number = isinstance(found, Real) or hasattr(found, "shape")
    return "" if number else f"it gives a {type(found).__name__} in place of an array"
