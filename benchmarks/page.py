"""docs/performance.md, made from what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Row

HEAD = """# Performance

Made by `make bench` on {kind}. Every figure is the best of several rounds in which all programs of
a block take turns; ratios are to the reference named, from the same run. The *bare product* is a
loop over time of batched matrix-vector products and nothing else: no program that runs these
circuits can be faster. As JAX comes it has one CPU device that splits operations among cores; lives
run with one device for each core, so both are given. Matrix products ask for full precision on
every device: eligibilities are sums of terms that nearly cancel, so TensorFloat-32 and bfloat16
stay off. On a GPU the same command measures the same rows.

Rows of estimates are one estimate of the meta-gradient of eight coefficients from 128 lives; evosax
drives the same simulator. How much each estimate says is in [estimators](estimators.md).

Rows of tasks are thousands of trials per second of all lives together, 128 circuits of 32 neurons
that learn by node perturbation; their ratio is that to the trials of as many steps that the bare
product alone would get through, so that 1 is the most there can be.

| what | value | unit | ratio | to | bound by |
| --- | ---: | --- | ---: | --- | --- |
"""


def write_page(rows: Sequence[Row], kind: str, path: Path) -> None:
    """Write the table as Markdown."""
    lines = []
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        cells = (row.name, f"{row.value:.3g}", row.unit, ratio, row.reference, row.bound)
        lines.append("| " + " | ".join(cells) + " |")
    path.write_text(HEAD.format(kind=kind) + "\n".join(lines) + "\n")
