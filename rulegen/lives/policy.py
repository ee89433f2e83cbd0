"""How many lives run together on a device, and for how long: nothing that a figure depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from rulegen.grammar import RunError, Site
from rulegen.ground.machine import memory
from rulegen.lives.blocks import Blocks, blocks
from rulegen.lives.life import Life


class Need(NamedTuple):
    """What one life asks of a device.

    Attributes:
        bytes: of memory while it runs, an upper estimate.
        hot: of these, what every step reads: weights and their tangents.
        work: multiplications of weights and rates in a trial.
        step: those in a step.
    """

    bytes: int
    hot: int
    work: float
    step: float


def need(life: Life) -> Need:
    """What one of these lives asks of a device."""
    neurons, steps = life.circuit.neurons, life.task.steps(life.circuit.dt)
    block, _, _ = blocks(steps, Blocks.longest)
    matrices, histories = 4 * neurons**2, 16 * neurons * block
    for name, rule in life.rules.rules.items():
        sites = rule.tangents.system.sites.values()
        synapse_states = sum(site is Site.SYNAPSE for site in sites)
        products = len(rule.factored)
        sources = life.sources(name)
        matrices += neurons * sources * (2 * synapse_states + 3 * products)
        matrices += 2 * rule.delayed(sources, neurons, life.circuit.dt)
        histories += neurons * block * (2 * products + len(rule.recorded))
    size, step = jnp.zeros(()).dtype.itemsize, float(neurons**2)
    hot = size * neurons**2 * (1 + len(life.rule.tangents.weight))
    return Need(size * (matrices + histories), hot, step * steps, step)


class Kind(NamedTuple):
    """What devices of one kind are good at.

    Attributes:
        share: of the memory that is free, what lives may take.
        most: more lives at a time make the device no busier, whatever they are.
        filled: nor do more than make so many multiplications a step; infinite where `cache` says.
        cache: bytes that all lives of one call read again at each step; infinite where they are
            read from memory anyway.
        work: multiplications after which lives come back to Python: about a second.
        few: so many lives cost about as much as one, and every other number of lives a compilation
            that may last longer than they do; 0 where programs for any number are welcome.
    """

    share: float
    most: int
    filled: float
    cache: float
    work: float
    few: int


#: On a CPU lives wait for the cache. On a GPU each step waits for the launch of its kernels, until
#: there are lives enough that it waits for the memory of their weights: at 32 neurons 512 lives
#: reach a sixth of what 32,768 do, and 8,192 five sixths (H200).
CPU = Kind(share=0.25, most=32, filled=float("inf"), cache=2 * 2**20, work=1e10, few=0)
GPU = Kind(share=0.8, most=1 << 16, filled=2.0**25, cache=float("inf"), work=3e11, few=512)


class Policy(NamedTuple):
    """What a device is asked to do at a time.

    Attributes:
        lives: most lives that run together on one device.
        memory: bytes that they may need there.
        work: multiplications after which they come back to Python.
        few: see `Kind`.
    """

    lives: int
    memory: float
    work: float
    few: int

    def call(self, lives: int) -> int:
        """The number of places for lives in a call, of so many lives on this device.

        As many calls as it takes are of one size, which leaves few places empty. Where compilation
        is dear there are few sizes: powers of two, and where these are large, of four.

        Example:
            >>> cpu, gpu = Policy(32, 1e9, 1e10, few=0), Policy(32_768, 1e9, 1e11, few=512)
            >>> [[p.call(n) for n in (20, 100, 300, 1000, 3000, 50_000)] for p in (cpu, gpu)]
            [[20, 25, 30, 32, 32, 32], [32, 128, 512, 512, 2048, 8192]]
        """
        calls = -(-lives // self.lives)
        each = -(-lives // calls)
        if not self.few:
            return each
        size = 1 << (min(each, self.few) - 1).bit_length()
        while 4 * size <= each:
            size *= 4
        return min(size, self.lives)

    def trials(self, need: Need) -> int:
        """Trials that this many lives run through in one go."""
        return max(1, int(self.work / (self.lives * need.work)))


def policy(
    devices: Sequence[jax.Device], need: Need, memory_mb: float | None = None, chunk: int = 0
) -> Policy:
    """Choose how lives are run.

    Args:
        devices: all those that share the lives.
        need: of one life.
        memory_mb: most memory of all CPU devices together, or of each other device, in units of
            2^20 bytes; None: a share of what is free.
        chunk: lives that run together on one device, whatever fits; 0 chooses them.

    Raises:
        RunError: when a device that is no CPU has too little free memory for one life, or the
            machine too little at all.

    Example:
        >>> need = Need(bytes=100_000, hot=4096, work=30 * 1024.0, step=1024.0)
        >>> policy(jax.devices("cpu"), need).lives, policy(jax.devices("cpu"), need, chunk=5).lives
        (32, 5)
    """
    kind = CPU if devices[0].platform == "cpu" else GPU
    free = room(devices, kind)
    if kind is GPU and need.bytes > free:
        raise RunError(
            f"one life needs {need.bytes / 2**20:.0f} MB, and {devices[0]} has "
            f"{free / 2**20:.0f} MB to spare: take fewer neurons, end what else runs there, or run "
            "on the CPU (JAX_PLATFORMS=cpu)"
        )
    if kind is CPU and need.bytes > (whole := memory()):
        raise RunError(
            f"one life needs {need.bytes / 2**20:.0f} MB, and this machine has "
            f"{whole / 2**20:.0f} MB: take fewer neurons"
        )
    if memory_mb is not None:
        free = min(free, memory_mb * 2**20 / (len(devices) if kind is CPU else 1))
    fit = min(kind.most, free / need.bytes, kind.filled / need.step, kind.cache / need.hot)
    return Policy(chunk or max(1, int(fit)), free, kind.work, kind.few)


def room(devices: Sequence[jax.Device], kind: Kind) -> float:
    """Bytes that lives may take on one device; CPU devices share what the machine has."""
    if kind is CPU:
        return kind.share * memory() / len(devices)
    found = [device.memory_stats() or {} for device in devices]
    known = [s["bytes_limit"] - s.get("bytes_in_use", 0) for s in found if "bytes_limit" in s]
    return kind.share * min(known, default=UNTOLD)


#: Bytes that a device is taken to have which does not say.
UNTOLD = 8 * 2**30
