"""Evaluate the best weights of a run on a split of its dataset, as `tmeattn evaluate` and `tmeattn reproduce` do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.data.encoding.shuffle import shuffle_words
from tmeattn.data.sources import (
    TEST,
    changed_data,
    check_unchanged,
    dataset_of,
    open_test_split,
    open_training_corpus,
    open_vectors,
)
from tmeattn.errors import BadInput, UnknownName
from tmeattn.evaluation.document import EvaluationDocument
from tmeattn.evaluation.evaluate import Evaluation, evaluate_split, measured_attention
from tmeattn.evaluation.intervals import accuracy_interval
from tmeattn.evaluation.quality import quality
from tmeattn.evaluation.word_order import ShuffledWords, compare_orders
from tmeattn.inference.classifier import TrainedClassifier

Narrate = Callable[[str], None]
WHOLE_CONFUSION = 100
"""Classes up to which the document has every pair of classes. All pairs of 1,000 classes would be 22 MB of JSON."""


@dataclass(frozen=True)
class RunEvaluation:
    """The evaluation of a trained classifier on a split of its dataset.

    shuffled: the comparison with the same texts with shuffled words; None if it was not requested.
    """

    classifier: TrainedClassifier
    split: str
    evaluation: Evaluation
    shuffled: ShuffledWords | None = None

    def correct(self) -> np.ndarray:
        """(N,) bool: whether each text was classified correctly, in the order of the split."""
        correct_N = np.zeros(len(self.evaluation.labels_N), dtype=bool)
        correct_N[self.evaluation.indices_N] = self.evaluation.predicted() == self.evaluation.labels_N
        return correct_N

    def document(self) -> EvaluationDocument:
        """The measures as `tmeattn evaluate --json` prints them."""
        classifier, evaluation = self.classifier, self.evaluation
        names, texts = classifier.classes, len(evaluation.labels_N)
        means = {key: value for key, value in evaluation.means.items() if key != "histogram"}
        document = {
            "run": classifier.run.id,
            "model": classifier.spec.name,
            "dataset": classifier.config.train.dataset,
            "split": self.split,
            "limit": classifier.config.train.limit,
            "texts": texts,
            **means,
            **quality(evaluation.probabilities_NC, evaluation.labels_N, names),
            "accuracy_interval": accuracy_interval(evaluation.means["accuracy"], texts),
            "confusion": confusion_document(names, evaluation.confusion()),
            **({} if self.shuffled is None else {"shuffled_words": self.shuffled}),
        }
        return cast(EvaluationDocument, document)


def confusion_document(names: Sequence[str], confusion_CC: np.ndarray) -> dict[str, dict[str, int]]:
    """The confusion matrix by names: all pairs of classes, or with more than `WHOLE_CONFUSION` those that occur."""
    every = range(len(names)) if len(names) <= WHOLE_CONFUSION else None
    return {
        true: {names[at]: int(row_C[at]) for at in every or np.flatnonzero(row_C).tolist()}
        for true, row_C in zip(names, confusion_CC, strict=True)
    }


def evaluate_run(
    classifier: TrainedClassifier,
    split: str = "validation",
    *,
    attention: bool = True,
    shuffle_seed: int | None = None,
    narrate: Narrate = lambda line: None,
) -> RunEvaluation:
    """Evaluate a trained classifier on a split of its dataset, as training did.

    attention:    False leaves out the self-attention maps, which take most of the time.
    shuffle_seed: also evaluate the texts with shuffled words, permuted with this seed (see `shuffle_words`).
    narrate:      called with each line about the progress of reading the dataset.

    Raises:
        UnknownName: the dataset has no such split.
        BadInput: the data has changed since the run was trained, or the seed is negative.
    """
    if shuffle_seed is not None and shuffle_seed < 0:
        raise BadInput(f"The seed of the shuffled words must be 0 or more, not {shuffle_seed}.")
    options, encoded = classifier.config.train, _encoded_split(classifier, split, narrate)
    evaluation = evaluate_split(
        classifier.model,
        encoded,
        max_length=options.max_length,
        alpha=options.alpha if attention else 0.0,
        device=classifier.device,
        attention=measured_attention(classifier.spec.attention, options.alpha) if attention else "none",
    )
    if shuffle_seed is None:
        return RunEvaluation(classifier, split, evaluation)
    shuffled = evaluate_split(
        classifier.model,
        shuffle_words(encoded, options.max_length, shuffle_seed),
        max_length=options.max_length,
        alpha=0.0,
        device=classifier.device,
        attention="none",
    )
    return RunEvaluation(classifier, split, evaluation, compare_orders(evaluation, shuffled, shuffle_seed))


def _encoded_split(classifier: TrainedClassifier, split: str, narrate: Narrate) -> EncodedSplit:
    options = classifier.config.train
    dataset = dataset_of(options, narrate)
    check_unchanged(classifier.run, dataset)
    vectors = open_vectors(options.vectors)
    corpus = open_training_corpus(options, dataset, vectors, narrate)
    if corpus.vocabulary.words != classifier.vocabulary.words:
        raise changed_data(classifier.run)
    if split == TEST:
        return open_test_split(options, dataset, vectors, classifier.vocabulary)
    if split not in corpus.splits:
        raise UnknownName("split", split, dataset.read())
    return corpus.splits[split]
