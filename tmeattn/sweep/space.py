"""The search space of a sweep: which options vary and how. No torch and no Optuna.

`tmeattn.sweep.space_text` reads a space from what is typed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tmeattn.errors import BadInput
from tmeattn.registry import registry
from tmeattn.run_config import config_class
from tmeattn.specs import ModelSpec

RECIPE = "sweep"
"""The entry of a model's `recipes` that names its default space."""
EXAMPLES = "For example: --space lr=1e-4..1e-2:log --space hidden-size=50,100,200"

Value = bool | int | float | str


@dataclass(frozen=True)
class Range:
    """An option that varies from `low` to `high`, both included; in steps of `step` unless that is None.

    log: values are drawn evenly in the logarithm. whole: they are integers.
    """

    name: str
    low: float
    high: float
    log: bool = False
    step: float | None = None
    whole: bool = False

    @property
    def text(self) -> str:
        """The dimension as it is typed behind `--space`."""
        ends = f"{self.flag}={_number_text(self.low)}..{_number_text(self.high)}"
        return ends + (":log" if self.log else "") + (":int" if self.whole else "") + self._step_text

    @property
    def _step_text(self) -> str:
        return "" if self.step in (None, 1 if self.whole else None) else f":{_number_text(self.step or 0)}"

    @property
    def flag(self) -> str:
        return self.name.replace("_", "-")

    def rounded(self, value: float) -> Value:
        """A value with at most six digits, so that a command can be typed, within the range."""
        if self.whole:
            return round(value)
        return min(max(float(f"{value:.6g}"), self.low), self.high)

    def draw(self, chance: random.Random) -> Value:
        """A value by chance."""
        if self.log:
            value = math.exp(chance.uniform(math.log(self.low), math.log(self.high)))
        else:
            value = chance.uniform(self.low, self.high)
        if self.step:
            value = self.low + round((value - self.low) / self.step) * self.step
        return self.rounded(min(max(value, self.low), self.high))


@dataclass(frozen=True)
class Choice:
    """An option that has one of several values."""

    name: str
    values: tuple[Value, ...]

    @property
    def text(self) -> str:
        """The dimension as it is typed behind `--space`."""
        texts = [value_text(value) for value in self.values]
        return f"{self.flag}={('|' if any(',' in text for text in texts) else ',').join(texts)}"

    @property
    def flag(self) -> str:
        return self.name.replace("_", "-")

    def draw(self, chance: random.Random) -> Value:
        """A value by chance."""
        return chance.choice(self.values)


Dimension = Range | Choice


def rounded(dimension: Dimension, value: Value) -> Value:
    """The value that a run is trained with, from the one that the sampler chose."""
    return dimension.rounded(float(value)) if isinstance(dimension, Range) else value


def default_space(model: str, without: Iterable[str] = ()) -> list[str]:
    """The texts of the model's default space, without some options.

    Raises:
        BadInput: the model declares none, or all its options are left out.
    """
    declared = config_class(registry().get(ModelSpec, model)).recipes.get(RECIPE, {})
    left = set(without)
    texts = [f"{flag_of(name)}={values}" for name, values in declared.items() if name.replace("-", "_") not in left]
    if not declared:
        raise BadInput(f"The model {model!r} declares no space of its own.", hint=f"Give one. {EXAMPLES}")
    if not texts:
        raise BadInput(
            f"All options of the default space of {model!r} are given, so that nothing varies.",
            hint=f"Leave one out, or give a space. {EXAMPLES}",
        )
    return texts


def trial_options(fixed: Mapping[str, Any], values: Mapping[str, Value]) -> dict[str, Any]:
    """The options of a trial, as `resolve_run` takes them."""
    options = {**fixed, **values}
    if "optimizer" in values and values["optimizer"] != "sgd":
        options.pop("momentum", None)  # it is an option of SGD only
    return options


def shown_values(values: Mapping[str, Value]) -> str:
    """The values of a trial in one line."""
    return ", ".join(
        f"{flag_of(name)} {f'{value:g}' if isinstance(value, float) else value_text(value)}"
        for name, value in values.items()
    )


def flag_of(name: str) -> str:
    return name.replace("_", "-")


def _number_text(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.12g}"


def value_text(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _number_text(value) if isinstance(value, int | float) else value
