"""What is promised of lives, whatever runs beside them (`docs/accelerators.md`)."""

from __future__ import annotations

import jax
import numpy as np

from rulegen.lives.batch import Batch

#: Versions of JAX whose products do not depend on the number of lives beside one, on CPUs.
TO_THE_BIT = ("0.10.",)
#: Elsewhere numbers of single precision may differ by so much of the largest.
ROUNDING = 1e-5


def same(found: Batch, expected: Batch) -> None:
    """To the bit where that is promised, and to rounding elsewhere; counts always to the bit."""
    exact = jax.__version__.startswith(TO_THE_BIT) and jax.default_backend() == "cpu"
    for name in expected._fields:
        one, other = getattr(found, name), getattr(expected, name)
        if other is None:
            assert one is None, name
        elif exact or not np.issubdtype(other.dtype, np.floating) or not other.size:
            np.testing.assert_array_equal(one, other, err_msg=name)
        else:
            most = ROUNDING * np.abs(other).max()
            np.testing.assert_allclose(one, other, rtol=0, atol=most, err_msg=name)
