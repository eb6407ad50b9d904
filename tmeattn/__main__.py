"""The command `tmeattn`, also `python -m tmeattn`."""

from __future__ import annotations

import sys

from tmeattn.cli.main import run


def main() -> None:
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
