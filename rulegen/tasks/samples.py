"""Trials as arrays, in memory and in files."""

from __future__ import annotations

import hashlib
import io
import zipfile
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from rulegen.grammar import ConfigError
from rulegen.grammar.reading.files import read_file

#: Larger files are no trials: all of them become constants of the compiled programs.
LARGEST_FILE = 1 << 27
#: Squares of larger numbers are infinite in single precision.
LARGEST_VALUE = 1e18
#: More different courses of targets than this are no conditions, but answers of a continuous kind.
MOST_CONDITIONS = 64

REQUIRED = ("inputs", "targets", "dt")
OPTIONAL = ("mask", "conditions", "period_names", "period_steps")


class Samples:
    """Trials of one length, checked once; their arrays cannot be written to.

    Args:
        inputs: shape (n, T, channels).
        targets: wanted outputs, shape (n, T, outputs).
        dt: length of a step, ms.
        mask: how much each step counts, at least 0, shape (n, T) or one that broadcasts to it;
            unless stated, the steps count at which the target of some trial differs from 0.
        conditions: of each trial, numbered from 0 without gaps, shape (n,); unless stated, trials
            with the same targets, or all trials where more than 64 targets differ.
        period_names: of the parts of a trial, in order; unless stated, a single one.
        period_steps: their numbers of steps.

    Attributes:
        inputs, targets, mask: as float32, of the shapes above.
        dt, conditions: as above.
        weights: the mask of each trial divided by its sum, as float64: in single precision the sum
            of a mask of 3e38 is infinite, and one of 1e-45 is nothing.
        periods: numbers of steps by name.
        digest: 16 hexadecimal digits of everything in them.

    Raises:
        ValueError: when an array has another shape, is too large or not finite, no step of a trial
            counts, or conditions or periods are not as they should be.

    Example:
        >>> inputs = np.array([[[1.0], [0.0]], [[-1.0], [0.0]]])
        >>> trials = Samples(inputs, 0.5 * inputs[:, ::-1], dt=20.0)
        >>> trials.mask.tolist(), trials.conditions.tolist(), trials.periods
        ([[0.0, 1.0], [0.0, 1.0]], [1, 0], {'trial': 2})
    """

    def __init__(
        self,
        inputs: ArrayLike,
        targets: ArrayLike,
        dt: ArrayLike,
        *,
        mask: ArrayLike | None = None,
        conditions: ArrayLike | None = None,
        period_names: ArrayLike = ("trial",),
        period_steps: ArrayLike | None = None,
    ) -> None:
        self.inputs, self.targets = course("inputs", inputs), course("targets", targets)
        count, steps = shape = self.inputs.shape[:2]
        if self.targets.shape[:2] != shape:
            raise ValueError(
                f"there are inputs for {count} trials of {steps} steps, but targets for "
                f"{self.targets.shape[0]} of {self.targets.shape[1]}"
            )
        step = np.asarray(dt)
        if step.dtype.kind not in "iuf" or step.size != 1 or not 0 < step.item() < np.inf:
            raise ValueError("dt must be a number of ms, above 0")
        self.dt = float(step.item())
        self.mask = weights(np.any(self.targets != 0, (0, 2)) if mask is None else mask, shape)
        self.conditions = alike(self.targets) if conditions is None else numbered(conditions, count)
        self.periods = spans(period_names, steps if period_steps is None else period_steps, steps)
        for array in (self.inputs, self.targets, self.mask, self.conditions):
            array.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Samples) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def weights(self) -> np.ndarray:  # noqa: D102  (stands above)
        whole = self.mask.astype(float)
        return whole / whole.sum(axis=1, keepdims=True)

    @cached_property
    def digest(self) -> str:  # noqa: D102  (stands above)
        found = hashlib.sha256(repr((self.dt, self.periods)).encode())
        for array in (self.inputs, self.targets, self.mask, self.conditions):
            found.update(f"{array.dtype.str}{array.shape}".encode())
            found.update(array.tobytes())
        return found.hexdigest()[:16]

    def save(self, path: Path | str) -> None:
        """Write an `.npz` file with the arguments as arrays.

        Raises:
            OSError: when it cannot be written.
        """
        with Path(path).open("wb") as file:
            np.savez_compressed(
                file,
                inputs=self.inputs,
                targets=self.targets,
                dt=np.array(self.dt),
                mask=self.mask,
                conditions=self.conditions,
                period_names=np.array(list(self.periods)),
                period_steps=np.array(list(self.periods.values())),
            )

    @classmethod
    def load(cls, path: Path | str) -> Samples:
        """Read an `.npz` file with the arguments as arrays; nothing in it is unpickled.

        Raises:
            ValueError: when it cannot be read, or holds no trials.
        """
        arrays = read_arrays(Path(path))
        try:
            return cls(**arrays)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file, none of a name or a size that trials cannot have."""
    try:
        content = io.BytesIO(read_file(path, LARGEST_FILE))
    except ConfigError as error:
        raise ValueError(str(error)) from None
    try:
        with zipfile.ZipFile(content) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > LARGEST_FILE:
            raise ValueError(f"it holds {size >> 20} MB, and {LARGEST_FILE >> 20} can be used")
        with np.load(content, allow_pickle=False) as file:
            names = set(file.files)
            if unknown := names.difference(REQUIRED, OPTIONAL):
                raise ValueError(f"there is an unknown array `{min(unknown)}`")
            if missing := set(REQUIRED) - names:
                raise ValueError(f"there is no array `{min(missing)}`")
            return {name: file[name] for name in names}
    except Exception as error:  # whatever a damaged archive makes of its readers
        raise ValueError(f"{path} is no .npz file of trials: {error}") from None


def finite(name: str, values: ArrayLike) -> np.ndarray:
    """Finite numbers as float32, in an array of their own."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be numbers, not {array.dtype}")
    with np.errstate(over="ignore"):
        array = np.array(array, np.float32)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has values that are not finite, or beyond single precision")
    return array


def course(name: str, values: ArrayLike) -> np.ndarray:
    """Numbers for each trial, step and channel."""
    array = finite(name, values)
    if array.ndim != 3 or not array.size:
        raise ValueError(
            f"{name} has the shape {array.shape}; it must be trials x steps x channels, each at "
            "least 1"
        )
    if np.abs(array).max() > LARGEST_VALUE:
        raise ValueError(f"{name} has values beyond {LARGEST_VALUE:g}, whose squares are infinite")
    return array


def weights(mask: ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """How much each step counts, of the shape (n, T)."""
    array = finite("mask", mask)
    try:
        array = np.broadcast_to(array, shape).copy()
    except ValueError:
        raise ValueError(f"mask has the shape {array.shape}; it must be {shape}") from None
    if np.any(array < 0):
        raise ValueError("mask has values below 0")
    if (silent := np.flatnonzero(~(array > 0).any(axis=1))).size:
        raise ValueError(
            f"no step of trial {silent[0]} counts: its mask is 0 everywhere, in single precision"
        )
    return array


def alike(targets: np.ndarray) -> np.ndarray:
    """A condition for each course of the targets, or one for all where there are too many."""
    courses, found = np.unique(targets.reshape(len(targets), -1), axis=0, return_inverse=True)
    return found.reshape(-1) * (len(courses) <= MOST_CONDITIONS)


def numbered(conditions: ArrayLike, count: int) -> np.ndarray:
    """The conditions of so many trials."""
    array = np.asarray(conditions)
    if array.dtype.kind not in "iu" or array.shape != (count,):
        raise ValueError(f"conditions must be {count} integers, one for each trial")
    present = np.unique(array)
    if not np.array_equal(present, np.arange(len(present))):
        raise ValueError("conditions must be numbered from 0 without gaps")
    return array.astype(np.int64)


def spans(names: ArrayLike, steps: ArrayLike, whole: int) -> dict[str, int]:
    """Numbers of steps by the name of the period."""
    names, steps = np.atleast_1d(names), np.atleast_1d(steps)
    if names.dtype.kind != "U" or steps.dtype.kind not in "iu" or names.shape != steps.shape:
        raise ValueError("period_names must be texts, and period_steps an integer for each")
    periods = dict(zip(names.tolist(), steps.tolist(), strict=True))
    if len(periods) < len(names):
        raise ValueError("period_names has one name twice")
    if min(periods.values()) < 1 or sum(periods.values()) != whole:
        raise ValueError(f"periods of {steps.tolist()} steps do not make a trial of {whole}")
    return periods
