"""What a screen comes to show is waited for: no time is long enough on a busy machine, and any is too long on a quiet
one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Wait until the condition holds, for 10 seconds at most; then it must."""
    for _ in range(500):
        if condition():
            return
        await pilot.pause(0.02)
    assert condition()
