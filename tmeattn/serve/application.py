"""The HTTP interface of a service: its routes, and what every answer has in common."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tmeattn.errors import BadInput, TmeattnError
from tmeattn.files import without_nan
from tmeattn.inference.given_texts import given_text
from tmeattn.serve.batching import Busy
from tmeattn.serve.metrics import CONTENT_TYPE
from tmeattn.serve.page import POLICY, page, result
from tmeattn.serve.requests import Limits, Refused, Wanted, body_of, wanted
from tmeattn.serve.service import Service

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", POLICY.encode()),
)
FRAGMENT = "x-fragment"
"""The header with which the page's script asks for the result without the page around it."""

Endpoint = Callable[[Request], Awaitable[Response]]


class JsonResponse(Response):
    """A JSON document in ASCII, so that no text can damage it, whatever its characters."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        return json.dumps(without_nan(content), allow_nan=False).encode()


def application(service: Service, limits: Limits, hosts: Collection[str] = ()) -> ASGIApp:
    """The ASGI application.

    hosts: the names by which clients may call the service (the header Host); empty for any. A page of another site
           could otherwise reach a service on loopback by a name that resolves to it.
    """

    async def predict(request: Request) -> Response:
        asked = wanted(await body_of(request, limits), limits, explain=False)
        return JsonResponse(await service.predict(asked.texts))

    async def explain(request: Request) -> Response:
        asked = wanted(await body_of(request, limits), limits, explain=True)
        found = await service.explain(asked)
        return JsonResponse({"run": service.run, "explanations": [one.document() for one in found]})

    async def show_page(request: Request) -> Response:
        return HTMLResponse(page(service))

    async def answer_form(request: Request) -> Response:
        body = await body_of(request, limits)
        try:
            form = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
        except ValueError:
            raise BadInput("The form has more than 10 fields.", hint="Its fields are text, method and class.") from None
        text, method, target = (form.get(name, [""])[-1] for name in ("text", "method", "class"))
        explanation, message, status = None, "", 200
        try:
            asked = Wanted([given_text(text)], (method or None,), target or None)
            (explanation,) = await service.explain(asked)
        except BadInput as error:
            message, status = str(error), 400
        shown = result(explanation, message)
        if FRAGMENT not in request.headers:
            shown = page(service, shown, text=text, method=method, target=target)
        return HTMLResponse(shown, status)

    async def health(request: Request) -> Response:
        about = {"run": service.run, "model": service.model, "classes": list(service.classifier.classes)}
        if service.stopping:
            return JsonResponse({"status": "stopping", **about}, 503)
        return JsonResponse({"status": "ok", **about})

    async def metrics(request: Request) -> Response:
        return Response(service.metrics.page(), media_type=CONTENT_TYPE)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await service.close()

    routes = [
        Route("/", _answering(show_page), methods=["GET"]),
        Route("/", _answering(answer_form), methods=["POST"]),
        Route("/predict", _answering(predict), methods=["POST"]),
        Route("/explain", _answering(explain), methods=["POST"]),
        Route("/health", _answering(health), methods=["GET"]),
        Route("/metrics", _answering(metrics), methods=["GET"]),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _http_error}, lifespan=lifespan)
    return _Frame(app, service, {route.path for route in routes}, hosts)


def _answering(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with every exception turned into an answer. No client sees a traceback."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as refused:
            return _error(refused.status, refused.message, refused.hint)
        except BadInput as error:
            return _error(400, error.message, error.hint)
        except Busy:
            busy = _error(503, "The service has too many requests.", "Send the request again later.")
            busy.headers["retry-after"] = "1"
            return busy
        except TmeattnError as error:
            return _error(500, error.message, error.hint)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return _error(500, "Internal error.", "The standard error of the service has the traceback.")

    return answer


def _error(status: int, message: str, hint: str | None = None) -> JsonResponse:
    return JsonResponse({"error": {"message": message, "hint": hint}}, status)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    messages = {
        404: f"There is no {request.url.path[:100]}.",
        405: f"{request.url.path} does not take {request.method}.",
    }
    hint = "See: GET /, POST /predict, POST /explain, GET /health, GET /metrics."
    answer = _error(error.status_code, messages.get(error.status_code, error.detail), hint)
    answer.headers.update(error.headers or {})
    return answer


class _Frame:
    """What every request and every answer have in common: the check of the host, headers, and the metrics."""

    def __init__(self, app: ASGIApp, service: Service, paths: Collection[str], hosts: Collection[str]) -> None:
        self.app, self.service, self.paths, self.hosts = app, service, paths, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                closing = [(b"connection", b"close")] if self.service.stopping else []
                message["headers"] = [*message["headers"], *_HEADERS, *closing]
            await send(message)

        try:
            app = self.app if self._is_allowed(scope) else _error(403, "This service is called by another host name.")
            await app(scope, receive, framed)
        except asyncio.CancelledError:
            self.service.dropped += 1
            raise
        finally:
            path = scope["path"] if scope["path"] in self.paths else "other"
            self.service.metrics.answered(path, status, time.perf_counter() - began)

    def _is_allowed(self, scope: Scope) -> bool:
        named = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        host = named.rpartition(":")[0] if not named.endswith("]") and ":" in named else named
        return not self.hosts or host.lower() in self.hosts
