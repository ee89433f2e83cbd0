"""Digests: what a result depends on, as 16 hexadecimal digits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax
import numpy as np

from rulegen.ground.settings import Settings, nested

#: Libraries whose results enter figures.
LIBRARIES = ("jax", "jaxlib", "numpy", "optax", "scipy", "sympy")


def digest_of(text: str) -> str:
    """16 hexadecimal digits of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def code_digest() -> str:
    """16 hexadecimal digits of the programs that results depend on: all but the catalog."""
    home = Path(__file__).parent.parent
    # In the repository `grammar` is a link, which `rglob` does not follow everywhere.
    found = {*home.rglob("*.py"), *(home / "grammar").rglob("*.py")}
    paths = sorted(path for path in found if path.relative_to(home).parts[0] != "catalog")
    return digest_of("".join(f"{p.relative_to(home)}\0{p.read_text()}\0" for p in paths))


def versions(settings: Settings | None = None) -> dict[str, str]:
    """Versions of the software that results depend on, and the precision where it is not float32.

    Args:
        settings: those of a run; their parts may need libraries of their own.

    Example:
        >>> sorted(versions())
        ['jax', 'jaxlib', 'numpy', 'optax', 'rulegen', 'scipy', 'sympy']
    """
    own = {name for part in nested(settings) for name in part.libraries} if settings else set()
    found = {name: version(name) for name in ("rulegen", *LIBRARIES)}
    # The part itself refuses where a library of its own is missing.
    found |= {name: installed(name) for name in sorted(own)}
    precision = jax.dtypes.canonicalize_dtype(float).name
    return found | ({"precision": precision} if precision != "float32" else {})


def installed(name: str) -> str:
    """The version of a library, or that there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def programs(settings: Settings | None = None) -> dict[str, str]:
    """What makes results besides settings, by the names that a history gives to it.

    The code says more than the version of rulegen. Arguments as of `versions`.
    """
    found = versions(settings)
    del found["rulegen"]
    return {"code": code_digest(), **found}


def inputs_digest(inputs: Sequence[Any]) -> str:
    """16 hexadecimal digits of everything that a result depends on.

    Args:
        inputs: numbers, texts, arrays, random keys, settings, what has an `identity` of its own,
            and sequences and mappings of these. Arrays count to the last bit.

    Raises:
        TypeError: for anything else.

    Example:
        >>> inputs_digest([np.array([1.0, 2.0]), 3]) == inputs_digest([[1.0, 2.0], 3])
        True
        >>> inputs_digest([jax.random.key(0)]) == inputs_digest([jax.random.key(1)])
        False
    """
    return digest_of(json.dumps(plain(inputs), sort_keys=True))


def plain(value: Any) -> Any:
    """A value as JSON has it; arguments and errors as of `inputs_digest`."""
    if isinstance(value, float):
        return value + 0.0  # of which 0 has no sign
    if value is None or isinstance(value, str | bool | int):
        return value
    if hasattr(value, "identity"):
        return value.identity
    if isinstance(value, Settings):
        # As what they are, and not as what a field declares: a task has settings of its own.
        told = value.model_dump(mode="json", serialize_as_any=True)
        return [type(value).__name__, plain(told)]
    if isinstance(value, jax.Array) and jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
        return [str(jax.random.key_impl(value)), jax.random.key_data(value).tolist()]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, Sequence):
        return [plain(part) for part in value]
    raise TypeError(f"a result cannot depend on {value!r}")
