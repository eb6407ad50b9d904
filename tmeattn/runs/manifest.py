"""`manifest.json` of an exported run: the SHA-256 of every other file. It is verified whenever the run is found.

A folder without this file is a run that is trained here, or was exported by version 0.1.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, cast

from tmeattn.errors import BadInput
from tmeattn.files import read_json, sha256_of, to_json, write_atomically
from tmeattn.runs.typed_json import matches

MANIFEST = "manifest.json"
CONTENT = ("run.json", "meta.json", "events.jsonl", "vocabulary.json", "checkpoints/best.safetensors")
"""The files of an exported run that a manifest may name."""
FORMAT = 1


class Manifest(TypedDict):
    """files: the SHA-256 of each file by its name; None for one that is being replaced."""

    format: int
    files: dict[str, str | None]


def manifest_of(contents: Mapping[str, bytes]) -> bytes:
    """The content of the manifest of these files."""
    files = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return to_json(Manifest(format=FORMAT, files=dict(files)))


def check_manifest(folder: Path) -> None:
    """Verify the files of an exported run, where the folder is one.

    Raises:
        BadInput: a file is missing, damaged or not named. The message names it.
    """
    if not os.path.lexists(folder / MANIFEST):
        return
    manifest = _read(folder)
    if manifest is None or not set(manifest["files"]) <= set(CONTENT):
        raise _damaged(folder, MANIFEST)
    for name in CONTENT:
        if name not in manifest["files"]:
            if os.path.lexists(folder / name):
                raise _damaged(folder, name)
            continue
        expected = manifest["files"][name]
        if expected is None and name == "meta.json":  # a process was killed while it renamed the run
            continue
        try:
            found = sha256_of(folder / name)
        except OSError:
            found = None
        if found is None or found != expected:
            raise _damaged(folder, name)


def set_entry(folder: Path, name: str, content: bytes | None) -> None:
    """Set the entry of a file that is replaced by `content`; None before it is replaced. Without a manifest, nothing
    happens. Raises `OSError`."""
    manifest = _read(folder)
    if manifest is not None:
        manifest["files"][name] = None if content is None else hashlib.sha256(content).hexdigest()
        write_atomically(folder / MANIFEST, to_json(manifest), durable=True)


def discard(folder: Path) -> None:
    """Remove the manifest of a folder that is trained again, so that it is no export any more. Raises `OSError`."""
    (folder / MANIFEST).unlink(missing_ok=True)


def _read(folder: Path) -> Manifest | None:
    manifest = read_json(folder / MANIFEST)
    if manifest is None or not matches(manifest, Manifest) or manifest["format"] != FORMAT:
        return None
    return cast(Manifest, manifest)


def _damaged(folder: Path, name: str) -> BadInput:
    return BadInput(
        f"The exported run {folder} is damaged: {name} does not fit {MANIFEST}.", hint="Copy or export it again."
    )
