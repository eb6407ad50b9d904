"""`tmeattn serve` under load, its end under load, and the time and memory of one text by three ways.

    python tests/benchmarks/serve.py [RUN] [--requests 1000] [--clients 32] [--rounds 3] [--times 5]

Without RUN, an lstm-attn is trained on 2,000 reviews of imdb-25k in a home of its own, which takes half a minute. The
texts are validation reviews of that dataset. Printed are:

1. the duration of a prediction in one process, one text after another, by as many threads as there are clients later,
   and of all texts at once;
2. that of requests to the service on loopback by many clients at once, each with one connection, the errors, and
   whether every answer is that of step 1;
3. what clients see when the service gets SIGTERM under load, in several rounds: answered, refused (the service was gone
   before the request was sent), lost (the request was sent, and no answer came);
4. for one text: the time from start to end of `tmeattn predict`, with torch and with an ONNX file (extra `onnx`), the
   median of several; the time of a request to the service; and the peak memory of each process.

Exit code 1 if an answer is wrong or lost, or the service does not end with exit code 0. With the defaults it takes
about two minutes on two cores; nothing else should run.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import json
import os
import queue
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.measured_process import measured
from support.percentiles import percentile

if TYPE_CHECKING:
    import tmeattn

TEXT = "I wanted to like this film, and the first half hour is charming. But the plot makes no sense."
COMMAND = [sys.executable, "-m", "tmeattn"]


@contextmanager
def service(run: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A service that is ready, and its port."""
    process = subprocess.Popen([*COMMAND, "serve", run, "--port", "0"], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = ""
        while "Serving" not in line:
            line = process.stderr.readline()
            assert line, "the service has not started"
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield process, int(line.partition("127.0.0.1:")[2].split()[0])
    finally:
        process.terminate()
        process.wait(60)


def ask(connection: http.client.HTTPConnection, text: str) -> tuple[int, str]:
    """The status and the label of one request."""
    connection.request("POST", "/predict", json.dumps({"text": text}), {"content-type": "application/json"})
    answer = connection.getresponse()
    body = json.loads(answer.read())
    return answer.status, body["predictions"][0]["label"] if answer.status == 200 else str(body)


def load(port: int, texts: list[str], clients: int) -> tuple[list[float], list[str], float]:
    """The duration of each request, its label, and the duration of all."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for at in range(len(texts)):
        waiting.put(at)
    durations, labels = [0.0] * len(texts), [""] * len(texts)

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            try:
                at = waiting.get_nowait()
            except queue.Empty:
                return
            began = time.perf_counter()
            try:
                status, label = ask(connection, texts[at])
            except (OSError, http.client.HTTPException, ValueError) as error:
                status, label = 0, ""
                connection.close()
                print(f"request {at}: {error!r}", file=sys.stderr)
            durations[at], labels[at] = time.perf_counter() - began, label if status == 200 else f"status {status}"

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return durations, labels, time.perf_counter() - began


def stopped_under_load(run: str, texts: list[str], clients: int) -> tuple[Counter[str], int]:
    """What the requests of many clients became when the service got SIGTERM under load, and its exit code."""
    seen: Counter[str] = Counter()
    counting = threading.Lock()

    def work(port: int, start: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        at = start
        while True:
            at += 1
            try:
                connection.connect() if connection.sock is None else None
            except OSError:
                with counting:
                    seen["refused"] += 1
                return
            try:
                status, _ = ask(connection, texts[at % len(texts)])
                outcome = "answered" if status == 200 else f"status {status}"
            except (OSError, http.client.HTTPException, ValueError) as error:
                outcome = f"lost ({type(error).__name__})"
            with counting:
                seen[outcome] += 1
            if outcome.startswith("lost"):
                return

    with service(run) as (process, port):
        threads = [threading.Thread(target=work, args=(port, 31 * start)) for start in range(clients)]
        for thread in threads:
            thread.start()
        time.sleep(1.0)
        process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        return seen, process.wait(60)


def alone(run: str, times: int) -> str:
    """The median of the seconds and the peak memory of `tmeattn predict` for one text, from start to end."""
    seconds, peak = [], 0.0
    for _ in range(times + 1):
        used = measured([*COMMAND, "predict", "--run", run, TEXT])
        assert used.code == 0
        seconds.append(used.seconds)
        peak = max(peak, used.peak_mib)
    return f"{statistics.median(seconds[1:]):.2f} s from start to end, {peak:.0f} MiB"  # the first one fills the caches


def share(durations: list[float], part: float) -> str:
    """A percentile in milliseconds."""
    return f"{1000 * percentile(durations, part):.1f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?")
    for name, default in (("requests", 1000), ("clients", 32), ("rounds", 3), ("times", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.run is None:
            os.environ["TMEATTN_HOME"] = folder
            train = ["train", "lstm-attn", "--dataset", "imdb-25k", "--limit", "2000", "--epochs", "1"]
            subprocess.run([*COMMAND, *train], check=True, capture_output=True)
        return measure(options.run or "latest", options, Path(folder))


def in_process(model: tmeattn.Model, texts: list[str], threads: int) -> tuple[list[str], str]:
    """The labels, and the durations of predictions by so many threads."""

    def predict(text: str) -> tuple[str, float]:
        began = time.perf_counter()
        label = model.predict(text).label
        return label, time.perf_counter() - began

    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(predict, texts))
    seconds = time.perf_counter() - began
    return [label for label, _ in found], summary([duration for _, duration in found], seconds)


def summary(durations: list[float], seconds: float) -> str:
    return (
        f"p50 {share(durations, 0.5)}, p99 {share(durations, 0.99)}, all {seconds:.2f} s, "
        f"{len(durations) / seconds:.0f} texts/s"
    )


def measure(run: str, options: argparse.Namespace, folder: Path) -> int:
    import tmeattn
    from tmeattn.data.sources import open_dataset

    reviews = open_dataset("imdb-25k").read()["validation"].texts
    texts = [reviews[at % len(reviews)] for at in range(options.requests)]
    model = tmeattn.load(run)
    print(f"{len(texts):,} texts, run {model.run} ({model.classifier.spec.name})")
    in_process(model, texts[:20], 1)
    expected, alone_said = in_process(model, texts, 1)
    print(f"in process, 1 thread:    {alone_said}")
    print(f"in process, {options.clients} threads:  {in_process(model, texts, options.clients)[1]}")
    began = time.perf_counter()
    model.predict(texts)
    print(f"in process, one call:    all {time.perf_counter() - began:.2f} s")
    with service(run) as (process, port):
        load(port, texts[: 2 * options.clients], options.clients)
        durations, labels, seconds = load(port, texts, options.clients)
        errors = sum(label.startswith("status ") for label in labels)
        wrong = sum(one != other for one, other in zip(labels, expected, strict=True)) - errors
        said = f"{summary(durations, seconds)}; {errors} errors, {wrong} other answers"
        print(f"served, {options.clients} clients:      {said}")
        single, _, _ = load(port, [TEXT] * 50, 1)
        memory = peak_memory(process.pid)
    failed = errors + wrong
    for number in range(1, options.rounds + 1):
        seen, code = stopped_under_load(run, texts, options.clients)
        failed += code + sum(count for outcome, count in seen.items() if outcome not in ("answered", "refused"))
        lost = sum(count for outcome, count in seen.items() if outcome.startswith("lost"))
        print(f"SIGTERM under load, {number}:   {dict(seen)}, {lost} lost, exit code {code}")
    print(f"one text, with torch:    {alone(run, options.times)}")
    if all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime")):
        print(f"one text, with ONNX:     {alone(str(model.save(folder / 'model.onnx')), options.times)}")
    print(f"one text, served:        {share(single, 0.5)} a request, {memory}")
    return 1 if failed else 0


def peak_memory(process: int) -> str:
    """The peak memory of a process that runs."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return "its memory is not known here"
    return f"{int(status.read_text().partition('VmHWM:')[2].split()[0]) / 1024:.0f} MiB under load"


if __name__ == "__main__":
    sys.exit(main())
