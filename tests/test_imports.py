"""The direction of imports: from mathematics to literature and simulation, never in a circle."""

import ast
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("grammar", "rulegen", "catalog")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def module_of(path):
    """The dotted name of a module; a package is named by its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def imports_of(path):
    """Full names of everything that a file imports, `from a import b` as `a.b` and as `a`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def top_level(path):
    return {name.partition(".")[0] for name in imports_of(path)}


def test_no_cycles():
    """Among modules; a package that imports its own parts for its users is no cycle."""
    graph = nx.DiGraph()
    for name, path in MODULES.items():
        inside = {other for other in imports_of(path) if other in MODULES} - {name}
        # `from package import name` runs the package, unless we are inside it already.
        graph.add_edges_from((name, o) for o in inside if not name.startswith(o + "."))
    assert graph.number_of_edges() > 100
    assert list(nx.simple_cycles(graph)) == []


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("grammar", {"jax", "jaxlib", "optax", "rulegen", "catalog"}),
        ("catalog", {"jax", "jaxlib", "optax", "rulegen"}),
    ],
)
def test_what_packages_may_not_import(package, forbidden):
    for path in (ROOT / package).rglob("*.py"):
        assert not top_level(path) & forbidden, path


def test_formulas_and_literature_do_not_load_jax():
    code = "import grammar, catalog, sys; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_stand_at_the_top(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not inner, f"import inside a function, line {inner[0].lineno}"
