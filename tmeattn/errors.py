"""The errors that tmeattn raises: a message, a hint about the next action, and the exit code of the command line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

MOST_QUOTED = 200
"""The most characters of an input (a text, a path, a name, an option) that a message quotes."""
MOST_CHARACTERS = 1000
"""The most characters of a message: a last resort for quotations that cannot be recognised, and for long lists."""
_HEAD, _MARK = 140, "…"
_LONG_WORD = re.compile(rf"\S{{{MOST_QUOTED + 1},}}")
# Quotation marks, as repr() writes them, with more between them than may be quoted.
_LONG_QUOTE = re.compile(
    rf"(?<![\w'\"])(?:'((?:[^'\\]|\\.){{{MOST_QUOTED + 1},}}+)'|\"((?:[^\"\\]|\\.){{{MOST_QUOTED + 1},}}+)\")(?!\w)",
    re.DOTALL,
)


def shortened(value: object, most: int = MOST_QUOTED) -> str:
    """The text of an input for a message, with at most `most` characters: of a longer one, its beginning and its
    end."""
    text = str(value)
    if len(text) <= most:
        return text
    head = most * _HEAD // MOST_QUOTED
    return text[:head] + _MARK + text[len(text) - (most - head - len(_MARK)) :]


def brief(message: str) -> str:
    """A message in which long words and long quotations are shortened, and which is not endless itself."""
    if len(message) <= MOST_QUOTED:
        return message
    message = _LONG_QUOTE.sub(_brief_quote, shortened(message, 4 * MOST_CHARACTERS))  # its time is quadratic
    message = _LONG_WORD.sub(lambda found: shortened(found.group()), message)
    return shortened(message, MOST_CHARACTERS)


def _brief_quote(found: re.Match[str]) -> str:
    mark = found.group()[0]
    return f"{mark}{shortened(found.group()[1:-1])}{mark}"


_NOT = {
    "int": "is not a whole number",
    "float": "is not a number",
    "finite": "is not a finite number",
    "bool": "is neither true nor false",
    "string": "is not a text",
    "tuple": "is not a list of values",
    "list": "is not a list of values",
}
"""What a refused value is not, by the first word of pydantic's name of the error."""
_MUST_BE = {
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "literal_error": "{expected}",
}
"""What a value must be, by pydantic's name of the error, with the limits in its context."""


def refused_value(flag: str, kind: str, context: Mapping[str, object], message: str, value: object) -> str:
    """The sentence that says why an option refuses a value.

    kind, context, message: pydantic's name of the error, what it gives with it, and its own sentence, which is used
    where there is no plainer one.
    """
    shown = repr(value)[:MOST_QUOTED]
    if kind in _MUST_BE:
        limits = {
            name: int(one) if isinstance(one, float) and one.is_integer() else one for name, one in context.items()
        }
        return f"{flag}: must be {_MUST_BE[kind].format_map(limits)}, got {shown}."
    if (what := _NOT.get(kind.partition("_")[0])) is not None:
        return f"{flag}: {shown} {what}."
    message = message.removeprefix("Value error, ")
    return f"{flag}: {message[:1].lower()}{message[1:]}, got {shown}."


class TmeattnError(Exception):
    """Base of all errors that a user can act on. The command line prints `message` and `hint`, and exits with
    `exit_code`.

    Inputs in the message are shortened: see `brief`. A raiser that quotes a path or a text with spaces outside of
    quotation marks calls `shortened` itself.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = brief(message)
        self.hint = None if hint is None else brief(hint)
        super().__init__(self.message)

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
        super().__init__(f"{there_is} {kind} named {shortened(name)!r}.", hint=hint)


def _near(name: str, known: list[str]) -> str | None:
    near = nearest(name, known, 3, cutoff=0.5)
    return f"Did you mean {' or '.join(map(shortened, near))}?" if near else None


SYNONYMS = {
    "bs": ("batch-size",), "cuda": ("device",), "data": ("dataset",), "dims": ("vector-size", "hidden-size"),
    "dry-run": ("print", "list"), "embeddings": ("vectors",), "gpu": ("gpus", "device"), "glove": ("vectors",),
    "hidden": ("hidden-size",), "hidden-dim": ("hidden-size",), "id": ("run-id", "study"), "in": ("file",),
    "input": ("file",), "jobs": ("processes", "threads"), "learning-rate": ("lr",), "max-len": ("max-length",),
    "mem": ("memory",), "model": ("run", "from"), "n-jobs": ("jobs", "processes"), "n-trials": ("trials",),
    "name": ("study", "run"), "nproc": ("processes",), "num-epochs": ("epochs",), "num-trials": ("trials",),
    "num-workers": ("processes", "jobs"), "out": ("output", "export"), "output": ("export",), "queue": ("partition",),
    "resume": ("study",), "save": ("export", "output"), "search-space": ("space",), "seed": ("seeds",),
    "seeds": ("seed",), "study-name": ("study",), "timeout": ("time",), "walltime": ("time",),
    "workers": ("processes", "jobs"),
}  # fmt: skip
"""Names of options in other programs and in other commands, with those that mean the same here."""


def nearest(name: str, known: Iterable[str], most: int, cutoff: float = 0.6) -> list[str]:
    """The known names that mean the same as a name, or else are most similar to it, at most `most`.

    None for a name that is too long to be one, for which the comparison would take long.
    """
    if len(name) > MOST_QUOTED:
        return []
    by_spelling = {one.replace("_", "-"): one for one in known}
    same = [by_spelling[one] for one in SYNONYMS.get(name.replace("_", "-"), ()) if one in by_spelling]
    return same[:most] or difflib.get_close_matches(name, list(by_spelling.values()), n=most, cutoff=cutoff)


def _all_of(known: list[str]) -> str:
    return f"There {'is' if len(known) == 1 else 'are'} {', '.join(known)}." if known else "None is installed."


class EnvironmentProblem(TmeattnError):
    """Something is missing on this computer: data, disk space, a permission, the network, an optional package."""

    exit_code = 3


class Interrupted(TmeattnError):
    """A signal or a request stopped the training, after a checkpoint."""

    exit_code = 130


def error_with(exit_code: int, message: str, hint: str | None) -> TmeattnError:
    """An error that another process has reported, of the class with its exit code."""
    kinds: tuple[type[TmeattnError], ...] = (BadInput, EnvironmentProblem, Interrupted)
    kind = next((kind for kind in kinds if kind.exit_code == exit_code), TmeattnError)
    return kind(message, hint=hint)
