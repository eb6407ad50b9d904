"""A plugin with the problems that were found in it, and the checks of its specs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import get_args

from tmeattn.foreign import formatted
from tmeattn.specs import API_VERSION, Attention, ModelSpec, Spec

OWN_DISTRIBUTION = "tmeattn"

CODE_FIELDS = ("config", "build", "prepare", "load", "explain", "track", "tokenizer")
"""The fields of specs that refer to code by "package.module:name"."""


@dataclass
class Plugin:
    """An installed entry point of the group `tmeattn`.

    name:         the name of the entry point.
    distribution: the distribution that installed it, with its version.
    target:       the module that the entry point names.
    provides:     the names of its specs.
    problems:     what does not work, one message each.
    warnings:     what works, but should be changed, one message each.
    tracebacks:   the tracebacks of the problems that are exceptions.
    seconds:      the time to import the module and to call its hooks, in seconds. The import time of a package that
                  several plugins use counts for the first of them.
    imports:      the packages that it imports, without Python's own and those that were already imported.
    """

    name: str
    distribution: str
    version: str
    target: str
    provides: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)
    seconds: float = 0.0
    imports: list[str] = field(default_factory=list)

    def fail(self, problem: str, error: BaseException | None = None) -> None:
        """Add a problem, and the traceback of the exception that caused it."""
        self.problems.append(problem)
        if error is not None:
            self.tracebacks.append(formatted(error))


def api_problem(api: object, plugin: Plugin) -> str | None:
    """The problem of a spec that was written for another version of the contract, with the remedy; None: no problem."""
    if api == API_VERSION:
        return None
    newer = isinstance(api, int) and api > API_VERSION
    advice = "upgrade tmeattn" if newer else f"install a newer {plugin.distribution}"
    return f"requires plugin API {api}, but this tmeattn has plugin API {API_VERSION}: {advice}"


def spec_problem(spec: Spec) -> str | None:
    """The first invalid field of a spec; None: all are valid.

    This check finds errors that would otherwise appear later, in code that does not name the plugin. A spec's name, for
    example, becomes part of paths.
    """
    name: object = spec.name  # a plugin can pass any object
    summary: object = spec.summary
    if not (isinstance(name, str) and re.fullmatch(r"\w[\w.+-]*", name)):
        return f"the name {name!r} is invalid: use letters, digits, '-', '_', '.' and '+'"
    if not isinstance(summary, str):
        return f"{name}: summary is {summary!r}, expected a string"
    for field_name in CODE_FIELDS:
        target = getattr(spec, field_name, None)
        optional = field_name in ("prepare", "tokenizer") or not hasattr(spec, field_name)
        if not (isinstance(target, str) and ":" in target) and not (target is None and optional):
            return f"{name}: {field_name} is {target!r}, expected 'package.module:name'"
    if isinstance(spec, ModelSpec) and spec.attention not in get_args(Attention):
        return f"{name}: attention is {spec.attention!r}, expected one of {', '.join(get_args(Attention))}"
    return None
