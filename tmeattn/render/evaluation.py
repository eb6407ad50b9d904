"""The results of `tmeattn evaluate` on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from tmeattn.evaluation.document import EvaluationDocument, PredictedDocument
from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.render.evaluation_curves import curves_on_screen
from tmeattn.render.numbers import count, dataset_name, decimal, percent, percent_change
from tmeattn.render.tables import Column, key_values, table

MOST_COLUMNS = 12
MOST_CONFUSIONS = 10


def evaluation_page(result: EvaluationDocument) -> Group:
    """Key figures, a line for each class, the confusion matrix, thresholds where there are two classes, and curves."""
    parts = [*_notes(result), _figures(result), Text(), _classes(result), Text(), _Confusion(result), Text()]
    if result["thresholds"]:
        parts += [_thresholds(result), Text()]
    return Group(*parts, curves_on_screen(result))


def classes_page(result: EvaluationDocument) -> Group:
    """Key figures, precision, recall and F1 of each class, and thresholds where there are two classes."""
    parts = [*_notes(result), _figures(result), Text(), _classes(result)]
    return Group(*parts, *([Text(), _thresholds(result)] if result["thresholds"] else []))


def predicted_page(result: PredictedDocument) -> Group:
    """What the run predicts for texts without labels."""
    figures = key_values(
        [
            ("run", f"{result['run']} ({result['model']})"),
            (
                "data",
                f"{dataset_name(result['dataset'])}, {_which(result['split'])}, {counted(result['texts'], 'text')}",
            ),
            ("mean confidence", percent(result["mean_confidence"], 2)),
        ]
    )
    rows = [(name, number, percent(number / result["texts"])) for name, number in result["predicted"].items()]
    columns = [Column("predicted class", wrap=True), Column("texts", numeric=True), Column("share", numeric=True)]
    return Group(*_notes(result), figures, Text(), table(columns, rows))


def _notes(result: EvaluationDocument | PredictedDocument) -> list[RenderableType]:
    """What the user should know about the texts, above the figures."""
    notes = result.get("notes") or []
    return [*(Text(safe(note), style="dim") for note in notes), *([Text()] if notes else [])]


def _which(split: str) -> str:
    return "all texts" if split == "all" else split


def _thresholds(result: EvaluationDocument) -> RenderableType:
    """Every second threshold, and the one with the best F1."""
    best = result["best_f1"]
    shown = [(decimal(each["threshold"], 2), each) for each in result["thresholds"][1::2]]
    if best is not None:
        shown.append((f"{decimal(best['threshold'])} *", best))
    rows = [
        (at, percent(each["precision"]), percent(each["recall"]), percent(each["f1"]), percent(each["accuracy"]))
        for at, each in shown
    ]
    numeric = [Column(name, numeric=True) for name in ("precision", "recall", "F1", "accuracy")]
    caption = (
        f"A text is {result['positive']} if its probability is the threshold or more. * has the best F1, but was "
        "chosen on these same texts: on new texts it gives less."
    )
    return table([Column("threshold", numeric=True), *numeric], rows, caption=caption)


def _figures(result: EvaluationDocument) -> RenderableType:
    low, high = result["accuracy_interval"]
    entropy, share = result["entropy"], result["normalized_entropy"]
    measured = result.get("attention_texts", result["texts"])
    sample = f" ({counted(measured, 'text')})" if measured < result["texts"] else ""
    texts = counted(result["texts"], "text")
    limited = f" (--limit {result['limit']})" if result.get("limit") else ""
    data = f"{dataset_name(result['dataset'])}, {_which(result['split'])}, {texts}{limited}"
    return key_values(
        [
            ("run", f"{result['run']} ({result['model']})"),
            ("data", data),
            ("accuracy", f"{percent(result['accuracy'], 2)} (95 % interval {percent(low)} to {percent(high)})"),
            ("macro-F1", percent(result["macro_f1"], 2)),
            ("cross-entropy", decimal(result["cross_entropy"])),
            ("calibration error", percent(result["calibration_error"], 2)),
            ("ROC-AUC", f"{decimal(result['roc_auc'], 4)}{_of(result)}"),
            ("average precision", f"{decimal(result['average_precision'], 4)}{_of(result)}"),
            (
                "attention entropy",
                None if entropy is None else f"{decimal(entropy)} nats, {percent(share)} of uniform{sample}",
            ),
            *_shuffled(result),
        ]
    )


def _of(result: EvaluationDocument) -> str:
    """Which class a ranking measure is of."""
    if result["roc_auc"] is None:
        return " (the texts are all of one class)"
    return f" of {result['positive']}" if result["positive"] else " (mean of the classes, each against the others)"


def _shuffled(result: EvaluationDocument) -> list[tuple[str, str]]:
    if (shuffled := result.get("shuffled_words")) is None:
        return []
    interval, difference = shuffled["accuracy_interval"], shuffled["difference_interval"]
    return [
        (
            "shuffled words",
            f"{percent(shuffled['accuracy'], 2)} (95 % interval {percent(interval[0])} to {percent(interval[1])}; "
            f"seed {shuffled['seed']})",
        ),
        (
            "difference",
            f"{percent_change(result['accuracy'], shuffled['accuracy'], 2)} points "
            f"(95 % interval {100 * difference[0]:+.2f} to {100 * difference[1]:+.2f})",
        ),
        (
            "changed predictions",
            f"{count(shuffled['changed_predictions'])} of {count(result['texts'])}; "
            f"the largest change of a probability is {shuffled['largest_probability_change']:.2g}",
        ),
    ]


def _classes(result: EvaluationDocument) -> RenderableType:
    rows = [
        (name, each["texts"], percent(each["precision"]), percent(each["recall"]), percent(each["f1"]))
        for name, each in result["per_class"].items()
    ]
    numeric = [Column(name, numeric=True) for name in ("texts", "precision", "recall", "F1")]
    return table([Column("class", wrap=True), *numeric], rows)


class _Confusion:
    """The confusion matrix if it fits the console, otherwise the most frequent confusions."""

    def __init__(self, result: EvaluationDocument) -> None:
        self.rows: Mapping[str, Mapping[str, int]] = result["confusion"]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = list(self.rows)
        if len(names) <= MOST_COLUMNS and self._width(names) <= options.max_width:
            yield _matrix(self.rows, names)
        else:
            yield _most_frequent(self.rows)

    def _width(self, names: Sequence[str]) -> int:
        widths = [max(len(name), *(len(count(row[name])) for row in self.rows.values())) for name in names]
        return 12 + max(map(len, names)) + sum(widths) + 3 * len(names)


def _matrix(rows: Mapping[str, Mapping[str, int]], names: Sequence[str]) -> RenderableType:
    columns = [Column("predicted:"), *(Column(name, numeric=True) for name in names)]
    return table(columns, [(f"true {name}", *row.values()) for name, row in rows.items()])


def _most_frequent(rows: Mapping[str, Mapping[str, int]]) -> RenderableType:
    wrong = [(number, true, name) for true, row in rows.items() for name, number in row.items() if name != true]
    wrong = sorted((confusion for confusion in wrong if confusion[0]), key=lambda confusion: -confusion[0])
    cells = [(true, name, number, percent(number / sum(rows[true].values()))) for number, true, name in wrong]
    columns = [
        Column("true class", wrap=True),
        Column("predicted", wrap=True),
        Column("texts", numeric=True),
        Column("of the class", numeric=True),
    ]
    caption = (
        f"The {MOST_CONFUSIONS} most frequent of {count(len(wrong))} confusions."
        if len(wrong) > MOST_CONFUSIONS
        else None
    )
    return table(columns, cells[:MOST_CONFUSIONS], caption=caption)
