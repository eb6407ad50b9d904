"""SIGINT, SIGTERM and SIGHUP stop training after the current step and a checkpoint; a second signal stops it at once.
Under nohup, SIGHUP stays ignored."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

_PARENT_INTERVAL = 0.5
_early: list[str] = []
"""Names of signals that came before `stop_on_signals`. Python drops the exception of a handler that was called inside a
finalizer or a callback; the training then stops after its first step."""


_NAMES = frozenset(one.name for one in signal.Signals)


def note_early(number: int) -> None:
    """Remember a signal whose handler raises KeyboardInterrupt."""
    _early.append(signal.Signals(number).name)


def stop_with_parent() -> None:
    """Send this process SIGTERM when its parent ends, such as a torchrun that is killed: nothing else would stop it."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_INTERVAL)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


class StopFlag:
    """True after a signal, which `reason` names; the trainer reads it between steps."""

    def __init__(self) -> None:
        self.reason: str | None = None

    def __bool__(self) -> bool:
        return self.reason is not None


@contextlib.contextmanager
def stop_on_signals(
    acknowledge: Callable[[str], None] = lambda name: None, flag: StopFlag | None = None
) -> Iterator[StopFlag]:
    """Catch SIGINT, SIGTERM and SIGHUP inside the block. Outside the main thread, where Python handles
    no signals, do nothing.

    `acknowledge` is called once with the name of the signal. flag: the one to use, which the caller can set, too.
    """
    flag = StopFlag() if flag is None else flag
    if _early:
        flag.reason = _early[0]
        _early.clear()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return

    def request(number: int, _frame: FrameType | None) -> None:
        if flag.reason in _NAMES:
            raise KeyboardInterrupt
        flag.reason = signal.Signals(number).name
        acknowledge(flag.reason)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, request) for number in numbers}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
