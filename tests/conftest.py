import tempfile

import jax
import numpy as np
import pytest

from rulegen.ground.journal import Journal
from rulegen.lives.batch import Lives

jax.config.update("jax_num_cpu_devices", 2)
# Tests build the same programs again and again; compile each once per session.
_cache = tempfile.TemporaryDirectory()
jax.config.update("jax_compilation_cache_dir", _cache.name)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)
# Two results of one name from different inputs are a mistake, which no run may hide from the tests.
Journal.strict = True


@pytest.fixture
def x64():
    with jax.enable_x64(True):
        yield


@pytest.fixture
def spoil(monkeypatch):
    """Makes so many lives of every batch have scores that are not finite, as near a root of 0."""
    run = Lives.run

    def first(count):
        def spoilt(*arguments, **named):
            batch = run(*arguments, **named)
            scores = batch.scores.copy()
            scores[:count, -1:] = np.nan
            scores[:count:2, -1:] = np.inf
            return batch._replace(scores=scores)

        monkeypatch.setattr(Lives, "run", spoilt)

    return first
