import os
import subprocess
import sys
import tempfile
from pathlib import Path

# Tests build the same programs again and again: each is compiled once for all workers and for the
# processes that tests start. The first process makes the folder, and the others inherit its name.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _cache = tempfile.TemporaryDirectory()
    os.environ["JAX_COMPILATION_CACHE_DIR"] = _cache.name
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.05"
    # So is every module, even where the machine keeps none.
    os.environ["PYTHONPYCACHEPREFIX"] = _cache.name
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Most of their time goes into compiling small programs, which gain nothing by being fast.
    if "XLA_FLAGS" not in os.environ:
        flags = "--xla_cpu_use_fusion_emitters=false --xla_backend_optimization_level=0"
        quick = os.environ | {"XLA_FLAGS": flags}
        asked = [sys.executable, "-c", "import jax; jax.devices()"]
        # A flag that this version of XLA does not know would end the process.
        if subprocess.run(asked, env=quick, capture_output=True).returncode == 0:
            os.environ["XLA_FLAGS"] = flags

import jax
import numpy as np
import pytest

from rulegen.ground.journal import Journal
from rulegen.lives.many import Lives

jax.config.update("jax_num_cpu_devices", 2)
# Two results of one name from different inputs are a mistake, which no run may hide from the tests.
Journal.strict = True


#: Tests that take longer than others, a line each.
LONG = Path(__file__).parent / "long.txt"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    long = set(LONG.read_text().splitlines())
    for item in items:
        if item.nodeid in long:
            item.add_marker(pytest.mark.long)


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
