"""A process that trains one run for a parent process: see `side_by_side`.

It reads one line of JSON from stdin: the command line of the parent, and the run to make (model, options, name,
trackers, watch_texts) or to continue (resume). It writes JSON lines to stdout: {"event": ...}, {"line": ...}, and at
the end {"run": PATH} or {"error": ...}. Everything else that is printed goes to stderr. When stdin ends, the parent has
ended, and the training stops after a checkpoint.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections import deque
from pathlib import Path
from typing import IO, Any

from tmeattn.child_processes import stop_with_signal, when_parent_ends
from tmeattn.errors import Interrupted, TmeattnError
from tmeattn.runs.directory import RunDirectory
from tmeattn.training.session import resume, start


class Answers:
    """Writes answers, one JSON line each. The handler of a signal may answer while an answer is being written: its line
    then follows that one."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self._is_writing = False

    def __call__(self, **message: Any) -> None:
        self._waiting.append(json.dumps(message) + "\n")
        if self._is_writing:
            return
        self._is_writing = True
        try:
            while self._waiting:
                with contextlib.suppress(OSError):  # the parent has ended: the training stops after a checkpoint
                    self._stream.write(self._waiting.popleft())
                    self._stream.flush()
        finally:
            self._is_writing = False


def work() -> None:
    """Train the run that stdin describes."""
    request = json.loads(sys.stdin.readline())
    sys.argv = request["command"]  # as typed: the run remembers it
    answer = Answers(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    when_parent_ends(stop_with_signal)
    try:
        answer(run=str(_train(request, answer).path))
    except TmeattnError as error:
        answer(error=_document(error))
    except KeyboardInterrupt:
        answer(error=_document(Interrupted("The training was stopped.")))
    os._exit(0)  # the thread that waits for stdin does not hold the process


def _train(request: dict[str, Any], answer: Answers) -> RunDirectory:
    options: dict[str, Any] = {
        "listeners": [lambda event: answer(event=event)],
        "trackers": request["trackers"],
        "narrate": lambda line: answer(line=line),
    }
    if request["resume"] is not None:
        return resume(RunDirectory(Path(request["resume"])), **options)
    return start(
        request["model"], request["options"], name=request["name"], watch_texts=request["watch_texts"], **options
    )


def _document(error: TmeattnError) -> dict[str, Any]:
    kind = type(error).__name__
    return {"kind": kind, "exit_code": error.exit_code, "message": error.message, "hint": error.hint}
