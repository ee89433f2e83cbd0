"""Taking what a run published into a catalog: everything is checked before anything is written.

The folder of a run may come from a stranger. Nothing in it is followed out of it, and a number in
it is worth what lives say: the record follows from its tables, some of the lives in these are run
again, drawn so that nobody can know which, and the figure is drawn anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rulegen.catalog import Evidence
from rulegen.catalog.records.files import own_folder, write_together
from rulegen.catalog.records.library import DISCOVERED, LITERATURE, Entry, read_entry
from rulegen.catalog.records.record import Record, record_text
from rulegen.grammar import ConfigError
from rulegen.ground.keys import Branch, branch, origin
from rulegen.ground.progress import Report, silent
from rulegen.lives.world import World
from rulegen.publishing.evaluate import Lot, Trajectory
from rulegen.publishing.figures import plot_learning, save_figure
from rulegen.verifying.claims import MINE, contradicted
from rulegen.verifying.consistency import consistent
from rulegen.verifying.endings import wrong_in_table
from rulegen.verifying.finding import Finding, Verdict, decided
from rulegen.verifying.published import Published, published
from rulegen.verifying.refits import refits
from rulegen.verifying.resurvey import resurveyed
from rulegen.verifying.sample import ends, other_ends, other_lives, unlike
from rulegen.verifying.setting import world_of
from rulegen.verifying.verify import entrants, learned, lots, run

#: Lives that are run again, unless another number is asked for.
LIVES = 64
#: So many of those that earn least, and of those that earn most, are run again as well.
ENDS = 16
#: Fewer say nothing of a spread.
LEAST = 8


def add_run(
    folder: Path, home: Path, *, lives: int = LIVES, replace: bool = False, report: Report = silent
) -> Entry:
    """Take the rule that a run discovered into a catalog, with its figure and data.

    Of the published lives so many are run again, of every rule, drawn anew each time, and those
    that earn least and most. A share f of altered lives elsewhere escapes with the probability
    (1 - f)^N. The curves of an honest run are refused
    with a probability of at most `rulegen.verifying.learning.ERROR`; all lives leave it none.

    Args:
        folder: of a finished run.
        home: the folder of the catalog.
        lives: how many of the published lives are run again, at least 8; at most all are.
        replace: whether another record of this name, discovered as well, may be replaced.
        report: told of finished lives.

    Raises:
        ConfigError: when the run is not finished, a file in it is missing or a link, its record
            contradicts its lives, its card, its configuration or itself, its lives are others
            when they are run again, its claim is too weak to verify, or the name is taken.
        RuleError: when its text is no rule.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder of a run")
    if lives < LEAST:
        raise ConfigError(f"{lives} lives say too little; run {LEAST} or more again")
    whole = published(str(folder))
    record, evidence, table = whole.record, whole.record.evidence, whole.lives
    if evidence is None or table is None:
        raise ConfigError(f"{folder} has no evidence with the table of its lives, lives.csv")
    for part, name in ((whole.config, "config.toml"), (whole.curves, "learning.csv")):
        if part is None:
            raise ConfigError(f"{folder} has no {name}; take in the folder as the run left it")
    path = own_folder(home, DISCOVERED) / f"{record.name}.toml"
    free_place(path, record, home, replace)
    world = world_of(evidence.setting, evidence.packages)
    refuse(folder, tabled(whole, evidence, world))
    refuse(folder, lived(whole, evidence, world, lives, report))
    trajectories = []
    for name, curve in (whole.curves or {}).items():
        means, ends = (part["rule", name] for part in (table.rewards, table.outcomes))
        trajectories.append(Trajectory(name, "", means, *curve.parts, ends))
    contents = drawn(path, trajectories, world)
    # The record has its digest, so that these very bytes belong beside it.
    contents[path.with_suffix(".csv")] = table.content
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


def refuse(folder: Path, findings: Iterator[Finding]) -> None:
    """Raise `ConfigError` at the first claim that is refuted or too weak."""
    for finding in findings:
        if finding.verdict in (Verdict.REFUTED, Verdict.WEAK):
            raise ConfigError(f"{folder}: {finding.claim}: {finding.why}")


def tabled(whole: Published, evidence: Evidence, world: World) -> Iterator[Finding]:
    """What shows without a life: the record against its tables, its configuration and itself."""
    assert whole.lives is not None
    same = whole.lives.digest == evidence.data
    yield decided("data", same, "lives.csv is not the table that the record was made from")
    for name, figure in contradicted(evidence, whole.lives.rewards).items():
        yield decided(name, False, f"the lives give {figure}, and its record says otherwise")
    for (_, name), why in wrong_in_table(evidence, whole.lives.outcomes).items():
        yield decided("ended badly", False, f"of the lives of `{name}` {why}, as its record says")
    for finding in consistent(whole, evidence, world):
        # Whoever adds a run has its configuration, so that it must be held.
        open_end = finding.claim == "configuration" and finding.verdict is Verdict.UNCHECKED
        yield finding._replace(verdict=Verdict.REFUTED) if open_end else finding


def lived(
    whole: Published, evidence: Evidence, world: World, lives: int, report: Report
) -> Iterator[Finding]:
    """What shows when some of the published lives are run again."""
    assert whole.lives is not None
    benches = entrants(whole.record, evidence, world)
    every, rng = evidence.reward.lives, np.random.default_rng()
    numbers = np.sort(rng.choice(every, min(lives, every), replace=False))
    key = branch(origin(evidence.seed), Branch.EVALUATE)
    again = run(benches, key, numbers, "published lives", report)
    found = lots(again)
    for claim, bench in benches.items():
        told, name = Lot(whole.lives.rewards[claim], whole.lives.outcomes[claim]), claim[1]
        drawn = Lot(*(part[numbers] for part in told))
        why = other_lives(drawn, found[claim], every)
        if not why and len(numbers) < every:
            who = ends(told.rewards, ENDS)
            batch = run({claim: bench}, key, who, f"ends of {name}", report)
            here = unlike(Lot(*(part[who] for part in told)), lots(batch)[claim])
            why = other_ends(unlike(drawn, found[claim]), here)
        yield decided(f"lives of {name}", not why, why)
    yield from learned(whole, evidence, again)
    yield from refits(evidence, benches[MINE], key, numbers, found)
    key = branch(origin(int(rng.integers(2**32))), Branch.VERIFY)
    yield from resurveyed(benches[MINE], whole.record, key, report)


def drawn(path: Path, trajectories: list[Trajectory], world: World) -> dict[Path, bytes]:
    """The learning curve in the formats of a catalog, by where they go."""
    ax = plot_learning(trajectories, world.task, world.circuit.dt, warmup=world.life.warmup)
    with tempfile.TemporaryDirectory() as folder:
        save_figure(ax, Path(folder), path.stem)
        made = [Path(folder) / f"{path.stem}.{ending}" for ending in ("png", "pdf")]
        return {path.with_name(picture.name): picture.read_bytes() for picture in made}
