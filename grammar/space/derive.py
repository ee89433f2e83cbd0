"""All formulas that productions lead to, from the simplest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import networkx as nx
import sympy as sp

from rulegen.grammar.algebra import algebra, exact
from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.reading.errors import ConfigError
from rulegen.grammar.space.productions import Alternative, Production, Traces

#: More formulas than this are not made.
MAX_FORMULAS = 10_000
#: The symbol of the space that all derivations begin with.
START = "term"


@dataclass(frozen=True)
class Tree:
    """How a formula is derived: the alternative of a symbol, and a tree for each of its parts."""

    name: str
    alternative: int
    parts: tuple[Tree, ...] = ()

    def nodes(self) -> Iterator[Tree]:
        """This tree and all inside it."""
        yield self
        for part in self.parts:
            yield from part.nodes()

    def grafts(self, donors: Callable[[str], Iterable[Tree]]) -> Iterator[Tree]:
        """The trees in which one inner node is replaced by another tree of the same symbol."""
        for i, part in enumerate(self.parts):
            others = [donor for donor in donors(part.name) if donor != part]
            for new in (*others, *part.grafts(donors)):
                yield replace(self, parts=(*self.parts[:i], new, *self.parts[i + 1 :]))


@dataclass(frozen=True)
class Derivation:
    """A formula, how it is derived, and how complex it is."""

    tree: Tree
    expr: sp.Expr
    complexity: int


def complexity(
    expr: sp.Basic,
    drives: Mapping[sp.Symbol, sp.Expr],
    parts: Mapping[sp.Symbol, int] | None = None,
) -> int:
    """How many variables, numbers and operators a formula consists of.

    Factors that are numbers, signs among them, do not count. `parts` says what a symbol counts
    that stands for a formula.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> u, pre = symbol("u"), symbol("pre")
        >>> complexity(2 * u * pre, {}), complexity((u - pre) ** 3, {})
        (3, 5)
    """

    def of(node: sp.Basic) -> int:
        if node in drives:
            return 1 + of(drives[node])
        if not node.args:
            return (parts or {}).get(node, 1)
        if node.is_Mul:
            return many([a for a in node.args if not a.is_Rational])
        if node.is_Add or isinstance(node, sp.And | sp.Or | sp.Min | sp.Max):
            return many(node.args)
        if isinstance(node, sp.Piecewise):
            cases = [x for case in node.args for x in case.args if x not in (0, 1, sp.true)]
            return many(cases)
        if node.is_Pow and node.exp == -1:
            return of(node.base)  # the product that it stands in counts the division
        return many(node.args) if len(node.args) > 1 else 1 + of(node.args[0])

    def many(nodes: Iterable[sp.Basic]) -> int:
        sizes = [of(node) for node in nodes]
        return sum(sizes) + len(sizes) - 1

    return of(expr)


class Derivations:
    """All derivations of the symbols of a space, up to a complexity.

    Of several derivations of one expression the simplest is kept. What the algebra of rules
    cannot say, such as a condition inside a condition, is left out.

    Args:
        productions: by name.
        traces: of the space.
        most: the highest complexity, or None where there is no limit.

    Raises:
        ConfigError: nothing can be derived, infinitely much, or too much.
    """

    def __init__(
        self, productions: Mapping[str, Production], traces: Traces, most: int | None
    ) -> None:
        self.productions, self.traces = productions, traces
        _check_reachable(productions)
        _check_productive(productions)
        self._order = _order(productions, traces)
        self.most = most if most is not None else self._bound()
        self.found: dict[str, dict[Tree, Derivation]] = {name: {} for name in productions}
        self._tries = 0
        self._derive()

    def weight(self, tree: Tree) -> float:
        """The probability of a tree where alternatives are drawn by their weights."""
        alternatives = self.productions[tree.name].alternatives
        chosen = alternatives[tree.alternative].weight / sum(a.weight for a in alternatives)
        for part in tree.parts:
            chosen *= self.weight(part)
        return chosen

    def _derive(self) -> None:
        seen: dict[str, set[sp.Expr]] = {name: set() for name in self.productions}
        by_size: dict[tuple[str, int], list[Derivation]] = {}
        with algebra.as_written(False):
            for size in range(1, self.most + 1):
                for name in self._order:
                    here = by_size[name, size] = []
                    for new in self._of_size(name, size, by_size):
                        if new.expr not in seen[name]:
                            seen[name].add(new.expr)
                            self.found[name][new.tree] = new
                            here.append(new)

    def _of_size(
        self, name: str, size: int, by_size: Mapping[tuple[str, int], list[Derivation]]
    ) -> Iterator[Derivation]:
        for i, alternative in enumerate(self.productions[name].alternatives):
            own, mentions = self._counts(alternative)
            for sizes in _splits(size - own, mentions):
                choices = [by_size[part] for part in zip(alternative.parts, sizes, strict=True)]
                for parts in product(*choices):
                    self._count()
                    values = {symbol(p.tree.name): p.expr for p in parts}
                    try:
                        expr = self.traces.substitute(alternative.expr, values)
                    except exact.AlgebraError:
                        continue
                    if expr != 0:
                        tree = Tree(name, i, tuple(p.tree for p in parts))
                        yield Derivation(tree, expr, size)

    def _count(self) -> None:
        self._tries += 1
        if self._tries > MAX_FORMULAS:
            raise ConfigError(
                f"the space has more than {MAX_FORMULAS} formulas of complexity {self.most}: "
                "lower `limits.complexity`, or take out alternatives"
            )

    def _counts(self, alternative: Alternative) -> tuple[int, tuple[int, ...]]:
        return counts(alternative, self.traces)

    def _bound(self) -> int:
        """The highest complexity where no symbol contains itself."""
        graph = _graph(self.productions)
        try:
            cycle = [edge[0] for edge in nx.find_cycle(graph)]
        except nx.NetworkXNoCycle:
            pass
        else:
            raise ConfigError(
                f"the space is infinite: {_chain(cycle)}; "
                "set `limits.complexity`, the highest complexity of a term"
            )
        highest: dict[str, int] = {}
        for name in reversed(list(nx.topological_sort(graph))):
            sizes = []
            for alternative in self.productions[name].alternatives:
                own, mentions = self._counts(alternative)
                pairs = zip(alternative.parts, mentions, strict=True)
                sizes.append(own + sum(highest[p] * m for p, m in pairs))
            highest[name] = max(sizes)
        return highest[START]


def counts(alternative: Alternative, traces: Traces) -> tuple[int, tuple[int, ...]]:
    """The complexity of an alternative without its parts, and how often it mentions each."""
    nothing = {symbol(p): 0 for p in alternative.parts}
    own = complexity(alternative.expr, traces.drives, nothing)
    return own, tuple(
        complexity(alternative.expr, traces.drives, nothing | {symbol(p): 1}) - own
        for p in alternative.parts
    )


def _splits(total: int, mentions: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """All sizes of parts, each at least 1, that make the total together."""
    if not mentions:
        if total == 0:
            yield ()
        return
    first, *rest = mentions
    for size in range(1, total // first + 1):
        for others in _splits(total - first * size, tuple(rest)):
            yield (size, *others)


def _graph(productions: Mapping[str, Production]) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(productions)
    for name, production in productions.items():
        graph.add_edges_from((name, part) for a in production.alternatives for part in a.parts)
    return graph


def _order(productions: Mapping[str, Production], traces: Traces) -> list[str]:
    """Symbols after those that they can become without growing."""
    graph = nx.DiGraph()
    graph.add_nodes_from(productions)
    for name, production in productions.items():
        for alternative in production.alternatives:
            if counts(alternative, traces) == (0, (1,)):
                graph.add_edge(name, alternative.parts[0])
    try:
        cycle = [edge[0] for edge in nx.find_cycle(graph)]
    except nx.NetworkXNoCycle:
        return list(reversed(list(nx.topological_sort(graph))))
    raise ConfigError(
        f"the space is infinite at any complexity: {_chain(cycle)} without growing; "
        "take out one of these alternatives"
    )


def _chain(cycle: list[str]) -> str:
    return " becomes ".join(f"`{name}`" for name in [*cycle, cycle[0]])


def _check_reachable(productions: Mapping[str, Production]) -> None:
    reached = {START} | nx.descendants(_graph(productions), START)
    for name in productions:
        if name not in reached:
            raise ConfigError(
                f"productions.{name}: no formula of `{START}` leads to `{name}`: "
                "use it in a formula, or remove it"
            )


def _check_productive(productions: Mapping[str, Production]) -> None:
    """Refuse symbols that always contain another symbol."""
    productive: set[str] = set()
    while True:
        grown = {
            name
            for name, production in productions.items()
            if any(set(a.parts) <= productive for a in production.alternatives)
        }
        if grown == productive:
            break
        productive = grown
    for name in productions:
        if name not in productive:
            raise ConfigError(
                f"productions.{name}: the space generates nothing, because `{name}` always "
                "contains another symbol: add a formula of signals alone"
            )
