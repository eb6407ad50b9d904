"""Assess attribution methods on a model, by families of metrics (`results.FAMILIES`) and against random rationales.

Each method scores the words of the texts. The classifier then predicts the texts again without the words of highest
score, with these words alone, or with parts of their vectors. All intervals are bootstrap intervals over texts, paired
with the control `random`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from tmeattn.data.encoding.words import Units
from tmeattn.errors import BadInput
from tmeattn.explain.compatibility import incompatibility, require_compatible
from tmeattn.explain.explain import attribute
from tmeattn.faithfulness.bounds import ROUNDING, BoundedText, Limits, bound, excess, is_flat, normalized, widened
from tmeattn.faithfulness.estimates import estimate
from tmeattn.faithfulness.metrics import erase_by_rank, erasure_metrics, kendall_tau, ranking, rationale_agreement
from tmeattn.faithfulness.operators import Donors
from tmeattn.faithfulness.randomization import compare_all
from tmeattn.faithfulness.rationales import Rationale
from tmeattn.faithfulness.results import CONTROL, MEASURES, OPERATORS, BoundsCount, MethodResults, OperatorResults
from tmeattn.faithfulness.soft import soft_erasure
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.read_texts import EncodedText
from tmeattn.models.layers import entropy
from tmeattn.plurals import counted
from tmeattn.registry import registry
from tmeattn.spacing import evenly_spaced
from tmeattn.specs import ExplainerSpec

CHUNK = 8
"""Texts that are assessed together."""
GRADIENT, LEAVE_ONE_OUT = "gradient", "leave-one-out"
NOT_BY_DEFAULT = {"uniform": "equal scores give no ranking", "lime": "its sampling takes by far the most time"}
"""Methods that are assessed only if they are named, with the reason."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Measures:
    """Which measures are taken beside the raw ones.

    bounded:   the number of texts whose bounds of AOPC are searched; 0: no normalised erasure.
    operators: the operators of erasure that random rationales are compared under.
    compared:  the number of texts on which methods are compared with random rationales; 0: no comparison.
    draws:     the random rationales of each text.
    keep_rate: of soft erasure; None: no soft erasure.
    """

    bounded: int = 0
    operators: tuple[str, ...] = OPERATORS
    compared: int = 0
    draws: int = 50
    keep_rate: float | None = None


@dataclass
class Assessment:
    """The values of the metrics.

    values:    by method and metric, one for each text; NaN where the metric is not defined.
    seconds:   the time that each method took for all texts.
    entropies: the attention entropy of each text in nats; empty for a model without attention.
    lengths:   the number of words of each text.
    bounds:    how many texts have bounds; None without normalised measures.
    """

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    entropies: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    bounds: BoundsCount | None = None
    against_random: tuple[OperatorResults, ...] = ()

    def add(self, method: str, metrics: Mapping[str, float]) -> None:
        """Add the metrics of one text."""
        for name, value in metrics.items():
            self.values.setdefault(method, {}).setdefault(name, []).append(value)

    def undefined(self, metric: str) -> int:
        """The number of texts on which a metric is not defined for the control."""
        return int(np.isnan(self.values[CONTROL][metric]).sum())

    def add_all(self, method: str, texts: Sequence[Mapping[str, float]]) -> None:
        """Add the metrics of several texts."""
        for metrics in texts:
            self.add(method, metrics)


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
    measures: Measures = Measures(),
    donors: Donors | None = None,
    rationales: Sequence[Rationale] | None = None,
    progress: Progress = lambda done, total: None,
) -> Assessment:
    """Compute the metrics of every method on every text.

    The rank correlations are with the gradient and with leave-one-out, so these two are computed even if they are not
    among `methods`, unless they are not compatible with the model.

    measures:   which measures are taken, and on how many texts the slow ones are.
    donors:     the texts that `infill` draws words from; None: the texts themselves.
    rationales: of the texts, in their order; each must mark a word that the model reads.
    progress:   called with the number of texts that are done, counted again for each slow measure.
    """
    assessment = Assessment()
    bounded, compared = (evenly_spaced(len(texts), most) for most in (measures.bounded, measures.compared))
    work = _Work(progress, len(texts) + len(bounded) + len(compared) * len(measures.operators))
    scores = _score_all(classifier, methods, texts, assessment, measures, rationales, work)
    names = [spec.name for spec in methods]
    if bounded:
        assessment.bounds = _normalize(classifier, texts, bounded, names, scores, assessment, work)
    if compared and measures.draws:
        assessment.against_random = compare_all(
            classifier.probabilities,
            [texts[index].units for index in compared],
            {name: [scores[name][index] for index in compared] for name in names},
            operators=measures.operators,
            draws=measures.draws,
            donors=donors or Donors([text.units for text in texts]),
            advance=work.advance,
        )
    return assessment


class _Work:
    """Counts the texts that are done, over all parts of the assessment."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def advance(self, texts: int) -> None:
        self.done += texts
        self.progress(self.done, self.total)


def _score_all(
    classifier: TrainedClassifier,
    methods: Sequence[ExplainerSpec],
    texts: Sequence[EncodedText],
    assessment: Assessment,
    measures: Measures,
    rationales: Sequence[Rationale] | None,
    work: _Work,
) -> dict[str, list[np.ndarray]]:
    """The scores of each method and reference on each text, by method. Adds the measures that all texts have."""
    assessed = [spec.name for spec in methods]
    references = [registry().get(ExplainerSpec, name) for name in (GRADIENT, LEAVE_ONE_OUT) if name not in assessed]
    references = [spec for spec in references if incompatibility(spec, classifier) is None]
    every: dict[str, list[np.ndarray]] = {}
    for start in range(0, len(texts), CHUNK):
        chunk = list(texts[start : start + CHUNK])
        assessment.lengths += [len(text.units) for text in chunk]
        assessment.entropies += _entropies(classifier, chunk)
        scores: dict[str, list[np.ndarray]] = {}
        for spec in [*references, *methods]:
            began = time.perf_counter()
            scores[spec.name] = [one.scores_T for one in attribute(classifier, spec, chunk)]
            assessment.seconds[spec.name] = assessment.seconds.get(spec.name, 0.0) + time.perf_counter() - began
        for name, of_method in scores.items():
            every.setdefault(name, []).extend(of_method)
        own = [scores[name] for name in assessed]
        for name, of_texts in zip(assessed, _erasure(classifier, chunk, own), strict=True):
            assessment.add_all(name, of_texts)
            assessment.add_all(name, _correlations(name, scores))
            if rationales is not None:
                marked = rationales[start : start + CHUNK]
                for text, own_N, rationale in zip(chunk, scores[name], marked, strict=True):
                    assessment.add(name, rationale_agreement(own_N, rationale.words(text.word_spans), text.units))
        if measures.keep_rate is not None:
            by_token = [
                [text.each_token(scores_W) for text, scores_W in zip(chunk, method, strict=True)] for method in own
            ]
            soft = soft_erasure(classifier, [text.ids_T for text in chunk], by_token, measures.keep_rate)
            for name, of_texts in zip(assessed, soft, strict=True):
                assessment.add_all(name, of_texts)
        work.advance(len(chunk))
    return every


def _correlations(name: str, scores: Mapping[str, list[np.ndarray]]) -> list[dict[str, float]]:
    """The rank correlations of a method with the references, of each text."""
    found: list[dict[str, float]] = [{} for _ in scores[name]]
    for reference, metric in ((GRADIENT, "tau_gradient"), (LEAVE_ONE_OUT, "tau_leave_one_out")):
        if reference in scores and name != reference:
            for one, own_N, reference_N in zip(found, scores[name], scores[reference], strict=True):
                one[metric] = kendall_tau(np.abs(own_N), np.abs(reference_N))
    return found


def _normalize(
    classifier: TrainedClassifier,
    texts: Sequence[EncodedText],
    bounded: Sequence[int],
    names: Sequence[str],
    scores: Mapping[str, list[np.ndarray]],
    assessment: Assessment,
    work: _Work,
) -> BoundsCount:
    """Search the bounds of some texts, and add the normalised measures of every method: NaN for all other texts."""
    limits: dict[int, Limits] = {}
    for start in range(0, len(bounded), CHUNK):
        part = list(bounded[start : start + CHUNK])
        wholes_PC = classifier.probabilities([texts[index].ids_T for index in part])
        wanted = [
            BoundedText(texts[index].units, int(row_C.argmax()), float(row_C.max()), scores[LEAVE_ONE_OUT][index])
            for index, row_C in zip(part, wholes_PC, strict=True)
        ]
        limits |= dict(zip(part, bound(classifier.probabilities, wanted), strict=True))
        work.advance(len(part))
    flat = dict.fromkeys(MEASURES, 0)
    outside: dict[int, float] = {}
    for measure in MEASURES:
        raw = {name: assessment.values[name][measure] for name in names}
        for name in names:
            assessment.values[name][f"normalized_{measure}"] = [math.nan] * len(texts)
        for index, one in limits.items():
            found = getattr(one, measure)
            wide = widened(found, [raw[name][index] for name in names])
            if not one.exact and (by := excess(wide, found)) > ROUNDING:
                outside[index] = max(by, outside.get(index, 0.0))
            flat[measure] += is_flat(wide)
            for name in names:
                assessment.values[name][f"normalized_{measure}"][index] = normalized(raw[name][index], wide)
    exact = sum(one.exact for one in limits.values())
    return BoundsCount(len(limits), exact, len(limits) - exact, flat, len(outside), max(outside.values(), default=0.0))


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


def _erasure(
    classifier: TrainedClassifier, texts: Sequence[EncodedText], scores: Sequence[Sequence[np.ndarray]]
) -> list[list[dict[str, float]]]:
    """The erasure metrics of the scores of several methods on each text: by method, by text. All variants of all texts
    are classified together."""
    sequences: list[Units] = []
    for at, text in enumerate(texts):
        sequences += [text.ids_T, text.ids_T[:0]]
        for method in scores:
            without, alone = erase_by_rank(text.units, ranking(method[at], text.units))
            sequences += [*without, *alone]
    found: list[list[dict[str, float]]] = [[] for _ in scores]
    for rows_KC in np.split(classifier.probabilities(sequences), len(texts)):
        whole, empty, *rest = rows_KC[:, rows_KC[0].argmax()]
        for of_method, own in zip(found, np.split(np.array(rest), len(scores)), strict=True):
            without_K, alone_K = np.split(own, 2)
            of_method.append(erasure_metrics(float(whole), float(empty), without_K, alone_K))
    return found


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
    kept = [(text, one) for text, one in zip(encoded, rationales, strict=True) if one.words(text.word_spans).any()]
    if not kept:
        raise BadInput(
            f"No annotated word is among the first {counted(classifier.max_length, 'word')} of its text, which the "
            "model reads."
        )
    return [text for text, _ in kept], [one for _, one in kept], len(encoded) - len(kept)
