"""Predict a file with several processes of one computer: each writes a shard, and the shards are merged.

A worker is a process of its own that gets its part of the job as a line of JSON on standard input. That pipe stays open
as long as the first process lives: where it is killed, its workers end too. What went wrong in a worker comes back as a
line of JSON on standard output.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from tmeattn.child_processes import signal_that_ended, stop_with_signal, when_parent_ends
from tmeattn.child_python import child_environment, program_command
from tmeattn.cpu import available_cores
from tmeattn.data.readers.tables import is_pipe
from tmeattn.data.readers.text_input import TextInput
from tmeattn.errors import BadInput, EnvironmentProblem, Interrupted, TmeattnError, error_with, shortened
from tmeattn.files import check_place
from tmeattn.inference.merging import Merged, delete_shards, merge_shards
from tmeattn.inference.output_target import check_output_name, check_target
from tmeattn.inference.prediction_note import Narrate, read_note
from tmeattn.inference.shards import Shard, note_path, read_shard_note, shard_files
from tmeattn.plurals import counted

MOST_PROCESSES = 128
_POLL = 0.1
_PATIENCE = 10.0
"""Seconds in which a worker that is to stop ends its chunk of texts."""
_CODE = "from tmeattn.inference.workers import serve; serve()"
_THREADS = "OMP_NUM_THREADS"


@dataclass(frozen=True)
class FileJob:
    """A file to classify and where to write the predictions: the options of `tmeattn predict`, with a run by its path.

    shard: the share of one worker; `output` is the file of the whole prediction all the same.
    """

    run: str
    file: str
    output: str
    format: str | None = None
    column: str | None = None
    skip_bad: bool = False
    resume: bool = False
    force: bool = False
    raw: bool = False
    keep: tuple[str, ...] = ()
    top_classes: int | None = None
    shard: str | None = None


def check_readable_again(source: TextInput) -> None:
    """Check that every shard can read the input from its beginning.

    Raises:
        BadInput: it is standard input or a pipe.
    """
    if source.is_standard_input or is_pipe(source.path):
        name = "Standard input" if source.is_standard_input else f"The pipe {shortened(source.path)}"
        raise BadInput(
            f"{name} can be read only once, and every shard reads the whole input.",
            hint="Write the texts to a file and give it with --file.",
        )


def predict_with_processes(
    job: FileJob,
    processes: int,
    *,
    narrate: Narrate = lambda line: None,
    progress: Callable[[int], None] = lambda texts: None,
) -> Merged:
    """Classify a file with several worker processes, and merge their shards.

    progress: called about every second with the number of texts that are classified since.

    Raises:
        BadInput, EnvironmentProblem: the first error of a worker, or the output cannot be written.
        Interrupted: by the user. After each of these, `resume` continues from the rows that are written.
    """
    output = Path(job.output)
    _check(job, output, processes)
    if processes > (cores := available_cores()):
        narrate(f"{processes} processes share {counted(cores, 'core')}: more processes than cores are not faster.")
    shards = [Shard(number, processes) for number in range(1, processes + 1)]
    with tempfile.TemporaryFile() as log, _running(job, shards, log) as workers:
        try:
            _wait(workers, output, progress)
        except KeyboardInterrupt:
            _stop(workers)
            rows = sum(_rows_of(output, shard) for shard in shards)
            hint = f"Continue with the same command, --processes {processes} and --resume." if rows else None
            raise Interrupted(f"Stopped after {counted(rows, 'row')}.", hint=hint) from None
    merged = merge_shards(output, force=job.force, files=[shard.file_of(output) for shard in shards])
    delete_shards(output, processes)
    return merged


def _check(job: FileJob, output: Path, processes: int) -> None:
    """Check what the workers could not: the file of the whole prediction, and what an earlier prediction has left."""
    check_output_name(output)
    TextInput(Path(job.file), job.format, job.column).open()
    check_target(output, Path(job.file))
    check_place(output, replaces=job.force)
    found = shard_files(output)
    counts = sorted({shard.count for shard in found})
    if job.force:
        for path in (path for shard, path in found.items() if shard.count != processes):
            _delete_earlier(path)
        return
    if job.resume and counts and processes not in counts:
        raise BadInput(
            f"Beside {shortened(output)} there are shards of {counts[0]}, not of {processes}.",
            hint=f"Continue with --processes {counts[0]}, or start again with --force.",
        )
    if counts and not job.resume:
        raise BadInput(
            f"Beside {shortened(output)} there are shards of another prediction.",
            hint=f"Continue it with --processes {counts[0]} --resume, or start again with --force.",
        )


def _delete_earlier(path: Path) -> None:
    """Delete a shard of an earlier prediction, if it is one and not another file with such a name."""
    part_note = path.with_name(f"{path.name}.json")
    if read_shard_note(path) is not None or read_note(part_note) is not None:
        for one in (path, note_path(path), part_note):
            with contextlib.suppress(OSError):
                one.unlink(missing_ok=True)


# The first process


@dataclass
class _Worker:
    shard: Shard
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def _running(job: FileJob, shards: Sequence[Shard], log: IO[bytes]) -> Iterator[list[_Worker]]:
    """The workers of the shards; none of them is left after the block."""
    environment = child_environment()
    if _THREADS not in environment:
        environment[_THREADS] = str(max(1, available_cores() // len(shards)))
    workers: list[_Worker] = []
    try:
        for shard in shards:
            process = subprocess.Popen(
                program_command(_CODE),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
            )
            workers.append(_Worker(shard, process))
            assert process.stdin is not None
            with contextlib.suppress(OSError):  # it has ended already, which `_wait` reports
                process.stdin.write(json.dumps(asdict(replace(job, shard=str(shard)))).encode() + b"\n")
                process.stdin.flush()
        yield workers
    finally:
        _stop(workers)
        for worker in workers:
            for stream in (worker.process.stdin, worker.process.stdout):
                with contextlib.suppress(OSError):
                    if stream is not None:
                        stream.close()


def _wait(workers: Sequence[_Worker], output: Path, progress: Callable[[int], None]) -> None:
    """Wait until all workers have ended; an error of one of them is raised at once."""
    told, next_report = 0, time.monotonic()
    while running := [worker for worker in workers if worker.process.poll() is None]:
        _raise_error(workers)
        if time.monotonic() >= next_report:
            rows = sum(_rows_of(output, worker.shard) for worker in workers)
            progress(max(rows - told, 0))
            told, next_report = max(rows, told), time.monotonic() + 1.0
        with contextlib.suppress(subprocess.TimeoutExpired):
            running[0].process.wait(_POLL)
    _raise_error(workers)


def _raise_error(workers: Sequence[_Worker]) -> None:
    """Raise the error of the first worker that has failed."""
    for worker in workers:
        code = worker.process.poll()
        if code:
            raise _error_of(worker, code, len(workers))


def _error_of(worker: _Worker, code: int, count: int) -> BaseException:
    """What ended a worker."""
    told: dict[str, Any] = {}
    if code > 0 and worker.process.stdout is not None:
        with contextlib.suppress(OSError, ValueError):
            told = json.loads(worker.process.stdout.read().decode() or "{}")
    if told.get("kind") in (2, 3):
        return error_with(told["kind"], told["message"], told["hint"])
    if told.get("kind") == 130:
        return KeyboardInterrupt()
    if (by := signal_that_ended(code)) is not None:
        how = f"was ended by {by}"
        how += ", perhaps because the memory was full" if -code == signal.SIGKILL else ""
    else:
        how = f"failed: {told.get('message') or f'exit code {code}'}"
    return EnvironmentProblem(
        f"Worker {worker.shard.number} of {count} {how}.",
        hint=f"What is classified is kept: continue with the same command, --processes {count} and --resume.",
    )


def _stop(workers: Sequence[_Worker]) -> None:
    """End the workers that still run; what they have written is kept."""
    for worker in workers:
        if worker.process.poll() is None:
            with contextlib.suppress(OSError):
                worker.process.send_signal(signal.SIGTERM)
    until = time.monotonic() + _PATIENCE
    for worker in workers:
        try:
            worker.process.wait(max(until - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()


def _rows_of(output: Path, shard: Shard) -> int:
    """The rows of a shard that are written."""
    path = shard.file_of(output)
    if (done := read_shard_note(path)) is not None and path.exists():
        return done.rows
    found = read_note(path.with_name(f"{path.name}.part.json"))
    return 0 if found is None else found[1].written


# A worker


def serve() -> None:
    """Be a worker: read a job from standard input, and write its shard."""
    job = FileJob(**json.loads(sys.stdin.buffer.readline()))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    when_parent_ends(stop_with_signal)
    try:
        _predict_shard(job)
    except TmeattnError as error:
        _tell(error.exit_code, error.message, error.hint)
    except KeyboardInterrupt:
        _tell(130, "Interrupted.", None)
    except BaseException as error:  # a library written in Rust raises panics that are no Exception
        from tmeattn.foreign import one_line

        _tell(1, shortened(one_line(error)), None)


def _predict_shard(job: FileJob) -> None:
    from tmeattn.data.readers.columns import kept_columns
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.inference.prediction_job import PredictionJob
    from tmeattn.inference.prediction_rows import RowForm
    from tmeattn.inference.shards import parse_shard
    from tmeattn.inference.streaming import stream_predictions
    from tmeattn.runs.index import find_run

    assert job.shard is not None
    shard = parse_shard(job.shard)
    table, column = TextInput(Path(job.file), job.format, job.column).open()
    part = PredictionJob(
        table,
        column,
        shard.file_of(Path(job.output)),
        skip_bad=job.skip_bad,
        resume=job.resume,
        force=job.force,
        rows=RowForm(kept_columns(table, job.keep), job.top_classes, job.raw),
        shard=shard,
    )
    stream_predictions(part, TrainedClassifier(find_run(job.run)))


def _tell(kind: int, message: str, hint: str | None) -> None:
    """Report an error to the first process and end."""
    with contextlib.suppress(OSError):
        print(json.dumps({"kind": kind, "message": message, "hint": hint}), flush=True)
    os._exit(kind)
