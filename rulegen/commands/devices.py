"""`rulegen devices`: what lives run on, and how fast that is."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from rulegen.circuits.base import MOST_NEURONS
from rulegen.commands.table import print_table
from rulegen.ground.runtime import check_devices
from rulegen.runs.devices import devices as look


def devices(
    neurons: Annotated[int, typer.Option(min=2, max=MOST_NEURONS, help="of a circuit")] = 32,
) -> None:
    """Say which devices there are, what they can do at best, and how lives are run on them.

    Examples:
        rulegen devices
        JAX_PLATFORMS=cpu rulegen devices
    """
    check_devices()
    found, console = look(neurons), Console()
    print_table(console, ("device", "kind"), zip(found.names, found.kinds, strict=True))
    best, policy = found.ceilings, found.policy
    lines = [
        ("memory for lives, each", f"{found.memory / 2**20:.0f} MB"),
        ("copied in a second", f"{best.copied / 1e9:.3g} GB"),
        ("multiplied in a second", f"{best.multiplied / 1e9:.3g} billion weights"),
        ("engine", found.engine),
        ("lives at once, each", f"{policy.lives}"),
        ("trials in one go", f"{found.trials}"),
        ("lives in a second, all", f"{best.lives:,.0f} ({neurons} neurons, node perturbation)"),
    ]
    print_table(console, ("policy and ceilings", ""), lines)
