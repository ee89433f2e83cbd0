"""How often circuits choose one of two answers, stimulus by stimulus."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rulegen.ground.statistics import Estimate, estimate
from rulegen.tasks import PerceptualDecision, WorkingMemory

#: The share of answers to what nobody answered.
NOBODY = Estimate(np.nan, np.nan, np.nan, 0)


def psychometric(
    task: PerceptualDecision | WorkingMemory, conditions: np.ndarray, right: np.ndarray
) -> pd.DataFrame:
    """The share of positive answers to each stimulus: motion to the right, or a higher frequency.

    Stimuli that do not tell the answer, such as a coherence of 0, count once for both conditions.

    Args:
        task: perceptual decision or working memory.
        conditions: of trials, lives first, shape (L, K).
        right: whether the answers were right, 1 or 0, or NaN where there is none, of the same
            shape: `right` of the answers of lives, or the rewards of binary feedback.

    Returns:
        A row for each stimulus, in ascending order: its columns in `task.stimuli`, `positive`
        with the limits `low` and `high` of its 95% interval over lives, and `trials` with an
        answer.

    Example:
        >>> task = PerceptualDecision(coherences=(0.0, 0.5))
        >>> conditions = np.array([[0, 1, 2, 3]] * 2)
        >>> psychometric(task, conditions, np.array([[1, 1, 1, 0]] * 2))
           coherence  positive  low  high  trials
        0       -0.5       0.0  0.0   0.0       2
        1        0.0       0.5  0.5   0.5       4
        2        0.5       0.0  0.0   0.0       2
    """
    right = np.asarray(right, float)
    positive = np.where(conditions >= task.conditions // 2, right, 1 - right)
    # Negative and positive zero are one stimulus.
    stimuli = task.stimuli + 0.0
    rows = []
    for stimulus, group in stimuli.groupby(list(stimuli.columns)):
        shown = np.isin(conditions, group.index) & ~np.isnan(right)
        met = shown.any(axis=1)
        shares = np.mean(positive[met], axis=1, where=shown[met])
        mean, low, high, _ = estimate(shares) if met.any() else NOBODY
        found = {"positive": mean, "low": low, "high": high, "trials": int(shown.sum())}
        rows.append(dict(zip(stimuli.columns, stimulus, strict=True)) | found)
    return pd.DataFrame(rows)
