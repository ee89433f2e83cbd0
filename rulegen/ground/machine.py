"""What this process may use of the machine, and what it has used, on Linux and on macOS."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path


def cores() -> int:
    """The number of CPU cores that this process may run on.

    Where the system does not say (macOS), all of the machine.

    Example:
        >>> cores() >= 1
        True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> int:
    """Bytes of memory that this process may use: of the machine, or of its control group.

    Example:
        >>> memory() > 2**20
        True
    """
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return whole
    return min(whole, int(limit)) if limit.isdigit() else whole


def peak_mb() -> float:
    """The most memory that this process has held, MB.

    Example:
        >>> peak_mb() > 1
        True
    """
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / (1 << 20)
