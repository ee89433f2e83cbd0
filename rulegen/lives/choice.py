"""Which engine runs lives on these devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from rulegen.chip.loops import Unfit
from rulegen.ground.noise import stream
from rulegen.lives.engine import ENGINES, LAUNCHED, XLA, Choice, Engine
from rulegen.lives.life import Life

#: The platform whose instructions the kernel has.
CARD = "cuda"


def platform_of(device: jax.Device) -> str:
    """What a device is: "cpu", and for cards "cuda" or "rocm", where JAX says "gpu" alone.

    Example:
        >>> platform_of(jax.devices("cpu")[0])
        'cpu'
    """
    if device.platform != "gpu":
        return device.platform
    return "rocm" if "rocm" in device.client.platform_version else CARD


class Chosen(NamedTuple):
    """A life with its engine.

    Attributes:
        life: on the chosen engine.
        why: of all engines this one, in words.
    """

    life: Life
    why: str

    def explain(self) -> str:
        """Which engine, and why.

        Example:
            >>> from rulegen.circuits import RateCircuit
            >>> from rulegen.compile import compile_rule
            >>> from rulegen.grammar import parse
            >>> from rulegen.lives.life import LifeSettings
            >>> from rulegen.tasks import DelayedAssociation
            >>> rule = compile_rule(parse("on reward: w += 1e-3*R"))
            >>> parts = RateCircuit(neurons=4), DelayedAssociation(), LifeSettings(), rule
            >>> chosen(lambda engine: Life(*parts, engine=engine), "auto", "cpu").explain()
            'xla: a CPU keeps lives in its cache'
        """
        return f"{self.life.engine.name}: {self.why}"


def chosen(
    make: Callable[[Engine], Life], choice: Choice, platform: str, against: str = ""
) -> Chosen:
    """The life on the engine that suits the devices, or that was asked for.

    Args:
        make: a life on an engine.
        choice: what was asked for.
        platform: of the devices, as `platform_of` says.
        against: why these lives cannot be on chip, or "".

    Raises:
        ValueError: when lives cannot run on the engine that was asked for.
    """
    by_xla = xla_on(platform)
    if choice == "xla":
        return Chosen(make(by_xla), "as asked")
    if choice == "auto" and platform == "cpu":
        return Chosen(make(by_xla), "a CPU keeps lives in its cache")
    if choice == "auto" and platform != CARD:
        return Chosen(make(by_xla), "the kernel is for cards of NVIDIA")
    if choice == "chip" and platform != CARD:
        raise ValueError(
            f'engine = "chip" needs a card of NVIDIA, and this is {platform}: leave it out, or '
            'take "interpreted", which does the same slowly'
        )
    engine = ENGINES["chip" if choice == "auto" else choice]
    life = make(engine)
    against = against or unfit(life)
    if not against:
        return Chosen(life, "each life stays on chip" if choice == "auto" else "as asked")
    if choice == "auto":
        return Chosen(make(by_xla), f"not on chip, since {against}")
    raise ValueError(f'engine = "{choice}" cannot run these lives, since {against}: leave it out')


def xla_on(platform: str) -> Engine:
    """How XLA carries lives out there.

    Example:
        >>> xla_on("cpu").steps.unroll, xla_on("cuda").steps.unroll
        (1, 5)
    """
    return XLA if platform == "cpu" else LAUNCHED


def unfit(life: Life) -> str:
    """Why a life cannot be on chip, or ""."""
    source = jax.eval_shape(lambda: stream(jax.random.key(0)))
    try:
        jax.eval_shape(life, jnp.zeros(len(life.names)), source)
    except Unfit as why:
        return str(why)
    return ""
