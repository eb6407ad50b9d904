"""Evaluate the best weights of a run on its own or on other texts, as `tmeattn evaluate` and `tmeattn reproduce` do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from tmeattn.data.chosen_texts import ChosenTexts, choose_texts
from tmeattn.data.data_options import EVERY_SPLIT, DataOptions
from tmeattn.data.encoding.encode import EncodedSplit, encode_texts
from tmeattn.data.encoding.shuffle import shuffle_words
from tmeattn.data.first_words import first_words
from tmeattn.data.label_edits import merged_labels
from tmeattn.data.label_matching import match_labels
from tmeattn.data.sources import (
    changed_data,
    dataset_of,
    open_training_corpus,
    open_vectors,
)
from tmeattn.errors import BadInput
from tmeattn.evaluation.document import EvaluationDocument, PredictedDocument
from tmeattn.evaluation.evaluate import Evaluation, evaluate_split, measured_attention
from tmeattn.evaluation.intervals import accuracy_interval
from tmeattn.evaluation.quality import quality
from tmeattn.evaluation.word_order import ShuffledWords, compare_orders
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.plurals import counted

Narrate = Callable[[str], None]
WHOLE_CONFUSION = 100
"""Classes up to which the document has every pair of classes. All pairs of 1,000 classes would be 22 MB of JSON."""


@dataclass(frozen=True)
class RunEvaluation:
    """The evaluation of a trained classifier on labelled texts, or its predictions for texts without labels.

    chosen:   the texts, in whose order the split was evaluated.
    shuffled: the comparison with the same texts with shuffled words; None if it was not requested.
    """

    classifier: TrainedClassifier
    chosen: ChosenTexts
    evaluation: Evaluation
    shuffled: ShuffledWords | None = None

    @property
    def split(self) -> str:
        return self.chosen.split

    @property
    def labelled(self) -> bool:
        """Whether the texts have labels, so that the predictions can be measured."""
        return self.chosen.labels_N is not None

    def probabilities(self) -> np.ndarray:
        """(N, C) float64: the class probabilities of each text, in the order of the texts. They sum to one."""
        probabilities_NC = self.evaluation.probabilities_NC.astype(np.float64)
        ordered_NC = np.empty_like(probabilities_NC)
        ordered_NC[self.evaluation.indices_N] = probabilities_NC / probabilities_NC.sum(axis=1, keepdims=True)
        return ordered_NC

    def correct(self) -> np.ndarray:
        """(N,) bool: whether each text was classified correctly, in the order of the split."""
        correct_N = np.zeros(len(self.evaluation.labels_N), dtype=bool)
        correct_N[self.evaluation.indices_N] = self.evaluation.predicted() == self.evaluation.labels_N
        return correct_N

    def document(self) -> EvaluationDocument:
        """The measures as `tmeattn evaluate --json` prints them.

        Raises:
            BadInput: the texts have no labels.
        """
        if not self.labelled:
            raise BadInput(
                f"{self.chosen.dataset} has no labels, so nothing can be measured.",
                hint="Classify its texts: tmeattn evaluate --predictions FILE, or tmeattn predict",
            )
        classifier, evaluation = self.classifier, self.evaluation
        names, texts = classifier.classes, len(evaluation.labels_N)
        means = {key: value for key, value in evaluation.means.items() if key != "histogram"}
        document = {
            **self._about(),
            **means,
            **quality(evaluation.probabilities_NC, evaluation.labels_N, names),
            "accuracy_interval": accuracy_interval(evaluation.means["accuracy"], texts),
            "confusion": confusion_document(names, evaluation.confusion()),
            **({} if self.shuffled is None else {"shuffled_words": self.shuffled}),
        }
        return cast(EvaluationDocument, document)

    def predicted_document(self) -> PredictedDocument:
        """What is known of texts without labels, as `tmeattn evaluate --json` prints it."""
        probabilities_NC = self.evaluation.probabilities_NC
        counts_C = np.bincount(self.evaluation.predicted(), minlength=len(self.classifier.classes))
        document = {
            **self._about(),
            "predicted": dict(zip(self.classifier.classes, counts_C.tolist(), strict=True)),
            "mean_confidence": float(probabilities_NC.max(axis=1).mean(dtype=np.float64)),
        }
        return cast(PredictedDocument, document)

    def _about(self) -> dict[str, object]:
        return {
            "run": self.classifier.run.id,
            "model": self.classifier.spec.name,
            "dataset": self.chosen.dataset,
            "split": self.chosen.split,
            "limit": self.chosen.limit,
            "texts": len(self.chosen),
            "notes": list(self.chosen.notes),
        }


def confusion_document(names: Sequence[str], confusion_CC: np.ndarray) -> dict[str, dict[str, int]]:
    """The confusion matrix by names: all pairs of classes, or with more than `WHOLE_CONFUSION` those that occur."""
    every = range(len(names)) if len(names) <= WHOLE_CONFUSION else None
    return {
        true: {names[at]: int(row_C[at]) for at in every or np.flatnonzero(row_C).tolist()}
        for true, row_C in zip(names, confusion_CC, strict=True)
    }


def evaluate_run(
    classifier: TrainedClassifier,
    split: str | None = None,
    *,
    data: DataOptions | None = None,
    chosen: ChosenTexts | None = None,
    attention: bool = True,
    shuffle_seed: int | None = None,
    narrate: Narrate = lambda line: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> RunEvaluation:
    """Evaluate a trained classifier on labelled texts, or classify texts without labels.

    split:        of the run's dataset, whose texts are those that training measured. Not used with `data`.
    data:         any texts (see `choose_texts`).
    chosen:       texts that were chosen already, in place of `split` and `data`.
    attention:    False leaves out the self-attention maps, which take most of the time.
    shuffle_seed: also evaluate the texts with shuffled words, permuted with this seed (see `shuffle_words`).
    narrate:      called with each line about the progress of reading the dataset.
    progress:     called with the number of evaluated texts and the number of all texts.

    Raises:
        UnknownName: there is no such dataset or split.
        BadInput: the data cannot be read, the run's own data has changed since it was trained, or the seed is negative.
    """
    if shuffle_seed is not None and shuffle_seed < 0:
        raise BadInput(f"The seed of the shuffled words must be 0 or more, not {shuffle_seed}.")
    options = classifier.config.train
    if chosen is None:
        chosen = choose_texts(classifier.run, options, data or DataOptions(split=split, texts="sample"), narrate)
    if not len(chosen):
        raise BadInput(f"{chosen.dataset}, {chosen.split}: there is no text.")
    if shuffle_seed is not None and chosen.labels_N is None:
        raise BadInput(f"--shuffle-words: {chosen.dataset} has no labels, so nothing can be measured.")
    encoded = _encoded(classifier, chosen, narrate)
    done = 0

    def count_texts(texts: int) -> None:
        nonlocal done
        done += texts
        progress(done, len(chosen))

    evaluation = evaluate_split(
        classifier.model,
        encoded,
        max_length=options.max_length,
        alpha=options.alpha if attention else 0.0,
        device=classifier.device,
        attention=measured_attention(classifier.spec.attention, options.alpha) if attention else "none",
        progress=count_texts,
        quick=True,
    )
    if shuffle_seed is None:
        return RunEvaluation(classifier, chosen, evaluation)
    shuffled = evaluate_split(
        classifier.model,
        shuffle_words(encoded, options.max_length, shuffle_seed),
        max_length=options.max_length,
        alpha=0.0,
        device=classifier.device,
        attention="none",
        quick=True,
    )
    return RunEvaluation(classifier, chosen, evaluation, compare_orders(evaluation, shuffled, shuffle_seed))


def labelled_texts(
    classifier: TrainedClassifier, texts: Sequence[str], labels: Sequence[object], map_labels: Sequence[str] = ()
) -> ChosenTexts:
    """Texts of a program with their labels, to be evaluated. Labels are matched with the classes as those of a file.

    Raises:
        BadInput: there are more or fewer labels than texts, none at all, or no label is a class of the run.
    """
    if len(labels) != len(texts):
        raise BadInput(f"There are {counted(len(texts), 'text')} and {counted(len(labels), 'label')}.")
    if not texts:
        raise BadInput("There is no text to evaluate.")
    names = [str(label) for label in labels]
    matched = match_labels(
        Counter(names),
        classifier.classes,
        map_labels,
        data="the given texts",
        merged=merged_labels(classifier.run.data),
    )
    found = [matched.classes.get(name) for name in names]
    rows_N = np.array([at for at, label in enumerate(found) if label is not None])
    labels_N = np.array([label for label in found if label is not None])
    return ChosenTexts("given texts", False, EVERY_SPLIT, texts, rows_N, labels_N, notes=matched.notes)


def _encoded(classifier: TrainedClassifier, chosen: ChosenTexts, narrate: Narrate) -> EncodedSplit:
    """The texts as token ids: from the cached corpus of the run where it has them, else encoded now."""
    options = classifier.config.train
    labels_N = np.zeros(len(chosen), dtype=np.int64) if chosen.labels_N is None else chosen.labels_N
    # The run's own data may be at another place now, from where it is not encoded again.
    if chosen.own and chosen.split in ("train", "validation") and chosen.dataset == options.dataset:
        dataset, vectors = dataset_of(options), open_vectors(options.vectors)
        corpus = open_training_corpus(classifier.config, dataset, vectors, narrate, first_words(classifier.run))
        if corpus.vocabulary.words != classifier.vocabulary.words:
            raise changed_data(classifier.run)
        encoded = corpus.splits[chosen.split]
        if np.array_equal(encoded.source, chosen.rows_N) and np.array_equal(encoded.labels, labels_N):
            return encoded
    return encode_texts(chosen.taken(), labels_N, chosen.rows_N, classifier.tokenizer, classifier.vocabulary)
