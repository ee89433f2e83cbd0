"""The tables and the pictures of docs/generalist.md: `make generalist`.

    python docs/generalist.py FOLDER

compares the two published generalists with the rules of the literature, and with themselves when
something is taken away, in the worlds of examples/generalist.toml, opens the circuits that they
make, and puts everything into the page beside this file. FOLDER keeps results while it runs, so
that it goes on where it was stopped.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from rulegen.analysis.contrast import INTERVALS, contrast_page
from rulegen.analysis.studies import Study, study
from rulegen.catalog import literature, load_record
from rulegen.catalog.records.roles import NO_LEARNING, YARDSTICK
from rulegen.commands.compare import save_worlds
from rulegen.grammar import Rule, parse
from rulegen.ground.display import Display
from rulegen.ground.journal import Journal
from rulegen.ground.keys import origin
from rulegen.ground.runtime import keep_compiled_programs, use_all_cores
from rulegen.ground.stage import Stage
from rulegen.publishing.config import EvaluateSettings
from rulegen.publishing.figures import save_figure
from rulegen.runs.league import League, Standings, compare_worlds, load_league, told
from rulegen.runs.league_figures import plot_ranks, plot_standings
from rulegen.searching.config import load_search
from rulegen.searching.run import known_structures

ROOT = Path(__file__).parent.parent
PAGE, PICTURES = Path(__file__).with_suffix(".md"), Path(__file__).with_suffix("")
DISCOVERED = ROOT / "catalog" / "discovered"
EXAMPLE = ROOT / "examples" / "generalist.toml"
LIVES, SEED = 512, 7
#: Networks whose circuits are opened.
OPENED = 64
WITH, WITHOUT = "generalist", "generalist_without"
MARGIN = 0.02
#: What no synapse knows of its neuron: the noise that explores.
NOISE = {"xi", "zeta"}
OWN_NOISE = "node perturbation, one set of values"


@cache
def rivals() -> dict[str, Rule]:
    """Every rule of the literature that does not read exploration noise.

    Those whose terms the space has are there a second time, as the search meets them: as an
    eligibility that reward gates.
    """
    rules = {name: record.rule for name, record in literature().items()}
    blind = {name: rule for name, rule in rules.items() if not NOISE & reads(rule)}
    known = known_structures(load_search(EXAMPLE))
    return blind | {f"{', '.join(names)}, gated": s.rule() for s, names in known.items()}


def reads(rule: Rule) -> set[str]:
    """What a rule reads."""
    return {item.symbol for item in rule.locality().items}


def taken_apart(rule: Rule) -> dict[str, Rule]:
    """The rule without each of its terms, and with another signal in place of the drive."""
    parts = {f"without `{t.text}`": rule.drop([t.coefficient]) for t in rule.terms()}
    own = {f"`{o}` in place of `drive`": o for o in ("u", "post")}
    text = rule.text()
    return parts | {name: parse(re.sub(r"\bdrive\b", o, text)) for name, o in own.items()}


def entrants() -> dict[str, Rule]:
    """All rules of the comparison, the generalist first."""
    found = {name: load_record(DISCOVERED / f"{name}.toml").rule for name in (WITH, WITHOUT)}
    ideal = {OWN_NOISE: load_record(ROOT / "catalog" / "rules" / "node_perturbation.toml").rule}
    return found | taken_apart(found[WITH]) | ideal | rivals()


def compared(league: League, folder: Path) -> Standings:
    """All of them, tuned alike and judged in every world."""
    journal = Journal(folder / "history.jsonl", {"configuration": "generalist"})
    with journal, Display() as report:
        return compare_worlds(entrants(), league, Stage(origin(SEED), journal, report))


def only(found: Standings, names: Sequence[str]) -> Standings:
    """The same for some of the rules, whose intervals stay as they are."""
    chosen = [n for n in names if found.rules[n].lives]
    return found._replace(rules={n: found.rules[n] for n in chosen})


def opened(league: League, found: Standings) -> Study:
    """The circuits that the generalist, node perturbation and the best rival make."""
    world = league.training[league.first]
    best = beaten(found).index[0]
    rules = {
        "node perturbation": parse(found.rules[YARDSTICK].lives[league.first].text),
        WITH: found.rules[WITH].rule,
        best: found.rules[best].rule,
    }
    with Display() as report:
        return study(world, rules, lives=OPENED, seed=SEED, report=report)


def beaten(found: Standings) -> pd.DataFrame:
    """The objective of every rule of the literature, the best first."""
    table = found.objective()
    return table[table.index.isin(list(rivals()))]


def spread(mean: float, low: float, high: float) -> str:
    """A mean with its interval."""
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def equations() -> str:
    """Both rules as they were found."""
    parts = []
    for name in (WITH, WITHOUT):
        record = load_record(DISCOVERED / f"{name}.toml")
        evidence = record.evidence
        card = f"[{record.title}](../catalog/cards/{name}.md)"
        reward = spread(*(getattr(evidence.reward, e) for e in ("mean", "low", "high")))
        parts += [f"{card}, the best of {evidence.structures} structures: {reward} on average over "
                  "the four worlds that chose it, on lives that chose nothing.\n",
                  f"```math\n{record.rule.latex(values=True)}\n```\n"]  # fmt: skip
    return "\n".join(parts)


def near(found: Standings) -> str:
    """What the generalists earn in every world, and node perturbation with one set of values."""
    names = [WITH, WITHOUT, OWN_NOISE]
    cells = found.table().set_index(["world", "rule"])
    made = found.objective()
    rows = [
        ["**mean of the first four**"]
        + [spread(*made.loc[n, ["objective", "low", "high"]]) for n in names]
        + [spread(*made.loc[WITHOUT, ["difference", "difference_low", "difference_high"]])]
    ]
    for world, inside in found.worlds.items():
        rest = cells.loc[(world, WITHOUT), ["difference", "difference_low", "difference_high"]]
        rows.append(
            [world if inside else f"{world} (held out)"]
            + [spread(*cells.loc[(world, n), ["scaled", "low", "high"]]) for n in names]
            + [spread(*rest)]
        )
    return markdown(["world", *names, "what the drive is worth"], rows)


def verdict(found: Standings) -> str:
    """Where the generalist beats all rules of the literature that know as little, and where not."""
    table = found.table()
    others = [n for n in rivals() if found.rules[n].lives]
    made = beaten(found)
    short = [n for n in made.index if not made.loc[n, "difference_low"] > 0]
    first = made.iloc[0]
    lines = [
        f"- {len(others)} of {len(rivals())} rules of the literature without the exploration noise "
        f"run in these worlds. The best of them in the training objective is `{first.name}` with "
        f"{spread(*first[['objective', 'low', 'high']])}; the generalist earns "
        f"{spread(*first[['difference', 'difference_low', 'difference_high']])} more.",
        "- In the objective it beats "
        + ("all of them." if not short else f"all but {', '.join(f'`{n}`' for n in short)}."),
    ]
    won, told_of = [], []
    for world in found.worlds:
        here = table[(table["world"] == world) & table["rule"].isin(others)]
        worst = here.sort_values("difference").iloc[0]
        lost = here[here["difference_high"] < 0]
        beyond = here[here["difference_high"] < -MARGIN]
        ahead = here["difference_low"].min() > 0
        won += [world] * ahead
        names = ", ".join(f"`{n}`" for n in lost["rule"])
        gap = spread(*worst[["difference", "difference_low", "difference_high"]])
        word = "beats all" if ahead else (f"loses to {names}" if len(lost) else "loses to none")
        word += f" (beyond the margin: {len(beyond)})" if len(lost) else ""
        told_of.append([world if found.worlds[world] else f"{world} (held out)",
                        f"`{worst['rule']}`", gap, word])  # fmt: skip
    held = [w for w in won if not found.worlds[w]]
    lines.append(
        f"- It beats every one of them in {len(won)} of {len(found.worlds)} worlds, "
        f"{len(held)} of which are held out: {', '.join(held)}."
    )
    head = ["world", "best rule of the literature", "the generalist earns so much more", "it"]
    return "\n".join(lines) + "\n\n" + markdown(head, told_of)


def apart(found: Standings) -> str:
    """What remains when something is taken away, tuned anew."""
    names = list(taken_apart(load_record(DISCOVERED / f"{WITH}.toml").rule))
    made = found.objective()
    rows = [
        [n, spread(*made.loc[n, ["objective", "low", "high"]]),
         spread(*made.loc[n, ["difference", "difference_low", "difference_high"]])]
        for n in names if n in made.index
    ]  # fmt: skip
    cells = found.table().set_index(["rule", "world"])
    for row in rows:
        gaps = cells.loc[row[0]]["difference"]
        most, least = gaps.idxmax(), gaps.idxmin()
        row.append(f"{most} ({gaps[most]:.2f}); {least} ({gaps[least]:.2f})")
    return markdown(["the generalist", "objective", "loss", "most and least in"], rows)


def values(found: Standings) -> str:
    """The values that tuning found."""
    rows = [
        [f"`{n}`" if n in rivals() else n, told(s) if s.rule else s.note.replace("|", "/")]
        for n, s in found.rules.items() if n not in (YARDSTICK, NO_LEARNING)
    ]  # fmt: skip
    return markdown(["rule", "values, or why it cannot run"], rows)


def filled(page: str, blocks: Mapping[str, str]) -> str:
    """The page with what was found between its marks."""
    for name, text in blocks.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, rest = page.split(begin)
        page = f"{before}{begin}\n{text}\n\n{end}{rest.split(end)[1]}"
    return page


def main(folder: Path) -> None:
    """Compare, open, and put everything in its place."""
    use_all_cores()
    keep_compiled_programs()
    folder.mkdir(parents=True, exist_ok=True)
    PICTURES.mkdir(exist_ok=True)
    league = load_league(EXAMPLE)
    league = league.model_copy(update={"evaluate": EvaluateSettings(lives=LIVES)})
    found = compared(league, folder)
    circuits = opened(league, found)
    best = list(beaten(found).index)
    names = [WITH, WITHOUT, OWN_NOISE, *best[:12], YARDSTICK, NO_LEARNING]
    save_figure(plot_standings(only(found, names)), folder, "standings")
    save_figure(plot_ranks(found.ranks()), folder, "ranks")
    save_figure(circuits.figures["contrast"], folder, "contrast")
    for name in ("standings", "ranks", "contrast"):
        shutil.copy(folder / f"{name}.png", PICTURES)
    blocks = {
        "rules": equations(), "near": near(found), "verdict": verdict(found),
        "apart": apart(found), "values": values(found),
        "circuits": contrast_page(circuits.tables["contrast"]) + "\n\n" + INTERVALS,
    }  # fmt: skip
    PAGE.write_text(filled(PAGE.read_text(), blocks))
    save_worlds(folder, found, found.table())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
