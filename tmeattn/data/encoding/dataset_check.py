"""The contract of `Dataset.read`, verified before a dataset is encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmeattn.errors import BadInput
from tmeattn.foreign import plugin_error
from tmeattn.plurals import counted
from tmeattn.specs import Dataset, Split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def check_dataset(dataset: Dataset, splits: Mapping[str, Split]) -> None:
    """Verify the splits that `dataset.read()` returned.

    Raises:
        BadInput: they break the contract; the message names the dataset, the split and the row.
    """
    for name in ("train", "validation"):
        if name not in splits:
            raise BadInput(f"The dataset {dataset.name} has no split {name!r}.")
    for name, split in splits.items():
        check_split(dataset, name, split)
    if len(np.unique(splits["train"].labels)) < 2:
        raise BadInput(
            f"Dataset {dataset.name}, split 'train': all texts have the same label, so a model cannot learn anything."
        )


def check_split(dataset: Dataset, name: str, split: Split) -> None:
    """Verify one split, all but its texts; raises as `check_dataset`."""
    where = f"Dataset {dataset.name}, split {name!r}"
    if name not in ("train", "validation", "test"):
        raise BadInput(f"{where}: a split must be named train, validation or test.")
    if len(split.texts) != len(split.labels):
        found = f"{counted(len(split.texts), 'text')} but {counted(len(split.labels), 'label')}"
        raise BadInput(f"{where}: the split has {found}.")
    if len(split.texts) == 0:
        raise BadInput(f"{where}: the split is empty.")
    classes, labels = len(dataset.classes), split.labels
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu" and 0 <= labels.min() <= labels.max() < classes:
        return  # fast for millions of labels
    for row, label in enumerate(labels):
        if not isinstance(label, int | np.integer) or not 0 <= label < classes:
            raise BadInput(f"{where}, row {row}: the label {label!r} is not a number from 0 to {classes - 1}.")


def checked_texts(dataset: Dataset, name: str, split: Split, rows: np.ndarray) -> Iterator[str]:
    """The texts at `rows` of the split, in order; raises `BadInput` at the first that is not a string."""
    row = -1
    try:
        texts = iter(split.texts) if len(rows) == len(split.texts) else map(split.texts.__getitem__, rows.tolist())
        for row, text in zip(rows.tolist(), texts, strict=True):
            if not isinstance(text, str):
                raise BadInput(
                    f"Dataset {dataset.name}, split {name!r}, row {row}: the text is {type(text).__name__}, not str."
                )
            yield text
    except (GeneratorExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # the texts may be read by a plugin's code
        where = f"Dataset {dataset.name}, split {name!r}, after row {row}"
        raise plugin_error(error, where, "cannot be read") from error
