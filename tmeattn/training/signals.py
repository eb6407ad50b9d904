"""SIGINT, SIGTERM, SIGHUP and SIGUSR1 stop training after the current step and a checkpoint; a second signal stops it
at once. Under nohup, SIGHUP stays ignored.

A cluster sends SIGUSR1 some time before it ends a job, and then SIGTERM: these two are one request.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

_PARENT_INTERVAL = 0.5
_WARNING = "SIGUSR1"
_received: set[str] = set()
_early: list[str] = []
"""Names of signals that came before `stop_on_signals`. Python drops the exception of a handler that was called inside a
finalizer or a callback; the training then stops after its first step."""
_NAMES = frozenset(one.name for one in signal.Signals)


def note_early(number: int) -> None:
    """Remember a signal whose handler raises KeyboardInterrupt."""
    _early.append(signal.Signals(number).name)
    _received.add(_early[-1])


def received() -> frozenset[str]:
    """The names of the signals that have interrupted this process or stopped its training."""
    return frozenset(_received)


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
    """Catch SIGINT, SIGTERM, SIGHUP and SIGUSR1 inside the block. Outside the main thread, where Python handles
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
        name = signal.Signals(number).name
        _received.add(name)
        is_first = flag.reason not in _NAMES
        if not is_first and _WARNING not in (flag.reason, name):
            raise KeyboardInterrupt
        if is_first or name != _WARNING:
            flag.reason = name
        if is_first:
            acknowledge(name)

    numbers = [signal.SIGINT, signal.SIGTERM]
    for name in ("SIGHUP", _WARNING):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            numbers.append(number)
    before = {number: signal.signal(number, request) for number in numbers}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
