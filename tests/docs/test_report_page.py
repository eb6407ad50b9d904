"""The page "The report, section by section": its targets, the report's figures, and the code of the first answer."""

from __future__ import annotations

import re
from types import SimpleNamespace

import torch

from tmeattn.docs import topics
from tmeattn.models.building import build_model
from tmeattn.reproduce.targets import all_targets
from tmeattn.run_config import resolve_run
from tmeattn.specs import Space

MANUAL = {topic.name: topic.text for topic in topics()}
PAGE = MANUAL["report"]


def test_every_target_in_the_manual_exists() -> None:
    named = set(re.findall(r"tmeattn reproduce ([a-z][a-z0-9-]*)", "\n".join(MANUAL.values())))
    assert len(named) > 15
    assert named - set(all_targets()) == set()


def test_the_tables_have_every_accuracy_of_the_report() -> None:
    sections = PAGE.partition("\n## Exercises\n")[0]
    rows = re.findall(r"^\| [^|]+ \| (\d\d\.\d+)", sections, re.MULTILINE)
    known = {run.report for target in all_targets().values() for run in target.runs if run.report is not None}
    assert known == set(map(float, rows))


def test_the_answer_of_the_first_exercise_is_query_attention() -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, type] = {}
    exec(compile(block, "report.md", "exec"), names)
    space = Space(vocabulary_size=20, num_classes=2, vector_size=8)
    torch.manual_seed(0)
    answer = names["TextQuery"](SimpleNamespace(input_dropout=0.5), space).eval()
    torch.manual_seed(0)
    builtin = build_model(resolve_run("query-attn", {"scaled": True}), space).eval()
    tokens_BT = torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0]])
    found, expected = answer(tokens_BT, tokens_BT > 0), builtin(tokens_BT, tokens_BT > 0)
    torch.testing.assert_close(found.attention_BT, expected.attention_BT)
    torch.testing.assert_close(found.logits_BC, expected.logits_BC)
    assert found.attention_BT.std() > 0
