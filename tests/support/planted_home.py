"""A home whose default dataset is `planted`: commands work as they are typed in the manual, in a fraction of a second.

PlantedHome(folder) is a context manager; inside it `home(line)` runs a command line and returns what it printed.
"""

from __future__ import annotations

import io
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from support import planted
from tmeattn.cli.main import run
from tmeattn.plugin import Plugin
from tmeattn.registry import _discovered, registry

DEFAULTS = 'dataset = "planted"\nvectors = "random"\ndevice = "cpu"\nthreads = "1"\n'
QUICK = {
    "train": "--min-count 1 --batch-size 16 --max-length 12 --vector-size 8 --epochs 1",
    "reproduce": "--vector-size 8 --max-length 12 --epochs 1",
    "faithfulness": "--limit 4",
}
"""Options that make a command quick, appended to what is typed."""


@dataclass(frozen=True)
class Printed:
    """The exit code of a command and what it printed."""

    code: int
    out: str
    err: str


class PlantedHome:
    """Inside the context: TMEATTN_HOME is `folder / "home"`, with `DEFAULTS`, and the working folder is `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Self:
        home = self.folder / "home"
        home.mkdir()
        (home / "config.toml").write_text(DEFAULTS)
        self._patch.setenv("TMEATTN_HOME", str(home))
        self._patch.chdir(self.folder)
        for name in ("TMEATTN_DEBUG", "TMEATTN_PLUGINS"):
            self._patch.setenv(name, "")
        _discovered.cache_clear()
        registry().register(Plugin("planted", "tmeattn-planted", "1.0", planted.__name__), planted)
        return self

    def __exit__(self, *error: object) -> None:
        self._patch.undo()
        _discovered.cache_clear()

    def __call__(self, line: str, *, quick: bool = True) -> Printed:
        """Run a command line that begins with `tmeattn`, with the options of `QUICK` where there are some."""
        program, command, *arguments = shlex.split(line, comments=True)
        assert program == "tmeattn"
        if quick and command in QUICK and not {"--list", "--help"} & set(arguments):
            typed = {argument for argument in arguments if argument.startswith("--")}
            pairs = shlex.split(QUICK[command])
            for flag, value in zip(pairs[::2], pairs[1::2], strict=True):
                arguments += [flag, value] if flag not in typed else []
        out, err = io.StringIO(), io.StringIO()
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
        with redirect_stdout(out), redirect_stderr(err):
            code = run([command, *arguments])
        return Printed(code, out.getvalue(), err.getvalue())
