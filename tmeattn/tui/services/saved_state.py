"""What is remembered between sessions: the last screen, the theme, the user's own keys. Losing it costs nothing."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tmeattn.files import read_json, to_json, write_atomically
from tmeattn.paths import state_dir


@dataclass
class SavedState:
    """screen: a mode of the app; theme: its name; keys: id of an action -> keys (see `keys.KEYS`)."""

    screen: str = "runs"
    theme: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def path() -> Path:
        return state_dir() / "tui.json"

    @classmethod
    def load(cls) -> SavedState:
        """What was remembered; a missing or damaged file, or a field of the wrong kind, counts as not said."""
        found = read_json(cls.path()) or {}
        keys = found.get("keys")
        keys = keys if isinstance(keys, dict) else {}
        return cls(
            screen=_text(found.get("screen"), "runs"),
            theme=_text(found.get("theme"), ""),
            keys={action: value for action, value in keys.items() if isinstance(value, str)},
        )

    def save(self) -> None:
        """Remember it; on a full or read-only disk the session goes on without."""
        with contextlib.suppress(OSError):
            self.path().parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path(), to_json(asdict(self)))


def _text(value: Any, otherwise: str) -> str:
    return value if isinstance(value, str) else otherwise
