"""Keys and pasted texts, each handled after the effect of the one before, however fast they come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

PASSES = 8
"""Times that the queues are emptied for one key at most, where they fill again and again."""
LONGEST = 10.0
"""Seconds that a key waits at most for the effect of the one before, all queues together. It waits only for work
that the one before has caused, so that only a busy computer, where a screen takes seconds to open, comes near this."""
LOOK = 0.02
"""Seconds between two looks whether a widget that is waited for still exists."""

Typed = events.Key | events.Paste


class InputOrder:
    """The keys and pasted texts that wait for their turn.

    Textual gives a key to the widget that has the focus at that moment. A key that the widget does not use itself, such
    as Tab, goes from there through the queues of all widgets around it before its action runs. In the meantime the next
    keys were given to the widget that had the focus before. Here the next key is given to a widget after the action of
    the one before and the messages that it posted have been handled. Characters that a text field takes go straight
    into its own queue, which keeps their order.
    """

    def __init__(self, app: App[None], handle: Callable[[Typed], Awaitable[None]]) -> None:
        self._app, self._handle = app, handle
        self._typed: asyncio.Queue[Typed] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._text_waits = False

    def put(self, event: Typed) -> None:
        """Handle an event when those before it have been handled."""
        self._typed.put_nowait(event)
        if self.idle:
            self._task = asyncio.create_task(self._handle_all(), name="keys in their order")

    @property
    def idle(self) -> bool:
        """Whether every event has had its effect."""
        return self._task is None or self._task.done()

    def stop(self) -> None:
        """Forget the events that wait."""
        if self._task is not None:
            self._task.cancel()

    async def _handle_all(self) -> None:
        while not self._typed.empty():
            event = self._typed.get_nowait()
            try:
                await self._handle_one(event)
            except Exception as error:  # as in the loop of the application
                self._app._handle_exception(error)

    async def _handle_one(self, event: Typed) -> None:
        if self._is_text(event):
            self._text_waits = True
            await self._handle(event)
            return
        if self._text_waits:
            await self._settle()
        await self._handle(event)
        await self._settle()
        self._text_waits = False

    def _is_text(self, event: Typed) -> bool:
        """Whether the widget with the focus takes the event as text, so that no binding runs."""
        focused = self._app.focused
        if focused is None or isinstance(event, events.Paste):
            return False
        return event.is_printable and focused.check_consume_key(event.key, event.character)

    async def _settle(self) -> None:
        """Wait until the queues from the widget with the focus up to the application are empty."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                await self._empty_queues()

    async def _empty_queues(self) -> None:
        before: list[MessagePump] = []
        for _ in range(PASSES):
            pumps = self._queues()
            if pumps == before and not any(pump.message_queue_size for pump in pumps):
                return
            for pump in pumps:
                await _passed(pump)
            before = pumps

    def _queues(self) -> list[MessagePump]:
        screen = self._app.screen
        around = (screen.focused or screen).ancestors_with_self
        return [pump for pump in around if pump.is_running]


async def _passed(pump: MessagePump) -> None:
    """Wait until a widget has handled the messages that wait in its queue now, unless it is removed before."""
    done = asyncio.Event()
    if pump.call_later(done.set):
        while pump.is_running and not done.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await done.wait()
