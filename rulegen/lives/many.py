"""Many lives at once: in chunks that fit a memory budget, on all devices of all hosts."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec
from jax.stages import Wrapped

from rulegen.compile import CompiledRule
from rulegen.grammar import RunError
from rulegen.ground import hosts
from rulegen.ground.noise import Stream, stream
from rulegen.ground.progress import Tick
from rulegen.lives.batch import Batch, Lived
from rulegen.lives.blocks import blocks
from rulegen.lives.choice import Chosen, chosen, platform_of, xla_on
from rulegen.lives.engine import CHIP, Engine
from rulegen.lives.failing import Failed, failing, is_memory
from rulegen.lives.life import Life
from rulegen.lives.policy import need, policy
from rulegen.lives.size import check_rewards
from rulegen.lives.trial import TrialRun
from rulegen.lives.world import World


class Lives:
    """Runs lives of one compiled rule.

    Life i draws its network, its order of trials and its noise from `(key, i)` alone, so two
    rules or two parameter vectors run under the same key meet the same networks and noise (common
    random numbers), and results do not depend on chunks or devices: what is drawn to the bit, what
    is computed as far as products do not round with the lives beside them (`docs/accelerators.md`).
    Parameter values are arguments of the compiled program: changing them never recompiles.

    Args:
        world: circuit, task and life.
        rule: the compiled rule.
        chunk: most lives per device and call, in place of what the world or the policy says.

    Raises:
        ValueError: when the rule and the world do not fit each other; see `Life`.
        RunError: when a device has too little memory for one life.

    Example:
        >>> from rulegen.grammar import parse
        >>> from rulegen.circuits import RateCircuit
        >>> from rulegen.compile import compile_rule
        >>> from rulegen.lives.life import LifeSettings
        >>> from rulegen.tasks import DelayedAssociation
        >>> world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation(),
        ...               life=LifeSettings(trials=3, warmup=0))
        >>> rule = parse("param eta = 0\\ne <- e + xi*pre : synapse\\non reward: w += eta*e")
        >>> lives = Lives(world, compile_rule(rule))
        >>> lives.run(np.array([0.0]), jax.random.key(0), 5).rewards.shape
        (5, 3)
    """

    #: What runs a trial.
    runs: ClassVar[type[TrialRun]] = TrialRun
    #: Why these lives cannot be on chip, or "".
    off_chip: ClassVar[str] = ""

    def __init__(self, world: World, rule: CompiledRule, *, chunk: int | None = None) -> None:
        if chunk is not None and chunk < 1:
            raise ValueError(f"a chunk has at least 1 life, not {chunk}")
        self.world, self.rule = world, rule
        self.devices: Sequence[jax.Device] = jax.local_devices()
        self.chosen = chosen(self._on, world.engine, platform_of(self.devices[0]), self.off_chip)
        chunk = chunk or world.chunk or 0
        self.need = need(self.life)._replace(bytes=self.bytes_per_life())
        self.policy = policy(self.devices, self.need, world.memory_mb, chunk)
        self._programs = cache(self._compile)
        self._alive = False  # whether any have lived

    @property
    def life(self) -> Life:
        """One of the lives."""
        return self.chosen.life

    def _on(self, engine: Engine) -> Life:
        """One of the lives on an engine."""
        world = self.world
        parts = world.circuit, world.task, world.life, self.rule, world.projections
        return Life(*parts, self.runs, engine)

    def _compile(self, devices: int) -> tuple[Wrapped, Wrapped]:
        """What begins a chunk of lives on the first so many devices, and what goes on with it."""
        mesh = Mesh(np.array(self.devices[:devices]), ("lives",))
        lives, shared = PartitionSpec("lives"), PartitionSpec()

        def spread(one: Callable, *inputs: PartitionSpec) -> Callable:
            """Over lives on one device by vmap, over devices by sharding."""
            axes = tuple(0 if spec == lives else None for spec in inputs)
            return jax.shard_map(
                jax.vmap(one, in_axes=axes),
                mesh=mesh,
                in_specs=inputs,
                out_specs=lives,
                check_vma=False,
            )

        def begin(source: Stream, index: jax.Array) -> Any:
            return self._first(source.fold(index))

        def go_on(
            values: jax.Array,
            source: Stream,
            index: jax.Array,
            life: Any,
            first: jax.Array,
            trials: int,
        ) -> tuple[Any, tuple[jax.Array, jax.Array]]:
            one = partial(self._later, trials=trials)
            return spread(
                lambda v, s, i, life, first: one(v, s.fold(i), life, first),
                lives, shared, lives, lives, shared,
            )(values, source, index, life, first)  # fmt: skip

        return (
            jax.jit(spread(begin, shared, lives)),
            jax.jit(go_on, static_argnames="trials", donate_argnames="life"),
        )

    def _first(self, source: Stream) -> Any:
        """One life before its first trial."""
        with jax.default_matmul_precision("highest"):
            return self.life.begin(source, jnp.zeros(()).dtype)

    def _later(
        self, values: jax.Array, source: Stream, life: Any, first: jax.Array, trials: int
    ) -> tuple[Any, tuple[jax.Array, jax.Array]]:
        """One life after so many more trials, their rewards and scores.

        Left to themselves, cards round the factors of a product to ten bits.
        """
        with jax.default_matmul_precision("highest"):
            return self.life.go_on(values, source, life, first, trials)

    def bytes_per_life(self) -> int:
        """An upper estimate of the memory that one life needs while it runs."""
        return need(self.life).bytes

    def planned_bytes(self) -> int:
        """What XLA plans to set aside on one device while a chunk runs, beside its results.

        Raises:
            RuntimeError: when the compiler does not say.

        Example:
            >>> from rulegen.grammar import parse
            >>> from rulegen.circuits import RateCircuit
            >>> from rulegen.compile import compile_rule
            >>> from rulegen.tasks import DelayedAssociation
            >>> world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation())
            >>> lives = Lives(world, compile_rule(parse("dw/dt = 1e-6*post*pre")))
            >>> lives.planned_bytes() <= lives.chunk * lives.bytes_per_life()
            True
        """
        begin, go_on = self._programs(1)
        source, first = stream(jax.random.key(0)), jnp.zeros((), jnp.int32)
        index = jnp.zeros(self.chunk, jnp.uint32)
        values = jnp.zeros((self.chunk, len(self.life.names)))
        life = jax.eval_shape(begin, source, index)
        program = go_on.lower(values, source, index, life, first, self.stretches()[0]).compile()
        plan = program.memory_analysis()
        if plan is None:
            raise RuntimeError("the compiler for this device does not say what it plans")
        return int(plan.temp_size_in_bytes)

    @property
    def effort(self) -> float:
        """What a life costs: multiplications of weights and rates in all of its trials."""
        return self.need.work * self.world.life.trials

    @property
    def chunk(self) -> int:
        """Most lives per device and call."""
        return self.policy.lives

    def run(
        self,
        values: np.ndarray,
        key: jax.Array,
        count: int,
        *,
        numbers: np.ndarray | None = None,
        tick: Tick | None = None,
    ) -> Batch:
        """Run `count` lives.

        Args:
            values: all parameters of the rule in the order of its text, shape (P,), or one row
                for each life, shape (count, P).
            key: a typed JAX key.
            count: number of lives.
            numbers: which life each of them is, shape (count,): equal numbers meet the same
                network and noise; None for 0 to count - 1.
            tick: called with the number of lives finished so far.

        Raises:
            ValueError: when `count` is below 1 or too large, or `values` has another shape.
        """
        check_rewards(count, self.world.life.trials)
        chunks = [
            (
                part.rewards,
                part.kept(part.life.conditions),
                part.scores,
                part.kept(part.life.outcome),
                part.kept(part.life.violations),
            )
            for part in self.live(values, key, count, numbers=numbers, tick=tick)
        ]
        columns = (np.concatenate(column) for column in zip(*chunks, strict=True))
        rewards, conditions, scores, outcomes, violations = (
            hosts.gather(column, count) for column in columns
        )
        return Batch(rewards, conditions, scores, outcomes, violations)

    def means(
        self,
        values: np.ndarray,
        key: jax.Array,
        count: int,
        *,
        numbers: np.ndarray | None = None,
        tick: Tick | None = None,
    ) -> np.ndarray:
        """Mean reward per trial of each life, shape (count,); arguments as of `run`."""
        parts = self.live(values, key, count, numbers=numbers, tick=tick)
        means = [part.rewards.mean(axis=1, dtype=float) for part in parts]
        return hosts.gather(np.concatenate(means), count)

    def live(
        self,
        values: np.ndarray,
        key: jax.Array,
        count: int,
        *,
        numbers: np.ndarray | None = None,
        tick: Tick | None = None,
    ) -> Iterator[Lived]:
        """The lives of `run`, those of this host alone, a chunk at a time and with their ends."""
        if count < 1:
            raise ValueError(f"the number of lives must be at least 1, not {count}")
        dtype = jnp.zeros(()).dtype
        values = np.broadcast_to(np.asarray(values, dtype), (count, len(self.life.names)))
        source = stream(key)
        who = np.arange(count) if numbers is None else np.asarray(numbers)
        own = hosts.share(count)
        # A device without a life of its own is better spent on helping the others.
        devices = min(len(self.devices), len(own))
        size = devices * self.policy.call(-(-len(own) // devices))
        start, trials = 0, self.world.life.trials
        while start < len(own):
            # A short last chunk is filled up with repeats, so that one program serves them all.
            index = own[np.minimum(np.arange(start, start + size), len(own) - 1)]
            kept = min(size, len(own) - start)

            def told(first: int, start: int = start, kept: int = kept) -> None:
                if tick is not None:
                    done = start + kept * first // trials
                    tick(min(count, done * jax.process_count()))

            try:
                life, rewards, scores = self._chunk(values[index], source, who[index], told)
            except Failed as failed:
                if not self._fell_back(failed.error):
                    size = devices * self._fewer(failed.error, size // devices)
                continue
            self._alive = True
            yield Lived(index[:kept], life, rewards[:kept], scores[:kept])
            start += size

    def _chunk(
        self, values: np.ndarray, source: Stream, numbers: np.ndarray, told: Tick
    ) -> tuple[Any, np.ndarray, np.ndarray]:
        """As many lives as there are values: what they end with, their rewards and scores.

        Args:
            values: shape (L, P). source: of all lives. numbers: of these, shape (L,).
            told: called with the number of trials that are over.
        """
        begin, go_on = self._programs(min(len(self.devices), len(values)))
        lives = numbers.astype(np.uint32)
        with failing():
            life = begin(source, lives)
        results, first = [], 0
        for stretch in self.stretches():
            with failing():
                life, result = go_on(values, source, lives, life, first, stretch)
                results.append([np.asarray(part) for part in result])
            first += stretch
            told(first)
        rewards, scores = (np.concatenate(part, axis=1) for part in zip(*results, strict=True))
        return life, rewards, scores

    def _fell_back(self, error: Exception) -> bool:
        """Whether lives go on with XLA, since a compiler for the chip of another version failed."""
        tried = self.life.engine is CHIP and self.world.engine == "auto" and not self._alive
        if not tried or is_memory(error):
            return False
        why = f"its compiler failed: {str(error).strip().partition(chr(10))[0][:200]}"
        warnings.warn(f"lives run without the kernel, since {why}", RuntimeWarning, stacklevel=2)
        self.chosen = Chosen(
            self._on(xla_on(platform_of(self.devices[0]))), f"not on chip, since {why}"
        )
        self._programs.cache_clear()
        return True

    def _fewer(self, error: Exception, lives: int) -> int:
        """Half as many lives on a device as it had no memory for.

        Raises:
            RunError: when it has none for a single one.
        """
        if not is_memory(error):
            raise error from None
        if lives == 1:
            raise RunError(
                f"{self.devices[0]} has no memory for a single life: take fewer neurons, or end "
                "what else runs there"
            ) from error
        self.policy = self.policy._replace(lives=lives // 2)
        note = f"no memory for {lives} lives at once on {self.devices[0]}: {lives // 2} now"
        warnings.warn(note, RuntimeWarning, stacklevel=2)
        return lives // 2

    def stretches(self) -> list[int]:
        """Numbers of trials that the lives of a chunk run through in one go.

        Long lives come back to Python every second or so, which shows progress and can be
        interrupted. There are at most two different numbers, since each is a program of its own.
        """
        size, number, rest = blocks(self.world.life.trials, self.policy.trials(self.need))
        return [size] * number + ([rest] if rest else [])
