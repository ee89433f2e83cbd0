"""Packages that only some commands need."""

from __future__ import annotations

import importlib
from typing import Any

from rulegen.grammar import ConfigError


def extra(module: str, name: str) -> Any:
    """An optional package, imported when it is needed.

    Args:
        module: what to import.
        name: of the extra that brings it.

    Raises:
        ConfigError: when it is not installed.

    Example:
        >>> extra("no_such_package", "sweep")
        Traceback (most recent call last):
        ...
        rulegen.ConfigError: this needs no_such_package: pip install 'rulegen[sweep]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != package:
            raise
        raise ConfigError(f"this needs {package}: pip install 'rulegen[{name}]'") from None
