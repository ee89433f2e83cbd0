"""Sets of a few things of different sizes: how many there are, and each by its number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import comb


@dataclass(frozen=True)
class Subsets:
    """All sets of 1 to `most` things whose sizes add up to at most `total`.

    The sets are ordered by their total size and then by how many things they have. None of them
    is made before it is asked for: with C(n) things of size n, the number of sets of k things of
    total size s is the coefficient of x^s y^k in prod_n (1 + x^n y)^C(n).

    Args:
        sizes: of the things.
        most: the highest number of things.
        total: the highest total size, or None where there is no limit.

    Example:
        >>> sets = Subsets((1, 1, 2), most=2, total=None)
        >>> sets.count, list(sets)
        (6, [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)])
    """

    sizes: tuple[int, ...]
    most: int
    total: int | None

    @cached_property
    def _levels(self) -> list[tuple[int, list[int]]]:
        """The things of each size."""
        levels: dict[int, list[int]] = {}
        for i, size in enumerate(self.sizes):
            levels.setdefault(size, []).append(i)
        return sorted(levels.items())

    @cached_property
    def _ways(self) -> list[dict[tuple[int, int], int]]:
        """From each level on: how many sets there are, by their total size and number of things."""
        ways = [{(0, 0): 1}]
        limit = self.total if self.total is not None else self.most * max(self.sizes, default=0)
        for size, things in reversed(self._levels):
            new: dict[tuple[int, int], int] = {}
            for (total, count), number in ways[-1].items():
                for k in range(min(self.most - count, len(things)) + 1):
                    if total + k * size <= limit:
                        key = (total + k * size, count + k)
                        new[key] = new.get(key, 0) + number * comb(len(things), k)
            ways.append(new)
        return ways[::-1]

    @cached_property
    def by_count(self) -> tuple[int, ...]:
        """How many sets there are of 1, 2, ... things."""
        sums = [0] * (self.most + 1)
        for (_, count), number in self._ways[0].items():
            sums[count] += number
        return tuple(sums[1:])

    @cached_property
    def count(self) -> int:
        """How many sets there are; `len` could not say more than 2**63."""
        return sum(self.by_count)

    @cached_property
    def _kinds(self) -> list[tuple[int, int]]:
        """Total sizes and numbers of things, in order."""
        return sorted(key for key in self._ways[0] if key[1])

    def __contains__(self, item: object) -> bool:
        if not isinstance(item, tuple) or not 1 <= len(set(item)) == len(item) <= self.most:
            return False
        return self.total is None or sum(self.sizes[i] for i in item) <= self.total

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return map(self.__getitem__, range(self.count))

    def __getitem__(self, index: int) -> tuple[int, ...]:
        if not 0 <= index < self.count:
            raise IndexError(index)
        for key in self._kinds:
            if index < (number := self._ways[0][key]):
                break
            index -= number
        return tuple(sorted(self._choose(0, *key, index)))

    def _choose(self, level: int, total: int, count: int, index: int) -> list[int]:
        """The set of this number among those of this total size and count."""
        if not count:
            return []
        size, things = self._levels[level]
        for k in range(min(count, len(things)), -1, -1):
            rest = self._ways[level + 1].get((total - k * size, count - k), 0)
            if index < (number := comb(len(things), k) * rest):
                break
            index -= number
        which, index = divmod(index, rest)
        mine = [things[i] for i in _combination(len(things), k, which)]
        return mine + self._choose(level + 1, total - k * size, count - k, index)


def _combination(n: int, k: int, index: int) -> Iterator[int]:
    """The k of n numbers of this place in the order of the alphabet."""
    for i in range(n):
        if not k:
            return
        with_it = comb(n - i - 1, k - 1)
        if index < with_it:
            yield i
            k -= 1
        else:
            index -= with_it
