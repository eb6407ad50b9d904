"""Texts about a prediction, about a word, and about the explanations of two runs for one text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from tmeattn.explain.explanation import SEE_MAPS
from tmeattn.plurals import counted
from tmeattn.render.console import safe, safe_line
from tmeattn.render.explanation_texts import entropy_text, method_text
from tmeattn.render.explanations import word_differences
from tmeattn.render.numbers import MISSING, fitting, percent, percent_change

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation
    from tmeattn.tui.services.heatmap_words import LaidOutWord

SAMPLE = (
    "I wanted to like this film, and the first half hour is charming. But the plot makes no sense, the jokes are old, "
    "and the villain is simply dull. What a waste of a wonderful cast!"
)
"""The text of the Explain screen until there is another."""
MAPS = "To see the maps, open the attention map."
"""What stands for the options of the command in a note."""
MOST_CLASSES = 3
MOST_DIFFERENCES = 6


def verdict(
    explanation: Explanation,
    whole: Explanation | None = None,
    dropped: int = 0,
    *,
    common: str | None = None,
    room: int = 0,
) -> Text:
    """The prediction, its change without the deleted words, and the method of the scores.

    common: the class of the scores on both sides of a comparison, which `differences` names; None: no comparison.
    room:   terminal cells for the line of the method, which leaves out the model and, unless runs are compared, the
            run where they do not fit; 0 for as many as it needs.
    """
    return Text("\n").join(_verdict(explanation, whole, dropped, common, room))


def _verdict(
    explanation: Explanation, whole: Explanation | None, dropped: int, common: str | None, room: int
) -> Iterator[Text]:
    line = Text()
    ranked = sorted(
        range(len(explanation.classes)),
        key=lambda index: (index != explanation.predicted, -explanation.probabilities[index]),
    )
    for index in ranked[: MOST_CLASSES if len(ranked) > 2 else 1]:
        style = "bold" if index == explanation.predicted else "dim"
        line.append(
            f"{safe_line(explanation.classes[index])} {percent(explanation.probabilities[index])}  ", style=style
        )
    if explanation.true_label is not None:
        right = explanation.is_correct
        verdict_text = "✓ correct" if right else f"✗ wrong, label {safe_line(explanation.true_label)}"
        line.append(verdict_text, style="" if right else "bold")
    yield line
    if dropped:
        yield moved(explanation, whole, dropped, common)
    named = f", for the class {safe_line(explanation.target_label)}" if explanation.names_target and not common else ""
    entropy = entropy_text(explanation)
    after = f"{named}; {entropy}" if entropy else named
    run = f", run {safe(explanation.run)}"
    long, short = safe(method_text(explanation)), safe(method_text(explanation, model=False))
    brief = after.replace("; attention entropy", "; entropy")
    lines = [f"{long}{run}{after}", f"{short}{run}{after}", f"{short}{run}{brief}"]
    if not common:  # the screen names the run
        lines += [f"{short}{after}", f"{short}{brief}"]
    yield Text(fitting(room, *lines) if room else lines[0], style="dim")


def note(explanation: Explanation, room: int = 0) -> str:
    """The note of an explanation for the screens; empty without one. Where the attention map can be opened, it says so
    in place of the options of the command, but not if that does not fit. room: as in `verdict`."""
    whole = safe(explanation.note or "")
    long, short = (" ".join(whole.replace(SEE_MAPS, instead).split()) for instead in (MAPS, ""))
    return fitting(room, long, short) if room else long


def moved(explanation: Explanation, whole: Explanation | None, dropped: int, label: str | None = None) -> Text:
    """ "2 words deleted: positive 97.3 → 91.2 % (-6.1 points)"."""
    line = Text().append(f"{counted(dropped, 'word')} deleted", style="bold")
    return line.append(f": {change(whole, explanation.probabilities, label)}") if whole else line


def change(whole: Explanation, after: Sequence[float], label: str | None = None) -> str:
    """The probability of a class (None: that predicted for the whole text) before and after: "positive 97.3 → 91.2 %
    (-6.1 points)"."""
    at = whole.classes.index(label) if label in whole.classes else whole.predicted
    before, now = whole.probabilities[at], float(after[at])
    flips = max(range(len(after)), key=lambda index: after[index]) != whole.predicted
    probabilities = f"{safe_line(whole.classes[at])} {100 * before:.1f} → {percent(now)}"
    flip = ", the prediction changes" if flips else ""
    return f"{probabilities} ({percent_change(before, now)} points{flip})"


def word_details(text: str, item: LaidOutWord, explanation: Explanation) -> Text:
    """A word of `text` with its score and rank, and whether it is in the vocabulary."""
    line = Text().append(" ".join(safe(text[item.start : item.end]).split()), style="bold")
    if item.word is None:
        return line.append("  deleted; delete it again to restore it")
    value = f"{item.word.score:+.4f}" if explanation.signed else f"{item.word.score:.4f}"
    line.append(f"  {value}, rank {explanation.rank(item.word)} of {len(explanation.words)}")
    if not item.word.known:
        line.append(", not in the vocabulary")
    return line


def differences(one: Explanation, other: Explanation, room: int) -> Text:
    """The words with the largest differences between two explanations, in shares of all scores of each, and the class
    that the scores of both are about.

    Scores of two methods are not comparable: then the text names the methods instead. room: terminal cells of a line,
    of which the words have two fifths.
    """
    names = f"{safe(one.run.partition('-')[0])} | {safe(other.run.partition('-')[0])}"
    if one.method != other.method:
        kinds = f"{safe(one.method)} and {safe(other.method)}"
        return Text(f"{names}: the scores of {kinds} are not comparable. Choose one method.", style="dim")
    about = f" for the class {safe_line(one.target_label)}" if one.names_target or other.names_target else ""
    different = [found for found in word_differences(one, other)[:MOST_DIFFERENCES] if found.difference]
    if not different:
        return Text(f"{names}: the shares of all words{about} are equal", style="dim")
    short = f"{names}, % of scores{f' for {safe_line(one.target_label)}' if about else ''}:"
    whole = f"Largest differences{about} ({names}, % of all scores):"
    line = Text().append(fitting(room * 3 // 5, whole, short), style="dim")
    for found in different:
        line.append("  ").append(" ".join(safe(found.text).split()), style="bold")
        line.append(f" {_share(found.first)} | {_share(found.second)}")
    return line


def _share(share: float | None) -> str:
    """A share in percent; a dash if the model does not read the word."""
    return MISSING if share is None else f"{100 * share:.1f}"
