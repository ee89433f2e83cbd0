"""Errors of compiled programs, told apart from those of whoever watches them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jax


class Failed(Exception):
    """A program that could not be made, or did not come to its end.

    Attributes:
        error: why.
    """

    def __init__(self, error: Exception) -> None:
        self.error = error


@contextmanager
def failing() -> Iterator[None]:
    """Marks errors of programs, among which are none of whoever is told how far they are."""
    try:
        yield
    except Exception as error:
        raise Failed(error) from error


def is_memory(error: Exception) -> bool:
    """Whether a device had no memory; a kernel that needs too much of a chip is another matter."""
    text = str(error)
    exhausted = isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in text
    return exhausted and "shared memory" not in text.lower()
