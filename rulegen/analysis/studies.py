"""All analyses of some rules in one world: tables, figures, and a page that lists them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rulegen.analysis.anatomy import Anatomy, dissect
from rulegen.analysis.chapters import CHAPTERS, Subject, by_rule, missing
from rulegen.analysis.contrast import INTERVALS, contrast_page, contrast_table, plot_contrast
from rulegen.analysis.performance import scale
from rulegen.catalog import Evidence, WorldFigures
from rulegen.catalog.records.files import write_together, write_whole
from rulegen.catalog.records.kinds import kind_of
from rulegen.catalog.records.roles import DISCOVERED, START
from rulegen.grammar import AnyRule, ConfigError, Rule, RunError, parse
from rulegen.grammar.reading.files import read_toml
from rulegen.ground.keys import Branch, branch, origin
from rulegen.ground.progress import Report, silent, ticks
from rulegen.lives.outcomes import Outcomes, told, words
from rulegen.lives.world import World
from rulegen.publishing.figures import save_figure
from rulegen.runs.simulate import benches, load_scene
from rulegen.runs.sources import read_source
from rulegen.verifying.setting import world_of

#: What every file of a study shows, by its name; also the order on the page.
SHOWS = {
    "contrast": "Where the analyses tell the rules apart",
    "learning": "Mean reward of each trial",
    "circuits": "Weights and activity after learning",
    "spectra": "Singular values of the weight changes",
    "dimensions": "Dimensionality of the activity in each condition",
    "trajectories": "Principal trajectories of the network in the middle",
    "film": "The same network in a trial: outputs beside targets, and activity",
    "fixed_points": "Fixed and slow points without stimulus",
    "decoding": "Decoding over time",
    "generalisation": "Decoders trained at one time and tested at another",
    "selectivity": "What explains the variance of single neurons",
    "similarity": "How alike the solutions of the rules are",
    "clusters": "Rules whose activity is alike",
}


class Study(NamedTuple):
    """What a study found.

    Attributes:
        world: in which the rules learned. where: its name, where there were several.
        tables, figures: by their names.
        lives: number of networks that all rules survived.
        lost: number of networks that at least one did not.
        outcomes: how the lives of those networks ended, by rule.
        films: animated GIFs, by their names.
    """

    world: World
    where: str
    tables: dict[str, pd.DataFrame]
    figures: dict[str, Axes]
    lives: int
    lost: int
    outcomes: dict[str, Outcomes]
    films: dict[str, bytes]

    @property
    def missing(self) -> list[str]:
        """What the circuit does not allow, a line each."""
        circuit = self.world.circuit
        return [
            f"{name}: left out for the {circuit.name} circuit: {why}"
            for name, why in missing(circuit).items()
        ]


class Subjects(NamedTuple):
    """What is analysed.

    Attributes:
        world: in which rules learn. rules: by name.
        where: the name of the world, where it is one of several.
    """

    world: World
    rules: dict[str, Rule]
    where: str = ""


def subjects(source: Path | str, standard_input: TextIO | None = None, where: str = "") -> Subjects:
    """The world and the rules of a published record or of a scene.

    Args:
        source: a TOML file as of `rulegen simulate --world`; or what brings a record with evidence:
            the folder of a finished run, a record, a card, a discovered rule of the catalog or `-`.
            The published rule is first, and next is what the run compared it with.
        standard_input: what `-` reads.
        where: which of several worlds of a record; the first by default.

    Raises:
        ConfigError: when it is neither, has no rules, or no such world.
        RuleError: when a rule in it is none.
    """
    if is_scene(source):
        if where:
            raise ConfigError(f"{source} has one world, and so none is called `{where}`")
        scene = load_scene(source)
        if not scene.rules:
            raise ConfigError(f"{source} has no rules to analyse; add some as [[rules]]")
        return Subjects(scene.world, {r.name: parse(r.rule) for r in scene.rules})
    record = read_source(str(source), standard_input).record
    if record is None or record.evidence is None:
        raise ConfigError(
            f"{source} is a rule without a run, and so without a world to analyse it in; write a "
            "file with [task] and [[rules]], as for `rulegen simulate --world`"
        )
    evidence = record.evidence
    worlds: dict[str, Evidence | WorldFigures] = {told.name: told for told in evidence.worlds}
    worlds = worlds or {"": evidence}
    if where and where not in worlds:
        known = ", ".join(f"`{name}`" for name in worlds if name) or "one world without a name"
        raise ConfigError(f"{source} has no world `{where}`; it has {known}")
    where = where or next(iter(worlds))
    there = worlds[where]
    others = {c.name: c.rule for c in there.comparisons if c.name != START and c.rule}
    name = DISCOVERED if record.name in others else record.name
    rules = {name: record.rule} | {n: parse(text) for n, text in others.items()}
    return Subjects(world_of(there.setting, there.packages), rules, where)


def is_scene(source: Path | str) -> bool:
    """Whether rules come from a scene, where none of them is a discovered one."""
    path = Path(source)
    return path.suffix == ".toml" and kind_of(read_toml(path)) != "equations"


def study(
    world: World,
    rules: Mapping[str, AnyRule],
    *,
    lives: int = 32,
    repeats: int = 20,
    seed: int = 0,
    found: str = "",
    where: str = "",
    report: Report = silent,
) -> Study:
    """Run lives of every rule, open their circuits and analyse them.

    Args:
        world: circuit, task and life.
        rules: by name; others are compared with the first.
        lives: networks of each rule, the same for all.
        repeats: noisy trials of each condition after learning.
        seed: of networks and noise.
        found: the rule that figures draw as the discovered one, if one is.
        where: what the world is called, if it is one of several.
        report: told how far it is.

    Raises:
        ConfigError: when a rule and the world do not fit each other.
        RunError: when no network survives all rules.
    """
    if lives < 2 or repeats < 2:
        raise ConfigError("analyses need 2 lives and 2 noisy trials or more")
    key = branch(origin(seed), Branch.ANALYSE)
    opened = {}
    for name, bench in benches(world, rules).items():
        tick = ticks(report, f"{name}: lives", 0, lives, 1)
        opened[name] = dissect(bench, bench.values, key, lives, repeats, tick)
    anatomies, lost = survivors(opened)
    subject = Subject(world, anatomies, report, found)
    tables: dict[str, pd.DataFrame] = {}
    figures: dict[str, Axes] = {}
    films: dict[str, bytes] = {}
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in anatomies}
    for name, chapter in CHAPTERS.items():
        if name in missing(world.circuit):
            continue
        table, drawn, measured, filmed = chapter(subject)
        tables |= {name: table} if table is not None else {}
        figures |= drawn
        films |= filmed
        for rule, frame in measured.items():
            parts[rule].append(frame)
    measures = {rule: pd.concat(several, axis=1) for rule, several in parts.items()}
    tables["circuits"] = by_rule(
        {
            n: m.rename_axis("life").reset_index().assign(outcome=words(anatomies[n].outcomes))
            for n, m in measures.items()
        }
    )
    if len(anatomies) > 1:
        tables["contrast"] = contrast_table(measures)
        figures["contrast"] = plot_contrast(tables["contrast"], found=found)
    outcomes = {name: anatomy.counts for name, anatomy in anatomies.items()}
    return Study(world, where, tables, figures, lives - lost, lost, outcomes, films)


def survivors(anatomies: Mapping[str, Anatomy]) -> tuple[dict[str, Anatomy], int]:
    """The networks whose weights are finite under every rule, and the number of the others.

    Raises:
        RunError: when there are fewer than two.
    """
    finite = np.logical_and.reduce(
        [
            np.isfinite(a.after).all(axis=(1, 2)) & np.isfinite(a.potentials).all(axis=(1, 2, 3))
            for a in anatomies.values()
        ]
    )
    if finite.sum() < 2:
        raise RunError(
            f"{finite.sum()} of {len(finite)} networks kept finite weights under all rules"
        )
    return {n: a.only(finite) for n, a in anatomies.items()}, int((~finite).sum())


def check_folder(folder: Path | str) -> None:
    """Make the folder, before anything has run.

    Raises:
        ConfigError: when it cannot be written.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise cannot_write(folder, error) from None


def save_study(found: Study, folder: Path | str) -> None:
    """Write tables as CSV, figures as PNG and PDF, films as GIF, and `index.md`.

    Raises:
        ConfigError: when the folder cannot be written.
    """
    try:
        for name, table in found.tables.items():
            write_whole(Path(folder) / f"{name}.csv", table.to_csv(index=False))
        for name, ax in found.figures.items():
            save_figure(ax, Path(folder), name)
        write_together({Path(folder) / f"{n}.gif": film for n, film in found.films.items()})
        write_whole(Path(folder) / "index.md", index(found))
    except OSError as error:
        raise cannot_write(folder, error) from None


def cannot_write(folder: Path | str, error: OSError) -> ConfigError:
    """What to say when a file or folder cannot be made."""
    return ConfigError(f"cannot write into {folder}: {error.strerror}; choose another --out")


def index(found: Study) -> str:
    """The page of a study."""
    lines = ["# Analyses", "", f"{found.lives} networks, the same for all rules."]
    if found.where:
        lines[-1] = f"In the world `{found.where}`: {lines[-1]}"
    if found.lost:
        lines[-1] += f" {found.lost} more are left out: their weights left the finite range."
    lines += ["", f"How the lives ended: {'; '.join(told(found.outcomes))}."]
    lines += [line for why in found.missing for line in ("", f"{why}.")]
    for name, what in SHOWS.items():
        if not any(name in made for made in (found.tables, found.figures, found.films)):
            continue
        lines += ["", f"## {what}"]
        if name == "contrast":
            lines += ["", contrast_page(found.tables[name]), "", INTERVALS]
            lines += ["", scale(found.world.task, found.world.circuit.dt)]
        if name in found.figures:
            lines += ["", f"![{what}]({name}.png)"]
        if name in found.films:
            lines += ["", f"![{what}]({name}.gif)"]
        if name in found.tables:
            lines += ["", f"Data: [{name}.csv]({name}.csv)"]
    return "\n".join(lines) + "\n"
