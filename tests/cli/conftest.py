"""`tmeattn` as a function: what it prints and how it leaves."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from support.documents import problem

from tmeattn.cli.main import run


@dataclass(frozen=True)
class Result:
    """What a command printed and its exit code."""

    code: int
    out: str
    err: str
    arguments: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        """The one document on stdout, which is as the schema of the command says; NaN and infinity are no JSON."""
        assert self.code == 0, self.err
        document = json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        assert problem(self.arguments, document) is None
        return document

    def refused(self, code: int = 2) -> str:
        """The one line of an error, without its label."""
        assert (self.code, self.out) == (code, ""), self.err
        assert self.err.startswith("Error: ")
        assert self.err.endswith("\n")
        assert len(self.err.splitlines()) == 1, self.err
        assert self.err.strip().isprintable()
        return self.err.removeprefix("Error: ").strip()


Tmeattn = Callable[..., Result]


@pytest.fixture
def tmeattn(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tmeattn:
    """`tmeattn("models", "--json", stdin=b"...")`; without `stdin` there is an empty one that is no terminal."""

    def call(*arguments: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        code = run(arguments)
        return Result(code, *capsys.readouterr(), arguments)

    return call


@pytest.fixture
def quick(planted: dict[str, Any]) -> list[str]:
    """The options of a quick run on the dataset `planted`, as typed."""
    return [part for key, value in planted.items() for part in (f"--{key.replace('_', '-')}", str(value))]
