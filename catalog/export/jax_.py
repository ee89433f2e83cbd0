"""A rule as pure JAX functions, which can be jitted, mapped and differentiated."""

from __future__ import annotations

from rulegen.catalog.export.arrays import module
from rulegen.catalog.export.library import Library
from rulegen.catalog.records.record import Record

JAX = Library(
    title="A plasticity rule as pure JAX functions, exported by rulegen.",
    short="jnp",
    imports="import jax.numpy as jnp",
    quiet=(),
    erf=("from jax.scipy.special import erf as array_erf", "return array_erf(x)"),
    place=("return old.at[condition].set(value)",),
    own="",
    random=("import jax", "keys = jax.random.split(random, {count})"),
    even="jax.random.uniform(keys[{index}], {shape}, w.dtype)",
    bell="jax.random.normal(keys[{index}], {shape}, w.dtype)",
)


def write(record: Record) -> str:
    """The text of a module with `init`, `forward`, `step` and a function for each event.

    Example:
        >>> record = Record(name="hebb", title="Hebb", description="",
        ...                 equations="w += 0.1*pre*post")
        >>> "import jax.numpy as jnp" in write(record)
        True
    """
    return module(record, JAX)
