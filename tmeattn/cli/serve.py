"""`tmeattn serve RUN`."""

from __future__ import annotations

import click

from tmeattn.cli.support.options import run_argument
from tmeattn.errors import EnvironmentProblem


@click.command()
@run_argument(default="latest")
@click.option(
    "--host",
    metavar="NAME",
    default="127.0.0.1",
    show_default=True,
    help="The address to answer at. The default is reached from this computer only; 0.0.0.0 is every address.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0 takes a free one."
)
@click.option(
    "--max-texts",
    type=click.IntRange(1, 100_000),
    default=256,
    show_default=True,
    help="The most texts of one request.",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(1_000, 2**30),
    default=2**20,
    show_default=True,
    help="The largest request.",
)
def serve(run: str, host: str, port: int, max_texts: int, max_bytes: int) -> None:
    """Answer requests over HTTP with RUN until Ctrl-C: POST /predict and /explain, and a page for a browser at /.

    Requests that arrive at the same time are classified together. SIGTERM or Ctrl-C ends the service when it has
    answered what it has accepted.

    \b
    tmeattn serve best --port 8080
    curl -d '{"texts": ["A wonderful film."]}' http://127.0.0.1:8080/predict
    """
    import asyncio

    from tmeattn.runs.index import find_run

    found = find_run(run)
    try:
        from tmeattn.serve import server
        from tmeattn.serve.requests import Limits
        from tmeattn.serve.service import Service
    except ModuleNotFoundError as error:
        raise EnvironmentProblem(
            f"The service needs the package {error.name}, which is not installed.",
            hint='Install it: pip install "tmeattn[serve]"',
        ) from None
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.plurals import counted
    from tmeattn.render.console import safe_line, stderr_console

    def narrate(line: str) -> None:
        stderr_console().print(safe_line(line), soft_wrap=True)

    with server.bind(host, port) as bound:
        service = Service(classifier := TrainedClassifier(found))
        for note in classifier.notes:
            narrate(note)
        url = server.url_of(bound)
        if not server.is_local(bound):
            narrate(f"Every computer that reaches {host} can use this service: it asks for no password.")
        ready = f"Serving {found.reference} ({service.model}) at {url} - Ctrl-C ends it."
        running = server.make_server(
            service, Limits(max_texts, max_bytes), bound, host=host, ready=lambda: narrate(ready)
        )
        asyncio.run(running.serve([bound]))
    if service.dropped:
        narrate(f"The service has ended, and has not answered {counted(service.dropped, 'request')}.")
    else:
        narrate("The service has answered everything that it had accepted, and has ended.")
