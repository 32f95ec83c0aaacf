"""Client: one simulated client and what it can do, by the name that the scenario gives it.

It does as it is told and notes what it sees. A refused handshake, a close by the server or a missing pong is
noted or answered False, never raised: whether that was right is for the checks to say.
"""

import asyncio
import ssl
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import orjson
from websockets.client import ClientProtocol
from websockets.http11 import Request
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from harness.clients.connection import Connection, Note, ReadText, text_reader
from harness.clock import Clock
from harness.errors import UsageError
from harness.record.observation import (
    ClientConnecting,
    ClientLeft,
    SubscriptionSent,
)
from harness.scenario.feed import Feed

_SUBPROTOCOL = "Sec-WebSocket-Protocol"


class Client:
    """A client of the WebSocket API at `url` (ws:// or wss://), one connection at a time.

    `query` and `headers` go with every opening handshake; the `User-Agent` carries the client's name, so that a
    gateway of ours can tell whose connection it is. `ssl_context` is for wss://, the system's authorities when
    None. `read_text` is `text_reader(feed)`, shared by the clients of a crowd. Waits are in seconds.

    Everything it does and sees goes to `note`. After a refusal, a close or a reset it is as before its first
    connection, and may connect again; UsageError for connecting twice changes nothing.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        feed: Feed,
        clock: Clock,
        note: Note,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        read_text: ReadText | None = None,
        open_timeout: float = 10.0,
    ) -> None:
        self.name = name
        self.channel: str | None = None
        self._feed, self._clock, self._note = feed, clock, note
        self._query, self._headers = query or {}, headers or {}
        self._uri = parse_uri(_with_query(url, self._query))
        self._ssl = (ssl_context or ssl.create_default_context()) if self._uri.secure else None
        self._read_text = read_text or text_reader(feed)
        self._open_timeout = open_timeout
        self._connection: Connection | None = None
        self._messages_before = 0

    @property
    def is_connected(self) -> bool:
        """Whether the connection is open now."""
        return self._connection is not None and self._connection.is_open

    @property
    def messages(self) -> int:
        """How many text messages have arrived, over all of the client's connections."""
        now = self._connection.messages if self._connection else 0
        return self._messages_before + now

    async def connect(self) -> bool:
        """Opens a connection; True when the handshake was answered 101.

        Raises UsageError when the client is connected already.
        """
        await self._end_former_connection()
        connection = self._new_connection()
        self._connection = connection
        self._note(ClientConnecting(self._clock.monotonic(), self.name))
        deadline = asyncio.get_running_loop().time() + self._open_timeout
        if await self._reach_server(connection, deadline) and await self._answered(connection, deadline):
            self.channel = self._feed.subscribed_at_connect(self._query)
            return True
        return False

    async def subscribe(self, channel: str, timeout: float = 10.0) -> bool:
        """Sends the subscribe message and returns when the server surely has it: it answered a later ping.

        False when it did not within `timeout`, or when the client is not connected; nothing is noted then.
        """
        if self._connection is None or not self._connection.is_open:
            return False
        message = orjson.dumps(self._feed.subscribe_message(channel)).decode()
        self._note(SubscriptionSent(self._clock.monotonic(), self.name, channel))
        self._connection.send_text(message)
        if not await self.roundtrip(timeout):
            return False
        self.channel = channel
        return True

    def ping(self) -> "asyncio.Future[bool]":
        """True once the pong is there, and so all that the server wrote before; False when the connection ends."""
        if self._connection is not None:
            return self._connection.ping()
        unconnected: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        unconnected.set_result(False)
        return unconnected

    async def roundtrip(self, timeout: float) -> bool:
        """Whether a ping was answered within `timeout`: all that the server wrote before it has arrived."""
        pong = self.ping()
        answered, _ = await asyncio.wait((pong,), timeout=timeout)
        return pong.result() if answered else False

    async def leave(self, timeout: float = 5.0) -> None:
        """Closes with 1000 and returns when the connection has ended; cut off when the server takes longer."""
        connection = self._connection
        if connection is None or not connection.is_open:
            return
        self._note(ClientLeft(self._clock.monotonic(), self.name))
        connection.send_close()
        await asyncio.wait((connection.lost,), timeout=timeout)
        await connection.cut()

    def vanish(self) -> None:
        """Resets the TCP connection, as a phone does that loses its network and is heard of once more."""
        connection = self._connection
        if connection is None or not connection.is_open:
            return
        self._note(ClientLeft(self._clock.monotonic(), self.name, vanished=True))
        connection.reset()

    async def cut(self) -> None:
        """Ends whatever is still open, without ceremony."""
        if self._connection is not None:
            await self._connection.cut()

    async def _end_former_connection(self) -> None:
        """So that what is still to be noted of it comes before anything of the next one."""
        if self.is_connected:
            raise UsageError(
                f"client {self.name} is connected: it must leave or vanish before it connects again"
            )
        await self.cut()
        self._messages_before = self.messages
        self._connection, self.channel = None, None

    def _new_connection(self) -> Connection:
        offered = next((v for k, v in self._headers.items() if k.lower() == _SUBPROTOCOL.lower()), "")
        subprotocols = [Subprotocol(one.strip()) for one in offered.split(",") if one.strip()]
        core = ClientProtocol(self._uri, subprotocols=subprotocols or None, max_size=None)
        return Connection(
            self.name,
            core,
            self._request(core),
            clock=self._clock,
            note=self._note,
            read_text=self._read_text,
        )

    def _request(self, core: ClientProtocol) -> Request:
        request = core.connect()
        for field, value in {"User-Agent": f"fanout-harness/1 (client {self.name})", **self._headers}.items():
            if field in request.headers:
                del request.headers[field]
            request.headers[field] = value
        return request

    async def _reach_server(self, connection: Connection, deadline: float) -> bool:
        try:
            async with asyncio.timeout_at(deadline):
                with connection.opening():
                    await asyncio.get_running_loop().create_connection(
                        lambda: connection, self._uri.host, self._uri.port, ssl=self._ssl
                    )
        except TimeoutError:
            connection.give_up(f"no connection within {self._open_timeout:g} s")
        except OSError as error:
            connection.give_up(str(error))
        return not connection.answered.done() or connection.answered.result()

    async def _answered(self, connection: Connection, deadline: float) -> bool:
        no_answer = f"no answer to the opening handshake within {self._open_timeout:g} s"
        timer = asyncio.get_running_loop().call_at(deadline, connection.give_up, no_answer)
        try:
            await asyncio.wait((connection.answered,))
            return connection.answered.result()
        finally:
            timer.cancel()


def _with_query(url: str, query: Mapping[str, str]) -> str:
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query, quote_via=quote)}"
