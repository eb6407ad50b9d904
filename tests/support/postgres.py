"""A PostgreSQL server of its own, in a folder that is deleted: started as an unprivileged user and stopped afterwards.

The programs come from the system's packages (`apt-get install postgresql`).
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MISSING = "the PostgreSQL server is not installed (apt-get install postgresql)"


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; None where the server is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return debian[-1].parent if debian else None


def _unprivileged() -> dict[str, Any]:
    """How to start a process of the server: its programs refuse to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return {"user": 65534, "group": 65534, "extra_groups": []}


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The URL of an empty database, whose server listens on this computer only and ends with the block."""
    folder = programs()
    assert folder is not None, MISSING
    place = Path(tempfile.mkdtemp(prefix="tmeattn-postgres-"))
    user = _unprivileged()
    if user:
        os.chown(place, user["user"], user["group"])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = place / "data"

    def run(*arguments: str) -> None:
        log = place / "log"
        done = subprocess.run(arguments, cwd="/", timeout=120, capture_output=True, text=True, **user)
        told = log.read_text(errors="replace") if log.exists() else ""
        assert done.returncode == 0, f"{arguments[0]}: {done.stdout} {done.stderr} {told}"

    try:
        run(str(folder / "initdb"), "-D", str(data), "-A", "trust", "-U", "tester", "-E", "UTF8", "--no-sync", "-N")
        options = f"-p {port} -k {place} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=40"
        run(str(folder / "pg_ctl"), "-D", str(data), "-l", str(place / "log"), "-o", options, "-w", "start")
        try:
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
        finally:
            run(str(folder / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)
