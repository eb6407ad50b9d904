import signal

import pytest

from tmeattn.training.signals import stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_acknowledged_and_the_second_leaves_at_once(number):
    said = []
    before = signal.getsignal(number)
    with stop_on_signals(said.append) as stop:
        assert not stop
        signal.raise_signal(number)
        assert stop.reason == number.name
        assert said == [number.name]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before
