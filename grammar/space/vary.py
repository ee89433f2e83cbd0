"""Random changes and mixtures of sets of terms, for evolutionary searches."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

#: A term by its place in a set, or None, and what takes its place, or None.
Change = tuple[int | None, int | None]


def varied(
    own: Sequence[int], number: int, grafts: Sequence[Change], rng: random.Random
) -> Iterator[tuple[int, ...]]:
    """Sets of terms with one change: a graft, an exchange, one more, or one less.

    The kinds of changes come in random order, so that each is as likely to be the first, and the
    changes of a kind as well.

    Args:
        own: the terms of the set.
        number: how many terms there are.
        grafts: changes that alter a part of a term.
        rng: the source of randomness.

    Example:
        >>> sorted(set(varied([0], 2, [], random.Random(0))))
        [(), (0, 1), (1,)]
    """
    kinds: list[list[Change]] = [
        list(grafts),
        [(place, new) for place in range(len(own)) for new in range(number)],
        [(None, new) for new in range(number)],
        [(place, None) for place in range(len(own))],
    ]
    rng.shuffle(kinds)
    for changes in kinds:
        rng.shuffle(changes)
        for change in changes:
            new = changed(own, change)
            if len(set(new)) == len(new) and new != tuple(sorted(own)):
                yield new


def changed(own: Sequence[int], change: Change) -> tuple[int, ...]:
    """The set after a change."""
    place, new = change
    rest = [term for i, term in enumerate(own) if i != place]
    return tuple(sorted(rest if new is None else [*rest, new]))


def crossed(
    one: Sequence[int],
    other: Sequence[int],
    grafts: Sequence[Change],
    most: int,
    rng: random.Random,
) -> Iterator[tuple[int, ...]]:
    """Sets that mix two sets: some terms of both, or one set with a graft of the other.

    Args:
        one, other: the two sets.
        grafts: changes of `one` that alter a part of a term to a part of the other set.
        most: the highest number of terms.
        rng: the source of randomness.

    Example:
        >>> next(crossed([0], [1], [], 2, random.Random(0)))
        (0, 1)
    """
    pool = sorted({*one, *other})
    mixed = [
        tuple(sorted(rng.sample(pool, rng.randint(1, min(most, len(pool))))))
        for _ in range(4 * len(pool))
    ]
    altered = [changed(one, graft) for graft in grafts]
    rng.shuffle(altered)
    kinds = [mixed, altered]
    rng.shuffle(kinds)
    parents = (tuple(sorted(one)), tuple(sorted(other)))
    yield from (child for kind in kinds for child in kind if child not in parents)
