"""`make bench`: all that it measures can be made; how fast it is here says nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

if not (Path(__file__).parent.parent / "benchmarks").exists():
    pytest.skip("the benchmarks are not beside the tests", allow_module_level=True)
import benchmarks.__main__ as bench
from benchmarks import lives
from benchmarks.measure import Row
from rulegen.estimators import Pgpe

PARTS = (
    bench.small_circuits,
    bench.meta_gradients,
    bench.large_circuits,
    bench.every_task,
    bench.growth,
    bench.memory,
)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_part_can_be_made(
    part: Callable[[], list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        bench, "best_seconds", lambda programs, rounds=7: dict.fromkeys(programs, 1.0)
    )
    # evosax is no part of what tests need.
    monkeypatch.setattr(lives, "Evosax", lambda lives, strategy: Pgpe(lives=lives))
    monkeypatch.setattr(lives.Lives, "planned_bytes", lambda self: 1)
    assert all(row.value > 0 for row in part())


def test_the_first_life_of_a_process_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def kept(*arguments: int, **options: list[str]) -> Callable[[], None]:
        lives.runner(*arguments[1:], **options)
        return lambda: made.append(arguments)

    monkeypatch.setattr(lives, "program", kept)
    exec(bench.START, {})
    assert made == [(4, 32, 1, 8)]
