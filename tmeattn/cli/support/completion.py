"""Shell completion of runs, sweeps, targets, datasets and downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from tmeattn.errors import TmeattnError

if TYPE_CHECKING:
    from collections.abc import Iterable


def runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids and names of the runs, newest first, and the reserved names such as `latest`."""
    from tmeattn.runs.index import RESERVED_NAMES, all_runs

    try:
        found = all_runs()
    except (TmeattnError, OSError):  # completion cannot show an error
        return []
    named = [run.name for run in found if run.name]
    return _beginning(incomplete, [*(run.id for run in found), *named, *sorted(RESERVED_NAMES)])


def targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The targets of `tmeattn reproduce` with their titles."""
    from tmeattn.reproduce.targets import all_targets

    return [
        CompletionItem(name, help=target.title) for name, target in all_targets().items() if name.startswith(incomplete)
    ]


def sweeps(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of the studies in the storage that the command line names, the newest first."""
    try:
        from tmeattn.sweep.storage import open_store
        from tmeattn.sweep.study import study_names

        store = open_store(ctx.params.get("storage"), create=False)
        return _beginning(incomplete, study_names(store) if store is not None else [])
    except (TmeattnError, OSError):  # completion cannot show an error
        return []


def datasets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of datasets. The shell adds paths."""
    from tmeattn.registry import registry
    from tmeattn.specs import DatasetSpec

    named = _beginning(incomplete, [spec.name for spec in registry().all(DatasetSpec)])
    return [*named, CompletionItem(incomplete, type="file")]


def topics(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The topics of `tmeattn docs`, each with its title."""
    from tmeattn.docs import topics

    return [CompletionItem(topic.name, help=topic.title) for topic in topics() if topic.name.startswith(incomplete)]


def fetchable(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names that `tmeattn data fetch` can download."""
    from tmeattn.data.download.catalog import PUBLISHED_FILES

    return _beginning(incomplete, PUBLISHED_FILES)


def _beginning(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    """The names that begin with the typed text."""
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
