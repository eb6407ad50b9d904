"""Commands of tmeattn in processes of their own, whose results are files that later screens and sessions use again.

The process outlives the screen and the program. A file beside its results names it, so that another session finds it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from tmeattn.child_processes import detached
from tmeattn.child_python import child_environment, program_command, tmeattn_command
from tmeattn.files import disk_errors
from tmeattn.render.console import safe
from tmeattn.runs.detached import UNWRAPPED
from tmeattn.runs.liveness import exists, process_mark

State = Literal["absent", "running", "done", "failed"]
TAIL = 16_384
"""Bytes at the end of a log that are read for its last lines."""
PROGRESS = "TMEATTN_PROGRESS_SECONDS"
_PROGRAM = """import os, sys
from tmeattn.cli.process import run_process
from tmeattn.render import console
console.stderr_is_a_log = True
unfinished, output, *arguments = sys.argv[1:]
code = run_process(arguments)
sys.stdout.flush()
if code == 0:
    os.replace(unfinished, output)
sys.exit(code)
"""


class BackgroundCommand:
    """A command and the files that it writes.

    name:    of the files beside the results: `name.process` and `name.log`.
    results: the files that exist once the command has ended well.
    output:  the file of its standard output, which then is a result too; None drops it.

    is_stopping: whether it was told to stop; it may go on for a moment.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        arguments: Sequence[str],
        results: Sequence[Path] = (),
        *,
        output: Path | None = None,
    ) -> None:
        self.arguments = tuple(arguments)
        self.results = (*results, *([output] if output else []))
        self.output = output
        self.log = folder / f"{name}.log"
        self._about = folder / f"{name}.process"
        self._popen: subprocess.Popen[bytes] | None = None
        self.is_stopping = False

    def start(self, *, columns: int | None = None, colours: bool = False) -> None:
        """Start the process, unless it runs; results of before are put aside (`restore`).

        columns: the width of what it prints; None where nobody reads that. colours: whether it prints colours.

        Raises:
            EnvironmentProblem: the files cannot be written, or the process cannot be started.
        """
        if self.is_running():
            return
        self.is_stopping = False
        environment = {**child_environment(), "PYTHONUTF8": "1", PROGRESS: "1"}
        environment["COLUMNS"] = str(columns or UNWRAPPED)
        environment.pop("NO_COLOR" if colours else "FORCE_COLOR", None)
        environment |= {"FORCE_COLOR": "1", "COLORTERM": "truecolor"} if colours else {"NO_COLOR": "1"}
        with disk_errors("the results", self.log), contextlib.ExitStack() as files:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            for path in self.results:
                if path.exists():
                    path.replace(_aside(path))
            log = files.enter_context(self.log.open("wb"))
            printed = files.enter_context(self._unfinished.open("wb")) if self.output else subprocess.DEVNULL
            self._popen = subprocess.Popen(
                self._command_line(),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=log,
                env=environment,
                **detached(),
            )
            about = {"pid": self._popen.pid, "mark": process_mark(self._popen.pid), "began": time.time()}
            self._about.write_text(json.dumps(about), encoding="utf-8")

    def _command_line(self) -> list[str]:
        """That of the command. One with an output puts it in place itself, also after this program has ended."""
        if self.output is None:
            return tmeattn_command(*self.arguments)
        return program_command(_PROGRAM, str(self._unfinished), str(self.output), *self.arguments)

    @property
    def _unfinished(self) -> Path:
        assert self.output is not None
        return self.output.with_name(self.output.name + ".part")

    def state(self) -> State:
        """Where the command is."""
        if self.is_running():
            return "running"
        self._popen = None
        if self.results and all(path.exists() for path in self.results):
            return "done"
        return "failed" if self._known() else "absent"

    def is_running(self) -> bool:
        """Whether the process exists, of this session or of another one."""
        if self._popen is not None:
            return self._popen.poll() is None
        known = self._known()
        mark = known.get("mark")
        return exists(known.get("pid"), mark if isinstance(mark, str) else None) is True

    def stop(self) -> None:
        """Interrupt the process, as Ctrl-C does: a training saves a checkpoint first."""
        self.is_stopping = True
        pid = self._popen.pid if self._popen is not None else self._known().get("pid")
        if self.is_running() and isinstance(pid, int):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)  # SIGINT may be ignored, as in jobs in the background of a shell

    def restore(self) -> bool:
        """After a failure or a stop: bring back the results of before; whether there were any."""
        if not self.results or not all(_aside(path).exists() for path in self.results):
            return False
        with contextlib.suppress(OSError):
            for path in self.results:
                _aside(path).replace(path)
            return True
        return False

    def forget(self) -> None:
        """Forget a process that has ended, and its results."""
        for path in (self._about, *self.results):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    @property
    def elapsed(self) -> float:
        """Seconds since it was started."""
        began = self._known().get("began")
        return time.time() - began if isinstance(began, int | float) else 0.0

    def tail(self, lines: int) -> list[str]:
        """The last lines of its log, made safe to show."""
        try:
            with self.log.open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - TAIL))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return []
        found = [line for line in text.replace("\r", "\n").splitlines() if line.strip()]
        return [safe(line) for line in found[-lines:]]

    def _known(self) -> dict[str, object]:
        try:
            known = json.loads(self._about.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}


def _aside(path: Path) -> Path:
    """Where a result is kept while it is made again."""
    return path.with_name(f"{path.name}.before")
