"""Answers that are written down beforehand, to see what an SDK makes of them and what it sends."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Canned:
    """One answer, given to every request, and where it is given; `targets` are the requests' targets so far."""

    endpoint: str
    targets: list[str] = field(default_factory=list)


@contextmanager
def answering(status: int, headers: Mapping[str, str], body: bytes = b"") -> Iterator[Canned]:
    """A server on the loopback interface that answers everything alike."""
    targets: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            targets.append(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Nothing: the tests look at `targets`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Canned(f"http://127.0.0.1:{server.server_address[1]}/dev", targets)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
