"""Explained texts as a web page and as LaTeX. Every text is escaped, so none can act as markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from tmeattn.explain.explanation import DeletedWord
from tmeattn.plurals import counted
from tmeattn.render.explanation_texts import confidence_text, deleted_text, entropy_text, method_text
from tmeattn.render.export.charts import colour
from tmeattn.render.export.markup import latex_text, one_line
from tmeattn.render.export.style import PAGE_STYLE
from tmeattn.render.export.text_width import plain
from tmeattn.render.heat_scale import HeatScale
from tmeattn.render.heatmap import STRONGEST
from tmeattn.render.numbers import count
from tmeattn.render.palette import BLUE, ORANGE
from tmeattn.render.text_layout import shown_span, with_line_breaks, word_lines

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation

Escape = Callable[[str], str]
_STEPS = 5  # boxes on each side of zero in the legend
_BOLD = 0.5  # least share of full colour at which LaTeX sets a word in bold


def html_page(explanations: Sequence[Explanation]) -> str:
    """A self-contained page without scripts: each text with its legend and its strongest words.

    The tooltip of a word shows its score and rank. A line under the word repeats its colour for readers who cannot see
    it: the thickness grows with the score, and the line is dashed for evidence against the class. The page is light or
    dark, as the browser prefers.
    """
    first = explanations[0]
    title = f"{method_text(first)}: {first.predicted_label}" if len(explanations) == 1 else "Explained texts"
    return html_document(title, "\n".join(html_section(explanation) for explanation in explanations))


def html_document(title: str, sections: str) -> str:
    """A self-contained page without scripts; `sections` is HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f'<title dir="auto">{html_text(one_line(title))}</title>'
        f"\n<style>\n{PAGE_STYLE}</style>\n</head>\n<body>\n<main>\n{sections}\n</main>\n"
        "<footer>Created with tmeattn</footer>\n</body>\n</html>\n"
    )


def html_section(explanation: Explanation) -> str:
    """An explained text as HTML: the prediction, the coloured text, the legend and the strongest words."""
    scale = HeatScale.of(explanation)
    heading = f"{_isolated(explanation.predicted_label)} <small>{confidence_text(explanation)}</small>"
    if explanation.true_label is not None:
        verdict = "✓ correct" if explanation.is_correct else '<b class="wrong">✗ wrong</b>'
        heading += f" <small>{verdict}, the label is {_isolated(explanation.true_label)}</small>"
    about = "<br>".join(_about(explanation, html_text, _isolated))
    parts = ["<section>", f'<h2 dir="auto">{heading}</h2>', f'<p class="about" dir="auto">{about}</p>']
    parts.append(f'<p class="text" dir="auto">{"".join(_html_words(explanation, scale))}</p>')
    hidden = explanation.tokens_cut
    if hidden > 0:
        parts.append(f'<p class="note">{counted(hidden, "more word")} not read by the model.</p>')
    return "\n".join([*parts, _html_legend(explanation, scale), _html_strongest(explanation, scale), "</section>"])


def _about(explanation: Explanation, text: Escape, name: Escape) -> Iterator[str]:
    """Lines about an explanation. `text` escapes sentences, and `name` the names of the user in them."""
    if deleted := deleted_text(explanation):
        yield text(deleted)
    line = f"{text(method_text(explanation))} (run {name(explanation.run)})"
    if explanation.names_target:
        line += f", for the class {name(explanation.target_label)}"
    yield line
    if entropy := entropy_text(explanation):
        yield text(entropy[0].upper() + entropy[1:])
    if explanation.note:
        yield text(explanation.note)


def _html_words(explanation: Explanation, scale: HeatScale) -> Iterator[str]:
    """An element for each word that the model read or the user deleted, and the rest of the text dimmed."""
    whole = explanation.whole_text
    ranks = {id(word): rank for rank, word in enumerate(explanation.ranked_words(), start=1)}
    position = 0
    for word in explanation.shown_words:
        start, end = shown_span(whole, word.start, word.end)
        yield html_text(with_line_breaks(whole[position:start]))
        position = end
        text = html_text("\n".join(word_lines(whole[start:end])))
        if isinstance(word, DeletedWord):
            yield f"<del>{text}</del>"
            continue
        share = scale.share(word.score)
        classes = ["w", *(["against"] if share < 0 else []), *([] if word.known else ["unknown"])]
        tip = f"score {_score(word.score, explanation)}, rank {ranks[id(word)]} of {len(explanation.words)}"
        tip += "" if word.known else ", not in the vocabulary"
        heat = f' style="--heat:{abs(share):.3f}"' if share else ""
        yield f'<span class="{" ".join(classes)}"{heat} title="{html_text(tip)}">{text}</span>'
    rest = html_text(with_line_breaks(whole[position:]))
    yield f'<span class="unread">{rest}</span>' if explanation.is_truncated else rest


def _html_legend(explanation: Explanation, scale: HeatScale) -> str:
    target = explanation.target_label
    if not scale.full:
        return '<p class="legend">All scores are zero: no word influences the prediction.</p>'
    steps = range(-_STEPS if scale.signed else 0, _STEPS + 1)
    boxes = "".join(
        f'<span class="w{" against" if step < 0 else ""}" style="--heat:{abs(step) / _STEPS:.2f}">&nbsp;&nbsp;</span>'
        for step in steps
    )
    name = _isolated(target)
    low, high = (f"against {name}", f"for {name}") if scale.signed else (f"{scale.base:.3g}", f"{scale.full:.3g}")
    meaning = "weight above uniform" if scale.uniform else f"score, full at {scale.full:.3g}"
    lines = "solid line: evidence for the class, dashed: against it; " if scale.signed else ""
    unknown = (
        ""
        if all(word.known for word in explanation.words)
        else '; <i class="unknown">italic</i>: not in the vocabulary'
    )
    return (
        f'<p class="legend"><span>{low}</span> {boxes} <span>{high}</span><br>'
        f"Colour and thickness of the line: {meaning}; {lines}point at a word to see its score{unknown}.</p>"
    )


def _html_strongest(explanation: Explanation, scale: HeatScale) -> str:
    ranked = [word for word in explanation.strongest_words[:STRONGEST] if word.score]
    if not ranked:
        return ""
    peak = abs(ranked[0].score)
    rows = []
    for word in ranked:
        text = html_text(word.text) + (f" <small>×{word.times}</small>" if word.times > 1 else "")
        kind = "against" if word.score < 0 else "for"
        bar = f'<span class="{kind}" style="width:{100 * abs(word.score) / peak:.1f}%"></span>'
        rows.append(
            f'<tr><th scope="row" dir="auto">{text}</th><td>{_score(word.score, explanation)}</td>'
            f'<td class="bar">{bar}</td></tr>'
        )
    return f"<table><caption>Strongest words</caption>{''.join(rows)}</table>"


def _score(score: float, explanation: Explanation) -> str:
    return f"{score:+.3f}" if explanation.signed else f"{score:.3f}"


def html_text(text: str) -> str:
    """A text escaped for HTML."""
    return escape(plain(text))


def _isolated(name: str) -> str:
    """A name on one line, whose direction of writing does not influence the words around it."""
    return f'<bdi dir="auto">{escape(one_line(name))}</bdi>'


def latex_text_page(explanations: Sequence[Explanation]) -> str:
    """The texts as paragraphs, to be included in a document that loads the package xcolor.

    Words with at least half the largest score are bold, words outside the vocabulary are underlined. Letters beyond
    Latin need XeLaTeX or LuaLaTeX.
    """
    blocks = [r"% Needs \usepackage[T1]{fontenc} and \usepackage{xcolor}."]
    for explanation in explanations:
        scale = HeatScale.of(explanation)
        heading = f"{explanation.predicted_label} {confidence_text(explanation)}"
        if explanation.true_label is not None:
            heading += f", the label is {explanation.true_label}"
        about = ". ".join(_about(explanation, latex_text, latex_text))
        blocks += [
            r"\begingroup\setlength{\fboxsep}{1pt}\setlength{\parindent}{0pt}\raggedright\linespread{1.25}\selectfont",
            rf"\textbf{{{latex_text(heading)}}}\quad\textit{{{about}}}\par\smallskip",
            "".join(_latex_words(explanation, scale)) + r"\par\medskip",
            rf"{{\footnotesize {_latex_legend(explanation, scale)}\par}}",
            r"\endgroup\bigskip",
        ]
    return "\n".join(blocks) + "\n"


def _latex_words(explanation: Explanation, scale: HeatScale) -> Iterator[str]:
    position, whole = 0, explanation.whole_text
    for word in explanation.shown_words:
        start, end = shown_span(whole, word.start, word.end)
        yield _latex_gap(whole[position:start])
        position = end
        lines = word_lines(whole[start:end])
        text = latex_text(" ".join(filter(None, lines)))
        if isinstance(word, DeletedWord):
            yield _latex_struck(text)
            continue
        share = scale.share(word.score)
        if not word.known:
            text = rf"\underline{{{text}}}"
        if abs(share) >= _BOLD:
            text = rf"\textbf{{{text}}}"
        yield _latex_box(rf"\vphantom{{(}}{text}", share) if share else text
        if not lines[-1]:
            yield r"\par "
    hidden = explanation.tokens_cut
    if hidden > 0:
        yield rf" \textit{{\ldots\ {count(hidden)} more not read by the model}}"
    else:
        yield _latex_gap(whole[position:]).rstrip()


def _latex_struck(text: str) -> str:
    """A text in grey with a line through it, without a package."""
    box = rf"\setbox0=\hbox{{{text}}}\rlap{{\rule[0.5ex]{{\wd0}}{{0.4pt}}}}\box0"
    return rf"\leavevmode{{\color{{gray}}{box}}}"


def _latex_box(content: str, share: float) -> str:
    red, green, blue = (round(255 * part) for part in colour(BLUE if share < 0 else ORANGE, min(1.0, abs(share))))
    return rf"\colorbox[RGB]{{{red},{green},{blue}}}{{{content}}}"


def _latex_gap(text: str) -> str:
    """The characters between words: spaces and line breaks are kept, the others are escaped."""
    pieces = re.split(r"(\s+)", plain(with_line_breaks(text)))
    return "".join(
        (r"\par " if "\n" in piece else " ") if piece.isspace() else latex_text(piece) for piece in pieces if piece
    )


def _latex_legend(explanation: Explanation, scale: HeatScale) -> str:
    if not scale.full:
        return "All scores are zero."
    meaning = "weight above uniform" if scale.uniform else f"full at score {scale.full:.3g}"
    boxes = _latex_box("strongest", 1.0)
    if scale.signed:
        target = latex_text(explanation.target_label)
        boxes = f"{_latex_box('against', -1.0)} and {_latex_box('for', 1.0)} {target}"
    return f"{boxes}; colour: {latex_text(meaning)}; bold: at least half of full colour"
