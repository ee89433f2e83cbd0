"""Measures in words: tables and programs call them by short names, readers do not."""

from __future__ import annotations

#: What measures are, by the names of their columns.
WORDS = {
    "reward": "reward per trial",
    "late": "reward in the last quarter",
    "performance": "performance in the last quarter",
    "trials": "trials to half performance",
    "size": "size of the weight change",
    "rank": "effective rank of the change",
    "along": "change along the initial weights",
    "overlap": "change within their strongest directions",
    "gradient": "change along the gradient of the reward",
    "radius_before": "largest eigenvalue before learning",
    "radius_after": "largest eigenvalue after learning",
    "dimension": "dimensions of the activity",
    "error": "error without noise",
    "unstable": "unstable directions of a fixed point",
    "leading": "fastest growth at a fixed point",
    "change": "weight changes (cosine)",
    "activity": "activity (CKA)",
    "trajectories": "trajectories (best rotation)",
    "spectrum": "eigenvalues of the weights",
}
#: What begins the name of a measure of a factor.
PREFIXES = {
    "decoding ": "{} decoded",
    "generalisation ": "{} decoded at other times",
    "variance ": "variance by {}",
}


def worded(measure: str) -> str:
    """A measure in words; a name that says it all stays.

    Example:
        >>> worded("radius_after"), worded("variance cue:time"), worded("fixed points")
        ('largest eigenvalue after learning', 'variance by cue × time', 'fixed points')
    """
    for prefix, words in PREFIXES.items():
        if measure.startswith(prefix):
            return words.format(measure.removeprefix(prefix).replace(":", " × "))
    return WORDS.get(measure, measure)
