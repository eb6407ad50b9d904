"""`tmeattn docs [TOPIC]`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.completion import topics as complete_topics
from tmeattn.cli.support.options import json_option, no_pager_option
from tmeattn.errors import BadInput, UnknownName

if TYPE_CHECKING:
    from tmeattn.docs import Topic

JSON_TOPIC = "json"
"""The page about the JSON documents, whose own document has all commands."""


@click.command()
@click.argument("topic", required=False, shell_complete=complete_topics)
@click.option("--search", "words", metavar="WORD", help="Show the lines that contain WORD, in upper or lower case.")
@no_pager_option()
@json_option("the topics, the page or the lines")
def docs(topic: str | None, words: str | None, no_pager: bool, as_json: bool) -> None:
    """Show the manual: its topics, the page TOPIC, or the lines that contain a word.

    A page that is longer than the terminal goes through PAGER (less). A search that finds nothing ends with exit
    code 2; with --json it prints an empty array.

    The page json is about what commands print with --json. With --json it has, for programs, the help, the options,
    the exit codes and the JSON Schema of every command.

    \b
    tmeattn docs training
    tmeattn docs --search entropy
    """
    from tmeattn.docs import topics

    pages = topics()
    if topic is not None:
        pages = [_page(topic, pages)]
    if words is not None:
        _search(words, pages, no_pager, as_json)
    elif topic is None:
        _list(pages, as_json)
    elif as_json:
        echo_json({**asdict(pages[0]), **(_reference() if topic == JSON_TOPIC else {})})
    else:
        from tmeattn.cli.support.paging import page
        from tmeattn.render.manual import ManualPage

        page(ManualPage(pages[0]), at_once=no_pager)


def _reference() -> dict[str, Any]:
    """All commands, for programs."""
    from tmeattn.cli.documents.reference import reference

    return reference(click.get_current_context().find_root().command)


def _page(name: str, pages: list[Topic]) -> Topic:
    for page in pages:
        if page.name == name:
            return page
    raise UnknownName("topic", name, [page.name for page in pages], list_command="tmeattn docs")


def _list(pages: list[Topic], as_json: bool) -> None:
    if as_json:
        echo_json([{"name": page.name, "title": page.title, "summary": page.summary} for page in pages])
        return
    from tmeattn.render.console import stdout_console
    from tmeattn.render.tables import Column, table

    rows = [(page.name, page.title, page.summary) for page in pages]
    stdout_console().print(
        table(
            ["topic", Column("title", drop=1), Column("what it explains", wrap=True, least=30)],
            rows,
            caption="Read one: tmeattn docs getting-started. Search them: tmeattn docs --search WORD",
        )
    )


def _search(words: str, pages: list[Topic], no_pager: bool, as_json: bool) -> None:
    from tmeattn.docs import search

    if not words.strip():
        raise BadInput("--search needs a word.", hint="Try: tmeattn docs --search entropy")
    matches = search(words, pages)
    if as_json:
        echo_json([asdict(match) for match in matches])
        return
    if not matches:
        where = f"The page {pages[0].name}" if len(pages) == 1 else "The manual"
        raise BadInput(f"{where} does not contain {words!r}.", hint="List the topics with: tmeattn docs")
    from tmeattn.cli.support.paging import page
    from tmeattn.render.manual import ManualMatches

    page(ManualMatches(words, matches), at_once=no_pager)
