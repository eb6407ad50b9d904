"""The tables and figures of the report, read from `part1.toml` and `part2.toml` and validated. No torch."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tmeattn.errors import UnknownName

PARTS = ("part1.toml", "part2.toml")

Show = Literal[
    "table", "differences", "curves", "validation", "collapse", "entropy-by-epoch", "entropy-by-variant", "heatmaps"
]
"""What a target shows:

table               one row for each run and variant: accuracies here and in the report, entropy, time
differences         differences of neighbouring rows of the table on the same texts
curves              loss and accuracy over epochs, of both splits
validation          validation loss and accuracy over epochs, one curve for each run or variant
collapse            sentences on runs whose attention collapsed under a penalty
entropy-by-epoch    histograms of attention entropy, one row for each epoch, or for each batch where they are logged
entropy-by-variant  the same for some epochs of the validation texts, one picture for each variant
heatmaps            validation texts coloured by attention
"""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quick(_Strict):
    """The training texts and the epochs of a run under `--quick`."""

    limit: int
    epochs: int


class Run(_Strict):
    """A configuration.

    report, report_train: best validation accuracy and training accuracy of the report in %.
    longer:               multiplies the number of epochs.
    quick:                what `--quick` trains.
    """

    label: str
    model: str
    options: dict[str, Any] = {}
    report: float | None = None
    report_train: float | None = None
    longer: float = 1.0
    quick: Quick = Quick(limit=6000, epochs=4)


class MatrixTarget(_Strict):
    """A matrix: the sinusoidal encodings of `positions` positions in `width` dimensions, or their dot products."""

    kind: Literal["encodings", "products"]
    positions: int
    width: int


class DiagramTarget(_Strict):
    """The architecture of a model, or of one of its modules by its path in the model, such as `blocks.0`."""

    model: str
    options: dict[str, Any] = {}
    part: str = ""


class Variant(_Strict):
    """A change to a configuration; `warmup` is the share of the epochs over which alpha rises."""

    label: str = ""
    group: str = ""
    options: dict[str, Any] = {}
    warmup: float | None = Field(default=None, ge=0, le=0.5)


class Target(_Strict):
    """A table or figure of the report, or several of them in `parts`.

    formula, notes: lines that are printed above and below its pictures.
    """

    name: str
    title: str
    says: str | None = None
    formula: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    show: tuple[Show, ...] = ()
    runs: tuple[Run, ...] = ()
    variants: tuple[Variant, ...] = (Variant(),)
    matrices: tuple[MatrixTarget, ...] = ()
    diagrams: tuple[DiagramTarget, ...] = ()
    parts: tuple[str, ...] = ()


@cache
def all_targets() -> dict[str, Target]:
    """Every target by name, in the order of the report, groups last."""
    runs: dict[str, Run] = {}
    variants: dict[str, tuple[Variant, ...]] = {}
    targets: dict[str, Target] = {}
    for name in PARTS:
        declared = tomllib.loads(files("tmeattn.reproduce").joinpath(name).read_text(encoding="utf-8"))
        for key, values in declared["runs"].items():
            runs[key] = Run.model_validate({"quick": declared["quick"], **values})
        for key, listed in declared["variants"].items():
            variants[key] = tuple(Variant.model_validate(values) for values in listed)
        targets |= {key: _target(key, values, runs, variants) for key, values in declared["targets"].items()}
    return targets


def _target(
    name: str, values: dict[str, Any], runs: dict[str, Run], variants: dict[str, tuple[Variant, ...]]
) -> Target:
    """A declared target with the runs and variants that it names."""
    fields = {"name": name, **values}
    fields["runs"] = tuple(runs[run] for run in values.get("runs", ()))
    fields["parts"] = tuple(fields.pop("targets", ()))
    if "variants" in values:
        fields["variants"] = variants[values["variants"]]
    return Target.model_validate(fields)


def find_target(name: str) -> Target:
    """The target with this name.

    Raises:
        UnknownName: there is no such target.
    """
    targets = all_targets()
    if name not in targets:
        raise UnknownName("target", name, targets, list_command="tmeattn reproduce --list")
    return targets[name]


def parts(target: Target) -> list[Target]:
    """The target itself, or the targets that it consists of."""
    if not target.parts:
        return [target]
    return [part for name in target.parts for part in parts(all_targets()[name])]
