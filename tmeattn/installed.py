"""The installed entry points of plugins, also of distributions whose metadata are damaged."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, EntryPoints, PathDistribution, distributions
from pathlib import Path

from tmeattn.foreign import one_line
from tmeattn.hookspecs import GROUP
from tmeattn.os_errors import reason
from tmeattn.plugin import OWN_DISTRIBUTION

_FOLDER = re.compile(r"(.+?)(?:-([^-]+))?(?:-py[\d.]+)?\.(?:dist-info|egg-info)")
_READ: Callable[[Distribution], EntryPoints] = vars(Distribution)["entry_points"].fget
_READ_TEXT: Callable[[PathDistribution, str], str | None] = PathDistribution.read_text
LARGEST_METADATA = 16 * 2**20
"""Bytes of the largest metadata file of a distribution that is read."""
_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
_OWN = EntryPoint("tmeattn", "tmeattn.builtin", GROUP)


@dataclass(frozen=True)
class Installed:
    """An installed entry point, or a distribution whose entry points cannot be read.

    entry:          None where it cannot be read.
    problem, error: why.
    """

    distribution: str
    version: str
    entry: EntryPoint | None
    problem: str = ""
    error: BaseException | None = None


def installed_plugins() -> Iterator[Installed]:
    """All entry points of the group, tmeattn's own first, then by distribution.

    A distribution that is on the path twice counts once.
    """
    found: dict[tuple[str, str], Installed] = {}
    for distribution in _distributions():
        for installed in _entries_of(distribution):
            found.setdefault((installed.distribution, installed.entry.name if installed.entry else ""), installed)
    if not any(name == OWN_DISTRIBUTION for name, _ in found):  # its own metadata are damaged
        found[OWN_DISTRIBUTION, _OWN.name] = Installed(OWN_DISTRIBUTION, "unknown", _OWN)
    for key in sorted(found, key=lambda key: (key[0] != OWN_DISTRIBUTION, key)):
        yield found[key]


def _distributions() -> Iterator[Distribution]:
    """The installed distributions, up to a place on the path that cannot be read. A pipe or device on the path is left
    out, because it would be opened as a zip file and waited for."""
    try:
        yield from distributions(path=[place for place in sys.path if not _is_special(place)])
    except Exception:  # a damaged folder of the path
        return


def _is_special(place: str) -> bool:
    try:
        mode = Path(place).stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISDIR(mode) or stat.S_ISREG(mode))


def _entries_of(distribution: Distribution) -> Iterator[Installed]:
    folder = getattr(distribution, "_path", None)
    if isinstance(folder, Path):
        odd = {name: why for name in _METADATA if (why := why_not_read(folder / name)) is not None}
        if odd:
            _pass_over_damaged_metadata()
        if "entry_points.txt" in odd:  # that of a plugin, perhaps
            problem = f"its entry_points.txt cannot be read: {odd['entry_points.txt']}"
            yield Installed(*_name_and_version(distribution), None, problem)
            return
    try:
        same = type(distribution).entry_points is Distribution.entry_points
        entries = list((_READ(distribution) if same else distribution.entry_points).select(group=GROUP))
    except Exception as error:  # damaged metadata
        if f"[{GROUP}]".encode() in _raw_entry_points(distribution):
            problem = f"its entry_points.txt is damaged: {one_line(error)}"
            _pass_over_damaged_metadata()
            yield Installed(*_name_and_version(distribution), None, problem, error)
        return
    if not entries:
        return
    name, version = _name_and_version(distribution)
    targets: dict[str, str] = {}
    for entry in entries:
        if targets.setdefault(entry.name, entry.value) != entry.value:
            problem = f"its entry_points.txt has {entry.name!r} twice, as {targets[entry.name]} and as {entry.value}"
            yield Installed(name, version, None, problem)
        else:
            yield Installed(name, version, entry)


_METADATA = ("entry_points.txt", "METADATA", "PKG-INFO", "")
"""The files of a distribution's metadata that are read, the last of them where the metadata are a single file."""


def why_not_read(path: Path) -> str | None:
    """Why a metadata file is not read, such as "it is a pipe", which would be waited for; None where it is read, or
    where there is none."""
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode) and path.suffix in (".dist-info", ".egg-info"):
            return None
        if not stat.S_ISREG(found.st_mode):
            return f"it is {_KINDS.get(stat.S_IFMT(found.st_mode), 'a folder')}"
        if found.st_size > LARGEST_METADATA:
            return f"it is larger than {LARGEST_METADATA // 2**20} MiB"
        return None if os.access(path, os.R_OK) else "Permission denied"
    except (FileNotFoundError, NotADirectoryError):
        return "it is a link to nothing" if path.is_symlink() else None
    except (OSError, RuntimeError, ValueError) as error:
        return reason(error)


def _read_text(distribution: PathDistribution, filename: str) -> str | None:
    folder = distribution._path
    if isinstance(folder, Path) and why_not_read(folder / filename) is not None:
        return None
    return _READ_TEXT(distribution, filename)


def _pass_over_damaged_metadata() -> None:
    """From now on, a distribution whose entry points cannot be read has none, and metadata that are no files are not
    read.

    Libraries such as tensorboard read those of all distributions when they are imported, and would fail or hang because
    of one.
    """
    PathDistribution.read_text = _read_text  # type: ignore[assignment,method-assign]
    Distribution.entry_points = property(_sound_entry_points)  # type: ignore[assignment,method-assign]


def _sound_entry_points(distribution: Distribution) -> EntryPoints:
    try:
        return _READ(distribution)
    except Exception:  # damaged metadata
        return EntryPoints(())


def _raw_entry_points(distribution: Distribution) -> bytes:
    """The bytes of `entry_points.txt`; none where it cannot be found."""
    folder = getattr(distribution, "_path", None)
    try:
        return bytes(folder.joinpath("entry_points.txt").read_bytes()) if folder is not None else b""
    except Exception:  # in a zip file, or gone
        return b""


def _name_and_version(distribution: Distribution) -> tuple[str, str]:
    """From the metadata, else from the name of their folder, such as `demo-1.0.dist-info`."""
    folder = _FOLDER.fullmatch(Path(str(getattr(distribution, "_path", ""))).name)
    name, version = (folder[1], folder[2]) if folder else (None, None)
    try:
        return str(distribution.name or name or "unknown"), str(distribution.version or version or "unknown")
    except Exception:  # METADATA is not UTF-8, or is missing
        return name or "unknown", version or "unknown"
