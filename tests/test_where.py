"""In which worlds rules run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rulegen.catalog import literature
from rulegen.circuits import RateCircuit, SpikingCircuit
from rulegen.grammar.algebra.symbols import SIGNALS
from rulegen.runs.where import EVERY_STEP, bundled_worlds, where_it_runs

WORLDS = {n: w for n, w in bundled_worlds().items() if n.startswith("delayed_association")}


@pytest.mark.parametrize("name", literature())
def test_every_rule_of_the_literature_runs_in_a_bundled_world(name: str) -> None:
    table = where_it_runs(literature()[name].rule, WORLDS)
    assert table["runs"].any(), table["note"].tolist()
    assert (table["note"] != "")[~table["runs"]].all(), "what does not run says why"


def test_what_it_says(tmp_path: Path) -> None:
    rule = tmp_path / "rule.txt"
    rule.write_text("param eta = 0.1\ndw/dt = eta*R*post*pre\n")
    command = [sys.executable, "-m", "rulegen", "check", str(rule)]
    there = subprocess.run([*command, "--everywhere"], capture_output=True, text=True)
    assert there.returncode == 0, there.stderr
    assert f"runs in    delayed_association, rate: {EVERY_STEP}" in there.stdout
    assert "not in     baited_bandit, spiking: the reward of baited_bandit is known" in there.stdout
    world = tmp_path / "world.toml"
    world.write_text('[task]\nname = "delayed_match"\ndelivery = "steps"\n')
    there = subprocess.run(
        [*command, "--json", "--world", str(world)], capture_output=True, text=True
    )
    (row,) = json.loads(there.stdout)["worlds"]
    assert row["runs"] and not row["note"], row
    there = subprocess.run([*command, "--world", str(rule)], capture_output=True, text=True)
    assert there.returncode == 2 and len(there.stderr.splitlines()) <= 3


def test_the_table_of_what_circuits_provide_is_whole() -> None:
    """docs/configuration.md names every signal that is not read everywhere, and no other."""
    circuits = (RateCircuit(), SpikingCircuit())
    places = [c.provided(p) for c in circuits for p in ("recurrent", "input")]
    partial = set(SIGNALS) - frozenset.intersection(*places)
    page = (Path(__file__).parent.parent / "docs" / "configuration.md").read_text()
    table = page.split("What rules can read of a circuit", 1)[1].split("`rulegen check RULE")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == partial | {"R"}
