"""The screens in a browser: textual-serve starts a process of `tmeattn tui` for each page that is opened."""

from __future__ import annotations

import errno
import logging
import os
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from tmeattn.child_python import child_environment, tmeattn_command
from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.os_errors import reason

LOOPBACK = "127.0.0.1"
PORT = 8000
LARGEST_PORT = 65535
_INSTALL = 'pip install "tmeattn[web]"'


def is_served() -> bool:
    """Whether this process draws for a browser."""
    return "web_driver" in os.environ.get("TEXTUAL_DRIVER", "")


def serve(run: str | None, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve the screens until Ctrl-C. run: the run whose screen opens first. announce: called with the address.

    Only pages of this server may connect: a page of another site that the browser shows could otherwise press keys.

    Raises:
        EnvironmentProblem: textual-serve is not installed, or the port is taken.
        BadInput: the port or the address cannot be one.
    """
    try:
        from aiohttp import web
        from textual_serve.server import Server
    except ModuleNotFoundError as error:
        raise EnvironmentProblem(
            "The screens in a browser need textual-serve, which is not installed.", hint=_INSTALL
        ) from error
    _check_port(host, port)

    class OwnPagesOnly(Server):  # type: ignore[misc,unused-ignore]  # textual-serve has no types
        async def _make_app(self) -> Any:
            app = await super()._make_app()
            app.middlewares.append(web.middleware(_refuse_others))
            return app

        async def handle_index(self, request: Any) -> Any:
            self.public_url = f"http://{request.host}"  # the address that the browser knows
            return await super().handle_index(request)

        async def on_startup(self, app: Any) -> None:
            announce(f"http://{_in_address(host)}:{port}")

        def initialize_logging(self) -> None:
            logging.getLogger("textual-serve").setLevel(logging.ERROR)

    async def _refuse_others(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        if not is_own_page(request.headers.get("Origin"), request.headers.get("Host", ""), host):
            raise web.HTTPForbidden(text="This address is for tmeattn's own pages.")
        return await handler(request)

    os.environ.update(child_environment(), TERM="xterm-256color", PYTHONUTF8="1")
    command = shlex.join(tmeattn_command("tui", *([run] if run else [])))
    OwnPagesOnly(command, host=host, port=port, title="tmeattn").serve()


def is_own_page(origin: str | None, asked: str, host: str) -> bool:
    """Whether a request comes from a page of this server.

    origin: the site whose page sends it; None where the browser names none, as when a page is opened. asked: the
    address that it asks for: on this computer it must be one of this computer, because a name on the internet may
    lead here, too. host: the address at which the server listens.
    """
    if origin is not None and urlsplit(origin).netloc != asked:
        return False
    name = urlsplit(f"//{asked}").hostname
    return not is_loopback(host) or name in ("localhost", "127.0.0.1", "::1", host)


def is_loopback(host: str) -> bool:
    """Whether only programs on this computer reach an address."""
    return host in ("localhost", "::1") or host.startswith("127.")


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _check_port(host: str, port: int) -> None:
    """Check that the server can listen there.

    Raises:
        EnvironmentProblem: another program does, or a permission is missing.
        BadInput: this computer has no such address.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            if sys.platform != "win32":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
    except OSError as error:
        place = f"{_in_address(host)}:{port}"
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < LARGEST_PORT else PORT
            raise EnvironmentProblem(
                f"Another program listens at {place}.", hint=f"Choose another port: tmeattn tui --web {other}"
            ) from error
        if error.errno == errno.EACCES:
            hint = "Choose a port from 1024 on."
            raise EnvironmentProblem(f"Cannot listen at {place}: {reason(error)}.", hint=hint) from error
        raise BadInput(f"Cannot listen at {place}: {reason(error)}.", hint="Check the address.") from error
    except UnicodeError:  # as of a name whose part is empty or too long
        raise BadInput(
            f"Cannot listen at {host}:{port}: this is no name of a computer.", hint="Check the address."
        ) from None
