"""submitit is an extra."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tmeattn.cluster.resources import Resources
from tmeattn.cluster.submission import script_of
from tmeattn.errors import EnvironmentProblem


def test_without_submitit_the_error_says_how_to_install_it(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(
        EnvironmentProblem, match=r"needs the package submitit. Install it: pip install 'tmeattn\[slurm\]'"
    ):
        script_of(Resources("job"), ["true"], "k")
