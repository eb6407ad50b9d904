"""One plugin as it was found, and what its specs must hold to before they are registered."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass, field
from typing import Any, get_args

from tmeattn.specs import API_VERSION, Attention, ModelSpec

OWN_DISTRIBUTION = "tmeattn"

CODE = ("config", "build", "prepare", "load", "explain", "track")
"""The fields of specs that point at code, as "package.module:name"."""


@dataclass
class Plugin:
    """One entry point: where it came from, and what went wrong with it (an empty list when nothing did).

    problems:   what does not work, each with its traceback where there is one.
    warnings:   what works and should be different.
    seconds:    how long it took to import and to ask; the first plugin pays for what it shares with later ones.
    imports:    packages that were imported for it and not before, without those of Python itself.
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
        self.problems.append(problem)
        if error is not None:
            self.tracebacks.append("".join(traceback.format_exception(error)))


def other_api(api: object, plugin: Plugin) -> str:
    newer = isinstance(api, int) and api > API_VERSION
    advice = "upgrade tmeattn" if newer else f"look for a newer {plugin.distribution}"
    return f"written for plugin API {api}, this tmeattn speaks API {API_VERSION}: {advice}"


def malformed(spec: Any) -> str | None:
    """What in a spec would fail later, far from the plugin that is to blame: its name stands in paths and tables."""
    if not (isinstance(spec.name, str) and re.fullmatch(r"\w[\w.+-]*", spec.name)):
        return f"the name {spec.name!r} is not made of letters, digits, '-', '_', '.' and '+'"
    if not isinstance(spec.summary, str):
        return f"{spec.name}: its summary is no text"
    for part in CODE:
        target = getattr(spec, part, None)
        optional = part == "prepare" or not hasattr(spec, part)
        if not (isinstance(target, str) and ":" in target) and not (target is None and optional):
            return f"{spec.name}: {part} is {target!r}, expected 'package.module:name'"
    if isinstance(spec, ModelSpec) and spec.attention not in get_args(Attention):
        return f"{spec.name}: attention is {spec.attention!r}, expected one of {', '.join(get_args(Attention))}"
    return None


def one_line(error: BaseException) -> str:
    """`ImportError: no module named x`: the error's type and the first line of its text."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
