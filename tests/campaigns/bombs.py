"""Bombs: small files that claim or unpack to gigabytes, given to the commands that read files.

Each must be refused with one line, or be read, with at most `limits.MOST_MEMORY` more memory than the same command
takes for a small file, in bounded time. Linux and macOS only.
"""

from __future__ import annotations

import http.server
import os
import random
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tmeattn.limits import MOST_MEMORY

from ..support.measured_process import measured
from . import bomb_files as files
from .report import Options, Report

ENDLESS = "endless download"
"""`data fetch` from a server whose answer never ends."""

MOST_SECONDS = 120
"""Of CPU; other programs may keep the processor busy."""
QUICK = ["--vectors", "random", "--vector-size", "8", "--epochs", "1", "--threads", "1", "--device", "cpu"]


@dataclass(frozen=True)
class Bomb:
    """make: writes the file below a folder and returns it.   command: takes its path.   base: the command to compare
    with."""

    name: str
    make: Callable[[Path], Path]
    command: Callable[[Path, Path], list[str]]
    base: str = "show"


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, peak memory in bytes, seconds of CPU, and what it wrote to standard error."""

    code: int
    memory: int
    seconds: float
    errors: str


def show(path: Path, work: Path) -> list[str]:
    return ["data", "show", str(path)]


def vectors(path: Path, work: Path) -> list[str]:
    return ["train", "mean", "--dataset", str(work / "table.csv"), "--vectors", str(path), *QUICK[4:]]


def explain(path: Path, work: Path) -> list[str]:
    return ["explain", "a fine text", "--run", str(path), "--no-pager"]


def predict(path: Path, work: Path) -> list[str]:
    return ["predict", "--file", str(path), "--run", "small", "--output", str(work / "out.csv"), "--force"]


def configuration(path: Path, work: Path) -> list[str]:
    return ["train", "mean", "--config", str(path), *QUICK]


def bombs(run: Path) -> list[Bomb]:
    """All bombs. `run`: a trained run of `query-attn`."""
    row = b"a fine text,pos\nanother text,neg\n"
    found = [
        Bomb(
            f"table.csv.{end} unpacks to 3 GiB",
            lambda folder, end=end, pack=pack: files.repeated(folder, f"t.csv.{end}", b"text,label\n", row, pack),  # type: ignore[misc]
            show,
        )
        for end, pack in files.PACKERS.items()
    ]
    return [
        *found,
        Bomb("xz of 3 GiB of zeros", lambda folder: files.long_line(folder, "z.csv.xz", b"", b""), show),
        Bomb("Parquet of 2 GB of text", files.parquet, show),
        Bomb("zip of zeros", files.zip_of_zeros, show),
        Bomb("tar of zeros", files.tar_of_zeros, show),
        Bomb("pax header of 3 GiB", files.tar_with_a_long_header, show),
        Bomb("CSV line of 3 GiB", lambda folder: files.long_line(folder, "l.csv", b"text,label\na,b\nx"), show),
        Bomb("CSV header of 3 GiB", lambda folder: files.long_line(folder, "h.csv", b"text"), show),
        Bomb("JSON line of 3 GiB", lambda folder: files.long_line(folder, "l.jsonl", b'{"text": "'), show),
        Bomb("fastText line of 3 GiB", lambda folder: files.long_line(folder, "l.txt", b"__label__a x"), show),
        Bomb("text file of 3 GiB", files.class_folder, show),
        Bomb("row of quoted line ends", files.quoted_lines, show),
        Bomb("labels of 10 MB", files.many_labels, show),
        Bomb("a million columns", lambda folder: files.text(
            folder, "c.csv", "text,label," + ",".join(map(str, range(10**6))) + "\n" + "," * 10**6 + "\n"), show),
        Bomb("a million keys", lambda folder: files.text(
            folder, "k.jsonl", "{" + ", ".join(f'"k{key}": 1' for key in range(10**6)) + "}\n"), show),
        Bomb("number of 5,000 digits", files.digits, show),
        Bomb("a million brackets", files.nested, show),
        Bomb("vectors: declared sizes", lambda folder: files.text(
            folder, "v.vec", "99999999999 9999999999\na 1 2\n"), vectors, "train"),
        Bomb("vectors: width", lambda folder: files.text(folder, "w.vec", "2 9000\na 1 2\n"), vectors, "train"),
        Bomb("vectors: a long line", lambda folder: files.long_line(folder, "l.vec", b"a 1 2\nb 1"), vectors, "train"),
        Bomb("vectors: a million numbers", lambda folder: files.text(
            folder, "m.vec", "a" + " 1" * 10**6 + "\n"), vectors, "train"),
        Bomb("vectors: unpack to 3 GiB", lambda folder: files.repeated(
            folder, "v.txt.gz", b"x 1 2\n", b"a 1 2\nbb 3 4\n", files.fast_gzip), vectors, "train"),
        Bomb("wide run.json", lambda folder: files.model_zip(folder, run, files.wide), explain, "explain"),
        Bomb("deep run.json", lambda folder: files.model_zip(folder, run, files.deep), explain, "explain"),
        Bomb("weights of 3 GiB of zeros", lambda folder: files.model_zip(
            folder, run, lambda info: None, files.GIGABYTES), explain, "explain"),
        Bomb("predict: line of 3 GiB", lambda folder: files.long_line(folder, "p.txt", b"x"), predict, "explain"),
        Bomb("predict: JSON line of 3 GiB", lambda folder: files.long_line(
            folder, "p.jsonl", b'{"text": "a"}\n{"text": "'), predict, "explain"),
        Bomb("configuration: nested lists", lambda folder: files.text(
            folder, "n.toml", "a = " + "[" * 10**6), configuration, "train"),
        Bomb("configuration: 5,000 digits", lambda folder: files.text(
            folder, "d.toml", "epochs = " + "9" * 5000), configuration, "train"),
    ]  # fmt: skip


def measure(arguments: list[str], home: Path) -> Ended:
    """Run a command of tmeattn; a command that takes too long or too much memory is killed."""
    with tempfile.TemporaryFile() as errors:
        used = measured(
            [sys.executable, "-m", "tmeattn", *arguments],
            env={**os.environ, "TMEATTN_HOME": str(home), "OMP_NUM_THREADS": "1", "NO_COLOR": "1"},
            stderr=errors,
            most_seconds=5 * MOST_SECONDS,
        )
        errors.seek(0)
        written = errors.read(2**20).decode("utf-8", "replace")
    return Ended(used.code, round(used.peak_mib * 2**20), used.cpu_seconds, written)


def faults(ended: Ended, base: Ended) -> list[str]:
    """What is wrong about the end of a command that was given a bomb."""
    found = []
    if ended.code not in (0, 2, 3):
        found.append(f"exit code {ended.code}")
    if "Traceback" in ended.errors or "Internal error" in ended.errors:
        found.append("internal error")
    if ended.memory > base.memory + MOST_MEMORY:
        found.append("too much memory")
    if ended.seconds >= MOST_SECONDS:
        found.append("too slow")
    return found


def judge(report: Report, name: str, ended: Ended, base: Ended) -> None:
    """Print a line about a bomb, and count what is wrong about it."""
    last = next((line for line in reversed(ended.errors.splitlines()) if line.strip()), "")
    end = f"exit {ended.code}, {(ended.memory - base.memory) / 2**20:+,.0f} MiB, {ended.seconds:.1f} s: {last}"
    report.cases += 1
    if wrong := faults(ended, base):
        report.fail(name, f"{', '.join(wrong)}: {end}")
    else:
        print(f"ok  {name}: {end[:400]}", flush=True)


def run(options: Options) -> int:
    """Try the bombs in the order of the seed, until the time is over. Returns the exit code."""
    report, work = Report("bombs", options), options.work
    home, small = work / "home", files.table(work)
    train = ["train", "query-attn", "--dataset", str(small), *QUICK, "--name", "small"]
    bases = {"show": measure(show(small, work), home), "train": measure(train, home)}
    bases["explain"] = measure(explain(Path("small"), work), home)
    (folder,) = (path for path in (home / "runs").iterdir() if path.is_dir())
    tries = [bomb for bomb in bombs(folder) if options.only in bomb.name]
    random.Random(options.seed).shuffle(tries)
    if options.only in ENDLESS and not report.over:
        with endless_server() as url:
            judge(report, ENDLESS, measure(["data", "fetch", "imdb", "--url", url], home), bases["show"])
    for bomb in tries:
        if report.over:
            break
        place = work / "bomb"
        place.mkdir()
        ended = measure(bomb.command(bomb.make(place), work), home)
        judge(report, bomb.name, ended, bases[bomb.base])
        shutil.rmtree(place)
    return report.end()


class _Endless(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(bytes(2**20))

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def endless_server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Endless) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/file"
        server.shutdown()
