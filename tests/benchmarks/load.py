"""What many runs, long logs and large exports cost: CPU seconds and the peak of memory.

    python tests/benchmarks/load.py bars [--runs 2000]       every bar of the screens, and whether it is kept
    python tests/benchmarks/load.py runs [--runs 2000]       the commands and the screen with many runs
    python tests/benchmarks/load.py log [--megabytes 200]    the commands and the screen with one long event log
    python tests/benchmarks/load.py compare [--runs 200]     a comparison of many runs
    python tests/benchmarks/load.py png [--texts 80]         pictures of a quarter, a half and all of the texts
    python tests/benchmarks/load.py classes [--texts 20000]  an evaluation with 1,000 classes
    python tests/benchmarks/load.py data [--texts 500000]    the Data screen with many short texts
    python tests/benchmarks/load.py exports [--texts 1000]   HTML, LaTeX, JSON, CSV and SVG of many explained texts

CPU seconds are those of the whole process (user and system), so that other work on the machine changes them little. The
commands are processes of their own; `import` is what `tmeattn --version` costs, which every command costs too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from support import logged_runs
from support.measured_process import measured

from tmeattn.runs.events import encode
from tmeattn.training.resources import peak_memory

COLUMNS, ROWS = 140, 45
STEPS_LOGGED = 60
"""Step events of an epoch: some 20,000 texts in batches of 32."""
KEYS = 20
WHAT = ("bars", "runs", "log", "compare", "png", "exports", "classes", "data", "screen")


def command(*arguments: str, note: str = "") -> None:
    """Run a command of tmeattn and print its CPU seconds, the peak of its memory and the bytes of its stdout."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        used = measured([sys.executable, "-m", "tmeattn", *arguments], stdout=out, stderr=errors)
        errors.seek(0)
        lines = errors.read().decode("utf-8", "replace").strip().splitlines()
        what = note or " ".join(arguments[:4])
        failed = f"; exit code {used.code}: {lines[-1] if lines else ''}" if used.code else ""
        size = out.seek(0, os.SEEK_END)
        print(f"{what}: {used.cpu_seconds:.1f} s of CPU, {used.peak_mib:.0f} MB, {size:,} bytes{failed}", flush=True)


def complete(words: str) -> None:
    """What one press of Tab costs in bash."""
    variables = {"_TMEATTN_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    os.environ.update(variables)
    command(note=f"completion of {words!r}")
    for name in variables:
        del os.environ[name]


def many_runs(home: Path, number: int, epochs: int = 10) -> None:
    """Runs of `epochs` epochs, every tenth of them stopped and the last one being trained."""
    template = logged_runs.write_to(home / "template", done=0, epochs=epochs, state="created")
    lines = [encode({**logged_runs.started_event("x", "lstm-attn", epochs), "steps_per_epoch": STEPS_LOGGED * 10})]
    for epoch in range(1, epochs + 1):
        for at in range(1, STEPS_LOGGED + 1):
            step = ((epoch - 1) * STEPS_LOGGED + at) * 10
            lines.append(encode(logged(logged_runs.step_event(step, epoch), step)))
        lines.append(encode(logged(logged_runs.epoch_event(epoch), step)))
        lines.append(encode(logged(logged_runs.watched_event(epoch), step)))
        lines.append(encode(logged({"kind": "checkpoint", "step": step, "epoch": epoch}, step)))
    log = "\n".join(lines) + "\n"
    info = (template.path / "run.json").read_text()
    status = (template.path / "status.json").read_text()
    for at in range(number):
        name = f"r{at:05d}-lstm-attn"
        path = home / "runs" / name
        shutil.copytree(template.path, path)
        created = f'"created": {logged_runs.BEGAN + at}'
        text = info.replace('"id": "template"', f'"id": "{name}"').replace(f'"created": {logged_runs.BEGAN}', created)
        (path / "run.json").write_text(text.replace('"seed": 1', f'"seed": {at}').replace('"seed": 0', f'"seed": {at}'))
        (path / "meta.json").write_text(f'{{"name": "name {at}"}}' if at % 3 == 0 else "{}")
        (path / "events.jsonl").write_text(log)
        (path / "checkpoints" / "best.safetensors").write_bytes(b"none")
        state = "running" if at == number - 1 else "stopped" if at % 10 == 0 else "finished"
        pid = os.getpid() if state == "running" else 2**22 + 1
        text = status.replace('"state": "created"', f'"state": "{state}"')
        (path / "status.json").write_text(text.replace(f'"pid": {2**22 + 1}', f'"pid": {pid}'))
    shutil.rmtree(template.path)
    print(f"{number:,} runs with logs of {len(log) / 1024:.0f} KB")


def logged(event, step: int):
    """As a training process writes it: its time comes first."""
    return {"time": logged_runs.BEGAN + step * 0.05, **event}


async def on_screen(path: Path | None = None) -> None:
    """CPU until everything is read and drawn, then for each press of a key and for each second without one."""
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.tui.app import TmeattnApp
    from tmeattn.tui.services.saved_state import SavedState

    longest = 0.0

    async def listen() -> None:
        nonlocal longest
        while True:
            began = time.process_time()
            await asyncio.sleep(0.005)
            longest = max(longest, time.process_time() - began)

    def settled() -> bool:
        return app.screen.run_state.caught_up if path is not None else app.session.runs.caught_up

    home = os.environ["TMEATTN_HOME"]
    for note in ("imports and an empty home", "an empty home"):
        began = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            os.environ["TMEATTN_HOME"] = folder
            async with TmeattnApp(saved=SavedState()).run_test(size=(COLUMNS, ROWS)) as pilot:
                await pilot.pause()
        print(f"screen: {time.process_time() - began:.1f} s of CPU for {note}")
    os.environ["TMEATTN_HOME"] = home
    began = time.process_time()
    app = TmeattnApp(path and RunDirectory(path), saved=SavedState())
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        listener = asyncio.create_task(listen())
        while not settled():
            await asyncio.sleep(0.02)
        await pilot.pause()
        print(f"screen: {time.process_time() - began:.1f} s of CPU to settle, the longest frame {longest:.2f} s")
        longest = 0.0
        repeated = (["down"], ["up"], ["pagedown"], ["space"])
        many = (
            *(*repeated, ["end"], ["home"], ["o"], ["O"], ["slash", *"name 1"], ["escape"]),
            *(["slash", *"model:lstm acc>50 -tag:x"], ["escape"], ["enter"], ["escape"]),
        )
        for keys in many if path is None else (["2"], ["1"]):
            presses = keys * KEYS if keys in repeated else keys
            began = time.process_time()
            for key in presses:
                await pilot.press(key)
            took = 1000 * (time.process_time() - began) / len(presses)
            print(f"screen: {took:.0f} ms of CPU for each of the keys {' '.join(keys)}", flush=True)
        longest, began = 0.0, time.process_time()
        await asyncio.sleep(10)
        print(f"screen: {100 * (time.process_time() - began):.0f} ms of CPU a second without a key; "
              f"the longest frame {1000 * longest:.0f} ms; {megabytes():.0f} MB")  # fmt: skip
        listener.cancel()


def megabytes() -> float:
    return (peak_memory() or 0) / 2**20


def measure_screen(path: Path | None = None) -> None:
    """In a process of its own, so that its memory is its own."""
    child = [sys.executable, __file__, "screen", *([str(path)] if path else [])]
    subprocess.run(child, check=False)


def runs(home: Path, options: argparse.Namespace) -> None:
    many_runs(home, options.runs or 2000)
    command("--version", note="import")
    command("runs", "list", note="runs list, the first time")
    command("runs", "list")
    command("runs", "list", "--json")
    command("runs", "list", "--filter", "model:lstm acc>50 -tag:x", note="runs list --filter")
    command("runs", "show", "r00007")
    command("runs", "show", "best", "--json")
    command("runs", "show", "latest", "--json")
    complete("tmeattn runs show r0000")
    measure_screen()
    shutil.rmtree(home / "cache")
    print("without the cache:")
    measure_screen()


def log(home: Path, options: argparse.Namespace) -> None:
    run = logged_runs.write_to(home / "runs" / "long-lstm-attn", done=0, state="stopped", epochs=1_000_000)
    wanted = (options.megabytes or 200) * 10**6
    with run.events_path.open("a") as file:
        epoch = 0
        while file.tell() < wanted:
            epoch += 1
            for at in range(1, 1001):
                step = ((epoch - 1) * 1000 + at) * 10
                file.write(encode(logged(logged_runs.step_event(step, epoch), step)) + "\n")
            file.write(encode(logged({**logged_runs.epoch_event(epoch), "step": step}, step)) + "\n")
            file.write(encode(logged(logged_runs.watched_event(epoch), step)) + "\n")
    print(f"a log of {wanted / 10**6:.0f} MB with {epoch} epochs and {epoch * 1000:,} step events", flush=True)
    command("--version", note="import")
    command("runs", "list")
    command("runs", "show", "long")
    command("runs", "show", "long", "--json")
    shutil.copytree(run.path, run.path.with_name("other-lstm-attn"))
    command("runs", "compare", "long", "other")
    measure_screen(run.path)


def _table_of_texts(home: Path, texts: int, classes: int) -> Path:
    path = home / "texts.csv"
    with path.open("w") as file:
        file.write("text,label\n")
        file.writelines(f"text {at} about word{at % classes} and {at % 997},c{at % classes}\n" for at in range(texts))
    return path


def classes(home: Path, options: argparse.Namespace) -> None:
    path = str(_table_of_texts(home, options.texts or 20_000, 1000))
    command("train", "mean", "--dataset", path, "--epochs", "1", note="train with 1,000 classes")
    command("evaluate", "latest")
    command("evaluate", "latest", "--json")


def data(home: Path, options: argparse.Namespace) -> None:
    asyncio.run(_data_screen(str(_table_of_texts(home, options.texts or 500_000, 2))))


async def _data_screen(dataset: str) -> None:
    from tmeattn.tui.app import TmeattnApp
    from tmeattn.tui.services.saved_state import SavedState

    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        app.switch_mode("data")
        await pilot.pause(0.5)
        screen = app.screen
        began = time.process_time()
        screen._open(dataset)
        while screen.table.texts is None or screen.filtering:
            await asyncio.sleep(0.05)
        print(f"data: {time.process_time() - began:.1f} s of CPU to import and show; {megabytes():.0f} MB", flush=True)
        screen.table.focus()
        for keys in (["down"] * KEYS, ["pagedown"] * KEYS, ["end"], ["home"], ["slash"], [*"word1"]):
            began = time.process_time()
            for key in keys:
                await pilot.press(key)
            took = 1000 * (time.process_time() - began) / len(keys)
            await pilot.pause(0.5)
            while screen.filtering:
                await asyncio.sleep(0.05)
            settled = time.process_time() - began
            print(f"data: {took:.0f} ms of CPU for each of the keys {keys[0]} x {len(keys)}, {settled:.1f} s "
                  f"until all is shown; {megabytes():.0f} MB", flush=True)  # fmt: skip


def compare(home: Path, options: argparse.Namespace) -> None:
    number = options.runs or 200
    many_runs(home, number)
    names = sorted(path.name for path in (home / "runs").iterdir())
    command("--version", note="import")
    command("runs", "compare", *names, note=f"runs compare of {number} runs")
    command("runs", "compare", *names, "--json", note=f"runs compare --json of {number} runs")


def _explanations(texts: int, words: int = 230):
    """Texts of 230 words, as long as a review on the mean."""
    from support.explanations import explain

    text = " ".join(f"word{at}" for at in range(words))
    return [explain(f"text {number} {text}") for number in range(texts)]


def png(home: Path, options: argparse.Namespace) -> None:
    from tmeattn.render.export.figures import picture_bytes
    from tmeattn.reproduce.results import HeatmapPanel

    most = options.texts or 80
    for ending in ("png", "svg"):
        for texts in (most // 4, most // 2, most):
            panels = tuple(HeatmapPanel(f"text {at}", one) for at, one in enumerate(_explanations(texts)))
            began = time.process_time()
            size = len(picture_bytes("explanations", "footer", panels, ending))
            print(f"{ending} of {texts} texts: {time.process_time() - began:.1f} s of CPU, {size:,} bytes, "
                  f"{megabytes():.0f} MB so far", flush=True)  # fmt: skip


def exports(home: Path, options: argparse.Namespace) -> None:
    from rich.console import Group

    from tmeattn.render.export.explanations import FORMATS
    from tmeattn.render.heatmap import heatmap

    most = options.texts or 1000
    for ending in (".html", ".tex", ".json", ".csv", ".svg"):
        for texts in (most // 4, most // 2, most):
            explanations = _explanations(texts)
            picture = Group(*(heatmap(one) for one in explanations))
            began = time.process_time()
            size = len(FORMATS[ending](explanations, picture))
            print(f"{ending} of {texts} texts: {time.process_time() - began:.1f} s of CPU, {size:,} bytes, "
                  f"{megabytes():.0f} MB so far", flush=True)  # fmt: skip


def bars(home: Path, options: argparse.Namespace) -> None:
    """Each part is a process of its own, which imports everything and opens an empty home before it measures: about a
    minute on a quiet computer."""
    many_runs(home, options.runs or 2000)
    command("runs", "list", note="runs list, the first time")
    command("runs", "list", note="runs list, again")
    shutil.rmtree(home / "cache")
    _table_of_texts(home, options.texts or 20_000, 2)
    for part in ("first", "again", "data", "text"):
        subprocess.run([sys.executable, str(Path(__file__).with_name("screen_bars.py")), part], check=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("path", nargs="?", help="of the run that `screen` opens")
    for name in ("runs", "megabytes", "texts"):
        parser.add_argument(f"--{name}", type=int)
    options = parser.parse_args()
    if options.what == "screen":
        asyncio.run(on_screen(options.path and Path(options.path)))
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMEATTN_HOME"] = folder
        globals()[options.what](Path(folder), options)


if __name__ == "__main__":
    main()
