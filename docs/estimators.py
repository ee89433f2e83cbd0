"""The tables of docs/estimators.md: `make estimators`.

    python docs/estimators.py FOLDER

appraises the estimators on every example, at the start of its fit and at a rule that learns, keeps
the tables in the folder `estimators` beside this file and puts them into the page.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

from rulegen.commands.estimators import shown, verdict
from rulegen.publishing.config import load_config

ROOT = Path(__file__).parent.parent
#: Where the tables are kept, and the page that shows them.
TABLES, PAGE = Path(__file__).with_suffix(""), Path(__file__).with_suffix(".md")
BEGIN, END = "<!-- tables -->\n", "<!-- end of tables -->"
SPENT = ("--lives", "128", "--repeats", "8", "--truth-lives", "1024", "--evosax", "Open_ES")
#: With what a fit may begin.
BEGINNINGS = ("pathwise, trial", "score, gamma 0", "pgpe")
#: A rule of each family that learns, all other coefficients 0.
LEARNS = {
    "delayed_association": {"theta_1": 1.5},
    "delayed_nonmatch": {"theta_1": 0.5},
    "measurable_signals": {"theta_1": 0.3},
}
PLACES = [(name, place) for name in LEARNS for place in ("start", "learns")]


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
    # Compilation is measured, so that no earlier process may have done it.
    anew = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    subprocess.run([*command, *SPENT], check=True, env=anew)
    return pd.read_csv(out / "estimators.csv")


def section(name: str, place: str, table: pd.DataFrame) -> str:
    """One table as Markdown, with its verdict."""
    where = {"start": "at the start of the fit", "learns": f"at {point(name)}"}[place]
    frame, said = shown(table)
    lines = [f"### `{name}`, {where}", "", "| " + " | ".join(frame) + " |"]
    lines += ["|" + " --- |" * len(frame.columns)]
    lines += ["| " + " | ".join(row) + " |" for row in frame.itertuples(index=False)]
    told = [*filter(None, [said]), *verdict(table), rivalry(table)]
    return "\n".join([*lines, "", *(f"- {line}" for line in told)]) + "\n"


def rivalry(table: pd.DataFrame) -> str:
    """How many times the useful signal-to-noise ratio of OpenES each way to begin a fit has."""
    useful = table.set_index("estimator")["useful"]
    told = []
    for rival in ("evosax Open_ES", "evosax Open_ES, shared lives"):
        parts = [f"{n} {useful[n] / useful[rival]:.2g} times" for n in BEGINNINGS]
        told.append(f"{rival}: {'; '.join(parts)}")
    return "useful SNR against " + ". Against ".join(told)


def point(name: str) -> str:
    """Where a rule that learns lies, in words."""
    (coefficient, value), *_ = LEARNS[name].items()
    terms = {
        t.coefficient: t.text for t in load_config(ROOT / f"examples/{name}.toml").family.terms()
    }
    return f"`{value:g}*{terms[coefficient]}` alone"


def main(folder: Path) -> None:
    """Make all reports, keep their tables and write the page."""
    for path in (folder, TABLES):
        path.mkdir(parents=True, exist_ok=True)
    for name, place in PLACES:
        report(name, place, folder).to_csv(TABLES / f"{name}-{place}.csv", index=False)
    PAGE.write_text(filled(PAGE.read_text()))


def filled(page: str) -> str:
    """The page with the tables that are kept."""
    sections = [section(n, p, pd.read_csv(TABLES / f"{n}-{p}.csv")) for n, p in PLACES]
    text = BEGIN + "\n" + "\n".join(sections) + "\n" + END
    return re.sub(f"{BEGIN}.*{END}", lambda _: text, page, flags=re.DOTALL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
