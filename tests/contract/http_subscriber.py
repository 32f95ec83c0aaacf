"""An HTTP endpoint that SNS delivers to: it keeps every request and answers as it is told."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

from tests.patience import WAIT


@dataclass(frozen=True, slots=True)
class Posted:
    """One request: header fields by their names in small letters."""

    path: str
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """The JSON."""
        decoded: dict[str, Any] = json.loads(self.text)
        return decoded


class HttpSubscriber:
    """Its `url`, and what was posted to it; `answers` holds the statuses of the next requests, 200 when empty."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}/inbox?from=sns"
        self.posted: Queue[Posted] = Queue()
        self.answers: Queue[int] = Queue()

    def next(self) -> Posted:
        """The next request; queue.Empty when none comes."""
        return self.posted.get(timeout=WAIT)


@contextmanager
def http_subscriber() -> Iterator[HttpSubscriber]:
    """An endpoint on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            fields = {name.lower(): value for name, value in self.headers.items()}
            status = 200 if subscriber.answers.empty() else subscriber.answers.get()
            subscriber.posted.put(Posted(self.path, fields, text))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        subscriber = HttpSubscriber(server)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield subscriber
        finally:
            server.shutdown()
            thread.join()
