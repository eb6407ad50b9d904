"""The tables and figures of the report, read from `targets.toml` and validated. No torch."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tmeattn.errors import UnknownName

Show = Literal[
    "table", "differences", "curves", "validation", "collapse", "entropy-by-epoch", "entropy-by-variant", "heatmaps"
]
"""What a target shows:

table               one row for each run and variant: accuracy here and in the report, entropy, time
differences         differences of neighbouring rows of the table on the same texts
curves              cross-entropy and accuracy over epochs, training and validation
validation          validation accuracy over epochs, one curve for each run or variant
collapse            sentences on runs whose attention collapsed under a penalty
entropy-by-epoch    histograms of attention entropy, one row for each epoch
entropy-by-variant  histograms of attention entropy after the last epoch, one row for each variant
heatmaps            validation texts coloured by attention
"""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Run(_Strict):
    """A configuration. `report` is the best validation accuracy of the report in %; `longer` multiplies the epochs."""

    label: str
    model: str
    options: dict[str, Any] = {}
    report: float | None = None
    longer: float = 1.0


class MatrixTarget(_Strict):
    """A matrix: the sinusoidal encodings of `positions` positions in `width` dimensions, or their dot products."""

    kind: Literal["encodings", "products"]
    positions: int
    width: int


class Variant(_Strict):
    """A change to a configuration; `warmup` is the share of the epochs over which alpha rises."""

    label: str = ""
    group: str = ""
    options: dict[str, Any] = {}
    warmup: float | None = Field(default=None, ge=0, le=0.5)


class Target(_Strict):
    """A table or figure of the report, or several of them in `parts`."""

    name: str
    title: str
    says: str | None = None
    show: tuple[Show, ...] = ()
    runs: tuple[Run, ...] = ()
    variants: tuple[Variant, ...] = (Variant(),)
    matrices: tuple[MatrixTarget, ...] = ()
    parts: tuple[str, ...] = ()


@cache
def all_targets() -> dict[str, Target]:
    """Every target by name, in the order of the report, groups last."""
    text = files("tmeattn.reproduce").joinpath("targets.toml").read_text(encoding="utf-8")
    declared = tomllib.loads(text)
    runs = {name: Run.model_validate(values) for name, values in declared["runs"].items()}
    variants = {
        name: tuple(Variant.model_validate(values) for values in listed)
        for name, listed in declared["variants"].items()
    }
    targets = {}
    for name, values in declared["targets"].items():
        fields = {"name": name, "title": values["title"], "says": values.get("says"), "show": values.get("show", ())}
        fields["matrices"] = values.get("matrices", ())
        fields["runs"] = tuple(runs[run] for run in values.get("runs", ()))
        fields["parts"] = tuple(values.get("targets", ()))
        if "variants" in values:
            fields["variants"] = variants[values["variants"]]
        targets[name] = Target.model_validate(fields)
    return targets


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
