"""The diagnosis of `tmeattn plugins doctor`: missing code of a plugin's specs, and the remedies."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import tmeattn
from tmeattn.errors import BadInput
from tmeattn.foreign import formatted
from tmeattn.plugin import CODE_FIELDS, OWN_DISTRIBUTION, Plugin
from tmeattn.registry import KIND_NAMES, registry, resolve
from tmeattn.run_config import config_class
from tmeattn.specs import ModelSpec, Spec

PYTHON = Path(sysconfig.get_path("stdlib"))
OWN_FOLDER = Path(tmeattn.__file__).parent


def diagnosed(plugin: Plugin) -> Plugin:
    """A copy of a plugin with the additional problems of the code that its specs refer to.

    This imports all of that code, and torch. A traceback that several specs have in common is added once.
    """
    found = replace(plugin, problems=list(plugin.problems), tracebacks=list(plugin.tracebacks))
    for spec in registry().specs_of(plugin):
        for error in _errors_of(spec):
            found.problems.append(error.message.removesuffix("."))
            trace = formatted(error.__cause__) if error.__cause__ else None
            if trace and trace not in found.tracebacks:
                found.tracebacks.append(trace)
    return found


def _errors_of(spec: Spec) -> Iterator[BadInput]:
    """One error for each field of a spec whose code cannot be imported or used."""
    name = f"{KIND_NAMES[type(spec)].capitalize()} {spec.name!r}"
    for field in CODE_FIELDS:
        target = getattr(spec, field, None)
        if target is None:
            continue
        try:
            if isinstance(spec, ModelSpec) and field == "config":
                config_class(spec)
            elif not callable(resolve(target, wanted_by=name)):
                yield BadInput(f"{name}: {target} is not callable.")
        except BadInput as error:
            yield error


def advice(plugin: Plugin) -> str | None:
    """The remedy for a plugin's problems; None: it has none."""
    if not plugin.problems:
        return None
    if plugin.distribution == OWN_DISTRIBUTION:
        return "Remedy: install tmeattn again with the versions in constraints.txt."
    places = [place for trace in plugin.tracebacks if (place := _place(trace)) is not None]
    correct = f"correct {' and '.join(dict.fromkeys(places))}" if places else "correct the problems above"
    return (
        f"Remedy: if you are the author, {correct}, then run: tmeattn plugins check {plugin.distribution}. "
        f"Otherwise install a newer version, or run: pip uninstall {plugin.distribution}"
    )


def _place(trace: str) -> str | None:
    """The innermost line of a formatted traceback that is in the plugin: not in tmeattn, torch or Python itself."""
    lines = re.findall(r'^ *File "(.+)", line (\d+)', trace, re.MULTILINE)
    for file, number in reversed(lines):
        foreign = file.startswith("<") or re.search(r"\bimportlib\b|[\\/]torch[\\/]", file)
        if not foreign and Path(file).parent != PYTHON and not _is_own(file):
            return f"{file}, line {number}"
    return None


def _is_own(file: str) -> bool:
    return Path(file).is_relative_to(OWN_FOLDER)
