"""Freed memory is kept within a training alone, and other C libraries are left as they are."""

from __future__ import annotations

import ctypes
import sys
from unittest.mock import Mock, call

import pytest

from tmeattn.training import memory
from tmeattn.training.memory import KEPT, kept_memory


def test_the_thresholds_are_raised_within_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Mock()
    monkeypatch.setattr(memory, "_gnu_c_library", lambda: library)
    with kept_memory():
        assert library.mock_calls == [call.mallopt(-3, KEPT), call.mallopt(-1, KEPT)]
    assert library.mock_calls[2:] == [call.mallopt(-3, 32 << 20), call.mallopt(-1, 64 << 20), call.malloc_trim(0)]


@pytest.mark.parametrize(("platform", "library"), [("darwin", Mock()), ("win32", Mock()), ("linux", Mock(spec=[]))])
def test_other_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch, platform: str, library: Mock) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    with kept_memory():
        pass
    assert not library.mock_calls
