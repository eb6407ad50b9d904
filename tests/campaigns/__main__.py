"""`python -m tests.campaigns NAME --minutes N --seed S`, in the root of the repository."""

from __future__ import annotations

import argparse
import importlib
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from .report import Options

FORKED = ("kill", "disk", "fuzz", "race", "sweep", "processes")
"""Campaigns whose commands are forked from this process. Those of `bombs` are not: the peak of memory of a fork begins
with that of its parent."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns", description=__doc__)
    parser.add_argument("campaign", choices=(*FORKED, "bombs", "slurm"))
    parser.add_argument("--minutes", type=float, default=5.0, help="stop after this time [5]")
    parser.add_argument("--cases", type=int, help="stop after this number of cases: kills, full disks, inputs, rounds")
    parser.add_argument("--seed", type=int, help="repeats a campaign [drawn, and printed]")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "tmeattn-campaigns",
                        help="the folder for failing inputs")  # fmt: skip
    parser.add_argument("--only", default="", help="only the parts whose names contain this")
    given = parser.parse_args()
    seed = secrets.randbelow(2**31) if given.seed is None else given.seed
    if given.campaign in FORKED:
        from .forked import preload

        preload()
    module = importlib.import_module(f"tests.campaigns.{given.campaign}")
    work = Path(tempfile.mkdtemp(prefix="tmeattn-campaign-"))
    try:
        options = Options(given.minutes, seed, given.keep.absolute(), work, given.only, given.cases)
        return int(module.run(options))
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
