"""Settings have the units that their documentation says."""

import re
from itertools import zip_longest

import pytest

from rulegen.catalog import parts
from rulegen.catalog.pages.units import UNITS
from rulegen.lives.life import LifeSettings

#: `cue, delay: lengths of the periods, ms.` in the documentation of a class.
SAID = re.compile(r"^        ([a-z_]+(?:, [a-z_]+)*): ", re.MULTILINE)
UNIT = re.compile(r"(?:^|, |in )(ms|Hz|sqrt\(ms\))(?=[,.;]|$)")
PARTS = [
    *(parts.find("task", name) for name in parts.names("task")),
    *(parts.find("circuit", name) for name in parts.names("circuit")),
    LifeSettings,
]


def said(kind):
    """The units of the settings of a class, by its documentation and that of its parents."""
    found = {}
    for parent in reversed(kind.__mro__):
        fields = getattr(parent, "model_fields", {})
        text = parent.__doc__ or ""
        heads = list(SAID.finditer(text))
        for head, after in zip_longest(heads, heads[1:]):
            rest = text[head.end() : after.start() if after else None].split("\n\n")[0]
            unit = UNIT.search(" ".join(rest.split()))
            for name in set(head[1].split(", ")) & fields.keys():
                found[name] = unit[1] if unit else ""
    return found


@pytest.mark.parametrize("kind", PARTS, ids=lambda kind: kind.__name__)
def test_units_are_those_of_the_documentation(kind):
    for name, unit in said(kind).items():
        told = UNITS.get(name, "")
        assert ("" if told == "trials" else told) == unit, name


def test_the_documentation_was_read():
    units = [unit for kind in PARTS for unit in said(kind).values()]
    assert sum(map(bool, units)) > 30
    assert {"ms", "Hz", "sqrt(ms)"} <= set(units)
    assert set(UNITS) <= {name for kind in PARTS for name in kind.model_fields}
