"""Spaces of rules: all rules whose eligibility is a sum of a few terms of a grammar."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rulegen.grammar.reading.errors import ConfigError, RuleError
from rulegen.grammar.rule.rule import Rule
from rulegen.grammar.space.bases import Bases, Basis
from rulegen.grammar.space.derive import Tree
from rulegen.grammar.space.seek import found_terms
from rulegen.grammar.space.slots import Slots, made_slots
from rulegen.grammar.space.space_file import Description, read_description
from rulegen.grammar.space.structure import Structure
from rulegen.grammar.space.subsets import Subsets
from rulegen.grammar.space.vary import crossed, varied

#: The spaces that come with the project, by name, and the one that is taken by default.
BUNDLED = {name: Path(__file__).with_name(f"{name}.toml") for name in ("local", "dendrite")}
LOCAL = BUNDLED["local"]


@dataclass(frozen=True, eq=False)
class Space:
    """All structures that a description allows.

    Attributes:
        description: what the file says.
    """

    description: Description

    @cached_property
    def terms(self) -> tuple[Basis, ...]:
        """What the terms of structures can be, from the simplest on."""
        return tuple(self._bases.all)

    @cached_property
    def _bases(self) -> Bases:
        return Bases(self.description)

    @cached_property
    def _index(self) -> dict[Basis, int]:
        return {basis: i for i, basis in enumerate(self.terms)}

    @cached_property
    def _sets(self) -> Subsets:
        limits = self.description.limits
        sizes = tuple(basis.complexity for basis in self.terms)
        return Subsets(sizes, min(limits.terms, len(sizes)), limits.total)

    def count(self) -> int:
        """How many structures there are; known before any is made.

        Example:
            >>> load_space().count()
            1225
        """
        return self._sets.count

    def structures(self) -> Iterator[Structure]:
        """All structures, from the simplest on, each once.

        Example:
            >>> [s.text for s in load_space().structures()][:3]
            ['theta_1*pre', 'theta_1*trace(pre)', 'theta_1*u*pre']
        """
        return map(self._made, self._sets)

    def structure(self, *terms: Basis) -> Structure:
        """The structure of some of the terms.

        Raises:
            RuleError: the space has no such structure.
        """
        places = tuple(sorted(self._index.get(basis, -1) for basis in terms))
        if places not in self._sets or places[0] < 0:
            shown = " + ".join(basis.text for basis in terms) or "no terms"
            raise RuleError(f"the space has no structure of {shown}", remedy="see `limits`")
        return self._made(places)

    def _made(self, places: tuple[int, ...]) -> Structure:
        return Structure(tuple(self.terms[i] for i in places), self.description)

    def sample(self, rng: random.Random, number: int, weighted: bool = False) -> list[Structure]:
        """Structures drawn without repetition.

        Args:
            rng: the source of randomness.
            number: of structures.
            weighted: draw the number of terms evenly and each term in proportion to the weights
                of the productions; otherwise every structure is equally likely.

        Raises:
            RuleError: the space has fewer structures.

        Example:
            >>> [s.complexity for s in load_space().sample(random.Random(1), 3)]
            [10, 20, 8]
        """
        count = self.count()
        if not 0 <= number <= count:
            raise RuleError(f"{number} structures of a space of {count}", remedy="ask for fewer")
        drawn: dict[tuple[int, ...], None] = {}
        if weighted:
            # Where the likely ones are used up, the rest is drawn evenly.
            for _ in range(1000 + 100 * number):
                if len(drawn) < number and (places := self._weighted(rng)) in self._sets:
                    drawn[places] = None
        while len(drawn) < number:
            drawn[self._sets[rng.randrange(count)]] = None
        return [self._made(places) for places in drawn]

    def _weighted(self, rng: random.Random) -> tuple[int, ...]:
        left = {i: basis.weight for i, basis in enumerate(self.terms)}
        places = []
        for _ in range(rng.randint(1, self._sets.most)):
            (place,) = rng.choices(list(left), list(left.values()))
            del left[place]
            places.append(place)
        return tuple(sorted(places))

    def mutate(self, structure: Structure, rng: random.Random) -> Structure:
        """One random change, which stays inside the space.

        A subformula of a term becomes another formula of the same symbol, or a term is added,
        left out, or exchanged for another one.

        Example:
            >>> from rulegen.grammar.rule.parse import parse
            >>> space = load_space()
            >>> hebb = space.find(parse("dw/dt = eta*u*pre"))
            >>> space.mutate(hebb, random.Random(3)).text
            'theta_1*relu(5*(u - trace(u)))*pre'
        """
        found = self._bases.derivations.found
        own = self._places(structure)
        sets = varied(own, len(self.terms), self._grafts(structure, found.__getitem__), rng)
        return next((self._made(s) for s in sets if s in self._sets), structure)

    def cross(self, one: Structure, other: Structure, rng: random.Random) -> Structure:
        """A structure of terms of both, or of one with a subformula of the other.

        Example:
            >>> from rulegen.grammar.rule.parse import parse
            >>> space = load_space()
            >>> oja = space.find(parse("dw/dt = eta*post*(pre - post*w)"))
            >>> stdp = space.find(parse("x = lowpass(pre, tau)\\ndw/dt = eta*x*post"))
            >>> space.cross(oja, stdp, random.Random(1)).text
            'theta_1*post*trace(pre) + theta_2*w*post**2'
        """
        donors: dict[str, list[Tree]] = {}
        for basis in other.terms:
            for node in basis.tree.nodes():
                donors.setdefault(node.name, []).append(node)
        grafts = self._grafts(one, lambda name: donors.get(name, []))
        sets = crossed(self._places(one), self._places(other), grafts, self._sets.most, rng)
        return next((self._made(s) for s in sets if s in self._sets), one)

    def _places(self, structure: Structure) -> list[int]:
        return [self._index[basis] for basis in structure.terms]

    def _grafts(
        self, structure: Structure, donors: Callable[[str], Iterable[Tree]]
    ) -> list[tuple[int, int]]:
        """Which term can become which other one by a change of a subformula."""
        found: dict[tuple[int, int], None] = {}
        for i, basis in enumerate(structure.terms):
            for tree in basis.tree.grafts(donors):
                if (new := self._bases.derived(tree)) is not None:
                    found[i, self._index[new]] = None
        return list(found)

    def find(self, rule: Rule) -> Structure | None:
        """The structure of a rule's eligibility, up to coefficients and time constants.

        The eligibility is what drives the rule's only synapse state, or else the weight itself.
        Factors that all synapses share, such as a reward, count as coefficients. A sum of
        products is taken apart where that helps.

        Returns:
            the structure, or None where the space has none.

        Example:
            >>> from rulegen.grammar.rule.parse import parse
            >>> space = load_space()
            >>> space.find(parse("dw/dt = eta*post*(pre - post*w)")).text
            'theta_1*post*pre + theta_2*w*post**2'
        """
        terms = found_terms(rule, self._bases.match)
        if not terms:
            return None
        try:
            return self.structure(*dict.fromkeys(terms))
        except RuleError:
            return None

    def slots(self) -> Slots:
        """One rule that is any structure of the space; see `Slots`.

        Raises:
            RuleError: a term has no slot; see `rulegen.grammar.space.slots.slots`.
        """
        return made_slots(self.description, self.terms, self._sets.most)

    def summary(self) -> str:
        """How large the space is, and its terms, as text.

        Example:
            >>> print(load_space().summary().partition(".")[0])
            49 terms, 1225 structures: 49 of 1 term, 1176 of 2 terms
        """
        counts = ", ".join(
            f"{number} of {k} term{'s' if k > 1 else ''}"
            for k, number in enumerate(self._sets.by_count, 1)
        )
        rows = "".join(f"{basis.complexity:>4}  {basis.text}\n" for basis in self.terms)
        return f"{len(self.terms)} terms, {self.count()} structures: {counts}.\n{rows}"


def load_space(source: Path | str = LOCAL, forbidden: Sequence[str] = ()) -> Space:
    """Read the description of a space of rules.

    Args:
        source: a file, a text, or the name of a bundled space, `local` or `dendrite`; see
            `docs/search.md`.
        forbidden: signals that no term may read, beside those that the description forbids.

    Raises:
        ConfigError: it is no description, or it generates nothing or infinitely much; the message
            names the field and the remedy.

    Example:
        >>> space = load_space()
        >>> len(space.terms), space.count()
        (49, 1225)
        >>> load_space("dendrite").count(), load_space("dendrite", ["drive"]).count()
        (3486, 1326)
    """
    if isinstance(source, str):
        source = BUNDLED.get(source, source)
    space = Space(read_description(source, forbidden))
    if not space.count():
        simplest = space.terms[0]
        raise ConfigError(
            f"limits.total: the simplest term, `{simplest}`, has a complexity of "
            f"{simplest.complexity}, more than {space.description.limits.total}"
        )
    try:
        next(space.structures()).rule()
    except RuleError as problem:
        raise ConfigError(f"template: {problem}") from None
    return space
