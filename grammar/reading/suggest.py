"""What somebody probably meant; whoever needs no more of the language waits for nothing else."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def suggest(name: str, known: Collection[str]) -> str:
    """A remedy that names what the user probably meant, or "".

    Example:
        >>> suggest("u_baar", ["u_bar", "post"])
        'did you mean `u_bar`?'
    """
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""
