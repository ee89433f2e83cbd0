"""`make rooms`: what the folders of the package import from each other, counted and drawn.

    python docs/rooms.py [FOLDER] [--to docs/rooms.png]

FOLDER is the repository, or another checkout of it. A *room* is a folder, or a file that lies
beside folders; an arrow leads from a room to one that it imports; a room stands one floor above the
highest that it imports.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import networkx as nx

HERE = Path(__file__).resolve().parent.parent
#: The packages, by the names that their modules have.
PACKAGES = ("grammar", "catalog", "rulegen")
#: Functions that load a module by its name.
LOADERS = ("import_module", "__import__")


def modules(root: Path) -> dict[str, Path]:
    """The files of the packages by module name, `PACKAGE.ROOM.MODULE`."""
    found = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str, path: Path) -> Iterator[str]:
    """Full names of all that a module imports, `from a import b` as `a` and as `a.b`.

    So does what it loads by a name that stands in the call. `rulegen.grammar` and `rulegen.catalog`
    are called by the folders that they are.

    Args:
        name, path: of the module, as in `modules`.
    """
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = origin(node, name, path)
            names = [f"{start}.{alias.name}" for alias in node.names]
            # `rulegen` itself loads nothing: it says where each of its names is.
            names += [start] if start != "rulegen" else []
        elif isinstance(node, ast.Call) and loads(node):
            literals = (part.value for part in node.args[:1] if isinstance(part, ast.Constant))
            names = [value for value in literals if isinstance(value, str)]
        for found in names:
            inner = found.removeprefix("rulegen.")
            yield inner if inner.partition(".")[0] in PACKAGES[:2] else found


def origin(node: ast.ImportFrom, name: str, path: Path) -> str:
    """The full name of what names are imported from, in a module of this name and path."""
    parts = name.split(".") + (["__init__"] if path.stem == "__init__" else [])
    above = parts[: -node.level] if node.level else []
    return ".".join([*above, *([node.module] if node.module else [])])


def loads(node: ast.Call) -> bool:
    """Whether a call loads a module by its name."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
    return (called.id if isinstance(called, ast.Name) else called) in LOADERS


def arrows(found: dict[str, Path]) -> nx.DiGraph:
    """Modules, and which of them each imports.

    A package that offers its own parts to others is no circle: whoever imports from it is taken to
    import the parts, and not everything that it offers.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(found)
    for name, path in found.items():
        inside = {other for other in imported(name, path) if other in found} - {name}
        graph.add_edges_from((name, o) for o in inside if not name.startswith(o + "."))
    return graph


def room(module: str) -> str:
    """`PACKAGE.ROOM`, or the package itself."""
    return ".".join(module.split(".")[:2])


def rooms(graph: nx.DiGraph) -> nx.DiGraph:
    """Rooms, and which of them each imports."""
    found = nx.DiGraph()
    found.add_nodes_from(room(name) for name in graph)
    found.add_edges_from((room(a), room(b)) for a, b in graph.edges if room(a) != room(b))
    # The packages' own files only offer what is in their rooms.
    found.remove_nodes_from(PACKAGES)
    return found


def floors(graph: nx.DiGraph) -> list[list[str]]:
    """Rooms by floor, the ground floor first; those of a circle stand on one floor."""
    return [sorted(floor) for floor in nx.topological_generations(graph.reverse())]


def counted(graph: nx.DiGraph) -> str:
    """In a line."""
    circles = [c for c in nx.strongly_connected_components(graph) if len(c) > 1]
    if circles:
        return f"{len(graph)} rooms, {graph.size()} arrows, in circles: {circles}"
    return f"{len(graph)} rooms on {len(floors(graph))} floors, {graph.size()} arrows, no circle"


def sizes(found: dict[str, Path]) -> str:
    """Lengths of files, in lines."""
    lengths = {path: len(path.read_text().splitlines()) for path in found.values()}
    ordered, longest = sorted(lengths.values()), max(lengths, key=lambda path: lengths[path])
    return (
        f"{len(lengths)} files of {sum(ordered)} lines, median {ordered[len(ordered) // 2]}, "
        f"longest {ordered[-1]} ({'/'.join(longest.parts[-3:])})"
    )


def draw(graph: nx.DiGraph, path: Path) -> None:
    """Rooms on their floors, with arrows down to what they import."""
    levels = floors(graph)
    place = {
        name: ((i + 0.5) / len(floor) if len(floor) > 1 else 0.5, level)
        for level, floor in enumerate(levels)
        for i, name in enumerate(floor)
    }
    figure, axes = plt.subplots(figsize=(11, 0.8 * len(levels) + 1))
    colours = dict(zip(PACKAGES, ("#dbe9f6", "#fdebd0", "#e2f0d9"), strict=True))
    for a, b in graph.edges:
        (x, y), (u, v) = place[a], place[b]
        axes.annotate(
            "",
            (u, v + 0.22),
            (x, y - 0.22),
            arrowprops={"arrowstyle": "->", "color": "#888888", "lw": 0.6, "alpha": 0.7},
        )
    for name, (x, y) in place.items():
        package, _, label = name.partition(".")
        box = {"boxstyle": "round,pad=0.35", "fc": colours[package], "ec": "#555555", "lw": 0.6}
        shown = label if package == "rulegen" else name
        axes.text(x, y, shown, ha="center", va="center", fontsize=8, bbox=box)
    axes.set_ylim(-0.6, len(levels) - 0.4)
    axes.set_xlim(0, 1)
    axes.axis("off")
    figure.tight_layout()
    figure.savefig(path, dpi=130)


def main() -> None:
    """Count, and draw where a place is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=HERE)
    parser.add_argument("--to", type=Path)
    args = parser.parse_args()
    found = modules(args.folder)
    graph = arrows(found)
    together = rooms(graph)
    print(counted(together))
    for package in PACKAGES:
        inside = together.subgraph(n for n in together if n.startswith(f"{package}."))
        print(f"  {package}: {counted(inside)}")
    print(sizes(found))
    if args.to:
        draw(together, args.to)


if __name__ == "__main__":
    main()
