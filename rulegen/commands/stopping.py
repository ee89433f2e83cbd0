"""Ctrl-C while nothing but imports has run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


@contextmanager
def stopping_at_once() -> Iterator[None]:
    """Where Ctrl-C ends the process, with exit code 130, and nothing can catch it.

    Imports run code in callbacks, and what is raised there Python prints and forgets.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        with suppress(OSError):
            os.write(2, b"rulegen: interrupted\n")
        os._exit(130)

    # A process that was started without Ctrl-C, or that catches it elsewhere, stays as it is.
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if usual:
        signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        if usual:
            signal.signal(signal.SIGINT, signal.default_int_handler)
