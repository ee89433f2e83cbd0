"""Taking what a run published into a catalog: everything is checked before anything is written.

The folder of a run may come from a stranger. Nothing in it is followed out of it, and of its files
only the record and the rewards of its lives are taken: figures are drawn anew, and tables written
anew, from numbers that agree with the record.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from rulegen.catalog import Evidence
from rulegen.catalog.records.files import read_own, write_together
from rulegen.catalog.records.library import DISCOVERED, LARGEST_TABLE, LITERATURE, Entry, read_entry
from rulegen.catalog.records.record import Record, record_text
from rulegen.grammar import ConfigError
from rulegen.lives.outcomes import Outcomes
from rulegen.lives.world import World
from rulegen.publishing.evaluate import Trajectory
from rulegen.publishing.figures import plot_learning, save_figure
from rulegen.publishing.rundir import learning_table, lives_table, lots_of
from rulegen.verifying.claims import contradicted
from rulegen.verifying.consistency import Outcome, consistent
from rulegen.verifying.endings import wrong_in_table
from rulegen.verifying.published import Published, PublishedLives, published, read_table
from rulegen.verifying.verify import world_of

#: Curves have six digits behind the point.
CURVE_ROUNDING = 2e-6


def add_run(run: Path, home: Path, *, replace: bool = False) -> Entry:
    """Take the rule that a run discovered into a catalog, with its figure and data.

    Args:
        run: the folder of a finished run.
        home: the folder of the catalog.
        replace: whether another record of this name, discovered as well, may be replaced.

    Raises:
        ConfigError: when the run is not finished, a file in it is missing or a link, its record
            contradicts its lives, its card, its configuration or itself, or the name is taken.
        RuleError: when its text is no rule.
    """
    if not run.is_dir():
        raise ConfigError(f"{run} is no folder of a run")
    whole = published(str(run))
    record, evidence = whole.record, whole.record.evidence
    if evidence is None or whole.lives is None:
        raise ConfigError(f"{run} has no evidence with the table of its lives, lives.csv")
    path = home / DISCOVERED / f"{record.name}.toml"
    free_place(path, record, home, replace)
    world = world_of(evidence.setting, evidence.packages)
    check_figures(run, whole, evidence, world)
    trajectories = read_learning(run / "learning.csv", whole.lives, evidence, world)
    contents = drawn(path, trajectories, world)
    contents[path.with_suffix(".csv")] = (
        lives_table(lots_of(trajectories)).to_csv(index=False).encode()
    )
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


def check_figures(run: Path, whole: Published, evidence: Evidence, world: World) -> None:
    """Refuse figures that are not those of the lives, and whatever else is seen to be false."""
    assert whole.lives is not None
    if whole.lives.digest != evidence.data:
        raise ConfigError(f"{run / 'lives.csv'} is not the data that its record was made from")
    for name, figure in contradicted(evidence, whole.lives.rewards).items():
        raise ConfigError(f"{run}: the lives give {figure} for `{name}`, its record says otherwise")
    if not whole.lives.outcomes:
        raise ConfigError(f"{run / 'lives.csv'} does not say how each life ended; publish anew")
    for (_, name), why in wrong_in_table(evidence, whole.lives.outcomes).items():
        raise ConfigError(f"{run}: of the lives of `{name}` {why}, as its record says")
    for finding in consistent(whole, evidence, world.task):
        if finding.outcome is Outcome.REFUTED:
            raise ConfigError(f"{run}: {finding.claim}: {finding.why}")


def read_learning(
    path: Path, lives: PublishedLives, evidence: Evidence, world: World
) -> list[Trajectory]:
    """The curves of all rules, whose means over trials are the mean rewards of their lives.

    Raises:
        ConfigError: when there is no such table.
    """
    shape = (3, world.life.trials)
    names = [name for _, name in lives.rewards]
    blank = Trajectory("", "", np.zeros(2), np.zeros(shape), np.zeros(shape), np.zeros(2))
    columns = learning_table([blank]).columns.tolist()
    table = read_table(read_own(path, LARGEST_TABLE), path, columns)
    if list(dict.fromkeys(table["rule"])) != names:
        raise ConfigError(f"{path}: its rules must be {', '.join(names)}")
    found = []
    for name in names:
        rows = table[table["rule"] == name]
        if rows["trial"].tolist() != list(range(1, shape[1] + 1)):
            raise ConfigError(f"{path}: `{name}` must have the trials 1 to {shape[1]} in order")
        low, mean, high, lower, median, upper = (
            rows[column].to_numpy(float)
            for column in ("low", "mean", "high", "lower", "median", "upper")
        )
        ordered = (low <= mean) & (mean <= high) & (lower <= median) & (median <= upper)
        means, outcomes = lives.rewards["rule", name], lives.outcomes["rule", name]
        bad = Outcomes.of(outcomes).bad
        if (rows[[*bad]] != [*bad.values()]).any(axis=None):
            raise ConfigError(f"{path}: the lives of `{name}` ended otherwise")
        if not ordered.all() or abs(mean.mean() - means.mean()) > CURVE_ROUNDING:
            raise ConfigError(f"{path}: the curve of `{name}` is not that of its lives")
        curve, quartiles = np.array([low, mean, high]), np.array([lower, median, upper])
        found.append(Trajectory(name, "", means, curve, quartiles, outcomes))
    return found


def drawn(path: Path, trajectories: list[Trajectory], world: World) -> dict[Path, bytes]:
    """The learning curve in the formats of a catalog, by where they go."""
    ax = plot_learning(trajectories, world.task, warmup=world.life.warmup)
    with tempfile.TemporaryDirectory() as folder:
        save_figure(ax, Path(folder), path.stem)
        made = [Path(folder) / f"{path.stem}.{ending}" for ending in ("png", "pdf")]
        return {path.with_name(picture.name): picture.read_bytes() for picture in made}
