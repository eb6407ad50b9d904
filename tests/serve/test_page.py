"""The page of the service in a real browser."""

from __future__ import annotations

import asyncio
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import chromium

pytest.importorskip("uvicorn")

from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.runs.directory import RunDirectory
from tmeattn.serve import server
from tmeattn.serve.requests import Limits
from tmeattn.serve.service import Service


@pytest.fixture(scope="module")
def url(trained_once: Path) -> Iterator[str]:
    chromium.require()
    ready = threading.Event()
    with server.bind("127.0.0.1", 0) as bound:
        service = Service(TrainedClassifier(RunDirectory(trained_once)))
        running = server.make_server(service, Limits(), bound, host="127.0.0.1", ready=ready.set)
        thread = threading.Thread(target=lambda: asyncio.run(running.serve([bound])))
        thread.start()
        assert ready.wait(20)
        yield server.url_of(bound)
        running.handle_exit(signal.SIGTERM, None)
        running.handle_exit(signal.SIGTERM, None)
        thread.join(20)


def test_a_person_types_a_text_and_sees_what_the_model_predicts(url: str) -> None:
    with chromium.page() as page:
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(url)
        page.fill("textarea", "a good film <img src=x onerror=alert(1)>")
        page.click("button")
        page.wait_for_selector("#result h2")
        assert "positive" in page.inner_text("#result h2")
        assert page.locator("#result img").count() == 0
        assert page.inner_text("#result .text") == "a good film <img src=x onerror=alert(1)>"
        rows = page.locator(".probabilities tr").all_inner_texts()
        assert [row.split("\t")[0] for row in rows] == ["positive", "negative"]
        strongest = page.locator(".text .w").nth(1)
        assert strongest.inner_text() == "good"
        assert strongest.evaluate("word => getComputedStyle(word).backgroundColor") != "rgba(0, 0, 0, 0)"
        page.select_option("select[name=method]", "leave-one-out")
        page.locator(".about", has_text=re.compile("leave", re.IGNORECASE)).wait_for()
        page.select_option("select[name=class]", "negative")
        page.locator(".about", has_text="negative").wait_for()
        page.fill("textarea", " ")
        page.click("button")
        page.wait_for_selector("#result .error")
        assert "empty" in page.inner_text("#result .error")
        assert said == [] or all("400" in line for line in said), said
        assert all(address.startswith((url, "data:")) for address in asked), asked
