"""The folders and files that tmeattn uses: runs and data, the cache, the state of the TUI, the user's defaults."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import platformdirs

_elsewhere: ContextVar[Path | None] = ContextVar("elsewhere", default=None)


@contextmanager
def runs_elsewhere(folder: Path) -> Iterator[None]:
    """In this block, and in its thread, runs and encoded corpora are in `folder`. Downloaded data and word vectors are
    where they always are."""
    before = _elsewhere.set(folder)
    try:
        yield
    finally:
        _elsewhere.reset(before)


def home() -> Path:
    """The folder that holds `runs/`. `TMEATTN_HOME` (or `tmeattn --home`) overrides the platform's choice."""
    override = os.environ.get("TMEATTN_HOME")
    return Path(override).expanduser() if override else Path(platformdirs.user_data_dir("tmeattn", appauthor=False))


def runs_dir() -> Path:
    """The folder of the run directories."""
    return (_elsewhere.get() or home()) / "runs"


def cache_dir() -> Path:
    """The folder of encoded corpora and imported runs. It may be deleted at any time; tmeattn writes it again."""
    override = os.environ.get("TMEATTN_HOME")
    if override:
        return Path(override).expanduser() / "cache"
    return Path(platformdirs.user_cache_dir("tmeattn", appauthor=False))


def corpora_dir() -> Path:
    """The folder of imported texts and encoded corpora: the cache, or a folder of the caller (`runs_elsewhere`)."""
    elsewhere = _elsewhere.get()
    return cache_dir() if elsewhere is None else elsewhere / "cache"


def state_dir() -> Path:
    """The folder of the settings that the TUI saves between sessions. It may be deleted."""
    override = os.environ.get("TMEATTN_HOME")
    if override:
        return Path(override).expanduser()
    return Path(platformdirs.user_state_dir("tmeattn", appauthor=False))


def data_dir() -> Path:
    """The folder of datasets and word vectors that were downloaded or added, by name."""
    return home() / "data"


def planted_dir() -> Path:
    """The folder of the datasets with planted shortcuts (`tmeattn faithfulness --planted`)."""
    return home() / "planted"


def settings_path() -> Path:
    """The file of the user's defaults, written by `tmeattn config set` (see `tmeattn.user_defaults`)."""
    override = os.environ.get("TMEATTN_HOME")
    if override:
        return Path(override).expanduser() / "config.toml"
    return Path(platformdirs.user_config_dir("tmeattn", appauthor=False)) / "config.toml"


def existing_file(text: str) -> Path | None:
    """The file at the path `text`, as an absolute path; None where none exists or `text` is not a valid path."""
    path = existing_path(text)
    return path if path is not None and path.is_file() else None


def existing_path(text: str) -> Path | None:
    """The file or folder at the path `text`, as an absolute path; None where none exists."""
    try:
        path = Path(text)
        if not path.exists():  # a file may have a name that begins with ~
            path = path.expanduser()
        return path.absolute() if path.is_file() or path.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # no such user, too long, a NUL byte
        return None
