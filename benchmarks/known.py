"""Pages about problems whose answers are known: what selection makes of them, and what is kept."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from rulegen.grammar import RunError
from rulegen.ground.digests import programs
from rulegen.ground.journal import Journal
from rulegen.ground.keys import origin
from rulegen.ground.stage import Stage
from rulegen.objective import Objective
from rulegen.publishing.config import DiscoverConfig
from rulegen.runs.discover import Entrants, carry_out, select

ROOT = Path(__file__).parent.parent


class Piece(NamedTuple):
    """Rows of a table that are measured at once.

    Attributes:
        inputs: all that they depend on, beside the code of rulegen.
        rows: measures them.
    """

    inputs: Sequence[Any]
    rows: Callable[[], list[dict[str, Any]]]


def recovery(
    known: dict[str, Any], config: DiscoverConfig, objective: Objective, truth: frozenset[str]
) -> Piece:
    """One row: what is known of a problem, the terms that it needs, and those that are found."""
    inputs = [known, config, objective, sorted(truth)]
    return Piece(inputs, lambda: [known | selected(config, objective, truth)])


def silence(known: dict[str, Any], config: DiscoverConfig, entrants: Entrants) -> Piece:
    """One row: what is known of a problem without an answer, and whether one was published."""
    inputs = [known, config, entrants.family]
    return Piece(inputs, lambda: [known | published(config, entrants)])


def selected(config: DiscoverConfig, objective: Objective, truth: frozenset[str]) -> dict[str, Any]:
    """The terms that a selection keeps, beside those that it should."""
    began = time.perf_counter()
    _, trimmed, looks = select(config, objective, Stage(origin(config.seed)))
    texts = {t.coefficient: t.text for t in objective.rule.terms()}
    found = {texts[name] for name in trimmed.kept}
    return {
        "terms": quoted(truth),
        "of": len(texts),
        "recovered": "yes" if found == truth else "no",
        "false": quoted(found - truth),
        "missed": quoted(truth - found),
        "looks": len(looks),
        "seconds": round(time.perf_counter() - began),
    }


def published(config: DiscoverConfig, entrants: Entrants) -> dict[str, Any]:
    """What came of a run in which there is nothing to find."""
    began = time.perf_counter()
    try:
        found = carry_out(config, entrants, Stage(origin(config.seed)))
        best, *_, still = found.trajectories
        told = f"published: gains {best.minus(still)}"
    except RunError as error:
        told = str(error).split(". ")[0]
    return {"outcome": told, "seconds": round(time.perf_counter() - began)}


def quoted(terms: set[str] | frozenset[str]) -> str:
    """Terms as a cell of a table."""
    return ", ".join(f"`{t}`" for t in sorted(terms))


def markdown(table: pd.DataFrame) -> str:
    """A table as Markdown."""
    rows = [list(table), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def told(parts: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """The parts `planted`, `nothing` and `coverage` as a page has them."""
    recovered = (parts["planted"]["recovered"] == "yes").sum()
    silent = parts["nothing"]["outcome"].str.startswith("nothing to publish").sum()
    words = {
        "planted": f"{recovered} of {len(parts['planted'])} recovered.",
        "nothing": f"{silent} of {len(parts['nothing'])} published nothing.",
        "coverage": "",
    }
    return {name: f"{words[name]}\n\n{markdown(parts[name])}".strip() for name in words}


def measured(name: str, parts: Mapping[str, Sequence[Piece]]) -> dict[str, pd.DataFrame]:
    """The tables of the parts that the command line asks for.

    What a piece found stays in runs/NAME/, and is not measured again by the same code.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("part", nargs="*", default=list(parts), help=", ".join(parts))
    asked = parser.parse_args().part
    folder = ROOT / "runs" / name
    folder.mkdir(parents=True, exist_ok=True)
    tables = {}
    with Journal(folder / "history.jsonl", {"configuration": name, **programs()}) as journal:
        for part in asked:
            rows: list[dict[str, Any]] = []
            for number, piece in enumerate(parts[part], 1):
                step = f"{part} {number}/{len(parts[part])}"
                found = journal.recall(step, piece.inputs, lambda p=piece: {"rows": p.rows()})
                rows += found["rows"]
                print(step, rows[-1], flush=True)
            tables[part] = pd.DataFrame(rows)
    return tables
