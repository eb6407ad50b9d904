"""Sweeps in this process, for tests: a plan, a study that is joined, and a worker."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tmeattn.runs.events import Listener
from tmeattn.sweep import worker
from tmeattn.sweep.plan import Plan, make_plan
from tmeattn.sweep.space_text import parse_space
from tmeattn.sweep.storage import open_store
from tmeattn.sweep.study import Study, join

SPACE = ("lr=1e-3..1e-1:log", "dropout=0..0.5:0.1")


def plan_of(options: dict[str, Any], *, space: Sequence[str] = SPACE, **more: Any) -> Plan:
    settings = {"objective": "accuracy", "pruner": "none", "seeds": (0,), "seed": 0, **more}
    return make_plan("simple-attn", parse_space("simple-attn", space, options), options, **settings)


def joined(plan: Plan, trials: int = 3, name: str | None = None) -> Study:
    return join(open_store(None), name or plan.name, plan, trials, 20)


def work(
    study: Study, listener: Listener = lambda event: None, narrate: Callable[[str], None] = lambda line: None
) -> None:
    @contextlib.contextmanager
    def watch(title: str) -> Iterator[Listener]:
        yield listener

    worker.work(study, trackers=(), watch=watch, narrate=narrate, on_trial=lambda trial: None)
