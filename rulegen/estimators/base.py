"""What every estimator of the meta-gradient has in common."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import jax
import numpy as np
from pydantic import Field

from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.grammar import RunError
from rulegen.ground.parts import Part
from rulegen.ground.progress import Tick
from rulegen.lives.bench import Bench
from rulegen.lives.many import Lives
from rulegen.lives.outcomes import Outcomes

#: An estimate of which a larger share of the parts is not finite is refused.
MOST_NONFINITE = 0.1


class MetaGradient(NamedTuple):
    """An estimate of d E[mean reward per trial] / d theta. We *maximise* reward.

    Theta are the free parameters in the coordinates of the fit, see `Coordinates`.

    Attributes:
        gradient: the estimate, shape (P,).
        error: its standard error over lives, shape (P,).
        rewards: mean reward per trial of each life, shape (L,).
        outcomes: how many lives ended how.
        nonfinite: number of parts, such as lives, whose own gradient was infinite or not a number
            and is left out of the mean.
        parts: how many there were.
        shares: of all lives that each world deserves in the next estimate (`together.allotted`);
            empty where there is one world.
        astray: where in the rule the gradients lead that are not finite, see `average`.
    """

    gradient: np.ndarray
    error: np.ndarray
    rewards: np.ndarray
    outcomes: Outcomes
    nonfinite: int
    parts: int
    shares: tuple[float, ...] = ()
    astray: tuple[str, ...] = ()

    def stored(self) -> dict[str, Any]:
        """What a journal keeps of it.

        Example:
            >>> found = MetaGradient(np.ones(1), np.ones(1), np.zeros(2), Outcomes(2), 0, 2)
            >>> MetaGradient.of(found.stored()).gradient
            array([1.])
        """
        found = {
            k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in self._asdict().items()
        }
        return found | {"outcomes": self.outcomes._asdict()}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> MetaGradient:
        """An estimate from a journal, whatever else is kept with it."""
        found = {name: stored[name] for name in cls._fields}
        arrays = {k: np.array(found[k]) for k in ("gradient", "error", "rewards")}
        told = {name: tuple(found[name]) for name in ("shares", "astray")}
        return cls(**(found | arrays | told | {"outcomes": Outcomes(**found["outcomes"])}))

    @property
    def reward(self) -> float:
        """Mean reward per trial over all lives."""
        return float(self.rewards.mean())

    @property
    def reward_error(self) -> float:
        """Standard error of `reward` over lives."""
        return float(self.rewards.std(ddof=1) / len(self.rewards) ** 0.5)

    @property
    def loss(self) -> str:
        """What is said of the gradients that are left out; empty where none is."""
        if not self.nonfinite:
            return ""
        along = f", along {'; '.join(self.astray)}" if self.astray else ""
        return f"{self.nonfinite} of {self.parts} gradients not finite{along}"

    @property
    def signal_to_noise(self) -> float:
        """|gradient| / |standard error|."""
        noise = float(np.linalg.norm(self.error))
        return float(np.linalg.norm(self.gradient)) / noise if noise > 0 else 0.0


def no_gradient(
    estimator: Estimator, found: Any, lives: Lives, values: Any, free: Any, *more: Any, **named: Any
) -> str:
    """Why something is no estimate of the meta-gradient along `free`; "" where it is one."""
    if not isinstance(found, MetaGradient):
        return f"it gives {found!r} in place of a MetaGradient"
    shapes = {name: np.shape(getattr(found, name)) for name in ("gradient", "error")}
    wrong = [name for name, shape in shapes.items() if shape != (len(free),)]
    return f"its {wrong[0]} has the shape {shapes[wrong[0]]}, not {(len(free),)}" if wrong else ""


class Estimator(Part, abc.ABC):
    """Settings of an estimator; `prepare` compiles what it needs, once.

    One of one's own is a subclass with a `name` and `estimate`, and `prepare` where it needs more
    than rewards.

    Attributes:
        lives: number of lives per estimate.
        clip: per-life gradients longer than this multiple of their median length are shortened to
            it; 0 switches this off and keeps the estimate unbiased.
    """

    part: ClassVar[str] = "estimator"
    _wrong: ClassVar[Mapping[str, Callable[..., str]]] = {"estimate": no_gradient}

    lives: int = Field(256, ge=2, le=MOST_LIVES)
    clip: float = Field(3.0, ge=0)

    def prepare(self, bench: Bench) -> Lives:
        """The lives on a bench that `estimate` runs: without tangents, unless overridden.

        An estimator that needs others makes them by `bench.program`, which shares them among all
        who ask for the same.

        Raises:
            ValueError: when the rule or the world is none for this estimator.
        """
        return bench.plain

    @abc.abstractmethod
    def estimate(
        self,
        lives: Lives,
        values: np.ndarray,
        free: np.ndarray,
        key: jax.Array,
        tick: Tick | None = None,
    ) -> MetaGradient:
        """Estimate the meta-gradient.

        Args:
            lives: from `prepare`.
            values: all parameters of the rule, in the order of its text.
            free: indices of the parameters to differentiate by.
            key: a typed JAX key.
            tick: called with the number of lives finished so far.

        Raises:
            RunError: when too many gradients of single lives are not finite; see `average`.
        """

    def average(
        self,
        gradients: np.ndarray,
        rewards: np.ndarray,
        outcomes: Outcomes,
        along: Sequence[str] = (),
    ) -> MetaGradient:
        """The mean of the gradients of single parts, with its standard error, after clipping.

            g = mean over the finite g_l of g_l min(1, clip median_l |g_l| / |g_l|)

        A gradient that is infinite or not a number says nothing; it is left out and counted.

        Args:
            gradients: of each life, pair of lives or group of them, shape (parts, P).
            rewards: of each life. outcomes: how these ended.
            along: what each of the P stands for, such as a term of the rule (`astray.places`).

        Raises:
            RunError: when more than `MOST_NONFINITE` of them are not finite, or fewer than 2 are.

        Example:
            >>> from rulegen.estimators import Pgpe
            >>> parts = np.array([[1.0]] * 10 + [[3.0]] * 10 + [[np.inf]])
            >>> found = Pgpe(clip=0).average(parts, np.zeros(21), Outcomes(21))
            >>> found.gradient, found.nonfinite, found.parts
            (array([2.]), 1, 21)
        """
        parts, fine = len(gradients), np.isfinite(gradients)
        finite = fine.all(axis=1)
        lost, gradients = int(parts - finite.sum()), gradients[finite]
        astray = tuple(along[int(i)] for i in np.flatnonzero(~fine.all(axis=0))) if along else ()
        if lost > MOST_NONFINITE * parts or parts - lost < 2:
            raise RunError(
                f"{lost} of {parts} gradients are infinite or not a number, {lost / parts:.0%} of "
                f"an estimate by `{self.name}`{', along ' * bool(astray)}{'; '.join(astray)}; at "
                f"most {MOST_NONFINITE:.0%} are left out. Try a smaller learning rate, a clip on "
                "the weight change, bounds that keep parameters where the formulas are smooth, or "
                "`pgpe`, which differentiates nothing"
            )
        if self.clip > 0:
            lengths = np.linalg.norm(gradients, axis=1)
            limit = self.clip * np.median(lengths[lengths > 0]) if np.any(lengths > 0) else 1.0
            gradients = gradients * np.minimum(1.0, limit / np.maximum(lengths, limit))[:, None]
        error = gradients.std(axis=0, ddof=1) / len(gradients) ** 0.5
        mean = gradients.mean(axis=0)
        return MetaGradient(mean, error, rewards, outcomes, lost, parts, astray=astray)
