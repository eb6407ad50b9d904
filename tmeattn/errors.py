"""The errors that tmeattn raises: a message, a hint about the next action, and the exit code of the command line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TmeattnError(Exception):
    """Base of all errors that a user can act on. The command line prints `message` and `hint`, and exits with
    `exit_code`."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class BadInput(TmeattnError):
    """Input that cannot be used: a name, an option, a text, a file."""

    exit_code = 2


class UnknownName(BadInput):
    """A name of a model, run, dataset ... that does not exist; the hint has the most similar names that do.

    list_command: the command that lists the names; None: they are few, and the hint lists them.
    broken:       broken plugins, one of which may provide the name.
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
    """Something is missing on this computer: data, disk space, a permission, the network, an optional package."""

    exit_code = 3


class Interrupted(TmeattnError):
    """A signal or a request stopped the training, after a checkpoint."""

    exit_code = 130
