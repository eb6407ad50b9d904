"""What a sweep is: its model, space and fixed options, what it measures and how it prunes. No torch and no Optuna.

A plan is stored in its study, so that further workers and `tmeattn sweep` without a model continue the same sweep.
"""

# No `from __future__ import annotations`: as strings, annotations would hide types from `typed_json`.

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NotRequired, TypedDict, cast, get_args

from tmeattn.errors import BadInput, shortened
from tmeattn.run_config import resolve_run
from tmeattn.runs.reuse import NOT_IDENTITY
from tmeattn.runs.typed_json import matches
from tmeattn.sweep.space import Dimension
from tmeattn.sweep.space_text import parse_space

FORMAT = 1
"""The version of `PlanDocument`. A newer one is refused."""
ATTRIBUTE = "tmeattn"
"""The user attribute of a study that holds its plan."""
Pruner = Literal["median", "asha", "hyperband", "none"]
PRUNERS: tuple[str, ...] = get_args(Pruner)
ACCURACY, LOSS, WITHIN = "accuracy", "loss", "accuracy-within"
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_TIME = re.compile(r"(\d+(?:\.\d+)?)([smh])")
_LONGEST_NAME = 100
DERIVED = frozenset({"epochs", "patience", "alpha_warmup"})
"""As `tmeattn.training.default_epochs.DERIVED`, which imports more."""


class PlanDocument(TypedDict):
    """A plan as JSON.

    space:   the dimensions as `--space` takes them.
    options: the options that all trials have, as the user gave them; resolved: all of them with their defaults.
    """

    format: int
    model: str
    space: list[str]
    options: dict[str, Any]
    resolved: dict[str, Any]
    objective: str
    pruner: str
    seeds: list[int]
    seed: int
    tmeattn: NotRequired[str]


@dataclass(frozen=True)
class Objective:
    """What a trial is worth: the best validation accuracy, within `within` seconds of training unless that is None, or
    the lowest validation cross-entropy."""

    kind: str
    within: float | None = None

    @property
    def rises(self) -> bool:
        """Whether a greater value is better."""
        return self.kind != LOSS

    @classmethod
    def parse(cls, text: str) -> "Objective":
        """The objective that `--objective` names.

        Raises:
            BadInput: there is no such objective.
        """
        kind, colon, time = text.strip().partition(":")
        if kind in (ACCURACY, LOSS) and not colon:
            return cls(kind)
        found = _TIME.fullmatch(time)
        if kind == WITHIN and found and 0 < float(found[1]) < 1e9:
            return cls(kind, float(found[1]) * _UNITS[found[2]])
        raise BadInput(
            f"--objective: {shortened(text)!r} is not accuracy, loss or accuracy-within:TIME.",
            hint="A time is a number of seconds, minutes or hours: accuracy-within:10m",
        )


@dataclass(frozen=True)
class Plan:
    """A sweep without its trials.

    options: the options that all trials have, as given; resolved: with all defaults, without those that vary.
    seeds:   those of the runs of a trial. seed: that of the choice of values.
    """

    model: str
    space: tuple[Dimension, ...]
    options: Mapping[str, Any]
    resolved: Mapping[str, Any]
    objective: str
    pruner: str
    seeds: tuple[int, ...]
    seed: int

    @property
    def name(self) -> str:
        """The name of the study where the user gives none: the same for the same command."""
        document = self.document()
        same = [document[key] for key in ("model", "space", "objective", "pruner", "seeds", "seed")]
        options = {key: value for key, value in self.options.items() if key not in NOT_IDENTITY}
        text = json.dumps([*same, options], sort_keys=True, default=str)
        return f"{self.model}-{hashlib.sha256(text.encode()).hexdigest()[:4]}"

    def with_options(self, options: Mapping[str, Any]) -> "Plan":
        """The plan with more options for all trials."""
        return replace(self, options={**self.options, **options}, resolved={**self.resolved, **options})

    def document(self) -> PlanDocument:
        """The plan as it is stored."""
        return {
            "format": FORMAT,
            "model": self.model,
            "space": [dimension.text for dimension in self.space],
            "options": dict(self.options),
            "resolved": dict(self.resolved),
            "objective": self.objective,
            "pruner": self.pruner,
            "seeds": list(self.seeds),
            "seed": self.seed,
        }


def make_plan(
    model: str,
    space: tuple[Dimension, ...],
    options: Mapping[str, Any],
    *,
    objective: str,
    pruner: str,
    seeds: tuple[int, ...],
    seed: int,
) -> Plan:
    """A plan from checked parts. The options that vary are not in it, and the others have their own types."""
    varied = {dimension.name for dimension in space} | {"seed"}
    given = {key: value for key, value in options.items() if key not in varied and value is not None}
    resolved = {key: value for key, value in resolve_run(model, given).flat().items() if key not in varied}
    return Plan(model, space, {key: resolved[key] for key in given}, resolved, objective, pruner, seeds, seed)


def stored_plan(name: str, document: object) -> Plan:
    """The plan that a study holds.

    Raises:
        BadInput: another program or a newer version made the study, or its model or an option does not exist here.
    """
    if not isinstance(document, dict):
        raise BadInput(
            f"The study {shortened(name)!r} is not one of tmeattn.", hint="Choose another name: --study NAME"
        )
    if document.get("format") != FORMAT:
        raise BadInput(
            f"The study {shortened(name)!r} has format {document.get('format')!r}; this tmeattn reads format {FORMAT}."
        )
    if not matches(document, PlanDocument):
        raise BadInput(f"The study {shortened(name)!r} is damaged: its plan cannot be read.")
    plan = cast(PlanDocument, document)
    return Plan(
        plan["model"],
        parse_space(plan["model"], plan["space"], plan["options"], stored=True),
        plan["options"],
        plan["resolved"],
        plan["objective"],
        plan["pruner"],
        tuple(plan["seeds"]),
        plan["seed"],
    )


def check_same(name: str, stored: Plan, wanted: Plan) -> None:
    """Check that a worker wants the sweep that a study has. The options that follow from the number of training texts
    are those of the study, unless the worker gives them.

    Raises:
        BadInput: they differ; the message has the first difference.
    """
    have, want = stored.document(), wanted.document()
    difference = None
    for key, flag in (("model", "the model"), ("space", "the space"), ("objective", "--objective"),
                      ("pruner", "--pruner"), ("seeds", "the seeds of a trial"), ("seed", "--seed")):  # fmt: skip
        if have[key] != want[key]:  # type: ignore[literal-required]
            difference = f"{flag} {_shown(have[key])}, not {_shown(want[key])}"  # type: ignore[literal-required]
            break
    else:
        given = have["options"].keys() | want["options"].keys()  # named first: others can follow from them
        both = (have["resolved"].keys() & want["resolved"].keys()) - NOT_IDENTITY - (DERIVED - want["options"].keys())
        for option in sorted(both, key=lambda name: (name not in given, name)):
            if have["resolved"][option] != want["resolved"][option]:
                values = (_shown(document["resolved"][option]) for document in (have, want))
                difference = f"--{option.replace('_', '-')} {', not '.join(values)}"
                break
    if difference is not None:
        raise BadInput(
            f"The study {shortened(name)!r} has {difference}.",
            hint="Give the command of that study, or another name: --study NAME",
        )


def check_study_name(name: str) -> str:
    """The name of a study, without spaces around it.

    Raises:
        BadInput: it is empty, too long, begins with a dash, or has characters that are not allowed.
    """
    name = name.strip()
    if (
        not name
        or len(name) > _LONGEST_NAME
        or not name.isprintable()
        or name.startswith("-")
        or set("/\\") & set(name)
    ):
        raise BadInput(
            f"{shortened(name)!r} cannot be the name of a study.",
            hint=f"Choose 1 to {_LONGEST_NAME} characters without slashes, not beginning with a dash.",
        )
    return name


def _shown(value: object) -> str:
    if isinstance(value, list):
        return shortened(" ".join(map(str, value)))
    return shortened("none" if value is None else str(value))


def document_of(plan: Plan) -> dict[str, Any]:
    """The plan as `--json` prints it."""
    return {**{key: value for key, value in asdict(plan).items() if key != "space"}, "space": plan.document()["space"]}
