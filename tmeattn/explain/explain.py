"""From a text and a method's name to an `Explanation`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tmeattn.errors import BadInput, TmeattnError
from tmeattn.evaluation.meters import normalized
from tmeattn.explain.classifier import Classifier, EncodedText, softmax
from tmeattn.explain.explanation import NEARLY_UNIFORM, Explanation, Word
from tmeattn.registry import registry, resolve
from tmeattn.specs import ExplainerSpec

FALLBACK = "leave-one-out"


@dataclass(frozen=True)
class Request:
    """What to explain: the class by name (None: the predicted one), the method by name (None: the model's attention,
    or leave-one-out where it has none), and the true class where it is known."""

    text: str
    method: str | None = None
    target: str | None = None
    true_label: str | None = None


def explain(classifier: Classifier, request: Request) -> Explanation:
    """Predict a text and score its words.

    Raises:
        UnknownName: no such method.
        BadInput: a text without words, a class that the model does not know, a method that it cannot serve.
    """
    spec, note = _method(classifier, request.method)
    encoded = classifier.encode(request.text)
    if not encoded.spans:
        raise BadInput("The text has no words to explain.", hint='Give one: tmeattn explain "a wonderful film"')
    target = _class_index(classifier.classes, request.target)
    reading = next(iter(classifier.read([encoded.ids_T])))
    scores = _scores(spec, classifier, encoded, target)
    probabilities = softmax(reading.logits_C)
    predicted = int(probabilities.argmax())
    share = _share_of_uniform(reading.entropy, len(encoded.spans))
    if share is not None and share > NEARLY_UNIFORM and spec.needs_attention:
        note = "Attention is nearly uniform here: only what stands out from an equal share is coloured."
    known = [classifier.vocabulary.knows(token) for *_, token in encoded.spans]
    notes = [*classifier.notes, *([note] if note else [])]
    if not any(known):
        notes.append("None of these words is in the model's vocabulary: the prediction says nothing about the text.")
    return Explanation(
        text=request.text,
        words=tuple(
            Word(start, end, token, is_known, float(score))
            for (start, end, token), is_known, score in zip(encoded.spans, known, scores, strict=True)
        ),
        tokens_total=encoded.tokens_total,
        run=classifier.run.id,
        model=classifier.spec.name,
        method=spec.name,
        signed=spec.signed,
        classes=classifier.classes,
        probabilities=tuple(float(p) for p in probabilities),
        predicted=predicted,
        target=predicted if target is None else target,
        entropy=reading.entropy,
        normalized_entropy=share,
        true_label=request.true_label,
        note=" ".join(notes) or None,
    )


def _method(classifier: Classifier, name: str | None) -> tuple[ExplainerSpec, str | None]:
    """The explainer, and what to tell the reader where another one stands in."""
    if name is not None:
        return registry().get(ExplainerSpec, name), None
    if classifier.spec.attention == "pool":
        return registry().get(ExplainerSpec, "attention"), None
    note = f"The model {classifier.spec.name} has no pooling attention: words are scored by {FALLBACK}."
    return registry().get(ExplainerSpec, FALLBACK), note


def _share_of_uniform(entropy: float | None, words: int) -> float | None:
    """Entropy over ln(words); None where there is none, or for a single word, which has nothing to share."""
    return None if entropy is None or words < 2 else float(normalized(np.array(entropy), np.array(words)))


def _class_index(classes: Sequence[str], name: str | None) -> int | None:
    if name is None:
        return None
    if name not in classes:
        raise BadInput(f"--class: the model knows no class {name!r}.", hint=f"It knows {', '.join(classes)}.")
    return classes.index(name)


def _scores(spec: ExplainerSpec, classifier: Classifier, text: EncodedText, target: int | None) -> np.ndarray:
    """Call a (perhaps foreign) explainer and hold it to its contract."""
    method = resolve(spec.explain, wanted_by=f"Explainer {spec.name!r}")
    try:
        (scores,) = method(classifier, [text], target)
    except TmeattnError:
        raise
    except Exception as error:
        raise BadInput(f"Explainer {spec.name!r} failed: {type(error).__name__}: {error}") from error
    scores = np.asarray(scores, dtype=np.float64)
    if scores.shape != (len(text.spans),) or not np.isfinite(scores).all():
        raise BadInput(
            f"Explainer {spec.name!r} must give {len(text.spans)} finite scores, one a word; got shape {scores.shape}."
        )
    return scores
