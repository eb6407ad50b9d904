"""One family of errors: what happened and where, what to do next, and the exit code that says so."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TmeattnError(Exception):
    """An error worth one clear line. The command line prints `message` and `hint` and leaves with `exit_code`."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class BadInput(TmeattnError):
    """What the user gave cannot be used: a name, an option, a text, a file."""

    exit_code = 2


class UnknownName(BadInput):
    """A model, run, dataset ... that does not exist, with the nearest names that do.

    list_command: what lists the names; where there is none, they are few and stand in the hint themselves.
    broken:       plugins that do not work, one of which may be meant to bring it.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        known: Iterable[str],
        *,
        list_command: str | None = None,
        broken: Iterable[str] = (),
    ) -> None:
        names, plugins = list(known), list(dict.fromkeys(broken))
        hint = _near(name, names) or (f"List them with: {list_command}" if list_command else _all_of(names))
        if plugins:
            are = "plugin is" if len(plugins) == 1 else "plugins are"
            end = "" if hint.endswith(("?", ".")) else "."
            hint += f"{end} {len(plugins)} {are} broken: {', '.join(plugins)} (see: tmeattn plugins doctor)."
        there_is = "There are no" if kind.endswith("s") else "There is no"
        super().__init__(f"{there_is} {kind} named {name!r}.", hint=hint)


def _near(name: str, known: list[str]) -> str | None:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}?" if near else None


def _all_of(known: list[str]) -> str:
    return f"There {'is' if len(known) == 1 else 'are'} {', '.join(known)}." if known else "None is installed."


class EnvironmentProblem(TmeattnError):
    """The machine lacks something: data, disk space, permission, network, an optional package."""

    exit_code = 3


class Interrupted(TmeattnError):
    """Training was asked to stop and has saved where it was."""

    exit_code = 130
