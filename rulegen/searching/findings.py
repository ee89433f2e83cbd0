"""What a search writes beside its record: tables, figures and a page."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from rulegen.catalog import Evidence, Record
from rulegen.catalog.records.roles import NO_LEARNING
from rulegen.lives.outcomes import TROUBLES, Outcomes, readable
from rulegen.publishing.tables import NAMES


def tables(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables `front` and `elsewhere` as they were published in the folder of a search."""
    front, elsewhere = (
        pd.read_csv(folder / f"{name}.csv", keep_default_na=False, dtype=NAMES)
        for name in ("front", "elsewhere")
    )
    return front, elsewhere


def page(record: Record, front: pd.DataFrame, elsewhere: pd.DataFrame) -> str:
    """The outcome of a search in words and tables, each number from what is published.

    Values and reward of the pick are those of the record. The table of finalists is about the
    selection, at values that the pick has left since; so it shows none.

    Args:
        record: of the pick.
        front, elsewhere: from `tables`.
    """
    evidence = record.evidence
    assert evidence is not None
    finalists, said_here = selection(front)
    others, said_there = readable(elsewhere.round(5), ["against"])
    return (
        f"# Search\n\n{evidence.structures} structures were tried. The pick earns "
        f"{evidence.reward} ({evidence.reward_is}) on {evidence.reward.lives} held-out lives "
        f"(ended badly: {evidence.ended}):\n\n"
        f"```\n{record.equations.strip()}\n```\n\n"
        f"Why it was picked: {evidence.choice}.\n\n"
        f"## Selection\n\nThe finalists were refined and met on {front['lives'].iloc[0]} lives of "
        "their own; `*` marks the front, `>` the pick. The values at which they met are in "
        "`front.csv`. Those of the pick were refined once more afterwards and rounded, so that "
        "its reward here is not the published one.\n\n"
        f"```\n{finalists.to_string(index=False)}\n```\n\n{said_here}\n\n"
        "![front](front.png)\n\n"
        f"## Elsewhere\n\n{verdict(elsewhere, evidence)} All intervals hold together with 95%.\n\n"
        f"```\n{others.to_string(index=False)}\n```\n\n{said_there}\n"
    )


def selection(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The table of finalists as people read it, and what is said once of their lives."""
    marks = [
        ">" if pick else "*" if good else ""
        for pick, good in zip(table["pick"], table["front"], strict=True)
    ]
    intervals = [
        f"{r:.4f} [{a:.4f}, {b:.4f}]"
        for r, a, b in zip(table["reward"], table["low"], table["high"], strict=True)
    ]
    columns = ["complexity", *TROUBLES, "equation", "names", "source"]
    shown, said = readable(table[columns])
    if table["names"].any():
        said += " A rule whose eligibility stands in a line may do something else with it."
    shown = shown.rename(columns={"names": "eligibility of"})
    shown.insert(0, "", marks)
    shown.insert(2, "reward", intervals)
    return shown, said


def ends(elsewhere: pd.DataFrame) -> dict[str, Outcomes]:
    """How the lives in every world ended, by rule and world."""
    found = {}
    for row in elsewhere.to_dict("records"):
        for name, prefix in (("rule", ""), ("against", "against_")):
            outcomes = Outcomes.beside(row["lives"], row, prefix)
            found[f"{row[name]}, {row['world']}"] = outcomes
    return found


def verdict(elsewhere: pd.DataFrame, evidence: Evidence) -> str:
    """Which rules of the front beat the best rule of the literature, and where.

    Args:
        elsewhere: see `Found`.
        evidence: of the pick, of which its card says the same.
    """
    rows = elsewhere[elsewhere["against"] != NO_LEARNING].copy()
    card = {(w.name, c.name): c.decides for w in evidence.worlds for c in w.comparisons}
    alone = {} if evidence.worlds else {c.name: c.difference for c in evidence.comparisons}
    for at, row in rows[rows["pick"]].iterrows():
        known = card.get((row["world"], row["against"])) or alone.get(row["against"])
        if known is not None:
            rows.loc[at, ["low", "high"]] = known.low, known.high
    if rows.empty:
        return "The front is a rule of the literature, or the space has none of them."
    told = [f"Against the {rows['against'].iloc[0]}:"]
    picks = rows[rows["pick"]]
    if picks.empty:
        told.append("the pick is that rule itself.")
    else:
        better, worse = picks["low"] > 0, picks["high"] < 0
        kinds = (
            ("beats it in", better), ("loses to it in", worse),
            ("cannot be told from it in", ~better & ~worse),
        )  # fmt: skip
        parts = [
            f"{words}: {', '.join(picks['world'][mask])}" for words, mask in kinds if mask.any()
        ]
        told.append(f"the pick {'; '.join(parts)}.")
    everywhere = rows.groupby("rule", sort=False)["low"].min() > 0
    winners = [f"`{rule}`" for rule in everywhere.index[everywhere]]
    if winners:
        told.append(f"Of the front, {', '.join(winners)} beats it in every world.")
    else:
        told.append("No rule of the front beats it in every world.")
    return " ".join(told)
