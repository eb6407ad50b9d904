"""The state that is kept between sessions: the last screen, the theme, the user's keys and columns. It may be lost."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tmeattn.files import read_json, rewrite, to_json
from tmeattn.paths import state_dir
from tmeattn.tui import keys


@dataclass
class SavedState:
    """screen: a mode of the application; theme: its name; keys: the keys of an action by its id (see `key_table.KEYS`).

    columns: those of the list of runs; empty: as many as fit.
    """

    screen: str = "runs"
    theme: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)

    @staticmethod
    def path() -> Path:
        return state_dir() / "tui.json"

    @classmethod
    def load(cls) -> SavedState:
        """Read the file. A missing or damaged file, or a field of the wrong type, gives the defaults."""
        found = read_json(cls.path()) or {}
        remapped, columns = found.get("keys"), found.get("columns")
        remapped = remapped if isinstance(remapped, dict) else {}
        return cls(
            screen=_text(found.get("screen"), "runs"),
            theme=_text(found.get("theme"), ""),
            keys=keys.migrated({action: value for action, value in remapped.items() if isinstance(value, str)}),
            columns=[name for name in columns if isinstance(name, str)] if isinstance(columns, list) else [],
        )

    def save(self) -> None:
        """Write the file. A full or read-only disk is no error, because the session works without the file."""
        with contextlib.suppress(OSError):
            self.path().parent.mkdir(parents=True, exist_ok=True)
            rewrite(self.path(), to_json(asdict(self)))

    def remap(self, action: str, pressed: str | None) -> None:
        """Give the action of this id other keys; None restores its default keys."""
        if pressed is None:
            self.keys.pop(action, None)
        else:
            self.keys[action] = pressed


def _text(value: object, default: str) -> str:
    return value if isinstance(value, str) else default
