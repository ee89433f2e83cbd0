"""`make card-check`: the programs that would run on an H200, compiled for it without one.

    python docs/card.py [page]

needs JAX's package for CUDA and NVIDIA's `ptxas`, and neither a card nor a driver: `.ci/card` puts
them where they are found. What is to run on a card is compiled by the compiler that would do it
there, and lives that were not lived have rewards that were drawn. A kernel is told by what it asks
of a card. With `page` the table of docs/accelerators.md is made.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

# Compilers read this when they are loaded.
DUMP = tempfile.TemporaryDirectory()
os.environ["XLA_FLAGS"] = f"--xla_dump_to={DUMP.name} --xla_dump_emitter_re=ptx"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from filling import fill  # noqa: E402
from jax._src import xla_bridge  # noqa: E402
from jax.experimental import topologies  # noqa: E402

from benchmarks import gpu  # noqa: E402
from benchmarks.lives import PERTURBATION, coefficients, family, runner  # noqa: E402
from rulegen.catalog import literature  # noqa: E402
from rulegen.circuits import RateCircuit, SpikingCircuit  # noqa: E402
from rulegen.compile import compile_rule  # noqa: E402
from rulegen.grammar import parse  # noqa: E402
from rulegen.lives import many, policy  # noqa: E402
from rulegen.lives.choice import CARD  # noqa: E402
from rulegen.lives.life import LifeSettings  # noqa: E402
from rulegen.lives.many import Lives  # noqa: E402
from rulegen.lives.world import World  # noqa: E402
from rulegen.runs.where import obstacle, reads_rewards  # noqa: E402
from rulegen.tasks import TASKS, DelayedAssociation  # noqa: E402

#: What an H200 says of itself.
H200 = """
gpu_device_info {
  threads_per_block_limit: 1024 threads_per_warp: 32 shared_memory_per_block: 49152
  shared_memory_per_core: 233472 threads_per_core_limit: 2048 core_count: 132 fpus_per_core: 128
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  memory_bandwidth: 4800000000000 l2_cache_size: 52428800 clock_rate_ghz: 1.98
  device_memory_size: 150000000000 shared_memory_per_block_optin: 232448
  cuda_compute_capability { major: 9 } registers_per_core_limit: 65536
  registers_per_block_limit: 65536
}
platform_name: "CUDA"
dnn_version_info { major: 9 minor: 7 }
runtime_version { major: 12 minor: 9 patch: 0 }
device_description_str: "NVIDIA H200"
"""


class Compiled(NamedTuple):
    """A program for a card.

    Attributes:
        what: it does. lives: at once. engine: in words.
        seconds: of compilation.
        warps, registers, spilt: groups of 32 threads that a life takes, registers of a thread, and
            bytes that it keeps elsewhere for want of more; 0 without a kernel.
        loops: instructions of each group in a step, and in a trial beside them.
        steps: of a trial.
    """

    what: str
    lives: int
    engine: str
    seconds: float
    warps: int = 0
    registers: int = 0
    spilt: int = 0
    loops: tuple[int, int] = (0, 0)
    steps: int = 1

    @property
    def step(self) -> float:
        """Instructions of each group for a step, with its share of what comes once a trial."""
        return self.loops[0] + self.loops[1] / self.steps


def device() -> Any:
    """A card that is not there."""
    return topologies.get_topology_desc(
        platform=CARD, target_config=H200, topology="1x1x1"
    ).devices[0]


def kernel() -> dict[str, Any]:
    """What the kernel that was written last asks for; nothing where there was none."""
    found: dict[str, Any] = {}
    for path in Path(DUMP.name).glob("*.ptx"):
        code = path.read_text()
        if ".entry _kernel" in code:
            warps = int(re.search(r"\.reqntid (\d+)", code)[1]) // 32  # type: ignore[index]
            asked = ["ptxas", "-v", "-arch=sm_90a", str(path), "-o", os.devnull]
            said = subprocess.run(asked, check=True, capture_output=True, text=True).stderr
            used, spilt = (
                re.search(r"Used (\d+) reg", said),
                re.search(r"(\d+) bytes spill st", said),
            )
            assert used and spilt, said
            found = {"warps": warps, "registers": int(used[1]), "spilt": int(spilt[1])}
            found["loops"] = loops(code)
        path.unlink()
    return found


def loops(code: str) -> tuple[int, int]:
    """Instructions of the loop over steps, and those of the loop over trials without them."""
    labels: dict[str, int] = {}
    count, found = 0, []
    for line in code.splitlines():
        if label := re.match(r"(\$L__\w+):", line):
            labels[label[1]] = count
        elif re.match(r"\s+(@%?!?\w+\s+)?[a-z][\w.:]*(\s.*)?;", line):
            count += 1
            back = re.search(r"\bbra(?:\.uni)?\s+(\$L__\w+)", line)
            if back and back[1] in labels:
                found.append(count - labels[back[1]])
    *_, steps, trial = sorted(found)
    return steps, trial - steps


@contextmanager
def compiling(note: Callable[[Compiled], None]) -> Iterator[Callable[[str], None]]:
    """Lives are compiled for a card, told once each, and have any rewards.

    Yields:
        what names the programs from here on.
    """
    card, names = device(), [""]
    known: dict[tuple[int, int, int], Lives] = {}  # which keeps them, so that no other has their id
    platform = xla_bridge.canonicalize_platform

    def chunk(self: Lives, values: np.ndarray, source: Any, numbers: np.ndarray, told: Any) -> Any:
        begin, go_on = self._programs(1)
        inputs = jax.eval_shape(
            lambda v, n: (v, source, n, begin(source, n), jnp.int32(0)),
            values.astype(np.float32), numbers.astype(np.uint32),
        )  # fmt: skip
        trials = self.world.life.trials
        for stretch in dict.fromkeys(self.stretches()):
            if (here := (id(self), len(values), stretch)) not in known:
                known[here] = self
                began = time.perf_counter()
                begin.lower(inputs[1], inputs[2]).compile()
                kernel()
                go_on.lower(*inputs, stretch).compile()
                spent = time.perf_counter() - began
                found = {"steps": self.life.trial.steps.steps, **kernel()}
                note(Compiled(names[0], len(values), self.chosen.explain(), spent, **found))
        _, results = jax.eval_shape(lambda *x: go_on(*x, trials), *inputs)
        rng = np.random.default_rng(len(known))
        rewards, scores = (0.1 * rng.normal(size=x.shape).astype(x.dtype) - 0.3 for x in results)
        told(trials)
        return jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), inputs[3]), rewards, scores

    with ExitStack() as stack:
        for owner, name, other in (
            # JAX looks for a card before it knows what "gpu" is.
            (xla_bridge, "canonicalize_platform", lambda p: CARD if p == "gpu" else platform(p)),
            (jax, "local_devices", lambda *_, **__: [card]),
            (many, "platform_of", lambda _: CARD),
            (policy, "room", lambda *_: 1e11),
            (Lives, "_chunk", chunk),
        ):
            stack.enter_context(patch.object(owner, name, other))
        yield lambda name: names.__setitem__(0, name)


def rows(name: Callable[[str], None]) -> None:
    """The rows of `make bench-gpu`, with the first of their numbers of lives."""
    for engine, neurons, steps, trials, terms, tangents, counts in gpu.ROWS:
        name(f"{neurons} neurons, {terms} terms, {tangents} tangents")
        wrt = coefficients(tangents)
        lives = runner(neurons, trials, terms, steps=steps, engine=engine, wrt=wrt)
        values = np.array([p.value for p in family(terms).parameters], float)
        lives.means(values, jax.random.key(0), counts[0])


def others(name: Callable[[str], None]) -> None:
    """Estimators, a space of structures, every bundled task, every rule of the literature."""
    with patch.object(gpu, "seconds_of", lambda call, *inputs: (call(*inputs), 1.0)[1]):
        name("estimators")
        [*gpu.gradients()]
        name("structures")
        [*gpu.structures()]
    life, circuits = LifeSettings(trials=20), (RateCircuit(), SpikingCircuit())
    rule = parse(PERTURBATION)
    for task, kind in TASKS.items():
        name(f"task {task}")
        once(World(circuit=circuits[0], task=kind(), life=life), rule)
    for title, record in literature().items():
        name(f"rule {title}")
        task = DelayedAssociation(delivery="steps" if reads_rewards(record.rule) else "end")
        worlds = (World(circuit=circuit, task=task, life=life) for circuit in circuits)
        once(next(w for w in worlds if not obstacle(record.rule, w)), record.rule)


def once(world: World, rule: Any) -> None:
    """Some lives of a rule with its own values."""
    values = np.array([float(p.value or 0) for p in rule.parameters])
    Lives(world, compile_rule(rule)).means(values, jax.random.key(0), 512)


def table(found: list[Compiled]) -> str:
    """What kernels ask of a card, as Markdown."""
    lines = [
        "| kernel | warps a life | instructions of each in a step | registers | bytes elsewhere |"
    ]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for c in found:
        if c.warps:
            lines.append(f"| {c.what} | {c.warps} | {c.step:.0f} | {c.registers} | {c.spilt} |")
    return "\n".join(lines)


def compared(found: list[Compiled]) -> str:
    """What tangents cost, as a sentence."""
    work = {c.what: c.warps * c.step for c in found if c.warps}
    more = work["32 neurons, 8 terms, 8 tangents"] / work["32 neurons, 8 terms, 0 tangents"] - 1
    return f"Tangents of eight terms take {more:.0%} more instructions than the terms without."


def main(page: bool) -> None:
    """Compile, tell, and fill the page."""
    found: list[Compiled] = []

    def note(compiled: Compiled) -> None:
        found.append(compiled)
        print(json.dumps(compiled._asdict()), flush=True)

    jax.config.update("jax_enable_compilation_cache", False)
    with compiling(note) as name:
        rows(name)
        shown = len(found)
        others(name)
    chips = sum(c.warps > 0 for c in found)
    said = f"{len(found)} programs compiled, {chips} of them kernels, with JAX {version('jax')}"
    print(said)
    if page:
        fill(Path(__file__).with_name("accelerators.md"), {
            "compiled": f"{said}:\n\n{table(found[:shown])}\n\n{compared(found[:shown])}",
        })  # fmt: skip


if __name__ == "__main__":
    main(page="page" in sys.argv[1:])
