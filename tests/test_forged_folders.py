"""Folders of runs whose files contradict each other are refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tomli_w
from forging import Data, honest_run, raise_reward, refused, shared_programs  # noqa: F401
from honest import leave, print_files

from rulegen.catalog import Record, load_record, markdown_card
from rulegen.catalog.records.record import plain_data
from rulegen.ground.digests import digest_of
from rulegen.verifying.published import published

pytestmark = pytest.mark.usefixtures("shared_programs")


def table_too(change: Callable[[str], str], digest: bool = True) -> Callable[[Path], None]:
    """An altered table of the lives, and the digest to fit."""

    def forge(folder: Path) -> None:
        path, record = folder / "lives.csv", load_record(folder / "record.toml")
        path.write_text(change(path.read_text()))
        data = plain_data(record)
        if digest:
            data["evidence"]["data"] = digest_of(path.read_text())
        rewrite(folder, data)

    return forge


def rewrite(folder: Path, data: Data) -> None:
    (folder / "record.toml").write_text(tomli_w.dumps(data))
    print_files(load_record(folder / "record.toml"), folder)


def raised_rows(table: str) -> str:
    """Every life of the rule earns 0.01 more."""
    rows = []
    for row in table.splitlines():
        name, without, life, reward, outcome = row.split(",")
        more = name == "discovered rule"
        rows.append(f"{name},{without},{life},{float(reward) + 0.01},{outcome}" if more else row)
    return "\n".join(rows) + "\n"


def all_raised(folder: Path) -> None:
    """The table, its digest and every figure agree with each other, and not with the lives."""
    table_too(raised_rows)(folder)
    data = plain_data(load_record(folder / "record.toml"))
    raise_reward(data, 0.01)
    rewrite(folder, data)


def other_card(folder: Path) -> None:
    data = plain_data(load_record(folder / "record.toml"))
    raise_reward(data, 0.01)
    record = Record.model_validate(data)
    (folder / "card.md").write_text(markdown_card(record))


def text_of(name: str, old: str, new: str) -> Callable[[Path], None]:
    """A file that says something else than the record."""

    def forge(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return forge


def permuted(folder: Path) -> None:
    """The lives of all rules in another order, so that every figure stays what it is."""
    path = folder / "lives.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    order = np.random.default_rng(0).permutation(table["life"].nunique())
    for _, rows in table.groupby(["rule", "without"]).groups.items():
        table.loc[rows, ["reward", "outcome"]] = table.loc[
            rows[order], ["reward", "outcome"]
        ].to_numpy()
    path.write_text(table.to_csv(index=False))
    data = plain_data(load_record(folder / "record.toml"))
    data["evidence"]["data"] = digest_of(path.read_text())
    rewrite(folder, data)
    (folder / "learning.csv").unlink()


def other_summary(folder: Path) -> None:
    path = folder / "summary.json"
    told = json.loads(path.read_text())
    told["reward"]["mean"] += 0.1
    path.write_text(json.dumps(told))


def linked(folder: Path) -> None:
    (folder / "lives.csv").rename(folder.parent / "elsewhere.csv")
    (folder / "lives.csv").symlink_to(folder.parent / "elsewhere.csv")


FOLDERS: dict[str, Callable[[Path], None]] = {
    "rows raised": table_too(raised_rows),
    "rows raised without the digest": table_too(raised_rows, digest=False),
    "rows and figures raised": all_raised,
    "a life less": table_too(lambda table: table[: table.rstrip().rindex("\n")] + "\n"),
    "a rule less": table_too(lambda table: table[: table.index("no learning")]),
    "a reward that is none": table_too(lambda t: re.sub(r",-0\.\d+,", ",nan,", t, count=1)),
    "another column": table_too(lambda table: table.replace("life,", "number,", 1)),
    "lives that saturated in the table alone": table_too(
        lambda t: t.replace(",ok", ",saturated", 3)
    ),
    "an end that is none": table_too(lambda t: t.replace(",ok", ",fine", 1)),
    "no table": table_too(lambda table: "\x00\x00"),
    "a card of other figures": other_card,
    "another equation in TeX": text_of("card.tex", "xi", "u"),
    "another rule as text": text_of("rule.txt", "xi", "u"),
    "a program of another rule": text_of("rule_numpy.py", "xi", "u"),
    "another family": lambda folder: (folder / "family.txt").write_text("w += pre") and None,
    "a summary of another reward": other_summary,
    "a summary that says a thing twice": text_of("summary.json", "{", '{"chance": 0.0, '),
    "a summary that took words": text_of("summary.json", '"seconds": 1.0', '"seconds": "one run"'),
    "lives in another order": permuted,
    "a summary that took for ever": text_of(
        "summary.json", '"seconds": 1.0', '"seconds": Infinity'
    ),
    "a summary with a word for a number": text_of("summary.json", '"silent": 0', '"silent": false'),
    "a summary with more": text_of("summary.json", "{", '{"best_of": 50, '),
    "a summary that is none": text_of("summary.json", "{", "[{"),
    "a summary that is a list": lambda folder: (folder / "summary.json").write_text("[1]") and None,
    "a table that is a link": linked,
}


@pytest.mark.parametrize("name", FOLDERS)
def test_forged_folders(honest: tuple[Record, Any], name: str, tmp_path: Path) -> None:
    folder = leave(*honest, tmp_path / "run")
    whole = published(str(folder))
    assert whole.lives is not None and whole.record == honest[0]
    FOLDERS[name](folder)
    assert refused(lambda: published(str(folder)))
