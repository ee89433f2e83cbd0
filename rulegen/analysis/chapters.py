"""The chapters of a study: each opens the circuits in its own way."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rulegen.analysis.anatomy import Anatomy
from rulegen.analysis.codes import decoding, decoding_table, plot_decoding, plot_generalisation
from rulegen.analysis.equilibria import fixed_point_table, plot_fixed_points
from rulegen.analysis.films import film, moves
from rulegen.analysis.pairs import pair_table, plot_pairs
from rulegen.analysis.performance import performance_table, trajectories
from rulegen.analysis.selectivity import plot_selectivity, selectivity_table, share_table
from rulegen.analysis.similarity import (
    SIMILARITIES,
    plot_similarity,
    similarity_graph,
    similarity_matrix,
)
from rulegen.analysis.trajectories import (
    condition_names,
    dimension_table,
    plot_trajectories,
    trajectory_table,
)
from rulegen.analysis.weights import anatomy_table, plot_spectra, spectrum_table
from rulegen.analysis.words import worded
from rulegen.circuits import Circuit
from rulegen.ground.progress import Progress, Report, ticks
from rulegen.lives.world import World
from rulegen.publishing.figures import plot_learning
from rulegen.publishing.tables import learning_table
from rulegen.runs.compare import headed
from rulegen.runs.compare_figures import plot_families

#: Rules whose activity is at least this similar are joined.
ALIKE = 0.9
#: So few rules are compared pair by pair; more of them in a matrix.
FEW = 4


class Subject(NamedTuple):
    """What is studied.

    Attributes:
        world: where the rules lived.
        anatomies: the circuits of each rule, by its name; the same lives for all.
        report: told how far a chapter is.
        found: which of the rules is the discovered one; "" for none.
    """

    world: World
    anatomies: dict[str, Anatomy]
    report: Report
    found: str = ""


class Chapter(NamedTuple):
    """What a chapter found.

    Attributes:
        table: of all rules; None where it has only measures.
        figures: by their names.
        measures: of each rule, a table with a row for each life, by which rules are contrasted.
        films: animated GIFs, by their names.
    """

    table: pd.DataFrame | None
    figures: Mapping[str, Axes] = MappingProxyType({})
    measures: Mapping[str, pd.DataFrame] = MappingProxyType({})
    films: Mapping[str, bytes] = MappingProxyType({})


def learning(subject: Subject) -> Chapter:
    """Rewards, and what learning made of the weights."""
    curves = trajectories(subject.anatomies)
    world = subject.world
    measures = {
        name: performance_table(anatomy.rewards, world.task, world.circuit.dt).join(
            anatomy_table(anatomy).drop(columns="radius_before"), validate="1:1"
        )
        for name, anatomy in subject.anatomies.items()
    }
    figure = plot_learning(
        curves, world.task, world.circuit.dt, warmup=world.life.warmup, found=subject.found
    )
    return Chapter(learning_table(curves), {"learning": figure}, measures)


def spectra(subject: Subject) -> Chapter:
    """Singular values of the weight changes."""
    table = spectrum_table(subject.anatomies)
    return Chapter(table, {"spectra": plot_spectra(table, found=subject.found)})


def dimensions(subject: Subject) -> Chapter:
    """Dimensionality of the activity."""
    return Chapter(by_rule({n: dimension_table(a) for n, a in subject.anatomies.items()}))


def paths(subject: Subject) -> Chapter:
    """Principal trajectories of the network that earns the median of the first rule's rewards."""
    curves = trajectories(subject.anatomies)
    middle = int(np.argsort(curves[0].means)[len(curves[0].means) // 2])
    dt = subject.world.circuit.dt
    found = {n: trajectory_table(a.rates[middle], dt) for n, a in subject.anatomies.items()}
    draw = partial(plot_trajectories, names=condition_names(subject.world.task))
    figures = {"trajectories": panels(found, draw, shared=True)}
    first, *_ = subject.anatomies.values()
    films = {"film": film(dict([*subject.anatomies.items()][:FEW]), middle)} if moves(first) else {}
    return Chapter(by_rule(found), figures, films=films)


def points(subject: Subject) -> Chapter:
    """Fixed and slow points without stimulus."""
    found = {}
    for name, anatomy in subject.anatomies.items():
        tick = ticks(subject.report, f"{name}: fixed points", 0, len(anatomy.rewards), 1)
        found[name] = fixed_point_table(anatomy, tick=tick)
    figures = {"fixed_points": panels(found, plot_fixed_points, shared=True)}
    return Chapter(by_rule(found), figures, {n: point_measures(t) for n, t in found.items()})


def codes(subject: Subject) -> Chapter:
    """What can be read from the activity over time."""
    anatomies, factors = subject.anatomies, subject.world.task.factors
    read: dict[str, dict[str, pd.DataFrame]] = {factor: {} for factor in factors}
    measures = {}
    for done, (name, anatomy) in enumerate(anatomies.items()):
        subject.report(Progress("decoding", done, len(anatomies), name))
        own = {}
        for factor in read:
            accuracies = decoding(anatomy, factor)
            read[factor][name] = decoding_table(anatomy, factor, accuracies)
            same = np.diagonal(accuracies, axis1=1, axis2=2)
            own[f"decoding {factor}"] = same.mean(axis=1)
            own[f"generalisation {factor}"] = accuracies.mean(axis=(1, 2))
        measures[name] = pd.DataFrame(own)
    subject.report(Progress("decoding", len(anatomies), len(anatomies)))
    factor, *_ = read
    chance = 1.0 / len(set(factors[factor]))
    figures = {
        "decoding": plot_decoding(read[factor], chance, found=subject.found),
        "generalisation": panels(read[factor], partial(plot_generalisation, lowest=chance)),
    }
    table = pd.concat([by_rule(read[f]) for f in read], ignore_index=True)
    return Chapter(table, figures, measures)


def selectivity(subject: Subject) -> Chapter:
    """What explains the variance of single neurons."""
    shares = {name: selectivity_table(anatomy) for name, anatomy in subject.anatomies.items()}
    measures = {n: share_table(table).add_prefix("variance ") for n, table in shares.items()}
    return Chapter(by_rule(shares), {"selectivity": plot_selectivity(shares)}, measures)


def similarity(subject: Subject) -> Chapter:
    """How alike the solutions of the rules are."""
    matrices = {n: similarity_matrix(subject.anatomies, m) for n, m in SIMILARITIES.items()}
    table = pd.concat(map(headed, matrices.values()), ignore_index=True)
    compared = np.repeat([*matrices], len(subject.anatomies))
    table.insert(table.shape[1], "measure", compared, allow_duplicates=True)
    graph = similarity_graph(matrices["activity"], ALIKE)
    title = f"lines join rules whose activity has a CKA of {ALIKE:g} or more"
    figures = {"clusters": plot_families(graph, title=title)}
    if 1 < len(subject.anatomies) <= FEW:
        figures["similarity"] = plot_pairs(pair_table(subject.anatomies))
    elif len(subject.anatomies) > FEW:
        worded_ones = {worded(name): matrix for name, matrix in matrices.items()}
        figures["similarity"] = panels(worded_ones, plot_similarity)
    return Chapter(table, figures)


#: Chapters by the name of their table, in the order in which measures stand.
CHAPTERS: dict[str, Callable[[Subject], Chapter]] = {
    "learning": learning,
    "spectra": spectra,
    "dimensions": dimensions,
    "trajectories": paths,
    "fixed_points": points,
    "decoding": codes,
    "selectivity": selectivity,
    "similarity": similarity,
}


def missing(circuit: Circuit) -> dict[str, str]:
    """What a study leaves out in a circuit, a chapter or a measure by its name, and why.

    Example:
        >>> from rulegen.circuits import RateCircuit, SpikingCircuit
        >>> missing(RateCircuit()), [*missing(SpikingCircuit())]
        ({}, ['gradient', 'fixed_points'])
    """
    found = {}
    if not circuit.smooth:
        found["gradient"] = "its activity does not change smoothly with the weights"
    if circuit.step_size is None or type(circuit).flow is Circuit.flow:
        found["fixed_points"] = "it does not say by `step_size` and `flow` where its potentials go"
    return found


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
    # Compressed, because axes of one scale leave room between them otherwise.
    figure = Figure(figsize=(4.4 * columns, 3.8 * rows), layout="compressed")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=shared, sharey=shared).ravel()
    for ax, (name, table) in zip(axes, tables.items(), strict=False):
        plot(table, ax=ax)
        ax.set_title(name)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[count:]:
        ax.set_axis_off()
    first: Axes = axes[0]
    return first
