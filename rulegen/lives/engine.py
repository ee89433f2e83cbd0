"""The ways in which a computer can go through a life; all of them lead to the same figures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

import jax

from rulegen.chip.scan import scan
from rulegen.lives.blocks import Blocks, ChipBlocks, LaunchedBlocks

#: What a setting may say: one of the engines, or whichever suits the devices.
Choice = Literal["auto", "xla", "chip", "interpreted"]


class Engine(NamedTuple):
    """How the trials of a life are carried out.

    Attributes:
        name: in a word.
        steps: what carries out the steps of a trial.
        scan: what carries out trial after trial: `jax.lax.scan`, or another of its arguments.
    """

    name: str
    steps: type[Blocks]
    scan: Callable[..., Any]


#: Operations on many lives, one after the other, as XLA compiles them.
XLA = Engine("xla", Blocks, jax.lax.scan)
#: The same on a card.
LAUNCHED = Engine("xla", LaunchedBlocks, jax.lax.scan)
#: One kernel, in which each life stays on chip from its first trial to its last.
CHIP = Engine("chip", ChipBlocks, scan)
#: The same kernel where there is no such chip, operation by operation.
INTERPRETED = Engine("interpreted", ChipBlocks, partial(scan, interpret=True))

ENGINES = {engine.name: engine for engine in (XLA, CHIP, INTERPRETED)}
