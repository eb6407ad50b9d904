import io

from rich.console import Console
from support.explanations import epoch_event

from tmeattn.render.side_by_side import SideBySideProgress

STARTED = {"kind": "started", "run": "k3f9", "model": "mean", "epochs": 2, "steps_per_epoch": 10}


def console(*, terminal: bool, width: int = 80) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=width, markup=False, highlight=False, _environ={})


def test_every_line_in_a_log_begins_with_the_title_of_its_training() -> None:
    log = console(terminal=False)
    with SideBySideProgress(log) as progress:
        for title in ("seed 0", "seed 1"):
            progress.narrate(title, "The vocabulary has 9 words.")
            progress.listener(title)({**STARTED})
            progress.listener(title)({**epoch_event(1), "step": 10})
    lines = log.file.getvalue().splitlines()
    assert [line.split(":")[0] for line in lines] == ["seed 0", "seed 0", "seed 0", "seed 1", "seed 1"]
    assert "The vocabulary has 9 words." in lines[0]  # once: it holds for both
    assert lines[4].startswith("seed 1: epoch 1/2: ")


def test_a_terminal_has_a_bar_for_each_training_that_runs() -> None:
    screen = console(terminal=True)
    now = [0.0]
    with SideBySideProgress(screen, clock=lambda: now[0]) as progress:
        for title in ("[bold]seed 0", "seed 1"):
            progress.listener(title)({**STARTED})
        now[0] = 1.0
        progress.listener("seed 1")({"kind": "step", "step": 5, "epoch": 1})
        drawn = Console(file=io.StringIO(), width=80)
        drawn.print(progress._picture())
        assert [line.split()[:2] for line in drawn.file.getvalue().splitlines()] == [["[bold]seed", "0"], ["seed", "1"]]
        progress.listener("seed 1")({"kind": "failed", "error": "X"})
        assert progress._picture().row_count == 1
        with progress.paused():
            assert progress._live is None
        assert progress._live is not None


def test_a_reader_that_has_ended_ends_no_training() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with SideBySideProgress(Console(file=Closed(), width=80)) as progress:
        progress.listener("seed 0")({**STARTED})
        progress.narrate("seed 0", "x")
