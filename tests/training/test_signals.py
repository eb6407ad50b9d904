import signal
import threading

import pytest

from tmeattn.training.signals import note_early, stop_on_signals


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


def test_a_signal_that_came_before_stops_the_next_training_only():
    note_early(signal.SIGTERM)
    note_early(signal.SIGINT)
    with stop_on_signals() as stop:
        assert stop.reason == "SIGTERM"
    with stop_on_signals() as stop:
        assert not stop


def test_in_another_thread_signals_keep_their_handlers():
    before = signal.getsignal(signal.SIGINT)
    found = []

    def train():
        with stop_on_signals() as stop:
            found.append((bool(stop), signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert found == [(False, before)]
