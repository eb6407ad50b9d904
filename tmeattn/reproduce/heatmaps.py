"""Validation texts coloured by the attention of a target's models."""

from __future__ import annotations

from tmeattn.data.sources import dataset_of
from tmeattn.explain.classifier import Classifier
from tmeattn.explain.explain import Request, explain
from tmeattn.reproduce.results import HeatmapPanel, Panel
from tmeattn.reproduce.trained import Found
from tmeattn.specs import Split

PER_CLASS = 2
SHORTEST, LONGEST = 20, 60
"""Words of a text, as white space divides them: enough to say something, few enough to show."""


def heatmaps(found: Found) -> list[Panel]:
    """The same texts for every entry, explained by the first seed's best weights."""
    panels: list[Panel] = []
    for entry, trained in found:
        if trained[0].best is None:
            continue
        classifier = Classifier(trained[0].run)
        dataset = dataset_of(classifier.config.train)
        split = dataset.read()["validation"]
        for index in choose(split, len(dataset.classes)):
            true = dataset.classes[split.labels[index]]
            explanation = explain(classifier, Request(split.texts[index], true_label=true))
            panels.append(HeatmapPanel(f"{entry.label}, validation text {index}", explanation))
    return panels


def choose(split: Split, classes: int) -> list[int]:
    """The first two texts of 20 to 60 words of each class; where there are too few, those nearest to it."""
    by_class: list[list[int]] = [[] for _ in range(classes)]
    for index, label in enumerate(split.labels):
        by_class[label].append(index)
    chosen = []
    for indices in by_class:
        lengths = {index: len(split.texts[index].split()) for index in indices}
        outside = {index: max(SHORTEST - length, length - LONGEST, 0) for index, length in lengths.items()}
        chosen += sorted(indices, key=outside.__getitem__)[:PER_CLASS]
    return chosen
