"""The tables of docs/estimators.md: `make estimators`.

    python docs/estimators.py FOLDER

appraises the estimators on every example, at the start of its fit and at a rule that learns, and
puts the tables into the page beside this file.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

from rulegen.commands.estimators import shown, verdict
from rulegen.config import load_config

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- tables -->\n", "<!-- end of tables -->"
SPENT = ("--lives", "128", "--repeats", "8", "--truth-lives", "1024", "--evosax", "Open_ES")
#: A rule of each family that learns, all other coefficients 0.
LEARNS = {
    "delayed_association": {"theta_1": 1.5},
    "delayed_nonmatch": {"theta_1": 0.5},
    "measurable_signals": {"theta_1": 0.3},
}


def report(name: str, place: str, folder: Path) -> pd.DataFrame:
    """The table of one example, made now or found finished."""
    example, out = ROOT / "examples" / f"{name}.toml", folder / f"{name}-{place}"
    family, command = load_config(example).family, [sys.executable, "-m", "rulegen"]
    if place == "learns":
        nothing = {t.coefficient: 0.0 for t in family.terms()}
        family = family.with_values(nothing | LEARNS[name])
    rule = folder / f"{name}-{place}.txt"
    rule.write_text(family.text())
    command += ["estimators", str(example), "--at", str(rule), "--out", str(out), "--resume"]
    subprocess.run([*command, *SPENT], check=True)
    return pd.read_csv(out / "estimators.csv")


def section(name: str, place: str, table: pd.DataFrame) -> str:
    """One table as Markdown, with its verdict."""
    where = {"start": "at the start of the fit", "learns": f"at {point(name)}"}[place]
    frame = shown(table)
    lines = [f"### `{name}`, {where}", "", "| " + " | ".join(frame) + " |"]
    lines += ["|" + " --- |" * len(frame.columns)]
    lines += ["| " + " | ".join(row) + " |" for row in frame.itertuples(index=False)]
    return "\n".join([*lines, "", *(f"- {line}" for line in verdict(table))]) + "\n"


def point(name: str) -> str:
    """Where a rule that learns lies, in words."""
    (coefficient, value), *_ = LEARNS[name].items()
    terms = {
        t.coefficient: t.text for t in load_config(ROOT / f"examples/{name}.toml").family.terms()
    }
    return f"`{value:g}*{terms[coefficient]}` alone"


def main(folder: Path) -> None:
    """Make all reports and put them in their place."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = [section(n, p, report(n, p, folder)) for n in LEARNS for p in ("start", "learns")]
    page = Path(__file__).with_suffix(".md")
    text = BEGIN + "\n" + "\n".join(sections) + "\n" + END
    page.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: text, page.read_text(), flags=re.DOTALL))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
