"""Requests to a service: their bodies within the limits, and what they ask for, checked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from tmeattn.errors import shortened
from tmeattn.inference.given_texts import given_texts
from tmeattn.plurals import counted

BODY_SECONDS = 30.0
"""Time in which the body of a request must arrive."""
MOST_EXPLAINED = 32
"""Explanations that one request may ask for: each takes many predictions."""


class Refused(Exception):
    """A request that is not answered as it asks: the status code, and what the client is told."""

    def __init__(self, status: int, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.hint = status, message, hint


@dataclass(frozen=True)
class Limits:
    """texts: the most texts of a request. bytes: the largest body."""

    texts: int = 256
    bytes: int = 2**20


@dataclass(frozen=True)
class Wanted:
    """What a request asks for. method, target, layer and head are those of explanations."""

    texts: Sequence[str]
    methods: tuple[str | None, ...] = (None,)
    target: str | None = None
    layer: int | None = None
    head: int | None = None


async def body_of(request: Request, limits: Limits) -> bytes:
    """The body of a request.

    Raises:
        Refused: it is too large, or does not arrive in time.
    """
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told) > limits.bytes:
        raise _too_large(limits)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.bytes:
                    raise _too_large(limits)
    except TimeoutError:
        raise Refused(408, f"The request did not arrive within {BODY_SECONDS:g} s.") from None
    return bytes(body)


def _too_large(limits: Limits) -> Refused:
    return Refused(413, f"The request is larger than {limits.bytes:,} bytes.", "Send fewer texts at once.")


def wanted(body: bytes, limits: Limits, *, explain: bool) -> Wanted:
    """What the JSON document of a request asks for.

    Raises:
        Refused: it is no such document, or has too many texts.
        BadInput: a text is no string or is empty.
    """
    given = _document(body)
    known = {"text": str, "texts": list} | (
        {"method": str | list, "class": str, "layer": int, "head": int} if explain else {}
    )
    for name, value in given.items():
        if name not in known:
            raise Refused(400, f"There is no field {shortened(name)!r}.", f"The fields are {', '.join(known)}.")
        if value is not None and (not isinstance(value, known[name]) or isinstance(value, bool)):
            raise Refused(400, f"The field {name!r} is {_json_type(value)}, not {_WANTED[name]}.")
    texts = given.get("texts")
    if (given.get("text") is None) == (texts is None):
        raise Refused(400, "Give either text, a string, or texts, an array of strings.")
    texts = [given["text"]] if texts is None else texts
    if len(texts) > limits.texts:
        raise Refused(
            413, f"The request has {counted(len(texts), 'text')}.", f"Send at most {limits.texts:,} in one request."
        )
    methods = given.get("method")
    methods = methods if isinstance(methods, list) else [methods]
    if not methods or not all(method is None or isinstance(method, str) for method in methods):
        raise Refused(400, "The field 'method' is not the name of a method or an array of names.")
    if explain and len(texts) * len(methods) > MOST_EXPLAINED:
        raise Refused(
            413,
            f"The request asks for {counted(len(texts) * len(methods), 'explanation')}.",
            f"Ask for at most {MOST_EXPLAINED} in one request.",
        )
    return Wanted(
        given_texts(texts, "texts"), tuple(methods), given.get("class"), given.get("layer"), given.get("head")
    )


_WANTED = {
    "text": "a string",
    "texts": "an array of strings",
    "method": "a string or an array of strings",
    "class": "a string",
    "layer": "a whole number",
    "head": "a whole number",
}


def _document(body: bytes) -> dict[str, Any]:
    example = 'Send for example {"text": "A wonderful film."}'
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        where = f": {error}" if isinstance(error, json.JSONDecodeError) else ""
        raise Refused(400, f"The body of the request is not JSON{where}.", example) from None
    if not isinstance(given, dict):
        raise Refused(400, f"The body of the request is {_json_type(given)}, not an object.", example)
    return given


def _json_type(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")
