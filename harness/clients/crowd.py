"""Crowd: the simulated clients of a scenario, who they are and how thousands of them are moved at once."""

import asyncio
import contextlib
import resource
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from urllib.parse import urlsplit

from harness.clients.client import Client
from harness.clients.connection import Note, ReadText, text_reader
from harness.clients.loop_lag import watch_loop_lag
from harness.clients.pace import Pace
from harness.clock import Clock
from harness.errors import BackendError
from harness.scenario.model import Scenario, channel_of, names_of, number_of, query_of

_FILES_BESIDES = 200
"""Open files that a run needs besides its clients' sockets."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the crowd is: clients in all, connected now, subscribed now; text messages received so far."""

    clients: int
    connected: int
    subscribed: int
    messages: int


class Crowd:
    """The clients of `scenario` at the WebSocket URL `url`; use it as an async context manager.

    Inside the context the event loop's lag is watched; at its end every client leaves. At most `at_once` clients
    connect or leave at a time: a crowd is not a flood, unless a scenario's timeline makes it one. With
    `connects_per_second` no more opening handshakes than that begin in a second, whatever the timeline says.

    Clients go by the names that the scenario gives them, KeyError for a stranger. What a server does to a client is
    noted and never raised, and leaves the others as they are.
    """

    def __init__(
        self,
        scenario: Scenario,
        url: str,
        *,
        clock: Clock,
        note: Note,
        ssl_context: ssl.SSLContext | None = None,
        open_timeout: float = 10.0,
        at_once: int = 64,
        connects_per_second: float | None = None,
    ) -> None:
        self._scenario, self._url, self._clock, self._note = scenario, url, clock, note
        self._open_timeout, self._at_once = open_timeout, at_once
        self._pace = Pace(connects_per_second, clock)
        self._ssl = ssl_context or _system_authorities(url)
        read_text = text_reader(scenario.feed)
        self._clients = {
            name: self._new_client(name, read_text)
            for group_name, group in scenario.clients.items()
            for name in names_of(group_name, group)
        }
        self._tasks = asyncio.TaskGroup()
        self._lag_watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Crowd":
        allow_open_files(len(self._clients) + _FILES_BESIDES)
        await self._tasks.__aenter__()
        self._lag_watch = self._tasks.create_task(watch_loop_lag(self._clock, self._note))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.close()
        finally:
            if self._lag_watch is not None:
                self._lag_watch.cancel()
            # What was raised inside goes on to the caller as it is, not wrapped into a group.
            await self._tasks.__aexit__(None, None, None)

    @property
    def progress(self) -> Progress:
        """How far the crowd is, counted now."""
        clients = self._clients.values()
        connected = [client for client in clients if client.is_connected]
        return Progress(
            clients=len(clients),
            connected=len(connected),
            subscribed=sum(client.channel is not None for client in connected),
            messages=sum(client.messages for client in clients),
        )

    async def gather_at_start(self) -> None:
        """Connects and subscribes every client that joins before the timeline; a refusal is noted, not raised."""
        await self._for_each(
            (name for name in self._clients if self._scenario.group_of(name).joins == "before"), self.connect
        )

    async def connect(self, name: str) -> None:
        """Connects the client and, when that was accepted, subscribes it to its group's channel, if any.

        A client that is connected stays as it is: one that should have been refused and was not may be asked to
        connect again, and it is for the checks to say what was wrong.
        """
        if self._clients[name].is_connected:
            return
        await self._pace.turn()
        accepted = await self._clients[name].connect()
        channel = channel_of(self._scenario, name)
        if accepted and channel is not None:
            await self.subscribe(name, channel)

    async def subscribe(self, name: str, channel: str) -> None:
        """Asks for the channel; returns when the gateway surely has the message."""
        await self._clients[name].subscribe(channel)

    async def leave(self, name: str) -> None:
        """Closes the client's connection with a close frame; returns when it has ended."""
        await self._clients[name].leave()

    def vanish(self, name: str) -> None:
        """Resets the client's TCP connection."""
        self._clients[name].vanish()

    async def roundtrip(self, timeout: float) -> bool:
        """Whether all that the server wrote to anybody before this call arrived within `timeout` seconds."""
        pongs: list[asyncio.Future[bool]] = []
        connected = iter([client for client in self._clients.values() if client.is_connected])
        while batch := list(islice(connected, self._at_once)):
            pongs.extend(client.ping() for client in batch)
            await asyncio.sleep(0)  # thousands of pings in one go would delay the messages that are arriving
        if not pongs:
            return True
        # A pong that can never come because its connection ended counts too: nothing else can arrive there.
        _, missing = await asyncio.wait(pongs, timeout=timeout)
        return not missing

    async def close(self, timeout: float = 10.0) -> None:
        """Lets everybody leave politely, and cuts off whoever is still there after `timeout` seconds."""
        connected = (client.name for client in self._clients.values() if client.is_connected)
        with contextlib.suppress(TimeoutError):  # who is still there is cut off next
            async with asyncio.timeout(timeout):
                await self._for_each(connected, self.leave)
        await asyncio.gather(*(client.cut() for client in self._clients.values()))

    async def _for_each(self, names: Iterable[str], act: Callable[[str], Awaitable[None]]) -> None:
        waiting = iter(names)

        async def work() -> None:
            for name in waiting:
                await act(name)

        async with asyncio.TaskGroup() as workers:
            for _ in range(self._at_once):
                workers.create_task(work())

    def _new_client(self, name: str, read_text: ReadText) -> Client:
        headers, number = self._scenario.group_of(name).headers, str(number_of(name))
        return Client(
            name,
            self._url,
            feed=self._scenario.feed,
            clock=self._clock,
            note=self._note,
            query=query_of(self._scenario, name),
            headers={field: value.replace("{n}", number) for field, value in headers.items()},
            ssl_context=self._ssl,
            read_text=read_text,
            open_timeout=self._open_timeout,
        )


def allow_open_files(needed: int) -> None:
    """Raises this process's limit of open files to `needed`; BackendError when the machine does not allow it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= needed or soft == resource.RLIM_INFINITY:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise BackendError(
            f"this scenario needs {needed} open files and this machine allows {hard}; "
            f"raise it with `ulimit -Hn {needed}` or use fewer clients"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _system_authorities(url: str) -> ssl.SSLContext | None:
    """One context for the whole crowd: loading the authorities takes longer than a handshake."""
    return ssl.create_default_context() if urlsplit(url).scheme == "wss" else None
