"""A dataset on one page: sizes, duplicates, text lengths, unknown words, typical words and samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.render.console import safe, safe_line
from tmeattn.render.histogram import histogram
from tmeattn.render.numbers import count, percent
from tmeattn.render.tables import Column, key_values, table

if TYPE_CHECKING:
    from tmeattn.data.statistics import DatasetStatistics

MOST_CLASSES = 24
SAMPLE_CHARACTERS = 300


def dataset_page(statistics: DatasetStatistics) -> Group:
    """The statistics of `data.statistics.describe` as a page."""
    lengths = statistics["lengths"]
    quantiles = ", ".join(f"{_quantile(at)} {count(value)}" for at, value in lengths["quantiles"].items())
    bins = lengths["histogram"]
    parts: list[RenderableType] = [
        Text(safe(statistics["name"]), style="bold"),
        _sizes(statistics),
        Text(),
        key_values(_facts(statistics, quantiles)),
        Text(),
        histogram(
            bins["counts"],
            bins["low"],
            bins["high"],
            title="Tokens per training text, without the longest 2 %",
            unit="tokens",
        ),
        Text(),
        _unknown(statistics),
        *(part for warning in statistics["warnings"] for part in (Text(), Text(safe(warning), style="yellow"))),
        Text(),
        _typical(statistics),
    ]
    for sample in statistics["samples"]:
        text = " ".join(sample["text"].split())
        excerpt = text if len(text) <= SAMPLE_CHARACTERS else text[:SAMPLE_CHARACTERS] + "…"
        parts += [Text(), Text(safe_line(sample["label"]), style="bold"), Text(safe(excerpt))]
    return Group(*parts)


def _sizes(statistics: DatasetStatistics) -> RenderableType:
    """Texts by class and split; only the largest classes if there are many."""
    splits, classes = statistics["splits"], statistics["classes"]
    train = splits["train"]["classes"]
    listed = classes
    if len(classes) > MOST_CLASSES:
        listed = sorted(classes, key=lambda name: -train[name])[:MOST_CLASSES]
    rows: list[list[str | int | None]] = [
        [name, *(split["classes"][name] for split in splits.values()), _share(train, name)] for name in listed
    ]
    if len(listed) < len(classes):
        rows.append([f"{len(classes) - len(listed)} more", *(None for _ in splits), None])
    rows.append(["all", *(split["texts"] for split in splits.values()), None])
    numeric = [Column(name, numeric=True) for name in splits]
    return table([Column("class", wrap=True), *numeric, Column("share of train", numeric=True)], rows)


def _share(counts: Mapping[str, int], name: str) -> str:
    return percent(counts[name] / max(sum(counts.values()), 1))


def _facts(statistics: DatasetStatistics, quantiles: str) -> list[tuple[str, str]]:
    within = ", ".join(f"{count(split['duplicates'])} in {name}" for name, split in statistics["splits"].items())
    across = ", ".join(f"{count(number)} of {which}" for which, number in statistics["shared"].items())
    facts = [("duplicates", within), ("shared texts", across or "none"), ("tokens per text", quantiles)]
    least = {name: size for name, size in statistics["sampled"].items() if size < statistics["splits"][name]["texts"]}
    if least:
        sample = " and ".join(f"{count(size)} {name}" for name, size in least.items())
        facts.append(("word statistics", f"of {sample} texts, evenly spaced"))
    return facts


def _quantile(at: str) -> str:
    return {"0": "minimum", "0.5": "median", "1": "maximum"}.get(at, f"{float(at):.0%}".replace("%", " %"))


def _unknown(statistics: DatasetStatistics) -> RenderableType:
    vectors = list(statistics["unknown"][0]["without_vector"])
    rows: list[list[str | int]] = [
        [
            row["tokenizer"],
            row["words"],
            row["words_kept"],
            percent(row["validation"]),
            *(percent(row["without_vector"][name]) for name in vectors),
        ]
        for row in statistics["unknown"]
    ]
    columns: list[str | Column] = [
        "tokenizer",
        Column("words", numeric=True),
        Column("vocabulary", numeric=True),
        Column("unknown", numeric=True),
        *(Column(f"not in {name}", numeric=True) for name in vectors),
    ]
    caption = (
        "vocabulary: words that occur at least twice in training; unknown: share of the validation tokens outside it; "
        "not in: share of the training tokens without a vector."
    )
    return table(columns, rows, caption=caption)


def _typical(statistics: DatasetStatistics) -> RenderableType:
    rows = [(name, "  ".join(words)) for name, words in statistics["typical"].items()]
    return table([Column("class", wrap=True), Column("most typical words", wrap=True, least=30)], rows)
