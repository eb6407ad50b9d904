"""Integrated gradients (Sundararajan et al. 2017), with as many steps as each text needs.

The path is the straight line from zero vectors to the word vectors. It is divided into panels, and the gradient is
integrated over each of them by a Gauss-Legendre rule. The scores of a panel must sum to the difference of the log-odds
between its ends, which the model gives exactly. So it is known where the path is hard, and only there panels are halved
(Press et al., Numerical Recipes, on adaptive quadrature). All panels of all texts of a batch are computed together.

Shapes: B texts, T tokens, D dimensions of a word vector, P panels, K points of the rule, N = P K points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from tmeattn.explain.gradients import WordBatch, differentiable, word_batches
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.read_texts import EncodedText
from tmeattn.plurals import counted
from tmeattn.specs import Attribution

CLOSE, CLOSE_PANELS = 0.01, 0.03
"""Panels are halved until the error of the sum of the scores is at most the first share of max(|difference|, 0.1), and
the root of the sum of the squared errors of the panels the second. The second keeps errors from cancelling by chance.
"""
HARD = 0.5
"""Of a text whose error is larger, the panels are halved whose error is at least this share of the largest one."""
MOST_STEPS = 1024
"""No panel is halved if the text would then need more steps than this."""
ENDS = (0.0, 0.1, 0.3, 1.0)
"""The ends of the first panels. Most of the change of the log-odds is near the zero vectors, where layer normalisation
and attention first see a difference between the words."""
POINTS = 3
"""Steps of a panel. In a transformer the log-odds have kinks all along the path, where more points in a panel are worth
less than more panels; on the smooth path of an LSTM the first nine steps are enough."""
ROW_TOKENS = 16_384
"""Approximate number of tokens in one pass of the model."""
_NODES_K, _WEIGHTS_K = ((np.polynomial.legendre.leggauss(POINTS)[i] + (1 - i)) / 2 for i in (0, 1))


def integrated_gradients(
    classifier: TrainedClassifier, texts: list[EncodedText], target: int | None
) -> list[Attribution]:
    """Gradients of the log-odds, integrated from zero vectors to the word vectors, times the word vectors.

    The exact scores sum to the difference between the log-odds of the text and of as many zero vectors; the note has
    the error of the sum, which is below 1 % of the difference, or says that it is not.
    """
    attributions: dict[int, Attribution] = {}
    for indices, batch in word_batches(classifier, texts, target):
        for index, paths in zip(indices, _integrated(batch), strict=True):
            attributions[int(index)] = paths
    return [attributions[index] for index in range(len(texts))]


@dataclass
class _Panels:
    """Panels of paths: the text of each (P,), its ends (P,), the log-odds there (P,), and its scores (P, T)."""

    row_P: np.ndarray
    low_P: np.ndarray
    high_P: np.ndarray
    odds_low_P: np.ndarray
    odds_high_P: np.ndarray
    scores_PT: np.ndarray

    @property
    def gap_P(self) -> np.ndarray:  # noqa: N802
        """By how much the sum of the scores exceeds the difference of the log-odds."""
        return np.asarray(self.scores_PT.sum(axis=1) - (self.odds_high_P - self.odds_low_P))

    def chosen(self, which: np.ndarray) -> _Panels:
        return _Panels(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def and_more(self, other: _Panels) -> _Panels:
        return _Panels(
            *(np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__dataclass_fields__)
        )


def _integrated(batch: WordBatch) -> list[Attribution]:
    """The scores of each text of a batch."""
    texts = len(batch.x_BTD)
    ends_BE = np.tile(ENDS, (texts, 1))
    odds_BE = _odds(batch, np.repeat(np.arange(texts), len(ENDS)), ends_BE.ravel()).reshape(ends_BE.shape)
    rows_P = np.repeat(np.arange(texts), len(ENDS) - 1)
    panels = _panels(
        batch, rows_P, *(ends.ravel() for ends in (ends_BE[:, :-1], ends_BE[:, 1:], odds_BE[:, :-1], odds_BE[:, 1:]))
    )
    scale_B = np.maximum(np.abs(odds_BE[:, -1] - odds_BE[:, 0]), 0.1)
    steps_B = np.full(texts, POINTS * (len(ENDS) - 1))
    while True:
        worst_B = np.zeros(texts)
        np.maximum.at(worst_B, panels.row_P, np.abs(panels.gap_P))
        sum_B = np.abs(np.bincount(panels.row_P, panels.gap_P, minlength=texts))
        root_B = np.sqrt(np.bincount(panels.row_P, panels.gap_P**2, minlength=texts))
        open_B = (sum_B > CLOSE * scale_B) | (root_B > CLOSE_PANELS * scale_B)
        hard_P = open_B[panels.row_P] & (np.abs(panels.gap_P) >= HARD * worst_B[panels.row_P])
        more_B = 2 * POINTS * np.bincount(panels.row_P[hard_P], minlength=texts)
        hard_P &= (steps_B + more_B <= MOST_STEPS)[panels.row_P]
        if not hard_P.any():
            break
        steps_B += 2 * POINTS * np.bincount(panels.row_P[hard_P], minlength=texts)
        panels = panels.chosen(~hard_P).and_more(_halved(batch, panels.chosen(hard_P)))
    return [
        _attribution(
            batch, panels.chosen(panels.row_P == row), row, int(steps_B[row]), bool(open_B[row]), float(root_B[row])
        )
        for row in range(texts)
    ]


def _attribution(batch: WordBatch, panels: _Panels, row: int, steps: int, is_open: bool, root: float) -> Attribution:
    """The sum of the panels of a text. is_open: its error is too large.   root: that of the panels' squared errors."""
    scores_T = panels.scores_PT.sum(axis=0)[: int(batch.mask_BT[row].sum())]
    difference, gap = float((panels.odds_high_P - panels.odds_low_P).sum()), float(panels.gap_P.sum())
    sums = f"The scores sum to {difference + gap:+.3f}; the log-odds are {difference:+.3f} above those of zero vectors"
    if not is_open:
        return Attribution(scores_T, f"{sums} ({counted(steps, 'step')}).")
    error = max(abs(gap), root)
    return Attribution(
        scores_T,
        f"{sums}. The error is still {error:.3f} after {counted(steps, 'step')}, so the scores are not reliable.",
    )


def _halved(batch: WordBatch, panels: _Panels) -> _Panels:
    """The two halves of each panel."""
    middle_P = (panels.low_P + panels.high_P) / 2
    odds_P = _odds(batch, panels.row_P, middle_P)
    return _panels(
        batch,
        np.concatenate([panels.row_P] * 2),
        np.concatenate([panels.low_P, middle_P]),
        np.concatenate([middle_P, panels.high_P]),
        np.concatenate([panels.odds_low_P, odds_P]),
        np.concatenate([odds_P, panels.odds_high_P]),
    )


def _panels(
    batch: WordBatch,
    row_P: np.ndarray,
    low_P: np.ndarray,
    high_P: np.ndarray,
    odds_low_P: np.ndarray,
    odds_high_P: np.ndarray,
) -> _Panels:
    """Panels with their scores: the gradients at the points of the rule, times the word vectors, with its weights."""
    width_P = high_P - low_P
    places_PK = low_P[:, None] + width_P[:, None] * _NODES_K
    slopes_NT = _slopes(batch, np.repeat(row_P, POINTS), places_PK.ravel())
    slopes_PKT = slopes_NT.reshape(len(row_P), POINTS, -1)
    scores_PT = np.einsum("p,k,pkt->pt", width_P, _WEIGHTS_K, slopes_PKT)
    return _Panels(row_P, low_P, high_P, odds_low_P, odds_high_P, scores_PT)


def _slopes(batch: WordBatch, row_N: np.ndarray, place_N: np.ndarray) -> np.ndarray:
    """(N, T) derivatives of the log-odds of the texts `row_N` along their paths, at the places, divided among words."""
    slopes_NT = np.zeros((len(row_N), batch.x_BTD.shape[1]))
    for at, part, places in _passes(batch, row_N, place_N):
        x_NTD = (part.x_BTD * places).requires_grad_()
        with differentiable():
            (grad_NTD,) = torch.autograd.grad(part.log_odds(x_NTD).sum(), x_NTD)
        slopes_NT[at, : x_NTD.shape[1]] = (grad_NTD * part.x_BTD).sum(dim=-1).double().cpu().numpy()
    return slopes_NT


@torch.no_grad()
def _odds(batch: WordBatch, row_N: np.ndarray, place_N: np.ndarray) -> np.ndarray:
    """(N,) log-odds of the texts `row_N` at the places between 0 and 1 of their paths."""
    odds_N = np.zeros(len(row_N))
    for at, part, places in _passes(batch, row_N, place_N):
        odds_N[at] = part.log_odds(part.x_BTD * places).double().cpu().numpy()
    return odds_N


def _passes(
    batch: WordBatch, row_N: np.ndarray, place_N: np.ndarray
) -> Iterator[tuple[np.ndarray, WordBatch, torch.Tensor]]:
    """The points of a pass of the model, its texts, and the places (N, 1, 1). The texts of a pass have about the same
    length, without padding behind the longest one, and about `ROW_TOKENS` tokens together."""
    length_N = batch.mask_BT.sum(dim=1).cpu().numpy()[row_N]
    order, start = np.argsort(-length_N, kind="stable"), 0
    while start < len(order):
        most = int(max(length_N[order[start]], 1))
        at = order[start : start + max(POINTS, ROW_TOKENS // most)]
        yield at, batch.part(row_N[at], most), torch.from_numpy(place_N[at]).to(batch.x_BTD)[:, None, None]
        start += len(at)
