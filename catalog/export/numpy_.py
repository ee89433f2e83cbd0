"""A rule as plain NumPy functions."""

from __future__ import annotations

from rulegen.catalog.export.arrays import module
from rulegen.catalog.export.library import Library
from rulegen.catalog.records.record import Record

NUMPY = Library(
    title="A plasticity rule as plain NumPy functions, exported by rulegen.",
    short="np",
    imports="import numpy as np",
    # A value without meaning is inf or nan, as everywhere in rulegen, and no warning.
    quiet=('@np.errstate(all="ignore")',),
    place=("new = old.copy()", "new[condition] = value", "return new"),
    erf=("from math import erf as one", "return np.vectorize(one, [float])(x)"),
    own=".copy()",
    random=("", ""),
    even="random.random({shape})",
    bell="random.standard_normal({shape})",
)


def write(record: Record) -> str:
    """The text of a module with `init`, `forward`, `step` and a function for each event.

    Example:
        >>> record = Record(name="hebb", title="Hebb", description="",
        ...                 equations="w += 0.1*pre*post")
        >>> space = {}
        >>> exec(write(record), space)
        >>> state = space["init"]([[0.0, 1.0]])
        >>> print(space["step"](state, {"pre": [1.0, 2.0], "post": [3.0]}, dt=1.0)["w"])
        [[0.3 1.6]]
    """
    return module(record, NUMPY)
