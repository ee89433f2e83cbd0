"""The problems of docs/selection.md and docs/together.md are such as today's settings accept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

if not (Path(__file__).parent.parent / "benchmarks").exists():
    pytest.skip("the benchmarks are not beside the tests", allow_module_level=True)
from benchmarks import joint, selection, worlds


def alone() -> list:
    return [selection.config_of(problem) for problem in (*worlds.planted(), *worlds.nothing())]


@pytest.mark.parametrize(
    ("made", "many"),
    [(alone, 40), (joint.torn, 6), (joint.everywhere, 6), (joint.nothing, 10)],
    ids=["in one world", "torn", "in all worlds", "nulls of worlds"],
)
def test_all_problems_are_made(made: Callable[[], Sequence], many: int) -> None:
    assert len(made()) == many
