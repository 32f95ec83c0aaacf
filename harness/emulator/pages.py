"""Pages of the emulator's own, under `/_harness/`: what it saw, whether it is idle, how it behaves where AWS is open.

- `GET health`: `{"status": "running", ...}`, with what is open and under way: `Load` says what
- `GET observations?since=N`: lines of a history (record/lines.py) without its header; the header field
  `x-harness-next` is the next N to ask for, `x-harness-more` (yes or no) whether there is more at once,
  `x-harness-lost` how many observations fell out of the journal before they were asked for
- `GET quiet?timeout=S`: 200 once nothing is in flight, 408 after S seconds
- `GET gateway`: the gateway's settings and quotas; `PUT gateway` with those that shall differ from AWS's, all others
  are AWS's again: `{"disconnect_events": "late", "disconnect_delay": 2, "quotas": {"idle_timeout": 5}}`
- `PUT dynamodb` with what shall differ from AWS's tables at their best: `{"index_lag": 0.05, "throttle_every": 100}`
- `GET elsewhere`: `{"services": {"sns": {"endpoint": ..., "reachable": true, "reason": ""}}, ...}`; when one of
  these cannot be reached, `quiet` and `observations` answer 502 and say so
- `PUT sns` with what shall differ from SNS at its best, by topic and for all others by `*`, and the seed of its
  chance: `{"seed": 1, "topics": {"*": {"duplicates": 0.1, "delay": [0.01, 0.2]}}}`
- `POST prewarm` with `{"function": name, "environments": n}`: 200, or 424 with the INIT error; 0 environments are one
  that ends once it is initialised
- `POST end-left-over`: ends processes that functions have left running, with the environments in which they did;
  `{"functions": [...]}` are the names of these
- `POST forget-retries`: gives up what waits for a later attempt, events of functions and deliveries of topics;
  `{"given_up": ["fan_out", ...]}` has each one's function or endpoint
- `GET logs`: what the functions wrote, as text, oldest line first; `function=NAME` and `request=ID` tell whose lines,
  `after=N` skips those up to number N, `wait=S` waits so many seconds for a first one, `format=json` gives a JSON
  object for each line; the header `x-harness-last` is the next N to ask for
- `GET ca.pem`: the certificate of the authority that clients of `https` and `wss` have to trust
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Protocol

import orjson

from harness.emulator.dynamodb.settings import DynamoDbSettings, read_settings
from harness.emulator.gateway.configuration import (
    ConfigurationError,
    GatewaySettings,
    InForce,
    described,
    read_configuration,
)
from harness.emulator.gateway.quotas import Quotas
from harness.emulator.journal import Journal
from harness.emulator.lambda_runtime.log_book import LogBook
from harness.emulator.lambda_runtime.outcome import NoSuchFunction, RequestId
from harness.emulator.port.http import MaybeLater, Request, Response, json_response
from harness.emulator.sns import behaviour

PREFIX = "/_harness/"

_PAGES = (
    "health",
    "observations",
    "quiet",
    "gateway",
    "dynamodb",
    "sns",
    "elsewhere",
    "prewarm",
    "end-left-over",
    "forget-retries",
    "logs",
    "ca.pem",
)

_NOTHING_ELSEWHERE = json_response(200, b'{"services":{},"awaited_notifications":0}')

# Observations in one answer: what can be written without holding up a push.
PAGE = 1000


class BadRequest(ValueError):
    """What was asked cannot be understood; the message says what is wanted."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the emulator carries: open connections, and what has begun and not ended.

    `http` includes the connection that asks; `in_flight` counts handshakes, messages, closings, invocations and
    batches of event sources; `tasks` are all of the event loop's.
    """

    http: int
    websocket: int
    in_flight: int
    tasks: int


class ConfiguredGateway(Protocol):
    """The gateway, with what it is told and what it goes by."""

    @property
    def in_force(self) -> InForce: ...

    def configure(self, *, settings: GatewaySettings | None = None, quotas: Quotas | None = None) -> None:
        """From now on these hold."""


class Functions(Protocol):
    """The functions, as far as they are warmed and listened to."""

    @property
    def log(self) -> LogBook: ...

    async def prewarm(self, function: str, n: int) -> bytes | NoSuchFunction | None:
        """None once `n` more environments are initialised, else the error JSON."""

    def forget_retries(self) -> tuple[str, ...]:
        """Gives up events that wait for their next attempt; the name of its function for each."""

    async def end_left_over(self) -> tuple[str, ...]:
        """Ends what functions have left running; the names of those."""


class ConfiguredTables(Protocol):
    """The tables, with what they are told."""

    def configure(self, settings: DynamoDbSettings) -> None:
        """From now on these hold."""


class ConfiguredTopics(Protocol):
    """The topics, with what they are told."""

    def configure(self, settings: behaviour.SnsSettings) -> None:
        """From now on these hold."""

    def forget_retries(self) -> tuple[str, ...]:
        """Gives up deliveries that wait long for their next attempt; the endpoint of each."""


class ServicesElsewhere(Protocol):
    """The services that are at another endpoint, by signing name, and whether they answer."""

    @property
    def endpoints(self) -> Mapping[str, str]: ...

    @property
    def trouble(self) -> str:
        """Why one did not answer when last asked; "" when all did."""

    def __contains__(self, service: str) -> bool: ...

    async def probe(self) -> str:
        """Asks every endpoint for a sign of life; what is wrong, "" for nothing."""

    async def page(self) -> Response:
        """Where each is, and whether it answers."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Answers the emulator's own pages; what is asked wrongly gets a 400 that says so."""

    version: str
    journal: Journal
    quiet: Callable[[float], Awaitable[bool]]
    gateway: ConfiguredGateway
    functions: Functions
    dynamodb: ConfiguredTables
    sns: ConfiguredTopics
    load: Callable[[], Load]
    authority: bytes
    elsewhere: ServicesElsewhere | None = None

    def answer(self, request: Request) -> MaybeLater:
        """The page, 404 for another path, 405 for another method."""
        try:
            return self._page(request)
        except BadRequest as bad:
            return json_response(400, orjson.dumps({"message": str(bad)}))

    def _page(self, request: Request) -> MaybeLater:
        page = request.path.removeprefix(PREFIX)
        answer = self._shown(page, request) if request.method == "GET" else self._done(page, request)
        if answer is not None:
            return answer
        if page in _PAGES:
            return json_response(405, b'{"message":"this page takes another method"}')
        return json_response(404, b'{"message":"no such page; see the documentation of /_harness/"}')

    def _shown(self, page: str, request: Request) -> MaybeLater | None:
        match page:
            case "health":
                return self._health()
            case "observations":
                return self._observations(int(_number(request, "since", "0")))
            case "quiet":
                return self._quiet(_number(request, "timeout", "10"))
            case "elsewhere":
                return _NOTHING_ELSEWHERE if self.elsewhere is None else self.elsewhere.page()
            case "gateway":
                return json_response(200, orjson.dumps(described(self.gateway.in_force)))
            case "logs":
                return self._logs(request)
            case "ca.pem":
                return Response(200, (("Content-Type", "application/x-pem-file"),), self.authority)
        return None

    def _done(self, page: str, request: Request) -> MaybeLater | None:
        match request.method, page:
            case "PUT", "gateway":
                return self._gateway(request.body)
            case "PUT", "dynamodb":
                return self._dynamodb(request.body)
            case "PUT", "sns":
                return self._sns(request.body)
            case "POST", "prewarm":
                return self._prewarm(_object(request.body))
            case "POST", "end-left-over":
                return self._end_left_over()
            case "POST", "forget-retries":
                given_up = (*self.functions.forget_retries(), *self.sns.forget_retries())
                return json_response(200, orjson.dumps({"given_up": given_up}))
        return None

    def _health(self) -> Response:
        seen = self.journal.next_number
        body = {"status": "running", "version": self.version, "observations": seen, **asdict(self.load())}
        return json_response(200, orjson.dumps(body))

    def _observations(self, since: int) -> Response:
        if self.elsewhere is not None and self.elsewhere.trouble:
            return _unreachable(self.elsewhere.trouble)
        lines, next_number, lost = self.journal.page(since, most=PAGE)
        headers = (
            ("Content-Type", "application/x-ndjson"),
            ("x-harness-next", str(next_number)),
            ("x-harness-more", "yes" if next_number < self.journal.next_number else "no"),
            ("x-harness-lost", str(lost)),
        )
        return Response(200, headers, lines)

    async def _quiet(self, timeout: float) -> Response:
        if self.elsewhere is not None and (trouble := await self.elsewhere.probe()):
            return _unreachable(trouble)
        idle = await self.quiet(timeout)
        if self.elsewhere is not None and (trouble := await self.elsewhere.probe()):
            return _unreachable(trouble)
        return json_response(200 if idle else 408, orjson.dumps({"quiet": idle}))

    def _gateway(self, body: bytes) -> Response:
        try:
            wanted = read_configuration(_object(body))
        except ConfigurationError as error:
            raise BadRequest(str(error)) from error
        self.gateway.configure(settings=wanted.settings, quotas=wanted.quotas)
        return json_response(200, orjson.dumps(described(wanted)))

    def _dynamodb(self, body: bytes) -> Response:
        try:
            wanted = read_settings(_object(body))
        except ValueError as error:
            raise BadRequest(str(error)) from error
        if self.elsewhere is not None and "dynamodb" in self.elsewhere and wanted != DynamoDbSettings():
            raise BadRequest(
                f"the tables are at {self.elsewhere.endpoints['dynamodb']}, which takes no settings"
            )
        self.dynamodb.configure(wanted)
        return json_response(200, orjson.dumps(asdict(wanted)))

    def _sns(self, body: bytes) -> Response:
        try:
            wanted = behaviour.read_settings(_object(body))
        except ValueError as error:
            raise BadRequest(str(error)) from error
        self.sns.configure(wanted)
        return json_response(200, orjson.dumps(wanted))

    def _prewarm(self, asked: Mapping[str, object]) -> MaybeLater:
        match asked.get("function"), asked.get("environments", 1):
            case str(function), int(environments) if environments >= 0:
                return self._prewarmed(function, environments)
        raise BadRequest("a function's name, and environments from 0 on")

    async def _prewarmed(self, function: str, environments: int) -> Response:
        match await self.functions.prewarm(function, environments):
            case None:
                return json_response(200, b"{}")
            case NoSuchFunction(arn):
                return json_response(404, orjson.dumps({"errorType": "NoSuchFunction", "errorMessage": arn}))
            case error:
                return json_response(424, error)

    async def _end_left_over(self) -> Response:
        return json_response(200, orjson.dumps({"functions": await self.functions.end_left_over()}))

    async def _logs(self, request: Request) -> Response:
        log, after = self.functions.log, int(_number(request, "after", "0"))
        function, invocation = _query(request, "function", ""), _query(request, "request", "")
        with suppress(TimeoutError):  # no line is an answer too
            async with asyncio.timeout(_number(request, "wait", "0")):
                await log.another(after)
        last = ("x-harness-last", str(log.last_number))
        lines = log.lines(function or None, RequestId(invocation) if invocation else None, after=after)
        if _query(request, "format", "text") == "json":
            body = b"".join(orjson.dumps(line) + b"\n" for line in lines)
            return Response(200, (("Content-Type", "application/x-ndjson"), last), body)
        text = "".join(f"{line.line}\n" for line in lines)
        return Response(200, (("Content-Type", "text/plain; charset=utf-8"), last), text.encode())


def _unreachable(trouble: str) -> Response:
    return json_response(502, orjson.dumps({"message": trouble}))


def _query(request: Request, name: str, default: str) -> str:
    return next((value for key, value in request.query_items() if key == name), default)


def _number(request: Request, name: str, default: str) -> float:
    try:
        number = float(_query(request, name, default))
    except ValueError as error:
        raise BadRequest(f"{name} is a number") from error
    if not math.isfinite(number) or number < 0:
        raise BadRequest(f"{name} is a number from 0 on")
    return number


def _object(body: bytes) -> Mapping[str, object]:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest("the body is a JSON object") from error
    if not isinstance(asked, dict):
        raise BadRequest("the body is a JSON object")
    return asked
