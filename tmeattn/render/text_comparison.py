"""Groups of runs on one set of texts: their accuracies, and the differences with their intervals and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.render.numbers import MISSING, count, decimal, percent, shortened
from tmeattn.render.tables import Column, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmeattn.evaluation.paired import ClassDifference, Difference, GroupOnTexts, TextComparison

MOST_CLASSES = 12
"""Classes of a difference that are shown; the JSON document has all."""
_MOST_NAME = 40  # cells of a group's label in a sentence
_MOST_LABEL = 14  # cells of a group's label as the heading of a narrow column


def text_comparison(compared: TextComparison) -> Group:
    """The groups and their differences on one set of texts."""
    parts: list[RenderableType] = [
        Text(safe(f"On {texts_of(compared)}"), style="bold"),
        _groups_on_texts(compared.groups),
        Text(),
        _differences(compared.differences),
    ]
    for difference in compared.differences:
        parts += [Text(), _classes(difference)]
    if compared.left_out:
        parts += [Text(), *(Text(safe(line)) for line in compared.left_out)]
    return Group(*parts)


def texts_of(compared: TextComparison) -> str:
    """ "5,021 texts of imdb-25k, validation split" """
    return f"{counted(compared.texts, 'text')} of {compared.dataset}, {compared.split} split"


def _groups_on_texts(groups: Sequence[GroupOnTexts]) -> RenderableType:
    rows = [
        (
            group.label,
            str(len(group.seeds)),
            percent(group.accuracy, 2),
            interval(*group.interval),
            percent(group.macro_f1, 2),
            decimal(group.cross_entropy),
            percent(group.calibration_error, 2),
        )
        for group in groups
    ]
    columns = [
        Column("group", wrap=True),
        Column("seeds", numeric=True, drop=4),
        Column("accuracy", numeric=True),
        Column("95 %", numeric=True, drop=1, about=f"95 %: {how_groups(groups)}"),
        Column("macro-F1", numeric=True, drop=2),
        Column("loss", numeric=True, drop=3, about="loss: cross-entropy in nats"),
        Column("calibration", numeric=True, drop=5),
    ]
    return table(columns, rows)


def how_groups(groups: Sequence[GroupOnTexts]) -> str:
    """What the 95 % intervals of the accuracies are."""
    kinds = []
    if any(len(group.runs) == 1 for group in groups):
        kinds.append("Wilson's interval over the texts for a single run")
    if any(len(group.runs) > 1 for group in groups):
        kinds.append("Student's t interval of the mean over several seeds")
    return ", ".join(kinds)


def _differences(differences: Sequence[Difference]) -> RenderableType:
    rows = [
        (
            f"{each.label} minus {each.other}",
            points(each.difference),
            signed_interval(each.low, each.high),
            MISSING if each.mcnemar is None else p_value(each.mcnemar.p),
            MISSING if each.mcnemar is None else f"{count(each.mcnemar.gained)} / {count(each.mcnemar.lost)}",
            MISSING if each.over_seeds is None else signed_interval(*each.over_seeds),
        )
        for each in differences
    ]
    columns = [
        Column("difference of accuracies", wrap=True),
        Column("points", numeric=True, style="bold"),
        Column("95 %", numeric=True),
        Column("McNemar p", numeric=True, drop=1),
        Column("only 1st / 2nd", numeric=True, drop=3, about=f"only 1st / 2nd: {_only_one(differences)}"),
        Column("95 % over seeds", numeric=True, drop=2),
    ]
    known = [any(row[index] != MISSING for row in rows) for index in range(len(columns))]
    kept = [[cell for cell, shown in zip(row, known, strict=True) if shown] for row in rows]
    return table(
        [column for column, shown in zip(columns, known, strict=True) if shown],
        kept,
        caption=" ".join(how_differences(differences)),
    )


def _only_one(differences: Sequence[Difference]) -> str:
    """Whose texts the two numbers of texts that only one classifies correctly are."""
    one, other = ("the first", "the second")
    if len(differences) == 1:
        one, other = (shortened(name, _MOST_NAME) for name in (differences[0].label, differences[0].other))
    return f"the texts that only {one} / only {other} classifies correctly"


def how_differences(differences: Sequence[Difference]) -> list[str]:
    """What the intervals and the p values are and what they do not cover, one sentence each."""
    several = [each for each in differences if max(each.seeds, each.other_seeds) > 1]
    tested = [each for each in differences if each.mcnemar is not None]
    lines = []
    if several:
        lines.append("95 %: bootstrap over the texts, the same for both groups, and over the seeds of each group.")
    if tested:
        of_runs = "95 % of single runs" if several else "95 %"
        lines.append(f"{of_runs}: paired bootstrap over the texts, without other seeds.")
        lines.append("McNemar: exact two-sided test of the texts that only one of the two classifies correctly.")
    if any(each.few_seeds for each in several):
        fewest = min(min(each.seeds, each.other_seeds) for each in several)
        lines.append(
            f"With {'a single seed' if fewest == 1 else f'only {fewest} seeds'} in a group the bootstrap over seeds is "
            "too narrow, so a difference is weak evidence."
        )
    if any(each.over_seeds is not None for each in several):
        lines.append("95 % over seeds: Welch's t interval of the accuracies of the seeds.")
    if len(differences) > 1:
        lines.append("Not corrected for the number of comparisons.")
    return lines


def shown_classes(difference: Difference) -> Sequence[ClassDifference]:
    """The classes that are shown: of many those that differ most."""
    if len(difference.classes) <= MOST_CLASSES:
        return difference.classes
    return sorted(difference.classes, key=lambda each: -abs(each.difference))[:MOST_CLASSES]


def _classes(difference: Difference) -> RenderableType:
    rows = [
        (
            each.name,
            count(each.texts),
            percent(each.recall),
            percent(each.other_recall),
            points(each.difference),
            MISSING if each.low is None or each.high is None else signed_interval(each.low, each.high),
            points(each.f1 - each.other_f1),
        )
        for each in shown_classes(difference)
    ]
    columns = [
        Column("class", wrap=True),
        Column("texts", numeric=True, drop=2),
        Column(shortened(difference.label, _MOST_LABEL), numeric=True),
        Column(shortened(difference.other, _MOST_LABEL), numeric=True),
        Column("points", numeric=True, style="bold"),
        Column("95 %", numeric=True, drop=1),
        Column("F1 points", numeric=True, drop=3),
    ]
    many = len(difference.classes) - len(rows)
    caption = f"The {MOST_CLASSES} classes that differ most, of {count(len(difference.classes))}." if many else None
    return table(columns, rows, title=f"Recall by class: {difference.label} minus {difference.other}", caption=caption)


def points(fraction: float) -> str:
    """A difference of fractions in points: "+1.25"."""
    return f"{100 * fraction:+z.2f}"


def signed_interval(low: float, high: float) -> str:
    return f"{points(low)} to {points(high)}"


def interval(low: float, high: float) -> str:
    """ "84.2 to 86.1", in percent."""
    return f"{100 * low:.1f} to {100 * high:.1f}"


def p_value(p: float) -> str:
    """ "0.031", or below a thousandth "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
