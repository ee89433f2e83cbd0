"""The table and the figures of docs/analyses.md: `make analyses`.

    python docs/analyses.py FOLDER

analyses examples/two_rules.toml and puts what it finds into the page beside this file.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import jax

from rulegen.analysis.anatomy import dissect
from rulegen.analysis.contrast import INTERVALS, contrast_page, contrast_table
from rulegen.analysis.films import film
from rulegen.analysis.performance import performance_table, scale
from rulegen.analysis.studies import save_study, study, subjects
from rulegen.catalog.records.files import write_together
from rulegen.grammar import Rule
from rulegen.ground.display import Display
from rulegen.lives.world import World
from rulegen.runs.simulate import benches

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->"
LIVES, SEED = 128, 1
#: Their rewards alone are cheap: on more networks, and none of those above.
MANY, OTHER_SEED = 2048, 2
#: Networks of which one is shown in a film.
FEW = 4


def main(folder: Path) -> None:
    """Analyse, and put everything in its place."""
    world, rules, _ = subjects(ROOT / "examples" / "two_rules.toml")
    with Display() as report:
        found = study(world, rules, lives=LIVES, seed=SEED, report=report)
    folder.mkdir(parents=True, exist_ok=True)
    save_study(found, folder)
    page = Path(__file__).with_suffix(".md")
    pictures = page.with_suffix("")
    pictures.mkdir(exist_ok=True)
    write_together({pictures / "film.gif": recall()})
    for name in re.findall(r"\(analyses/(\w+\.png)\)", page.read_text()):
        shutil.copy(folder / name, pictures)
    parts = [
        contrast_page(found.tables["contrast"]),
        f"The rewards on {MANY} other networks:",
        rewards_elsewhere(world, rules),
        INTERVALS,
        scale(world.task, world.circuit.dt),
    ]
    text = BEGIN + "\n" + "\n\n".join(parts) + "\n\n" + END
    page.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: text, page.read_text(), flags=re.DOTALL))


def recall() -> bytes:
    """The film of a network that learned trajectories: the best of a few."""
    world, rules, _ = subjects(ROOT / "examples" / "recall.toml")
    opened = {
        name: dissect(bench, bench.values, jax.random.key(SEED), FEW)
        for name, bench in benches(world, rules).items()
    }
    first, *_ = opened.values()
    return film(opened, int(first.rewards.mean(axis=1).argmax()))


def rewards_elsewhere(world: World, rules: Mapping[str, Rule]) -> str:
    """The table of what the rules earn on many other networks."""
    key, measures = jax.random.key(OTHER_SEED), {}
    for name, bench in benches(world, rules).items():
        rewards = bench.run(bench.values, key, MANY).rewards
        measures[name] = performance_table(rewards, world.task, world.circuit.dt)
    return contrast_page(contrast_table(measures))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
