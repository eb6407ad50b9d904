"""The process of a service: its socket, and how it ends.

At the first SIGTERM or SIGINT the service goes on answering for a moment, and tells its clients with every answer that
the connection closes. Then it accepts no new connection, answers what it has accepted, and ends.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import selectors
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from tmeattn.errors import BadInput, EnvironmentProblem, shortened
from tmeattn.os_errors import reason
from tmeattn.serve.application import application
from tmeattn.serve.requests import Limits
from tmeattn.serve.service import Service

LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "::1")
"""The names of this computer in requests to a service that is reached from it only."""
CLOSING_SECONDS = 0.5
"""Time from the signal until no new connection is accepted."""
ACCEPTING_SECONDS = 1.0
"""Time in which the connections that wait at the socket are accepted; it takes a few steps of the loop."""
READING_SECONDS = 0.2
"""Time in which those that were accepted last send their request."""
MOST_SECONDS = 30
"""Time in which accepted requests are answered after that; later ones are dropped."""


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to an address, which does not listen yet.

    Raises:
        BadInput: there is no such host.
        EnvironmentProblem: the port is taken or may not be used, or the address is not one of this computer.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise BadInput(f"--host {shortened(host)}: {reason(error)}.", hint="Leave it out for this computer.") from None
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise EnvironmentProblem(
            f"The service cannot use port {port} of {shortened(host)}: {reason(error)}.",
            hint="Give an address of this computer."
            if error.errno == errno.EADDRNOTAVAIL
            else "Choose another port; --port 0 takes a free one.",
        ) from None
    return bound


def url_of(bound: socket.socket) -> str:
    """The address of a service for a browser."""
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def is_local(bound: socket.socket) -> bool:
    """Whether an address is reached from this computer only."""
    return ipaddress.ip_address(bound.getsockname()[0].partition("%")[0]).is_loopback


def make_server(
    service: Service, limits: Limits, bound: socket.socket, *, host: str, ready: Callable[[], None]
) -> uvicorn.Server:
    """The server of a service, which `asyncio.run(server.serve([bound]))` runs in the main thread until a signal.

    host:  the one that was asked for; of a service on loopback, only clients that name this computer are answered.
    ready: called when requests are answered.
    """
    hosts = (*LOOPBACK, host.lower()) if is_local(bound) else ()
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # a client that breaks off is no news
    config = uvicorn.Config(
        application(service, limits, hosts),
        http="h11",
        ws="none",
        lifespan="on",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=MOST_SECONDS,
    )
    return _Server(config, service, ready)


class _Server(uvicorn.Server):
    """uvicorn's server, which ends in the way that this module describes."""

    def __init__(self, config: uvicorn.Config, service: Service, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._service, self._ready = service, ready
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called in the main thread for SIGINT and SIGTERM. A second signal ends the service at once."""
        if self._loop is None or self._service.stopping:
            self.should_exit = self.force_exit = True
            return
        self._service.stopping = True
        self._loop.call_soon_threadsafe(self._loop.call_later, CLOSING_SECONDS, self._end)

    def _end(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept what has connected already, which a closed socket would reset, then end."""
        if not self.force_exit:
            for listening in sockets or []:
                listening.listen(0)  # later clients try again, and are refused
                await accept_waiting(listening)
            for server in self.servers:
                server.close()
            await asyncio.sleep(READING_SECONDS)
        await super().shutdown(sockets)


async def accept_waiting(listening: socket.socket) -> None:
    """Return when every connection that waited is accepted and known to the loop's server.

    A connection that is accepted belongs to its server one step of the loop later; a server that is closed in between
    drops it. So the socket has to be seen empty twice. A loop that cannot accept (it has no file left) is waited for
    no longer than `ACCEPTING_SECONDS`.
    """
    loop = asyncio.get_running_loop()
    until, empty = loop.time() + ACCEPTING_SECONDS, 0
    with selectors.DefaultSelector() as waiting:
        waiting.register(listening, selectors.EVENT_READ)
        while empty < 2 and loop.time() < until:
            empty = 0 if waiting.select(timeout=0) else empty + 1
            await asyncio.sleep(0)
