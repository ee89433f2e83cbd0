"""How lives ended, in words: rewards are worth little where lives diverge, saturate or fall silent.

A diverged life gets its worst reward to its end, so a mean over such lives is a mean over floors.
"""

from __future__ import annotations

from collections.abc import Mapping

from rulegen.grammar import RunError

#: Ends of lives that rewards should not be read without.
TROUBLES = ("diverged", "saturated", "silent")
#: What may help where weights or rewards leave the finite range.
REMEDY = (
    "try a smaller learning rate, bounds on the weights such as `bounds w in [-1, 1]`, or a decay "
    "of the weights"
)


def trouble(counts: Mapping[str, int]) -> str:
    """What was wrong with lives; empty where nothing was.

    Args:
        counts: number of lives by outcome: `ok`, `diverged`, `saturated`, `silent`.

    Example:
        >>> trouble({"ok": 5, "diverged": 2, "saturated": 0, "silent": 1})
        '2 of 8 lives diverged, 1 silent'
        >>> trouble({"ok": 0, "diverged": 8}), trouble({"ok": 8, "diverged": 0})
        ('every one of 8 lives diverged', '')
    """
    lives = sum(counts.values())
    bad = {name: count for name, count in counts.items() if count and name != "ok"}
    if len(bad) == 1 and set(bad.values()) == {lives}:
        return f"every one of {lives} lives {_ended(*bad)}"
    words = [
        f"{count} {_ended(name) if i == 0 else name}" for i, (name, count) in enumerate(bad.items())
    ]
    if not words:
        return ""
    first, *rest = words
    number, how = first.split(" ", 1)
    return ", ".join([f"{number} of {lives} lives {how}", *rest])


def _ended(name: str) -> str:
    return name if name == "diverged" else f"ended {name}"


def warning(counts: Mapping[str, int]) -> str:
    """`trouble`, with what may help where lives diverged.

    Example:
        >>> warning({"ok": 1, "silent": 1})
        '1 of 2 lives ended silent'
    """
    text = trouble(counts)
    return f"{text}: {REMEDY}" if counts.get("diverged") else text


def check_alive(outcomes: Mapping[str, Mapping[str, int]]) -> None:
    """Raise `RunError` when every life of a rule diverged.

    Args:
        outcomes: counts as of `trouble` for each rule, by its name.
    """
    dead = [n for n, counts in outcomes.items() if counts["diverged"] == sum(counts.values())]
    if dead:
        lives = sum(outcomes[dead[0]].values())
        raise RunError(
            f"{', '.join(dead)}: every one of {lives} lives diverged: the weights or the reward "
            f"left the finite range, and the rewards are floors; {REMEDY}"
        )
