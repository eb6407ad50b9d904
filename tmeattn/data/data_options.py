"""Which labelled texts a command measures or explains: the options that `evaluate`, `mistakes`, `explain --index` and
`faithfulness` share. No NumPy."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

Texts = Literal["all", "sample"]
TEXTS: tuple[str, ...] = get_args(Texts)
DEFAULT_TEXTS: Texts = "all"
"""The default of `--texts`, in every command."""
OWN_SPLIT = "validation"
"""The split of a run's own dataset, unless `--split` gives another."""
EVERY_SPLIT = "all"
"""The word of `--split` for all texts of a dataset, and the default for data that a run was not trained on."""


@dataclass(frozen=True)
class DataOptions:
    """Which texts to take.

    dataset:     a name or a path; None: the dataset of the run.
    split:       train, validation, test or all; None: `OWN_SPLIT` of the run's dataset, all texts of another one.
    texts:       "all" of them, or the "sample" that the run's `--limit` keeps: of other data, as many, balanced.
    map_labels:  LABEL=CLASS: labels of the data and the run's classes that they stand for.
    drop_labels, merge_labels: labels that are left out, and labels that become one class, before they are matched with
                 the classes of the run.
    text_column, label_column, id_column: columns of a table; None to guess them by their names.
    keep_ids:    whether the user's own ids of the texts are wanted.
    """

    dataset: str | None = None
    split: str | None = None
    texts: Texts = DEFAULT_TEXTS
    map_labels: tuple[str, ...] = ()
    drop_labels: tuple[str, ...] = ()
    merge_labels: tuple[str, ...] = ()
    text_column: str | None = None
    label_column: str | None = None
    id_column: str | None = None
    keep_ids: bool = False

    def given(self) -> list[str]:
        """The names of the options that have another value than by default, as on the command line."""
        named = {"map_labels": "map-label", "drop_labels": "drop-label"}
        return [
            named.get(field.name, field.name.replace("_", "-"))
            for field in fields(self)
            if getattr(self, field.name) != field.default
        ]


OWN_TEXTS = DataOptions()
"""What every command takes by default: the validation texts of the run's dataset."""
