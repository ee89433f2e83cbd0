"""`rulegen simulate`: rules at work, and the reward of every trial."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.catalog.records.files import place_of, write_together
from rulegen.commands.options import progress, screen, shared
from rulegen.commands.rules import AnyRules
from rulegen.grammar import ConfigError, parse
from rulegen.ground import hosts
from rulegen.ground.display import Display
from rulegen.ground.statistics import Estimate
from rulegen.lives.batch import Batch
from rulegen.lives.life import LifeSettings
from rulegen.lives.outcomes import check_alive, told
from rulegen.lives.size import MOST_TRIALS
from rulegen.lives.world import World
from rulegen.publishing.evaluate import Trajectory, curves
from rulegen.publishing.figures import picture, plot_learning
from rulegen.publishing.settings_file import validated
from rulegen.runs.league import only_world
from rulegen.runs.simulate import described, late_rewards, load_scene, reward_table
from rulegen.runs.simulate import simulate as run_simulation
from rulegen.runs.sources import named_sources, only_discovered

WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": lambda table, path: table.to_csv(path, index=False),
    ".parquet": lambda table, path: table.to_parquet(path, index=False),
}
#: What a picture can be.
DRAWN = (".png", ".pdf")


@shared
def simulate(
    rules: AnyRules = None,
    scene: Annotated[
        Path | None,
        typer.Option("--world", help="TOML file with task, circuit, life and rules, or a run"),
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="a task, in place of a file; else delayed_association")
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, max=MOST_TRIALS, help="trials of a life")
    ] = None,
    lives: Annotated[int, typer.Option(min=1, max=MOST_LIVES, help="lives of each rule")] = 64,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="of networks and noise")] = 0,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="replace a setting of the world: key=value"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="table to write, .csv or .parquet")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="picture of the learning curves to write, .png or .pdf")
    ] = None,
) -> None:
    """Run rules in a world and write the reward of every trial of every life.

    Examples:
        rulegen simulate node_perturbation
        rulegen simulate node_perturbation hebb --task delayed_match --out rewards.csv
        rulegen simulate stdp_pair --set circuit.name=spiking --set circuit.neurons=16
        rulegen simulate mine.txt --world world.toml --plot rewards.png
    """
    check_out(out)
    check_plot(plot, lives)
    world, named = place(scene, task, changes or ())
    if trials is not None:
        life = validated(LifeSettings, {**dict(world.life), "trials": trials}, "--trials")
        world = world.model_copy(update={"life": life})
    sources = named_sources(rules or (), sys.stdin)
    entrants = {name: source.rule for name, source in sources.items()} or {
        name: parse(text) for name, text in named.items()
    }
    if not entrants:
        raise ConfigError("no rule to simulate: name one, or a --world file that has some")
    console = screen()
    with Display(progress()) as display:
        batches = run_simulation(world, entrants, lives, seed, display)
    table = reward_table(batches)
    if out is not None:
        # A single rule needs no name in every row.
        shown = table if len(entrants) > 1 else table.drop(columns="rule")
        hosts.on_first(lambda: write(shown, out))
    if plot is not None:
        hosts.on_first(lambda: draw(plot, batches, world, only_discovered(sources)))
    chance, best = world.task.chance(world.circuit.dt), world.task.best
    for name, reward in late_rewards(table).items():
        late = reward.below(world.task.ceiling)
        console.print(
            f"{name}: reward over the last quarter of the trials {late.mean:.4f}, 95% interval "
            f"[{late.low:.4f}, {late.high:.4f}]; {standing(late, chance, best)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        if world.circuit.has_signs:
            cut = batches[name].violations.sum()
            console.print(
                f"{name}: {cut:.0f} changes of weights were cut short where a sign would have "
                f"changed, {cut / lives:.1f} a life",
                markup=False,
                highlight=False,
            )
    outcomes = {name: batch.counts for name, batch in batches.items()}
    for line in told(outcomes):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for file in filter(None, (out, plot)):
        console.print(f"written to {file}", highlight=False, soft_wrap=True)
    check_alive(outcomes)


def place(
    scene: Path | None, task: str | None, changes: Sequence[str]
) -> tuple[World, dict[str, str]]:
    """The world of a file, of a run, or of a task, and the rules that stand with it."""
    if scene is None:
        data = {"task": {"name": task or "delayed_association"}}
        return described(data, "--set" if changes else "--task", changes).world, {}
    if task is not None:
        raise ConfigError(f"--task {task}: with --world the task stands in {scene}")
    if not scene.is_dir():
        given = load_scene(scene, changes)
        return given.world, {r.name: r.rule for r in given.rules}
    if changes:
        raise ConfigError(f"--set {changes[0]}: the world of a run is as it was, change a file")
    return only_world(scene), {}


def standing(reward: Estimate, chance: float, best: float) -> str:
    """Where a reward lies between chance and perfect answers.

    Example:
        >>> standing(Estimate(-0.2, -0.3, -0.1, 64), -0.5, 0.0)
        'above chance, -0.5; 60% of the way from it to perfect answers, 0'
        >>> standing(Estimate(-0.2, -0.3, -0.1, 64), -0.25, 0.0)
        'not to be told from chance, -0.25'
    """
    if reward.low <= chance <= reward.high:
        return f"not to be told from chance, {chance:.4g}"
    if reward.mean < chance:
        return f"below chance, {chance:.4g}"
    share = (reward.mean - chance) / (best - chance) if best > chance else 1.0
    told = f"{share:.0%} of the way from it to perfect answers, {best:.4g}"
    return f"above chance, {chance:.4g}; {told}"


def check_plot(plot: Path | None, lives: int) -> None:
    """Raise `ConfigError` when the picture could not be written, before anything has run."""
    if plot is None:
        return
    if plot.suffix not in DRAWN:
        raise ConfigError(f"--plot {plot}: the name must end in {' or '.join(DRAWN)}")
    if lives < 2:
        raise ConfigError("--plot: intervals need --lives 2 or more")
    place_of(plot)


def draw(plot: Path, batches: Mapping[str, Batch], world: World, found: str) -> None:
    """Write the picture of what all rules earn in each trial."""
    shown = [
        Trajectory(name, "", batch.means, *curves(batch.rewards), batch.outcomes)
        for name, batch in batches.items()
    ]
    axes = plot_learning(shown, world.task, world.circuit.dt, warmup=world.life.warmup, found=found)
    try:
        write_together({place_of(plot): picture(axes, plot.suffix)})
    except OSError as error:
        raise ConfigError(f"cannot write {plot}: {error.strerror}") from None


def check_out(out: Path | None) -> None:
    """Raise `ConfigError` when the table could not be written, before anything has run."""
    if out is None:
        return
    if out.suffix not in WRITERS:
        raise ConfigError(f"--out {out}: the name must end in {' or '.join(WRITERS)}")
    place_of(out)
    if out.suffix == ".parquet":
        try:
            pd.DataFrame().to_parquet(None)
        except ImportError:
            raise ConfigError("--out: Parquet needs pyarrow (pip install pyarrow)") from None


def write(table: pd.DataFrame, out: Path) -> None:
    """Write the table whole or not at all."""
    place = place_of(out)
    part = place.with_name(f".{place.name}.part")
    try:
        WRITERS[out.suffix](table, part)
        part.replace(place)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConfigError(f"cannot write {out}: {error.strerror}") from None
