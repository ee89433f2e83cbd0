"""Benches of tests say what one parameter vector earns; real ones run many at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np


def each_place(one: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Makes of a method of one vector, shape (P,), that of `Bench.rewards`."""

    @wraps(one)
    def rewards(self: Any, places: Any, key: Any, lives: int, tick: Any = None) -> np.ndarray:
        places = np.asarray(places, float)
        found = [one(self, place, key, lives) for place in np.atleast_2d(places)]
        return np.reshape(found, (*places.shape[:-1], lives))

    return rewards
