"""What is wrong with data from a file, in the words of one line for each place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from rulegen.grammar.reading.remedies import suggest

#: No message lists more problems than this.
MOST = 5


def problems(error: ValidationError, kind: type[BaseModel]) -> str:
    """Places and problems, `; ` between them.

    Args:
        error: of the validation.
        kind: what the data should have been; its fields are suggested in place of unknown ones.

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
    for problem in error.errors()[:MOST]:
        place = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            *path, name = problem["loc"]
            known = sorted({field for model in at(kind, path) for field in model.model_fields})
            remedy = suggest(str(name), known)
            message = "there is no such setting" + (f": {remedy}" if remedy else "")
        lines.append(f"{place}: {message}" if place else message)
    return "; ".join(lines)


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
