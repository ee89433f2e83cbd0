"""The command line. Exit codes: 0 done, 1 the run failed, 2 bad input, 130 interrupted."""

from __future__ import annotations

import os
import re
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from types import FrameType

import rulegen as rg
from rulegen.catalog.parts.faults import TRACEBACK
from rulegen.catalog.parts.installed import said, unread
from rulegen.commands.beginning import beginning
from rulegen.commands.outline import group

#: What libraries say that got no memory.
NO_MEMORY = re.compile("out of memory|unable to allocate|RESOURCE_EXHAUSTED", re.IGNORECASE)

CATALOG = group(
    "Rules as literature: records, cards, pages.",
    {
        "list": "catalog:list_rules",
        "show": "catalog:show",
        "add": "catalog_add:add",
        "open": "catalog:open_pages",
        "build": "catalog:build_pages",
    },
    name="catalog",
)
app = group(
    "Symbolic rule discovery for synaptic plasticity.",
    {
        "new": "new:new",
        "discover": "discover:discover",
        "check": "check:check",
        "estimators": "estimators:estimators",
        "sweep": "sweep:sweep",
        "search": "search:search",
        "simulate": "simulate:simulate",
        "verify": "verify:verify",
        "compare": "compare:compare",
        "open": "open:open_run",
        "watch": "watch:watch",
        "analyse": "analyse:analyse",
        "export": "export:export_rule",
        "cite": "cite:cite",
        "devices": "devices:devices",
    },
    CATALOG,
)
app.params += beginning()


def main() -> None:
    """Run the command line and exit; whatever goes wrong is one message."""
    try:
        run()
    except rg.RunError as error:
        fail(error, str(error), 1)
    except rg.RulegenError as error:
        fail(error, str(error), 2)
    except OSError as error:  # such as a folder that may not be looked into
        place = error.filename or "standard output or a file"
        fail(error, f"{place}: {error.strerror or error}", 2 if error.filename else 1)
    except KeyboardInterrupt as error:
        fail(error, "interrupted", 130)
    except Exception as error:
        bad = unreadable(error) or unset(error)
        fail(error, bad or unforeseen(error), 2 if bad else 1)


def run() -> None:
    """Run the command line, and see that all that it printed is written."""
    try:
        app(prog_name="rulegen")
    finally:
        try:
            sys.stdout.flush()
        except OSError as error:
            # What could not be written is not tried again when the process ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if not isinstance(error, BrokenPipeError):  # whoever read it has enough
                raise


def module_of(frame: FrameType) -> str:
    """The name of the module whose code a frame runs."""
    return str(frame.f_globals.get("__name__", ""))


def unreadable(error: Exception) -> str:
    """Which packages cannot be read, where an error is about that; "" where it is not.

    Libraries such as JAX read the entry points of all packages, and end at the first bad one.
    """
    asked = any(
        module_of(frame) == "importlib.metadata"
        for frame, _ in traceback.walk_tb(error.__traceback__)
    )
    return "; ".join(unread()) if asked else ""


def unset(error: Exception) -> str:
    """Which variable of the environment JAX cannot read; "" where it is not about one."""
    what = said(error)
    for name, value in os.environ.items():
        if name.startswith(("JAX_", "XLA_")) and name in what:
            return f"{name}={value} in the environment: {what}; unset it"
    return ""


def unforeseen(error: Exception) -> str:
    """What to say of an error that nothing of rulegen expects."""
    what = said(error)
    if isinstance(error, MemoryError) or NO_MEMORY.search(what):
        return f"there is too little memory: take fewer neurons, trials or lives ({what})"
    way = list(traceback.walk_tb(error.__traceback__))
    own = [at for at in way if module_of(at[0]).startswith("rulegen.")]
    frame, line = (own or way)[-1]
    place = f"{Path(frame.f_code.co_filename).name}, line {line}"
    return f"a defect of rulegen, please tell its authors: {what} ({place}; --traceback shows more)"


def fail(error: BaseException, message: str, code: int) -> None:
    """Say what is wrong, without a traceback unless it is asked for, and exit."""
    with suppress(OSError):  # who hears nothing still has the exit code
        if os.environ.get(TRACEBACK):
            traceback.print_exception(error)
        # What was named may hold what a terminal would obey.
        shown = "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in message)
        print(f"rulegen: {shown}", file=sys.stderr, flush=True)
    raise SystemExit(code)
