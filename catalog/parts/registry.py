"""Which parts there are: tasks, circuits, estimators, strategies and exports, by kind and name.

A part comes in by `add`, whoever brings it: rulegen its own, `register` one of a notebook, and an
installed package those of its entry points, each when it is first asked for. Files name parts; the
registry alone knows what the names stand for, so no file names a place in a program.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint
from typing import Any, NamedTuple

from rulegen.catalog.parts.installed import GROUPS, Source, claims, origin, said, told, unread
from rulegen.grammar import ConfigError
from rulegen.grammar.reading.suggest import suggest

#: The modules that let rulegen's own parts in, by their kind: whoever asks has them all.
HOMES = {
    "task": "rulegen.tasks",
    "circuit": "rulegen.circuits",
    "estimator": "rulegen.estimators",
    "strategy": "rulegen.searching.config",
    "export": "rulegen.catalog.export",
}
BUNDLED = Source("rulegen")
SESSION = Source("")


def a(kind: str) -> str:
    """A kind with its article.

    Example:
        >>> a("task"), a("estimator")
        ('a task', 'an estimator')
    """
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


class Entry(NamedTuple):
    """A part and who brings it."""

    part: Any
    source: Source


_entries: dict[tuple[str, str], Entry] = {}


def register(*parts: Any) -> Any:
    """Make parts of one's own known in this session, as those of rulegen are.

    From then on configurations find them by name. To register what replaces a part of the same
    module and name, as when a cell of a notebook runs again, is no error. Other processes, such as
    the workers of a sweep, know nothing of it: what shall be found there belongs into a package
    (`docs/extending.md`).

    Args:
        parts: subclasses of `Task`, `Circuit`, `Estimator` or `Strategy`, or an `Export`.

    Returns:
        the first of them, so that `@register` can stand before a class.

    Raises:
        ConfigError: when one is none of these, or its name is that of another part.

    Example:
        >>> register("tone")
        Traceback (most recent call last):
        ...
        rulegen.ConfigError: 'tone' is no part: give a class made from Task, Circuit, Estimator or \
Strategy, or an Export
    """
    for part in parts:
        add(part, SESSION)
    return next(iter(parts), None)


def add(part: Any, brought: Source) -> None:
    """Let a part in; arguments and errors as of `register`.

    Args:
        part: what comes in. brought: who brings it.
    """
    kind, name = identified(part)
    if brought != BUNDLED:
        import_module(HOMES[kind])
    known = _entries.get((kind, name))
    if known is None and (claimed := claims(kind).get(name, ())) and brought == SESSION:
        raise ConfigError(
            f"the {kind} `{name}` comes with {told(claimed)}; give yours another name"
        )
    if known is not None and not (known.source == brought and same(known.part, part)):
        raise ConfigError(
            f"there is {a(kind)} `{name}` already, of {known.source}; give yours another name"
        )
    _entries[kind, name] = Entry(part, brought)


def find(kind: str, name: str) -> Any:
    """The part of this kind and name.

    Raises:
        ConfigError: when there is none, two packages bring it, or its package cannot be loaded.

    Example:
        >>> find("task", "siesta")
        Traceback (most recent call last):
        ...
        rulegen.ConfigError: there is no task `siesta`...
    """
    return _entry(kind, name).part


def source(kind: str, name: str) -> Source:
    """Who brings the part of this kind and name; errors as of `find`."""
    return _entry(kind, name).source


def whose(part: Any) -> Source:
    """Who brought a part: this session, where nobody registered it.

    Example:
        >>> from rulegen.catalog.export import Export
        >>> str(whose(find("export", "numpy"))), str(whose(Export("mine", "", ".txt", repr)))
        ('rulegen', 'this session')
    """
    known = _entries.get(identified(part))
    return known.source if known is not None and same(known.part, part) else SESSION


def names(kind: str) -> list[str]:
    """The names of all parts of a kind: those of rulegen and this session, then installed ones."""
    import_module(HOMES[kind])
    here = [name for of, name in _entries if of == kind]
    return here + sorted(claims(kind).keys() - {*here})


def _entry(kind: str, name: str) -> Entry:
    import_module(HOMES[kind])
    known = _entries.get((kind, name))
    if known and known.source == BUNDLED:  # whatever a package calls its own
        return known
    claimed = claims(kind).get(name, ())
    bringers = [str(SESSION)] if known and known.source == SESSION else []
    bringers += [told((point,)) for point in claimed]
    if len(bringers) > 1:
        raise ConfigError(
            f"the {kind} `{name}` is brought by {' and by '.join(bringers)}: uninstall all but one"
        )
    if known is None and claimed:
        _load(kind, name, claimed[0])
        known = _entries[kind, name]
    if known is None:
        remedy = suggest(name, names(kind)) or (
            f"name one of {', '.join(names(kind))}, install the package that brings it, or "
            "register one of your own"
        )
        nowhere = f"there is no {kind} `{name}`: {remedy}"
        raise ConfigError("; ".join([nowhere, *unread()]))
    return known


def _load(kind: str, name: str, point: EntryPoint) -> None:
    """Take in what an entry point stands for; what is wrong with it is told in a line."""
    try:
        part = point.load()
        found = identified(part)
    except (Exception, SystemExit) as error:  # whatever another's program does on its way in
        raise ConfigError(
            f"the {kind} `{name}` of {told((point,))} cannot be loaded ({said(error)}): mend or "
            "uninstall the package"
        ) from error
    if found != (kind, name):
        raise ConfigError(
            f"what {told((point,))} brings as the {kind} `{name}` is the {found[0]} `{found[1]}`: "
            "both names must be one; mend or uninstall the package"
        )
    add(part, origin(point))


def identified(part: Any) -> tuple[str, str]:
    """Kind and name of a part.

    Raises:
        ConfigError: when it is none.
    """
    kind = getattr(part, "part", None)
    # An export is a value; of the other kinds the class is the part, and its objects are settings.
    if kind in GROUPS and isinstance(part, type) == (kind != "export"):
        name = part.name if kind == "export" else part.model_fields["name"].default
        if isinstance(name, str):
            return kind, name
    raise ConfigError(
        f"{part!r} is no part: give a class made from Task, Circuit, Estimator or Strategy, or an "
        "Export"
    )


def same(one: Any, other: Any) -> bool:
    """Whether two parts are one: the same, or one made again at the same place."""
    places = [(getattr(p, "__module__", ""), getattr(p, "__qualname__", "")) for p in (one, other)]
    return one is other or places[0] == places[1]
