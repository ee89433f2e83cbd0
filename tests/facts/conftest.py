import pytest


@pytest.fixture(autouse=True)
def double_precision(x64):
    """Facts are checked in float64."""
