"""The list of long tests names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_list_of_long_tests_is_about_tests():
    about, *names = (ROOT / "tests/long.txt").read_text().splitlines()
    assert about.startswith("#") and names == sorted(set(names))
    for name in names:
        path, function = re.fullmatch(r"(tests/[\w/]+\.py)::(\w+)(?:\[.+\])?", name).groups()
        assert f"def {function}(" in (ROOT / path).read_text(), name
