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
from rulegen.runs.where import EVERY_STEP, bundled_worlds, where_it_runs, worlds_of

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


#: Rules that need more than the bundled worlds have, and with which settings they run in each.
NEEDY = {
    "signs": ("w += 0.1*pre*post*pre.excitatory", "with circuit.excitatory = 0.8"),
    "a group": ("w += 0.1*pre*post.fast", "with circuit.groups = { fast = [0, 0.25] }"),
    "groups": (
        "w += 0.1*pre*post.fast - pre.slow*pre.inhibitory",
        "with circuit.excitatory = 0.8 and circuit.groups = "
        "{ fast = [0, 0.25], slow = [0.25, 0.5] }",
    ),
    "feedback": ("w += 0.1*pre*drive_feedback", "with circuit.feedback = 1"),
    "all of it": (
        "w += 0.1*pre*pre.excitatory*drive_feedback*R",
        'with circuit.excitatory = 0.8 and circuit.feedback = 1 and task.delivery = "steps"',
    ),
}


@pytest.mark.parametrize(("rule", "note"), NEEDY.values(), ids=NEEDY)
def test_a_rule_that_needs_settings_runs_with_them(rule: str, note: str, tmp_path: Path) -> None:
    table = where_it_runs(rule, WORLDS)
    assert table["runs"].all() and set(table["note"]) == {note}, table["note"].tolist()
    settings = note.removeprefix("with ").split(" and ")
    path = tmp_path / "world.toml"
    path.write_text("\n".join([*settings, 'task.name = "delayed_association"']))
    (row,) = where_it_runs(rule, worlds_of(path)).to_dict("records")
    assert row["runs"] and not row["note"], "what the note says is a remedy"


def test_settings_that_do_not_help_are_not_named() -> None:
    table = where_it_runs("w += 0.1*pre*post*post_spike*pre.excitatory", WORLDS)
    assert table["note"].tolist() == [
        "this circuit does not provide `post_spike`, which the rule reads: "
        'set circuit.name = "spiking"',
        "with circuit.excitatory = 0.8",
    ]
    few = WORLDS["delayed_association, rate"].model_copy(update={"circuit": RateCircuit(neurons=1)})
    (row,) = where_it_runs("w += pre*pre.inhibitory", {"few": few}).to_dict("records")
    assert not row["runs"] and "nothing there has a sign" in row["note"]


def test_a_delay_that_is_longer_than_a_trial_is_told() -> None:
    always = "`delay(post, 1000*ms)` is always 0, as a trial lasts 300 ms: use a shorter one"
    table = where_it_runs("w += 0.1*delay(post, 1000 ms)*pre", WORLDS)
    assert table["runs"].all() and table["note"].tolist() == [always] * 2
    table = where_it_runs("w += 0.1*R*delay(post, 1000 ms)*pre.inhibitory", WORLDS)
    told = f'with circuit.excitatory = 0.8 and task.delivery = "steps"; {always}'
    assert table["note"].tolist() == [told] * 2
    assert not where_it_runs("w += 0.1*delay(post, 300 ms)*pre", WORLDS)["note"].any()


def test_the_table_of_what_circuits_provide_is_whole() -> None:
    """docs/configuration.md names every signal that is not read everywhere, and no other."""
    circuits = (RateCircuit(), SpikingCircuit())
    places = [c.provided(p) for c in circuits for p in ("recurrent", "input")]
    partial = set(SIGNALS) - frozenset.intersection(*places)
    page = (Path(__file__).parent.parent / "docs" / "configuration.md").read_text()
    table = page.split("What rules can read of a circuit", 1)[1].split("`rulegen check RULE")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == partial | {"R"}
