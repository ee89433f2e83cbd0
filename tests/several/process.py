"""One of several processes of a run: `python tests/several/process.py PLACE OUT`.

PLACE is `INDEX/COUNT@ADDRESS:PORT`, or `-` for a run on its own. Everything that the processes must
agree on is written to OUT as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jax
import numpy as np

from rulegen.circuits import RateCircuit
from rulegen.estimators import Pgpe, Score
from rulegen.grammar import RunError, parse
from rulegen.ground import hosts
from rulegen.ground.journal import Journal
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

RULE = parse("""
    param a = 0.4 free
    param b = 0.1 free
    e <- e + a*xi*pre + b*u*pre : synapse
    on trial start: e <- 0
    on reward: w += clip(0.05*(R - R_bar[condition])*e, -0.05, 0.05)
""")
WORLD = World(
    circuit=RateCircuit(neurons=6),
    task=DelayedAssociation(cue=20, delay=20, response=20),
    life=LifeSettings(trials=5, warmup=1),
)


def gradients() -> dict[str, list[float]]:
    """Estimates by both estimators, on a number of lives that no number of devices divides."""
    bench, found = Bench(WORLD, RULE), {}
    for estimator in (Score(lives=11, exact=True), Pgpe(lives=14)):
        lives = estimator.prepare(bench)
        result = estimator.estimate(lives, bench.values, bench.free, jax.random.key(5))
        found[estimator.name] = [*result.gradient.tolist(), *result.error.tolist()]
        found[f"{estimator.name} rewards"] = result.rewards.tolist()
    return found


def main(place: str, out: Path) -> None:
    """Join the others, compute, tell."""
    if place != "-":
        hosts.join(place)
    said = {"devices": len(jax.local_devices()), "processes": jax.process_count()}
    said |= {"gradients": gradients()}
    computed = []

    def compute(number: int) -> dict[str, float]:
        computed.append(number)
        return {"value": number / 3, "own": float(jax.process_index())}

    folder = out.parent
    with Journal(folder / "history.jsonl", {"configuration": "x"}) as journal:
        said["recalled"] = [journal.recall(f"n{i}", [i], lambda i=i: compute(i)) for i in range(3)]
    said["computed"] = computed
    try:
        Journal(folder / "history.jsonl", {"configuration": "y"})
    except RunError as error:
        said["refused"] = str(error)
    said["share"] = hosts.share(5).tolist()
    said["gathered"] = hosts.gather(np.float32(hosts.share(5)), 5).tolist()
    out.write_text(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
