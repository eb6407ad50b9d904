"""Search spaces as they are typed: `lr=1e-4..1e-2:log`, `hidden-size=50,100,200`. No torch and no Optuna.

Types and limits are those of the configurations that `tmeattn train` uses.
"""

from __future__ import annotations

import math
import random
import types
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from tmeattn.config import TEXT_OPTIONS, TrainOptions
from tmeattn.errors import BadInput, nearest, shortened
from tmeattn.registry import registry
from tmeattn.run_config import RunConfig, config_class, idle_options, resolve_run, validated_value
from tmeattn.specs import ModelSpec
from tmeattn.sweep.space import EXAMPLES, Choice, Dimension, Range, Value, flag_of, trial_options, value_text

MOST_VALUES = 1000
"""Values of one option."""
_OTHER_TEXTS = "it decides on which texts a run is measured, so that the values would not be comparable"
_NOT_SEARCHED = {
    **dict.fromkeys(TEXT_OPTIONS, _OTHER_TEXTS),
    "seed": "chance is nothing to search. Several seeds for each trial: --seeds 3",
    **dict.fromkeys(
        ("device", "threads", "processes", "checkpoint_every", "batch_entropy"), "it does not change what is learned"
    ),
}
"""The options of training that are no part of a space, with the reason."""
_JOINT_CHECKS = 50


Kind = Literal["whole", "number", "switch", "choice", "numbers", "text"]


def parse_space(
    model: str, texts: Sequence[str], fixed: Mapping[str, Any], *, stored: bool = False
) -> tuple[Dimension, ...]:
    """The dimensions of a space, in the order of the texts, each of another option.

    fixed:  the options that all trials have; a value of the space takes the place of one from a file or another run.
    stored: the space of a study that exists, perhaps of an earlier version: useless options and values are kept.

    Raises:
        BadInput: a text is malformed, names no option of the model or of training, names one twice, or has a value that
            the option does not accept; or no combination of the values can be trained.
    """
    base = resolve_run(model, fixed)
    dimensions: dict[str, Dimension] = {}
    for text in texts:
        name, given, values = text.partition("=")
        name = _field(model, name.strip().removeprefix("--"))
        if name in dimensions:
            raise BadInput(f"--space: {flag_of(name)} is given twice.", hint="Write all its values in one --space.")
        dimensions[name] = _dimension(model, name, values.strip() if given else None, text)
        for value in _ends(dimensions[name]):
            try:
                validated_value(base, name, value)
            except BadInput as error:
                raise BadInput(f"--space {shortened(text)!r}: {error.message}", hint=error.hint) from None
    found = tuple(dimensions.values())
    trained = _check_together(model, found, fixed)
    for dimension in found if not stored else ():
        _check_effect(dimension, trained)
        for value in _ends(dimension):
            _check_value(model, dimension, value, found, fixed)
    return found


def _check_together(model: str, space: Sequence[Dimension], fixed: Mapping[str, Any]) -> list[RunConfig]:
    """The configurations of drawn values. Raise `BadInput` where values that are accepted alone contradict each other
    in all of many combinations."""
    found, problem = [], None
    for values in _drawn(space):
        try:
            found.append(resolve_run(model, trial_options(fixed, values)))
        except BadInput as error:
            problem = problem or error
    if not found and problem is not None:
        raise BadInput(f"No values of the space can be trained: {problem.message}", hint=problem.hint)
    return found


def _check_effect(dimension: Dimension, trained: Sequence[RunConfig]) -> None:
    """Raise `BadInput` for an option that has no effect in any of the drawn configurations."""
    reasons = [idle_options(config).get(dimension.name) for config in trained]
    if trained and all(reasons):
        raise BadInput(
            f"--space: {dimension.flag} has no effect on the model {trained[0].model!r}: {reasons[0]}.",
            hint=f"Leave it out, or change that. See: tmeattn train {trained[0].model} --help",
        )


def _check_value(
    model: str, dimension: Dimension, value: Value, space: Sequence[Dimension], fixed: Mapping[str, Any]
) -> None:
    """Raise `BadInput` for a value that cannot be trained with any of many values of the other options."""
    problem: BadInput | None = None
    for values in _drawn(space):
        try:
            resolve_run(model, trial_options(fixed, {**values, dimension.name: value}))
            return
        except BadInput as error:
            problem = problem or error
    if problem is not None:
        raise BadInput(
            f"--space: no trial with {dimension.flag} {value_text(value)} can be trained: {problem.message}",
            hint=problem.hint,
        )


def _drawn(space: Sequence[Dimension]) -> Iterator[dict[str, Value]]:
    """The same combinations of values each time."""
    chance = random.Random(0)
    for _ in range(_JOINT_CHECKS):
        yield {one.name: one.draw(chance) for one in space}


def _field(model: str, name: str) -> str:
    """The name of the field of an option that can be searched."""
    field = name.replace("-", "_")
    own = config_class(registry().get(ModelSpec, model)).model_fields
    known = [*own, *TrainOptions.model_fields]
    if field in known and field not in own and field in _NOT_SEARCHED:
        raise BadInput(f"--space: {flag_of(field)} cannot be searched: {_NOT_SEARCHED[field]}.")
    if field not in known:
        if not name:
            raise BadInput("--space: the name of an option is missing.", hint=EXAMPLES)
        searchable = [one for one in known if one in own or one not in _NOT_SEARCHED]
        near = nearest(field, searchable, 1)
        hint = f"Did you mean {flag_of(near[0])}?" if near else f"See: tmeattn sweep {model} --help"
        raise BadInput(f"--space: {shortened(name)!r} is no option of the model {model!r}.", hint=hint)
    return field


def _dimension(model: str, name: str, values: str | None, text: str) -> Dimension:
    own = config_class(registry().get(ModelSpec, model)).model_fields
    kind, choices = _kind(own.get(name, TrainOptions.model_fields.get(name)).annotation)  # type: ignore[union-attr]
    if values is None and choices:
        return Choice(name, choices)
    if not values:
        raise BadInput(f"--space {shortened(text)!r} has no values.", hint=EXAMPLES)
    if kind in ("whole", "number"):
        if ".." in values:
            return _range(name, values, kind == "whole", text)
        return _choice(name, [_number(each, kind == "whole", text) for each in _listed(values, text)], text)
    if ".." in values and kind in ("switch", "choice"):
        raise BadInput(
            f"--space {shortened(text)!r}: {flag_of(name)} is no number and has no range.",
            hint=f"Its values: {flag_of(name)}={','.join(map(value_text, choices))}",
        )
    if kind == "switch":
        return _choice(name, [_switch(each, text) for each in _listed(values, text)], text)
    if kind == "choice":
        by_text = {str(choice): choice for choice in choices}
        return _choice(name, [by_text.get(each, each) for each in _listed(values, text)], text)
    return _choice(name, _listed(values, text), text)


def _kind(annotation: Any) -> tuple[Kind, tuple[Value, ...]]:
    """What values a field takes, and all of them where they are few."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return next(found for part in get_args(annotation) if part is not type(None) for found in [_kind(part)])
    if origin is Literal:
        return "choice", tuple(get_args(annotation))
    if annotation is bool:
        return "switch", (True, False)
    if annotation is int:
        return "whole", ()
    if annotation is float:
        return "number", ()
    return ("numbers" if origin is tuple else "text"), ()


def _range(name: str, values: str, whole: bool, text: str) -> Range:
    shown = f"--space {shortened(text)!r}"
    ends, *marks = values.split(":")
    low_text, _, high_text = ends.partition("..")
    log, step = False, None
    for mark in (each.strip() for each in marks):
        if mark == "log" and not log:
            log = True
        elif mark == "int":
            whole = True
        elif step is None and _is_number(mark.removeprefix("step=")):
            step = mark.removeprefix("step=")
        else:
            raise BadInput(
                f"{shown}: {shortened(mark)!r} is not log, int or the size of a step.",
                hint="For example: lr=1e-4..1e-2:log, hidden-size=50..200:50, dropout=0..0.5:0.1",
            )
    low, high = _number(low_text, whole, text), _number(high_text, whole, text)
    if low >= high:
        raise BadInput(f"{shown}: the range must rise, and {low_text.strip()} is not below {high_text.strip()}.")
    if log and low <= 0:
        raise BadInput(
            f"{shown}: a logarithmic range begins above 0.", hint="Begin it at a small number, such as 1e-5."
        )
    if log and step is not None:
        raise BadInput(f"{shown}: a logarithmic range has no step.", hint="Leave log or the step out.")
    size = None if step is None else _number(step, whole, text)
    if size is not None and not 0 < size <= high - low:
        raise BadInput(f"{shown}: the step must be above 0 and at most the width of the range.")
    if size is not None:
        high = _last_step(low, high, size, whole)
    return Range(name, low, high, log, size, whole)


def _last_step(low: float, high: float, step: float, whole: bool) -> float:
    """The highest value that is a whole number of steps above `low`."""
    first, size = Decimal(str(low)), Decimal(str(step))
    last = first + (Decimal(str(high)) - first) // size * size
    return int(last) if whole else float(last)


def _listed(values: str, text: str) -> list[str]:
    """The values of a list: separated by commas, or by | where a value has commas."""
    parts = [part.strip() for part in values.split("|" if "|" in values else ",")]
    if not all(parts):
        raise BadInput(f"--space {shortened(text)!r} has an empty value.", hint=EXAMPLES)
    return parts


def _choice(name: str, values: Sequence[Value], text: str) -> Choice:
    shown = f"--space {shortened(text)!r}"
    if len(values) < 2:
        raise BadInput(
            f"{shown} has a single value, so that nothing varies.",
            hint=f"Give it as an option of all trials: --{flag_of(name)} {value_text(values[0])}",
        )
    if len(set(values)) < len(values):
        raise BadInput(f"{shown} has a value twice.")
    if len(values) > MOST_VALUES:
        raise BadInput(f"{shown} has more than {MOST_VALUES} values.", hint="Give a range: hidden-size=50..200")
    return Choice(name, tuple(values))


def _number(text: str, whole: bool, dimension: str) -> float:
    text = text.strip()
    value = float(text) if _is_number(text) else math.nan
    if not math.isfinite(value):
        raise BadInput(f"--space {shortened(dimension)!r}: {shortened(text)!r} is no number.", hint=EXAMPLES)
    if not whole:
        return value
    if value != int(value) or abs(value) >= 2**63:
        raise BadInput(f"--space {shortened(dimension)!r}: {shortened(text)!r} is no whole number.")
    return int(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _switch(text: str, dimension: str) -> bool:
    known = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
    if text.lower() not in known:
        raise BadInput(f"--space {shortened(dimension)!r}: {shortened(text)!r} is not yes or no.")
    return known[text.lower()]


def _ends(dimension: Dimension) -> tuple[Value, ...]:
    """The values whose limits are checked."""
    return dimension.values if isinstance(dimension, Choice) else (dimension.low, dimension.high)
