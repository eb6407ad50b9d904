"""The LSTM over shares of a batch: the states and gradients of torch's own LSTM, except for rounding."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from tmeattn.models.arithmetic import arithmetic
from tmeattn.models.configs import LstmConfig
from tmeattn.models.lstm_shares import LEAST_TEXTS, lstm_states
from tmeattn.models.recurrent import LstmStates
from tmeattn.specs import Space

TEXTS = 2 * LEAST_TEXTS + 3


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def pair(frozen_input: bool = False) -> tuple[nn.LSTM, torch.Tensor]:
    torch.manual_seed(0)
    return nn.LSTM(5, 7, batch_first=True), torch.randn(TEXTS, 9, 5, requires_grad=not frozen_input)


@pytest.mark.parametrize("frozen_input", [False, True])
def test_states_and_gradients_are_those_of_torch(frozen_input: bool) -> None:
    lstm, x_BTD = pair(frozen_input)
    wanted = [*([] if frozen_input else [x_BTD]), *lstm.parameters()]
    states = [lstm_states(lstm, x_BTD), lstm(x_BTD)[0]]
    assert "_Shares" in type(states[0].grad_fn).__name__
    weights = torch.randn_like(states[0])
    gradients = [torch.autograd.grad((each * weights).sum(), wanted) for each in states]
    torch.testing.assert_close(states[0], states[1])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_a_frozen_weight_gets_no_gradient() -> None:
    lstm, x_BTD = pair()
    lstm.weight_hh_l0.requires_grad_(False)
    lstm_states(lstm, x_BTD).sum().backward()
    assert lstm.weight_hh_l0.grad is None
    assert lstm.weight_ih_l0.grad is not None


def test_the_same_in_inference_mode_without_gradients() -> None:
    lstm, x_BTD = pair()
    with torch.inference_mode():
        states_BTH = lstm_states(lstm.eval(), x_BTD)
        torch.testing.assert_close(states_BTH, lstm(x_BTD)[0])


def test_twice_the_same_bits_and_the_number_of_threads_stays() -> None:
    lstm, x_BTD = pair()
    assert torch.equal(lstm_states(lstm, x_BTD), lstm_states(lstm, x_BTD))
    assert torch.get_num_threads() == 2


def test_vectors_of_another_width_are_refused() -> None:
    lstm, x_BTD = pair()
    with pytest.raises(RuntimeError, match=r"input\.size"):
        lstm_states(lstm, x_BTD[:, :, :3])


@pytest.mark.parametrize(
    ("texts", "threads", "training"), [(LEAST_TEXTS, 2, True), (TEXTS, 1, True), (TEXTS, 2, False)]
)
def test_few_texts_one_thread_and_explanations_take_the_batch_as_a_whole(
    texts: int, threads: int, training: bool
) -> None:
    lstm, x_BTD = pair()
    torch.set_num_threads(threads)
    states_BTH = lstm_states(lstm.train(training), x_BTD[:texts])
    assert "_Shares" not in type(states_BTH.grad_fn).__name__


def test_a_run_of_an_earlier_arithmetic_takes_the_batch_as_a_whole() -> None:
    states = LstmStates(LstmConfig(), Space(9, 2, 5)).train()
    tokens_BT = torch.randint(1, 9, (TEXTS, 4))
    with arithmetic(1):
        assert "_Shares" not in type(states(tokens_BT).grad_fn).__name__
    assert "_Shares" in type(states(tokens_BT).grad_fn).__name__
