"""A run's best weights on a split of its dataset: what `tmeattn evaluate` prints and `tmeattn reproduce` compares."""

from __future__ import annotations

from collections.abc import Callable

from tmeattn.data.sources import TEST, dataset_of, open_test_split, open_training_corpus, open_vectors
from tmeattn.errors import BadInput, UnknownName
from tmeattn.evaluation.evaluate import Evaluation, evaluate_split, measured_attention
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.runs.directory import RunDirectory


def measure(
    run: RunDirectory,
    split: str = "validation",
    *,
    device: str = "cpu",
    attention: bool = True,
    narrate: Callable[[str], None] = lambda line: None,
) -> tuple[TrainedClassifier, Evaluation]:
    """Load a run's best weights and evaluate them as training did; without `attention` self-attention is not measured.

    Raises:
        UnknownName: the dataset has no such split.
        BadInput: the dataset has changed since, so that its words would not be those that the model knows.
    """
    classifier = TrainedClassifier(run, device=device)
    options = classifier.config.train
    dataset, vectors = dataset_of(options, narrate), open_vectors(options.vectors)
    corpus = open_training_corpus(options, dataset, vectors, narrate)
    if corpus.vocabulary.words != classifier.vocabulary.words:
        raise BadInput(
            f"The data of the run {run.id} ({options.dataset}, {options.vectors}) has changed since it was trained.",
            hint=f"Train anew: tmeattn train {classifier.spec.name} --from {run.id}",
        )
    if split == TEST:
        encoded = open_test_split(options, dataset, vectors, classifier.vocabulary)
    elif split in corpus.splits:
        encoded = corpus.splits[split]
    else:
        raise UnknownName("split", split, dataset.read())
    evaluation = evaluate_split(
        classifier.model,
        encoded,
        max_length=options.max_length,
        alpha=options.alpha if attention else 0.0,
        device=classifier.device,
        attention=measured_attention(classifier.spec.attention, options.alpha) if attention else "none",
    )
    return classifier, evaluation
