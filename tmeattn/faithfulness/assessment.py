"""Assess attribution methods on a model: erasure, curves, rank correlations, and agreement with human rationales.

Each method scores the words of the texts. The classifier then predicts the texts again without the words of highest
score, and with these words alone. All intervals are bootstrap intervals over texts, paired with the control `random`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from tmeattn.errors import BadInput
from tmeattn.evaluation.intervals import RESAMPLES, percentile_interval
from tmeattn.explain.compatibility import incompatibility, require_compatible
from tmeattn.explain.explain import attribute
from tmeattn.faithfulness.metrics import erase_by_rank, erasure_metrics, kendall_tau, ranking, rationale_agreement
from tmeattn.faithfulness.rationales import Rationale
from tmeattn.faithfulness.results import CONTROL, Estimate, MethodResults
from tmeattn.inference.classifier import EncodedText, TrainedClassifier
from tmeattn.models.layers import entropy
from tmeattn.plurals import counted
from tmeattn.registry import registry
from tmeattn.specs import ExplainerSpec

CHUNK = 8
"""Texts that are assessed together."""
GRADIENT, LEAVE_ONE_OUT = "gradient", "leave-one-out"
NOT_BY_DEFAULT = {"uniform": "equal scores give no ranking", "lime": "its sampling takes by far the most time"}
"""Methods that are assessed only if they are named, with the reason."""

Progress = Callable[[int, int], None]


@dataclass
class Assessment:
    """The values of the metrics.

    values:    by method and metric, one for each text; NaN where the metric is not defined.
    seconds:   the time that each method took for all texts.
    entropies: the attention entropy of each text in nats; empty for a model without attention.
    lengths:   the number of words of each text.
    """

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    entropies: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def add(self, method: str, metrics: Mapping[str, float]) -> None:
        """Add the metrics of one text."""
        for name, value in metrics.items():
            self.values.setdefault(method, {}).setdefault(name, []).append(value)


def choose_methods(
    classifier: TrainedClassifier, names: Sequence[str] | None
) -> tuple[list[ExplainerSpec], list[tuple[str, str]]]:
    """The methods to assess, with the control last, and those that are not assessed, with the reason.

    names: the methods to assess; None: all that are compatible with the model, without `NOT_BY_DEFAULT`.

    Raises:
        UnknownName, BadInput, EnvironmentProblem: a named method does not exist or is not compatible with the model.
    """
    if names is not None:
        chosen = [registry().get(ExplainerSpec, name) for name in dict.fromkeys(names) if name != CONTROL]
        for spec in chosen:
            require_compatible(spec, classifier)
        return [*chosen, registry().get(ExplainerSpec, CONTROL)], []
    wanted = [spec for spec in registry().all(ExplainerSpec) if spec.name not in {*NOT_BY_DEFAULT, CONTROL}]
    reasons = [(spec, incompatibility(spec, classifier)) for spec in wanted]
    compatible = [spec for spec, reason in reasons if reason is None]
    passed_over = [(spec.name, reason) for spec, reason in reasons if reason is not None]
    passed_over += [(name, f"{reason} (name it in --methods to assess it)") for name, reason in NOT_BY_DEFAULT.items()]
    return [*compatible, registry().get(ExplainerSpec, CONTROL)], passed_over


def assess(
    classifier: TrainedClassifier,
    methods: Sequence[ExplainerSpec],
    texts: Sequence[EncodedText],
    *,
    rationales: Sequence[Rationale] | None = None,
    progress: Progress = lambda done, total: None,
) -> Assessment:
    """Compute the metrics of every method on every text.

    The rank correlations are with the gradient and with leave-one-out, so these two are computed even if they are not
    among `methods`, unless they are not compatible with the model.

    rationales: of the texts, in their order; each must mark a word that the model reads.
    """
    assessment = Assessment()
    assessed = {spec.name for spec in methods}
    references = [registry().get(ExplainerSpec, name) for name in (GRADIENT, LEAVE_ONE_OUT) if name not in assessed]
    references = [spec for spec in references if incompatibility(spec, classifier) is None]
    for start in range(0, len(texts), CHUNK):
        chunk = list(texts[start : start + CHUNK])
        assessment.lengths += [len(text.ids_T) for text in chunk]
        assessment.entropies += _entropies(classifier, chunk)
        scores: dict[str, list[np.ndarray]] = {}
        for spec in [*references, *methods]:
            began = time.perf_counter()
            scores[spec.name] = [one.scores_T for one in attribute(classifier, spec, chunk)]
            assessment.seconds[spec.name] = assessment.seconds.get(spec.name, 0.0) + time.perf_counter() - began
        for name in assessed:
            for metrics in _erasure(classifier, chunk, scores[name]):
                assessment.add(name, metrics)
            for reference, metric in ((GRADIENT, "tau_gradient"), (LEAVE_ONE_OUT, "tau_leave_one_out")):
                if reference in scores and name != reference:
                    for own_N, reference_N in zip(scores[name], scores[reference], strict=True):
                        assessment.add(name, {metric: kendall_tau(np.abs(own_N), np.abs(reference_N))})
            if rationales is not None:
                marked = rationales[start : start + CHUNK]
                for text, own_N, rationale in zip(chunk, scores[name], marked, strict=True):
                    assessment.add(name, rationale_agreement(own_N, rationale.words(text.spans), text.ids_T))
        progress(min(start + CHUNK, len(texts)), len(texts))
    return assessment


def summarize(assessment: Assessment, methods: Sequence[ExplainerSpec]) -> tuple[MethodResults, ...]:
    """The mean of each metric over the texts, its interval, and its difference from the control."""
    control = assessment.values[CONTROL]
    rows = []
    for spec in methods:
        measures = {
            name: estimated
            for name, values in assessment.values[spec.name].items()
            if (estimated := estimate(values, None if spec.name == CONTROL else control.get(name))) is not None
        }
        rows.append(MethodResults(spec.name, measures, assessment.seconds[spec.name] / len(assessment.lengths)))
    return tuple(rows)


def estimate(values: Sequence[float], control: Sequence[float] | None = None) -> Estimate | None:
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


def _erasure(
    classifier: TrainedClassifier, texts: Sequence[EncodedText], scores: Sequence[np.ndarray]
) -> list[dict[str, float]]:
    """The erasure metrics of each text. All variants of all texts are classified together."""
    sequences: list[np.ndarray] = []
    for text, scores_N in zip(texts, scores, strict=True):
        without, alone = erase_by_rank(text.ids_T, ranking(scores_N, text.ids_T))
        sequences += [text.ids_T, text.ids_T[:0], *without, *alone]
    metrics = []
    for rows_KC in np.split(classifier.probabilities(sequences), len(texts)):
        whole, empty, *rest = rows_KC[:, rows_KC[0].argmax()]
        without_K, alone_K = np.split(np.array(rest), 2)
        metrics.append(erasure_metrics(float(whole), float(empty), without_K, alone_K))
    return metrics


def _entropies(classifier: TrainedClassifier, texts: Sequence[EncodedText]) -> list[float]:
    """The attention entropy of each text in nats; of self-attention, the mean over layers, heads and query rows. Empty
    for a model without attention."""
    sequences = [text.ids_T for text in texts]
    if classifier.spec.attention == "self":

        def reduce(maps: list[Tensor], prefix: int) -> Tensor:
            return torch.stack([entropy(map_HSS).mean() for map_HSS in maps]).mean()

        return [float(one) for one in classifier.read_maps(sequences, reduce)]
    return [output.entropy for output in classifier.read(sequences) if output.entropy is not None]


def encode_annotated(
    classifier: TrainedClassifier, rationales: Sequence[Rationale]
) -> tuple[list[EncodedText], list[Rationale], int]:
    """The annotated texts as the model reads them, with their rationales. Texts are left out if the model reads none of
    their annotated words, because its maximum length cuts the text; the last value is their number.

    Raises:
        BadInput: no text is left.
    """
    encoded = [classifier.encode(rationale.text) for rationale in rationales]
    kept = [(text, one) for text, one in zip(encoded, rationales, strict=True) if one.words(text.spans).any()]
    if not kept:
        raise BadInput(
            f"No annotated word is among the first {counted(classifier.max_length, 'word')} of its text, which the "
            "model reads."
        )
    return [text for text, _ in kept], [one for _, one in kept], len(encoded) - len(kept)
