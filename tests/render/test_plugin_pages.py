"""The pages of `tmeattn models NAME`: pictures are not torn apart."""

from tmeattn.render.plugin_pages import blocks

PAGE = "A model\nof words.\n\n    x = y + z          twice\n    |\n      o\n\nMore\nwords."


def test_paragraphs_are_joined_and_pictures_kept() -> None:
    picture = "    x = y + z          twice\n    |\n      o"
    assert blocks(PAGE, 80) == [
        ("A model of words.", False),
        ("", False),
        (picture, True),
        ("", False),
        ("More words.", False),
    ]


def test_a_picture_too_wide_loses_its_indent_and_nothing_else() -> None:
    assert blocks(PAGE, 26)[2] == ("  x = y + z          twice\n  |\n    o", True)
    assert blocks(PAGE, 10)[2] == ("x = y + z          twice\n|\n  o", True)


def test_no_line_is_torn(monkeypatch, capsys) -> None:
    from click.testing import CliRunner

    from tmeattn.cli.models import models

    monkeypatch.setenv("COLUMNS", "60")
    output = CliRunner().invoke(models, ["transformer"]).output
    assert "\n[ self-attention + norm  ]    all words attend to all words\n" in output
    assert any(line.startswith("x       = dropout(norm(x + MLP") and "--layers" in line for line in output.splitlines())
