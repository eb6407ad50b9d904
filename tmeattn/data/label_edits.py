"""Labels that a user leaves out or makes one class: `--drop-label` and `--merge-labels`. No NumPy.

    --drop-label n/a --drop-label "?"          the same as --drop-label "n/a,?"
    --merge-labels "Good,GOOD=good"            LABEL[,LABEL...]=CLASS
    --merge-labels alike                       one class of all labels that look alike

Labels may have commas and = in them: the labels that the data have decide where a name ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmeattn.data.label_names import (
    MOST_NAMED,
    alike_groups,
    are_alike,
    counted_labels,
    named_labels,
    shown_label,
)
from tmeattn.errors import BadInput, UnknownName, shortened
from tmeattn.plurals import counted, plural

if TYPE_CHECKING:
    from tmeattn.runs.run_files import DataInfo, LabelRecord

ALIKE = "alike"
"""The value of `--merge-labels` for all labels that look alike."""
_DROP, _MERGE = "--drop-label", "--merge-labels"


@dataclass(frozen=True)
class EditedLabels:
    """What becomes of the labels of some data.

    counts:  by label, the number of its texts.
    classes: by label, the name of its class; None where its texts are left out.
    """

    counts: Mapping[str, int]
    classes: Mapping[str, str | None]

    @property
    def dropped(self) -> list[str]:
        """The labels whose texts are left out."""
        return [label for label, name in self.classes.items() if name is None]

    @property
    def merged(self) -> dict[str, list[str]]:
        """By class, the labels that were made this class and have another name."""
        found: dict[str, list[str]] = {}
        for label, name in self.classes.items():
            if name is not None and name != label:
                found.setdefault(name, []).append(label)
        return found

    def class_counts(self) -> dict[str, int]:
        """By class, the number of its texts."""
        found: dict[str, int] = {}
        for label, name in self.classes.items():
            if name is not None:
                found[name] = found.get(name, 0) + self.counts[label]
        return found

    def codes(self) -> dict[str, int]:
        """By label, the position of its class in `class_counts`; -1 where its texts are left out."""
        positions = {name: position for position, name in enumerate(self.class_counts())}
        return {label: -1 if name is None else positions[name] for label, name in self.classes.items()}

    def record(self) -> LabelRecord:
        """What `run.json` keeps: every label that was left out or has another class than its name."""
        return {
            "dropped": [{"label": label, "texts": self.counts[label]} for label in self.dropped],
            "merged": [
                {"label": label, "class": name, "texts": self.counts[label]}
                for label, name in self.classes.items()
                if name is not None and name != label
            ],
        }

    def notes(self) -> list[str]:
        """Sentences for the user: what was left out and what was merged, with numbers of texts."""
        found, total = [], sum(self.counts.values())
        if self.dropped:
            texts = sum(self.counts[label] for label in self.dropped)
            are = "is" if texts == 1 else "are"
            found.append(
                f"{texts:,} of {counted(total, 'text')} {are} left out by {_DROP}: "
                f"{counted_labels(self.dropped, self.counts)}."
            )
        groups = list(self.merged.items())
        for name, labels in groups[:MOST_NAMED]:
            texts = sum(self.counts[label] for label, its in self.classes.items() if its == name)
            its_own = self.classes.get(name) == name
            into = f"class {shown_label(name)} ({self.counts[name]:,})" if its_own else f"new class {shown_label(name)}"
            found.append(
                f"Merged {counted_labels(labels, self.counts)} into the {into}, which now has {counted(texts, 'text')}."
            )
        if rest := groups[MOST_NAMED:]:
            more = sum(len(each) for _, each in rest)
            found.append(
                f"Merged {counted(more, 'more label')} into {counted(len(rest), 'more class', 'more classes')}."
            )
        return found


@dataclass(frozen=True)
class LabelEdits:
    """The values of the two options, as given."""

    drop: tuple[str, ...] = ()
    merge: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.drop or self.merge)

    def given(self) -> str:
        """The option that is given; of both, the first."""
        return _DROP if self.drop else _MERGE

    def resolve(self, counts: Mapping[str, int], *, classes: int = 2) -> EditedLabels:
        """What becomes of the labels of data with these numbers of texts.

        classes: how many must be left.

        Raises:
            UnknownName: an option names a label that the data do not have.
            BadInput: a value has another form, options contradict each other, or fewer classes are left.
        """
        names: dict[str, str | None] = {label: label for label in counts}
        for text in self.drop:
            for label in _drops(text, counts):
                names[label] = None
        merged: dict[str, str] = {}
        for text in self.merge:
            if text.strip() == ALIKE and ALIKE not in counts:
                continue
            for label, name in _merges(text, counts):
                if names[label] is None:
                    raise BadInput(
                        f"{_DROP} leaves {shown_label(label)} out, and {_MERGE} makes it {shown_label(name)}.",
                        hint="Leave one of them out.",
                    )
                if merged.setdefault(label, name) != name:
                    raise BadInput(
                        f"{_MERGE} gives the label {shown_label(label)} two classes, {shown_label(merged[label])} and "
                        f"{shown_label(name)}.",
                        hint="Give it one.",
                    )
        if ALIKE in map(str.strip, self.merge) and ALIKE not in counts:
            left = [label for label in counts if names[label] is not None and label not in merged]
            merged |= {
                label: max(group, key=lambda each: counts[each]) for group in alike_groups(left) for label in group
            }
        _check_targets(merged, names)
        names |= merged
        edited = EditedLabels(dict(counts), names)
        _check_left(edited, classes)
        return edited


NO_EDITS = LabelEdits()


def _check_targets(merged: Mapping[str, str], names: Mapping[str, str | None]) -> None:
    for label, name in merged.items():
        if label == name:
            continue
        if name in names and names[name] is None:
            raise BadInput(
                f"{_MERGE} makes {shown_label(label)} the class {shown_label(name)}, which {_DROP} leaves out.",
                hint=f"Drop both labels, or give {_MERGE} another class.",
            )
        if merged.get(name, name) != name:
            raise BadInput(
                f"{_MERGE} makes {shown_label(label)} the class {shown_label(name)}, and that the class "
                f"{shown_label(merged[name])}.",
                hint="Give both labels the same class.",
            )


def _check_left(edited: EditedLabels, classes: int) -> None:
    left = list(dict.fromkeys(name for name in edited.classes.values() if name is not None))
    before = len(edited.counts)
    if len(left) >= classes or before < classes:
        return
    used = [option for option, labels in ((_DROP, edited.dropped), (_MERGE, edited.merged)) if labels]
    options = f"{' and '.join(used)} {plural(len(used), 'leaves', 'leave')}"
    many = counted(before, "label")
    if not left:
        raise BadInput(f"{options} no text: all {many} of the data are dropped.", hint="Drop fewer labels.")
    raise BadInput(
        f"{options} one class, {shown_label(left[0])}, of the {many} of the data: a model needs two or more.",
        hint=f"The labels are {named_labels(edited.counts)}.",
    )


def _drops(text: str, counts: Mapping[str, int]) -> Iterator[str]:
    if not text.strip():
        raise BadInput(f"{_DROP} has no label.", hint="Give a label of the data: --drop-label n/a")
    at = 0
    while at < len(text):
        label, at = _name_at(text, at, counts, ",")
        yield _known(label, counts, _DROP)
        at += 1


def _merges(text: str, counts: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Each label of a value of `--merge-labels`, and its class."""
    if not text.strip():
        raise BadInput(f"{_MERGE} has no label.", hint="Write it as LABEL,LABEL=CLASS, or as: alike")
    at = 0
    while at < len(text):
        labels: list[str] = []
        while True:
            label, at = _name_at(text, at, counts, ",=")
            labels.append(label)
            if at >= len(text):
                raise BadInput(
                    f"{_MERGE} {shortened(text)!r} has no = behind {shortened(label)!r}.",
                    hint="Write it as LABEL,LABEL=CLASS: the labels of the data, then the class that they become.",
                )
            at += 1
            if text[at - 1] == "=":
                break
        name, at = _name_at(text, at, counts, "," if "=" in text[at:] else "")
        name = name if name in counts else name.strip()
        if not name:
            raise BadInput(
                f"{_MERGE} {shortened(text)!r} has no class behind the =.",
                hint="Write it as LABEL,LABEL=CLASS: the labels of the data, then the class that they become.",
            )
        yield from ((_known(label, counts, _MERGE), name) for label in labels)
        at += 1


def _name_at(text: str, at: int, counts: Mapping[str, int], ends: str) -> tuple[str, int]:
    """The name at a position and where it ends: the longest label of the data, else all up to one of the characters
    `ends`."""
    while at < len(text) and text[at] == " " and not any(text.startswith(label, at) for label in counts):
        at += 1
    for label in sorted((label for label in counts if text.startswith(label, at)), key=len, reverse=True):
        end = at + len(label)
        while end < len(text) and text[end] == " ":
            end += 1
        if end == len(text) or text[end] in ends:
            return label, end
    end = min((found for char in ends if (found := text.find(char, at)) >= 0), default=len(text))
    return text[at:end], end


def _known(name: str, counts: Mapping[str, int], option: str) -> str:
    """The label of the data with this name, without regard to case and outer spaces where a single one has it."""
    if name in counts:
        return name
    similar = [label for label in counts if are_alike(label, name)]
    if len(similar) != 1:
        raise UnknownName(f"label of the data ({option})", name, counts)
    return similar[0]


def merged_labels(data: DataInfo) -> dict[str, str]:
    """By label that `--merge-labels` made another class in the training of a run, this class."""
    record = data.get("labels")
    return {} if record is None else {each["label"]: each["class"] for each in record["merged"]}


def edits_of(drop: Sequence[str] | None, merge: Sequence[str] | None) -> LabelEdits:
    """The edits of two options, of which each may be missing."""
    return LabelEdits(tuple(drop or ()), tuple(merge or ()))
