"""Plugins are found, do not affect each other when broken, and are named in errors."""

from __future__ import annotations

import io
import sys
import types
from dataclasses import replace
from typing import Any

import pytest

from tmeattn import registry as registry_module
from tmeattn.errors import BadInput, UnknownName
from tmeattn.hookspecs import hookimpl
from tmeattn.plugin import Plugin
from tmeattn.registry import KINDS, Registry, discover, registry, resolve
from tmeattn.specs import API_VERSION, DatasetSpec, ExplainerSpec, ModelSpec, TrackerSpec, VectorsSpec

MODEL = ModelSpec("toy", "A toy", "toy:Config", "toy:build", "none")
SOURCE = """
from tmeattn.hookspecs import hookimpl
from tmeattn.specs import DatasetSpec

@hookimpl
def tmeattn_datasets():
    return [DatasetSpec("{name}", "Texts", load="{name}:load")]
"""


def plugin(name: str = "toy") -> Plugin:
    return Plugin(name, f"tmeattn-{name}", "1.0", name)


def module_with(**hooks: Any) -> types.SimpleNamespace:
    """A plugin object whose hooks return the given values, or raise them."""

    def implementation(returned: Any) -> Any:
        def hook() -> Any:
            if isinstance(returned, BaseException):
                raise returned
            return returned

        return hookimpl(hook)

    return types.SimpleNamespace(**{name: implementation(returned) for name, returned in hooks.items()})


def register(into: Registry, name: str = "toy", **hooks: Any) -> Plugin:
    added = plugin(name)
    into.register(added, module_with(**hooks))
    return added


def problems(found: Registry) -> dict[str, list[str]]:
    return {plugin.distribution: plugin.problems for plugin in found.plugins}


def test_built_in_models_are_a_plugin_without_problems() -> None:
    own = discover().plugins[0]
    assert own.distribution == "tmeattn"
    assert own.target == "tmeattn.builtin"
    assert own.problems == []
    assert {"mean", "lstm-attn", "imdb-25k", "glove-50d", "leave-one-out"} <= set(own.provides)


def test_every_built_in_spec_can_be_resolved() -> None:
    found = registry()
    for kind, fields in ((ModelSpec, ["config", "build"]), (DatasetSpec, ["load"]), (ExplainerSpec, ["explain"])):
        for spec in found.all(kind):  # type: ignore[type-var]
            for field in fields:
                assert callable(resolve(getattr(spec, field), wanted_by=spec.name))


# Discovery


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

    body = "os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(5)"
    install("waits", f"import os, signal, time\ntry:\n    {body}\n{caught}\n")
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        discover()
    assert signal.getsignal(signal.SIGINT) is before


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


def test_code_is_resolved_under_a_stderr_that_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        def fileno(self) -> int:  # as in a full-screen application
            return -1

    monkeypatch.setattr(sys, "stderr", Screen())
    assert resolve("tmeattn.models.configs:MeanConfig", wanted_by="A test").__name__ == "MeanConfig"


@pytest.mark.parametrize("hook", list(KINDS))
def test_a_hook_may_raise_anything(hook: str) -> None:
    class Panic(BaseException):
        def __str__(self) -> str:
            raise GeneratorExit

    found = Registry()
    for raised, said in ((Panic(), "Panic (its text cannot be shown)"), (KeyboardInterrupt(), "KeyboardInterrupt")):
        added = register(found, type(raised).__name__, **{hook: raised})
        assert added.problems == [f"{hook} failed: {said}"]


def test_a_spec_whose_fields_fail_is_reported() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise SystemExit(3)

    found = Registry()
    added = register(found, tmeattn_models=[replace(MODEL, summary=Odd()), MODEL])
    assert added.problems == ["tmeattn_models returned a spec that cannot be read: SystemExit: 3"]
    assert found.all(ModelSpec) == [MODEL]


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


# Hooks


@pytest.mark.parametrize(
    ("returned", "complaint"),
    [
        (ValueError("out of order"), "tmeattn_models failed: ValueError: out of order"),
        (SystemExit(1), "tmeattn_models failed: SystemExit: 1"),
        (MODEL, "tmeattn_models failed: TypeError"),
        (["toy"], "tmeattn_models returned str, expected ModelSpec"),
        ([DatasetSpec("toy", "", "toy:load")], "tmeattn_models returned DatasetSpec, expected ModelSpec"),
        (
            [replace(MODEL, api=99)],
            f"toy: requires plugin API 99, but this tmeattn has plugin API {API_VERSION}: upgrade tmeattn",
        ),
        ([replace(MODEL, name="../toy")], "the name '../toy' is invalid: use letters"),
        ([replace(MODEL, name="")], "the name '' is invalid: use letters"),
        ([replace(MODEL, name=5)], "the name 5 is invalid: use letters"),
        ([replace(MODEL, name="a\x1b[31m")], r"the name 'a\x1b[31m' is invalid: use letters"),
        ([replace(MODEL, summary=None)], "toy: summary is None, expected a string"),
        ([replace(MODEL, config=None)], "toy: config is None, expected 'package.module:name'"),
        ([replace(MODEL, build="toy.build")], "toy: build is 'toy.build', expected 'package.module:name'"),
        ([replace(MODEL, prepare=len)], "toy: prepare is <built-in function len>, expected"),
        ([replace(MODEL, attention="soft")], "toy: attention is 'soft', expected one of pool, self, none"),
    ],
)
def test_an_invalid_result_is_reported_and_the_other_hooks_work(returned: Any, complaint: str) -> None:
    found = Registry()
    added = register(found, tmeattn_models=returned, tmeattn_vectors=[VectorsSpec("v", "Vectors", "v:load", 3)])
    assert len(added.problems) == 1
    assert complaint in added.problems[0]
    assert found.all(ModelSpec) == []
    assert [spec.name for spec in found.all(VectorsSpec)] == ["v"]
    assert added.provides == ["v"]


def test_misspelt_hook_is_reported() -> None:
    found = Registry()
    added = register(found, tmeattn_model=[MODEL])
    assert "tmeattn_model" in added.problems[0]
    assert added.provides == []


def test_good_specs_beside_a_bad_one_are_kept() -> None:
    found = Registry()
    added = register(found, tmeattn_models=[replace(MODEL, api=99), MODEL])
    assert found.all(ModelSpec) == [MODEL]
    assert len(added.problems) == 1


# Names


def test_a_name_that_two_plugins_provide_cannot_be_used() -> None:
    found = Registry()
    first = register(found, "one", tmeattn_models=[MODEL])
    assert found.get(ModelSpec, "toy") is MODEL
    second = register(found, "two", tmeattn_models=[MODEL, replace(MODEL, name="other")])
    with pytest.raises(BadInput, match="The model 'toy' is provided by tmeattn-one and tmeattn-two") as caught:
        found.get(ModelSpec, "toy")
    assert "Uninstall one" in (caught.value.hint or "")
    for plugin in (first, second):
        assert plugin.problems == ["the name 'toy' is provided by tmeattn-one and tmeattn-two"]
    assert [spec.name for spec in found.all(ModelSpec)] == ["other"]


def test_a_plugin_cannot_replace_a_name_of_tmeattns_own() -> None:
    found = Registry()
    own = Plugin("builtin", "tmeattn", "1.0", "builtin")
    found.register(own, module_with(tmeattn_models=[MODEL]))
    other = replace(MODEL, name="other")
    guests = [register(found, "one", tmeattn_models=[replace(MODEL, summary="one"), other])]
    guests.append(register(found, "two", tmeattn_models=[replace(MODEL, summary="two")]))
    assert found.get(ModelSpec, "toy") is MODEL
    assert found.distributions_of(ModelSpec, "toy") == ["tmeattn"]
    assert own.problems == []
    for guest in guests:
        problem = f"the name 'toy' belongs to tmeattn's own model, so the model of {guest.distribution} is ignored"
        assert guest.problems == [problem]
    assert [spec.name for spec in found.all(ModelSpec)] == ["toy", "other"]
    found.remove(guests[0])
    assert [spec.name for spec in found.all(ModelSpec)] == ["toy"]


def test_one_name_for_a_model_and_a_dataset_is_no_clash() -> None:
    found = Registry()
    added = register(found, tmeattn_models=[MODEL], tmeattn_datasets=[DatasetSpec("toy", "", "toy:load")])
    assert added.problems == []


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (ModelSpec, "lstm-atn", "There is no model named 'lstm-atn'. Did you mean lstm-attn"),
        (ModelSpec, "zzzzzz", "There is no model named 'zzzzzz'. List them with: tmeattn models"),
        (DatasetSpec, "imdb25k", "There is no dataset named 'imdb25k'. Did you mean imdb-25k or imdb?"),
        (VectorsSpec, "glove", "There are no vectors named 'glove'. Did you mean glove-50d or"),
        (ExplainerSpec, "leave-one", "There is no method named 'leave-one'. Did you mean leave-one-out?"),
        (DatasetSpec, "zzzzzz", "There is no dataset named 'zzzzzz'. List them with: tmeattn data list"),
        (VectorsSpec, "zzzzzz", "There are no vectors named 'zzzzzz'. List them with: tmeattn data list"),
        (ExplainerSpec, "zzzzzz", "There is no method named 'zzzzzz'. There are attention, rollout, gradient, "),
        (TrackerSpec, "zzzzzz", "There is no tracker named 'zzzzzz'. "),  # tmeattn has none of its own
        (ModelSpec, "\x1b[31m", r"There is no model named '\x1b[31m'."),
    ],
)
def test_unknown_name(kind: Any, name: str, expected: str) -> None:
    with pytest.raises(UnknownName) as caught:
        registry().get(kind, name)
    assert str(caught.value).startswith(expected)
    assert caught.value.exit_code == 2


def test_the_error_of_an_unknown_name_lists_the_broken_plugins() -> None:
    found = Registry()
    register(found, "sound", tmeattn_models=[MODEL])
    for _ in range(2):
        register(found, "one", tmeattn_models=ValueError("out of order"))
    for kind in KINDS.values():
        with pytest.raises(UnknownName) as caught:
            found.get(kind, "mine")
        assert str(caught.value).endswith(". 1 plugin is broken: tmeattn-one (see: tmeattn plugins doctor).")
    register(found, "two", tmeattn_trackers=["no spec"])
    with pytest.raises(UnknownName) as caught:
        found.get(ModelSpec, "tooy")
    expected = "Did you mean toy? 2 plugins are broken: tmeattn-one, tmeattn-two (see: tmeattn plugins doctor)."
    assert caught.value.hint == expected


# Resolving


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("no_such_module:x", "ModuleNotFoundError"),
        ("tmeattn.specs:Nothing", "AttributeError"),
        ("tmeattn.specs", "AttributeError"),
        ("", "ValueError"),
        ("exits_plugin:x", "SystemExit"),
    ],
)
def test_target_that_cannot_be_resolved(install: Any, target: str, complaint: str) -> None:
    install("exits", "raise SystemExit(3)")
    with pytest.raises(BadInput, match="Model 'toy'") as caught:
        resolve(target, wanted_by="Model 'toy'")
    assert complaint in caught.value.message
    assert target in caught.value.message


def test_resolves_what_is_nested() -> None:
    assert resolve("tmeattn.specs:ModelSpec.__name__", wanted_by="test") == "ModelSpec"
