"""Means over texts with their bootstrap intervals, paired with the control. No torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tmeattn.evaluation.intervals import RESAMPLES, percentile_interval
from tmeattn.faithfulness.results import Estimate


def estimate(
    values: Sequence[float] | np.ndarray, control: Sequence[float] | np.ndarray | None = None
) -> Estimate | None:
    """The mean over the texts where the metric is defined, with the middle 95 % of 2,000 resamples of the texts; None
    where it is defined for no text."""
    values_N = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values_N).any():
        return None
    texts = len(values_N)
    drawn_RN = np.random.default_rng(0).multinomial(texts, np.full(texts, 1 / texts), size=RESAMPLES)
    means_R = _means(drawn_RN, values_N)
    low, high = percentile_interval(means_R[np.isfinite(means_R)])
    mean = float(np.nanmean(values_N))
    if control is None or not np.isfinite(control).any():
        return Estimate(mean, low, high)
    control_N = np.asarray(control, dtype=np.float64)
    over_R = means_R - _means(drawn_RN, control_N)
    over_low, over_high = percentile_interval(over_R[np.isfinite(over_R)])
    return Estimate(mean, low, high, mean - float(np.nanmean(control_N)), over_low, over_high)


def _means(drawn_RN: np.ndarray, values_N: np.ndarray) -> np.ndarray:
    """(R,) mean of each resample over the texts where the metric is defined."""
    defined_N = np.isfinite(values_N)
    with np.errstate(invalid="ignore"):
        return np.asarray(drawn_RN @ np.where(defined_N, values_N, 0.0) / (drawn_RN @ defined_N))
