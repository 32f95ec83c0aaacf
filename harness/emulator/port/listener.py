"""Listener on one port for plain connections and TLS alike, told apart by the first byte that a client sends.

A TLS connection begins with a handshake record, whose first byte is 22 (RFC 8446, 5.1); no HTTP request does. The
byte is looked at and left in the socket, so that whoever speaks with the client from then on reads it again.
"""

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable

log = logging.getLogger(__name__)

FIRST_BYTE_TIMEOUT = 60.0
"""Seconds that a client gets to say anything; clients that open connections ahead of use need some."""
HANDSHAKE_TIMEOUT = 10.0
"""Seconds for the whole TLS handshake."""

_TLS_HANDSHAKE = b"\x16"
_BACKLOG = 4096
_AT_ONCE = 128  # connections accepted before others get their turn
_PAUSE = 1.0  # seconds without accepting, after the system had nothing left for a new connection
_NOTHING_LEFT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listener:
    """Listens on one port. Each connection gets a `protocol`, behind `tls` if its client begins so.

    Without `tls`, whoever begins so is taken for a plain client.

    OSError from `listen` leaves it as it was. A TLS handshake that fails ends its own connection only.
    """

    def __init__(self, protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None) -> None:
        self._protocol = protocol
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._listening: socket.socket | None = None
        self._silent: dict[socket.socket, asyncio.TimerHandle] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None

    def listen(self, host: str, port: int) -> int:
        """Listens and returns the port (a free one for 0); OSError when it is taken."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self._listening.setblocking(False)
        self._loop.add_reader(self._listening, self._accept, self._listening)
        return int(self._listening.getsockname()[1])

    async def close(self) -> None:
        """Stops listening and drops every connection that has no protocol yet."""
        if self._pause is not None:
            self._pause.cancel()
        if self._listening is not None:
            self._loop.remove_reader(self._listening)
            self._listening.close()
            self._listening = None
        for connection in tuple(self._silent):
            self._drop(connection)
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)

    @property
    def undecided(self) -> int:
        """How many connections are open that have no protocol yet."""
        return len(self._silent) + len(self._opening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, _address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NOTHING_LEFT:
                    raise
                self._rest(listening, error)
                return
            connection.setblocking(False)
            self._begin(connection)

    def _rest(self, listening: socket.socket, error: OSError) -> None:
        log.error("no new connections for %.0f s: %s", _PAUSE, error.strerror)
        self._loop.remove_reader(listening)
        self._pause = self._loop.call_later(_PAUSE, self._loop.add_reader, listening, self._accept, listening)

    def _begin(self, connection: socket.socket) -> None:
        first = _first_byte(connection)
        if first is not None:
            self._open(connection, first)
            return
        self._silent[connection] = self._loop.call_later(FIRST_BYTE_TIMEOUT, self._drop, connection)
        self._loop.add_reader(connection, self._spoke, connection)

    def _spoke(self, connection: socket.socket) -> None:
        first = _first_byte(connection)
        if first is not None:
            self._loop.remove_reader(connection)
            self._silent.pop(connection).cancel()
            self._open(connection, first)

    def _drop(self, connection: socket.socket) -> None:
        self._loop.remove_reader(connection)
        self._silent.pop(connection).cancel()
        connection.close()

    def _open(self, connection: socket.socket, first: bytes) -> None:
        if not first:
            connection.close()
            return
        tls = self._tls if first == _TLS_HANDSHAKE else None
        task = self._loop.create_task(self._adopt(connection, tls))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _adopt(self, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
        timeout = None if tls is None else HANDSHAKE_TIMEOUT
        try:
            await self._loop.connect_accepted_socket(
                self._protocol, connection, ssl=tls, ssl_handshake_timeout=timeout
            )
        except OSError as error:  # ssl.SSLError is one too; the connection is closed
            log.debug("a client's connection ended before it began: %s", error)


def _first_byte(connection: socket.socket) -> bytes | None:
    """What stands first in the socket, b"" when its client has gone; None when nothing has come yet."""
    try:
        return connection.recv(1, socket.MSG_PEEK)
    except (BlockingIOError, InterruptedError):
        return None
    except OSError:
        return b""
