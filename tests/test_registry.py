"""What hooks return is checked, names are unique, and errors name the plugin. Discovery: `test_discovery.py`."""

from __future__ import annotations

import io
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tmeattn.errors import BadInput, UnknownName
from tmeattn.hookspecs import hookimpl
from tmeattn.plugin import Plugin
from tmeattn.registry import KINDS, Registry, _discovered, discover, registry, resolve
from tmeattn.specs import API_VERSION, DatasetSpec, ExplainerSpec, ModelSpec, TrackerSpec, VectorsSpec

MODEL = ModelSpec("toy", "A toy", "toy:Config", "toy:build", "none")


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


# Hooks


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
        (ExplainerSpec, "zzzzzz", "There is no method named 'zzzzzz'. There are attention, rollout, "),
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


def test_code_is_resolved_under_a_stderr_that_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        def fileno(self) -> int:  # as in a full-screen application
            return -1

    monkeypatch.setattr(sys, "stderr", Screen())
    assert resolve("tmeattn.models.configs:MeanConfig", wanted_by="A test").__name__ == "MeanConfig"


def test_threads_that_begin_together_have_one_registry() -> None:
    _discovered.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        found = [each.result() for each in [pool.submit(registry) for _ in range(4)]]
    assert all(each is found[0] is registry() for each in found)
