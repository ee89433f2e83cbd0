"""What tasks, circuits, estimators and strategies have in common: files call them by their names.

Anyone can write one. What is missing or wrong in it is said where its class is defined.
"""

from __future__ import annotations

import abc
import functools
import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, ClassVar

import jax
from pydantic import ValidationError, model_validator

from rulegen.catalog import parts
from rulegen.grammar import ConfigError
from rulegen.grammar.reading.problems import problems as in_words
from rulegen.ground.digests import digest_of
from rulegen.ground.programs import program
from rulegen.ground.settings import Settings, nested


class Part(Settings):
    """Base of the parts that files choose by `name`.

    A subclass has a `name` of its own and everything that its base demands, in the form in which
    the base has it; a base for further ones says so by naming `abc.ABC` among its own bases.

    Attributes:
        part: the kind, see `rulegen.catalog.parts.GROUPS`.
        name: what files call the part: small letters, digits and underscores.

    Raises:
        TypeError: where a class is defined that lacks something.

    Example:
        >>> from rulegen.tasks import Task
        >>> class Hold(Task):
        ...     level: float = 0.5
        Traceback (most recent call last):
        ...
        TypeError: Hold: a task needs a name of its own, such as `name: str = "hold"`
    """

    part: ClassVar[str]
    #: Those of a task or a circuit are squared and divided by in single precision.
    _sizes: ClassVar[tuple[float, float]] = (1e-12, 1e12)
    #: What is wrong in what members give, by their names: see `rulegen.catalog.parts.guarded`.
    _wrong: ClassVar[Mapping[str, Callable[..., str]]] = {}

    name: str

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if abc.ABC not in cls.__bases__:
            for problem in problems(cls):
                raise TypeError(f"{cls.__name__}: {problem}")
        if cls.__module__.partition(".")[0] != "rulegen":
            for name in [n for n in vars(cls) if public(n) and hasattr(super(cls, cls), n)]:
                setattr(cls, name, parts.guarded(name, vars(cls)[name], cls._wrong.get(name)))

    @model_validator(mode="after")
    def _one_name(self) -> Part:
        if self.name != (own := type(self).model_fields["name"].default):
            raise ValueError(f"name: this {self.part} is called `{own}`")
        return self


def problems(made: type[Part]) -> Iterator[str]:
    """What is missing or wrong in the class of a part."""
    name, a_kind = made.model_fields["name"].default, parts.a(made.part)
    above = {b.model_fields["name"].default for b in made.__mro__[1:] if issubclass(b, Part)}
    if not isinstance(name, str) or name in above:
        word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", made.__name__).lower()
        yield f'{a_kind} needs a name of its own, such as `name: str = "{word}"`'
    elif not re.fullmatch(parts.NAME, name):
        yield f"`{name}` is no name for {a_kind}: small letters, digits and `_`, a letter first"
    for attribute in sorted(name for name in made.__class_vars__ if not hasattr(made, name)):
        yield f"{a_kind} needs the class variable `{attribute}`"
    for attribute in sorted(getattr(made, "__abstractmethods__", ())):
        base = inspect.getattr_static(made, attribute)
        what = "property" if isinstance(base, property) else "method"
        line = (inspect.getdoc(base) or "").partition("\n")[0]
        yield f"{a_kind} needs the {what} `{attribute}`: {line}"
    for attribute, own in vars(made).items():
        for base in made.__mro__[1:]:
            if attribute in vars(base) and public(attribute):
                yield from mismatch(attribute, own, vars(base)[attribute])
                break


def mismatch(name: str, own: Any, base: Any) -> Iterator[str]:
    """How a member differs in form from what it takes the place of."""
    if isinstance(base, property | functools.cached_property) and inspect.isfunction(own):
        yield f"`{name}` is a property: write @property before it"
    if not inspect.isfunction(base):
        return
    if not inspect.isfunction(own):
        yield f"`{name}` is a method{inspect.signature(base)}"
        return
    places = [p for p in inspect.signature(base).parameters.values() if p.kind != p.KEYWORD_ONLY]
    needed = [p for p in places if p.default is p.empty]
    for arguments in (needed, places):
        try:
            inspect.signature(own).bind(*arguments)
        except TypeError:
            wanted = ", ".join(p.name for p in places)
            yield f"`{name}` takes {taken(own)}; it is called with ({wanted})"
            return


def public(name: str) -> bool:
    """Whether a member is one of parts, and not of Python or pydantic."""
    return not name.startswith(("_", "model_"))


def taken(method: Callable) -> str:
    """The names of the arguments of a method."""
    return f"({', '.join(inspect.signature(method).parameters)})"


def reader(kind: str, default: str | None = None) -> Callable[[Any], Any]:
    """What makes of settings the part that they name, for a validator; a made part stays as it is.

    Args:
        kind: of the part. default: the name of settings without one.
    """

    def read(given: Any) -> Any:
        try:
            if isinstance(given, dict):
                name = given.get("name", default)
                if not isinstance(name, str):
                    raise ConfigError(f"name one of {', '.join(parts.names(kind))}")
                return built(kind, name, given)
            if isinstance(given, Part) and given.part == kind:
                brought_by(given)
                return given
        except ConfigError as error:
            raise ValueError(str(error)) from None
        if isinstance(given, str):
            name = next(iter(get_close_matches(given, parts.names(kind), 1)), given)
            raise ValueError(f"a name alone: write {{ name = {json.dumps(name)} }}")
        known = ", ".join(parts.names(kind))
        raise ValueError(f"name {parts.a(kind)} ({known}), or give {parts.a(kind.capitalize())}")

    return read


def built(kind: str, name: str, given: Mapping[str, Any]) -> Any:
    """The part of this kind and name with some settings.

    Raises:
        ConfigError: when there is none, or a default of its own is wrong.
        ValidationError: when a setting is missing, unknown or wrong.
    """
    part = parts.find(kind, name)
    with parts.blamed(part, "settings"):
        try:
            return part.model_validate(given)
        except ValidationError as error:
            for problem in error.errors() if parts.whose(part) != parts.BUNDLED else ():
                place = ".".join(map(str, problem["loc"]))
                if problem["type"] != "missing" and place and problem["loc"][0] not in given:
                    why = f"the default of `{place}` is wrong: {problem['msg']}"
                    raise parts.fault(part, "settings", why) from None
            raise


def with_defaults(kind: str, name: str) -> Any:
    """The part that an option of the command line names, with its default settings.

    Raises:
        ConfigError: when there is none, or it cannot be without settings.
    """
    try:
        return built(kind, name, {})
    except ValidationError as error:
        told = in_words(error, parts.find(kind, name))
        raise ConfigError(f"--{kind} {name} needs settings: {told}") from None


def brought_by(part: Part) -> parts.Source:
    """Who brings a part; this session, where nobody registered it.

    Raises:
        ConfigError: when its name is that of another part.
    """
    if part.name not in parts.names(part.part):
        return parts.SESSION
    if not parts.same(parts.find(part.part, part.name), type(part)):
        source = parts.source(part.part, part.name)
        raise ConfigError(
            f"{type(part).__name__} has the name `{part.name}` of another {part.part}, of "
            f"{source}; give it another name"
        )
    return parts.source(part.part, part.name)


def alike(one: Any, other: Any) -> bool:
    """Whether two trees of arrays, as of `jax.eval_shape`, have the same form and types.

    Numbers of Python, whose type is weak, take that of the other.
    """
    leaves, forms = zip(*map(jax.tree.flatten, (one, other)), strict=True)
    return forms[0] == forms[1] and all(
        a.shape == b.shape and (a.dtype == b.dtype or a.weak_type or b.weak_type)
        for a, b in zip(*leaves, strict=True)
    )


def parts_in(settings: Settings) -> list[Part]:
    """All parts in some settings, however deep."""
    return [part for part in nested(settings) if isinstance(part, Part)]


def packages(*given: Part) -> dict[str, str]:
    """The packages that parts come with, by kind; nothing of those of rulegen and this session."""
    brought = {part.part: brought_by(part) for part in given}
    return {
        kind: str(source)
        for kind, source in brought.items()
        if source not in (parts.BUNDLED, parts.SESSION)
    }


def foreign(settings: Settings) -> dict[str, str]:
    """What identifies the programs of parts that do not come with rulegen, by kind and name."""
    found = {}
    for part in parts_in(settings):
        if (source := brought_by(part)) != parts.BUNDLED:
            found[f"{part.part} {part.name}"] = f"{source} {digest_of(program(type(part)))}"
    return found
