"""`rulegen watch`: a page that follows runs."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from rulegen.watching.server import PORT, serve


def watch(
    run: Annotated[Path, typer.Argument(help="folder of a run, or with runs in it")],
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="of the page on this machine; 0: any that is free")
    ] = PORT,
    opened: Annotated[bool, typer.Option("--open", help="open it in a browser")] = False,
) -> None:
    """Serve a page on this machine that follows runs as they go; Ctrl-C ends it.

    It reads their histories and writes nothing, so that it shows finished and dead runs as well.

    Examples:
        rulegen watch runs/mine-1
        rulegen watch runs --port 0 --open
    """

    def ready(address: str) -> None:
        print(f"{address}  (Ctrl-C ends the watch; the runs go on)", flush=True)
        if opened:
            webbrowser.open(address)

    serve(run, port, ready)
