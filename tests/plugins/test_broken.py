"""Broken plugins: each is named with its remedy, and does not affect the others."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ({"at_import": "raise RuntimeError('out of order')"}, "cannot be loaded: RuntimeError: out of order"),
        ({"at_import": "import sys; sys.exit(3)"}, "cannot be loaded: SystemExit: 3"),
        ({"spec_api": "2"}, "requires plugin API 2, but this tmeattn has plugin API 1: upgrade tmeattn"),
        ({"spec_api": "0"}, "this tmeattn has plugin API 1: install a newer broken"),
        ({"spec_name": "'mean'"}, "the name 'mean' belongs to tmeattn's own model, so the model of broken is ignored"),
        ({"at_import": "print('hello')"}, "prints to stdout when it is imported ('hello'): use logging"),
        ({"at_import": "import os; os.chdir('/')"}, "changes the current folder when it is imported: use absolute"),
        ({"spec_attention": "'soft'"}, "attention is 'soft', expected one of pool, self, none"),
        ({"spec_config": "'broken_plugin:Missing'"}, "broken_plugin:Missing cannot be loaded: AttributeError"),
        ({"field": "alpha: float = 1.0"}, "its option --alpha clashes with an option of train. Rename the field"),
        ({"field": "silent: int = 1"}, "no help for silent. Give each field a description"),
        ({"init": "raise ValueError('no such size')"}, "cannot be built: ValueError: no such size"),
        ({"before": "raise OSError('no weights')"}, "broken_model:Model cannot be loaded: OSError: no weights"),
        ({"forward": "raise KeyError('x')"}, "fails in forward: KeyError: 'x'"),
        ({"forward": "raise SystemExit(3)"}, "fails in forward: SystemExit: 3"),
        ({"init": "raise KeyboardInterrupt"}, "cannot be built: KeyboardInterrupt"),
        ({"end": "return logits"}, "forward returned Tensor, not a tmeattn.ModelOutput"),
        ({"end": "logits = logits[:, :1]"}, "logits have shape (2, 1), expected (2, 2)"),
        ({"attended": "attention = attention * torch.nan"}, "attention weights are NaN or infinite"),
        ({"attended": "attention = torch.softmax(self.score(x).squeeze(-1), 1)"}, "attends to padding"),
        ({"attended": "attention = attention / 2"}, "the attention weights of a text do not sum to 1"),
        ({"end": "logits = logits - logits.mean(dim=0)"}, "the output of a text changes in a batch with longer texts"),
        ({"end": "logits = logits + tokens.sum(1, keepdim=True)"}, "the output depends on token ids where mask_BT is"),
        ({"init": "self.idle = nn.Parameter(torch.zeros(3))"}, "no gradient reaches idle. Use them in forward"),
        ({"end": "logits = logits + torch.rand(1)"}, "two outputs for one text differ in evaluation mode"),
        ({"init": "self.shift = torch.rand(1)", "end": "logits = logits + self.shift * logits[:, :1]"},
         "a model that is loaded from a checkpoint predicts something else"),
        ({"init": "self.steps = 0", "end": "self.steps += self.training; logits = logits * (1 + self.steps / 100)"},
         "a run that was stopped and resumed ends with another model."),
        ({"spec_prepare": "'broken_model:prepare'", "before": "def prepare(config, corpus): return {1, 2}"},
         "broken_model:prepare returned a set, which a checkpoint cannot store"),
        ({"spec_prepare": "'broken_model:prepare'", "before": "def prepare(config, data): data.splits['validation']"},
         "fails in prepare: KeyError: 'validation'"),
    ],
)  # fmt: skip
def test_each_kind_of_broken_model_gets_a_problem_and_a_remedy(
    tmeattn: Any, install_model: Any, lines: dict[str, str], expected: str
) -> None:
    install_model(**lines)
    result = tmeattn("plugins", "check", "broken", "--json")
    assert result.code == 2
    assert re.search(r"of broken failed\. (It|Each) names the remedy\.", result.err)
    findings = [f"{check['problem']} {check['advice'] or ''}" for check in json.loads(result.out) if check["problem"]]
    assert any(expected in " ".join(finding.split()) for finding in findings), findings
    assert tmeattn("models", "lstm", "--json").json["name"] == "lstm"


def test_a_sound_model_passes(tmeattn: Any, install_model: Any) -> None:
    install_model()
    result = tmeattn("plugins", "check", "broken", "--json")
    assert [check for check in result.json if check["problem"]] == []
    assert {check["name"] for check in result.json} >= {"options", "build", "padding", "gradients", "resume", "explain"}


def test_a_name_that_a_plugin_provides_is_checked_alone(tmeattn: Any) -> None:
    checked = tmeattn("plugins", "check", "basic_english", "--json").json
    assert {check["of"] for check in checked} == {"tmeattn", "basic_english"}
    assert [check for check in checked if check["problem"]] == []


def test_a_large_import_when_listed_is_a_warning(tmeattn: Any, install_model: Any, tmp_path: Any) -> None:
    (tmp_path / "site" / "tensorflow.py").write_text("")
    install_model(at_import="import tensorflow")
    (listed,) = [one for one in tmeattn("plugins", "list", "--json").json if one["distribution"] == "broken"]
    assert listed["problems"] == []
    assert listed["warnings"][0].startswith("imports tensorflow when it is listed (")
    del sys.modules["tensorflow"]  # not by monkeypatch, which would bring the empty module back
    result = tmeattn("plugins", "check", "broken")
    assert result.code == 2
    assert "import it in the module that" in " ".join(result.out.split())
    sys.modules.pop("tensorflow", None)


@pytest.mark.parametrize(
    "typed",
    [
        ["models", "zzzz"],
        ["data", "show", "zzzz"],
        ["config", "set", "dataset", "zzzz"],
        ["train", "lstm", "--track", "z"],
    ],
)
def test_an_unknown_name_may_belong_to_a_broken_plugin(tmeattn: Any, install_model: Any, typed: list[str]) -> None:
    install_model(at_import="raise RuntimeError('out of order')")
    assert "1 plugin is broken: broken (see: tmeattn plugins doctor)." in tmeattn(*typed).refused()


def test_output_of_a_plugin_does_not_change_json(tmeattn: Any, install_model: Any) -> None:
    install_model(at_import="print('hello')", before="print('hello again')")
    assert tmeattn("plugins", "list", "--json").json
    trained = tmeattn("models", "broken", "--json")
    assert trained.json["name"] == "broken"


def test_recovery(tmeattn: Any, install_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    install_model(at_import="raise RuntimeError('out of order')")
    monkeypatch.setenv("TMEATTN_PLUGINS", "off")
    result = tmeattn("plugins", "doctor")
    assert "broken" not in result.out
    assert "TMEATTN_PLUGINS=off" in result.err


def test_doctor(tmeattn: Any, install_model: Any) -> None:
    install_model(at_import="raise RuntimeError('out of \\x1b[31morder')")
    document = tmeattn("plugins", "doctor", "--json").json
    assert document["versions"].keys() >= {"tmeattn", "api", "python", "torch"}
    (broken,) = [plugin for plugin in document["plugins"] if plugin["distribution"] == "broken"]
    assert broken["imports"] == []
    assert broken["seconds"] > 0
    assert "RuntimeError: out of" in broken["tracebacks"][0]
    page = tmeattn("plugins", "doctor").out
    assert "Traceback (most recent call last)" in page
    assert "\x1b[31m" not in page


@pytest.mark.parametrize(
    ("lines", "expected", "traceback"),
    [
        ({"before": "class Other(nn.Modul): pass"}, "has no attribute 'Modul'", "class Other(nn.Modul)"),
        (
            {"spec_prepare": "'broken_model:prepare'"},
            "broken_model:prepare cannot be loaded: AttributeError",
            "getattr",
        ),
        ({"spec_build": "'broken_model:__name__'"}, "broken_model:__name__ is not callable", None),
        ({"field": "alpha: float = 1.0"}, "its option --alpha clashes with an option of train", None),
    ],
)
def test_the_doctor_finds_problems_that_listing_does_not(
    tmeattn: Any, install_model: Any, tmp_path: Any, lines: dict[str, str], expected: str, traceback: str | None
) -> None:
    install_model(**lines)
    (listed,) = [one for one in tmeattn("plugins", "list", "--json").json if one["distribution"] == "broken"]
    assert listed["problems"] == []
    for _ in range(2):  # a problem is not added twice
        (found,) = [one for one in tmeattn("plugins", "doctor", "--json").json["plugins"] if one["name"] == "broken"]
        (problem,) = found["problems"]
        assert expected in problem
        assert [traceback in trace for trace in found["tracebacks"]] == [True] * (traceback is not None)
        assert "tmeattn plugins check broken" in found["advice"]
    if "before" in lines:
        assert f"correct {tmp_path / 'site' / 'broken_model.py'}, line " in found["advice"]
    assert " ".join(found["advice"].split()) in " ".join(tmeattn("plugins", "doctor").out.split())


def test_the_doctor_finds_no_problem_in_tmeattn_itself(tmeattn: Any) -> None:
    (own,) = [one for one in tmeattn("plugins", "doctor", "--json").json["plugins"] if one["distribution"] == "tmeattn"]
    assert (own["problems"], own["tracebacks"], own["advice"]) == ([], [], None)


def test_an_unknown_plugin(tmeattn: Any) -> None:
    assert (
        tmeattn("plugins", "check", "tmeatn")
        .refused()
        .startswith("There is no plugin named 'tmeatn'. Did you mean tmeattn")
    )
