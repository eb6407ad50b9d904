"""How long it takes to open a run, a form, the help and each tab: without torch, with it, and while a thread computes.

    python tests/benchmarks/opening.py [--times 8] [--runs 40] [--as-before] [--only "with torch"]

Milliseconds from the key until the screen is mounted, laid out and painted: the median, the first and the longest, then
the same in CPU time of its thread, and how much of the longest was Python's collection of garbage. Wanted: none above
300. What other threads read or import meanwhile is not waited for: a screen says that it is read.
`--as-before` leaves Python's settings of the collector and of its threads as they are by default.

The screens are those of runs in a home of its own. In the second round torch was imported, as Explain does. In the
third a thread runs Python code meanwhile, as one that reads the texts of a dataset does: each time the screens wait for
a file or a timer, it takes the interpreter.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from support import logged_runs
from textual.pilot import Pilot

WANTED = 300
SIZES = ((80, 24), (140, 45))
OPENING = {"a run": ("enter", "escape"), "the form": ("n", "escape"), "help": ("f1", "escape"),
           "Models": ("f5", "f2"), "Explain": ("f3", "f2"), "Data": ("f4", "f2")}  # fmt: skip


class Collections:
    """The seconds that the garbage collector has taken since `begin`."""

    def __init__(self) -> None:
        self.seconds = self._began = 0.0
        gc.callbacks.append(self._note)

    def _note(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.thread_time()
        else:
            self.seconds += time.thread_time() - self._began

    def begin(self) -> None:
        self.seconds = 0.0


async def opened(pilot: Pilot[None], key: str) -> None:
    """Press a key, and wait until the next screen is painted and nothing is left for it to do."""
    before = pilot.app.screen
    pilot.app.simulate_key(key)
    while pilot.app.screen is before:
        await asyncio.sleep(0.001)
    for _ in range(3):  # what is mounted may mount more
        painted = asyncio.Event()
        pilot.app.screen.call_after_refresh(painted.set)
        await painted.wait()


async def measure(size: tuple[int, int], times: int, note: str, *, as_before: bool) -> bool:
    from tmeattn.tui.app import TmeattnApp
    from tmeattn.tui.services.saved_state import SavedState

    app, collections, good = TmeattnApp(saved=SavedState()), Collections(), True
    async with app.run_test(size=size) as pilot:
        while not app.session.runs.caught_up:
            await asyncio.sleep(0.02)
        await pilot.pause()
        if as_before:
            gc.unfreeze()
            gc.set_threshold(700, 10, 10)
            sys.setswitchinterval(0.005)
        for what, (there, back) in OPENING.items():
            took, cpu, collected = [], [], []
            for _ in range(times):
                collections.begin()
                began, began_cpu = time.perf_counter(), time.thread_time()
                await opened(pilot, there)
                took.append(1000 * (time.perf_counter() - began))
                cpu.append(1000 * (time.thread_time() - began_cpu))
                collected.append(1000 * collections.seconds)
                await opened(pilot, back)
            longest = max(took)
            good &= longest <= WANTED
            of_it = max(collected)
            print(f"{size[0]}x{size[1]}, {note}: {what}: median {statistics.median(took):.0f} ms, first "
                  f"{took[0]:.0f}, longest {longest:.0f}; CPU {statistics.median(cpu):.0f}, {cpu[0]:.0f}, "
                  f"{max(cpu):.0f}, of which garbage {of_it:.0f}", flush=True)  # fmt: skip
    return good


class BusyThread(threading.Thread):
    """Runs Python code until it is told to end."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = False

    def run(self) -> None:
        while not self.over:
            sum(at * at for at in range(1000))


def import_torch() -> None:
    """As the reader of the screens does."""
    import torch

    import tmeattn.inference.classifier  # noqa: F401

    torch.set_num_threads(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=8)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--as-before", action="store_true")
    parser.add_argument("--only", help="one of the three rounds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMEATTN_HOME"] = folder
        for at in range(options.runs):
            logged_runs.write_to(Path(folder) / "runs" / f"r{at:03d}-lstm-attn", created=logged_runs.BEGAN + at)
        good = True
        thread = BusyThread()
        for note in ("without torch", "with torch", "with a busy thread"):
            if note == "with torch":
                import_torch()
            if options.only not in (None, note):
                continue
            if note == "with a busy thread":
                thread.start()
            for size in SIZES:
                good &= asyncio.run(measure(size, options.times, note, as_before=options.as_before))
        thread.over = True
        print("All within 300 ms." if good else "Some above 300 ms.")


if __name__ == "__main__":
    main()
