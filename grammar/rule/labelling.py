"""A canonical order for the vertices of a graph: isomorphic graphs get the same one.

Vertices are put into cells by their colours, and cells are split by what their members are joined
to until that splits nothing more. Where vertices are still alike, one of them is set apart and the
splitting goes on; of all the orders that this leads to, the smallest wins. A way that is the image
of one already tried, by a symmetry found on the way, is left out, so that symmetry costs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: How many vertices may be set apart in all; graphs that need more are made to need them.
MAX_TRIES = 4000

#: For each vertex, its neighbours with a label for each edge.
Edges = Sequence[Sequence[tuple[str, int]]]


class TooSymmetric(Exception):
    """No order was found within `MAX_TRIES`."""


def canonical_order(
    colours: Sequence[str], edges: Edges, text: Callable[[list[int]], str]
) -> list[int]:
    """The vertices in their canonical order.

    Args:
        colours: one a vertex. edges: from each vertex, both ways for each edge, with labels.
        text: of the graph with its vertices in a given order; two orders with the same text differ
            by a symmetry of the graph.

    Raises:
        TooSymmetric: the graph has too many vertices that only a long search can tell apart.

    Example:
        >>> path = [[("", 1)], [("", 0), ("", 2)], [("", 1)]]
        >>> canonical_order(["x", "x", "x"], path, lambda order: "")[2]
        1
    """
    search = _Search(edges, text)
    partition = _Partition.of(colours)
    trace = partition.split(edges, list(partition.cells))
    search.visit(partition, [], (trace,))
    assert search.best is not None
    return search.best.order


@dataclass
class _Partition:
    """Cells of vertices by their place in the order, and the place of each vertex's cell."""

    cells: dict[int, list[int]]
    places: list[int]

    @classmethod
    def of(cls, colours: Sequence[str]) -> _Partition:
        groups: dict[str, list[int]] = {}
        for vertex, colour in enumerate(colours):
            groups.setdefault(colour, []).append(vertex)
        new = cls({}, [0] * len(colours))
        place = 0
        for colour in sorted(groups):
            new.put(place, groups[colour])
            place += len(groups[colour])
        return new

    def copy(self) -> _Partition:
        return _Partition(dict(self.cells), list(self.places))

    def put(self, place: int, members: list[int]) -> None:
        self.cells[place] = members
        for vertex in members:
            self.places[vertex] = place

    def single_out(self, vertex: int) -> list[int]:
        """Put a vertex before the others of its cell; the places to split by."""
        place = self.places[vertex]
        rest = [v for v in self.cells[place] if v != vertex]
        self.put(place, [vertex])
        self.put(place + 1, rest)
        return [place]

    def split(self, edges: Edges, waiting: list[int]) -> str:
        """Split cells by their edges to the cells at `waiting`, and to what comes of it.

        Returns a digest of what was split how, which is the same for isomorphic graphs.
        """
        trace = hashlib.sha256()
        while waiting:
            splitter = waiting.pop(0)
            met: dict[int, list[str]] = {}
            for vertex in self.cells[splitter]:
                for label, other in edges[vertex]:
                    met.setdefault(other, []).append(label)
            seen = {v: tuple(sorted(labels)) for v, labels in met.items()}
            for place in sorted({self.places[v] for v in seen}):
                groups: dict[tuple[str, ...], list[int]] = {}
                for vertex in self.cells[place]:
                    groups.setdefault(seen.get(vertex, ()), []).append(vertex)
                sizes = [(key, len(groups[key])) for key in sorted(groups)]
                trace.update(repr((splitter, place, sizes)).encode())
                if len(groups) < 2:
                    continue
                start = place
                for key, size in sizes:
                    self.put(start, groups[key])
                    if start not in waiting:
                        waiting.append(start)
                    start += size
        return trace.hexdigest()

    def tied(self) -> list[int]:
        """The first cell with several vertices, or none."""
        places = [place for place, members in self.cells.items() if len(members) > 1]
        return self.cells[min(places)] if places else []

    def order(self) -> list[int]:
        return [self.cells[place][0] for place in sorted(self.cells)]


@dataclass(frozen=True)
class _Leaf:
    """An order, the vertices set apart on the way to it, what the splittings met, and its text."""

    order: list[int]
    path: list[int]
    key: tuple[tuple[str, ...], str]


#: Where a symmetry takes the vertices that it moves.
Image = dict[int, int]


class _Search:
    """The tree of orders, without branches that are images of others or cannot win."""

    def __init__(self, edges: Edges, text: Callable[[list[int]], str]) -> None:
        self.edges, self.text = edges, text
        self.first: _Leaf | None = None
        self.best: _Leaf | None = None
        self.symmetries: list[Image] = []
        self.tries = 0

    def visit(self, partition: _Partition, path: list[int], trace: tuple[str, ...]) -> int:
        """Search below a partition; returns the depth at which the search goes on."""
        depth = len(path)
        if self.first is not None and self.best is not None:
            known = self.first.key[0][: len(trace)], self.best.key[0][: len(trace)]
            if trace != known[0] and trace > known[1]:
                return depth
        tied = partition.tied()
        if not tied:
            order = partition.order()
            return self.arrive(_Leaf(order, path, (trace, self.text(order))))
        done: list[int] = []
        first: _Partition | None = None
        reached: set[int] = set()
        for vertex in tied:
            if vertex in reached:
                continue
            if self.tries >= MAX_TRIES:
                raise TooSymmetric
            self.tries += 1
            below = partition.copy()
            met = below.split(self.edges, below.single_out(vertex))
            first = below if first is None else first
            if done and (image := self.exchange(first, below)):
                self.symmetries.append(image)
            else:
                back = self.visit(below, [*path, vertex], (*trace, met))
                if back < depth:
                    return back
                done.append(vertex)
            reached = self.images(path, done)
        return depth

    def exchange(self, one: _Partition, other: _Partition) -> Image | None:
        """The symmetry that exchanges what two partitions single out at the same places, if any."""
        image: Image = {}
        for place, members in one.cells.items():
            if len(members) == 1 and other.cells.get(place, members) != members:
                a, b = members[0], other.cells[place][0]
                if image.setdefault(a, b) != b or image.setdefault(b, a) != a:
                    return None
        for vertex, mate in image.items():
            moved = sorted((label, image.get(v, v)) for label, v in self.edges[vertex])
            if moved != sorted(self.edges[mate]):
                return None
        return image

    def arrive(self, leaf: _Leaf) -> int:
        """Keep the smallest leaf; one that equals another is its image by a symmetry."""
        if self.first is None or self.best is None:
            self.first = self.best = leaf
            return len(leaf.path)
        for known in (self.first, self.best):
            if leaf.key == known.key:
                pairs = zip(known.order, leaf.order, strict=True)
                self.symmetries.append({a: b for a, b in pairs if a != b})
                # All that hangs on this branch is the image of what hangs on the known one.
                return next(i for i, v in enumerate(leaf.path) if v != known.path[i])
        if leaf.key < self.best.key:
            self.best = leaf
        return len(leaf.path)

    def images(self, path: list[int], done: list[int]) -> set[int]:
        """Where the symmetries that leave the path alone take the branches already tried."""
        kept = [image for image in self.symmetries if image.keys().isdisjoint(path)]
        found, waiting = set(done), list(done)
        while waiting:
            vertex = waiting.pop()
            for image in kept:
                other = image.get(vertex, vertex)
                if other not in found:
                    found.add(other)
                    waiting.append(other)
        return found
