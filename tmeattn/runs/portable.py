"""Export and import of runs: the files that `explain` and `predict` need, as a folder or a zip file.

An export is written beside its target and renamed when it is complete. A folder has a manifest with the SHA-256 of
every file; the comment at the end of a zip has the SHA-256 of all bytes before its digits.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import lzma
import os
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from tmeattn.errors import BadInput, shortened
from tmeattn.files import (
    check_place,
    disk_errors,
    is_temporary,
    open_regular,
    publish,
    read_error,
    remove,
    remove_leftovers,
    sync_folder,
    temporary_name,
    write_temporary,
)
from tmeattn.limits import TEXT, Unpacking, open_zip
from tmeattn.os_errors import ELSEWHERE, reason
from tmeattn.runs.checksums import verified_metadata
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.leftovers import tidy
from tmeattn.runs.manifest import CONTENT, MANIFEST, check_manifest, manifest_of

__all__ = ["CONTENT", "MANIFEST", "REQUIRED", "export", "unpack"]

REQUIRED = ("run.json", "vocabulary.json", "checkpoints/best.safetensors")
SMALL = frozenset({"run.json", "meta.json", MANIFEST})
"""Files that are read as a whole and are short."""
COMMENT = b"tmeattn sha256 "
"""The comment of a zip begins with this; the 64 digits of the checksum follow."""
DIGITS = 64
OF_FILES = frozenset({
    *(".7z", ".bin", ".bz2", ".ckpt", ".csv", ".gz", ".h5", ".html", ".json", ".jsonl", ".md", ".onnx", ".parquet"),
    *(".pickle", ".pkl", ".pt", ".pth", ".rar", ".safetensors", ".tar", ".tgz", ".toml", ".tsv", ".txt", ".xz"),
    *(".yaml", ".zst"),
})  # fmt: skip
"""Endings of files, with which a folder would be a surprise."""


def export(run: RunDirectory, target: Path, *, force: bool = False) -> Path:
    """Write a run to `target`: one zip where it ends in .zip, else a folder.

    With `force`, an older export is replaced at once, so that no process ever sees parts of both.

    Raises:
        BadInput: the run has no finished epoch yet or is damaged, `target` exists and `force` is False, `target` is no
            older export, or its folder does not exist.
        EnvironmentProblem: `target` cannot be written; an older export is kept.
    """
    missing = [name for name in REQUIRED if not (run.path / name).exists()]
    if missing:
        raise BadInput(f"The run {run.id} cannot be exported yet: it lacks {', '.join(missing)}.")
    if target.suffix.lower() in OF_FILES or target == Path("-"):
        raise BadInput(
            f"A run is exported as a folder or as a .zip file, not as {shortened(target.suffix or target)}.",
            hint="Choose a name that ends in .zip, or a name without an ending.",
        )
    check_place(target, replaces=force)
    place = Path(os.path.abspath(target))  # noqa: PTH100 (a link at the end is not followed)
    as_zip = target.suffix.lower() == ".zip"
    _check_replaceable(place, as_zip=as_zip)
    tidy(run)
    contents = _contents(run)
    with disk_errors("the export", target, elsewhere=ELSEWHERE):
        remove_leftovers(place.parent, place.name)
        fresh = temporary_name(place)
        try:
            if as_zip:
                _write_zip(fresh, run, contents)
            else:
                _write_folder(fresh, contents)
            publish(fresh, place)
            sync_folder(place.parent)
        finally:
            with contextlib.suppress(OSError):
                remove(fresh)
    return target


def _contents(run: RunDirectory) -> dict[str, bytes]:
    """The files of a run, each read once and verified.

    Raises:
        BadInput: a file that is needed is damaged.
    """
    contents = {}
    for name in CONTENT:
        try:
            with open_regular(run.path / name) as file:
                contents[name] = file.read()
        except OSError as error:
            if name in REQUIRED:
                raise BadInput(
                    f"The run {run.id} cannot be exported: {name} cannot be read ({reason(error)})."
                ) from None
    try:
        metadata = verified_metadata(contents["checkpoints/best.safetensors"])
        checksum = json.loads(metadata["progress"]).get("vocabulary", "")
    except (ValueError, KeyError, AttributeError, RecursionError):
        raise BadInput(
            f"The run {run.id} cannot be exported: its best weights are damaged.",
            hint=f"Train a new run with its options: tmeattn train {run.config['model']} --from {run.id}",
        ) from None
    if not _is_vocabulary(contents["vocabulary.json"], checksum):
        raise BadInput(
            f"The run {run.id} cannot be exported: its vocabulary is damaged.",
            hint=f"Rebuild it from the data: tmeattn resume {run.id}",
        )
    return contents


def _is_vocabulary(content: bytes, checksum: object) -> bool:
    if checksum:
        return hashlib.sha256(content).hexdigest() == checksum
    try:
        return isinstance(json.loads(content.decode("utf-8", "surrogatepass")), list)
    except (ValueError, RecursionError):
        return False


def _check_replaceable(place: Path, *, as_zip: bool) -> None:
    """Check that what is in the way of an export is an older export of the same kind, or an empty folder.

    Raises:
        BadInput: it is not, so that replacing it would delete other files.
    """
    if not os.path.lexists(place) or place.is_symlink():
        return
    if place.is_dir() == as_zip:
        kind = "a folder, and no zip file" if as_zip else "a file, and no folder"
        raise BadInput(f"{place} is {kind}.", hint="Choose another name.")
    if not as_zip:
        own = {*CONTENT, MANIFEST, "checkpoints"}
        for path in place.rglob("*"):
            if path.relative_to(place).as_posix() not in own and not is_temporary(path):
                raise BadInput(
                    f"{place} has other files than an exported run, such as {path.relative_to(place)}.",
                    hint="Choose another name, or delete the folder yourself.",
                )


def _write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    remove(folder)
    for name, content in {**contents, MANIFEST: manifest_of(contents)}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_temporary(folder / name, content, durable=True)
    sync_folder(folder / "checkpoints")
    sync_folder(folder)


def _write_zip(path: Path, run: RunDirectory, contents: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**contents, MANIFEST: manifest_of(contents)}.items():
            source = run.path / name if name in contents else run.path / "run.json"
            member = zipfile.ZipInfo.from_file(source, f"{run.id}/{name}", strict_timestamps=False)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
        archive.comment = COMMENT + b"0" * DIGITS
    with path.open("r+b") as file:
        digest = _digest_before_the_digits(path)
        file.seek(-DIGITS, os.SEEK_END)
        file.write(digest.encode())
        file.flush()
        os.fsync(file.fileno())


def _digest_before_the_digits(path: Path) -> str:
    """The SHA-256 of a file without its last 64 bytes."""
    digest, left = hashlib.sha256(), path.stat().st_size - DIGITS
    with path.open("rb") as file:
        while block := file.read(min(left, 2**20)):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def unpack(archive_path: Path, into: Path) -> RunDirectory:
    """Unpack an exported zip in a folder below `into`, and return its run.

    Files that were unpacked before are verified, and unpacked again where they are damaged.

    Raises:
        BadInput: it is not an exported run, is damaged, or too large. Only the files of an export are read.
    """
    with _zip_errors(archive_path), open_zip(archive_path) as archive:
        with archive_path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        names = {name.partition("/")[2]: name for name in archive.namelist()}
        if any(name not in names for name in REQUIRED):
            raise BadInput(f"{archive_path} is no exported run: it lacks {', '.join(REQUIRED)}.")
        members = {name: names[name] for name in (*CONTENT, MANIFEST) if name in names}
        infos = {name: archive.getinfo(member) for name, member in members.items()}
        _check_sizes(archive_path, {name: (info.file_size, info.compress_size) for name, info in infos.items()})
        _check_comment(archive_path, archive.comment, sealed=MANIFEST in members)
        folder = members["run.json"].partition("/")[0]
        target = into / digest / (folder if re.fullmatch(r"[\w][\w.-]*", folder) else "run")
        with disk_errors("the imported run", target):
            for name, member in members.items():
                if not _is_unpacked(archive.getinfo(member), target / name):
                    (target / name).parent.mkdir(parents=True, exist_ok=True)
                    remove_leftovers((target / name).parent)
                    _unpack_member(archive, member, target / name)
    check_manifest(target)
    return RunDirectory(target)


def _check_comment(path: Path, comment: bytes, *, sealed: bool) -> None:
    """Verify the checksum of a zip. A zip without a comment is from version 0.1, or was packed again by hand.

    sealed: whether it has a manifest, so that a comment that is there must be the checksum.

    Raises:
        BadInput: the zip is damaged.
    """
    if not comment:
        return
    ours = comment.startswith(COMMENT) and len(comment) == len(COMMENT) + DIGITS
    if (sealed and not ours) or (ours and comment[len(COMMENT) :] != _digest_before_the_digits(path).encode()):
        raise BadInput(f"{path} cannot be unpacked: it does not fit its checksum.", hint="Copy or export it again.")


def _is_unpacked(member: zipfile.ZipInfo, path: Path) -> bool:
    """Whether a file is there and has the size and the CRC-32 of the member."""
    try:
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size != member.file_size:
                return False
            crc = 0
            while block := file.read(2**20):
                crc = zlib.crc32(block, crc)
    except OSError:
        return False
    return crc == member.CRC


def _check_sizes(path: Path, sizes: Mapping[str, tuple[int, int]]) -> None:
    unpacking = Unpacking(str(path))
    for name, (size, packed) in sizes.items():
        if name in SMALL and size > TEXT.value:
            raise TEXT.refusal(f"{path}: {name} is longer than")
        unpacking.count(size, packed)


def _unpack_member(archive: zipfile.ZipFile, member: str, target: Path) -> None:
    """Write a member to `target`, which exists afterwards as a whole or not at all."""
    temporary = temporary_name(target)
    if target.is_dir():
        remove(target)
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
        if isinstance(error, OSError) and error.errno:
            raise read_error(path, error) from error
        raise BadInput(
            f"{path} cannot be unpacked: {shortened(reason(error))}.", hint="Copy or export it again."
        ) from error
