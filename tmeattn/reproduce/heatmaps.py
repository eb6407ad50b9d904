"""Validation texts that a model classifies rightly and wrongly, coloured by attention."""

from __future__ import annotations

from tmeattn.data.sources import open_split
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest, with_oov_marks
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.reproduce.results import HeatmapPanel, Panel
from tmeattn.reproduce.trained import EntryRuns
from tmeattn.specs import Split

PER_CLASS = 2
CANDIDATES = 200
"""Texts of a class among which a right and a wrong prediction are looked for."""
SHORTEST, LONGEST = 20, 60
"""Preferred number of words of a text, separated by white space, so that a heatmap is informative and not too long."""


def heatmaps(entry_runs: EntryRuns, *, oov_marks: bool = False) -> list[Panel]:
    """The same texts for every entry, explained by the best weights of its first seed.

    Of each class, the first entry classifies one text rightly and one wrongly, where there are both. With `oov_marks`,
    texts are in lower case and unknown words are `__OOV__`, as in the report.
    """
    panels: list[Panel] = []
    chosen: list[int] | None = None
    for entry, seed_runs in entry_runs:
        if seed_runs[0].best is None:
            continue
        classifier = TrainedClassifier(seed_runs[0].run)
        dataset, split = open_split(classifier.run, classifier.config.train, "validation")
        chosen = choose(classifier, split) if chosen is None else chosen
        for index in chosen:
            true = dataset.classes[split.labels[index]]
            explanation = explain(classifier, ExplainRequest(split.texts[index], true_label=true))
            mark = "right" if explanation.is_correct else "wrong"
            title = f"{entry.label}, {true} validation text {index}, prediction {mark}"
            panels.append(HeatmapPanel(title, with_oov_marks(explanation) if oov_marks else explanation))
    return panels


def choose(classifier: TrainedClassifier, split: Split) -> list[int]:
    """Two texts of each class, of 20 to 60 words or else close to that: the first that the classifier gets right and
    the first that it gets wrong, or two of a kind if there is only one kind."""
    chosen = []
    for label in range(len(classifier.classes)):
        indices = _candidates(split, label)
        if not indices:
            continue
        predicted_N = classifier.probabilities([split.texts[index] for index in indices]).argmax(axis=1)
        right = [index for index, predicted in zip(indices, predicted_N, strict=True) if predicted == label]
        wrong = [index for index in indices if index not in set(right)]
        both = [*right[:1], *wrong[:1], *right[1:], *wrong[1:]]
        chosen += both[:PER_CLASS]
    return chosen


def _candidates(split: Split, label: int) -> list[int]:
    """The texts of a class that are nearest to the preferred length, in the order of the split among equal ones."""
    lengths = {index: len(split.texts[index].split()) for index, each in enumerate(split.labels) if each == label}
    outside = {index: max(SHORTEST - length, length - LONGEST, 0) for index, length in lengths.items()}
    return sorted(lengths, key=outside.__getitem__)[:CANDIDATES]
