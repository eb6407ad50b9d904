"""Signs in ASCII: each of those that the program draws has one of the same width."""

import re
from pathlib import Path

from rich.cells import cell_len

import tmeattn
from tmeattn.render.ascii_symbols import for_encoding, in_ascii

NOT_DRAWN = "‡†\u2028\u2029\u202a\u202e\u2066\u2069"
"""Signs in the sources that stand in patterns and in texts of files."""


def test_every_sign_of_the_sources_has_one_in_ascii() -> None:
    sources = "".join(path.read_text("utf-8") for path in Path(tmeattn.__file__).parent.rglob("*.py"))
    signs = set(re.findall(r"[\u2010-\u2bff]", sources)) - set(NOT_DRAWN)  # the others are letters and their marks
    missing = {sign for sign in signs if not in_ascii(sign).isascii()}
    assert not missing
    assert all(cell_len(in_ascii(sign)) == cell_len(sign) for sign in signs)


def test_curves_have_ink_where_their_dots_are() -> None:
    assert in_ascii("⠀") == " "
    assert all(in_ascii(chr(0x2800 + bits)).strip() for bits in range(1, 256))
    assert in_ascii("⠁⠤⣀⣿⡇") == "'-.#|"


def test_other_encodings_keep_the_letters_that_they_have() -> None:
    assert for_encoding("é ł ✓ ━ 中", "latin-1") == "é ? v - ??"
    assert for_encoding("é – …", "ascii") == "e - ."
