"""What a reader leaves out, counted by reason, with the place of the first: nothing is left out without a message."""

from __future__ import annotations

from tmeattn.plurals import counted

MOST_REASONS = 8
MOST_PLACE = 80
"""The most characters of a place, such as a path, in the summary."""


class SkipCount:
    """Counts skipped rows or files.

    total: the number of them.
    """

    def __init__(self) -> None:
        self.total = 0
        self._found: dict[str, tuple[int, str]] = {}

    def add(self, reason: str, where: str, count: int = 1) -> None:
        """Count one, or several.

        reason: a noun phrase with `{s}` where its plural has an s, such as "row{s} without a text".
        where:  the place of the first, such as "line 17".
        """
        before, first = self._found.get(reason, (0, where))
        self._found[reason] = before + count, first
        self.total += count

    def __str__(self) -> str:
        """As in "12 rows without a text (first: line 17) and 1 blank line (first: line 20)"; empty for none."""
        ordered = sorted(self._found.items(), key=lambda item: -item[1][0])
        parts = [
            f"{count:,} {reason.replace('{s}', '' if count == 1 else 's')} (first: {_shortened(first)})"
            for reason, (count, first) in ordered[:MOST_REASONS]
        ]
        if rest := sum(count for _, (count, _) in ordered[MOST_REASONS:]):
            parts.append(f"{rest:,} for other reasons")
        return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)

    def sentence(self, read: int, thing: str) -> str:
        """As in "Skipped 3 of 63 rows: 2 blank lines (first: line 4) and ..."; empty where nothing was skipped.

        read: the number of rows or files that were read.   thing: "row" or "file".
        """
        return f"Skipped {self.total:,} of {counted(read + self.total, thing)}: {self}." if self.total else ""


def _shortened(place: str) -> str:
    return place if len(place) <= MOST_PLACE else f"{place[: MOST_PLACE // 2]}…{place[-MOST_PLACE // 2 :]}"
