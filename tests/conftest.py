import tempfile

import jax
import pytest

from rulegen.journal import Journal

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
