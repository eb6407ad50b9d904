"""The time from a line to its answer of `tmeattn predict --file - --output -` as a co-process.

    python tests/benchmarks/coprocess.py RUN [LINES]

It prints the median and the 99th percentile in ms; the first answer, for which the model is loaded, is apart.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time


def main(run: str, lines: int) -> None:
    command = [sys.executable, "-m", "tmeattn", "predict", "--run", run, "--file", "-", "--output", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        took = []
        for number in range(lines + 1):
            began = time.perf_counter()
            process.stdin.write(f"A wonderful film, seen {number} times.\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().startswith(b'{"row"')
            took.append((time.perf_counter() - began) * 1000)
        process.stdin.close()
    first, *others = took
    tail = sorted(others)[int(0.99 * (len(others) - 1))]
    print(
        f"first answer {first:,.0f} ms; then {lines:,} lines: p50 {statistics.median(others):.1f} ms, p99 {tail:.1f} ms"
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200)
