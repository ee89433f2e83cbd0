"""What answers earn that depend on neither the stimulus nor the past."""

from __future__ import annotations

from typing import Literal

import numpy as np


def best_constant(
    targets: np.ndarray,
    weight: np.ndarray,
    often: np.ndarray,
    distance: Literal["squared", "absolute"],
) -> float:
    """The mean reward of the best outputs that are the same in all trials.

    At every step that is the mean of the targets, or their median for absolute distances, each
    trial n weighing `often_n*weight_nt`.

    Args:
        targets: of the trials, shape (n, T, outputs).
        weight: how much each step counts, shape (n, T).
        often: how often each trial is met, in any unit, shape (n,).
        distance: by which rewards are measured.

    Example:
        >>> targets = np.array([[[-1.0]], [[0.0]], [[0.0]], [[1.0]]])
        >>> best_constant(targets, np.ones((4, 1)), np.ones(4), "squared")
        -0.5
    """
    share = (often[:, None] * weight / often.sum())[..., None]
    centre = mean(targets, share) if distance == "squared" else median(targets, share)
    error = np.abs(targets - centre)
    size = error**2 if distance == "squared" else error
    return -float(np.sum(share * size.mean(axis=2, keepdims=True)))


def most_frequent(answers: np.ndarray, weight: np.ndarray, often: np.ndarray) -> float:
    """The share of trials in which the most frequent right answer is right.

    Answers that differ only where nothing counts are one. Where trials differ in which steps count,
    each such kind of trial has a most frequent answer of its own: no outputs that are the same in
    all trials are right more often.

    Args:
        answers: the right ones, shape (n, T, outputs).
        weight: how much each step counts, shape (n, T).
        often: how often each trial is met, in any unit, shape (n,).

    Example:
        >>> answers = np.array([[[-1.0]], [[1.0]], [[1.0]]])
        >>> most_frequent(answers, np.ones((3, 1)), np.array([2.0, 1.0, 1.0]))
        0.5
    """
    supports, which = distinct(weight > 0)
    right = every = 0.0
    for number, counts in enumerate(supports):
        there = which == number
        _, kinds = distinct(answers[there][:, counts])
        shares = np.bincount(kinds, often[there])
        right, every = right + shares.max(), every + shares.sum()
    return float(right / every)


def distinct(courses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Courses that differ, shape (kinds, ...), and which one each trial has."""
    found, kinds = np.unique(courses, axis=0, return_inverse=True)
    return found, kinds.reshape(-1)


def mean(values: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Weighted mean over the first axis, exact where all values are one."""
    whole = np.maximum(np.sum(share, axis=0), np.finfo(float).tiny)
    there = np.broadcast_to(share > 0, values.shape)
    low = np.min(values, axis=0, where=there, initial=np.inf)
    high = np.max(values, axis=0, where=there, initial=-np.inf)
    return np.where(low <= high, np.clip(np.sum(share * values, axis=0) / whole, low, high), 0.0)


def median(values: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Weighted median over the first axis."""
    order = np.argsort(values, axis=0)
    below = np.cumsum(np.take_along_axis(np.broadcast_to(share, values.shape), order, 0), axis=0)
    middle = np.argmax(below >= 0.5 * below[-1], axis=0)[None]
    return np.take_along_axis(np.take_along_axis(values, order, 0), middle, 0)[0]
