"""All analyses of some rules in one world: tables, figures, and a page that lists them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rulegen.analysis.anatomy import Anatomy, dissect
from rulegen.analysis.contrast import INTERVALS, contrast_page, contrast_table, plot_contrast
from rulegen.analysis.decoding import decoding, decoding_table, plot_decoding, plot_generalisation
from rulegen.analysis.fixed_points import fixed_point_table, plot_fixed_points
from rulegen.analysis.performance import performance_table, scale, trajectories
from rulegen.analysis.selectivity import plot_selectivity, selectivity_table, share_table
from rulegen.analysis.similarity import (
    SIMILARITIES,
    plot_similarity,
    similarity_graph,
    similarity_matrix,
)
from rulegen.analysis.trajectories import dimension_table, plot_trajectories, trajectory_table
from rulegen.analysis.weights import anatomy_table, plot_spectra, spectrum_table
from rulegen.catalog import load_record
from rulegen.catalog.records.files import write_whole
from rulegen.grammar import ConfigError, Rule, RunError, parse
from rulegen.ground.keys import Branch, branch, origin
from rulegen.ground.progress import Progress, Report, silent, ticks
from rulegen.lives.batch import World
from rulegen.publishing.config import load_config
from rulegen.publishing.figures import plot_learning, save_figure
from rulegen.publishing.rundir import learning_table
from rulegen.runs.compare_figures import plot_families
from rulegen.runs.simulate import benches, load_scene

#: What every file of a study shows, by its name; also the order on the page.
SHOWS = {
    "contrast": "Where the analyses tell the rules apart",
    "learning": "Mean reward of each trial",
    "circuits": "Weights and activity after learning",
    "spectra": "Singular values of the weight changes",
    "dimensions": "Dimensionality of the activity in each condition",
    "trajectories": "Principal trajectories of the network in the middle",
    "fixed_points": "Fixed and slow points without stimulus",
    "decoding": "Decoding over time",
    "generalisation": "Decoders trained at one time and tested at another",
    "selectivity": "What explains the variance of single neurons",
    "similarity": "How alike the solutions of the rules are",
    "clusters": "Rules whose activity is alike",
}
#: Rules whose activity is at least this similar are joined.
ALIKE = 0.9


class Study(NamedTuple):
    """What a study found.

    Attributes:
        world: in which the rules learned. tables, figures: by their names.
        lives: number of networks that all rules survived.
        lost: number of networks that at least one did not.
    """

    world: World
    tables: dict[str, pd.DataFrame]
    figures: dict[str, Axes]
    lives: int
    lost: int


def subjects(path: Path) -> tuple[World, dict[str, Rule]]:
    """The world and the rules of a run directory or a scene.

    Args:
        path: a folder that `rulegen discover` has finished, whose published rule is first and its
            references next, or a TOML file as of `rulegen simulate --world`.

    Raises:
        ConfigError: when it is neither, or has no rules.
        RuleError: when a rule in it is none.
    """
    if path.is_dir():
        for name in ("config.toml", "record.toml"):
            if not (path / name).exists():
                raise ConfigError(f"{path} is not the folder of a finished run: it has no {name}")
        config, record = load_config(path / "config.toml"), load_record(path / "record.toml")
        rules = {config.name: record.rule}
        for number, reference in enumerate(config.references, start=1):
            if reference.name in rules:
                raise ConfigError(
                    f"{path}: the published rule and reference number {number} are both called "
                    f"`{config.name}`; rename one of them in config.toml"
                )
        return config.world, rules | {r.name: parse(r.rule) for r in config.references}
    scene = load_scene(path)
    if not scene.rules:
        raise ConfigError(f"{path} has no rules to analyse; add some as [[rules]]")
    return scene.world, {r.name: parse(r.rule) for r in scene.rules}


def study(
    world: World,
    rules: Mapping[str, Rule],
    *,
    lives: int = 32,
    repeats: int = 20,
    seed: int = 0,
    report: Report = silent,
) -> Study:
    """Run lives of every rule, open their circuits and analyse them.

    Args:
        world: circuit, task and life.
        rules: by name; others are compared with the first.
        lives: networks of each rule, the same for all.
        repeats: noisy trials of each condition after learning.
        seed: of networks and noise.
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
    found, lost = survivors(opened)
    kept = lives - lost
    measures = {
        n: performance_table(a.rewards, a.task, a.circuit.dt).join(
            anatomy_table(a).drop(columns="radius_before"), validate="1:1"
        )
        for n, a in found.items()
    }
    tables: dict[str, pd.DataFrame] = {}
    figures: dict[str, Axes] = {}

    curves = trajectories(found)
    tables["learning"] = learning_table(curves)
    figures["learning"] = plot_learning(
        curves, world.task, world.circuit.dt, warmup=world.life.warmup
    )

    tables["spectra"] = spectrum_table(found)
    figures["spectra"] = plot_spectra(tables["spectra"])

    tables["dimensions"] = by_rule({n: dimension_table(a) for n, a in found.items()})
    middle = int(np.argsort(curves[0].means)[kept // 2])
    paths = {n: trajectory_table(a.rates[middle], world.circuit.dt) for n, a in found.items()}
    tables["trajectories"] = by_rule(paths)
    figures["trajectories"] = panels(paths, plot_trajectories)

    points = {}
    for name, anatomy in found.items():
        tick = ticks(report, f"{name}: fixed points", 0, kept, 1)
        points[name] = fixed_point_table(anatomy, tick=tick)
        measures[name] = measures[name].join(point_measures(points[name]))
    tables["fixed_points"] = by_rule(points)
    figures["fixed_points"] = panels(points, plot_fixed_points, shared=True)

    read: dict[str, dict[str, pd.DataFrame]] = {factor: {} for factor in world.task.factors}
    for done, (name, anatomy) in enumerate(found.items()):
        report(Progress("decoding", done, len(found), name))
        for factor in read:
            accuracies = decoding(anatomy, factor)
            read[factor][name] = decoding_table(anatomy, factor, accuracies)
            same = np.diagonal(accuracies, axis1=1, axis2=2)
            measures[name][f"decoding {factor}"] = same.mean(axis=1)
            measures[name][f"generalisation {factor}"] = accuracies.mean(axis=(1, 2))
    report(Progress("decoding", len(found), len(found)))
    tables["decoding"] = pd.concat([by_rule(read[f]) for f in read], ignore_index=True)
    factor, *_ = read
    chance = 1.0 / len(set(world.task.factors[factor]))
    figures["decoding"] = plot_decoding(read[factor], chance)
    figures["generalisation"] = panels(read[factor], plot_generalisation)

    shares = {name: selectivity_table(anatomy) for name, anatomy in found.items()}
    for name, table in shares.items():
        measures[name] = measures[name].join(share_table(table).add_prefix("variance "))
    tables["selectivity"] = by_rule(shares)
    figures["selectivity"] = plot_selectivity(shares)

    matrices = {name: similarity_matrix(found, measure) for name, measure in SIMILARITIES.items()}
    tables["similarity"] = pd.concat(
        [m.rename_axis("rule").reset_index().assign(measure=n) for n, m in matrices.items()],
        ignore_index=True,
    )
    figures["similarity"] = panels(matrices, plot_similarity)
    graph = similarity_graph(matrices["activity"], ALIKE)
    title = f"lines join rules whose activity has a CKA of {ALIKE:g} or more"
    figures["clusters"] = plot_families(graph, title=title)

    tables["circuits"] = by_rule(
        {n: m.rename_axis("life").reset_index() for n, m in measures.items()}
    )
    if len(found) > 1:
        tables["contrast"] = contrast_table(measures)
        figures["contrast"] = plot_contrast(tables["contrast"])
    return Study(world, tables, figures, kept, lost)


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


def point_measures(points: pd.DataFrame) -> pd.DataFrame:
    """Of every life, over the trials of its conditions: measures of its fixed and slow points.

    Returns:
        index `life`, columns `fixed points` and `slow points` (mean number by condition),
        `unstable` (mean number of directions of a fixed point) and `leading` (largest real part,
        1/tau).
    """
    conditions = points["condition"].nunique()
    lives, fixed = points.groupby("life"), points[points["fixed"]].groupby("life")
    found = pd.DataFrame({"fixed points": lives["fixed"].sum() / conditions})
    found["slow points"] = lives["fixed"].count() / conditions - found["fixed points"]
    found["unstable"] = fixed["unstable"].mean()
    found["leading"] = fixed["real"].max()
    return found


def by_rule(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables of several rules in one, with a first column `rule`."""
    whole = pd.concat(tables, names=["rule"])
    return whole.reset_index("rule").reset_index(drop=True)


def panels(
    tables: Mapping[str, pd.DataFrame], plot: Callable[..., Axes], *, shared: bool = False
) -> Axes:
    """The same picture of several tables beside each other; returns the first of the axes.

    Args:
        tables: by the titles of their pictures.
        plot: draws one of them.
        shared: whether all have the same limits.
    """
    count = len(tables)
    columns = count if count < 4 else math.isqrt(count - 1) + 1
    rows = -(-count // columns)
    figure = Figure(figsize=(4.4 * columns, 3.8 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=shared, sharey=shared).ravel()
    for ax, (name, table) in zip(axes, tables.items(), strict=False):
        plot(table, ax=ax)
        ax.set_title(name)
    for ax in axes[count:]:
        ax.set_axis_off()
    first: Axes = axes[0]
    return first


def check_folder(folder: Path) -> None:
    """Make the folder, before anything has run.

    Raises:
        ConfigError: when it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise cannot_write(folder, error) from None


def save_study(found: Study, folder: Path) -> None:
    """Write tables as CSV, figures as PNG and PDF, and `index.md`.

    Raises:
        ConfigError: when the folder cannot be written.
    """
    try:
        for name, table in found.tables.items():
            write_whole(folder / f"{name}.csv", table.to_csv(index=False))
        for name, ax in found.figures.items():
            save_figure(ax, folder, name)
        write_whole(folder / "index.md", index(found))
    except OSError as error:
        raise cannot_write(folder, error) from None


def cannot_write(folder: Path, error: OSError) -> ConfigError:
    """What to say when a file or folder cannot be made."""
    return ConfigError(f"cannot write into {folder}: {error.strerror}; choose another --out")


def index(found: Study) -> str:
    """The page of a study."""
    lines = ["# Analyses", "", f"{found.lives} networks, the same for all rules."]
    if found.lost:
        lines[-1] += f" {found.lost} more are left out: their weights left the finite range."
    for name, what in SHOWS.items():
        if name not in found.tables and name not in found.figures:
            continue
        lines += ["", f"## {what}"]
        if name == "contrast":
            lines += ["", contrast_page(found.tables[name]), "", INTERVALS]
            lines += ["", scale(found.world.task, found.world.circuit.dt)]
        if name in found.figures:
            lines += ["", f"![{what}]({name}.png)"]
        if name in found.tables:
            lines += ["", f"Data: [{name}.csv]({name}.csv)"]
    return "\n".join(lines) + "\n"
