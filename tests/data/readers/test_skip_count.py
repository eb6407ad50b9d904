"""What was skipped, in one sentence."""

from __future__ import annotations

from tmeattn.data.readers.skip_count import MOST_PLACE, MOST_REASONS, SkipCount


def test_each_reason_has_its_number_and_its_first_place() -> None:
    skips = SkipCount()
    assert (str(skips), skips.sentence(5, "row")) == ("", "")
    skips.add("blank line{s}", "line 20")
    assert str(skips) == "1 blank line (first: line 20)"
    skips.add("row{s} without a text", "line 17", 1200)
    skips.add("blank line{s}", "line 30")
    assert str(skips) == "1,200 rows without a text (first: line 17) and 2 blank lines (first: line 20)"
    assert skips.sentence(98, "row") == f"Skipped 1,202 of 1,300 rows: {skips}."


def test_the_rarest_of_many_reasons_are_only_counted() -> None:
    skips = SkipCount()
    for number in range(MOST_REASONS + 2):
        skips.add(f"kind-{number:02}{{s}}", "x" * 200, 20 - number)
    parts = str(skips).replace(" and ", ", ").split(", ")
    assert [part.split()[1] for part in parts[:-1]] == [f"kind-{number:02}s" for number in range(MOST_REASONS)]
    assert parts[-1] == "23 for other reasons"
    assert f"(first: {'x' * (MOST_PLACE // 2)}…{'x' * (MOST_PLACE // 2)})" in parts[0]
