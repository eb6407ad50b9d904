"""Full disks: every change of a command is refused once; it ends with exit code 3 and one line, and nothing is lost."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from .disturbed import SIZES, Fault, Undisturbed, campaign
from .faults import GROWS, full_disk, full_disk_once, largest_file
from .forked import Result
from .report import Options
from .scenarios import need


def run(options: Options) -> int:
    """Fill the disk at every change, for good or for once, and limit the size of files. Returns the exit code."""
    return campaign("disk", options, _faults, _check)


def _faults(undisturbed: Undisturbed) -> list[Fault]:
    growing = [at for at, (kind, _) in enumerate(undisturbed.changes, 1) if kind in GROWS]
    return [
        *((f"full from {at} on", undisturbed.with_faults(full_disk, at)) for at in growing),
        *((f"full at {at}", undisturbed.with_faults(full_disk_once, at)) for at in growing),
        *((f"files of {size} bytes", undisturbed.after_setup(partial(largest_file, size, dies=False)))
          for size in SIZES),
    ]  # fmt: skip


def _check(result: Result, template: Path, folder: Path) -> None:
    if result.code == 0:
        return  # the refused change was not needed, or was made by other means
    need(result.code == 3, "a full disk is exit code 3", result)
    need(result.is_clean_refusal, "a full disk is one line", result)
    earlier, now = _files(template), _files(folder)
    lost = [name for name in earlier - now if not name.endswith("last.safetensors")]  # it is now `previous`
    need(not lost, f"earlier files are kept, not lost: {lost}", result)
    left = [name for name in now - earlier if name.endswith(".tmp")]
    need(not left, f"no temporary file is left: {left}", result)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
