"""Commands that outlive the process that starts them."""

from __future__ import annotations

import subprocess

from tmeattn.runs import detached


def test_a_message_is_one_line_of_the_log(tmp_path, monkeypatch) -> None:
    """The screens show the last line of a log: the end of a wrapped message would say nothing."""
    asked = {}
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: asked.update(options["env"]))
    detached.start_detached(["train"], tmp_path / "logs" / "a.log", variables={"OWN": "1"})
    assert (asked["COLUMNS"], asked["NO_COLOR"], asked["OWN"]) == ("1000", "1", "1")
