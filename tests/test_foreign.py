"""Calls of plugins' code: whatever it raises becomes one error that names the plugin, and an interruption stays one."""

from __future__ import annotations

import errno
import os
import signal
from typing import Any

import pytest

from tmeattn.errors import BadInput, EnvironmentProblem, UnknownName
from tmeattn.foreign import plugin_call


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
