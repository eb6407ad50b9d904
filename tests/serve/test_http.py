"""The service over HTTP, on loopback."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("prometheus_client")

from tmeattn.docs import FOLDER
from tmeattn.errors import TmeattnError
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.prediction import predictions_of
from tmeattn.runs.directory import RunDirectory
from tmeattn.serve import server
from tmeattn.serve.requests import Limits
from tmeattn.serve.service import Service


class Client:
    """Requests to the service at a port."""

    def __init__(self, port: int, service: Service) -> None:
        self.port, self.service = port, service

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text

    def json(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        status, headers, text = self.ask(method, path, body)
        assert headers["content-type"] == "application/json"
        return status, json.loads(text)


@contextmanager
def served(run: Path, signals: int) -> Iterator[Client]:
    """A service that gets so many signals at the end of the block."""
    service = Service(TrainedClassifier(RunDirectory(run)))
    ready = threading.Event()
    with server.bind("127.0.0.1", 0) as bound:
        running = server.make_server(service, Limits(4, 10_000), bound, host="127.0.0.1", ready=ready.set)
        thread = threading.Thread(target=lambda: asyncio.run(running.serve([bound])))
        thread.start()
        assert ready.wait(20)
        yield Client(bound.getsockname()[1], service)
        for _ in range(signals):
            running.handle_exit(signal.SIGTERM, None)
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def client(trained_once: Path) -> Iterator[Client]:
    with served(trained_once, 1) as client:
        yield client


def test_predictions_are_those_of_python(client: Client) -> None:
    status, found = client.json("POST", "/predict", {"texts": ["a good film", "a bad one"]})
    assert status == 200
    assert [one["label"] for one in found["predictions"]] == ["positive", "negative"]
    direct = client.service.classifier.probabilities(["a good film"])[0]
    status, single = client.json("POST", "/predict", {"text": "a good film"})
    assert single["predictions"][0]["probabilities"]["positive"] == pytest.approx(direct[1], abs=1e-6)
    assert single["predictions"][0]["probability"] == max(single["predictions"][0]["probabilities"].values())


def test_explanations_are_the_documents_of_the_command_line(client: Client) -> None:
    asked = {"text": "a good film", "method": ["attention", "leave-one-out"], "class": "negative"}
    status, found = client.json("POST", "/explain", asked)
    assert (status, [one["method"] for one in found["explanations"]]) == (200, ["attention", "leave-one-out"])
    assert [word["token"] for word in found["explanations"][0]["words"]] == ["a", "good", "film"]
    assert found["explanations"][1]["target"] == "negative"
    assert client.json("POST", "/explain", {"text": "good"})[1]["explanations"][0]["method"] == "attention"


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/predict", b"{", 400, "is not JSON"),
        ("/predict", b"[" * 9_000, 400, "is not JSON"),
        ("/predict", b"\xff\xfe", 400, "is not JSON"),
        ("/predict", ["a"], 400, "an array, not an object"),
        ("/predict", {}, 400, "either text"),
        ("/predict", {"text": "a", "texts": ["b"]}, 400, "either text"),
        ("/predict", {"txt": "a"}, 400, "no field 'txt'"),
        ("/predict", {"texts": "abc"}, 400, "'texts' is a string, not an array"),
        ("/predict", {"texts": ["a", 1]}, 400, "Text 1 is of type int"),
        ("/predict", {"texts": ["a", " "]}, 400, "Text 1 is empty"),
        ("/predict", {"texts": ["a"] * 5}, 413, "5 texts"),
        ("/predict", {"text": "a" * 20_000}, 413, "larger than 10,000 bytes"),
        ("/explain", {"text": "a", "method": "lime "}, 400, "no method named 'lime '"),
        ("/explain", {"text": "a", "class": "x"}, 400, "no class 'x'"),
        ("/explain", {"text": "a", "layer": True}, 400, "'layer' is true or false"),
        ("/explain", {"text": "a", "method": ["attention"] * 99}, 413, "99 explanations"),
        ("/explain", {"text": "a", "method": []}, 400, "'method'"),
        ("/nowhere", {}, 404, "no /nowhere"),
    ],
)
def test_what_cannot_be_answered_is_one_message(client: Client, path: str, body: Any, status: int, said: str) -> None:
    found, answer = client.json("POST", path, body)
    assert found == status
    assert said in answer["error"]["message"]


def test_an_internal_error_shows_no_traceback(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(texts: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(client.service, "predict", fail)
    status, _, text = client.ask("POST", "/predict", {"text": "a"})
    assert (status, "secret" in text, "Traceback" in text) == (500, False, False)
    assert "RuntimeError: secret" in capsys.readouterr().err
    assert client.json("GET", "/health")[0] == 200


def test_texts_of_any_characters_are_answered(client: Client) -> None:
    odd = ["\ud800", "\x00", "<script>", "שלום"]
    status, found = client.json("POST", "/predict", {"texts": odd})
    assert (status, len(found["predictions"])) == (200, 4)
    assert client.json("POST", "/explain", {"texts": odd[2:]})[0] == 200


def test_the_page_escapes_texts_and_loads_nothing(client: Client) -> None:
    status, headers, text = client.ask("GET", "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "http" not in text.replace("http-equiv", "")
    assert all(f'value="{method}"' in text for method in ("attention", "leave-one-out", "integrated-gradients"))
    form = b"text=good+%3Cscript%3Ealert(1)%3C/script%3E&method=attention&class="
    status, headers, text = client.ask("POST", "/", form)
    assert (status, "<script>alert" in text, "good &lt;script&gt;alert" in text) == (200, False, True)
    assert 'class="w"' in text
    status, headers, text = client.ask("POST", "/", b"text=good&method=lime&class=negative", x_fragment="1")
    assert "<html" not in text
    assert "Probabilities of the classes" in text
    assert client.ask("POST", "/", b"text=+")[0] == 400
    status, _, text = client.ask("POST", "/", b"a=1&" * 20)
    assert (status, "more than 10 fields" in text) == (400, True)


def test_the_client_of_the_manual(client: Client, tmp_path: Path) -> None:
    (code,) = [
        block for block in re.findall(r"^```text\n(.*?)^```$", (FOLDER / "serve.md").read_text("utf-8"), re.M | re.S)
        if "import urllib.request" in block
    ]  # fmt: skip
    script = tmp_path / "client.py"
    script.write_text(code.replace("256", "2"))
    texts = ["a good film", "a bad one", "good"]

    def run(*texts: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(script), f"http://127.0.0.1:{client.port}", *texts]
        return subprocess.run(command, capture_output=True, text=True)

    done = run(*texts)
    expected = predictions_of(client.service.classifier.classes, client.service.classifier.probabilities(texts))
    assert done.stdout.splitlines() == [
        f"{one.probability:.3f} {one.label}: {text}" for text, one in zip(texts, expected, strict=True)
    ], done.stderr
    assert (run("good", " ").stderr, run(" ").returncode) == ("Text 1 is empty.\n", 1)


def test_other_hosts_and_methods_are_refused(client: Client) -> None:
    assert client.ask("GET", "/health", host="evil.example")[0] == 403
    assert client.ask("GET", "/health", host="localhost:1")[0] == 200
    assert client.ask("GET", "/predict")[0] == 405
    assert client.ask("HEAD", "/")[0] == 200


def test_health_and_metrics(client: Client) -> None:
    status, health = client.json("GET", "/health")
    assert (status, health["status"], health["classes"]) == (200, "ok", ["negative", "positive"])
    client.json("POST", "/predict", {"texts": ["good", "bad"]})
    client.ask("GET", "/some/path")
    status, headers, text = client.ask("GET", "/metrics")
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(lines['tmeattn_texts_total{kind="predict"}']) >= 2
    assert float(lines['tmeattn_requests_total{path="/predict",status="200"}']) >= 1
    assert float(lines['tmeattn_requests_total{path="other",status="404"}']) >= 1
    assert "/some/path" not in text


@pytest.mark.parametrize(
    ("host", "local"), [("127.0.0.3", True), ("LocalHost", True), ("::1", True), ("0.0.0.0", False)]
)
def test_the_bound_address_tells_whether_only_this_computer_reaches_it(host: str, local: bool) -> None:
    try:
        bound = server.bind(host, 0)
    except TmeattnError as error:
        pytest.skip(str(error))
    with bound:
        assert server.is_local(bound) == local


def test_a_taken_port_is_one_line(client: Client) -> None:
    with pytest.raises(Exception, match=f"cannot use port {client.port} of 127.0.0.1: .* --port 0 takes a free one"):
        server.bind("127.0.0.1", client.port)


def test_an_address_of_another_computer_is_not_the_fault_of_the_port() -> None:
    with pytest.raises(TmeattnError, match=r"cannot use port 0 of 192\.0\.2\.1: ") as raised:
        server.bind("192.0.2.1", 0)
    assert raised.value.hint == "Give an address of this computer."


def test_sigterm_answers_what_was_accepted(
    preloaded: Any, trained: RunDirectory, environment: dict[str, str], tmp_path: Path
) -> None:
    told = tmp_path / "told"
    process = preloaded.start("serve", trained.id, "--port", "0", env=environment, stderr=told)
    until = time.monotonic() + 60
    while not (told.exists() and "Serving" in told.read_text()):
        assert time.monotonic() < until
        time.sleep(0.01)
    port = int(told.read_text().partition("127.0.0.1:")[2].split()[0])
    body = b'{"text": "a good film"}'
    with socket.create_connection(("127.0.0.1", port), timeout=20) as half_sent:
        half_sent.sendall(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 23\r\n\r\n" + body[:9])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as other:
            other.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert other.recv(1000).startswith(b"HTTP/1.1 200")
            process.send_signal(signal.SIGTERM)
            answer = b""
            while b"connection: close" not in answer:  # the signal may arrive after a few more requests
                other.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
                answer = other.recv(1000).lower()
                assert answer
            # perhaps with the body of the answer before
            assert answer.rindex(b"http/1.1 503") > answer.rfind(b"http/1.1 200")
        half_sent.sendall(body[9:])
        assert half_sent.recv(1000).startswith(b"HTTP/1.1 200")
    assert process.wait() == 0
    assert "answered everything" in told.read_text()


@pytest.mark.parametrize("accepts", [True, False])
async def test_connections_that_wait_are_accepted_before_the_socket_is_closed(accepts: bool) -> None:
    made: list[object] = []
    with server.bind("127.0.0.1", 0) as bound:
        listening = await asyncio.start_server(lambda _, writer: made.append(writer), sock=bound, backlog=100)
        clients = [socket.create_connection(bound.getsockname()) for _ in range(30)]
        if accepts:
            await server.accept_waiting(bound)
        listening.close()
        for _ in range(5):  # what the loop still does for those that belong to the server
            await asyncio.sleep(0)
        for client in clients:
            client.close()
    assert len(made) == (30 if accepts else 0)


async def test_a_socket_whose_connections_nobody_accepts_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ACCEPTING_SECONDS", 0.01)
    with server.bind("127.0.0.1", 0) as bound:
        bound.listen()
        with socket.create_connection(bound.getsockname()):
            await asyncio.wait_for(server.accept_waiting(bound), 20)


def test_a_second_signal_ends_the_service_at_once_and_what_it_leaves_is_counted(trained_once: Path) -> None:
    begun = threading.Event()

    async def never(texts: object) -> None:
        begun.set()
        await asyncio.sleep(600)

    with served(trained_once, 2) as client:
        client.service.predict = never  # type: ignore[assignment, method-assign]
        asking = threading.Thread(target=client.ask, args=("POST", "/predict", {"text": "a"}))
        asking.start()
        assert begun.wait(20)
    asking.join(20)
    assert not asking.is_alive()
    assert client.service.dropped == 1
