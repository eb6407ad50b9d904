"""What the screens cost: a training run, the eye, an idle machine, and memory.

    python tests/benchmarks/screen.py [--turns 4] [--seconds 20] [--texts 4000] [--threads 2] [--only speed,frame,...]
    python tests/benchmarks/screen.py --only speed      training watched / alone: exit code 1 if it is below 0.95

speed:  tokens a second of one training run in turns: with `tmeattn tui RUN` attached in a pseudo-terminal of 140x45,
        and without; the median of the ratios of neighbouring turns. The seconds in which it starts do not count.
frame:  the longest time for which the screen answered nothing while that run trains, after its first five seconds.
idle:   the share of a core that it takes to show the list of runs, or one that has ended, while nothing trains.
memory: how much the process grows from the tenth to the sixtieth minute of an hour of synthetic events.

It runs unattended, on Linux and macOS, in a home of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import pty
import resource
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from support import logged_runs

from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_reader import EventTail
from tmeattn.runs.index import all_runs
from tmeattn.training.resources import peak_memory
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.services.saved_state import SavedState

COLUMNS, ROWS = 140, 45
WANTED = 0.95
"""The least ratio of the speed of a training that is watched to its speed alone."""
STARTING = 8.0
"""Seconds after which a screen has started, also on a slow machine."""


class Screen:
    """`tmeattn tui` in a pseudo-terminal whose output is read and thrown away."""

    def __init__(self, *arguments: str) -> None:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        command = [sys.executable, "-m", "tmeattn", "tui", *arguments]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)
        self.master = master
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self) -> None:
        try:
            while os.read(self.master, 65536):
                pass
        except OSError:  # the other side has closed
            pass

    def close(self) -> float:
        """Leave by ctrl+q; the seconds of CPU that the process took."""
        os.write(self.master, b"\x11")
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        before = Screen.spent
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        Screen.spent = usage.ru_utime + usage.ru_stime
        os.close(self.master)
        return Screen.spent - before

    spent = 0.0


def train(texts: int, epochs: int, threads: str | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tmeattn", "train", "lstm-attn", "--alpha", "0.05", "--limit", str(texts)]
    command += ["--epochs", str(epochs), "--patience", "0", *(["--threads", threads] if threads else [])]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def until(condition: Callable[[], object], seconds: float = 600.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("The training did not get going.")
        time.sleep(0.2)


def speeds(tail: EventTail, seconds: float) -> float:
    """Mean tokens a second of the steps logged in the next seconds, each event standing for as many steps."""
    tail.read()
    time.sleep(seconds)
    found = [event["tokens_per_second"] for event in tail.read() if event["kind"] == "step"]
    return statistics.harmonic_mean(found) if found else float("nan")


def speed(run: RunDirectory, turns: int, seconds: float) -> float:
    tail = EventTail(run.events_path)
    ratios = []
    for turn in range(turns):
        alone = speeds(tail, seconds)
        screen = Screen(str(run.path))
        time.sleep(STARTING)
        watched = speeds(tail, seconds)
        screen.close()
        ratios.append(watched / alone)
        print(f"  turn {turn + 1}: alone {alone:,.0f} tokens/s, watched {watched:,.0f}: {ratios[-1]:.3f}", flush=True)
    found = statistics.median(ratios)
    print(f"speed: watched / alone, median of {turns} turns: {found:.3f} (wanted: {WANTED} or more)", flush=True)
    return found


async def longest_frame(run: RunDirectory, seconds: float) -> tuple[float, float, float]:
    """The longest silence of the event loop in seconds: while opening, then while run_state; and the CPU share."""
    longest = 0.0

    async def listen() -> None:
        nonlocal longest
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - began - 0.005)

    app = TmeattnApp(run, saved=SavedState())
    async with app.run_test(size=(COLUMNS, ROWS)):
        listener = asyncio.create_task(listen())
        await asyncio.sleep(5)
        opening, longest = longest, 0.0
        began = time.process_time()
        await asyncio.sleep(seconds)
        share = (time.process_time() - began) / seconds
        listener.cancel()
    return opening, longest, share


def frame(run: RunDirectory, seconds: float) -> None:
    opening, run_state, share = asyncio.run(longest_frame(run, seconds))
    print(f"frame: longest while it trains {1000 * run_state:.0f} ms (wanted: under 100), while opening "
          f"{1000 * opening:.0f} ms; {100 * share:.1f} % of a core")  # fmt: skip


def idle(run: RunDirectory, seconds: float) -> None:
    for what, arguments in (("the list of runs", ()), ("a run that has ended", (str(run.path),))):
        used = []
        for duration in (STARTING, STARTING + seconds):
            screen = Screen(*arguments)
            time.sleep(duration)
            used.append(screen.close())
        print(f"idle: {what} takes {100 * (used[1] - used[0]) / seconds:.1f} % of a core (wanted: under 3)")


def kilobytes() -> float:
    return (peak_memory() or 0) / 1024


async def an_hour(run: RunDirectory, steps_a_minute: int = 120) -> list[float]:
    """Kilobytes at the end of every minute of an hour in which a step event comes every half second."""
    app = TmeattnApp(run, saved=SavedState())
    used = []
    step = 0
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await pilot.pause(1)
        for minute in range(60):
            for _ in range(4):
                events = []
                for _ in range(steps_a_minute // 4):
                    step += 10
                    events.append({**logged_runs.step_event(step, minute + 1), "time": logged_runs.BEGAN + step})
                logged_runs.write(run.path, *events)
                app.screen.refresh_run()
                await pilot.pause()
            epoch = {**logged_runs.epoch_event(minute + 1), "step": step, "time": logged_runs.BEGAN + step}
            logged_runs.write(run.path, epoch, logged_runs.watched_event(minute + 1))
            app.screen.refresh_run()
            await pilot.pause()
            used.append(kilobytes())
    return used


def memory(home: Path) -> None:
    path = home / "runs" / "hour-lstm-attn"
    run = logged_runs.write_to(path, "lstm-attn", done=0, state="running", epochs=100)
    used = asyncio.run(an_hour(run))
    growth = (used[-1] - used[9]) / 1024
    print(f"memory: {used[-1] / 1024:.0f} MB after an hour of events, {growth:.1f} MB more than after ten minutes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--texts", type=int, default=4000)
    parser.add_argument("--threads", help="of the training; one a core by default")
    parser.add_argument("--only", default="speed,frame,idle,memory")
    options = parser.parse_args()
    wanted, ratio = set(options.only.split(",")), WANTED
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMEATTN_HOME"] = folder
        if wanted & {"speed", "frame", "idle"}:
            training = train(options.texts, 10_000, options.threads)
            try:
                until(lambda: all_runs() and all_runs()[0].has_checkpoint())  # the first epoch is over
                run = all_runs()[0]
                if "speed" in wanted:
                    ratio = speed(run, options.turns, options.seconds)
                if "frame" in wanted:
                    frame(run, options.seconds)
            finally:
                training.send_signal(signal.SIGTERM)
                training.wait()
            Screen.spent = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
            if "idle" in wanted:
                idle(run, options.seconds)
        if "memory" in wanted:
            memory(Path(folder))
    sys.exit(0 if ratio >= WANTED else 1)


if __name__ == "__main__":
    main()
