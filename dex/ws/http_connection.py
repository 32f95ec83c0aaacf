"""HTTP/1.1 connection, kept alive, that carries one request after another."""

import asyncio
import ssl

from dex.ws.http_response import MalformedResponseError, Response, parse_response
from dex.ws.signed_requests import Endpoint


class HttpConnection(asyncio.Protocol):
    """A connection that waits for each answer before its next request."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._response: asyncio.Future[Response] | None = None
        self._received = b""
        self.last_used = 0.0

    @property
    def is_open(self) -> bool:
        """False once either side has closed it, as far as is known: a peer's close may be on its way."""
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, request: bytes, *, time_out: float) -> Response:
        """The answer to a request. ConnectionError when the peer closes before it, TimeoutError after `time_out`.

        A connection whose answer did not come is closed, since a late one would be taken for the next.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        loop = asyncio.get_running_loop()
        self._received, self._response = b"", loop.create_future()
        timer = loop.call_later(time_out, self._fail, TimeoutError(f"no answer within {time_out:g} s"))
        self._transport.write(request)
        response = None
        try:
            response = await self._response
        finally:
            timer.cancel()
            self._response, self.last_used = None, loop.time()
            if response is None or not response.keep_alive:
                self.abort()
        return response

    def abort(self) -> None:
        """Closes the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._response is None or self._response.done():
            self.abort()  # nobody asked, so nobody could tell whose answer it is
            return
        self._received += data
        try:
            response = parse_response(self._received)
        except MalformedResponseError as error:
            self._fail(error)
            return
        if response is not None:
            self._response.set_result(response)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        error = ConnectionResetError("the peer closed the connection before it answered")
        error.__cause__ = exc
        self._fail(error)

    def _fail(self, error: OSError) -> None:
        if self._response is not None and not self._response.done():
            self._response.set_exception(error)


async def open_connection(
    endpoint: Endpoint, tls: ssl.SSLContext | None, *, time_out: float
) -> HttpConnection:
    """A new connection to the endpoint; OSError (TimeoutError is one) when there is none to be had."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(time_out):
            _, connection = await loop.create_connection(
                HttpConnection, endpoint.hostname, endpoint.port, ssl=tls
            )
    except TimeoutError as error:
        raise TimeoutError(f"no connection within {time_out:g} s") from error
    return connection
