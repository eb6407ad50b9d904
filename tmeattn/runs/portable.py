"""Export and import of runs: the files that `explain` and `predict` need, as a folder or a zip file."""

from __future__ import annotations

import contextlib
import hashlib
import io
import lzma
import os
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from tmeattn.errors import BadInput
from tmeattn.files import OTHER_FOLDER, disk_errors, write_atomically
from tmeattn.limits import TEXT, Unpacking
from tmeattn.runs.directory import RunDirectory

CONTENT = ("run.json", "meta.json", "events.jsonl", "vocabulary.json", "checkpoints/best.safetensors")
REQUIRED = ("run.json", "vocabulary.json", "checkpoints/best.safetensors")
SMALL = frozenset({"run.json", "meta.json"})
"""Files that are read as a whole and are short."""


def export(run: RunDirectory, target: Path, *, force: bool = False) -> Path:
    """Write a run to `target`: one zip where it ends in .zip, else a folder.

    Raises:
        BadInput: the run has no finished epoch yet, `target` exists and `force` is False, or its folder does not exist.
        EnvironmentProblem: `target` cannot be written.
    """
    missing = [name for name in REQUIRED if not (run.path / name).exists()]
    if missing:
        raise BadInput(f"The run {run.id} cannot be exported yet: it lacks {', '.join(missing)}.")
    if target.exists() and not force:
        raise BadInput(f"{target} exists already.", hint="Choose another name or add --force.")
    if not target.absolute().parent.is_dir():
        raise BadInput(f"There is no folder {target.absolute().parent}.", hint="Create it, or choose another.")
    present = [name for name in CONTENT if (run.path / name).exists()]
    with disk_errors("the export", target, hint=OTHER_FOLDER):
        if target.suffix == ".zip":
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
                for name in present:
                    archive.write(run.path / name, f"{run.id}/{name}")
            write_atomically(target, buffer.getvalue())
        else:
            for name in present:
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(run.path / name, target / name)
    return target


def unpack(archive_path: Path, into: Path) -> RunDirectory:
    """Unpack an exported zip in a folder below `into`, once for the same content, and return its run.

    Raises:
        BadInput: it is not an exported run, or too large. Only the files of an export are read.
    """
    with _zip_errors(archive_path), zipfile.ZipFile(archive_path) as archive:
        with archive_path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        names = {name.partition("/")[2]: name for name in archive.namelist()}
        if any(name not in names for name in REQUIRED):
            raise BadInput(f"{archive_path} is no exported run: it lacks {', '.join(REQUIRED)}.")
        members = {name: names[name] for name in CONTENT if name in names}
        infos = {name: archive.getinfo(member) for name, member in members.items()}
        _check_sizes(archive_path, {name: (info.file_size, info.compress_size) for name, info in infos.items()})
        folder = members["run.json"].partition("/")[0]
        target = into / digest / (folder if re.fullmatch(r"[\w][\w.-]*", folder) else "run")
        with disk_errors("the imported run", target):
            # run.json is written last: a folder with that file is complete.
            for name in sorted(members, key=lambda name: name == "run.json"):
                if not (target / "run.json").exists():
                    (target / name).parent.mkdir(parents=True, exist_ok=True)
                    _unpack_member(archive, members[name], target / name)
    return RunDirectory(target)


def _check_sizes(path: Path, sizes: Mapping[str, tuple[int, int]]) -> None:
    unpacking = Unpacking(str(path))
    for name, (size, packed) in sizes.items():
        if name in SMALL and size > TEXT.value:
            raise TEXT.refusal(f"{path}: {name} is longer than")
        unpacking.count(size, packed)


def _unpack_member(archive: zipfile.ZipFile, member: str, target: Path) -> None:
    """Write a member to `target`, which exists afterwards as a whole or not at all."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with archive.open(member) as source, temporary.open("wb") as file:
            shutil.copyfileobj(source, file, 2**20)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _zip_errors(path: Path) -> Iterator[None]:
    """Turn the errors of a damaged, encrypted or unreadable zip into a message that names it."""
    try:
        yield
    except (
        zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError, TypeError,
        LookupError, OverflowError, struct.error,
    ) as error:  # fmt: skip
        reason = (str(error) or type(error).__name__)[:200]
        raise BadInput(f"{path} cannot be unpacked: {reason}.", hint="Copy or export it again.") from error
