"""The pages of the manual: complete, linked, readable in a narrow terminal; and what a search finds in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.markdown import Markdown
from support.explanations import draw

from tmeattn.docs import FOLDER, ORDER, Match, Topic, plain, search, topics
from tmeattn.render.manual import WIDEST, ManualMatches, ManualPage

ROOT = Path(__file__).parents[2]
PAGES = topics()
LINKING = [ROOT / "README.md", ROOT / "tmeattn/README.md", ROOT / ".github/CONTRIBUTING.md", *FOLDER.glob("*.md")]

PAGE = Topic(
    "example",
    "Example",
    "# Example\n\nIt has `code`. See [Runs](runs.md).\n\n![A picture](a.svg)\n\n## Rows\n\n"
    "| name | value |\n|---|---|\n| **alpha** | the weight |\n\n"
    "```bash\ntmeattn docs  # a comment\n```\n\n- One item. [Guide](../../plugins/README.md)\n",
)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def test_every_file_is_in_the_order_and_only_files_are() -> None:
    assert sorted(ORDER) == sorted(path.stem for path in FOLDER.glob("*.md"))
    assert len(set(ORDER)) == len(ORDER)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_has_one_title_and_a_short_summary(page: Topic) -> None:
    headings = re.findall(r"^# .*", re.sub(r"^```.*?^```", "", page.text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    assert headings == [f"# {page.title}"]
    assert 20 <= len(page.summary) <= 120
    assert page.text.endswith("\n")


@pytest.mark.parametrize("path", LINKING, ids=lambda path: path.stem + path.parent.name)
def test_every_link_has_a_target(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("width", [60, 80, 140])
def test_a_page_is_never_wider_than_the_terminal_and_loses_no_word(page: Topic, width: int) -> None:
    drawn = draw(ManualPage(page), width)
    assert max(len(line.rstrip()) for line in drawn.splitlines()) <= min(width, WIDEST)
    if width >= 80:  # below, some tables are lists, without the heading of their first column
        wide = draw(Markdown(page.terminal_text, hyperlinks=False), 2000)
        assert sorted(set(words(wide)) - set(words(drawn))) == []


def test_a_table_that_does_not_fit_becomes_a_list() -> None:
    page = Topic("t", "T", "# T\n\n| name | value |\n|---|---|\n| aaaaaaaaaaaa | bbbbbbbbbbbb |\n| c | |\n")
    assert draw(ManualPage(page), 20).split() == ["T", "aaaaaaaaaaaa", "value:", "bbbbbbbbbbbb", "c"]
    assert "name          value" in draw(ManualPage(page), 40)


def test_in_a_terminal_links_name_commands_and_files_and_pictures_are_left_out() -> None:
    text = PAGE.terminal_text
    assert "See Runs (`tmeattn docs runs`)." in text
    assert "Guide (`plugins/README.md` in the repository)" in text
    assert "picture" not in text
    assert PAGE.summary == "It has code."


def test_search_finds_sentences_rows_code_and_headings() -> None:
    def found(word: str) -> list[Match]:
        return search(word, [PAGE])

    assert found("CODE") == [Match("example", "Example", "It has code.")]
    assert found("runs") == [Match("example", "Example", "See Runs.")]
    assert found("weight") == [Match("example", "Rows", "alpha  the weight")]
    assert found("comment") == [Match("example", "Rows", "tmeattn docs  # a comment")]
    assert found("rows") == [Match("example", "Rows", "Rows")]
    assert found("picture") == []
    assert found("one  item") == [Match("example", "Rows", "One item.")]


def test_marks_of_markdown_are_removed() -> None:
    assert plain("- **Bold** and `code`, [a page](runs.md)") == "Bold and code, a page"
    assert plain("| a | `b` |") == "a  b"


def test_matches_are_highlighted_below_their_heading() -> None:
    drawn = draw(ManualMatches("WEIGHT", search("weight", [PAGE])), colour=True)
    assert "example: Rows" in drawn
    assert re.search(r"\x1b\[[\d;]*7m\s*weight", drawn)
