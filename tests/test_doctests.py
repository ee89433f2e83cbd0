"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import rulegen

MODULES = [
    module.name
    for module in pkgutil.walk_packages(rulegen.__path__, "rulegen.")
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", [*MODULES, "rulegen"])
def test_examples(name):
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert results.failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    found = [t for name in MODULES for t in finder.find(importlib.import_module(name))]
    assert sum(bool(t.examples) for t in found) > 30
