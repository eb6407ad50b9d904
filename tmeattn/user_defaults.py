"""The user's own defaults: a few options of `tmeattn train`, in a TOML file that `tmeattn config` reads and writes."""

from __future__ import annotations

import tomllib

from tmeattn.errors import BadInput
from tmeattn.paths import settings_path

KEYS = {
    "dataset": "Labelled texts to train on.",
    "vectors": "Word vectors to start from.",
    "device": "Where to train.",
    "threads": "CPU threads.",
}
"""What may be set. Everything else belongs to a run: write it in a file for `tmeattn train --config`."""


def load_settings() -> dict[str, str]:
    """What the user has set.

    Raises:
        BadInput: the file is damaged; the message names it.
    """
    path = settings_path()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise BadInput(f"Your settings in {path} cannot be read: {error}.", hint="Mend or delete the file.") from None
    for key, value in found.items():
        if key not in KEYS or not isinstance(value, str | int):
            raise BadInput(
                f"Your settings in {path} set {key!r}, which is none of {', '.join(KEYS)}.",
                hint="Mend or delete the file.",
            )
    return {key: str(value) for key, value in found.items()}
