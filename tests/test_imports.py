"""The direction of imports: down the list of rooms, never in a circle."""

import ast
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent
if not (ROOT / "rulegen").exists():
    pytest.skip("the sources are not beside the tests", allow_module_level=True)
sys.path.insert(0, str(ROOT / "docs"))
import rooms  # noqa: E402

#: The way of the data, and the order of imports: a room may use what stands above it.
ORDER = [
    *("grammar.algebra", "grammar.reading", "grammar.printing", "grammar.rule"),
    *("grammar.matching", "grammar.space"),
    *("catalog.parts", "catalog.records", "catalog.likeness", "catalog.pages", "catalog.export"),
    *(
        "rulegen.ground",
        "rulegen.chip",
        "rulegen.compile",
        "rulegen.circuits",
        "rulegen.tasks",
        "rulegen.lives",
    ),
    *("rulegen.estimators", "rulegen.fitting", "rulegen.selection", "rulegen.publishing"),
    *("rulegen.searching", "rulegen.verifying", "rulegen.runs", "rulegen.analysis"),
    *("rulegen.commands", "rulegen.__main__"),
]
MODULES = rooms.modules(ROOT)


def top_level(path):
    return {name.partition(".")[0] for name in rooms.imported(path)}


def test_no_circles():
    graph = rooms.arrows(MODULES)
    assert graph.number_of_edges() > 100
    assert list(nx.simple_cycles(graph)) == []


def test_rooms_import_from_those_above():
    found = rooms.rooms(rooms.arrows(MODULES))
    assert set(found) == set(ORDER)
    against = [f"{a} -> {b}" for a, b in found.edges if ORDER.index(a) < ORDER.index(b)]
    assert not against


def test_a_package_knows_those_above():
    """Not by its rooms alone: `from rulegen import grammar` is an arrow as well."""
    for name, path in MODULES.items():
        package = name.partition(".")[0]
        outside = top_level(path) & {*rooms.PACKAGES} - {package}
        allowed = rooms.PACKAGES[: rooms.PACKAGES.index(package)]
        assert outside <= {*allowed}, name


@pytest.mark.parametrize("package", ["grammar", "catalog"])
def test_formulas_and_literature_do_not_load_jax(package):
    heavy = {"jax", "optax", *(["numpy"] if package == "grammar" else [])}
    code = f"import sys; from rulegen.{package} import *; assert not {heavy} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", MODULES)
def test_imports_stand_at_the_top(name):
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not inner, f"import inside a function, line {inner[0].lineno}"


def test_no_module_hides_behind_what_its_package_offers():
    """`rulegen.x` is a module or a name that the package offers, and not both."""
    for name in MODULES:
        package, _, own = name.rpartition(".")
        if package:
            top = package if package.startswith("rulegen") else f"rulegen.{package}"
            offered = getattr(__import__(top, fromlist=[""]), own, None)
            assert offered is None or isinstance(offered, type(sys)), name
