"""What functions tell a test: a loopback server that they post their events to, and a queue behind it."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

from tests.patience import WAIT

Event: TypeAlias = dict[str, Any]

# Posts its event to the address in TELL.
TELL = """
import json, os, urllib.request

def handler(event, context):
    told = urllib.request.Request(os.environ["TELL"], data=json.dumps(event).encode(), method="POST")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(told).close()
    return {}
"""


@dataclass(frozen=True, slots=True)
class Told:
    """Where functions tell their events, and the events, in the order in which they came."""

    address: str
    events: "queue.Queue[Event]"

    def next_event(self) -> Event:
        """The next event; queue.Empty when none comes in time."""
        return self.events.get(timeout=WAIT)

    def next_closing(self) -> tuple[int, str]:
        """The code and the reason of the next event, which is that of a `$disconnect`."""
        context = self.next_event()["requestContext"]
        return context["disconnectStatusCode"], context["disconnectReason"]


@contextmanager
def listening() -> Iterator[Told]:
    """A server for what functions tell."""
    events: queue.Queue[Event] = queue.Queue()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            events.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Nothing: the events are what counts."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Told(f"http://127.0.0.1:{server.server_address[1]}/", events)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
