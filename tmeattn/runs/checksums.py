"""The checksum of a checkpoint: the SHA-256 of its whole file, kept in the metadata of the safetensors file itself.

While the checksum is computed, its own 64 digits count as zeros. Therefore every bit of the file is covered: tensors,
names, types, shapes, metadata and padding. No torch is needed to verify a file.
"""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

from tmeattn.files import open_regular

CHECKSUM = "sha256"
"""The key of the checksum in the metadata."""
UNSEALED = "0" * 64
"""The value of `CHECKSUM` in a file that `seal` shall complete."""
FORMAT = "2"
"""The format of a checkpoint. Format 1, of version 0.1, has no checksum."""
NEXT = "next.safetensors"
"""The complete new checkpoint before it is renamed to `last`."""
_LONGEST_HEADER = 100_000_000  # the limit of safetensors


def seal(data: bytes) -> bytes:
    """The content of a safetensors file with its checksum in the place of `UNSEALED`.

    Raises:
        ValueError: the metadata has no such place.
    """
    at = _place(data, UNSEALED)
    sealed = bytearray(data)
    sealed[at : at + len(UNSEALED)] = hashlib.sha256(data).hexdigest().encode()
    return bytes(sealed)


def verified_metadata(data: bytes) -> dict[str, str]:
    """The metadata of a safetensors file, after its checksum was verified. A file of format 1 has none to verify.

    Raises:
        ValueError: the file is damaged.
    """
    metadata = _metadata(data)  # which verifies the length, too
    stored = metadata.get(CHECKSUM)
    if stored is None:
        if metadata.get("format") != "1":
            raise ValueError("its checksum is missing")
        return metadata
    if metadata.get("format") != FORMAT or len(stored) != len(UNSEALED):
        raise ValueError("its metadata are damaged")
    at = _place(data, stored)
    view = memoryview(data)
    digest = hashlib.sha256(view[:at])
    digest.update(UNSEALED.encode())
    digest.update(view[at + len(UNSEALED) :])
    if digest.hexdigest() != stored:
        raise ValueError("its content does not fit its checksum")
    return metadata


def vocabulary_checksum(folder: Path) -> str:
    """The SHA-256 of `vocabulary.json` as the best or newest checkpoint in a folder names it; empty where none does."""
    for name in ("best", "last", "previous"):
        try:
            with open_regular(folder / f"{name}.safetensors") as file:
                progress = json.loads(verified_metadata(file.read())["progress"])
        except (OSError, ValueError, KeyError, RecursionError):
            continue
        checksum = progress.get("vocabulary") if isinstance(progress, dict) else None
        if isinstance(checksum, str) and checksum:
            return checksum
    return ""


def _metadata(data: bytes) -> dict[str, str]:
    length = struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else 0
    if not 0 < length <= min(_LONGEST_HEADER, len(data) - 8):
        raise ValueError("it has no header")
    try:
        header: Any = json.loads(data[8 : 8 + length].decode("utf-8"))
    except RecursionError:
        raise ValueError("its header is nested too deeply") from None
    if not isinstance(header, dict) or 8 + length + _extent(header) != len(data):
        raise ValueError("it is not as long as its header says")
    metadata = header.get("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("its header is damaged")
    return metadata


def _extent(header: dict[str, Any]) -> int:
    """The number of bytes of the tensors that a header describes."""
    try:
        return max((entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"), default=0)
    except (KeyError, IndexError, TypeError):
        raise ValueError("its header is damaged") from None


def _place(data: bytes, value: str) -> int:
    """Where the digits of the checksum begin. A value inside another string has escaped quotation marks."""
    (length,) = struct.unpack("<Q", data[:8])
    key = f'"{CHECKSUM}":"'.encode()
    at = data.find(key + value.encode() + b'"', 8, 8 + length)
    if at < 0:
        raise ValueError("its checksum is written in another way")
    return at + len(key)
