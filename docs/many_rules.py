"""The table of docs/random-rules.md: `make random-rules`.

    PYTHONPATH=tests:tests/exports python docs/many_rules.py FOLDER [PART...]

tries random rules by the thousand, in all parts or in those whose names begin so, and puts into the
page what became of them. FOLDER keeps what was found, and the next run goes on from there; what
simulators made of such rules lies in FOLDER/exports, where the checks of tests/exports have left
it. Rows of other parts stay as they were in docs/random-rules.json, with the code that they are of.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from activity import DT, memberships, random_activity, start
from filling import fill
from random_rules import random_text
from shown import check_shown
from test_random_rules import check_programs

from rulegen.compile import compile_rule
from rulegen.grammar import RuleError, parse
from rulegen.grammar.rule.locality import used_names
from rulegen.ground.digests import programs
from rulegen.ground.display import Display
from rulegen.ground.journal import Journal
from rulegen.ground.progress import Progress
from rulegen.lives.drive import drive
from rulegen.runs.check import check_report, check_text

PAGE = Path(__file__).with_name("random-rules.md")
RECORD = PAGE.with_suffix(".json")
#: So many at once; a batch that was stopped is tried anew.
BATCH, PIECE = 500, 25
#: No rule may take longer, in seconds.
PATIENCE = 20.0


def printed(seed: int) -> str:
    """All that `rulegen check` says, LaTeX and MathML, and the text back again."""
    try:
        # Long formulas are seldom what fails, and take most of the time.
        rule = parse(random_text(seed, sums=True, draws=True, depth=2 if seed % 10 else 3))
        report = check_report(rule)
    except RuleError as error:
        assert "\n" not in error.message
        return "refused"
    assert parse(rule.text()) == rule
    assert check_text(report, 80)
    check_shown(rule, values=bool(seed % 2))
    return "agree"


def differentiated(seed: int) -> str:
    """Tangents of all states along all parameters, against finite differences in float64.

    Where the two sides differ, as at a kink, a step that is wider tells of a jump, a state is too
    large for a difference to show, or infinite, so that its life would be left out, there is
    nothing to compare with. Nor has what is left over by `sin(pi)`, which is 0 but for rounding.
    """
    text = random_text(seed, sums=True, depth=2, weight=6)
    if "mod(" in text and "sin(pi" in text:
        return "nothing to compare"
    try:
        rule = parse(text)
    except RuleError:
        return "refused"
    used = used_names(rule)
    known = {p.name: float(p.value) for p in rule.parameters if p.name in used}
    if not known:
        return "without parameters"
    names = list(known)
    activity = {k: jnp.asarray(a[:2, :5]) for k, a in random_activity(rule, seed).items()}
    weights, compiled = jnp.asarray(start(rule)), compile_rule(rule, wrt=names)

    @jax.jit
    def end(values: jax.Array) -> Any:
        return drive(
            compiled,
            weights,
            activity,
            memberships(rule) | dict(zip(names, values, strict=True)),
            dt=DT,
        ).state

    here = np.array(list(known.values()))
    middle, told = end(here), 0
    if not all(np.isfinite(value).all() for name, value in middle.items() if "@" not in name):
        return "nothing to compare"
    for i, name in enumerate(names):
        with np.errstate(all="ignore"):
            for state in middle.keys() - {s for s in middle if "@" in s}:
                at = [np.asarray(end(here + h * np.eye(len(names))[i])[state]) for h in STEPS]
                left, right, far_left, far_right = (
                    (one - np.asarray(middle[state])) / h for one, h in zip(at, STEPS, strict=True)
                )
                smooth = abs(left - right) <= 1e-3 * (1 + abs(left) + abs(right))
                smooth &= np.spacing(abs(np.asarray(middle[state]))) <= 1e-3 * STEPS[1]
                for far in (far_left, far_right):
                    smooth &= abs(left - far) <= 0.02 * (1 + abs(left))
                expected, found = (left + right) / 2, np.asarray(middle.get(f"{state}@{name}", 0))
                wrong = smooth & ~(abs(found - expected) <= 5e-3 * (1 + abs(expected)))
                assert not wrong.any(), f"{state}@{name}: {found} for {expected}"
                told += int((smooth & (expected != 0)).sum())
    return "agree" if told else "nothing to compare"


#: Of the two kinds of difference, in either direction.
STEPS = (-1e-6, 1e-6, -1e-4, 1e-4)


def exported(seed: int) -> str:
    """The programs of NumPy and of JAX, against rulegen."""
    return "agree" if check_programs(seed) else "refused"


class Part(NamedTuple):
    """What is tried: so many texts, or until so many rules were followed."""

    name: str
    attempt: Callable[[int], str]
    rules: int
    texts: bool = False


PARTS = [
    Part("tangents and finite differences", differentiated, 5_000),
    Part("as programs of NumPy and JAX", exported, 1_000),
    Part("checked and printed", printed, 100_000, texts=True),
]


def begin() -> None:
    """A process of the pool, which compiles programs that run once."""
    os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
    jax.config.update("jax_enable_x64", True)


def outcome(attempt: Callable[[int], str], seed: int) -> tuple[str, str]:
    """What became of a rule, and where it failed what it did."""
    before = time.process_time()
    try:
        found, why = attempt(seed), ""
    except Exception as error:
        found, why = "failed", f"{type(error).__name__}: {error}"[:500]
    if (spent := time.process_time() - before) > PATIENCE:
        found, why = "failed", f"took {spent:.0f} s"
    return found, why


def batch(pool: ProcessPoolExecutor, part: Part, first: int) -> dict[str, Any]:
    """How many ended how, and those that failed by their numbers."""
    seeds = range(first, first + BATCH)
    found = list(pool.map(partial(outcome, part.attempt), seeds, chunksize=PIECE))
    failed = {str(seed): why for seed, (_, why) in zip(seeds, found, strict=True) if why}
    return {"counts": dict(Counter(name for name, _ in found)), "failed": failed}


def tried(
    part: Part, pool: ProcessPoolExecutor, kept: Journal, report: Any
) -> Iterator[dict[str, Any]]:
    """After each batch the row of a part: how many texts were tried, and what became of them."""
    counts: Counter[str] = Counter()
    failed: dict[str, str] = {}
    first = done = 0
    while done < part.rules:
        found = kept.recall(f"{part.name} {first}", [first], partial(batch, pool, part, first))
        counts.update(found["counts"])
        failed |= found["failed"]
        first += BATCH
        done = first if part.texts else counts["agree"]
        report(Progress(part.name, min(done, part.rules), part.rules))
        yield row(part.rules, first, counts["agree"], counts["refused"], failed)


def row(
    asked: int, texts: int, followed: int, refused: int, failed: Mapping[str, str]
) -> dict[str, Any]:
    """A row of the record; what is neither has nothing to compare."""
    return {
        "asked for": asked,
        "texts": texts,
        "followed": followed,
        "refused by name": refused,
        "nothing to compare": texts - followed - refused - len(failed),
        "failed": len(failed),
        "which": dict(failed),
        "code": programs()["code"],
    }


def simulated(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of simulators of which the folder has something."""
    for name, file, target, asked, most in (
        ("Brian 2", "brian2.json", "numpy", 1_000, 1e-10),
        ("Brian 2, compiled by Cython", "brian2.json", "cython", 100, 1e-10),
        ("NEST", "nest.json", "", 40, 0.02),
    ):
        path = folder / file
        if path.exists():
            known = json.loads(path.read_text())
            known = {k: d for k, d in known.get(target, known).items() if "random" in k}
            failed = {k: f"differs by {d}" for k, d in known.items() if not d <= most}
            yield f"in {name}", row(asked, len(known), len(known) - len(failed), 0, failed)


def table(record: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The table of the page."""
    heads = ["asked for", "texts", "followed", "refused by name", "nothing to compare", "failed"]
    yield f"| what | {' | '.join(heads)} |"
    yield "| --- |" + " --- |" * len(heads)
    for name, told in record.items():
        yield f"| {name} | " + " | ".join(f"{told[head]:,}" for head in heads) + " |"


def main(folder: Path, *chosen: str) -> None:
    """Try all, or the parts whose names begin so, and put the table into its page.

    Ctrl-C leaves what is known until then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    record |= simulated(folder / "exports")
    with (
        Journal(folder / "history.jsonl", {"configuration": "random rules", **programs()}) as kept,
        ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), begin) as pool,
        Display() as report,
        suppress(KeyboardInterrupt),
    ):
        for part in PARTS:
            if part.name.startswith(chosen or ("",)):
                for found in tried(part, pool, kept, report):
                    record[part.name] = found
    for name, told in record.items():
        for which, why in told["which"].items():
            print(f"{name}, {which}: {why}")
    RECORD.write_text(json.dumps(record, indent=2) + "\n")
    fill(PAGE, {"rules": "\n".join(table(record))})


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
