"""Equal digests of rules whose states look alike, and different ones of those that only seem to."""

from __future__ import annotations

import itertools
import random

import pytest

from rulegen.grammar import RuleError, parse
from rulegen.grammar.rule import labelling


def shuffled(edges: list[tuple[int, int]], seed: int, head: str = "") -> str:
    """States that each read their neighbours, in a random order and with random names."""
    rng = random.Random(seed)
    count = 1 + max(max(e) for e in edges)
    names = [f"s{i}" for i in rng.sample(range(1000), count)]
    reads: dict[int, list[str]] = {i: [] for i in range(count)}
    for a, b in rng.sample(edges, len(edges)):
        reads[a].append(names[b])
    lines = [f"{names[a]} <- {' + '.join(read)} : synapse" for a, read in reads.items()]
    lines.append(f"w += eta*pre*({' + '.join(rng.sample(names, count))})")
    rng.shuffle(lines)
    clear = "; ".join(f"{name} <- post" for name in rng.sample(names, count))
    return "\n".join([head, *lines, f"on trial start: {clear}"])


def cycles(*lengths: int) -> list[tuple[int, int]]:
    ends = list(itertools.accumulate(lengths, initial=0))
    return [
        (i, a + (i + 1 - a) % (b - a)) for a, b in itertools.pairwise(ends) for i in range(a, b)
    ]


def grid(steps: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A 4 x 4 torus where each place reads those some steps away."""
    places = list(itertools.product(range(4), repeat=2))
    return [(4 * x + y, 4 * ((x + a) % 4) + (y + b) % 4) for x, y in places for a, b in steps]


#: Graphs of one count of edges at each vertex; the last two agree in all that a splitting sees.
ALIKE = {
    "nine cycles of three": cycles(*[3] * 9),
    "one cycle": cycles(27),
    "cycles of other lengths": cycles(*[3] * 5, 12),
    "turned around": [(b, a) for a, b in cycles(*[3] * 9)] + [(26, 0)],
    "rook": grid([(k, 0) for k in (1, 2, 3)] + [(0, k) for k in (1, 2, 3)]),
    "Shrikhande": grid([(0, 1), (0, 3), (1, 0), (3, 0), (1, 1), (3, 3)]),
}


@pytest.mark.parametrize("name", ALIKE)
def test_order_and_names_do_not_matter(name: str) -> None:
    digests = {parse(shuffled(ALIKE[name], seed)).digest for seed in range(4)}
    assert len(digests) == 1


def test_graphs_that_look_alike_are_told_apart() -> None:
    assert len({parse(shuffled(edges, 0)).digest for edges in ALIKE.values()}) == len(ALIKE)


def test_symmetric_parameters() -> None:
    def rule(seed: int) -> str:
        rng = random.Random(seed)
        names = rng.sample([f"alpha_{i}" for i in range(50)], 12)
        terms = [f"{a}*x{b}" for a, b in zip(names, rng.sample(range(12), 12), strict=True)]
        filters = [f"x{i} = lowpass(pre, tau_{rng.randrange(10**6)})" for i in range(12)]
        return "\n".join([*filters, f"w += post*({' + '.join(terms)})"])

    assert len({parse(rule(seed)).digest for seed in range(3)}) == 1


def test_the_search_for_names_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelling, "MAX_TRIES", 5)
    rule = parse(shuffled(ALIKE["Shrikhande"], 0))
    with pytest.raises(RuleError, match="look alike"):
        rule.canonical()


SIGNS = [
    (
        "a = lowpass(pre, 10) : synapse\nb = lowpass(post, 9) : synapse\n"
        "de/dt = -e/20 + 2*a - 2*b : synapse\nw += eta*e",
        "b = lowpass(pre, 10) : synapse\na = lowpass(post, 9) : synapse\n"
        "de/dt = -e/20 + 2*a - 2*b : synapse\nw -= eta*e",
    ),
    (
        "a = lowpass(pre, tau_a)\nb = lowpass(pre, tau_b)\n"
        "de/dt = -e/tau + a - b : synapse\nw += eta*e",
        "a = lowpass(pre, tau_a)\nb = lowpass(pre, tau_b)\n"
        "de/dt = -e/tau + b - a : synapse\nw -= eta*e",
    ),
    ("w += (u == pre)", "w += (pre == u)"),
    (
        "on trial start: a <- 0; b <- 1\na = lowpass(pre, 9)\nb = lowpass(u, 9)\nw += a*b",
        "on trial start: b <- 1; a <- 0\na = lowpass(pre, 9)\nb = lowpass(u, 9)\nw += a*b",
    ),
]


@pytest.mark.parametrize(("one", "two"), SIGNS)
def test_names_decide_no_sign_and_no_order(one: str, two: str) -> None:
    assert parse(one).digest == parse(two).digest


def test_updates_that_depend_on_each_other_keep_their_order() -> None:
    head = "a = lowpass(pre, 9) : synapse\nb = lowpass(u, 9) : synapse\nw += a*b\non reward: "
    assert parse(head + "a <- b; b <- 1").digest != parse(head + "b <- 1; a <- b").digest
