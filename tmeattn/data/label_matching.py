"""Whose classes the labels of other data are: by their names, or as the user says with `--map-label`. No NumPy."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tmeattn.data.label_names import MOST_NAMED, are_alike, counted_labels, named_labels, shown_label
from tmeattn.errors import BadInput, UnknownName, shortened


@dataclass(frozen=True)
class LabelMatch:
    """The class of each label, and what the user should know about it.

    classes:   by label of the data, the index of the run's class; None where no class matches.
    notes:     sentences: labels that were matched without regard to case and spaces, labels that are left out.
    """

    classes: Mapping[str, int | None]
    notes: tuple[str, ...]


def match_labels(
    counts: Mapping[str, int],
    classes: Sequence[str],
    mapped: Sequence[str] = (),
    *,
    data: str = "the data",
    merged: Mapping[str, str] | None = None,
) -> LabelMatch:
    """Match labels with the classes of a run: by `--map-label`, by the same name, or by a name that differs only in
    case and outer spaces where a single class has it.

    counts: by label of the data, the number of its texts.   mapped: the values of `--map-label`, LABEL=CLASS each.
    merged: by label that `--merge-labels` made a class of the run in its training, this class.

    Raises:
        UnknownName: `--map-label` names a label or a class that does not exist.
        BadInput: it has another form or maps a label twice, or no label matches a class.
    """
    by_option = _mapped(mapped, counts, classes)
    found: dict[str, int | None] = {}
    loosely, as_trained, notes = [], [], []
    for label in counts:
        found[label] = by_option.get(label, classes.index(label) if label in classes else None)
        if found[label] is None and len(alike := _alike(label, classes)) == 1:
            found[label] = classes.index(alike[0])
            loosely.append(f"{shown_label(label)} as {shown_label(alike[0])}")
        if found[label] is None and (name := (merged or {}).get(label)) is not None and name in classes:
            found[label] = classes.index(name)
            as_trained.append(f"{shown_label(label)} as {shown_label(name)}")
    if all(index is None for index in found.values()):
        raise BadInput(
            f"No label of {data} is a class of the run: its labels are {counted_labels(counts, counts)}; the classes "
            f"are {named_labels(classes)}.",
            hint=f"Say which is which: --map-label {_example(counts, classes)}",
        )
    if loosely:
        notes.append(f"Labels are matched without regard to case and outer spaces: {', '.join(loosely[:MOST_NAMED])}.")
    if as_trained:
        notes.append(f"Labels are merged as in the training of the run: {', '.join(as_trained[:MOST_NAMED])}.")
    left_out = [label for label, index in found.items() if index is None]
    if left_out:
        texts = sum(counts[label] for label in left_out)
        are = "text is" if texts == 1 else "texts are"
        notes.append(
            f"{texts:,} {are} left out, because no class of the run matches the label: "
            f"{counted_labels(left_out, counts)}. A label is matched with --map-label {_example(left_out, classes)}."
        )
    absent = [name for index, name in enumerate(classes) if index not in found.values()]
    if absent:
        notes.append(f"No text has the class {named_labels(absent)}.")
    return LabelMatch(found, tuple(notes))


def _mapped(options: Sequence[str], counts: Mapping[str, int], classes: Sequence[str]) -> dict[str, int]:
    chosen: dict[str, int] = {}
    for option in options:
        if "=" not in option:
            raise BadInput(
                f"--map-label {shortened(option)!r} has no =.",
                hint="Write it as LABEL=CLASS: the label of the data, then the class of the run.",
            )
        label, name = _divided(option, counts, classes)
        known = label if label in counts else _only(_alike(label, counts))
        if known is None:
            raise UnknownName("label of the data", label, counts)
        of_run = name if name in classes else _only(_alike(name, classes))
        if of_run is None:
            raise UnknownName("class of the run", name, classes)
        if chosen.get(known, classes.index(of_run)) != classes.index(of_run):
            raise BadInput(f"--map-label gives the label {shortened(known)!r} two classes.", hint="Give it once.")
        chosen[known] = classes.index(of_run)
    return chosen


def _divided(option: str, labels: Mapping[str, int], classes: Sequence[str]) -> tuple[str, str]:
    """The label and the class of an option. Names may have = in them: the known ones decide, else the first =."""
    places = [at for at, char in enumerate(option) if char == "="]
    halves = [(option[:at], option[at + 1 :]) for at in places]
    whole = [(label, name) for label, name in halves if label in labels and name in classes]
    partly = [(label, name) for label, name in halves if label in labels or name in classes]
    return next(iter(whole or partly or halves))


def _alike(name: str, names: Sequence[str] | Mapping[str, int]) -> list[str]:
    return [one for one in names if are_alike(one, name)]


def _only(names: Sequence[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def _example(labels: Sequence[str] | Mapping[str, int], classes: Sequence[str]) -> str:
    label = next((label for label in labels if label), "LABEL")
    text = f"{label}={classes[0]}"
    return text if shlex.quote(text) == text and len(text) < 60 else repr(shortened(text, 60))
