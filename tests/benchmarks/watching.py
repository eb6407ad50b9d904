"""What logging costs a training: the watch list within epochs, and the CPU time and memory in the step events.

    python tests/benchmarks/watching.py [--texts 4000] [--epochs 2] [--model lstm-attn] [--own 12]

It trains one run with `--own` texts of the user on its watch list, and times the measurements inside of it: their
share of the time of the training, wanted: under 1 %. The gradient norm is computed in every step anyway, to notice a
training that diverges; the event adds a mean of ten numbers. It runs in a home of its own.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

TEXT = (
    "I wanted to like this film , and the first half hour is charming . But the plot number {number} makes no sense . "
    * 3
)


class Timed:
    """A function whose calls are timed."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.seconds, self.calls = function, 0.0, 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return self.function(*arguments, **named)
        finally:
            self.seconds += time.perf_counter() - began
            self.calls += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--model", default="lstm-attn")
    parser.add_argument("--own", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMEATTN_HOME"] = folder
        from tmeattn.training import trainer, watch_list
        from tmeattn.training.session import start

        looks = Timed(watch_list.WatchList._log_step)
        use, memory = Timed(trainer.ProcessUse.cores), Timed(trainer.memory)
        watch_list.WatchList._log_step = lambda self, progress: looks(self, progress)  # type: ignore[method-assign]
        trainer.ProcessUse.cores = lambda self: use(self)  # type: ignore[method-assign]
        trainer.memory = memory
        run = start(
            options.model,
            {"limit": options.texts, "epochs": options.epochs, "patience": 0},
            watch_texts=[TEXT.format(number=number) for number in range(options.own)],
        )
        (end,) = run.events("finished")
        assert end["kind"] == "finished"
        for what, timed in (("watch list", looks), ("CPU seconds", use), ("memory", memory)):
            share = 100 * timed.seconds / end["seconds"]
            each = 1e6 * timed.seconds / max(timed.calls, 1)
            print(f"{what}: {timed.calls} calls of {each:,.0f} µs, {share:.3f} % of {end['seconds']:.1f} s")
        total = 100 * (looks.seconds + use.seconds + memory.seconds) / end["seconds"]
        print(f"logging: {total:.2f} % of the training (wanted: under 1)")


if __name__ == "__main__":
    main()
