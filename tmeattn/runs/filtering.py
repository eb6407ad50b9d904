"""The filter of lists of runs: `model:lstm acc>86 tag:paper -state:failed "two words"`.

A run must fit all terms. A term is `field:value`, a comparison of a field with a value, or a word that the name, id,
model, dataset, state, alpha or a tag of the run contains; a minus before a term turns it round. Values with spaces are
quoted; commas separate values of which one must fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from tmeattn.errors import BadInput, nearest, shortened
from tmeattn.runs.filter_values import AGE, DATE, NUMBER, TEXT, TIME, date_test, number_test
from tmeattn.runs.summary import RunSummary, shown_state

FIELDS = {
    "name": TEXT,
    "id": TEXT,
    "model": TEXT,
    "dataset": TEXT,
    "state": TEXT,
    "tag": TEXT,
    "recipe": TEXT,
    "sweep": TEXT,
    "acc": NUMBER,
    "loss": NUMBER,
    "alpha": NUMBER,
    "seed": NUMBER,
    "limit": NUMBER,
    "epoch": NUMBER,
    "epochs": NUMBER,
    "trial": NUMBER,
    "time": TIME,
    "age": AGE,
    "date": DATE,
}
"""The fields, each with the kind of its values."""
ALIASES = {"accuracy": "acc", "best": "acc", "tags": "tag", "data": "dataset", "study": "sweep", "created": "date"}
STATES = ("new", "created", "running", "finished", "stopped", "pruned", "time up", "failed", "crashed", "deleted")
LONGEST = 1000
"""Characters of the longest filter."""
_TERM = re.compile(r"(?P<field>[A-Za-z_]*)(?P<operator>>=|<=|!=|:|=|>|<)")


class FilterError(BadInput):
    """A filter that cannot be read. position: the character, from 1, at which it cannot. before: the terms before the
    one that cannot be read."""

    def __init__(self, position: int, problem: str, hint: str | None = None) -> None:
        self.position = position
        self.before: tuple[Test, ...] = ()
        super().__init__(f"Character {position} of the filter: {problem}", hint=hint)


@dataclass(frozen=True)
class RunValues:
    """What a filter looks at. accuracy: in [0, 1]. created: seconds since 1970. seconds: in all epochs."""

    id: str
    name: str | None
    state: str
    model: str
    dataset: str
    recipe: str
    alpha: float
    seed: int
    limit: int | None
    epoch: int
    epochs: int
    accuracy: float | None
    loss: float | None
    seconds: float
    created: float
    tags: tuple[str, ...]
    study: str | None
    trial: int | None

    @cached_property
    def searchable(self) -> str:
        """The text in which a word is looked for, in lower case."""
        parts = (self.id, self.name or "", self.state, self.model, self.dataset, f"alpha {self.alpha:g}", *self.tags)
        return " ".join(parts).lower()


def values_of(run: RunSummary) -> RunValues:
    """The values of a run from its summary."""
    return RunValues(
        run.id, run.name, shown_state(run.state, run.stop_reason), run.model, run.dataset, run.recipe, run.alpha,
        run.seed, run.limit, run.epoch, run.epochs, run.best_accuracy, run.best_loss, run.seconds, run.created,
        run.tags, run.study, run.trial,
    )  # fmt: skip


Test = Callable[[RunValues], bool]


@dataclass(frozen=True)
class RunFilter:
    """A filter that was read. text: as it was typed."""

    text: str
    tests: tuple[Test, ...]

    def fits(self, run: RunValues) -> bool:
        """Whether a run fits all terms."""
        return all(test(run) for test in self.tests)


def parse_filter(text: str, now: float) -> RunFilter:
    """Read a filter. An empty one fits every run.

    now: seconds since 1970, for ages and dates such as `today`.

    Raises:
        FilterError: it cannot be read; the message names the character.
    """
    if len(text) > LONGEST:
        raise FilterError(LONGEST + 1, f"it is longer than {LONGEST} characters.")
    return RunFilter(text, tuple(_Reader(text, now).tests()))


class _Reader:
    def __init__(self, text: str, now: float) -> None:
        self.text, self.now, self.at = text, now, 0

    def tests(self) -> list[Test]:
        found: list[Test] = []
        try:
            while self._skip_spaces():
                found.append(self._test())
        except FilterError as error:
            error.before = tuple(found)
            raise
        return found

    def _skip_spaces(self) -> bool:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at < len(self.text)

    def _test(self) -> Test:
        negated = self.text[self.at] == "-" and self.text[self.at + 1 : self.at + 2].strip() != ""
        self.at += negated
        begin, found = self.at, _TERM.match(self.text, self.at)
        if found is None:
            (word,) = self._values(whole=True)
            test = _word_test(word.lower())
        else:
            field = self._field(found, begin)
            self.at = found.end()
            value_at = self.at
            values = self._values(whole=found["operator"] not in (":", "=", "!="))
            if not any(values):
                raise FilterError(value_at + 1, f"{found.group()} has no value.", f"Write it like {_example(field)}.")
            test = self._comparison(field, found["operator"], values, value_at + 1)
        return (lambda run: not test(run)) if negated else test

    def _field(self, found: re.Match[str], begin: int) -> str:
        """The field of a comparison."""
        typed = found["field"].lower()
        field = ALIASES.get(typed, typed)
        if not typed:
            raise FilterError(begin + 1, f"there is no field before {found['operator']}.", "Write it like acc>86.")
        if field not in FIELDS:
            near = nearest(field, [*FIELDS, *ALIASES], 1)
            hint = f"Did you mean {near[0]}?" if near else f"Fields: {', '.join(FIELDS)}. Text with a : is quoted."
            raise FilterError(begin + 1, f"there is no field {shortened(typed, 40)!r}.", hint)
        return field

    def _values(self, *, whole: bool) -> list[str]:
        """The value at this place, or with commas the values. whole: commas belong to the value."""
        values, value = [], ""
        while self.at < len(self.text) and not self.text[self.at].isspace():
            character = self.text[self.at]
            if character in "\"'" and not value:
                value = self._quoted(character)
                continue
            self.at += 1
            if character == "," and not whole:
                values.append(value)
                value = ""
            else:
                value += character
        return [*values, value]

    def _quoted(self, mark: str) -> str:
        """The text between two quotation marks; a backslash takes the meaning of a mark away."""
        begin, value = self.at, ""
        self.at += 1
        while self.at < len(self.text):
            character = self.text[self.at]
            self.at += 1
            if character == mark:
                return value
            if character == "\\" and self.text[self.at : self.at + 1] in (mark, "\\"):
                character = self.text[self.at]
                self.at += 1
            value += character
        raise FilterError(begin + 1, f"the quotation mark {mark} has no end.", f"Add {mark} at the end of the value.")

    def _comparison(self, field: str, sign: str, values: list[str], at: int) -> Test:
        """The test of one field; at: the position of the values."""
        try:
            tests = [self._single(field, sign, value) for value in values if value]
        except ValueError as error:
            raise FilterError(at, f"{error}.", f"Write it like {_example(field)}.") from None
        return tests[0] if len(tests) == 1 else _combined(tests, every=sign == "!=")

    def _single(self, field: str, sign: str, value: str) -> Test:
        kind = FIELDS[field]
        if kind == TEXT:
            return _text_test(field, sign, value)
        if kind == DATE:
            test = date_test(sign, value, self.now)
            return lambda run: test(run.created)
        number = number_test(field, kind, sign, value)
        if field == "age":
            return lambda run: number(self.now - run.created)
        name = {"acc": "accuracy", "time": "seconds"}.get(field, field)
        return lambda run: number(getattr(run, name))


def _combined(tests: list[Test], *, every: bool) -> Test:
    return (lambda run: all(test(run) for test in tests)) if every else (lambda run: any(test(run) for test in tests))


def _word_test(word: str) -> Test:
    if "*" in word:
        pattern = f"*{word.replace('[', '[[]')}*"
        return lambda run: fnmatchcase(run.searchable, pattern)
    return lambda run: word in run.searchable


def _text_test(field: str, sign: str, typed: str) -> Test:
    if sign not in (":", "=", "!="):
        raise ValueError(f"{field} is a text, which cannot be compared by {sign}")
    value = typed.lower()
    if field == "tag":
        return _any_text(lambda run: run.tags, sign, value, part=False)
    if field == "sweep":
        return _any_text(lambda run: (run.study,) if run.study else (), sign, value, part=sign == ":")
    if field == "state":
        if not any(state.startswith(value) for state in STATES):
            raise ValueError(f"there is no state {shortened(typed, 40)!r}; states are {', '.join(STATES[1:-1])}")
        value = "created" if value and "new".startswith(value) else value
        return _any_text(lambda run: (run.state,), sign, value, part=sign == ":")
    return _any_text(lambda run: (getattr(run, field) or "",), sign, value, part=sign == ":")


def _any_text(texts: Callable[[RunValues], tuple[str, ...]], sign: str, value: str, *, part: bool) -> Test:
    """Whether one of the texts is the value, fits it with its stars, or has it as a part."""

    def fits(text: str) -> bool:
        text = text.lower()
        if "*" in value:
            return fnmatchcase(text, value.replace("[", "[[]"))
        return value in text if part else value == text

    found: Test = lambda run: any(map(fits, texts(run)))  # noqa: E731
    return (lambda run: not found(run)) if sign == "!=" else found


_EXAMPLES = {NUMBER: "{}>3", TIME: "time<10min", AGE: "age<2d", DATE: "date>=2026-11-01", TEXT: "{}:NAME"}


def _example(field: str) -> str:
    return "acc>86" if field == "acc" else _EXAMPLES[FIELDS[field]].format(field)
