"""Whether explanations tell what the model does: erasure, curves, rank correlations, and what people would mark.

Texts are handled some at a time. Each method scores them; then the classifier reads them again without the words of
highest score, and with those alone. All intervals are bootstraps over texts, paired with the control `random`.
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
from tmeattn.explain.compatibility import demand, reason_against
from tmeattn.explain.explain import attribute
from tmeattn.faithfulness.metrics import agreement, erased, kendall_tau, ranking, without_and_alone
from tmeattn.faithfulness.rationales import Rationale
from tmeattn.faithfulness.results import CONTROL, Estimate, MethodRow
from tmeattn.inference.classifier import EncodedText, TrainedClassifier
from tmeattn.models.layers import entropy
from tmeattn.registry import registry
from tmeattn.specs import ExplainerSpec

CHUNK = 8
GRADIENT, LEAVE_ONE_OUT = "gradient", "leave-one-out"
NOT_BY_DEFAULT = {"uniform": "equal scores rank nothing", "lime": "its sampling takes longest by far"}
"""Methods that must be asked for, with the reason."""

Progress = Callable[[int, int], None]


@dataclass
class Assessment:
    """What was measured: figures by method and measure, one a text (NaN where undefined); seconds by method."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    entropies: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def add(self, method: str, figures: Mapping[str, float]) -> None:
        for name, figure in figures.items():
            self.values.setdefault(method, {}).setdefault(name, []).append(figure)


def choose_methods(
    classifier: TrainedClassifier, names: Sequence[str] | None
) -> tuple[list[ExplainerSpec], list[tuple[str, str]]]:
    """The methods to assess, the control last, and those passed over with the reason. Named ones must serve.

    Raises:
        UnknownName, BadInput, EnvironmentProblem: a named method is not there or cannot serve the model.
    """
    if names is not None:
        chosen = [registry().get(ExplainerSpec, name) for name in dict.fromkeys(names) if name != CONTROL]
        for spec in chosen:
            demand(spec, classifier)
        return [*chosen, registry().get(ExplainerSpec, CONTROL)], []
    wanted = [spec for spec in registry().all(ExplainerSpec) if spec.name not in {*NOT_BY_DEFAULT, CONTROL}]
    reasons = [(spec, reason_against(spec, classifier)) for spec in wanted]
    serving = [spec for spec, reason in reasons if reason is None]
    passed_over = [(spec.name, reason) for spec, reason in reasons if reason is not None]
    passed_over += [(name, f"{reason} (--methods can name it)") for name, reason in NOT_BY_DEFAULT.items()]
    return [*serving, registry().get(ExplainerSpec, CONTROL)], passed_over


def assess(
    classifier: TrainedClassifier,
    methods: Sequence[ExplainerSpec],
    texts: Sequence[EncodedText],
    *,
    rationales: Sequence[Rationale] | None = None,
    progress: Progress = lambda done, total: None,
) -> Assessment:
    """Measure every method on every text; rank correlations need gradients and leave-one-out, which are computed in
    any case where they can be.

    rationales: of the texts, in their order; each must mark a word that the model read.
    """
    found = Assessment()
    asked = {spec.name for spec in methods}
    extra = [registry().get(ExplainerSpec, name) for name in (GRADIENT, LEAVE_ONE_OUT) if name not in asked]
    extra = [spec for spec in extra if reason_against(spec, classifier) is None]
    for start in range(0, len(texts), CHUNK):
        chunk = list(texts[start : start + CHUNK])
        found.lengths += [len(text.ids_T) for text in chunk]
        found.entropies += _entropies(classifier, chunk)
        scores: dict[str, list[np.ndarray]] = {}
        for spec in [*extra, *methods]:
            began = time.perf_counter()
            scores[spec.name] = [one.scores_T for one in attribute(classifier, spec, chunk)]
            found.seconds[spec.name] = found.seconds.get(spec.name, 0.0) + time.perf_counter() - began
        for name in asked:
            for figures in _erasures(classifier, chunk, scores[name]):
                found.add(name, figures)
            for reference, measure in ((GRADIENT, "tau_gradient"), (LEAVE_ONE_OUT, "tau_leave_one_out")):
                if reference in scores and name != reference:
                    for own_N, its_N in zip(scores[name], scores[reference], strict=True):
                        found.add(name, {measure: kendall_tau(np.abs(own_N), np.abs(its_N))})
            if rationales is not None:
                marked = rationales[start : start + CHUNK]
                for text, own_N, rationale in zip(chunk, scores[name], marked, strict=True):
                    found.add(name, agreement(own_N, rationale.words(text.spans), text.ids_T))
        progress(min(start + CHUNK, len(texts)), len(texts))
    return found


def summarize(found: Assessment, methods: Sequence[ExplainerSpec]) -> tuple[MethodRow, ...]:
    """Means over texts with their intervals, and how far each lies from the control."""
    control = found.values[CONTROL]
    rows = []
    for spec in methods:
        measures = {
            name: estimated
            for name, values in found.values[spec.name].items()
            if (estimated := estimate(values, None if spec.name == CONTROL else control.get(name))) is not None
        }
        rows.append(MethodRow(spec.name, measures, found.seconds[spec.name] / len(found.lengths)))
    return tuple(rows)


def estimate(values: Sequence[float], control: Sequence[float] | None = None) -> Estimate | None:
    """The mean of what is defined, with the middle 95 % of 2,000 resamples of the texts; None where nothing is."""
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
    """(R,) mean of each resample over the texts for which the figure is defined."""
    defined_N = np.isfinite(values_N)
    with np.errstate(invalid="ignore"):
        return np.asarray(drawn_RN @ np.where(defined_N, values_N, 0.0) / (drawn_RN @ defined_N))


def _erasures(
    classifier: TrainedClassifier, texts: Sequence[EncodedText], scores: Sequence[np.ndarray]
) -> list[dict[str, float]]:
    sequences: list[np.ndarray] = []
    for text, scores_N in zip(texts, scores, strict=True):
        without, alone = without_and_alone(text.ids_T, ranking(scores_N, text.ids_T))
        sequences += [text.ids_T, text.ids_T[:0], *without, *alone]
    figures = []
    for rows_KC in np.split(classifier.probabilities(sequences), len(texts)):
        whole, empty, *rest = rows_KC[:, rows_KC[0].argmax()]
        without_K, alone_K = np.split(np.array(rest), 2)
        figures.append(erased(float(whole), float(empty), without_K, alone_K))
    return figures


def _entropies(classifier: TrainedClassifier, texts: Sequence[EncodedText]) -> list[float]:
    """Attention entropy of each text in nats, of self-attention the mean over layers, heads and rows; empty without."""
    sequences = [text.ids_T for text in texts]
    if classifier.spec.attention == "self":

        def reduce(maps: list[Tensor], prefix: int) -> Tensor:
            return torch.stack([entropy(map_HSS).mean() for map_HSS in maps]).mean()

        return [float(one) for one in classifier.read_maps(sequences, reduce)]
    readings = classifier.read(sequences)
    return [reading.entropy for reading in readings if reading.entropy is not None]


def readable(
    classifier: TrainedClassifier, rationales: Sequence[Rationale]
) -> tuple[list[EncodedText], list[Rationale], int]:
    """Annotated texts as the model reads them, without those whose marked words all lie beyond what it reads, and how
    many those are.

    Raises:
        BadInput: none is left.
    """
    encoded = [classifier.encode(rationale.text) for rationale in rationales]
    kept = [(text, one) for text, one in zip(encoded, rationales, strict=True) if one.words(text.spans).any()]
    if not kept:
        raise BadInput(
            f"No annotated word lies within the {classifier.max_length} words of a text that the model reads."
        )
    return [text for text, _ in kept], [one for _, one in kept], len(encoded) - len(kept)
