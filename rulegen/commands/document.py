"""What a command prints that may become a file."""

from __future__ import annotations

import sys


def print_document(text: str) -> None:
    """Print a text: into files and pipes in UTF-8, as files are, whatever the console shows."""
    if sys.stdout.isatty() or not hasattr(sys.stdout, "buffer"):
        print(text, end="")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
