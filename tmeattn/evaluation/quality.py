"""How good a classifier is, class by class, and how far its probabilities can be believed (torchmetrics)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

CALIBRATION_BINS = 15


def quality(probabilities_NC: np.ndarray, labels_N: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Macro-F1, calibration error, and each class's precision, recall, F1 and number of texts.

    macro_f1:          mean of the F1 of the classes that occur, or are predicted.
    calibration_error: the mean distance between confidence and accuracy over 15 bins of confidence, weighted by their
                       texts (ECE; Guo et al. 2017).
    """
    from torchmetrics.functional.classification import (
        multiclass_calibration_error,
        multiclass_f1_score,
        multiclass_precision,
        multiclass_recall,
    )

    probabilities, labels = torch.from_numpy(probabilities_NC), torch.from_numpy(labels_N)
    number = len(classes)
    each = {
        name: function(probabilities, labels, num_classes=number, average="none").tolist()
        for name, function in (
            ("precision", multiclass_precision),
            ("recall", multiclass_recall),
            ("f1", multiclass_f1_score),
        )
    }
    texts = np.bincount(labels_N, minlength=number).tolist()
    return {
        "macro_f1": float(multiclass_f1_score(probabilities, labels, num_classes=number, average="macro")),
        "calibration_error": float(
            multiclass_calibration_error(probabilities, labels, num_classes=number, n_bins=CALIBRATION_BINS)
        ),
        "per_class": {
            name: {**{measure: values[at] for measure, values in each.items()}, "texts": texts[at]}
            for at, name in enumerate(classes)
        },
    }
