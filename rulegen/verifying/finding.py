"""What is found of a claim: a verdict, and the reason."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What becomes of a claim."""

    HOLDS = "holds"
    REFUTED = "refuted"
    WEAK = "too weak to verify"
    UNCHECKED = "not checked"


#: What is said of all claims together, by the worst.
CLOSING = {
    Verdict.HOLDS: "the claim holds",
    Verdict.REFUTED: "the claim does not hold",
    Verdict.WEAK: "the claim is too weak to verify",
    Verdict.UNCHECKED: "nothing could be checked",
}


class Finding(NamedTuple):
    """A claim, what became of it, and the reason unless it holds."""

    claim: str
    verdict: Verdict
    why: str = ""


def decided(claim: str, holds: bool, why: str) -> Finding:
    """A claim that holds, or is refuted by `why`."""
    return Finding(claim, Verdict.HOLDS) if holds else Finding(claim, Verdict.REFUTED, why)


def unchecked(claim: str, why: str) -> Finding:
    """A claim of which nothing here can tell."""
    return Finding(claim, Verdict.UNCHECKED, why)
