"""What `tmeattn evaluate` measured, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from tmeattn.evaluation.document import EvaluationDocument
from tmeattn.render.numbers import count, dataset_name, decimal, percent
from tmeattn.render.tables import Column, key_values, table

MOST_COLUMNS = 12
MOST_CONFUSIONS = 10


def evaluation_page(result: EvaluationDocument) -> Group:
    """Key figures, a line a class, and which classes are taken for which."""
    return Group(_figures(result), Text(), _classes(result), Text(), _Confusion(result))


def _figures(result: EvaluationDocument) -> RenderableType:
    low, high = result["accuracy_interval"]
    entropy, share = result["entropy"], result["normalized_entropy"]
    measured = result.get("attention_texts", result["texts"])
    sample = f" ({count(measured)} texts)" if measured < result["texts"] else ""
    limited = f" (--limit {result['limit']})" if result.get("limit") else ""
    return key_values(
        [
            ("run", f"{result['run']} ({result['model']})"),
            ("data", f"{dataset_name(result['dataset'])}, {result['split']}, {count(result['texts'])} texts{limited}"),
            ("accuracy", f"{percent(result['accuracy'], 2)} (95 % interval {percent(low)} to {percent(high)})"),
            ("macro-F1", percent(result["macro_f1"], 2)),
            ("cross-entropy", decimal(result["cross_entropy"])),
            ("calibration error", percent(result["calibration_error"], 2)),
            (
                "attention entropy",
                None if entropy is None else f"{decimal(entropy)} nats, {percent(share)} of uniform{sample}",
            ),
        ]
    )


def _classes(result: EvaluationDocument) -> RenderableType:
    rows = [
        (name, each["texts"], percent(each["precision"]), percent(each["recall"]), percent(each["f1"]))
        for name, each in result["per_class"].items()
    ]
    numeric = [Column(name, numeric=True) for name in ("texts", "precision", "recall", "F1")]
    return table([Column("class", wrap=True), *numeric], rows)


class _Confusion:
    """The whole matrix where it fits, else the most frequent confusions."""

    def __init__(self, result: EvaluationDocument) -> None:
        self.rows: Mapping[str, Mapping[str, int]] = result["confusion"]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = list(self.rows)
        widths = [max(len(name), *(len(count(row[name])) for row in self.rows.values())) for name in names]
        if len(names) <= MOST_COLUMNS and 12 + max(map(len, names)) + sum(widths) + 3 * len(names) <= options.max_width:
            yield _matrix(self.rows, names)
        else:
            yield _most_frequent(self.rows)


def _matrix(rows: Mapping[str, Mapping[str, int]], names: Sequence[str]) -> RenderableType:
    columns = [Column("predicted:"), *(Column(name, numeric=True) for name in names)]
    return table(columns, [(f"true {name}", *row.values()) for name, row in rows.items()])


def _most_frequent(rows: Mapping[str, Mapping[str, int]]) -> RenderableType:
    wrong = [(number, true, name) for true, row in rows.items() for name, number in row.items() if name != true]
    found = sorted((one for one in wrong if one[0]), key=lambda one: -one[0])
    shown = [(true, name, number, percent(number / sum(rows[true].values()))) for number, true, name in found]
    columns = [
        Column("true class", wrap=True),
        Column("taken for", wrap=True),
        Column("texts", numeric=True),
        Column("of the class", numeric=True),
    ]
    caption = (
        f"The {MOST_CONFUSIONS} most frequent of {count(len(found))} confusions."
        if len(found) > MOST_CONFUSIONS
        else None
    )
    return table(columns, shown[:MOST_CONFUSIONS], caption=caption)
