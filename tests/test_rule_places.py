"""A mistake in a rule of a file is told with its place, which is never that of another rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulegen.grammar import RuleError
from rulegen.runs.simulate import load_scene

GOOD = '''[task]
name = "delayed_association"
[[rules]]
name = "good"
rule = """
e <- 0.5*e + pre
w += e
"""
[[rules]]
name = "bad"
'''
IN_A_RULE = "rules.1.rule, line"
#: How the second rule is written or replaced, and where its mistake is said to be.
CASES = {
    "in lines of its own": ('rule = """\nx <- pre\nw += ++q\n"""', "line 13, column 8"),
    "in one line": ('rule = "w += ++q"', "line 11, column 16"),
    "with an escape": (r'rule = "w \u002b= e"', f"{IN_A_RULE} 1, column 6"),
    "as in a good rule": ('rule = "w += e"', f"{IN_A_RULE} 1, column 6"),
    "an escaped end of line": (r'rule = "f <- f : post\nw += e"', f"{IN_A_RULE} 2, column 6"),
    "empty": ('rule = ""', f"{IN_A_RULE} 1, column 1"),
    "without effect": ('rule = "x <- pre"', "rules.1.rule: the rule changes no weight"),
    "of a projection": (
        'rule = "w += pre"\n[projections]\ninput = "w += e"',
        "projections.input, line 1, column 6",
    ),
}


@pytest.mark.parametrize(("rule", "place"), CASES.values(), ids=CASES)
def test_the_place_is_that_of_the_rule(rule: str, place: str, tmp_path: Path) -> None:
    path = tmp_path / "scene.toml"
    path.write_text(GOOD + rule + "\n")
    with pytest.raises(RuleError) as error:
        load_scene(path)
    assert str(error.value).startswith(f"{path}, {place}")


def test_what_replaces_a_rule_has_no_line_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "scene.toml"
    path.write_text(GOOD + 'rule = "w += pre"\n')
    for change, place in (
        ('rules=[{name="x", rule="w += "}]', "rules.0.rule, line 1, column 5"),
        ('projections.input="e <- 0.5*e + "', "projections.input, line 1, column 13"),
    ):
        with pytest.raises(RuleError) as error:
            load_scene(path, [change])
        assert str(error.value).startswith(f"{path}, {place}"), error.value
