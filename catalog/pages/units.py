"""The units of settings, by their names: every part of rulegen means the same by one name."""

from __future__ import annotations

from typing import Any

_NAMES = {
    "ms": (
        *(
            "before",
            "cue",
            "delay",
            "delivery",
            "element",
            "first",
            "hold",
            "intervals",
            "motion",
            "pulse",
        ),
        *("reach", "recall", "response", "sample", "second", "signal", "test", "wait"),
        *("correlation", "dt", "refractory", "tau", "tau_adaptation", "tau_r"),
    ),
    "sqrt(ms)": ("spread",),
    "Hz": ("difference", "frequencies"),
    "trials": ("trials", "warmup"),
}
UNITS = {name: unit for unit, names in _NAMES.items() for name in names}


def unit_of(setting: str, value: Any, package: str | None) -> str:
    """The unit of a setting; nothing where it has none, or where others say what it means.

    Args:
        setting: its name.
        value: what it is; a word has no unit.
        package: with which the part comes that has it, where that is not rulegen.

    Example:
        >>> unit_of("delay", 60.0, None), unit_of("delivery", "end", None)
        ('ms', '')
        >>> unit_of("delay", 60.0, "rulegen-tone 0.1")
        ''
    """
    return "" if package or isinstance(value, str) else UNITS.get(setting, "")
