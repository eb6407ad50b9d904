"""The number of cores and of threads, also on systems that cannot say which cores a process may use."""

from __future__ import annotations

import os

import pytest

from tmeattn import cpu


@pytest.mark.parametrize(("counted", "cores"), [(6, 6), (None, 1)])
def test_without_an_affinity_all_cores_count(monkeypatch: pytest.MonkeyPatch, counted: int | None, cores: int) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: counted)
    assert cpu.available_cores() == cores


@pytest.mark.parametrize(
    ("value", "threads"), [("3", 3), ("", 7), ("0", 7), ("x", 7), ("²", 7), ("4,2", 7), ("99999", 7)]
)
def test_the_default_number_of_threads(monkeypatch: pytest.MonkeyPatch, value: str, threads: int) -> None:
    monkeypatch.setattr(cpu, "available_cores", lambda: 7)
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert cpu.default_threads() == threads
