"""The command line. Exit codes: 0 done, 1 the run failed, 2 bad input, 130 interrupted."""

from __future__ import annotations

import sys

import typer

from rulegen.commands.analyse import analyse
from rulegen.commands.catalog import app as catalog_app
from rulegen.commands.check import check
from rulegen.commands.compare import compare
from rulegen.commands.discover import discover
from rulegen.commands.estimators import estimators
from rulegen.commands.export import export_rule
from rulegen.commands.search import search
from rulegen.commands.simulate import simulate
from rulegen.commands.sweep import sweep
from rulegen.commands.verify import verify
from rulegen.grammar import RulegenError, RunError
from rulegen.ground.runtime import keep_compiled_programs, use_all_cores

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Symbolic rule discovery for synaptic plasticity.",
)
app.command()(discover)
app.command()(check)
app.command()(estimators)
app.command()(sweep)
app.command()(search)
app.command()(simulate)
app.command()(verify)
app.command()(compare)
app.command()(analyse)
app.command("export")(export_rule)
app.add_typer(catalog_app, name="catalog")


def main() -> None:
    """Run the command line and exit."""
    use_all_cores()
    keep_compiled_programs()
    try:
        app()
    except RunError as error:
        fail(error, 1)
    except RulegenError as error:
        fail(error, 2)
    except KeyboardInterrupt:
        fail(KeyboardInterrupt("interrupted"), 130)


def fail(error: BaseException, code: int) -> None:
    """Say what is wrong, without a traceback, and exit."""
    print(f"rulegen: {error}", file=sys.stderr)
    raise SystemExit(code)
