"""Panels that need torch: heatmaps of validation texts, and matrices of sinusoidal position encodings."""

from __future__ import annotations

from tmeattn.config import Recipe
from tmeattn.data.sources import open_split
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.models.transformer import sinusoidal
from tmeattn.reproduce.results import HeatmapPanel, MatrixPanel, Panel
from tmeattn.reproduce.targets import MatrixTarget
from tmeattn.reproduce.trained import EntryRuns
from tmeattn.run_config import resolve_run
from tmeattn.specs import Split

PER_CLASS = 2
SHORTEST, LONGEST = 20, 60
"""Preferred number of words of a text, separated by white space, so that a heatmap is informative and not too long."""


def heatmaps(entry_runs: EntryRuns) -> list[Panel]:
    """The same texts for every entry, explained by the best weights of its first seed."""
    panels: list[Panel] = []
    for entry, seed_runs in entry_runs:
        if seed_runs[0].best is None:
            continue
        classifier = TrainedClassifier(seed_runs[0].run)
        dataset, split = open_split(classifier.run, classifier.config.train, "validation")
        for index in choose(split, len(dataset.classes)):
            true = dataset.classes[split.labels[index]]
            explanation = explain(classifier, ExplainRequest(split.texts[index], true_label=true))
            panels.append(HeatmapPanel(f"{entry.label}, validation text {index}", explanation))
    return panels


def choose(split: Split, classes: int) -> list[int]:
    """The first two texts of each class with 20 to 60 words; if there are too few, those closest to that length."""
    by_class: list[list[int]] = [[] for _ in range(classes)]
    for index, label in enumerate(split.labels):
        by_class[label].append(index)
    chosen = []
    for indices in by_class:
        lengths = {index: len(split.texts[index].split()) for index in indices}
        outside = {index: max(SHORTEST - length, length - LONGEST, 0) for index, length in lengths.items()}
        chosen += sorted(indices, key=outside.__getitem__)[:PER_CLASS]
    return chosen


def matrix_panel(matrix: MatrixTarget, recipe: Recipe) -> Panel:
    """The position encodings, or their dot products, with the base that the recipe sets for a transformer."""
    base = float(resolve_run("transformer", {"recipe": recipe}).model_options["position_base"])
    encoded_TD = sinusoidal(matrix.positions, matrix.width, base).double()
    title = f"{matrix.positions} positions, {matrix.width} dimensions, base {base:g}"
    if matrix.kind == "encodings":
        values, x_label, title = encoded_TD, "dimension", f"encodings: {title}"
    else:
        values, x_label, title = encoded_TD @ encoded_TD.T, "position", f"dot products: {title}"
    return MatrixPanel(title, x_label, "position", tuple(tuple(row) for row in values.round(decimals=6).tolist()))
