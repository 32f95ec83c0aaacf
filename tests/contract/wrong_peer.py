"""A peer that is wrong on purpose: a proxy before an emulator that changes bytes on their way."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

from harness.backends.embedded import emulator_urls
from harness.parity.subject import Subject

PLAIN = {b"permessage-deflate": b"permessage-inflate"}
"""Without compression, so that what a frame says can be changed; as long as it was, as everything changed must be."""
UNCHECKED = {b"x-amz-crc32": b"x-amz-crc33"}
"""Without the checksum that a client of DynamoDB would look at."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is changed on the way there, and on the way back."""

    asked: Mapping[bytes, bytes]
    answered: Mapping[bytes, bytes]


class _Relay(BaseRequestHandler):
    server: "_Proxy"

    def handle(self) -> None:
        with socket.create_connection(self.server.behind) as behind:
            back = threading.Thread(target=_pump, args=(behind, self.request, self.server.changes.answered))
            back.start()
            _pump(self.request, behind, self.server.changes.asked)
            back.join()


class _Proxy(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, behind: tuple[str, int], changes: Changes) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.behind, self.changes = behind, changes


def _pump(source: socket.socket, target: socket.socket, changed: Mapping[bytes, bytes]) -> None:
    """Until one of them has ended; who still sends to it sees that."""
    with suppress(OSError):
        while data := source.recv(1 << 20):
            for before, after in changed.items():
                data = data.replace(before, after)
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def wrong_peer(endpoint: str, changes: Changes) -> Iterator[Subject]:
    """The emulator at `endpoint`, seen through its wrong answers."""
    url = urlsplit(endpoint)
    with _Proxy((str(url.hostname), int(url.port or 0)), changes) as proxy:
        serving = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        seen = f"http://127.0.0.1:{proxy.server_address[1]}"
        yield Subject("wrong", seen, partial(emulator_urls, seen), _answers)
        proxy.shutdown()
        serving.join()


async def _answers() -> None:
    return None
