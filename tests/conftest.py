"""Fixtures for all tests.

isolated       (always on) an own home, no debugging: no test sees the user's runs, none leaves a trace
fresh_registry the registry, discovered anew for this test; what it registers is forgotten afterwards
planted        the dataset `planted` (see support/planted.py), so that a run is trained in a fraction of a second:
               tmeattn.train("simple-attn", **planted)
trained        a finished run on it in the test's own home
install        install("name", "source of a plugin module"): a fake distribution on sys.path
environment    what a subprocess needs to see the test's home and the dataset `planted`
preloaded      preloaded.run("explain", "good", env=environment, ...): the same in a process that starts at once
quick_python   the processes that this one starts by `sys.executable -P` start at once, too
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from support import planted as planted_plugin
from support.discovered import discovering_once
from support.once import made_once
from support.preloaded import Preloaded
from support.zoo import open_zoo, train_zoo

import tmeattn.registry
from tmeattn.plugin import Plugin
from tmeattn.registry import Registry, _discovered, registry
from tmeattn.runs.directory import RunDirectory

# Tests run one on each core: threads that wait for one another by spinning would take the time of the others.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Runs of several seeds are trained in the process of the test, which alone knows the dataset `planted`.
os.environ.setdefault("TMEATTN_JOBS", "1")

# A slow or busy machine is no failure: examples have no time limit.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")

QUICK: dict[str, Any] = {
    "dataset": "planted",
    "vectors": "random",
    "vector_size": 8,
    "min_count": 1,
    "batch_size": 16,
    "max_length": 12,
    "epochs": 1,
    "threads": 1,
    "device": "cpu",
}
"""Options of a run that takes a fraction of a second."""


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own home, `tmp_path / "home"`, not made yet."""
    home = tmp_path / "home"
    monkeypatch.setenv("TMEATTN_HOME", str(home))
    for name in ("TMEATTN_DEBUG", "TMEATTN_PLUGINS"):  # set, not deleted: what the code under test sets is undone too
        monkeypatch.setenv(name, "")
    return home


@pytest.fixture(scope="session", autouse=True)
def plugins_are_found_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tmeattn.registry, "discover", discovering_once(tmeattn.registry.discover))
        _discovered.cache_clear()
        yield
    _discovered.cache_clear()


@pytest.fixture
def fresh_registry() -> Iterator[Registry]:
    _discovered.cache_clear()
    yield registry()
    _discovered.cache_clear()


def register_planted(into: Registry) -> None:
    into.register(Plugin("planted", "tmeattn-planted", "1.0", planted_plugin.__name__), planted_plugin)


@pytest.fixture
def planted(fresh_registry: Registry) -> dict[str, Any]:
    """Registers the dataset; returns options for a quick run on it, to be copied and changed at will."""
    register_planted(fresh_registry)
    return dict(QUICK)


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of a `simple-attn` run of 40 epochs, trained once a session. Read it; change only copies."""
    from tmeattn.training.session import start

    def train(home: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TMEATTN_HOME", str(home))
            _discovered.cache_clear()
            register_planted(registry())
            start("simple-attn", {**QUICK, "epochs": 40, "patience": 0, "lr": 0.05, "alpha": 0.01, "alpha_warmup": 0.0})
            _discovered.cache_clear()

    home = made_once(tmp_path_factory, "trained", train)
    (run,) = (path for path in (home / "runs").iterdir() if path.is_dir())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMEATTN_HOME", str(home))
        yield run


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A trained classifier of every family, by name, on the dataset `keywords`, made once a session; read it only."""
    return open_zoo(made_once(tmp_path_factory, "zoo", lambda home: train_zoo(home, QUICK)))


@pytest.fixture
def trained(planted: dict[str, Any], trained_once: Path, isolated: Path) -> RunDirectory:
    """A finished run in the test's own home, to rename, damage and delete."""
    return RunDirectory(Path(shutil.copytree(trained_once, isolated / "runs" / trained_once.name)))


def write_distribution(folder: Path, name: str, module: str, source: str | None, **metadata: str) -> None:
    """A distribution as pip would install it into `folder`: a module and its dist-info with one entry point."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(metadata.get("METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"))
    entries = metadata.get("entry_points", f"[tmeattn]\n{name} = {module}\n")
    (info / "entry_points.txt").write_text(entries)
    if source is not None:
        (folder / f"{module}.py").write_text(source)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`install(name, source)` installs a plugin for the test; `METADATA=`, `entry_points=` replace those files."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    modules: list[str] = []

    def install(name: str, source: str | None, **metadata: str) -> None:
        modules.append(name.replace("-", "_") + "_plugin")
        write_distribution(site, name, modules[-1], source, **metadata)
        importlib.invalidate_caches()

    _discovered.cache_clear()
    yield install
    _discovered.cache_clear()
    for module in modules:
        sys.modules.pop(module, None)


@pytest.fixture
def environment(tmp_path: Path, isolated: Path) -> dict[str, str]:
    """Environment variables for `subprocess.run([sys.executable, "-m", "tmeattn", ...], env=environment)`."""
    return {**os.environ, "PYTHONPATH": path_with_planted(tmp_path / "planted-site")}


def path_with_planted(site: Path) -> str:
    """A `PYTHONPATH` with which a process knows the dataset `planted`; writes to the folder `site`."""
    write_distribution(site, "tmeattn-planted", planted_plugin.__name__, None)
    paths = [str(site), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    return os.pathsep.join(filter(None, paths))


@pytest.fixture(scope="session")
def preloaded() -> Iterator[Preloaded]:
    """Processes of the command that need no time for imports; `env=environment`."""
    server = Preloaded()
    yield server
    server.close()


@pytest.fixture
def quick_python(preloaded: Preloaded, monkeypatch: pytest.MonkeyPatch) -> str:
    """The program that stands for Python: see `Preloaded.python`."""
    monkeypatch.setattr(sys, "executable", preloaded.python)
    return sys.executable
