"""Fetching a published file: checked by its SHA-256, and continued where an earlier try stopped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tmeattn.errors import EnvironmentProblem
from tmeattn.files import OTHER_HOME

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are there and the bytes that there will be, where the server says."""
TIMEOUT = 30
CHUNK = 2**18


def fetch(url: str, sha256: str, target: Path, progress: Progress) -> Path:
    """The file at `target`, downloaded where it is not there with this sum. What a broken connection leaves is kept
    beside it and continued by the next try.

    Raises:
        EnvironmentProblem: no connection, an answer other than the file, a full disk, or a file with another sum.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")
    try:
        pooch.retrieve(
            url, f"sha256:{sha256}", fname=target.name, path=target.parent, downloader=_Resuming(target, progress)
        )
    except requests.RequestException as error:
        raise EnvironmentProblem(
            f"{url} cannot be fetched: {_reason(error)}.",
            hint="Type the same command to continue. Without a network, get it elsewhere and use: tmeattn data add",
        ) from error
    except OSError as error:
        raise EnvironmentProblem(
            f"Cannot write {target.name} to {target.parent}: {error.strerror or error}.", hint=OTHER_HOME
        ) from error
    except ValueError as error:  # what pooch says of another sum
        raise EnvironmentProblem(
            f"What {url} gives is not the file expected: its SHA-256 is not {sha256[:16]}....",
            hint="Nothing was kept. Try again, or another address with --url.",
        ) from error
    return target


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code} {response.reason}"
    text = str(error)
    for sign, said in (
        ("NameResolution", "its host is not known (is there a network?)"),
        ("refused", "the connection was refused"),
        ("timed out", "the server does not answer"),
        ("unreachable", "the network is unreachable"),
    ):
        if sign in text:
            return said
    return f"the connection broke ({type(error).__name__})"


class _Resuming:
    """A downloader for pooch that keeps what it has in `TARGET.part`, and asks for the rest."""

    def __init__(self, target: Path, progress: Progress) -> None:
        self.part, self.progress = target.with_name(f"{target.name}.part"), progress

    def __call__(self, url: str, output_file: Any, _pooch: Any) -> None:
        import requests

        there = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Range": f"bytes={there}-"} if there else {}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                self.part.unlink()  # more than the whole file: of no use
                return self(url, output_file, _pooch)
            response.raise_for_status()
            continued = response.status_code == requests.codes.partial_content
            there = there if continued else 0
            length = response.headers.get("Content-Length")
            total = there + int(length) if length and length.isdigit() else None
            with self.part.open("ab" if continued else "wb") as file:
                for block in response.iter_content(CHUNK):
                    file.write(block)
                    there += len(block)
                    self.progress(there, total)
            if total is not None and there < total:
                raise requests.ConnectionError("the connection broke")
        shutil.move(self.part, output_file)
        return None
