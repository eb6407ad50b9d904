"""The result of a check, the functions that run checks, and the sandbox in which they run."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tmeattn.child_python import child_environment, program_command
from tmeattn.errors import EnvironmentProblem, TmeattnError
from tmeattn.foreign import ForeignFailure, foreign_code, one_line
from tmeattn.hookspecs import hookimpl
from tmeattn.plugin import Plugin
from tmeattn.plurals import counted
from tmeattn.registry import HEAVY, KINDS, registry
from tmeattn.specs import Spec
from tmeattn.testing import toy


@dataclass(frozen=True)
class Check:
    """The result of one check.

    name:    the subject of the check, such as "padding".
    problem: what is wrong; None: nothing, or the check was skipped.
    advice:  what to change.
    skipped: what this machine lacks for the check, such as data that were not downloaded; None: the check was run.
    """

    name: str
    problem: str | None = None
    advice: str = ""
    skipped: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the check was run and found no problem."""
        return self.problem is None and self.skipped is None


class Problem(Exception):
    """Raised by a check that finds a problem, with the remedy."""

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.problem, self.advice = problem, advice


class CheckFailed(AssertionError):
    """At least one check failed or was skipped. The message has each of them with its remedy."""


Step = tuple[str, Callable[[], None]]
"""The name of a check and its function, which raises a `Problem` or any other exception if the check fails."""


def raise_failures(name: str, checks: list[Check]) -> None:
    """Raise `CheckFailed` unless all checks of a spec passed. A skipped check counts as failed, because a test that
    could not check anything should not pass."""
    failed = [check for check in checks if not check.passed]
    lines = [f"{check.name}: {check.skipped or f'{check.problem} {check.advice}'.rstrip()}" for check in failed]
    if lines:
        raise CheckFailed("\n".join([f"{name} fails {len(lines)} of {counted(len(checks), 'check')}:", *lines]))


def run_checks(steps: list[Step], *, required: int) -> list[Check]:
    """Run checks in order. If one of the first `required` does not pass, the rest are not run, because they would fail
    for the same reason."""
    checks: list[Check] = []
    for number, (name, step) in enumerate(steps):
        checks.append(_run(name, step))
        if not checks[-1].passed and number < required:
            break
    return checks


def run_in_sandbox(spec: Spec, steps: list[Step], *, required: int, own_home: bool = True) -> list[Check]:
    """`run_checks` with the spec in a sandbox; a spec that cannot be registered fails the check "name"."""
    try:
        with sandbox(spec, own_home=own_home):
            return run_checks(steps, required=required)
    except Problem as problem:
        return [Check("name", problem.problem, problem.advice)]


def _run(name: str, step: Callable[[], None]) -> Check:
    try:
        with foreign_code():
            step()
    except ForeignFailure as failure:
        return _failed(name, failure.error)
    return Check(name)


def _failed(name: str, error: BaseException) -> Check:
    if isinstance(error, Problem):
        return Check(name, error.problem, error.advice)
    if isinstance(error, EnvironmentProblem):
        return Check(name, skipped=str(error))
    if isinstance(error, TmeattnError):
        return Check(name, error.message, error.hint or "")
    place = _raised_at(error)
    return Check(name, one_line(error), f"It was raised {place}." if place else "")


def _raised_at(error: BaseException) -> str:
    """The innermost line of a traceback that is not in tmeattn, torch or importlib, but in the plugin."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not any(f"{os.sep}{library}{os.sep}" in file for library in ("tmeattn", "torch", "importlib")):
            place = f"in {file}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


@contextlib.contextmanager
def sandbox(*specs: Spec, own_home: bool = True) -> Iterator[None]:
    """Register the toy datasets, and those specs that are not registered yet, in a temporary home.

    With `own_home=False` the user's home is used, which has the data that were downloaded. Afterwards everything is as
    before.

    Raises:
        Problem: another plugin has a spec of that kind and name.
    """
    known = registry()
    added: list[tuple[Plugin, object]] = [(Plugin("toy", "tmeattn.testing", "0", toy.__name__), toy)]
    for spec in specs:
        same = [other for other in known.all(type(spec)) if other.name == spec.name]  # type: ignore[type-var]
        if same and same[0] != spec:
            owner = known.plugin_of(same[0]).distribution
            raise Problem(f"{owner} already provides the name {spec.name!r}.", "Choose another name in the spec.")
        if not same:
            added.append((Plugin(spec.name, "under test", "0", "under test"), _plugin_with(spec)))
    with _temporary_home() if own_home else contextlib.nullcontext():
        for plugin, module in added:
            known.register(plugin, module)
        try:
            for plugin, _ in added:
                if plugin.problems:
                    raise Problem(plugin.problems[0] + ".", "Correct the spec.")
            yield
        finally:
            for plugin, _ in added:
                known.remove(plugin)


@contextlib.contextmanager
def _temporary_home() -> Iterator[None]:
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


def _plugin_with(spec: Spec) -> object:
    """A plugin object whose hook returns the spec."""
    hook = next(hook for hook, kind in KINDS.items() if isinstance(spec, kind))
    return types.SimpleNamespace(**{hook: hookimpl(lambda: [spec])})


def check_import(target: str) -> None:
    """Check, in a new Python process, that the module of a "package.module:name" prints nothing and imports no large
    package.

    Raises:
        Problem: it prints to stdout, or imports torch or another package of `HEAVY`.
    """
    module = target.partition(":")[0]
    code = (
        "import importlib, json, sys, tmeattn.config\n"
        f"importlib.import_module({module!r})\n"
        f"print('\\n' + json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run(program_command(code), env=child_environment(), capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise Problem(
            f"{module} cannot be imported in a new Python process: {last[0]}.",
            "Install the plugin: pip install -e .",
        )
    *printed, heavy = done.stdout.strip().splitlines()
    if any(line.strip() for line in printed):
        raise Problem(
            f"{module} prints to stdout when it is imported ({printed[0]!r}).",
            "stdout is for results: use logging, or print to stderr.",
        )
    if names := json.loads(heavy):
        raise Problem(
            f"{module} imports {' and '.join(names)} when it is listed, which delays every command.",
            "Keep specs and Config in a module without this import, and the import in the module of `build` or `load`.",
        )
