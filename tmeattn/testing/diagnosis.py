"""What `tmeattn plugins doctor` finds: whether the code that a plugin's specs point at is there, and what to do."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import tmeattn
from tmeattn.config import config_class
from tmeattn.errors import BadInput
from tmeattn.plugin import CODE_FIELDS, OWN_DISTRIBUTION, Plugin
from tmeattn.registry import KIND_NAMES, registry, resolve
from tmeattn.specs import ModelSpec, Spec

OWN_FOLDER = Path(tmeattn.__file__).parent


def diagnosed(plugin: Plugin) -> Plugin:
    """A copy of a plugin whose problems also name what of its specs' code is not there.

    All of that code is imported, torch with it. A traceback that several specs have in common is told once.
    """
    found = replace(plugin, problems=list(plugin.problems), tracebacks=list(plugin.tracebacks))
    for spec in registry().specs_of(plugin):
        for error in _unusable(spec):
            found.problems.append(error.message.removesuffix("."))
            trace = "".join(traceback.format_exception(error.__cause__)) if error.__cause__ else None
            if trace and trace not in found.tracebacks:
                found.tracebacks.append(trace)
    return found


def _unusable(spec: Spec) -> Iterator[BadInput]:
    who = f"{KIND_NAMES[type(spec)].capitalize()} {spec.name!r}"
    for part in CODE_FIELDS:
        target = getattr(spec, part, None)
        if target is None:
            continue
        try:
            if isinstance(spec, ModelSpec) and part == "config":
                config_class(spec)
            elif not callable(resolve(target, wanted_by=who)):
                yield BadInput(f"{who}: {target} is nothing that can be called.")
        except BadInput as error:
            yield error


def advice(plugin: Plugin) -> str | None:
    """What to do about a plugin's problems; None where it has none."""
    if not plugin.problems:
        return None
    if plugin.distribution == OWN_DISTRIBUTION:
        return "What to do: install tmeattn again, with the versions in constraints.txt."
    places = [place for trace in plugin.tracebacks if (place := _place(trace)) is not None]
    mend = f"mend {' and '.join(dict.fromkeys(places))}" if places else "mend what is named above"
    return (
        f"What to do: if it is yours, {mend}, then: tmeattn plugins check {plugin.distribution}. "
        f"Otherwise look for a newer version, or: pip uninstall {plugin.distribution}"
    )


def _place(trace: str) -> str | None:
    """The innermost line of a traceback that is not tmeattn's, torch's or of Python's import machinery."""
    lines = re.findall(r'^ *File "(.+)", line (\d+)', trace, re.MULTILINE)
    for file, number in reversed(lines):
        theirs = not re.search(r"\bimportlib\b|[\\/]torch[\\/]", file) and not Path(file).is_relative_to(OWN_FOLDER)
        if theirs:
            return f"{file}, line {number}"
    return None
