"""The gradients of several processes are those of one; the rows in use of a table give the sums of the whole table."""

import numpy as np
import pytest
import torch
from support.ranks import as_ranks
from torch import nn

from tmeattn.evaluation.meters import meter
from tmeattn.training.distributed.gradients import GradientSum, Measured, Wishes
from tmeattn.training.distributed.group import Alone

WORDS, SIZE = 40, 6


class Toy(nn.Module):
    """A table of words, a linear layer, a parameter that is never used, and a batch normalisation."""

    def __init__(self, *, tied=False, normalises=False, rows=WORDS):
        super().__init__()
        torch.manual_seed(3)
        self.table = nn.Embedding(rows, SIZE, padding_idx=0)
        self.linear = nn.Linear(SIZE, 2)
        self.idle = nn.Parameter(torch.ones(3))
        self.tied = tied
        self.norm = nn.BatchNorm1d(SIZE) if normalises else nn.Identity()

    def loss_sum(self, tokens_BT):
        mean_BD = self.norm(self.table(tokens_BT).mean(dim=1))
        loss = self.linear(mean_BD).square().sum()
        return loss + (mean_BD @ self.table.weight.T).square().sum() if self.tied else loss


def batch(texts=7):
    return torch.from_numpy(np.random.default_rng(0).integers(2, 12, (texts, 4)))


def summed(size, texts=7, dense=False, **options):
    """The gradients after the reduction, in each process."""
    tokens_BT, models = batch(texts), [Toy(**options) for _ in range(size)]

    def work(group):
        model = models[group.rank]
        gradients = GradientSum(model, group, WORDS)
        if dense:
            gradients._tables = set()
        own_BT = tokens_BT[group.rank :: group.size]
        measured = meter(4)
        if len(own_BT):
            model.loss_sum(own_BT).backward()
            measured.add(loss=1.0, cross_entropy=0.5, hits=1, lengths_B=np.full(len(own_BT), 4), entropy_B=None)
        total = gradients.reduce(Measured(measured, 4 * len(own_BT)), tokens_BT.numpy().ravel(), len(own_BT) / texts)
        assert total.meter.texts == texts
        assert total.meter.loss == pytest.approx(texts)
        assert total.words == 4 * texts
        return model, gradients

    return as_ranks(size, work)


def expected(texts=7, **options):
    model = Toy(**options)
    model.loss_sum(batch(texts)).backward()
    return model


def grads(model):
    return {name: parameter.grad for name, parameter in model.named_parameters()}


@pytest.mark.parametrize("texts", [7, 2, 1])
@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("options", [{}, {"tied": True}, {"rows": WORDS + 1}], ids=["words", "tied", "more rows"])
def test_all_processes_have_the_gradients_of_one(size, texts, options):
    wanted = grads(expected(texts, **options))
    for model, _ in summed(size, texts, **options):
        found = grads(model)
        assert found["idle"] is None
        for name in wanted.keys() - {"idle"}:
            torch.testing.assert_close(found[name], wanted[name])


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("tied", [False, True])
def test_the_rows_in_use_give_the_sums_of_the_whole_table_exactly(size, tied):
    of_rows, of_all = summed(size, tied=tied), summed(size, tied=tied, dense=True)
    for (one, _), (other, _) in zip(of_rows, of_all, strict=True):
        for name, gradient in grads(one).items():
            assert gradient is None if name == "idle" else torch.equal(gradient, grads(other)[name])


def test_only_rows_in_use_are_sent_until_a_gradient_is_found_in_another(monkeypatch):
    sent = []
    from tmeattn.training.distributed.group import Group

    send = Group.sum
    monkeypatch.setattr(Group, "sum", lambda self, values_N: sent.append(len(values_N)) or send(self, values_N))
    summed(2)
    assert len(sent) == 2  # one operation in each process
    assert max(sent) < WORDS * SIZE
    ((_, gradients), _) = summed(2, tied=True)
    assert gradients._tables == set()


def test_a_frozen_table_is_no_table():
    model = Toy()
    model.table.weight.requires_grad_(False)
    assert GradientSum(model, Alone(), WORDS)._tables == set()


def test_buffers_that_a_step_changes_become_the_same():
    models = [Toy(normalises=True) for _ in range(2)]

    def work(group):
        model = models[group.rank]
        gradients = GradientSum(model, group, WORDS)
        own_BT = batch(8)[group.rank :: group.size]
        model.loss_sum(own_BT).backward()
        mean = model.norm.running_mean.clone()
        gradients.reduce(Measured(meter(4)), batch(8).numpy().ravel(), 0.5)
        return mean, model.norm.running_mean, model.norm.num_batches_tracked

    (own_0, mean_0, count_0), (own_1, mean_1, count_1) = as_ranks(2, work)
    assert torch.equal(mean_0, mean_1)
    torch.testing.assert_close(mean_0, (own_0 + own_1) / 2)
    assert count_0 == count_1 == 1


def test_wishes_of_one_process_become_those_of_all_at_the_next_step():
    def work(group):
        gradients = GradientSum(Toy(), group, WORDS)
        heard = []
        for wish in [Wishes(stop="SIGTERM" if group.rank else None), Wishes(save=group.rank == 0), Wishes(), Wishes()]:
            gradients.reduce(Measured(meter(4)), np.array([2]), 0.5)
            heard.append(gradients.agreed(wish, now=False))
        gradients = GradientSum(Toy(), group, WORDS)
        heard.append(gradients.agreed(Wishes(stop="pruned" if group.rank == 0 else None), now=True))
        return heard

    for rank, heard in enumerate(as_ranks(2, work)):
        own_reason = ("pruned", "request")[rank]  # only known reasons are sent
        assert heard == [Wishes(), Wishes(stop="SIGTERM"), Wishes(save=True), Wishes(), Wishes(stop=own_reason)]


def test_alone_nothing_changes():
    gradients = GradientSum(Toy(), Alone(), WORDS)
    measured = Measured(meter(4), 3)
    assert gradients.reduce(measured, np.array([1]), 1.0) is measured
    assert gradients.agreed(Wishes(save=True), now=False) == Wishes(save=True)
