"""What the screens say about attention maps."""

from __future__ import annotations

import pytest
from support.attention_maps import drawn_map

from tmeattn.tui.wording.attention_map import row_title


@pytest.mark.parametrize("room", [30, 40, 44, 80])
def test_all_rows_of_a_map_have_the_same_units(room: int) -> None:
    shown = drawn_map(["a", "film", "incomprehensibly", "dull"])
    titles = [row_title(shown, row, room).plain for row in range(len(shown.rows))]
    assert len({"nats" in title for title in titles}) == 1
    assert len({"of uniform" in title for title in titles}) == 1
    assert max(map(len, titles)) <= room
