"""Taking what a run published into a catalog: everything is checked before anything is written.

The folder of a run may come from a stranger. Nothing in it is followed out of it, and a number in
it is worth what lives say: it must stand all that `verify` asks, on new lives that nobody can
know, and its figure is drawn anew.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from rulegen.catalog import Evidence
from rulegen.catalog.records.files import own_folder, write_together
from rulegen.catalog.records.library import CURVES, DISCOVERED, LITERATURE, Entry, read_entry
from rulegen.catalog.records.record import Record, record_text
from rulegen.grammar import ConfigError
from rulegen.ground.progress import Report, silent
from rulegen.publishing.differences import plot_held_out
from rulegen.publishing.evaluate import Trajectory
from rulegen.publishing.figures import save_figure
from rulegen.publishing.tables import learning_tables
from rulegen.publishing.world_figures import plot_worlds
from rulegen.verifying.finding import Verdict
from rulegen.verifying.published import published
from rulegen.verifying.verify import NEW_LIVES, checks
from rulegen.verifying.worlds import places


def add_run(
    folder: Path | str,
    home: Path | str,
    *,
    lives: int = NEW_LIVES,
    seed: int | None = None,
    replace: bool = False,
    report: Report = silent,
) -> Entry:
    """Take the rule that a run discovered into a catalog, with its figure and data.

    Everything that `verify` looks at must hold, on the published lives and on new ones.

    Args:
        folder: of a finished run.
        home: the folder of the catalog.
        lives: number of new lives.
        seed: of the new lives; drawn unless it is given, so that no run can be made to suit it.
        replace: whether another record of this name, discovered as well, may be replaced.
        report: told of finished lives.

    Raises:
        ConfigError: when the run is not finished, a file in it is missing or a link, `verify`
            refutes a claim or finds it too weak, or the name is taken.
        RuleError: when its text is no rule.
    """
    folder, home = Path(folder), Path(home)
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder of a run")
    whole = published(folder)
    record, evidence, table, curves = whole.record, whole.record.evidence, whole.lives, whole.curves
    if evidence is None or table is None:
        raise ConfigError(f"{folder} has no evidence with the table of its lives, lives.csv")
    if whole.config is None or curves is None:
        name = "config.toml" if whole.config is None else "learning.csv"
        raise ConfigError(f"{folder} has no {name}; take in the folder as the run left it")
    path = own_folder(home, DISCOVERED) / f"{record.name}.toml"
    free_place(path, record, home, replace)
    drawn_seed = int(np.random.default_rng().integers(2**32)) if seed is None else seed
    for check in checks(whole, lives, drawn_seed, report):
        # Whoever adds a run has its configuration, so that it must be held.
        unheld = check.claim == "configuration" and check.verdict is Verdict.UNCHECKED
        if unheld or check.verdict in (Verdict.REFUTED, Verdict.WEAK):
            raise ConfigError(f"{folder}: {check.claim}: {check.why}")
    shown = {
        world: [
            Trajectory(name, "", lot.rewards, *curve.parts, lot.outcomes)
            for name, curve in curves[world].items()
            for lot in [lots["rule", name]]
        ]
        for world, lots in table.lived.items()
    }
    contents = drawn(path, shown, evidence)
    # The record has its digest, so that these very bytes belong beside it.
    contents[path.with_suffix(".csv")] = table.content
    contents[path.with_suffix(CURVES)] = learning_tables(shown).to_csv(index=False).encode()
    # Last, so that a record never stands beside data that are still to come.
    contents[path] = record_text(record).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_together(contents)
    except OSError as error:
        raise ConfigError(
            f"cannot write into {path.parent}: {error.strerror}; choose another --to"
        ) from None
    return read_entry(path)


def free_place(path: Path, record: Record, home: Path, replace: bool) -> None:
    """Refuse a name that is taken, unless it is taken by this very record."""
    if (home / LITERATURE / path.name).exists():
        raise ConfigError(f"the name `{record.name}` is taken by a rule of the literature")
    taken = path.exists() or path.is_symlink()
    if taken and not replace and read_entry(path).record != record:
        raise ConfigError(
            f"the name `{record.name}` is taken by another record, {path}; replace it with "
            "--replace, or give the run another name"
        )


def drawn(path: Path, shown: dict[str, list[Trajectory]], evidence: Evidence) -> dict[Path, bytes]:
    """The picture of a run in the formats of a catalog, by where they go."""
    worlds = {place.name: place.world for place in places(evidence)}
    if evidence.worlds:
        ax = plot_worlds(evidence, shown, worlds)
    else:
        (world,), (trajectories,) = worlds.values(), shown.values()
        ax = plot_held_out(trajectories, world.task, world.circuit.dt, warmup=world.life.warmup)
    with tempfile.TemporaryDirectory() as folder:
        save_figure(ax, Path(folder), path.stem)
        made = [Path(folder) / f"{path.stem}.{ending}" for ending in ("png", "pdf")]
        return {path.with_name(picture.name): picture.read_bytes() for picture in made}
