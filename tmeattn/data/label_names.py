"""The names of labels: which look alike, which stand for no label, and how a message shows them. No NumPy."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from tmeattn.errors import shortened

MOST_NAMED = 8
"""Labels that a sentence names."""
LONGEST_SHOWN = 60
"""Characters of a label that a sentence shows."""
NO_LABEL_NAMES = frozenset(
    (
        "na", "n/a", "n.a", "n/k", "none", "null", "nil", "nan", "unknown", "undefined", "unspecified", "unassigned",
        "unlabeled", "unlabelled", "empty", "blank", "missing", "tbd", "todo", "not-available", "not-applicable",
        "not-specified", "not-known", "no-label", "no-value", "no-data",
    )
)  # fmt: skip
"""Names, as `_plain` writes them, that stand for a missing label."""
_MARKS = frozenset(("-", "--", "---", "—", "–", "?", "??", "???", ".", "..", "...", "…", "*", "_", "/", "#"))
"""Labels of marks alone that stand for a missing one, unless other labels are marks too."""
_END_MARKS = " .,;:!?…"
_BETWEEN_WORDS = re.compile(r"(?<=\w)[-_](?=\w)")


def alike_groups(labels: Iterable[str]) -> list[list[str]]:
    """The groups of labels that differ only in case, spaces, invisible characters, the form of Unicode, marks at their
    ends, a dash in place of a space, or the notation of a number."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for label in labels:
        groups[_key(label)].append(label)
    return [group for group in groups.values() if len(group) > 1]


def names_of_no_label(labels: Collection[str]) -> list[str]:
    """The labels that stand for a missing one, such as "N/A" and "?"."""
    marks = [label for label in labels if not any(map(str.isalnum, label))]
    only_missing = all(unicodedata.normalize("NFKC", label).strip() in _MARKS for label in marks)
    return [label for label in labels if (label in marks and only_missing) or _plain(label) in NO_LABEL_NAMES]


def are_alike(label: str, other: str) -> bool:
    """Whether two names differ only in case and outer spaces."""
    return label.strip().casefold() == other.strip().casefold()


def shown_label(label: str) -> str:
    """A label in quotation marks, shortened, with escapes for what cannot be seen."""
    return repr(shortened(label, LONGEST_SHOWN)) if label else "no label"


def shown_alike(labels: Sequence[str]) -> list[str]:
    """Labels that look alike in quotation marks: in ASCII where their difference is not visible."""
    shown = [shortened(label, LONGEST_SHOWN) for label in labels]
    plain = {
        "".join(char for char in unicodedata.normalize("NFC", label) if not _invisible(char)).strip() for label in shown
    }
    hidden = len(plain) < len(shown) or any(map(has_invisible, shown))
    return [ascii(label) if hidden else repr(label) for label in shown]


def counted_labels(labels: Collection[str], counts: Mapping[str, int], most: int = MOST_NAMED) -> str:
    """As in "'good' (210), 'bad' (190) and 3 more", the most frequent first; `most` of them are named."""
    ordered = sorted(labels, key=lambda label: -counts[label])
    return _listed([f"{shown_label(label)} ({counts[label]:,})" for label in ordered[:most]], len(ordered))


def named_labels(labels: Collection[str]) -> str:
    """As in "'good', 'bad' and 3 more"."""
    return _listed([shown_label(label) for label in list(labels)[:MOST_NAMED]], len(labels))


def _listed(shown: Sequence[str], number: int) -> str:
    return ", ".join(shown) + (f" and {number - len(shown):,} more" if number > len(shown) else "")


def typed(label: str) -> str | None:
    """A label as a shell takes it; None for one that a user can hardly type."""
    if has_invisible(label) or not label.isprintable() or len(label) > LONGEST_SHOWN:
        return None
    return shlex.quote(label)


def has_invisible(label: str) -> bool:
    """Whether a label has characters that cannot be seen, or other spaces than the usual one."""
    return any(_invisible(char) or (char.isspace() and char != " ") for char in label)


def _key(label: str) -> str:
    text = unicodedata.normalize("NFKC", label)
    text = "".join(" " if char.isspace() else char for char in text if char.isspace() or not _invisible(char))
    text = unicodedata.normalize("NFKC", _BETWEEN_WORDS.sub(" ", " ".join(text.split()).casefold()))
    text = text.rstrip(_END_MARKS) or text
    try:
        number = float(text)
    except ValueError:
        return text
    return repr(number) if number == number else text


def _plain(label: str) -> str:
    """A label in lower case, without brackets and marks around it, with a dash for a space."""
    text = unicodedata.normalize("NFKC", label).casefold()
    return re.sub(r"[\s_-]+", "-", text.strip("()[]<>{}#*-_.'\"! \t\r\n\xa0"))


def _invisible(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Mn") and (
        unicodedata.category(char) != "Mn" or "\ufe00" <= char <= "\ufe0f"
    )
