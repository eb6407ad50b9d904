"""Installed plugins are found; one that is broken, prints or has damaged metadata does not affect the others."""

from __future__ import annotations

from typing import Any

import pytest

from tmeattn import registry as registry_module
from tmeattn.registry import Registry, discover, registry
from tmeattn.specs import DatasetSpec, ModelSpec

SOURCE = """
from tmeattn.hookspecs import hookimpl
from tmeattn.specs import DatasetSpec

@hookimpl
def tmeattn_datasets():
    return [DatasetSpec("{name}", "Texts", load="{name}:load")]
"""


def problems(found: Registry) -> dict[str, list[str]]:
    return {plugin.distribution: plugin.problems for plugin in found.plugins}


def test_installed_plugin_is_found(install: Any) -> None:
    install("zoo", SOURCE.format(name="animals"))
    found = discover()
    assert found.get(DatasetSpec, "animals").load == "animals:load"
    assert found.plugin_of(found.get(DatasetSpec, "animals")).distribution == "zoo"
    assert problems(found)["zoo"] == []


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("raise RuntimeError('first line\\nsecond')", "RuntimeError: first line"),
        ("raise SystemExit(4)", "SystemExit: 4"),
        ("def broken(:", "SyntaxError"),
        (None, "ModuleNotFoundError"),
    ],
)
def test_plugin_that_cannot_be_imported_leaves_the_others(install: Any, source: str | None, complaint: str) -> None:
    install("broken", source)
    install("zoo", SOURCE.format(name="animals"))
    found = discover()
    (broken,) = [plugin for plugin in found.plugins if plugin.distribution == "broken"]
    (problem,) = broken.problems
    assert complaint in problem
    assert "\n" not in problem
    assert broken.provides == []
    assert "Traceback" in broken.tracebacks[0]
    assert found.get(DatasetSpec, "animals")
    assert found.get(ModelSpec, "mean")


@pytest.mark.parametrize(
    ("metadata", "distribution"),
    [
        ({"entry_points": "[tmeattn]\nthis line has no equals sign\n"}, "broken"),
        ({"entry_points": "[tmeattn]\nx = not a module!\n"}, "broken"),
        ({"METADATA": "", "entry_points": "[tmeattn]\nx = json\n"}, "broken"),
    ],
)
def test_damaged_metadata_leaves_the_others(install: Any, metadata: dict[str, str], distribution: str) -> None:
    install("broken", None, **metadata)
    install("zoo", SOURCE.format(name="animals"))
    found = discover()
    assert distribution in problems(found)
    assert found.get(DatasetSpec, "animals")


BROKEN_TEXT = """
class Odd(BaseException):
    def __str__(self): raise RuntimeError("no text")
    __repr__ = __str__
raise Odd()
"""


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("class Panic(BaseException): pass\nraise Panic('panicked at src/lib.rs')", "Panic: panicked at src/lib.rs"),
        ("raise KeyboardInterrupt", "cannot be loaded: KeyboardInterrupt"),
        ("raise GeneratorExit('x')", "GeneratorExit: x"),
        ("raise StopIteration('x')", "StopIteration: x"),
        (BROKEN_TEXT, "Odd (its text cannot be shown)"),
        ("raise ValueError('x' * 100_000)", "ValueError: xxx"),
    ],
)
def test_whatever_a_plugin_raises_is_caught(install: Any, source: str, complaint: str) -> None:
    install("broken", source)
    found = discover()
    (problem,) = problems(found)["broken"]
    assert complaint in problem
    assert len(problem) < 300
    assert found.get(ModelSpec, "mean")
    (broken,) = [plugin for plugin in found.plugins if plugin.distribution == "broken"]
    assert "broken_plugin.py" in broken.tracebacks[0]


@pytest.mark.parametrize(
    "caught",
    ["finally: pass", "except BaseException: pass", "except BaseException as error: raise ValueError from error"],
)
def test_a_real_interrupt_during_an_import_still_interrupts(install: Any, caught: str) -> None:
    import signal

    handled = signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
    body = "os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(5)"
    install("waits", f"import os, signal, time\ntry:\n    {body}\n{caught}\n")
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        discover()
    assert signal.getsignal(signal.SIGINT) is before
    signal.signal(signal.SIGINT, handled)


@pytest.mark.parametrize(
    "source",
    [
        "print('hello')",
        "import os; os.write(1, b'hello')",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(\"hello\")'])",
        "import ctypes; ctypes.CDLL(None).printf(b'hello')",
        "import sys; sys.__stdout__.write('hello')",
        "import os, sys; print('hello'); sys.stdout.flush(); os.close(1)",
        "import sys; print('hello'); sys.stdout.close()",
    ],
)
def test_what_a_plugin_prints_is_kept_off_stdout(install: Any, capfd: pytest.CaptureFixture[str], source: str) -> None:
    install("loud", source)
    found = discover()
    print("a result", flush=True)
    assert capfd.readouterr().out == "a result\n"
    (loud,) = [plugin for plugin in found.plugins if plugin.distribution == "loud"]
    assert (loud.problems, loud.warnings) == (
        [],
        ["prints to stdout when it is imported ('hello'): use logging, or print to stderr"],
    )


@pytest.mark.parametrize("file", ["entry_points.txt", "METADATA"])
def test_metadata_that_are_not_utf8_leave_the_others(install: Any, tmp_path: Any, file: str) -> None:
    from importlib.metadata import Distribution, entry_points

    install("demo", SOURCE.format(name="animals"))
    path = tmp_path / "site" / "demo-1.0.dist-info" / file
    path.write_bytes(path.read_bytes() + b"\n# caf\xe9\n")
    kept = vars(Distribution)["entry_points"]
    try:
        for _ in range(2):
            found = discover()
            (demo,) = [plugin for plugin in found.plugins if plugin.distribution == "demo"]
            assert demo.version == "1.0"
            if file == "METADATA":
                assert demo.problems == []
            else:
                assert demo.problems[0].startswith(
                    "cannot be loaded: its entry_points.txt is damaged: UnicodeDecodeErr"
                )
                assert entry_points(group="tmeattn")  # other libraries can read those of the others
        assert found.get(ModelSpec, "mean")
    finally:
        Distribution.entry_points = kept


def test_an_entry_point_that_is_there_twice_is_reported(install: Any) -> None:
    install("demo", SOURCE.format(name="animals"), entry_points="[tmeattn]\ndemo = demo_plugin\ndemo = other\n")
    found = discover()
    said = [problem for plugin in found.plugins for problem in plugin.problems]
    assert said == ["cannot be loaded: its entry_points.txt has 'demo' twice, as demo_plugin and as other"]
    assert found.get(DatasetSpec, "animals")


def test_damaged_metadata_of_another_distribution_is_ignored(install: Any) -> None:
    before = len(discover().plugins)
    install("stranger", None, entry_points="[console_scripts]\nno equals sign\n")
    assert len(discover().plugins) == before


def test_a_distribution_seen_twice_counts_once(install: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    install("zoo", SOURCE.format(name="animals"))
    twin = tmp_path / "twin"
    twin.mkdir()
    (tmp_path / "site" / "zoo-1.0.dist-info").rename(twin / "zoo-1.0.dist-info")
    install("zoo", SOURCE.format(name="animals"))
    monkeypatch.syspath_prepend(twin)
    assert list(problems(discover())).count("zoo") == 1
    assert discover().get(DatasetSpec, "animals")


def test_plugins_can_be_switched_off(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    install("zoo", "raise RuntimeError('must not be imported')")
    monkeypatch.setenv("TMEATTN_PLUGINS", "off")
    assert list(problems(discover())) == ["tmeattn"]


def test_the_registry_is_discovered_once(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = registry()
    monkeypatch.setattr(registry_module, "discover", lambda: pytest.fail("discovered again"))
    assert registry() is first
