"""The pages of `tmeattn models NAME`: pictures are not torn apart."""

import io

from rich.console import Console

from tmeattn.plugin import Plugin
from tmeattn.registry import registry
from tmeattn.render.plugin_pages import PluginPage, SpecPage, blocks
from tmeattn.specs import ExplainerSpec, VectorsSpec

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


def shown(page) -> list[str]:
    console = Console(width=80, file=io.StringIO())
    console.print(page)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines() if line.strip()]


def test_the_page_of_a_spec_names_its_plugin_and_what_is_known_of_it() -> None:
    vectors = shown(SpecPage(registry().get(VectorsSpec, "glove-100d")))
    assert vectors[0] == "glove-100d"
    assert vectors[2] == "kind word vectors"
    assert vectors[3].startswith("provided by tmeattn ")
    assert vectors[4:] == ["width 100"]
    method = shown(SpecPage(registry().get(ExplainerSpec, "rollout")))
    assert method[2] == "kind attribution method"
    assert "scores non-negative" in method
    assert any(line.startswith("source Abnar") for line in method)
    assert "scores signed" in shown(SpecPage(registry().get(ExplainerSpec, "input-x-gradient")))


def test_the_page_of_a_plugin_has_its_state_or_each_problem_with_its_traceback() -> None:
    plugin = Plugin("demo", "demo-plugin", "1.2", "demo.plugin", provides=["one", "two"])
    head = ["demo-plugin 1.2", "entry point demo = demo.plugin", "provides one, two"]
    assert shown(PluginPage(plugin)) == [*head, "state loaded"]
    plugin.fail("has no [bold]name")
    plugin.fail("cannot be imported", ImportError("no \x1b[31mmodule"))
    assert shown(PluginPage(plugin)) == [
        *head,
        "✗ has no [bold]name",
        "✗ cannot be imported",
        "ImportError: no ␛[31mmodule",
    ]
