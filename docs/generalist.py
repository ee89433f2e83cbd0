"""The tables and the figures of docs/generalist.md: `make generalist`.

    python docs/generalist.py FOLDER

tunes what the searches of examples/generalist.toml found, the rules of the literature that do not
read the exploration noise, and what is left of the found rule without each of its parts, all by one
budget in the worlds of the file; judges them on lives of their own in all of its worlds; and puts
what it finds into the page beside this file. FOLDER keeps results while it runs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from filling import fill

from rulegen.analysis.contrast import contrast_page, plot_contrast
from rulegen.analysis.studies import study
from rulegen.catalog import find, literature
from rulegen.catalog.records.roles import NO_LEARNING, YARDSTICK
from rulegen.fitting.tuning import COMPARE
from rulegen.grammar import Rule, parse
from rulegen.grammar.rule.locality import used_names
from rulegen.ground.digests import programs
from rulegen.ground.display import Display
from rulegen.ground.journal import Journal
from rulegen.ground.keys import origin
from rulegen.ground.runtime import keep_compiled_programs, use_all_cores
from rulegen.ground.stage import Stage
from rulegen.publishing.config import EvaluateSettings
from rulegen.publishing.figures import save_figure
from rulegen.runs.league import League, Standings, compare_worlds, load_league, values_of
from rulegen.runs.league_figures import plot_ranks, plot_standings

ROOT = Path(__file__).parent.parent
PAGE = Path(__file__).with_suffix(".md")
LIVES, SEED = 512, 20
#: Networks whose circuits are opened, and repeats of each condition there.
OPENED, REPEATS = 96, 20
FOUND, BLIND = "generalist", "generalist_without"
#: The noise itself with one set of values for all worlds, where the yardstick has one for each.
ONE = "node_perturbation"
#: What a rule may be told besides rewards: what it should have done, and its dendrite's current.
TOLD = ("error", "pre_error", "drive")
#: Rules that gate nothing by reward, and what they change a weight by as an eligibility instead.
GATED = (
    "hebb", "covariance", "oja", "bcm", "bcm_power", "law_cooper", "stdp_rate", "vogels",
    "sacramento", "latent_equilibrium",
)  # fmt: skip
GATE = """
R_bar[condition] = average(R, 0.2)
on trial start: e <- 0
on reward: w += clip(eta_e*(R - R_bar[condition])*e, -0.02, 0.02)
param eta_e = 1 in [0, 1000]
"""
#: Parts of the found rule, each taken away by exchanging one text in it for another.
PARTS = {
    "without u*pre": ("theta_1*u*pre + ", ""),
    "without the contrast": (" + 5*theta_2*(post - tanh(drive_bar_2))*pre_bar_2", ""),
    "the contrast without the dendrite": ("(post - tanh(drive_bar_2))", "post"),
    "the contrast without the soma": ("(post - tanh(drive_bar_2))", "(-tanh(drive_bar_2))"),
    "the drive as it is": ("tanh(drive_bar_2)", "tanh(drive)"),
    "without the baseline": ("(R - R_bar[condition])", "R"),
    "one baseline for all conditions": ("[condition]", ""),
    "without the clip": ("clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)",
                         "eta*(R - R_bar[condition])*e"),
}  # fmt: skip
#: Rows of the pictures.
SHOWN = 16


def main(folder: Path) -> None:
    """Compare, open circuits, and put everything in its place."""
    use_all_cores()
    keep_compiled_programs()
    folder.mkdir(parents=True, exist_ok=True)
    league = load_league(ROOT / "examples" / "generalist.toml")
    league = league.model_copy(update={"evaluate": EvaluateSettings(lives=LIVES)})
    identity = {"configuration": "generalist", **programs()}
    with Journal(folder / "history.jsonl", identity) as journal, Display() as report:
        stage = Stage(origin(SEED), journal, report)
        found = compare_worlds(entrants(), league, stage, COMPARE)
        opened = study(
            league.world,
            {n: rule for n in (ONE, FOUND, BLIND) if (rule := found.rules[n].rule)},
            lives=OPENED, repeats=REPEATS, seed=SEED, report=report,
        ).tables["contrast"]  # fmt: skip
    pictures = PAGE.with_suffix("")
    pictures.mkdir(exist_ok=True)
    shown = best(found)
    save_figure(plot_standings(shown), pictures, "standings")
    save_figure(plot_ranks(shown.ranks()), pictures, "ranks")
    save_figure(plot_contrast(opened), pictures, "contrast")
    for path in pictures.glob("*.pdf"):
        path.unlink()
    parts = {
        "near": near(found),
        "rules": rules_table(found),
        "verdict": verdict(found, league),
        "fails": fails(found),
        "apart": apart(found),
        "circuits": contrast_page(opened),
        "values": values(found),
        "left out": left_out(found),
    }
    fill(PAGE, parts)


def entrants() -> dict[str, Rule]:
    """All rules by name; the found one is the first."""
    rule = find(FOUND).rule
    rules = {FOUND: rule, BLIND: find(BLIND).rule, ONE: find(ONE).rule}
    rules |= {n: r.rule for n, r in literature().items() if not knows_noise(r.rule)}
    rules |= {f"{name}, gated": gated(name) for name in GATED}
    for name, (part, instead) in PARTS.items():
        text = rule.text()
        assert part in text, f"{FOUND} has no {part!r}"
        rules[name] = parse(text.replace(part, instead))
    return rules


def knows_noise(rule: Rule) -> bool:
    """Whether a rule reads the exploration noise."""
    return any(item.symbol == "xi" for item in rule.locality().items)


def gated(name: str) -> Rule:
    """A rule of the literature whose change of weights is an eligibility, gated by reward."""
    lines = literature()[name].rule.text().replace("dw/dt = ", "de/dt = ").splitlines()
    return parse("\n".join(line for line in lines if not line.startswith("bounds w")) + GATE)


def best(found: Standings) -> Standings:
    """The rules of the pictures: the best ones, and what is taken apart left out."""
    made = [n for n in found.objective().index if n not in PARTS and n in found.rules]
    kept = {*made[:SHOWN], FOUND, BLIND, YARDSTICK, NO_LEARNING}
    return found._replace(rules={n: found.rules[n] for n in made if n in kept})


def rivals(found: Standings) -> list[str]:
    """The rules of the literature, and those of them that were gated by reward."""
    return [n for n in found.made if n != ONE and (n in literature() or n.endswith(", gated"))]


def interval(row: Mapping[str, float], name: str, ends: str = "") -> str:
    """A mean with its interval."""
    return f"{row[name]:.3f} [{row[ends + 'low']:.3f}, {row[ends + 'high']:.3f}]"


def markdown(heads: list[str], rows: Iterator[list[str]]) -> str:
    """A table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def near(found: Standings) -> str:
    """How near both searches come to the yardstick, world by world."""
    table = found.table().set_index(["rule", "world"])
    names = [FOUND, BLIND, ONE]

    def rows() -> Iterator[list[str]]:
        objective = found.objective()
        yield [
            "**training worlds together**", "",
            *(interval(objective.loc[n], "objective") for n in names),
        ]  # fmt: skip
        for world, inside in found.worlds.items():
            cells = [interval(table.loc[n, world], "scaled") for n in names]
            yield [world, "training" if inside else "held out", *cells]

    heads = ["world", "", "with the drive", "without it", "node perturbation, one set of values"]
    return markdown(heads, rows())


def rules_table(found: Standings) -> str:
    """What the training worlds make of all rules, and in how many others one earns more."""
    table, objective = found.table(), found.objective()

    def rows() -> Iterator[list[str]]:
        for name, row in objective.iterrows():
            name = str(name)
            if name in PARTS or name in (YARDSTICK, NO_LEARNING):
                continue
            mine = table[(table["rule"] == name) & ~table["chosen_in"]]
            more = int((mine["difference_low"] > 0).sum())
            less = int((mine["difference_high"] < 0).sum())
            gap = "" if name == FOUND else interval(row, "difference", "difference_")
            counts = "" if name == FOUND else f"{more} / {less} / {len(mine) - more - less}"
            yield [name, interval(row, "objective"), gap, counts]

    heads = [
        "rule", "training worlds together", "generalist minus it",
        "held-out worlds: more / less / not told apart",
    ]  # fmt: skip
    return markdown(heads, rows())


def verdict(found: Standings, league: League) -> str:
    """What the found rule beats, and where it does not, in sentences."""
    table, objective = found.table(), found.objective()
    names = rivals(found)
    beaten = [n for n in names if objective.loc[n, "difference_low"] > 0]
    lines = [
        f"- In what the training worlds make of rules it earns more than {len(beaten)} of "
        f"{len(names)} rules, all intervals together; not so of "
        f"{listed([n for n in names if n not in beaten])}."
    ]
    outside = table[~table["chosen_in"] & table["rule"].isin(names)]
    won = outside[outside["difference_low"] > 0].groupby("rule")["world"]
    places = league.training | league.held_out
    sizes = won.agg(lambda worlds: len({places[w].circuit.neurons for w in worlds}))
    three = won.nunique().reindex(names).fillna(0)
    few = [n for n in names if three[n] < 3]
    lines.append(
        f"- In three held-out worlds or more it earns more than {len(names) - len(few)} of them"
        + (f"; not so of {listed(few)}." if few else ".")
    )
    one = [n for n in names if sizes.reindex(names).fillna(0)[n] < 2]
    lines.append(
        f"- In held-out worlds of two sizes it earns more than {len(names) - len(one)} of them"
        + (f"; not so of {listed(one)}." if one else ".")
    )
    return "\n".join(lines)


def fails(found: Standings) -> str:
    """The rules that earn as much or more somewhere, what they read besides rewards, and where."""
    table, objective = found.table(), found.objective()
    outside = table[~table["chosen_in"]]

    def rows() -> Iterator[list[str]]:
        for name in rivals(found):
            row, mine = objective.loc[name], outside[outside["rule"] == name]
            less = mine[mine["difference_high"] < 0]
            if row["difference_low"] > 0 and less.empty:
                continue
            rule = found.rules[name].rule
            assert rule is not None
            read = [f"`{s}`" for s in TOLD if s in used_names(rule)]
            gaps = [
                f"{r['world']} {interval(r, 'difference', 'difference_')}"
                for r in less.to_dict("records")
            ]
            gap = interval(row, "difference", "difference_")
            yield [f"`{name}`", ", ".join(read), gap, "<br>".join(gaps)]

    heads = [
        "rule", "told by", "generalist minus it, training worlds together",
        "held-out worlds where that is below 0",
    ]  # fmt: skip
    return markdown(heads, rows())


def listed(names: list[str]) -> str:
    """Names in a sentence."""
    return ", ".join(f"`{n}`" for n in names)


def apart(found: Standings) -> str:
    """What is left of the found rule without each of its parts, tuned anew."""
    objective = found.objective()

    def rows() -> Iterator[list[str]]:
        for name in (FOUND, *PARTS):
            row = objective.loc[name]
            gap = "" if name == FOUND else interval(row, "difference", "difference_")
            yield ["as found" if name == FOUND else name, interval(row, "objective"), gap]

    return markdown(["the rule", "training worlds together", "lost"], rows())


def values(found: Standings) -> str:
    """The tuned values of all rules that ran."""
    ran = ((n, s) for n, s in found.rules.items() if s.rule and n not in PARTS)
    return markdown(["rule", "tuned values"], ([n, values_of(s.rule)] for n, s in ran))


def left_out(found: Standings) -> str:
    """The rules that do not run in these worlds, and why."""
    rows = ([f"`{n}`", s.note] for n, s in found.rules.items() if s.note and not s.lives)
    return markdown(["rule", "what keeps it from these worlds"], rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
