"""One case of fuzzing: a command or a reader in this process, with what it prints, its time and its memory."""

from __future__ import annotations

import contextlib
import io
import os
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

from .forked import Result

SECONDS = 20
"""What a command may take of the processor."""
PATIENCE = 90
"""Seconds after which a command waits for something that does not come: other programs may keep the processor busy."""
BOUND = 2**30
"""Bytes of memory that a command may take beyond the start."""


def limit_memory() -> None:
    """Let this process take four times the bound, so that what exceeds it fails before the computer has no memory."""
    with contextlib.suppress(OSError, ValueError):  # not Linux
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + 4 * BOUND, size + 4 * BOUND))


def problem_of(folder: Path, arguments: tuple[str, ...], *, must_succeed: bool) -> str:
    """Run a command in this process: what is wrong with its end; "" for nothing."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    result = in_process(folder, arguments)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    name = " ".join(arguments[:2])
    if result.hangs:
        return f"{name} takes more than {SECONDS} s of the processor, or waits for {PATIENCE} s"
    if grown > BOUND:
        return f"{name} takes {grown / 2**20:.0f} MiB"
    if result.has_traceback or "Internal error" in result.err:
        return f"{name}: {result.err[-1500:]}"
    if result.past:
        return f"{name} writes to descriptor 2: {result.past[-1500:]}"
    if result.code == 0:
        return ""
    if must_succeed:
        return f"{name} must succeed, and ends with {result.code}: {result.err[-500:]}"
    return "" if result.is_clean_refusal else f"{name} ends with {result.code}: {result.err[-500:]}"


def _import(path: str) -> None:
    from tmeattn.data.sources import open_dataset

    dataset = open_dataset(path, narrate=_narrate)
    for name, split in dataset.read().items():
        print(name, sum(map(len, split.texts)), sum(split.labels))


def _texts(path: str) -> None:
    from tmeattn.data.readers.text_input import TextInput

    print(sum(map(len, TextInput(Path(path)).read(_narrate))))


def _vectors(path: str) -> None:
    from tmeattn.data.sources import open_vectors

    vectors = open_vectors(path, _narrate)
    print(vectors.lookup(["good", "bad", "none"]) if vectors is not None else None)


def _rationales(path: str) -> None:
    from tmeattn.faithfulness.rationales import read_rationales

    print(len(read_rationales(Path(path))))


def _saved_state(path: str) -> None:
    from tmeattn.tui.services.saved_state import SavedState

    SavedState.load().save()


READERS = {
    "import": _import, "texts": _texts, "vectors": _vectors, "rationales": _rationales, "saved state": _saved_state,
}  # fmt: skip
"""Readers of files that are called without the rest of a command, by the first word of what a target runs."""


def _narrate(line: str) -> None:
    print(line, file=sys.stderr)


def _read(reader: Callable[[str], None], path: str) -> int:
    """Call a reader as a command does: the exit code."""
    from tmeattn.errors import TmeattnError

    try:
        reader(path)
    except TmeattnError as error:
        print(f"Error: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    return 0


_TIMERS = ((signal.SIGALRM, signal.ITIMER_REAL, PATIENCE), (signal.SIGPROF, signal.ITIMER_PROF, SECONDS))


class _TooLong(BaseException):
    """The alarm."""


def in_process(folder: Path, arguments: tuple[str, ...]) -> Result:
    """Run a command line in this process, in a folder, under an alarm and a limit of memory."""
    from tmeattn.cli.main import run as run_command
    from tmeattn.registry import _discovered

    alarms = []

    def alarm(*_: object) -> None:
        alarms.append(1)
        raise _TooLong

    os.chdir(folder)
    os.environ |= {"TMEATTN_HOME": str(folder / "home"), "TERM": "dumb", "COLUMNS": "200"}
    site = str(folder / "site")
    if (folder / "site").is_dir():
        os.environ.pop("TMEATTN_PLUGINS", None)
        sys.path.insert(0, site)
        sys.modules.pop("fuzzed_plugin", None)
        _discovered.cache_clear()
    if arguments[0] == "texts" or "--file" in arguments:
        _end_pipes(folder)
    out, err, past = io.StringIO(), io.StringIO(), io.BytesIO()
    code = 1
    for number, timer, seconds in _TIMERS:
        signal.signal(number, alarm)
        signal.setitimer(timer, seconds)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _descriptor_2(past):
            reader = READERS.get(arguments[0])
            code = run_command(list(arguments)) if reader is None else _read(reader, arguments[1])
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else 1
    except BaseException:
        err.write(traceback.format_exc())
    finally:
        for _, timer, _ in _TIMERS:
            signal.setitimer(timer, 0)
        if site in sys.path:
            sys.path.remove(site)
    return Result(
        code, out.getvalue(), err.getvalue(), hangs=bool(alarms), past=past.getvalue().decode(errors="replace")
    )


def _end_pipes(folder: Path) -> None:
    """Texts may come from a named pipe, for whose other end a command waits: each is opened and closed."""
    for path in folder.iterdir():
        if path.is_fifo():
            Thread(target=lambda path=path: os.close(os.open(path, os.O_WRONLY)), daemon=True).start()  # type: ignore[misc]


@contextlib.contextmanager
def _descriptor_2(into: io.BytesIO) -> Iterator[None]:
    """Take what is written to descriptor 2 in the block."""
    saved = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            file.seek(0)
            into.write(file.read(2**20))
