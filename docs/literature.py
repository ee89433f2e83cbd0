"""The table of docs/literature.md: `make literature`.

    python docs/literature.py FOLDER

tunes every rule of the literature in a bundled world in which it runs, all with one budget, and
writes what each earns there. FOLDER keeps results while it runs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from rulegen.catalog import literature
from rulegen.circuits import RateCircuit, SpikingCircuit
from rulegen.fitting.tuning import COMPARE
from rulegen.ground.digests import programs
from rulegen.ground.display import Display
from rulegen.ground.journal import Journal
from rulegen.ground.runtime import keep_compiled_programs, use_all_cores
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.runs.contest import compare_rewards
from rulegen.runs.where import obstacle, reads_rewards
from rulegen.tasks import DelayedAssociation

PAGE = Path(__file__).with_suffix(".md")
LIVES, TRIALS, SEED = 128, 150, 11

HEAD = f"""# Where the rules of the literature run

Every rule of the catalog in a bundled world in which it runs from the command line, made by
`make literature`: the delayed association, in circuits of 32 neurons of the kind that the rule
reads, {TRIALS} trials a life. Rules that read rewards in steps have them so (`task.delivery`).
Each rule was tuned there with one budget, {COMPARE}, on lives of its own.
Rewards and the gain over no learning are means over {LIVES} other lives with 95% intervals, paired
for the gain. Errors come back through the transposed readout. `rulegen check RULE --everywhere`
says where else a rule runs.

Most of these rules were not made to learn from rewards: that they run, and what they make of the
circuit, is all that their lines say. An answer of 0 earns -0.25, so that a rule that reads no
reward may gain all the same: it quiets a circuit whose answers are worse.

| rule | circuit | rewards | reward per trial | minus no learning | ended badly |
| --- | --- | --- | --- | --- | --- |
"""


def places() -> dict[tuple[str, str], World]:
    """The worlds, by kind of circuit and delivery of rewards."""
    circuits = {"rate": RateCircuit(), "spiking": SpikingCircuit()}
    life = LifeSettings(trials=TRIALS)
    return {
        (kind, delivery): World(
            circuit=circuit, task=DelayedAssociation(delivery=delivery), life=life
        )
        for kind, circuit in circuits.items()
        for delivery in ("end", "steps")
    }


def chosen() -> dict[tuple[str, str], list[str]]:
    """The rules of each world: of those in which a rule runs, the first."""
    worlds = places()
    found: dict[tuple[str, str], list[str]] = {place: [] for place in worlds}
    for name, record in literature().items():
        delivery = "steps" if reads_rewards(record.rule) else "end"
        kinds = [k for k in ("rate", "spiking") if not obstacle(record.rule, worlds[k, delivery])]
        found[kinds[0], delivery].append(name)
    return found


def rows(journal: Journal, report: Display) -> pd.DataFrame:
    """All rules with what they earn."""
    parts = []
    for place, names in chosen().items():
        if not names:
            continue
        rules = {name: literature()[name].rule for name in names}
        there = [places()[place]]
        table = compare_rewards(rules, there, LIVES, SEED, report, COMPARE, journal.recall)
        parts.append(table.assign(kind=place[0], delivery=place[1]))
    table = pd.concat(parts)
    return table[table["rule"].isin(list(literature()))].sort_values("rule")


def line(row: pd.Series) -> str:
    """A row of the page."""
    bad = [f"{row[n]:.0f} {n}" for n in ("diverged", "saturated", "silent") if row[n]]
    cells = [
        f"[{row['rule']}](../catalog/cards/{row['rule']}.md)", row["kind"], row["delivery"],
        f"{row['reward']:.3f} [{row['low']:.3f}, {row['high']:.3f}]",
        f"{row['gain']:.3f} [{row['gain_low']:.3f}, {row['gain_high']:.3f}]", ", ".join(bad),
    ]  # fmt: skip
    return "| " + " | ".join(cells).replace("-0.000", "0.000") + " |"


def main(folder: Path) -> None:
    """Run all of them, and write the page."""
    use_all_cores()
    keep_compiled_programs()
    folder.mkdir(parents=True, exist_ok=True)
    with (
        Journal(
            folder / "literature.jsonl", {"configuration": "literature", **programs()}
        ) as journal,
        Display() as report,
    ):
        table = rows(journal, report)
    PAGE.write_text(HEAD + "\n".join(line(row) for _, row in table.iterrows()) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
