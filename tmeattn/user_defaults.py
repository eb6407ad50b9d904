"""The user's defaults for a few options of `tmeattn train`, in a TOML file that `tmeattn config` reads and writes.

The configuration of a run is something else: see `tmeattn.run_config`.
"""

from __future__ import annotations

from tmeattn.errors import BadInput
from tmeattn.files import read_error
from tmeattn.paths import settings_path
from tmeattn.toml_files import read_toml

KEYS = {
    "dataset": "Dataset to train on.",
    "vectors": "Pretrained word vectors.",
    "device": "Device to train on.",
    "threads": "CPU threads.",
}
"""The options that may have a user's default, with their descriptions. For all options of a run, write a file for
`tmeattn train --config`."""


def load_defaults() -> dict[str, str]:
    """The defaults that the user has set, by option.

    Raises:
        BadInput: the file is damaged. The message names it.
    """
    path = settings_path()
    try:
        found = read_toml(path)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise read_error(path, error, what="Your defaults: ") from None
    except ValueError as error:
        raise BadInput(
            f"Cannot read your defaults in {path}: {str(error)[:200]}.", hint="Correct or delete the file."
        ) from None
    for key, value in found.items():
        if key not in KEYS or not isinstance(value, str | int):
            raise BadInput(
                f"Cannot read your defaults in {path}: {key!r} is none of {', '.join(KEYS)}.",
                hint="Correct or delete the file.",
            )
    return {key: str(value) for key, value in found.items()}
