import numpy as np
import pytest
import torch
from support.ranks import as_ranks

from tmeattn.training.distributed.group import Alone


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_sum_is_that_in_the_order_of_the_ranks_wherever_it_is(size):
    rows = torch.randn(size, 1000, generator=torch.Generator().manual_seed(0)) * 1e4
    wanted = rows[0].clone()
    for row in rows[1:]:
        wanted += row

    def work(group):
        whole = group.sum(rows[group.rank].clone())
        parts = [group.sum(part.clone()) for part in rows[group.rank].split(7)]
        return whole, torch.cat(parts)

    for whole, parts in as_ranks(size, work):
        assert torch.equal(whole, wanted)
        assert torch.equal(parts, wanted)


def test_rank_0_decides_and_all_hear_its_bytes():
    asked = []

    def work(group):
        decided = group.decide(lambda: asked.append(group.rank) is None)
        return decided, group.share_bytes(b"\x00\xffbytes" if group.is_first else b""), group.share_bytes(b"")

    assert as_ranks(3, work) == [(True, b"\x00\xffbytes", b"")] * 3
    assert asked == [0]


def test_tensors_and_totals_of_all():
    def work(group):
        gathered = group.of_all({"cpu": torch.tensor([group.rank, 7], dtype=torch.uint8)})
        return [of["cpu"].tolist() for of in gathered], group.total(np.array([[1.5, group.rank]])).tolist()

    assert as_ranks(3, work) == [([[0, 7], [1, 7], [2, 7]], [[4.5, 3.0]])] * 3


def test_alone_nothing_is_sent():
    alone = Alone()
    assert alone.decide(lambda: False) is False
    assert alone.of_all({"cpu": torch.zeros(1)})[0]["cpu"].tolist() == [0]
    assert (alone.part.rank, alone.part.size) == (0, 1)
