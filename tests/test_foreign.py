"""Calls of plugins' code: whatever it raises becomes one error that names the plugin, and an interruption stays one."""

from __future__ import annotations

import errno
import io
import os
import signal
import threading
from typing import Any

import pytest

from tmeattn.errors import BadInput, EnvironmentProblem, UnknownName
from tmeattn.foreign import formatted, plugin_call, printed_lines, stdout_kept


class Odd(BaseException):
    def __str__(self) -> str:
        raise GeneratorExit


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (ValueError("no"), "ValueError: no."),
        (SystemExit(3), "SystemExit: 3."),
        (KeyboardInterrupt(), "KeyboardInterrupt."),
        (type("Own", (KeyboardInterrupt,), {})("x"), "Own: x."),
        (GeneratorExit(), "GeneratorExit."),
        (Odd(), "Odd (its text cannot be shown)."),
    ],
)
def test_whatever_a_plugin_raises_names_it(raised: BaseException, said: str) -> None:
    with pytest.raises(BadInput) as caught, plugin_call("Model 'x' (from y)", "fails in forward"):
        raise raised
    assert caught.value.message == f"Model 'x' (from y) fails in forward: {said}"
    assert caught.value.__cause__ is raised


def test_an_error_of_tmeattn_is_not_changed() -> None:
    error = UnknownName("split", "tset", ["test"])
    with pytest.raises(UnknownName) as caught, plugin_call("A", "fails"):
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "Free some space"),
        (MemoryError(), "Close other programs"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "Close other programs"),
    ],
)
def test_a_fault_of_the_computer_stays_one(raised: Exception, told: str) -> None:
    with pytest.raises(EnvironmentProblem) as caught, plugin_call("A", "fails"):
        raise raised
    assert caught.value.message.startswith("A fails: ")
    assert told in (caught.value.hint or "")


def swallow(number: int) -> None:
    with plugin_call("A", "fails"):
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            raise ValueError("swallowed") from None


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("raising", [True, False])
def test_a_signal_does_what_its_handler_does(name: str, raising: bool) -> None:
    """The handler of a command raises, that of a training takes note."""
    number = signal.Signals[name]
    noted: list[int] = []

    def handle(received: int, frame: Any) -> None:
        noted.append(received)
        if raising:
            raise KeyboardInterrupt

    before = signal.signal(number, handle)
    reached = []
    try:
        if raising:
            with pytest.raises(KeyboardInterrupt):
                swallow(number)
        else:
            with plugin_call("A", "fails"):
                signal.raise_signal(number)
                reached.append(True)
        assert signal.getsignal(number) is handle
    finally:
        signal.signal(number, before)
    assert noted == [number]
    assert reached == ([] if raising else [True])


def test_a_thread_gets_no_signals_and_needs_no_handlers() -> None:
    found: list[BaseException] = []

    def call() -> None:
        try:
            with plugin_call("A", "fails"):
                raise KeyboardInterrupt
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    (error,) = found
    assert isinstance(error, BadInput)
    assert error.message == "A fails: KeyboardInterrupt."


class Unshown(Odd):
    @property
    def __notes__(self) -> list[str]:
        raise GeneratorExit


def test_an_error_that_cannot_be_formatted_keeps_its_lines() -> None:
    try:
        raise Unshown
    except Unshown as error:
        lines = formatted(error).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "in test_an_error_that_cannot_be_formatted_keeps_its_lines" in lines[1]
    assert lines[-1] == "Unshown (its text cannot be shown)"


def test_what_is_printed_is_kept_where_there_is_no_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(number: int) -> int:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(os, "dup", fail)
    kept = io.StringIO()
    with stdout_kept(kept):
        print("a line")
    assert kept.getvalue() == "a line\n"


def test_lines_printed_past_python_are_kept() -> None:
    with printed_lines() as lines:
        print("one")
        os.write(1, b"two\n")
    assert sorted(lines) == ["one", "two"]
