"""From texts and a method's name to `Explanation`s."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from tmeattn.data.sources import open_split
from tmeattn.errors import BadInput, TmeattnError
from tmeattn.evaluation.meters import normalized
from tmeattn.explain.compatibility import FALLBACK, default_method, demand, demand_choice
from tmeattn.explain.explanation import NEARLY_UNIFORM, ExplainRequest, Explanation, Word
from tmeattn.inference.classifier import EncodedText, TextOutput, TrainedClassifier
from tmeattn.registry import registry, resolve
from tmeattn.specs import Attribution, ExplainerSpec

TOGETHER = 64
"""Texts that are explained at once."""


def explain(classifier: TrainedClassifier, request: ExplainRequest) -> Explanation:
    """Predict a text and score its words.

    Raises:
        UnknownName: no such method.
        BadInput: a text without words; a class, layer or head that the model does not have; a method that cannot
            serve it.
        EnvironmentProblem: a package that the method needs is not installed.
    """
    return next(explain_all(classifier, [request]))


def explain_all(classifier: TrainedClassifier, requests: Sequence[ExplainRequest]) -> Iterator[Explanation]:
    """Explain many texts, in order, 64 at a time where they ask for the same. Raises as `explain` does."""
    for _, alike in groupby(requests, lambda one: (one.method, one.target, one.layer, one.head)):
        group = list(alike)
        for start in range(0, len(group), TOGETHER):
            yield from _explain_alike(classifier, group[start : start + TOGETHER])


def compare_models(
    first: TrainedClassifier, second: TrainedClassifier, request: ExplainRequest
) -> tuple[Explanation, Explanation]:
    """One text by two models and one method. Without a method in the request, the default method of both models, or
    leave-one-out where their defaults differ. Raises as `explain` does."""
    if request.method is None:
        defaults = {default_method(model, request.layer, request.head)[0].name for model in (first, second)}
        request = replace(request, method=defaults.pop() if len(defaults) == 1 else FALLBACK)
    return explain(first, request), explain(second, request)


def dataset_text(classifier: TrainedClassifier, split: str, index: int) -> tuple[str, str]:
    """A text of the run's dataset, by its index in a split, and the name of its true class.

    Raises:
        UnknownName: the dataset has no such split.
        BadInput: the split has no such text.
    """
    dataset, texts = open_split(classifier.config.train, split)
    if index >= len(texts.texts):
        raise BadInput(f"--index {index}: the split {split} of {dataset.name} has texts 0 to {len(texts.texts) - 1}.")
    return texts.texts[index], dataset.classes[texts.labels[index]]


def attribute(
    classifier: TrainedClassifier,
    spec: ExplainerSpec,
    texts: list[EncodedText],
    target: int | None = None,
    *,
    layer: int | None = None,
    head: int | None = None,
) -> list[Attribution]:
    """Call a (perhaps foreign) explainer on texts that have words, and hold it to its contract.

    Raises:
        BadInput: it fails, or gives something else than a finite score for every word.
    """
    method = resolve(spec.explain, wanted_by=f"Explainer {spec.name!r}")
    try:
        chosen = {"layer": layer, "head": head} if spec.selects_heads else {}
        found = [
            one if isinstance(one, Attribution) else Attribution(one)
            for one in method(classifier, texts, target, **chosen)
        ]
    except TmeattnError:
        raise
    except Exception as error:
        raise BadInput(f"Explainer {spec.name!r} failed: {type(error).__name__}: {error}") from error
    if len(found) != len(texts):
        raise BadInput(f"Explainer {spec.name!r} was given {len(texts)} texts and answered for {len(found)}.")
    return [_checked(spec, text, one) for text, one in zip(texts, found, strict=True)]


def _checked(spec: ExplainerSpec, text: EncodedText, found: Attribution) -> Attribution:
    try:
        scores = np.asarray(found.scores_T, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"Explainer {spec.name!r} must give numbers: {error}.") from error
    if scores.shape != (len(text.spans),) or not np.isfinite(scores).all():
        raise BadInput(
            f"Explainer {spec.name!r} must give {len(text.spans)} finite scores, one a word; got shape {scores.shape}."
        )
    return Attribution(scores, found.note)


def _explain_alike(classifier: TrainedClassifier, requests: list[ExplainRequest]) -> Iterator[Explanation]:
    """Requests that differ in their texts and labels alone."""
    one = requests[0]
    if one.method is None:
        spec, stands_in = default_method(classifier, one.layer, one.head)
    else:
        spec, stands_in = registry().get(ExplainerSpec, one.method), None
    demand(spec, classifier)
    demand_choice(spec, classifier, one.layer, one.head)
    target = _class_index(classifier.classes, one.target)
    texts = [classifier.encode(request.visible_text) for request in requests]
    empty = next((text.text for text in texts if not text.spans), None)
    if empty is not None:
        raise BadInput(f"There are no words to explain in {empty[:40]!r}.", hint="A text needs a word.")
    outputs = classifier.read([text.ids_T for text in texts])
    found = attribute(classifier, spec, texts, target, layer=one.layer, head=one.head)
    for request, text, output, attribution in zip(requests, texts, outputs, found, strict=True):
        yield _explanation(classifier, spec, request, target, text, output, attribution, stands_in)


def _explanation(
    classifier: TrainedClassifier,
    spec: ExplainerSpec,
    request: ExplainRequest,
    target: int | None,
    text: EncodedText,
    output: TextOutput,
    attribution: Attribution,
    stands_in: str | None,
) -> Explanation:
    predicted = int(output.logits_C.argmax())
    share = _share_of_uniform(output.entropy, len(text.spans))
    known = [classifier.vocabulary.knows(token) for *_, token in text.spans]
    notes = [*classifier.notes, *filter(None, (stands_in, attribution.note))]
    if share is not None and share > NEARLY_UNIFORM and spec.needs_attention:
        notes.append("Attention is nearly uniform here: only what stands out from an equal share is coloured.")
    if not any(known):
        notes.append("None of these words is in the model's vocabulary: the prediction says nothing about the text.")
    return Explanation(
        text=request.visible_text,
        words=tuple(
            Word(start, end, token, is_known, float(score))
            for (start, end, token), is_known, score in zip(text.spans, known, attribution.scores_T, strict=True)
        ),
        tokens_total=text.tokens_total,
        run=classifier.run.id,
        model=classifier.spec.name,
        method=spec.name,
        signed=spec.signed,
        classes=classifier.classes,
        probabilities=tuple(float(p) for p in output.probabilities_C),
        predicted=predicted,
        target=predicted if target is None else target,
        entropy=output.entropy,
        normalized_entropy=share,
        true_label=request.true_label,
        note=" ".join(notes) or None,
        layer=request.layer,
        head=request.head,
    )


def _share_of_uniform(entropy: float | None, words: int) -> float | None:
    """Entropy over ln(words); None where there is none, or for a single word, which has nothing to share."""
    return None if entropy is None or words < 2 else float(normalized(np.array(entropy), np.array(words)))


def _class_index(classes: Sequence[str], name: str | None) -> int | None:
    if name is None:
        return None
    if name not in classes:
        raise BadInput(f"--class: the model knows no class {name!r}.", hint=f"It knows {', '.join(classes)}.")
    return classes.index(name)
