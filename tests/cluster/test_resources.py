"""What a job asks for is checked before it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from tmeattn.cluster.resources import Resources
from tmeattn.errors import BadInput


@pytest.mark.parametrize(
    "time", ["90", "1:30", "4:00:00", "1-12", "1-12:30", "1-12:30:00", "infinite", "1-23", "120:59", "99:59:59", "0"]
)
def test_times_that_slurm_understands(time: str) -> None:
    assert Resources("x", time=time).time == time


@pytest.mark.parametrize(
    "time",
    [
        "4h",
        "",
        "-1",
        "1:2:3:4",
        "1-",
        "1-2:3:4:5",
        "tomorrow",
        "1 2",
        "10\n",
        "٣",
        "99:99",
        "1:60:00",
        "1:00:60",
        "1-24",
        "1-2:60",
    ],
)
def test_times_that_it_does_not(time: str) -> None:
    with pytest.raises(BadInput, match="is no time that SLURM understands"):
        Resources("x", time=time)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"partition": "a b"}, "--partition: 'a b' cannot be such a name."),
        ({"partition": "x\n#SBATCH --uid=0"}, "--partition: "),
        ({"account": ""}, "--account: '' cannot be"),
        ({"account": "-x"}, "--account: '-x' cannot be"),
        ({"name": "$(id)"}, "--name: "),
        ({"memory": "lots"}, "--memory: 'lots' is no size"),
        ({"memory": "0"}, "--memory: '0' is no size"),
        ({"gpus": "0"}, "--gpus: '0' is no number of GPUs"),
        ({"gpus": "a100:"}, "--gpus: "),
        ({"setup": ("a\nb",)}, "--setup: a line has a control character."),
    ],
)
def test_what_is_no_resource(values: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as error:
        Resources(**{"name": "x", **values})
    assert str(error.value).startswith(said)
    assert len(str(error.value)) < 400


def test_what_is_one() -> None:
    Resources("k3x9-lstm-attn", "gpu", "nlp.team", "1-0", "a100:2", 4, "16G", 8, True, ("module load cuda",))
