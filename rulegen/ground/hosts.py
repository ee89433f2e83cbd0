"""One run on several hosts: who simulates which lives, who writes, and how all come to know.

Every process runs the same program with the same configuration and seed. `Lives.run` gives each
its share of the lives and all of them the results, so that they take the same decisions; the first
process alone reads and writes files. With a single process nothing here does anything.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from rulegen.grammar import ConfigError, RulegenError, RunError

T = TypeVar("T")

#: Seconds that a host waits for the others to appear.
PATIENCE = 120


def join(place: str) -> None:
    """Make this process one of several, before anything is computed.

    Args:
        place: `INDEX/COUNT@ADDRESS:PORT`, where the first process, of index 0, listens on the
            address; or `auto` under Slurm or MPI, which know.

    Raises:
        ConfigError: when the place is none, or the processes do not find each other.

    Example:
        >>> join("two of three")
        Traceback (most recent call last):
        ...
        rulegen.ConfigError: --host two of three: write INDEX/COUNT@ADDRESS:PORT, such as ...
    """
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})@(\S+:(\d{1,5}))", place, re.ASCII)
    possible = found and int(found[1]) < int(found[2]) and 0 < int(found[4]) < 1 << 16
    if place != "auto" and not possible:
        raise ConfigError(
            f"--host {place}: write INDEX/COUNT@ADDRESS:PORT, such as 0/2@node1:9911, with INDEX "
            "from 0 to COUNT - 1 and PORT from 1 to 65535; or auto under Slurm or MPI"
        )
    if found is not None and int(found[1]) > 0:
        wait_for(found[3])
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    given: dict[str, Any] = {} if found is None else {
        "coordinator_address": found[3],
        "num_processes": int(found[2]),
        "process_id": int(found[1]),
        "cluster_detection_method": "deactivate",
    }  # fmt: skip
    try:
        jax.distributed.initialize(initialization_timeout=PATIENCE, **given)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"--host {place}: the hosts did not find each other: {reason}") from None


def wait_for(address: str) -> None:
    """Wait until something listens at `ADDRESS:PORT`: JAX ends the process when nothing does.

    Raises:
        ConfigError: when nobody does within `PATIENCE` seconds.
    """
    name, _, port = address.rpartition(":")
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection((name, int(port)), timeout=PATIENCE).close()
        except (OSError, OverflowError) as error:
            if time.monotonic() > end:
                raise ConfigError(
                    f"--host: no first process answers at {address} ({error}); start the one of "
                    "INDEX 0 there, or correct the address"
                ) from None
            time.sleep(0.2)
        else:
            return


def is_first() -> bool:
    """Whether this process reads and writes files."""
    return jax.process_index() == 0


def share(count: int) -> np.ndarray:
    """The lives of this process among `count`; all have equally many, the last ones repeated.

    Example:
        >>> share(3).tolist()
        [0, 1, 2]
    """
    each = -(-count // jax.process_count())
    return np.minimum(np.arange(each) + each * jax.process_index(), count - 1)


def gather(part: np.ndarray, count: int) -> np.ndarray:
    """The results of all `count` lives on every process, from those of each one's share."""
    if jax.process_count() == 1:
        return part[:count]
    return np.concatenate(everyone(part))[:count]


def everyone(part: np.ndarray) -> np.ndarray:
    """Equally large arrays of all processes, one after the other along a new first axis.

    They travel as bytes, on one device of each process: nothing is rounded on the way, and
    processes may have different numbers of devices.
    """
    if not part.size:
        return np.stack([part] * jax.process_count())
    firsts = [
        min((d for d in jax.devices() if d.process_index == n), key=lambda d: d.id)
        for n in range(jax.process_count())
    ]
    mesh = Mesh(np.array(firsts), ("hosts",))
    own = np.frombuffer(np.ascontiguousarray(part).tobytes(), np.uint8)[None]
    spread = NamedSharding(mesh, PartitionSpec("hosts"))
    mine = jax.device_put(own, firsts[jax.process_index()])
    shape = len(firsts), own.shape[1]
    whole = jax.make_array_from_single_device_arrays(shape, spread, [mine])
    together = jax.jit(lambda x: x, out_shardings=NamedSharding(mesh, PartitionSpec()))(whole)
    found = np.asarray(together.addressable_data(0))
    return np.frombuffer(found.tobytes(), part.dtype).reshape(len(firsts), *part.shape)


def on_first(compute: Callable[[], T]) -> T:
    """What `compute` returns or raises on the first process, on all of them.

    The result is plain data, as JSON has it.
    """
    if jax.process_count() == 1:
        return compute()
    answer: dict[str, Any] = {}
    own: Exception | None = None
    if is_first():
        try:
            value = compute()
            json.dumps(value)  # what cannot be told to others is an error here, and not there
            answer = {"value": value}
        except Exception as error:
            own, kind = error, "run" if isinstance(error, RunError) else "config"
            answer = {"error": str(error), "kind": kind if isinstance(error, RulegenError) else ""}
    answer = broadcast(answer)
    if own is not None:
        raise own
    if "error" in answer:
        raise (ConfigError if answer["kind"] == "config" else RunError)(answer["error"])
    told: T = answer["value"]
    return told


def broadcast(data: dict[str, Any]) -> dict[str, Any]:
    """Plain data of the first process, on all of them."""
    text = np.frombuffer(json.dumps(data).encode(), np.uint8)
    size = int(everyone(np.array([len(text)]))[0, 0])
    padded = np.zeros(size, np.uint8)
    if is_first():
        padded[:] = text
    found: dict[str, Any] = json.loads(everyone(padded)[0].tobytes())
    return found
