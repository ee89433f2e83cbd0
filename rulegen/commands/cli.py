"""The command line. Exit codes: 0 done, 1 the run failed, 2 bad input, 130 interrupted."""

from __future__ import annotations

import sys
import traceback

import rulegen as rg
from rulegen.catalog.parts.installed import unread
from rulegen.commands.outline import group

CATALOG = group(
    "Rules as literature: records, cards, pages.",
    {
        "list": "catalog:list_rules",
        "show": "catalog:show",
        "add": "catalog_add:add",
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
        "analyse": "analyse:analyse",
        "export": "export:export_rule",
        "devices": "devices:devices",
    },
    CATALOG,
)


def main() -> None:
    """Run the command line and exit."""
    try:
        app()
    except rg.RunError as error:
        fail(error, 1)
    except rg.RulegenError as error:
        fail(error, 2)
    except OSError as error:  # such as a folder that may not be looked into
        fail(OSError(f"{error.filename or 'a file'}: {error.strerror or error}"), 2)
    except KeyboardInterrupt:
        fail(KeyboardInterrupt("interrupted"), 130)
    except Exception as error:
        # Libraries such as JAX read the entry points of all packages, and end at the first bad one.
        names = [f.f_globals.get("__name__") for f, _ in traceback.walk_tb(error.__traceback__)]
        if "importlib.metadata" not in names or not (bad := unread()):
            raise
        fail(rg.ConfigError("; ".join(bad)), 2)


def fail(error: BaseException, code: int) -> None:
    """Say what is wrong, without a traceback, and exit."""
    print(f"rulegen: {error}", file=sys.stderr)
    raise SystemExit(code)
