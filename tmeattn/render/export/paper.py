"""Tables of a paper in LaTeX and Markdown, the same for every command: a caption, columns, a label, and nothing else.

The caption says what was measured, on what and how sure it is. Advice for the user of the terminal does not belong in
a paper, so it is not in these files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tmeattn.render.export.columns import ExportColumn
from tmeattn.render.export.markup import latex_text, markdown_text, pipes, tabular

_NEEDS = r"% Needs \usepackage{booktabs,graphicx}."


@dataclass(frozen=True)
class PaperTable:
    """A table with its caption.

    title:   what the table shows, without a full stop: the beginning of the caption.
    about:   the sentences after it: method, number of texts, split, operator, interval.
    columns: the columns for Markdown; brief: those that fit a printed page, where they are others.
    label:   for `\\ref`, such as "faithfulness-lstm-attn"; characters that a label cannot have are replaced.
    """

    title: str
    about: Sequence[str]
    columns: Sequence[ExportColumn]
    label: str
    brief: Sequence[ExportColumn] = ()

    @property
    def caption(self) -> str:
        return " ".join([*([f"{self.title.rstrip('.')}."] if self.title else []), *self.about])


def markdown(tables: Sequence[PaperTable]) -> str:
    """Each table with a heading, its caption, and the columns, in GitHub's Markdown."""
    blocks = []
    for one in tables:
        blocks.append(f"## {markdown_text(one.title)}")
        if one.about:
            blocks.append(markdown_text(" ".join(one.about)))
        if one.columns:
            blocks.append(pipes(one.columns))
    return "\n\n".join(blocks) + "\n"


def latex(tables: Sequence[PaperTable]) -> str:
    """A `table` environment for each table, with a `booktabs` tabular. The document needs the packages booktabs and
    graphicx; letters beyond Latin need XeLaTeX or LuaLaTeX."""
    blocks = ["\n".join(_environment(one)) for one in tables]
    return "\n\n".join([_NEEDS, *blocks]) + "\n"


def label_of(*parts: str) -> str:
    """A label of LaTeX: `tab:` and the parts in lower case, all but ASCII letters and digits replaced by hyphens."""
    return "tab:" + (re.sub("[^a-z0-9]+", "-", "-".join(parts).lower()[:100]).strip("-") or "table")


def _environment(table: PaperTable) -> list[str]:
    columns = table.brief or table.columns
    return [
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{latex_text(table.caption)}}}",
        rf"\label{{{label_of(table.label)}}}",
        *(tabular(columns) if columns else []),
        r"\end{table}",
    ]
