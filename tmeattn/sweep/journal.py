"""The journal file of studies in Optuna's format. A full disk or a killed writer damages no later line."""

from __future__ import annotations

import json
import os
from io import FileIO
from pathlib import Path
from typing import Any

from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock


class JournalBackend(JournalFileBackend):
    """Optuna's backend leaves what was written of a line where the disk is full or the writer is killed. The next line
    would be appended to it, and no program could read the journal any more; here, it is cut.

    Its lock is PATH.lock, as by Optuna's own default, so that both exclude each other. It works on NFS 3 and later, and
    unlike that default needs no symbolic links.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._own_lock = path, JournalFileOpenLock(str(path))
        super().__init__(str(path), lock_obj=self._own_lock)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append lines. Raises `OSError`; the journal then ends where it ended before."""
        data = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode()
        self._own_lock.acquire()
        try:
            with self._path.open("r+b", buffering=0) as file:
                end = _end_of_lines(file)
                try:
                    file.truncate(end)
                    file.seek(end)
                    left = memoryview(data)
                    while left:
                        left = left[file.write(left) :]
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(end)
                    raise
        finally:
            self._own_lock.release()


def _end_of_lines(file: FileIO) -> int:
    """Where the last whole line of a file ends."""
    size = file.seek(0, os.SEEK_END)
    while size > 0:
        begin = max(size - 4096, 0)
        file.seek(begin)
        found = file.read(size - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        size = begin
    return 0
