"""Where tmeattn keeps things: runs under the user's data folder, encoded corpora under the cache folder."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """The folder that holds `runs/`. `TMEATTN_HOME` (or `tmeattn --home`) overrides the platform's choice."""
    override = os.environ.get("TMEATTN_HOME")
    return Path(override).expanduser() if override else Path(platformdirs.user_data_dir("tmeattn", appauthor=False))


def runs_dir() -> Path:
    """The folder with one sub-folder a run."""
    return home() / "runs"


def cache_dir() -> Path:
    """The folder of encoded corpora: safe to delete at any time, rebuilt when needed."""
    override = os.environ.get("TMEATTN_HOME")
    if override:
        return Path(override).expanduser() / "cache"
    return Path(platformdirs.user_cache_dir("tmeattn", appauthor=False))


def state_dir() -> Path:
    """The folder of what the screens remember between sessions: safe to delete."""
    override = os.environ.get("TMEATTN_HOME")
    if override:
        return Path(override).expanduser()
    return Path(platformdirs.user_state_dir("tmeattn", appauthor=False))


def data_dir() -> Path:
    """The folder of datasets and word vectors that were fetched or added, by name."""
    return home() / "data"


def settings_path() -> Path:
    """The user's own defaults, written by `tmeattn config set`."""
    override = os.environ.get("TMEATTN_HOME")
    if override:
        return Path(override).expanduser() / "config.toml"
    return Path(platformdirs.user_config_dir("tmeattn", appauthor=False)) / "config.toml"


def existing_file(text: str) -> Path | None:
    """The file that a text names, as an absolute path; None where there is none, or the text can be no path."""
    path = existing_path(text)
    return path if path is not None and path.is_file() else None


def existing_path(text: str) -> Path | None:
    """The file or folder that a text names, as an absolute path; None where there is none."""
    try:
        path = Path(text).expanduser()
        return path.absolute() if path.is_file() or path.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # no such user, too long, a NUL byte
        return None
