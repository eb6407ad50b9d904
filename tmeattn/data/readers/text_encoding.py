"""Text in UTF-16 or UTF-32, with a byte order mark or without one, which is refused by its name."""

from __future__ import annotations

import codecs

from tmeattn.errors import BadInput

BYTE_ORDER_MARKS = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
"""First bytes of files in other encodings than UTF-8. UTF-32 comes first, as its mark begins with that of UTF-16."""
HEAD = 2**12
"""The bytes of a file whose encoding is looked for."""
LEAST_HEAD = 8
"""Fewer bytes show no encoding."""
MOST_HIGH = 4
"""The most different high bytes of text in one script, with its spaces and marks."""
_WIDE = (("UTF-32LE", 4, (1, 2, 3)), ("UTF-32BE", 4, (0, 1, 2)), ("UTF-16LE", 2, (1,)), ("UTF-16BE", 2, (0,)))
"""Encodings, the bytes of a unit, and which of them are zero for ASCII characters."""


def refuse_other_encoding(name: str, head: bytes) -> None:
    """Refuse the file or member `name` if its first bytes are UTF-16 or UTF-32.

    Raises:
        BadInput: they are. The message names the encoding and the command that converts the file.
    """
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            raise _other_encoding(name, encoding, f": the bytes at offset 0 are {mark.hex(' ')}")
    if (unmarked := unmarked_encoding(head)) is not None:
        raise _other_encoding(name, unmarked, ", and has no byte order mark")


def _other_encoding(name: str, encoding: str, how: str) -> BadInput:
    return BadInput(
        f"{name} is {encoding}, not UTF-8{how}.", hint=f"Convert it: iconv -f {encoding} -t UTF-8 OLD > NEW"
    )


def unmarked_encoding(head: bytes) -> str | None:
    """UTF-16LE, UTF-16BE, UTF-32LE or UTF-32BE, where the first bytes of a file show it; None for other files.

    In text with some ASCII characters, such as spaces and line ends, their high bytes are zero. Where fewer than half
    of the high bytes are zero, all of them must be a few numbers, or the bytes no UTF-8, because a text in UTF-8 may
    have single NUL characters.
    """
    if 0 not in head or len(head) < LEAST_HEAD:
        return None
    for encoding, width, high in _WIDE:
        units = len(head) // width
        zeros = [head[place : units * width : width].count(0) for place in range(width)]
        low = set(range(width)) - set(high)
        if all(2 * zeros[place] >= units for place in high) and all(8 * zeros[place] < units for place in low):
            return encoding
    other = not is_utf8(head.decode("utf-8", "surrogateescape")[:-3])
    for encoding, width, high in _WIDE:
        highest = set(head[high[-1] if 0 not in high else 0 :: width])
        if (other or len(highest) <= MOST_HIGH) and _is_readable(head, encoding, width):
            return encoding
    return None


def _is_readable(head: bytes, encoding: str, width: int) -> bool:
    """Whether bytes are text in an encoding: letters, marks, and at least one space or line end."""
    try:
        text = head[: len(head) // width * width].decode(encoding)
    except UnicodeDecodeError:
        return False
    return any(char.isspace() for char in text) and all(char.isprintable() or char.isspace() for char in text)


def is_utf8(text: str) -> bool:
    """Whether the bytes of a decoded line were UTF-8: no byte became a lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
