import io
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.explanations import CONTROL

from tmeattn.render.console import safe, stderr_console, stdout_console


@given(st.text(st.characters(codec=None)))
def test_safe_keeps_the_length_and_leaves_no_control(text: str) -> None:
    result = safe(text)
    assert len(result) == len(text)
    assert not CONTROL.search(result)
    assert all(a == b for a, b in zip(text, result, strict=True) if unicodedata.category(a)[0] in "LNPSM")
    assert safe(result) == result


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a␛[31mb"),
        ("\x9b31m", "\ufffd31m"),
        ("a\tb\r\nc\rd\x7f", "a b \nc␍d␡"),
        ("\u202eevil\u2069\u200b\u2028\ud800", "\ufffdevil\ufffd\ufffd\ufffd\ufffd"),
        ("naïve 映画 😀 می\u200cخواهم", "naïve 映画 😀 می\u200cخواهم"),
    ],
)
def test_safe(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_consoles_print_markup_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    stdout_console().print("[red]x[/red] :smile:")
    stderr_console().print("[b]y")
    out, err = capsys.readouterr()
    assert out == "[red]x[/red] :smile:\n"
    assert err == "[b]y\n"


def test_console_honours_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert stdout_console().no_color


def test_console_survives_a_narrow_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252"))
    stdout_console(width=20).print("▁█ ⣿━ é ł 中")
    sys.stdout.flush()
    assert raw.getvalue().decode("cp1252").strip() == "_# #- é ? ??"


def test_a_terminal_without_the_signs_of_charts_gets_them_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "linux")
    out = io.StringIO()
    console = stdout_console(width=20)
    console.file, console._force_terminal, console.no_color = out, True, True
    console.print("▁█ ✓ é")
    assert out.getvalue() == "_# v é\n"
