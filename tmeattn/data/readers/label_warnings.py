"""Warnings about the labels of a dataset: labels that look alike or stand for a missing one, classes of few texts, and
labels that are numbers of rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tmeattn.data.label_names import (
    alike_groups,
    counted_labels,
    names_of_no_label,
    shown_alike,
    typed,
)
from tmeattn.plurals import counted, plural

FEWEST_FOR_NUMBERS = 8
"""With fewer labels, a table of a few rows may have a class for each."""
FEW_TEXTS = 10
"""A class with fewer texts is one of few texts."""
MOST_GROUPS = 3
MOST_OF_A_GROUP = 4


def label_warnings(counts: Mapping[str, int], learned: Mapping[str, int] | None = None) -> list[str]:
    """Warnings about labels, each with what to do.

    counts:  by label, the number of its texts.
    learned: the same without the test texts; None: the data have none.
    """
    learned = counts if learned is None else learned
    found = name_warnings(counts)
    if numbers_of_rows(len(counts), sum(counts.values())):
        found.append(
            f"Warning: there are {len(counts):,} different labels for {sum(counts.values()):,} texts: they look like "
            "numbers of rows, not classes. --label-column names another column."
        )
    else:
        found += _small(learned)
    return found


def name_warnings(counts: Mapping[str, int]) -> list[str]:
    """Those of the warnings that do not depend on the numbers of texts."""
    return [*alike(counts), *_missing(counts)]


def alike(counts: Mapping[str, int]) -> list[str]:
    """One warning for labels that look alike (see `alike_groups`); empty for none."""
    groups = alike_groups(counts)
    if not groups:
        return []
    listed = "; ".join(" and ".join(_shown_group(group, counts)) for group in groups[:MOST_GROUPS])
    rest = f"; and {counted(len(groups) - MOST_GROUPS, 'more group')}" if len(groups) > MOST_GROUPS else ""
    option = "--merge-labels alike"
    if len(groups) == 1 and (example := _merge_option(groups[0], counts)):
        option = f"{example} (or {option})"
    return [
        f"Warning: labels that look alike are different classes: {listed}{rest}. {option} makes one class of "
        f"{plural(len(groups), 'them', 'each group')}."
    ]


def _shown_group(group: Sequence[str], counts: Mapping[str, int]) -> list[str]:
    chosen = sorted(group, key=lambda label: -counts[label])[:MOST_OF_A_GROUP]
    shown = [f"{label} ({counts[name]:,})" for label, name in zip(shown_alike(chosen), chosen, strict=True)]
    return shown + ([f"{len(group) - len(chosen):,} more"] if len(group) > len(chosen) else [])


def _merge_option(group: Sequence[str], counts: Mapping[str, int]) -> str | None:
    """The option that merges a group into its most frequent label, as typed in a shell; None for a long one."""
    name = max(group, key=lambda label: counts[label])
    others = [label for label in group if label != name]
    value = typed(f"{','.join(others)}={name}")
    return None if value is None or any("," in label or "=" in label for label in group) else f"--merge-labels {value}"


def _missing(counts: Mapping[str, int]) -> list[str]:
    found = names_of_no_label(counts)
    if not found:
        return []
    texts = sum(counts[label] for label in found)
    look = plural(
        len(found), "a label that stands for no label is a class", "labels that stand for no label are classes"
    )
    return [
        f"Warning: {look}: {counted_labels(found, counts)}. {_drop_option(found)} leaves "
        f"{plural(texts, 'its text', f'their {texts:,} texts' if len(found) > 1 else f'its {texts:,} texts')} out."
    ]


def _small(counts: Mapping[str, int]) -> list[str]:
    found = [label for label, texts in counts.items() if texts < FEW_TEXTS]
    if not found:
        return []
    if len(found) == len(counts):
        return [
            f"Warning: every class has fewer than {FEW_TEXTS} texts: {counted_labels(found, counts)}. Give more texts."
        ]
    rarest = min(found, key=lambda label: counts[label])
    return [
        f"Warning: {counted(len(found), 'class has', 'classes have')} fewer than {FEW_TEXTS} texts, of which little is "
        f"learned: {counted_labels(found, counts)}. Give more texts, leave {plural(len(found), 'it', 'them')} out "
        f"({_drop_option([rarest])}), or make one class of several (--merge-labels LABEL,LABEL=CLASS)."
    ]


def _drop_option(labels: Collection[str]) -> str:
    """`--drop-label` for these labels, as typed in a shell; only of the first few."""
    shown = [value for label in list(labels)[:MOST_OF_A_GROUP] if (value := typed(label)) is not None]
    return " ".join(f"--drop-label {value}" for value in shown) or "--drop-label LABEL"


def numbers_of_rows(labels: int, texts: int) -> bool:
    """Whether there are nearly as many labels as texts."""
    return labels >= FEWEST_FOR_NUMBERS and labels > texts / 2
