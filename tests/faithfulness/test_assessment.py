"""Whether the measures tell a method that knows the model from one that does not."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from support import keywords, planted

from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.explain import compatibility as serving
from tmeattn.faithfulness.assessment import assess, choose_methods, summarize
from tmeattn.faithfulness.estimates import estimate
from tmeattn.faithfulness.study import StudyOptions, run_study
from tmeattn.registry import registry
from tmeattn.specs import ExplainerSpec


@pytest.fixture(scope="module")
def rows(zoo):
    """By family and method: the figures on 24 texts, half of them without a keyword left out of the count."""
    split = keywords.texts(36, 5)
    texts = [text for text, label in zip(split.texts, split.labels, strict=True) if label < 2]
    found = {}
    for family in ("simple-attn", "transformer"):
        methods, _ = choose_methods(zoo[family], None)
        assessment = assess(zoo[family], methods, [zoo[family].encode(text) for text in texts])
        found[family] = {row.method: row.measures for row in summarize(assessment, methods)}
    return found


@pytest.mark.parametrize("family", ["simple-attn", "transformer"])
@pytest.mark.parametrize("method", ["input-x-gradient", "integrated-gradients", "leave-one-out"])
def test_faithful_methods_stand_out_from_the_control(rows, family, method):
    found = rows[family][method]
    assert found["comprehensiveness"].over_low > 0
    assert found["sufficiency"].over_high < 0
    assert found["deletion"].over_high < 0 < found["insertion"].over_low


@pytest.mark.parametrize("family", ["simple-attn", "transformer"])
def test_random_is_at_chance(rows, family):
    control = rows[family]["random"]
    assert abs(control["tau_leave_one_out"].mean) < 0.15
    assert control["comprehensiveness"].over_control is None
    assert "tau_leave_one_out" not in rows[family]["leave-one-out"]
    assert rows[family]["gradient"]["tau_leave_one_out"].mean == pytest.approx(
        rows[family]["leave-one-out"]["tau_gradient"].mean
    )


def test_rollout_is_passed_over_where_it_cannot_serve(zoo):
    methods, passed_over = choose_methods(zoo["simple-attn"], None)
    assert [spec.name for spec in methods][-1] == "random"
    assert dict(passed_over) == {
        "norm-weighted-attention": "the model 'simple-attn' has no self-attention",
        "rollout": "the model 'simple-attn' has no self-attention",
        "uniform": "equal scores give no ranking (name it in --methods to assess it)",
        "lime": "its sampling takes by far the most time (name it in --methods to assess it)",
    }
    with pytest.raises(BadInput, match="'rollout' cannot be used"):
        choose_methods(zoo["simple-attn"], ["rollout"])


def test_a_missing_package_is_named_with_what_to_install(zoo, monkeypatch):
    monkeypatch.setattr(serving.importlib.util, "find_spec", lambda name: None if name == "sklearn" else object())
    methods, _ = choose_methods(zoo["mean"], None)
    assert serving.incompatibility(registry().get(ExplainerSpec, "lime"), zoo["mean"]) == "sklearn is not installed"
    with pytest.raises(EnvironmentProblem, match="sklearn is not installed"):
        choose_methods(zoo["mean"], ["lime"])
    assert "gradient" in [spec.name for spec in methods]


def test_an_estimate_covers_what_another_sample_might_give():
    found = estimate([0.0, 1.0] * 50, [0.0] * 100)
    assert found.mean == 0.5
    assert found.low == pytest.approx(0.4, abs=0.03)
    assert found.high == pytest.approx(0.6, abs=0.03)
    assert (found.over_control, found.differs) == (0.5, True)
    assert not estimate([0.0, 1.0] * 50, [0.5] * 100).differs
    assert estimate([np.nan, 1.0]).mean == 1
    assert estimate([np.nan]) is None


def study(run, **options):
    return run_study(
        run, StudyOptions(**options), progress=lambda done, total: None, watch=nullcontext, narrate=lambda line: None
    )


def test_a_study_of_a_run(trained):
    found = study(trained, methods=("attention", "attention"), limit=6)
    assert [row.method for row in found.rows] == ["attention", "random"]
    assert (found.texts, found.data, found.accuracy) == (6, "planted, validation split", 1)
    assert found.entropy.low <= found.entropy.mean <= found.entropy.high
    assert "--twin" in found.no_twins
    assert json.loads(json.dumps(found.document()))["rows"][0]["measures"]["deletion"]["mean"]


def test_human_rationales_are_where_the_keyword_is(trained, tmp_path: Path):
    texts = planted.texts(40, 9)
    (tmp_path / "docs").mkdir()
    lines = []
    for number, text in enumerate(text for text in texts.texts if "bad" in text):  # "good" it tells by no "bad"
        (tmp_path / "docs" / f"{number}.txt").write_text(text + " film" * 20)
        at = text.split().index("bad")
        piece = {"docid": f"{number}.txt", "start_token": at, "end_token": at + 1, "text": "bad"}
        lines.append(json.dumps({"annotation_id": f"{number}.txt", "evidences": [[piece]]}))
    late = {"docid": "0.txt", "start_token": 20, "end_token": 21}
    lines.append(json.dumps({"annotation_id": "late", "evidences": [[late]]}))
    path = tmp_path / "val.jsonl"
    path.write_text("\n".join(lines))
    found = study(trained, methods=("leave-one-out", "attention"), rationales=path)
    figures = {row.method: row.measures for row in found.rows}
    assert (found.texts, found.accuracy) == (20, None)
    assert any(note.startswith("1 annotated text is left out") for note in found.notes)
    assert figures["leave-one-out"]["auprc"].over_low > 0
    assert figures["random"]["auprc"].mean < 0.5
