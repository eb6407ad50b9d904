"""The manual: one Markdown page a topic, read by `tmeattn docs`, by the screens and on the web.

A page is plain Markdown: one first-level heading, a paragraph about the contents of the page, then sections. Pages
link to one another by file name (`training.md`) and to the rest of the repository by a relative path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent

ORDER = (
    "getting-started",
    "commands",
    "models",
    "training",
    "encoders",
    "processes",
    "sweep",
    "tui",
    "explanations",
    "faithfulness",
    "data",
    "runs",
    "cluster",
    "reproduce",
    "report",
    "python",
    "serve",
    "plugins",
    "json",
    "formats",
    "troubleshooting",
)
"""The topics in the order in which a reader needs them. A test compares them with the files in this folder."""

_IMAGE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n*", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_PAGE = re.compile(r"([a-z-]+)\.md(?:#.*)?")
_HEADING = re.compile(r"#{1,6} (.+)")
_SENTENCE_END = re.compile(r"(?<=[.!?]) +(?=[^a-z])")


@dataclass(frozen=True)
class Topic:
    """One page. name: what `tmeattn docs NAME` takes; title: its first heading; text: its Markdown source."""

    name: str
    title: str
    text: str

    @property
    def summary(self) -> str:
        """The first sentence below the title, for a listing."""
        return next(_sentences(self.text.partition("\n\n")[2].partition("\n\n")[0]), "")

    @property
    def without_pictures(self) -> str:
        """The page without its pictures, for readers that cannot show them."""
        return _IMAGE.sub("", self.text)

    @property
    def terminal_text(self) -> str:
        """The page for a reader without links and pictures: a link to another page names the command that shows it, a
        link into the repository names the file."""
        return _LINK.sub(_without_link, self.without_pictures)


@dataclass(frozen=True)
class Match:
    """A line of the manual that contains the searched words, without Markdown's marks, and the heading above it."""

    topic: str
    heading: str
    line: str


def topics() -> list[Topic]:
    """All pages, in the order in which a reader needs them."""
    return [_read(FOLDER / f"{name}.md") for name in ORDER]


def search(words: str, pages: Iterable[Topic]) -> list[Match]:
    """Every sentence, table row and line of code that contains `words`, in any case, page by page.

    A heading that contains them counts too: its line is the heading itself.
    """
    wanted = " ".join(words.split()).casefold()
    return [match for page in pages for match in _lines(page) if wanted in match.line.casefold()]


def plain(markdown: str) -> str:
    """A line of Markdown without its marks: links keep their text, table cells are separated by two spaces."""
    text = _LINK.sub(r"\1", markdown).replace("`", "").replace("**", "").strip()
    if text.startswith("|"):
        return "  ".join(cell.strip() for cell in text.strip("|").split("|"))
    return re.sub(r"^(#{1,6}|[-*]|\d+\.) ", "", text)


def _read(path: Path) -> Topic:
    text = path.read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ").strip()
    return Topic(path.stem, title, text)


def _lines(page: Topic) -> Iterator[Match]:
    """A page as `search` reads it."""
    heading, code = page.title, False
    for line in page.text.splitlines():
        if line.startswith("```"):
            code = not code
        elif code:
            yield Match(page.name, heading, line.strip())
        elif found := _HEADING.match(line):
            heading = plain(found[1])
            yield Match(page.name, heading, heading)
        elif not line.startswith(("|--", "| --", "![")):
            for part in [plain(line)] if line.startswith("|") else _sentences(line):
                yield Match(page.name, heading, part)


def _sentences(paragraph: str) -> Iterator[str]:
    """The sentences of a paragraph without Markdown's marks. A code span begins a sentence as a capital does."""
    for sentence in _SENTENCE_END.split(" ".join(paragraph.split())):
        if sentence:
            yield plain(sentence)


def _without_link(link: re.Match[str]) -> str:
    text, target = link[1], link[2]
    if page := _PAGE.fullmatch(target):
        return f"{text} (`tmeattn docs {page[1]}`)"
    if target.startswith("#"):
        return text
    if "://" in target:
        return f"{text} ({target})"
    path = target.lstrip("./")
    return text if path in text or path.endswith(f"/{text}") else f"{text} (`{path}` in the repository)"
