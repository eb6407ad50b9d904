"""When Python looks for garbage, and how soon its threads take turns: so that a screen opens without a pause.

A full collection looks at every object of the process. With torch there are some hundred thousand more, and a screen
makes thousands of objects when it opens: collections in that moment took longer than everything else. What was imported
is never garbage, so it is left out from then on.
"""

from __future__ import annotations

import gc
import sys

YOUNG, MIDDLE, OLD = 20_000, 20, 50
"""Python's defaults are 700, 10 and 10: new objects until the youngest are looked at, and how often that is done until
older ones are."""
TURN = 0.001
"""Seconds for which a thread that computes keeps the interpreter, by default five times as long: each time that the
screens wait for a key or a timer, they wait for this turn, too."""


def begin() -> None:
    """Use these settings for the process, once its screens are there."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    sys.setswitchinterval(TURN)
    keep()


def keep() -> None:
    """Leave out what exists now from all later collections: call it after a large import."""
    gc.freeze()
