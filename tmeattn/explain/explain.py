"""Explain texts: predict them and score their words with an attribution method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from tmeattn.data.chosen_texts import choose_texts
from tmeattn.data.data_options import EVERY_SPLIT, OWN_TEXTS, DataOptions
from tmeattn.data.encoding.words import known_of
from tmeattn.errors import BadInput
from tmeattn.evaluation.meters import normalized
from tmeattn.explain.compatibility import default_method, require_compatible, require_layer_and_head
from tmeattn.explain.explanation import NEARLY_UNIFORM, ExplainRequest, Explanation, Word, common_method
from tmeattn.foreign import plugin_call
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.read_texts import EncodedText, TextOutput
from tmeattn.plurals import counted
from tmeattn.registry import registry, resolve
from tmeattn.specs import Attribution, ExplainerSpec

TOGETHER = 64
"""Texts that are explained in one batch."""


def explain(classifier: TrainedClassifier, request: ExplainRequest) -> Explanation:
    """Predict a text and score its words.

    Raises:
        UnknownName: there is no such method.
        BadInput: the text has no words, the model does not have the class, layer or head, or the method is not
            compatible with it.
        EnvironmentProblem: a package that the method needs is not installed.
    """
    return next(explain_all(classifier, [request]))


def explain_all(classifier: TrainedClassifier, requests: Sequence[ExplainRequest]) -> Iterator[Explanation]:
    """Explain many texts, in order. Consecutive requests that differ only in their texts are batches of 64. Raises as
    `explain` does."""
    for _, alike in groupby(requests, lambda one: (one.method, one.target, one.layer, one.head)):
        group = list(alike)
        for start in range(0, len(group), TOGETHER):
            yield from _explain_alike(classifier, group[start : start + TOGETHER])


def explain_each(
    classifier: TrainedClassifier,
    requests: Sequence[Sequence[ExplainRequest]],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Explanation]:
    """The explanations of each text by each method, text by text. Raises as `explain` does.

    requests: for each text, one for each method.
    progress: called about once for each batch with the number of explanations so far and of all, if they are several.
    """
    by_method = [request for column in zip(*requests, strict=True) for request in column]  # alike ones are one batch
    explanations = []
    for explanation in explain_all(classifier, by_method):
        explanations.append(explanation)
        if len(by_method) > 1 and len(explanations) % TOGETHER == 1:
            progress(len(explanations), len(by_method))
    texts = len(requests)
    return [explanations[at] for text in range(texts) for at in range(text, len(explanations), texts)]


def compare_models(
    first: TrainedClassifier, second: TrainedClassifier, request: ExplainRequest
) -> tuple[Explanation, Explanation]:
    """One text by two models, by one method and for one class. Without a method in the request, the default method of
    both models, or leave-one-out where their defaults differ; without a class, the class that the first model predicts.
    Raises as `explain` does."""
    if request.method is None:
        defaults = [default_method(model, request.layer, request.head)[0].name for model in (first, second)]
        request = replace(request, method=common_method(*defaults))
    explanation = explain(first, request)
    return explanation, explain(second, replace(request, target=request.target or explanation.predicted_label))


def dataset_text(classifier: TrainedClassifier, index: int, data: DataOptions = OWN_TEXTS) -> tuple[str, str | None]:
    """A text of the run's dataset or of another one, by its index, and the name of its true class; None where the text
    has no label that is a class of the run.

    Raises:
        UnknownName: there is no such dataset or split.
        BadInput: the split has no such text, or it is not in the sample, or the run's own data has changed.
    """
    chosen = choose_texts(classifier.run, classifier.config.train, data, duplicates=False)
    which = f"{chosen.dataset}, {chosen.split}" if chosen.split == EVERY_SPLIT else f"the split {chosen.split}"
    if index >= len(chosen.texts):
        of = "" if chosen.split == EVERY_SPLIT else f" of {chosen.dataset}"
        raise BadInput(f"--index {index}: {which}{of} has texts 0 to {len(chosen.texts) - 1}.")
    if data.texts == "sample" and index not in chosen.rows_N:
        raise BadInput(
            f"--index {index}: the text is not in the sample that the run's --limit keeps.",
            hint="Leave --texts out, or take another index: tmeattn mistakes --texts sample lists some.",
        )
    label = chosen.label_at(index)
    return chosen.texts[index], None if label is None else classifier.classes[label]


def attribute(
    classifier: TrainedClassifier,
    spec: ExplainerSpec,
    texts: list[EncodedText],
    target: int | None = None,
    *,
    layer: int | None = None,
    head: int | None = None,
) -> list[Attribution]:
    """The scores of the words of texts that have words, from an explainer that may belong to a plugin. The scores of
    the tokens of a word are summed.

    Raises:
        BadInput: the explainer fails, or does not return one finite score for each token.
    """
    method = resolve(spec.explain, wanted_by=f"Explainer {spec.name!r}")
    with plugin_call(f"Explainer {spec.name!r}", "failed"):
        chosen = {"layer": layer, "head": head} if spec.selects_heads else {}
        attributions = [
            scores if isinstance(scores, Attribution) else Attribution(scores)
            for scores in method(classifier, texts, target, **chosen)
        ]
    if len(attributions) != len(texts):
        raise BadInput(
            f"Explainer {spec.name!r} was given {counted(len(texts), 'text')} and returned scores of "
            f"{len(attributions)}."
        )
    return [_checked(spec, text, attribution) for text, attribution in zip(texts, attributions, strict=True)]


def _checked(spec: ExplainerSpec, text: EncodedText, attribution: Attribution) -> Attribution:
    with plugin_call(f"Explainer {spec.name!r}", "must return numbers"):
        scores = np.asarray(attribution.scores_T, dtype=np.float64)
    if scores.shape != (len(text.spans),) or not np.isfinite(scores).all():
        raise BadInput(
            f"Explainer {spec.name!r} must return {len(text.spans)} finite scores, not the shape {scores.shape}."
        )
    return Attribution(text.of_words(scores), attribution.note, attribution.special)


def _explain_alike(classifier: TrainedClassifier, requests: list[ExplainRequest]) -> Iterator[Explanation]:
    """The explanations of requests that differ only in their texts and true labels."""
    first = requests[0]
    if first.method is None:
        spec, default_note = default_method(classifier, first.layer, first.head)
    else:
        spec, default_note = registry().get(ExplainerSpec, first.method), None
    require_compatible(spec, classifier)
    require_layer_and_head(spec, classifier, first.layer, first.head)
    target = _class_index(classifier.classes, first.target)
    texts = [classifier.encode(request.visible_text) for request in requests]
    empty = next((text.text for text in texts if not text.spans), None)
    if empty is not None:
        raise BadInput(f"There are no words to explain in {empty[:40]!r}.", hint="Give a text with at least one word.")
    outputs = classifier.read([text.ids_T for text in texts])
    attributions = attribute(classifier, spec, texts, target, layer=first.layer, head=first.head)
    for request, text, output, attribution in zip(requests, texts, outputs, attributions, strict=True):
        yield _explanation(classifier, spec, request, target, text, output, attribution, default_note)


def _explanation(
    classifier: TrainedClassifier,
    spec: ExplainerSpec,
    request: ExplainRequest,
    target: int | None,
    text: EncodedText,
    output: TextOutput,
    attribution: Attribution,
    default_note: str | None,
) -> Explanation:
    predicted = int(output.logits_C.argmax())
    share = _share_of_uniform(output.entropy, len(text.spans))
    known_T = np.array([classifier.vocabulary.knows(token) for *_, token in text.spans], dtype=bool)
    known = known_of(known_T, text.words_T).tolist()
    notes = [*classifier.notes, *filter(None, (default_note, attribution.note))]
    if share is not None and share > NEARLY_UNIFORM and spec.needs_attention:
        notes.append("The attention is nearly uniform: only weights above uniform are coloured.")
    if not known_T.any():
        notes.append("No word of the text is in the model's vocabulary, so the prediction does not depend on the text.")
    return Explanation(
        text=request.visible_text,
        words=tuple(
            Word(start, end, token, is_known, float(score))
            for (start, end, token), is_known, score in zip(text.word_spans, known, attribution.scores_T, strict=True)
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
        tokens_read=len(text.spans),
        special_attention=attribution.special,
        deleted=request.deleted_words,
    )


def _share_of_uniform(entropy: float | None, words: int) -> float | None:
    """The entropy divided by ln(number of words); None without an entropy, and for a single word, where it is not
    defined."""
    return None if entropy is None or words < 2 else float(normalized(np.array(entropy), np.array(words)))


def _class_index(classes: Sequence[str], name: str | None) -> int | None:
    if name is None:
        return None
    if name not in classes:
        raise BadInput(f"--class: the model has no class {name!r}.", hint=f"Its classes are {', '.join(classes)}.")
    return classes.index(name)
