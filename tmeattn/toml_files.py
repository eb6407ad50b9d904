"""TOML files, read within limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tmeattn.files import DEEPEST_JSON, open_regular

LARGEST_TOML = 2**16
"""Bytes of the largest TOML file that `read_toml` reads."""
_PART_OF_A_NAME = re.compile(r"""(?:(?<![\w-])[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+""")


def read_toml(path: Path) -> dict[str, Any]:
    """The values in a TOML file.

    Raises:
        OSError: it cannot be opened, or is no regular file.
        ValueError: it is too large, is not UTF-8, or is no TOML.
    """
    import tomllib

    with open_regular(path) as file:
        data = file.read(LARGEST_TOML + 1)
    if len(data) > LARGEST_TOML:
        raise ValueError(f"it is larger than {LARGEST_TOML // 2**10} KiB")
    if b"\0" in data:
        raise ValueError("it has NUL bytes, as a file in UTF-16 has: convert it to UTF-8")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"it is not UTF-8: the byte at offset {error.start} is {data[error.start]:#04x}; convert it to UTF-8"
        ) from None
    try:
        _check_dotted_names(text)
        value = tomllib.loads(text)
        _check_depth(value, DEEPEST_JSON)
        return value
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # Python converts no such number
        raise ValueError("one of its numbers has thousands of digits") from None
    except RecursionError:
        raise ValueError("its lists or tables are nested too deeply") from None


def _check_dotted_names(text: str) -> None:
    """Raise RecursionError where a name has more than `DEEPEST_JSON` parts, for which `tomllib` takes much memory."""
    end = parts = 0
    for found in _PART_OF_A_NAME.finditer(text):
        parts = parts + 1 if found.start() == end else 1
        end = found.end()
        if parts > DEEPEST_JSON:
            raise RecursionError


def _check_depth(value: Any, left: int) -> None:
    """Raise RecursionError where lists and tables are nested more deeply than `left`."""
    if isinstance(value, dict | list):
        if not left:
            raise RecursionError
        for item in value.values() if isinstance(value, dict) else value:
            _check_depth(item, left - 1)
