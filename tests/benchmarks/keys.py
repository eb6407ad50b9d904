"""How long a key takes to change the screen, in a real terminal: `tmeattn tui` in a pane of tmux, driven key by key.

    python tests/benchmarks/keys.py [--before COMMIT] [--size 80x24] [--runs 40] [--times 30] [--openings 6] [--busy 1]
    python tests/benchmarks/keys.py --before 0c83817        the program of an earlier commit beside the present one

list:    from `down` or `up` until the cursor of the list of runs is at another run.
filter:  from a letter in the filter of the list until the letter is on the screen.
typing:  from a letter in a field of the form of a new run until the letter is on the screen.
opening: from `enter` on a run until the last change of the screen of that run; once more after Explain has imported
         torch.

Milliseconds, the median and the 95th percentile, on a quiet machine and beside `--busy` processes that compute without
a pause. They begin when the key is given to tmux and end when tmux has the changed screen; both ways through tmux take
about a millisecond. It needs tmux 3.2 or later, and git for `--before`. It runs in a home of its own, in about a
minute for each program on a quiet machine.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from support import logged_runs
from support.percentiles import percentile

ROOT = Path(__file__).parents[2]
QUIET, OPENED = 0.35, 0.8
"""Seconds without output after which a screen is complete, and one that was opened beside busy processes. The cursor of
a text field blinks every half second."""
PATIENCE = 60.0
"""Seconds after which a program that has not started, or whose screen never rests, is an error."""
EFFECT, ATTEMPTS = 30.0, 3
"""Seconds after which a key has had no effect, and how often a key is pressed at most."""
LIST = "sort: "
"""What the list of runs has, and no other screen."""
LOST = "keys without effect"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
Figures = dict[str, list[float]]
"""Milliseconds by measurement."""


class Pane:
    """The program in a pane of a tmux server of its own, which this process talks to in tmux's control mode."""

    def __init__(self, source: Path, home: Path, size: tuple[int, int]) -> None:
        self._server = f"keys-{os.getpid()}"
        environment = {**os.environ, "TMEATTN_HOME": str(home), "PYTHONPATH": str(source), "COLORTERM": "truecolor"}
        environment.pop("TMUX", None)
        width, height = map(str, size)
        command = ["new-session", "-d", "-s", "keys", "-x", width, "-y", height, f"{sys.executable} -m tmeattn tui"]
        subprocess.run([*self._tmux, *command], env=environment, cwd=home, check=True)
        self._client = subprocess.Popen(
            [*self._tmux, "-C", "attach", "-t", "keys"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._lines: queue.Queue[tuple[float, str]] = queue.Queue()
        self.changed = 0.0
        self.lost = 0
        threading.Thread(target=self._listen, daemon=True).start()
        (process,) = self._command("display-message -p -t keys '#{pane_pid}'")
        self.process = int(process)

    @property
    def _tmux(self) -> list[str]:
        return ["tmux", "-L", self._server, "-f", "/dev/null"]

    def _listen(self) -> None:
        assert self._client.stdout is not None
        for line in self._client.stdout:
            self._lines.put((time.perf_counter(), line.decode("utf-8", "replace").rstrip("\n")))

    def _next(self, seconds: float) -> str | None:
        """The next line from tmux; None after so long without one. Notes when the program has written."""
        try:
            at, line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return None
        if line.startswith("%exit"):
            raise SystemExit("The program ended.")
        if line.startswith("%output"):
            self.changed = at
        return line

    def _command(self, text: str) -> list[str]:
        """What a command of tmux prints. Replies come in the order of the commands, between two lines."""
        assert self._client.stdin is not None
        self._client.stdin.write(f"{text}\n".encode())
        self._client.stdin.flush()
        printed: list[str] | None = None
        while True:
            line = self._next(PATIENCE)
            if line is None:
                raise SystemExit("tmux does not answer.")
            if line.startswith("%begin") and line.endswith(" 1"):
                printed = []
            elif line.startswith(("%end", "%error")) and printed is not None:
                return printed
            elif printed is not None:
                printed.append(line)

    def shown(self, *, styles: bool = False) -> str:
        """The screen as text, with its colours if `styles`."""
        return "\n".join(self._command("capture-pane -p -t keys" + (" -e" if styles else "")))

    def settle(self, quiet: float = QUIET) -> float:
        """Wait until nothing was written for so long; the time of the last output."""
        end = time.perf_counter() + PATIENCE
        while time.perf_counter() < end:
            if self._next(quiet) is None:
                return self.changed
        raise SystemExit(f"The screen changes all the time:\n{self.shown()}")

    def wait(self, seconds: float) -> None:
        """Wait while the screen may change, as the cursor of a text field does."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._next(left)

    def until(self, holds: Callable[[str], bool], seconds: float = PATIENCE, *, styles: bool = False) -> float | None:
        """Wait until the screen fulfils a condition; the time of the output that made it so, None if none did."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            line = self._next(0.1)
            if (line is None or line.startswith("%output")) and holds(self.shown(styles=styles)):
                return self.changed
        return None

    def send(self, name: str) -> None:
        """Press a key, whatever comes of it."""
        self._command(f"send-keys -t keys {name}")

    def press(self, name: str, sign: str = "", *, styles: bool = False) -> tuple[float, float]:
        """Press a key until it changes the screen; the time before that and the time of the change.

        sign: what the changed screen has. A key without an effect is counted in `lost`, its time counts for nothing.
        """
        for _ in range(ATTEMPTS):
            before, began = self.shown(styles=styles), time.perf_counter()
            self.send(name)
            changed = self.until(partial(_differs, before, sign), EFFECT, styles=styles)
            if changed is not None:
                return began, changed
            self.lost += 1
        raise SystemExit(f"The key {name} does not change the screen:\n{self.shown()}")

    def change(self, name: str, *, styles: bool = False) -> float:
        """Milliseconds from a key to another screen, after which the screen comes to rest."""
        began, changed = self.press(name, styles=styles)
        self.settle(0.1)
        return 1000 * (changed - began)

    def complete(self, name: str, sign: str = "", quiet: float = QUIET) -> float:
        """Milliseconds from a key that opens a screen, which has a sign, to the last change of it."""
        began, _ = self.press(name, sign)
        return 1000 * (self.settle(quiet) - began)

    def has_imported(self, library: str) -> bool:
        """Whether the program has loaded a shared library; on Linux only."""
        with contextlib.suppress(OSError):
            return library in Path(f"/proc/{self.process}/maps").read_text()
        return False

    def close(self) -> None:
        """End the program and tmux, and wait until the program has saved its state."""
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
        self._client.wait()
        end = time.perf_counter() + PATIENCE
        while time.perf_counter() < end:
            try:
                os.kill(self.process, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)


def _differs(before: str, sign: str, screen: str) -> bool:
    return screen != before and sign in screen


def measure(pane: Pane, times: int, openings: int) -> Figures:
    """All measurements in one session of the program."""
    figures: Figures = {}
    if pane.until(lambda screen: "lstm-attn" in screen) is None:
        raise SystemExit(f"The program did not start:\n{pane.shown()}")
    pane.settle(1.0)
    half = times // 2
    figures["list"] = [pane.change(key, styles=True) for key in [*["Down"] * half, *["Up"] * half]]
    pane.complete("/")
    figures["filter"] = [pane.change(key) for key in ["l", "s", "t", "m", *["BSpace"] * 4] * (times // 8)]
    pane.complete("Escape", LIST)
    pane.complete("n", "batch-size")
    go_to_name(pane)
    figures["typing"] = [pane.change(letter) for letter in (LETTERS * times)[:times]]
    pane.complete("Escape", LIST)
    figures["opening"] = opened(pane, openings)
    pane.complete("F3", "method")
    import_torch(pane)
    pane.complete("F2", LIST)
    figures["opening, torch imported"] = opened(pane, openings)
    figures[LOST] = [float(pane.lost)]
    return figures


def go_to_name(pane: Pane) -> None:
    """Go to the name of the new run, the only field that takes any letter: next to the model, where the form begins
    today, and before the first option, where it began earlier."""
    for way in (["Tab"], ["S-Tab", "S-Tab"]):
        for key in way:
            pane.complete(key)
        before = pane.shown()
        pane.send("q")
        if pane.until(partial(_differs, before, ""), EFFECT) is not None:
            return
    raise SystemExit(f"No field of the form takes a letter:\n{pane.shown()}")


def opened(pane: Pane, times: int) -> list[float]:
    """Open one run after another."""
    took = []
    for _ in range(times):
        took.append(pane.complete("Enter", "1 Curves", OPENED))
        pane.complete("Escape", LIST)
        pane.change("Down", styles=True)
    return took


def import_torch(pane: Pane) -> None:
    """Wait until Explain has imported torch, and has shown what it found."""
    end = time.perf_counter() + PATIENCE
    while not pane.has_imported("libtorch") and time.perf_counter() < end:
        pane.wait(0.5)
    pane.wait(3.0)


@contextlib.contextmanager
def busy(number: int) -> Iterator[None]:
    """So many processes that compute without a pause."""
    command = [sys.executable, "-c", "while True: sum(range(100000))"]
    processes = [subprocess.Popen(command) for _ in range(number)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


@contextlib.contextmanager
def sources(before: str | None) -> Iterator[dict[str, Path]]:
    """The folders of the programs by name: an earlier commit in a work tree of its own, and the present one."""
    if before is None:
        yield {"now": ROOT}
        return
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "before"
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), before], check=True)
        try:
            yield {before: tree, "now": ROOT}
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def session(source: Path, runs: int, size: tuple[int, int], times: int, openings: int) -> Figures:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        for at in range(runs):
            logged_runs.write_to(home / "runs" / f"r{at:03d}-lstm-attn", created=logged_runs.BEGAN + at)
        pane = Pane(source, home, size)
        try:
            return measure(pane, times, openings)
        finally:
            pane.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", metavar="COMMIT", help="an earlier commit to compare with")
    parser.add_argument("--size", default="80x24", help="columns and lines (default: 80x24)")
    parser.add_argument("--runs", type=int, default=40, help="runs in the list (default: 40)")
    parser.add_argument("--times", type=int, default=30, help="keys of each measurement (default: 30)")
    parser.add_argument("--openings", type=int, default=6, help="runs that are opened, twice (default: 6)")
    parser.add_argument("--busy", type=int, default=1, help="busy processes in the second half (default: 1)")
    options = parser.parse_args()
    if shutil.which("tmux") is None:
        raise SystemExit("This needs tmux.")
    width, height = map(int, options.size.split("x"))
    found: dict[str, Figures] = {}
    with sources(options.before) as programs:
        for number in (0, options.busy):
            for name, source in programs.items():
                beside = f"{name}, {f'{number} busy' if number else 'quiet'}"
                with busy(number):
                    found[beside] = session(source, options.runs, (width, height), options.times, options.openings)
                print(f"{beside}: measured", file=sys.stderr, flush=True)
    print(f"Milliseconds from a key to the changed screen at {options.size}, {options.runs} runs, "
          f"{os.cpu_count()} cores: median and 95th percentile")  # fmt: skip
    print("".join(f"{name:>26}" for name in ["", *found]))
    for what in next(iter(found.values())):
        cells = [
            f"{one[LOST][0]:.0f}"
            if what == LOST
            else f"{statistics.median(one[what]):.0f}   {percentile(one[what], 0.95):.0f}"
            for one in found.values()
        ]
        print("".join(f"{cell:>26}" for cell in [what, *cells]))


if __name__ == "__main__":
    main()
