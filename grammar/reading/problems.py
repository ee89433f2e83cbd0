"""What is wrong with data from a file, in the words of one line for each place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from rulegen.grammar.reading.suggest import suggest

#: No message lists more problems than this.
MOST = 5
#: What others call settings.
_ELSEWHERE = {"reward": "delivery", "rewards": "delivery"}
#: No longer name is shown in the place of one.
LONGEST = 80
#: What types of Python are called in a file.
TOML = {
    r"a valid (tuple|list)\b": "a list",
    r"a valid dictionary( or instance of \w+)?": "a table",
    r"^Tuple should": "List should",
    r" after validation(?=, not \d)": "",
}


def problems(error: ValidationError, kind: type[BaseModel], data: Any = None) -> str:
    """Places and problems, `; ` between them.

    Args:
        error: of the validation.
        kind: what the data should have been; its fields are suggested in place of unknown ones.
        data: that was validated, where what stands in lists may have names.

    Example:
        >>> class Size(BaseModel, extra="forbid"):
        ...     width: int = 1
        >>> class Box(BaseModel):
        ...     size: Size
        >>> try:
        ...     Box.model_validate({"size": {"widht": 3}})
        ... except ValidationError as error:
        ...     print(problems(error, Box))
        size.widht: there is no such setting: did you mean `width`?
    """
    lines = []
    for problem in causes(error)[:MOST]:
        place = named_place(problem["loc"], data)
        message = in_toml(problem["msg"].removeprefix("Value error, "))
        if problem["type"] == "extra_forbidden":
            *path, name = problem["loc"]
            known = sorted({field for model in at(kind, path) for field in model.model_fields})
            other = _ELSEWHERE.get(name, "")
            remedy = f"did you mean `{other}`?" if other in known else suggest(str(name), known)
            message = "there is no such setting" + (f": {remedy}" if remedy else "")
        lines.append(f"{place}: {message}" if place else message)
    return "; ".join(lines)


def in_toml(message: str) -> str:
    """A message about values in the words of files, which have lists and tables.

    Example:
        >>> in_toml("Input should be a valid tuple")
        'Input should be a list'
        >>> in_toml("Tuple should have at most 2 items after validation, not 3")
        'List should have at most 2 items, not 3'
    """
    for python, toml in TOML.items():
        message = re.sub(python, toml, message)
    return message


def causes(error: ValidationError) -> list[Any]:
    """What the user did wrong: a list is not too short where what it has is told to be wrong."""
    found: list[Any] = [*error.errors()]
    places = [problem["loc"] for problem in found]
    return [
        problem
        for problem in found
        if problem["type"] != "too_short"
        or all(p == problem["loc"] or p[: len(problem["loc"])] != problem["loc"] for p in places)
    ]


def named_place(path: Sequence[Any], data: Any = None) -> str:
    """A place in data, with the names of what stands in lists.

    Example:
        >>> named_place(("worlds", 0, "weight"), {"worlds": [{"name": "go", "weight": -1}]})
        'worlds.0 (`go`).weight'
    """
    shown = []
    for part in path:
        inside = isinstance(data, Mapping | list | tuple)
        if isinstance(data, Mapping):
            known = part in data
        else:
            known = inside and isinstance(part, int) and part < len(data)  # or one is missing
        data = data[part] if known else None
        name = data.get("name") if isinstance(part, int) and isinstance(data, Mapping) else None
        plain = isinstance(name, str) and name.isprintable() and 0 < len(name) <= LONGEST
        shown.append(f"{part} (`{name}`)" if plain else str(part))
    return ".".join(shown)


def at(kind: type[BaseModel], path: Sequence[Any]) -> list[type[BaseModel]]:
    """The models that may stand at a place of data."""
    found = [kind]
    for part in path:
        inner = [
            model
            for parent in found
            if part in parent.model_fields
            for model in models(parent.model_fields[part].annotation)
        ]
        # Positions in lists and tags of unions lead nowhere: what they are of is known already.
        found = inner or found
    return found


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in an annotation, such as those of a union or a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)
