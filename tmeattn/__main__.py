"""The command `tmeattn`, also `python -m tmeattn`."""

from __future__ import annotations

import sys

from tmeattn.cli.process import run_process


def main() -> None:
    sys.exit(run_process(sys.argv[1:]))


if __name__ == "__main__":
    main()
