"""Downloads of published files: verified by their SHA-256, and continued after an interruption."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tmeattn.errors import BadInput, EnvironmentProblem, shortened
from tmeattn.files import disk_error

Progress = Callable[[int, int | None], None]
"""Called with the bytes received so far and the bytes of the whole file; None where the server does not state them."""
TIMEOUT = 30
"""Seconds without an answer after which the download fails."""
CHUNK = 2**18


def fetch(url: str, sha256: str, target: Path, progress: Progress, *, size: int | None = None) -> Path:
    """Download a file to `target`, unless a file with that SHA-256 is already at that path.

    An interrupted download stays beside `target`, and the next call continues it.

    size: of the file in bytes, where it is known; a longer answer is not read to its end.

    Raises:
        BadInput: `url` is no address.
        EnvironmentProblem: the server cannot be reached or refuses, the disk is full, or the SHA-256 differs.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")
    try:
        pooch.retrieve(
            url, f"sha256:{sha256}", fname=target.name, path=target.parent, downloader=_Resuming(target, progress, size)
        )
    except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
        raise BadInput(
            f"{shortened(url)!r} is no address of a file.", hint="Give one that begins with https://."
        ) from None
    except requests.RequestException as error:
        raise EnvironmentProblem(
            f"{shortened(url)} cannot be downloaded: {_reason(error)}.",
            hint="Run the same command to continue. Without a network, bring the file and use: tmeattn data add",
        ) from error
    except OSError as error:
        raise disk_error(target.name, target.parent, error) from error
    except ValueError as error:  # pooch reports another SHA-256 with it
        raise EnvironmentProblem(
            f"{shortened(url)} is not the expected file: its SHA-256 is not {sha256[:16]}....",
            hint="The file was deleted. Run the command again, or give another address with --url.",
        ) from error
    return target


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code} {response.reason}"
    text = str(error)
    for pattern, reason in (
        ("NameResolution", "the host is unknown (is there a network?)"),
        ("refused", "the server refused the connection"),
        ("timed out", f"the server did not answer within {TIMEOUT} s"),
        ("unreachable", "the network is unreachable"),
    ):
        if pattern in text:
            return reason
    return f"the connection broke ({type(error).__name__})"


class _Resuming:
    """A downloader for pooch that writes to `TARGET.part` and requests only the missing bytes."""

    def __init__(self, target: Path, progress: Progress, size: int | None) -> None:
        self.part, self.progress, self.size = target.with_name(f"{target.name}.part"), progress, size

    def __call__(self, url: str, output_file: Any, _pooch: Any) -> None:
        import requests

        received = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Range": f"bytes={received}-"} if received else {}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                self.part.unlink()  # it is longer than the whole file, so it is not a part of it
                return self(url, output_file, _pooch)
            response.raise_for_status()
            continued = response.status_code == requests.codes.partial_content
            received = received if continued else 0
            length = response.headers.get("Content-Length")
            total = received + int(length) if length and length.isdigit() and len(length) <= 15 else None
            self._check_size(url, received if total is None else total)
            with self.part.open("ab" if continued else "wb") as file:
                for block in response.iter_content(CHUNK):
                    file.write(block)
                    received += len(block)
                    self._check_size(url, received)
                    self.progress(received, total)
            if total is not None and received < total:
                raise requests.ConnectionError("the connection broke")
        shutil.move(self.part, output_file)
        return None

    def _check_size(self, url: str, received: int) -> None:
        """Stop at an answer that is longer than the file, which may have no end."""
        if self.size is not None and received > self.size:
            self.part.unlink(missing_ok=True)
            raise EnvironmentProblem(
                f"{shortened(url)} is not the expected file: it is longer than {self.size:,} bytes.",
                hint="What was received has been deleted. Give another address with --url.",
            )
