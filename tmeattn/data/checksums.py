"""SHA-256 of files: of the whole file where it is small, else of evenly spaced blocks of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tmeattn.files import open_regular
from tmeattn.spacing import evenly_spaced

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = 128 * 2**20
"""Bytes up to which the whole file is read, in about a tenth of a second."""
BLOCK = 2**20
BLOCKS = WHOLE // BLOCK
"""The blocks that are read of a larger file: the first, the last, and evenly spaced ones between them."""


def sampled_sha256(path: Path) -> str:
    """The SHA-256 of the size of a file and of its content, or of `BLOCKS` blocks of a file larger than `WHOLE`.

    Raises:
        OSError: the file cannot be read, or is no regular file.
    """
    with open_regular(path) as file:
        size = file.seek(0, 2)
        digest = hashlib.sha256(str(size).encode())
        for block in evenly_spaced(-(-size // BLOCK), BLOCKS):
            file.seek(block * BLOCK)
            digest.update(file.read(BLOCK))
    return digest.hexdigest()
