"""Checks: what was looked at, what was wrong with it, and what to change."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tmeattn.errors import EnvironmentProblem, TmeattnError
from tmeattn.hookspecs import hookimpl
from tmeattn.plugin import Plugin
from tmeattn.registry import HEAVY, KINDS, registry
from tmeattn.specs import Spec
from tmeattn.testing import toy


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `problem` says what is wrong (None: nothing) and `advice` what to change.

    skipped: what this machine lacks for looking at it, such as data that were not fetched; there is no `problem` then.
    """

    name: str
    problem: str | None = None
    advice: str = ""
    skipped: str | None = None

    @property
    def holds(self) -> bool:
        """Whether it was looked at, and nothing is wrong."""
        return self.problem is None and self.skipped is None


class Wrong(Exception):
    """Raised by a check: what is wrong, and what to change."""

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.problem, self.advice = problem, advice


class CheckFailed(AssertionError):
    """At least one check failed; the message names each with what to change."""


def demand(name: str, checks: list[Check]) -> None:
    """Raise `CheckFailed` unless all checks passed: a test that could look at nothing is none that passes."""
    failed = [check for check in checks if not check.holds]
    lines = [f"{check.name}: {check.skipped or f'{check.problem} {check.advice}'.rstrip()}" for check in failed]
    if lines:
        raise CheckFailed("\n".join([f"{name} fails {len(lines)} of {len(checks)} checks:", *lines]))


def examine(steps: list[tuple[str, Callable[[], None]]], *, needed: int) -> list[Check]:
    """Run checks in order. Where one of the first `needed` does not hold, the others would only repeat it and are left
    out."""
    done: list[Check] = []
    for number, (name, step) in enumerate(steps):
        done.append(_examined(name, step))
        if not done[-1].holds and number < needed:
            break
    return done


def _examined(name: str, step: Callable[[], None]) -> Check:
    try:
        step()
    except Wrong as wrong:
        return Check(name, wrong.problem, wrong.advice)
    except EnvironmentProblem as error:
        return Check(name, skipped=str(error))
    except TmeattnError as error:
        return Check(name, error.message, error.hint or "")
    except (Exception, SystemExit) as error:
        place = _raised_at(error)
        return Check(name, f"{type(error).__name__}: {error}", f"It was raised {place}." if place else "")
    return Check(name)


def _raised_at(error: BaseException) -> str:
    """The innermost place outside of tmeattn and torch: the plugin's own line."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not any(f"{os.sep}{library}{os.sep}" in file for library in ("tmeattn", "torch", "importlib")):
            place = f"in {file}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


@contextlib.contextmanager
def laboratory(*specs: Spec, own_home: bool = True) -> Iterator[None]:
    """A home of its own that is gone afterwards, the toy datasets, and the specs registered where they are not yet.

    With `own_home=False` it stays the user's, where data that were fetched are found.

    Raises:
        Wrong: another plugin has a spec of that kind and name.
    """
    known = registry()
    guests = [(Plugin("toy", "tmeattn.testing", "0", toy.__name__), toy)]
    for spec in specs:
        same = [other for other in known.all(type(spec)) if other.name == spec.name]  # type: ignore[type-var]
        if same and same[0] != spec:
            owner = known.plugin_of(same[0]).distribution
            raise Wrong(f"the name {spec.name!r} is taken by {owner}.", "Choose another name in the spec.")
        if not same:
            guests.append((Plugin(spec.name, "under test", "0", "under test"), _module_with(spec)))
    with _home_of_its_own() if own_home else contextlib.nullcontext():
        for plugin, module in guests:
            known.register(plugin, module)
        try:
            for plugin, _ in guests:
                if plugin.problems:
                    raise Wrong(plugin.problems[0] + ".", "Mend the spec.")
            yield
        finally:
            for plugin, _ in guests:
                known.remove(plugin)


@contextlib.contextmanager
def _home_of_its_own() -> Iterator[None]:
    before = os.environ.get("TMEATTN_HOME")
    with tempfile.TemporaryDirectory(prefix="tmeattn-check-", ignore_cleanup_errors=True) as home:
        os.environ["TMEATTN_HOME"] = home
        try:
            yield
        finally:
            if before is None:
                del os.environ["TMEATTN_HOME"]
            else:
                os.environ["TMEATTN_HOME"] = before


def _module_with(spec: Spec) -> Any:
    hook = next(hook for hook, kind in KINDS.items() if isinstance(spec, kind))
    return types.SimpleNamespace(**{hook: hookimpl(lambda: [spec])})


def demand_light(target: str) -> None:
    """Demand that the module of a "package.module:name" is quiet and quick to import, in a fresh Python.

    Raises:
        Wrong: it prints to stdout, or imports torch or the like.
    """
    module = target.partition(":")[0]
    code = (
        "import importlib, json, sys, tmeattn.config\n"
        f"importlib.import_module({module!r})\n"
        f"print('\\n' + json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise Wrong(
            f"{module} cannot be imported in a fresh Python: {last[0]}.", "Install the plugin: pip install -e ."
        )
    *printed, heavy = done.stdout.strip().splitlines()
    if any(line.strip() for line in printed):
        raise Wrong(
            f"{module} prints to stdout when it is imported ({printed[0]!r}).",
            "stdout is for results: use logging, or print to stderr.",
        )
    if names := json.loads(heavy):
        raise Wrong(
            f"{module} imports {' and '.join(names)} when it is listed, and every command waits for it.",
            "Keep specs and Config in a module without it; import it in the module that `build` or `load` points at.",
        )
