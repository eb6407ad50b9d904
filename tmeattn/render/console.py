"""Consoles for standard output and standard error, and text with unsafe characters replaced."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.segment import Segment

from tmeattn.render.ascii_symbols import is_plain_terminal, is_utf, segments_in_ascii
from tmeattn.render.palette256 import segments_in_palette

_JOINERS = "\u200c\u200d"  # Persian and Hindi need them, and they cannot harm a terminal
_SUSPECT = re.compile(r"[^\n\x20-\x7e]")


_LEAST_WIDTH = 16
"""Columns: in fewer, a table would show nothing. Output is then made for 80 columns."""
stderr_is_a_log = False
"""Whether standard error is read as a log, and so has no colours and moves no cursor even where FORCE_COLOR is set."""


class _Console(Console):
    """A console that raises an error when the reader of a pipe has ended, where Rich would exit.

    A terminal that reports a width below that of any table, as with COLUMNS=0, is treated as one of 80 columns. With
    256 colours, those of the palette are used that look most like those wanted; a terminal or an encoding without the
    signs of charts gets them in ASCII.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        segments = super().render(renderable, options)
        if self.is_terminal and self.color_system == "256":
            segments = segments_in_palette(segments)
        encoding = self.encoding
        if not is_utf(encoding):
            segments = segments_in_ascii(segments, encoding)
        elif self.is_terminal and is_plain_terminal():
            segments = segments_in_ascii(segments, None)
        return segments

    def _sensible_size(self) -> ConsoleDimensions:
        found = Console.size.fget(self)  # type: ignore[attr-defined]
        return found if found.width >= _LEAST_WIDTH else ConsoleDimensions(80, found.height or 25)

    size = property(_sensible_size, Console.size.fset)  # type: ignore[attr-defined]

    def on_broken_pipe(self) -> None:
        raise


def stdout_console(*, record: bool = False, width: int | None = None) -> Console:
    """Console for data on standard output, without markup. NO_COLOR and FORCE_COLOR work as in every Rich program."""
    _tolerate_narrow_encodings(sys.stdout)
    return _Console(highlight=False, markup=False, emoji=False, record=record, width=width)


_quiet = False


def set_quiet(quiet: bool) -> None:
    """Whether the consoles that `stderr_console` makes from here on print nothing."""
    global _quiet
    _quiet = quiet


def stderr_console() -> Console:
    """Console for messages and progress on standard error, otherwise as `stdout_console`; silent after `set_quiet`."""
    _tolerate_narrow_encodings(sys.stderr)
    force_terminal = False if stderr_is_a_log else None
    return _Console(
        stderr=True, highlight=False, markup=False, emoji=False, quiet=_quiet, force_terminal=force_terminal
    )


def safe(text: str) -> str:
    """Replace each character that could control a terminal or mislead its reader, one for one: offsets stay valid.

    Newlines stay; a tab, and the carriage return of a Windows line end, become a space. Other C0 controls become their
    control picture (ESC is ␛); C1 controls, bidirectional overrides, invisible format characters, line separators and
    lone surrogates become U+FFFD, and so do U+FFFE and U+FFFF, which XML cannot hold.
    """
    if text.isascii() and text.isprintable():
        return text
    return _SUSPECT.sub(_harmless, text)


def safe_line(text: str) -> str:
    """`safe`, with line breaks as spaces, for a name or label in the middle of a line or in a cell of a table."""
    return safe(text).replace("\n", " ")


def _harmless(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character == "\t" or (character == "\r" and match.string[match.end() : match.end() + 1] == "\n"):
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    # Cc: C1 controls. Cf: format characters, among them all bidirectional controls. Cs: surrogates. Zl, Zp: separators.
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in _JOINERS:
        return "\ufffd"
    if code in (0xFFFE, 0xFFFF):
        return "\ufffd"
    return character


def _tolerate_narrow_encodings(stream: TextIO) -> None:
    """Replace characters that a stream cannot encode (ASCII, cp1252) by question marks instead of raising an error."""
    reconfigure = getattr(stream, "reconfigure", None)
    if not is_utf(getattr(stream, "encoding", None)) and reconfigure is not None:
        reconfigure(errors="replace")
