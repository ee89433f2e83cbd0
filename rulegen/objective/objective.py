"""What everything that fits, selects and searches asks of a rule and where it lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import jax
import numpy as np

from rulegen.grammar import Rule
from rulegen.ground.progress import Tick
from rulegen.lives.batch import Lot
from rulegen.lives.bench import Bench


class Objective(Protocol):
    """A rule, judged by one number a life.

    A `Bench` is one, whose number is the mean reward per trial; a `Joint` is one over several
    worlds. Whoever asks for an objective knows the number of a life alone: not in how many worlds
    it was lived.

    Attributes:
        rule, values, names, free, free_names, bounds, identity: see `rulegen.Bench`.
        benches: the rule in each of its worlds, by name.
    """

    rule: Rule
    values: np.ndarray
    names: list[str]
    free: np.ndarray
    free_names: list[str]
    bounds: np.ndarray

    @property
    def benches(self) -> Mapping[str, Bench]:
        """The rule in each of its worlds, by name; one that is alone has none."""

    @property
    def identity(self) -> str:
        """16 hexadecimal digits of all on which its numbers depend."""

    def vector(self, values: Mapping[str, float]) -> np.ndarray:
        """The parameter vector with some values replaced."""

    def rewards(
        self,
        places: np.ndarray | Sequence[np.ndarray],
        key: jax.Array,
        lives: int,
        tick: Tick | None = None,
    ) -> np.ndarray:
        """The number of each life, shape (lives,), or (n, lives) of n places; as of a `Bench`."""

    def meet(
        self,
        places: Sequence[np.ndarray],
        key: jax.Array,
        lives: int,
        tick: Tick | None = None,
        *,
        strict: bool = False,
    ) -> list[Lot]:
        """The lives at each place with their outcomes; as of a `Bench`."""

    def slopes(self, means: Sequence[float] | np.ndarray) -> np.ndarray:
        """How much the objective gains with the mean reward of each world, shape (V,).

        Args:
            means: of each world, shape (V,), where slopes are taken.
        """

    def joined(self, rewards: np.ndarray) -> np.ndarray:
        """One number for each life that was lived in every world.

        Args:
            rewards: shape (V, ..., L).

        Returns:
            shape (..., L); their mean is the objective of the means.
        """
