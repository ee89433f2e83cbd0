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
    *("rulegen.objective", "rulegen.estimators", "rulegen.fitting", "rulegen.selection"),
    "rulegen.publishing",
    *("rulegen.searching", "rulegen.verifying", "rulegen.watching"),
    *("rulegen.runs", "rulegen.analysis"),
    *("rulegen.commands", "rulegen.__main__"),
]
MODULES = rooms.modules(ROOT)


#: Who may ask `rulegen` itself for a name: it reaches everything, and so do they.
ABOVE_ALL = ("rulegen.commands.", "rulegen.__main__")
#: Who loads modules by names that are not written there: parts of others, extras and commands.
LOADING = {"catalog.parts.registry", "rulegen.ground.extras", "rulegen.commands.outline"}


def top_level(name, path):
    return {name.partition(".")[0] for name in rooms.imported(name, path)}


def of_all(name, path):
    """What a module takes of `rulegen` itself, which hides from where it comes."""
    tree = ast.walk(ast.parse(path.read_text()))
    imports = [node for node in tree if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in imports:
        for alias in node.names:
            if isinstance(node, ast.Import):
                # `import rulegen.lives` binds `rulegen` as well.
                whole, inside = alias.name.partition(".")[0] == "rulegen", ""
                whole &= alias.asname is None or alias.name == "rulegen"
            else:
                whole, inside = rooms.origin(node, name, path) == "rulegen", alias.name
            if whole and inside not in rooms.PACKAGES and f"rulegen.{inside}" not in MODULES:
                yield inside or alias.name


def loading(path):
    """Whether a file loads a module by a name that is made elsewhere."""
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return any(rooms.loads(n) and not isinstance(n.args[0], ast.Constant) for n in calls)


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
        outside = top_level(name, path) & {*rooms.PACKAGES} - {package}
        allowed = rooms.PACKAGES[: rooms.PACKAGES.index(package)]
        assert outside <= {*allowed}, name


def test_nobody_below_the_commands_asks_the_whole_package():
    """`rulegen` says where its names are, so that a room could reach those below it unseen."""
    found = {name: [*of_all(name, path)] for name, path in MODULES.items()}
    assert [name for name in found if found[name] and not name.startswith(ABOVE_ALL)] == []


def test_modules_are_loaded_by_name_in_known_places_alone():
    assert {name for name, path in MODULES.items() if loading(path)} == LOADING


#: What a module of `rulegen.ground` could write to reach what stands below it, and what is seen.
ARROWS = {
    "from ..lives import bench": "rulegen.lives.bench",
    "from ..lives.bench import Bench": "rulegen.lives.bench",
    "from .. import lives": "rulegen.lives",
    "from ..catalog.records import record": "catalog.records.record",
    "import rulegen.lives.bench as b": "rulegen.lives.bench",
    "from rulegen import lives": "rulegen.lives",
    "import_module('rulegen.lives.bench')": "rulegen.lives.bench",
    "importlib.import_module('rulegen.catalog.parts')": "catalog.parts",
    "__import__('rulegen.lives')": "rulegen.lives",
}
WHOLE = [
    "import rulegen",
    "import rulegen as _rg",
    "from rulegen import Bench",
    "from .. import key",
]
WHOLE += ["from rulegen import *", "import rulegen.lives"]


@pytest.mark.parametrize("text", [*ARROWS, *WHOLE, "import_module(name)"])
def test_no_way_to_import_is_overlooked(tmp_path, text):
    path = tmp_path / "new.py"
    path.write_text(text)
    seen = {*rooms.imported("rulegen.ground.new", path)}
    assert ARROWS.get(text, "") in seen | {""}
    assert bool([*of_all("rulegen.ground.new", path)]) == (text in WHOLE)
    assert loading(path) == (text == "import_module(name)")


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
