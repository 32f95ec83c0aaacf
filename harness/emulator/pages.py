"""The emulator's own pages under `/_harness/`: what it saw, whether it is idle, how it behaves where AWS is open.

- `GET health`: `{"status": "running", ...}`
- `GET observations?since=N`: JSON lines, one observation each; the header `x-harness-next` is the next N to ask
  for, `x-harness-more` (yes or no) whether there is more at once, `x-harness-lost` how many observations fell out
  of the journal before they were asked for
- `GET quiet?timeout=S`: 200 once nothing is in flight, 408 after S seconds
- `PUT gateway` with `{"disconnect_events": "delivered" | "lost"}`
- `POST prewarm` with `{"function": name, "environments": n}`: 200, or 424 with the INIT error
- `GET logs?function=NAME`: the function's log as text
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson

from harness.emulator.gateway.open_connection import GatewaySettings
from harness.emulator.http import MaybeLater, Request, Response, json_response
from harness.emulator.journal import Journal
from harness.emulator.lambda_runtime.outcome import NoSuchFunction
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.record.history import encode

PREFIX = "/_harness/"

# Observations in one answer: what can be written without holding up a push.
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Pages:
    """Answers the emulator's own pages."""

    version: str
    journal: Journal
    quiet: Callable[[float], Awaitable[bool]]
    gateway: GatewaySettings
    functions: LambdaRuntime

    def answer(self, request: Request) -> MaybeLater:
        """The page, 404 for another path, 405 for another method."""
        match request.method, request.path.removeprefix(PREFIX):
            case "GET", "health":
                body = {
                    "status": "running",
                    "version": self.version,
                    "observations": self.journal.next_number,
                }
                return json_response(200, orjson.dumps(body))
            case "GET", "observations":
                return self._observations(int(_query(request, "since", "0")))
            case "GET", "quiet":
                return self._quiet(float(_query(request, "timeout", "10")))
            case "PUT", "gateway":
                return self._gateway(request.body)
            case "POST", "prewarm":
                return self._prewarm(orjson.loads(request.body))
            case "GET", "logs":
                return self._logs(_query(request, "function", ""))
        return json_response(404, b'{"message":"no such page; see the documentation of /_harness/"}')

    def _observations(self, since: int) -> Response:
        seen, next_number, lost = self.journal.since(since, most=PAGE)
        headers = (
            ("Content-Type", "application/x-ndjson"),
            ("x-harness-next", str(next_number)),
            ("x-harness-more", "yes" if next_number < self.journal.next_number else "no"),
            ("x-harness-lost", str(lost)),
        )
        return Response(200, headers, b"".join(map(encode, seen)))

    async def _quiet(self, timeout: float) -> Response:
        idle = await self.quiet(timeout)
        return json_response(200 if idle else 408, orjson.dumps({"quiet": idle}))

    def _gateway(self, body: bytes) -> Response:
        wanted = orjson.loads(body).get("disconnect_events")
        if wanted not in ("delivered", "lost"):
            return json_response(400, b'{"message":"disconnect_events is `delivered` or `lost`"}')
        self.gateway.disconnect_events = wanted
        return json_response(200, b"{}")

    async def _prewarm(self, asked: dict[str, object]) -> Response:
        match await self.functions.prewarm(str(asked["function"]), int(str(asked.get("environments", 1)))):
            case None:
                return json_response(200, b"{}")
            case NoSuchFunction(function):
                return json_response(404, orjson.dumps({"errorType": "NoSuchFunction", "errorMessage": function}))
            case error:
                return json_response(424, error)

    def _logs(self, function: str) -> Response:
        lines = (f"{line.line}\n" for line in self.functions.logs(function))
        return Response(200, (("Content-Type", "text/plain; charset=utf-8"),), "".join(lines).encode())


def _query(request: Request, name: str, default: str) -> str:
    return next((value for key, value in request.query_items() if key == name), default)
