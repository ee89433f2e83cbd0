"""Many lives at once: in chunks that fit a memory budget, on all devices of all hosts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec

from grammar import Site
from rulegen import hosts
from rulegen.circuits import RateCircuit
from rulegen.compile import CompiledRule
from rulegen.life import Life, LifeResult, LifeSettings, Outcome
from rulegen.noise import Stream, stream
from rulegen.settings import Settings
from rulegen.tasks import Task


class World(Settings):
    """Everything but the rule: where it lives and what it must learn.

    Attributes:
        circuit, task, life: their settings.
        memory_mb: lives run in chunks whose state fits this many MB.
    """

    circuit: RateCircuit
    task: Task
    life: LifeSettings = LifeSettings()
    memory_mb: float = 512.0


class Batch(NamedTuple):
    """What many lives leave behind, as NumPy arrays with lives first.

    Attributes:
        rewards: (L, K). conditions: (L, K). scores: (L, K, P). outcomes: (L,).
    """

    rewards: np.ndarray
    conditions: np.ndarray
    scores: np.ndarray
    outcomes: np.ndarray

    @property
    def means(self) -> np.ndarray:
        """Mean reward per trial of each life, shape (L,)."""
        return self.rewards.mean(axis=1, dtype=float)

    @property
    def diverged(self) -> int:
        """Number of lives that diverged."""
        return int((self.outcomes == Outcome.DIVERGED).sum())

    def counts(self) -> dict[str, int]:
        """Number of lives per outcome, by lower-case name."""
        return {o.name.lower(): int((self.outcomes == o).sum()) for o in Outcome}


#: Chunks larger than this leave the cache without making the device any busier.
LARGEST_CHUNK = 64


class Lives:
    """Runs lives of one compiled rule.

    Life i draws its network, its order of trials and its noise from `(key, i)` alone, so two
    rules or two parameter vectors run under the same key meet the same networks and noise (common
    random numbers), and results do not depend on chunks or devices. Parameter values are arguments
    of the compiled program: changing them never recompiles.

    Args:
        world: circuit, task and life.
        rule: the compiled rule.
        chunk: lives per device and call; None chooses what fits `world.memory_mb`.

    Raises:
        ValueError: when the rule and the world do not fit each other; see `Life`.

    Example:
        >>> from grammar import parse
        >>> from rulegen.compile import compile_rule
        >>> from rulegen.tasks import DelayedAssociation
        >>> world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation(),
        ...               life=LifeSettings(trials=3))
        >>> rule = parse("param eta = 0\\ne <- e + xi*pre : synapse\\non reward: w += eta*e")
        >>> lives = Lives(world, compile_rule(rule))
        >>> lives.run(np.array([0.0]), jax.random.key(0), 5).rewards.shape
        (5, 3)
    """

    def __init__(self, world: World, rule: CompiledRule, *, chunk: int | None = None) -> None:
        if chunk is not None and chunk < 1:
            raise ValueError(f"a chunk has at least 1 life, not {chunk}")
        self.world, self.rule = world, rule
        self.life = Life(world.circuit, world.task, world.life, rule)
        self.devices: Sequence[jax.Device] = jax.local_devices()
        self.chunk = self._fitting_chunk() if chunk is None else chunk
        mesh = Mesh(np.array(self.devices), ("lives",))
        lives, shared = PartitionSpec("lives"), PartitionSpec()
        self._run: Callable = jax.jit(
            jax.shard_map(
                jax.vmap(self._one, in_axes=(0, None, 0)),
                mesh=mesh,
                in_specs=(lives, shared, lives),
                out_specs=lives,
                check_vma=False,
            )
        )

    def _one(self, parameters: jax.Array, source: Stream, index: jax.Array) -> LifeResult:
        return self.life(parameters, source.fold(index))

    def bytes_per_life(self) -> int:
        """An upper estimate of the memory that one life needs while it runs."""
        n, task = self.world.circuit.neurons, self.world.task
        steps = task.steps(self.world.circuit.dt)
        synapse_states = sum(
            site is Site.SYNAPSE for site in self.rule.tangents.system.sites.values()
        )
        products = len(self.rule.factored)
        matrices = n * n * (2 * synapse_states + 3 * products + 4)
        histories = n * steps * (8 + len(self.rule.recorded))
        return jnp.zeros(()).dtype.itemsize * (matrices + histories)

    def _fitting_chunk(self) -> int:
        budget = self.world.memory_mb * 1e6 / len(self.devices)
        return max(1, min(LARGEST_CHUNK, int(budget / self.bytes_per_life())))

    def run(
        self,
        values: np.ndarray,
        key: jax.Array,
        count: int,
        *,
        tick: Callable[[int], None] | None = None,
    ) -> Batch:
        """Run `count` lives.

        Args:
            values: all parameters of the rule in the order of its text, shape (P,), or one row
                for each life, shape (count, P).
            key: a typed JAX key.
            count: number of lives.
            tick: called with the number of lives finished so far.

        Raises:
            ValueError: when `count` is below 1, or `values` has another shape.
        """
        if count < 1:
            raise ValueError(f"the number of lives must be at least 1, not {count}")
        dtype = jnp.zeros(()).dtype
        values = np.broadcast_to(np.asarray(values, dtype), (count, len(self.life.names)))
        source = stream(key)
        size, own = self.chunk * len(self.devices), hosts.share(count)
        parts = []
        for start in range(0, len(own), size):
            # A short last chunk is filled up with repeats, so that one program serves them all.
            index = own[np.minimum(np.arange(start, start + size), len(own) - 1)]
            result = self._run(values[index], source, index.astype(np.uint32))
            kept = min(size, len(own) - start)
            parts.append([np.asarray(part)[:kept] for part in result])
            if tick is not None:
                tick(min(count, (start + kept) * jax.process_count()))
        columns = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Batch(*(hosts.gather(column, count) for column in columns))
