"""A headless Chromium, driven over its DevTools protocol, and the page from which it opens WebSockets."""

import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.patience import WAIT

START = 60.0  # seconds that a cold browser may need
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--remote-debugging-port=0",
)
# `dial` opens a WebSocket, sends `send`, closes after `expect` messages with `close`, and tells how it all ended.
PAGE = b"""<!doctype html><title>a client</title><script>
function dial({ url, protocols = [], send = [], expect = send.length, close = [] }) {
  return new Promise((resolve) => {
    const seen = { opened: false, received: [] };
    const socket = new WebSocket(url, protocols);
    const done = () => seen.received.length === expect && close !== null && socket.close(...close);
    socket.onopen = () => {
      Object.assign(seen, { opened: true, protocol: socket.protocol, extensions: socket.extensions });
      send.forEach((message) => socket.send(message.size ? new Uint8Array(message.size) : message));
      done();
    };
    socket.onmessage = ({ data }) => { seen.received.push(data); done(); };
    socket.onclose = ({ code, reason, wasClean }) => resolve({ ...seen, code, reason, wasClean });
  });
}
</script>"""


def why_not() -> str | None:
    """Why no browser can be run here; None when one can."""
    return None if shutil.which("chromium") else "chromium is not installed"


class Browser:
    """One page in a browser."""

    def __init__(self, devtools: ClientConnection) -> None:
        self._devtools = devtools
        self._numbers = itertools.count(1)
        self._session: str | None = None

    def visit(self, url: str) -> None:
        """Opens the page in a tab of its own and returns once it has loaded."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._call("Page.enable")
        self._call("Page.navigate", url=url)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def dial(self, **how: object) -> dict[str, Any]:
        """What the page's `dial` tells."""
        answer = self._call(
            "Runtime.evaluate",
            expression=f"dial({json.dumps(how)})",
            awaitPromise=True,
            returnByValue=True,
        )
        assert "exceptionDetails" not in answer, answer
        seen: dict[str, Any] = answer["result"]["value"]
        return seen

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        session = {} if self._session is None else {"sessionId": self._session}
        self._devtools.send(json.dumps({"id": number, "method": method, "params": parameters, **session}))
        while (message := self._next()).get("id") != number:
            pass
        assert "error" not in message, message
        result: dict[str, Any] = message["result"]
        return result

    def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._devtools.recv(START))
        return message


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a new profile, on the page with `dial`. Look at `why_not` first."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        command = ["chromium", *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        with process:
            try:
                address = _devtools_address(process)
                with connect(address, max_size=None, proxy=None) as devtools, _page() as page:
                    browser = Browser(devtools)
                    browser.visit(page)
                    yield browser
                    devtools.send('{"id":0,"method":"Browser.close"}')
                    process.wait(WAIT)
            finally:
                _kill(process)


def _devtools_address(process: "subprocess.Popen[str]") -> str:
    """The address that the browser prints; what it prints afterwards is read and dropped."""
    assert process.stderr is not None
    overdue = threading.Timer(START, _kill, [process])
    overdue.start()
    try:
        for line in process.stderr:
            if (found := re.search(r"DevTools listening on (ws://\S+)", line)) is not None:
                threading.Thread(target=process.stderr.read, daemon=True).start()
                return found[1]
    finally:
        overdue.cancel()
    raise AssertionError(f"chromium ended, or did not start within {START:.0f} s")


def _kill(process: "subprocess.Popen[str]") -> None:
    """Ends the browser with all the processes that it started."""
    if process.poll() is None:
        os.killpg(process.pid, 9)


@contextmanager
def _page() -> Iterator[str]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
