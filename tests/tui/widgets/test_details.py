"""What is said of the run under the cursor."""

from rich.console import Console
from support.logged_runs import STEPS, epoch_event, write

from tmeattn.tui.widgets.details import _page
from tmeattn.watching.run_state import RunState


def test_the_attention_entropy_is_that_of_the_best_epoch(write_run):
    run = write_run("aaaa-lstm-attn", state="running", done=2)
    write(run.path, {**epoch_event(3), "best": False, "step": 3 * STEPS, "time": 1_790_000_500.0})
    state = RunState(run)
    state.refresh()
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(_page(state, 90, ()))
    said = capture.get()
    assert "(epoch 2)" in next(line for line in said.splitlines() if "best validation" in line)
    assert "4.20 nats, 70 % of uniform (epoch 2)" in said
    assert "Entropy, epoch 3, mean 3.80 nats" in said


def test_a_run_that_ended_by_patience_says_so(write_run):
    state = RunState(write_run("aaaa-lstm-attn", done=3))
    state.refresh()
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(_page(state, 90, ()))
    assert "✓ finished  stopped early (patience)" in capture.get()
