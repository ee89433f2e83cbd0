"""`make results`: every example on several seeds, as tables in docs/results.md."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from rulegen.catalog.pages.tables import CHANCE_IS, NO_LEARNING_IS, REWARD_IS
from rulegen.catalog.records.ended import ENDS_ARE, TROUBLES, Ended, happened, unhappened, verbs

ROOT = Path(__file__).parent.parent
#: The summaries that the page shows, beside it.
KEPT = ROOT / "docs" / "results.json"
#: Examples and their seeds.
SEEDS = {
    "delayed_association": (1, 2, 3, 4, 5),
    "delayed_nonmatch": (1, 2, 3, 4, 5),
    "measurable_signals": (1,),
}

HEAD = f"""# Results

What `rulegen discover` finds with the bundled examples, each seed with nothing else changed. Made
by `make results`, which runs each in a process of its own on two CPU cores; seconds depend on what
else they have to do. Rewards are means per trial over {{lives}} held-out lives, with 95% intervals
over lives; differences are paired; more is better. {REWARD_IS}
{CHANCE_IS}
{NO_LEARNING_IS}
"""


def run(example: Path, seed: int) -> dict:
    """The summary of one run, made now or found finished."""
    out = ROOT / "runs" / f"{example.stem}-{seed}"
    command = [sys.executable, "-m", "rulegen", "discover", str(example)]
    subprocess.run([*command, "--seed", str(seed), "--out", str(out), "--resume"], check=True)
    summary: dict = json.loads((out / "summary.json").read_text())
    return summary


def shown(interval: dict) -> str:
    """Mean and interval."""
    return f"{interval['mean']:.4f} [{interval['low']:.4f}, {interval['high']:.4f}]"


#: Whose lives a cell of a row counts.
WHOSE = "of the rule / of the start / of each reference / of no learning"


def section(name: str, summaries: list[dict]) -> str:
    """The table of one example."""
    references = list(summaries[0]["references"])
    head = ["seed", "terms", "coefficients", "reward", "minus the start"]
    head += [f"minus {name}" for name in references] + ["minus no learning", "seconds", "MB"]
    between = (
        f"Chance is {summaries[0]['chance']:g}; perfect answers earn {summaries[0]['best']:g}."
    )
    picture = f"![Rewards of the first seed over trials](../catalog/discovered/{name}.png)"
    lines = [f"## {name}", "", between, "", picture, ""]
    ended = happened(part for s in summaries for part in lived(s))
    head[-2:-2] = ended
    lines += ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for s in summaries:
        values = [f"{v:.4g}" for name, v in s["parameters"].items() if name.startswith("theta")]
        row = [str(s["seed"]), ", ".join(f"`{t}`" for t in s["terms"]), ", ".join(values)]
        row += [shown(s["reward"]), shown(s["paired_difference"])]
        row += [shown(s["references"][name]["paired_difference"]) for name in references]
        row += [shown(s["no_learning"]["paired_difference"])]
        row += [" / ".join(str(part.counts[name]) for part in lived(s)) for name in ended]
        row += [f"{s['seconds']:.0f}", f"{s['peak_mb']:.0f}"]
        lines.append("| " + " | ".join(row) + " |")
    said = [unhappened(part for s in summaries for part in lived(s))]
    said += [f"Lives that {verbs(ended)}: {WHOSE}. {ENDS_ARE}"] if ended else []
    return "\n".join([*lines, "", " ".join(filter(None, said))])


def lived(summary: dict) -> list[Ended]:
    """How the lives behind the figures of a row ended, in the order of `WHOSE`."""
    parts = [summary, summary["start"], *summary["references"].values(), summary["no_learning"]]
    return [Ended(**{name: part.get(name) for name in TROUBLES}) for part in parts]


def page(summaries: dict[str, list[dict]]) -> str:
    """Everything from the summaries of the runs of each example."""
    lives = next(iter(summaries.values()))[0]["reward"]["lives"]
    tables = [section(name, found) for name, found in summaries.items()]
    return HEAD.format(lives=lives) + "\n" + "\n\n".join(tables) + "\n"


def main() -> None:
    """Run everything, keep the summaries and write the page."""
    summaries = {
        name: [run(ROOT / "examples" / f"{name}.toml", seed) for seed in SEEDS[name]]
        for name in sys.argv[1:] or SEEDS
    }
    KEPT.write_text(json.dumps(summaries, indent=1) + "\n")
    KEPT.with_suffix(".md").write_text(page(summaries))


if __name__ == "__main__":
    main()
