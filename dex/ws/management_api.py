"""API Gateway Management API: one message to many connections, fast.

Over a few keep-alive connections, one request in flight on each. Connections and event loop are kept between
invocations; since Lambda freezes the process in between, a kept connection can be dead without our knowing, so a
post that finds it so is sent again at once on a fresh one.
"""

import asyncio
import os
import random
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache

from botocore.credentials import ReadOnlyCredentials
from botocore.httpsession import get_cert_path

from dex.ws import environment
from dex.ws.http_connection import HttpConnection, open_connection
from dex.ws.http_response import Response
from dex.ws.post_outcomes import (
    OUT_OF_TIME,
    Failed,
    Outcome,
    PostReport,
    RetryPolicy,
    outcome_of,
    outcome_of_error,
)
from dex.ws.signed_requests import VALID_FOR, SignedRequests, parse_endpoint

LONGEST_MESSAGE = 128 * 1024
"""Bytes; a longer message is refused with 413 (M-10)."""

_KEPT_FOR = 30.0
"""Seconds for which an unused connection is trusted; a load balancer on the way may drop it without a word."""


class ManagementApi:
    """One endpoint's `@connections`. Not for use by several threads at once.

    `endpoint` ends in the stage; `time_out` is for one attempt, in seconds; `connections` bounds the posts in
    flight.
    """

    def __init__(
        self,
        endpoint: str,
        region: str,
        credentials: Callable[[], ReadOnlyCredentials],
        *,
        connections: int = 16,
        time_out: float = 3.0,
        retry_policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._endpoint = parse_endpoint(endpoint)
        self._region = region
        self._credentials = credentials
        self._time_out = time_out
        self._retry_policy = retry_policy
        self._tls = (tls or _trusted_certificates()) if self._endpoint.secure else None
        self._connections = connections
        self._in_flight = asyncio.Semaphore(connections)
        self._unused: list[HttpConnection] = []
        self._runner = asyncio.Runner()

    def post_to_connections(
        self, connection_ids: Iterable[str], data: bytes, *, within: float = 25.0
    ) -> PostReport:
        """Posts the message to each connection, in no particular order, and returns when every post has ended.

        Never raises for a connection: 429, 5xx and broken connections are retried, and what is still not
        delivered after the last attempt, or after `within` seconds, is in the report.
        """
        return PostReport.of(self._request("POST", connection_ids, data, within))

    def gone_of(self, connection_ids: Iterable[str], *, within: float = 25.0) -> tuple[str, ...]:
        """Those of the connections that do not exist, by GetConnection; one of which nothing is learned is not."""
        return PostReport.of(self._request("GET", connection_ids, b"", within)).gone

    def close(self) -> None:
        """Closes the kept connections and the event loop."""
        self._runner.run(self._close_connections())
        self._runner.close()

    def _request(
        self, method: str, connection_ids: Iterable[str], data: bytes, within: float
    ) -> Mapping[str, Outcome]:
        outcomes: dict[str, Outcome] = dict.fromkeys(connection_ids, OUT_OF_TIME)
        requests = SignedRequests(
            self._endpoint,
            self._region,
            self._credentials(),
            data,
            method=method,
            at=datetime.now(UTC),
            trace_id=environment.trace_id(),
        )
        self._runner.run(self._request_all(requests, outcomes, within))
        return outcomes

    async def _request_all(
        self, requests: SignedRequests, outcomes: dict[str, Outcome], within: float
    ) -> None:
        waiting = iter(tuple(outcomes))
        # What has no outcome when the time is up has kept `OUT_OF_TIME`.
        with suppress(TimeoutError):
            async with asyncio.timeout(min(within, VALID_FOR)), asyncio.TaskGroup() as tasks:
                for _ in range(min(self._connections, len(outcomes))):
                    tasks.create_task(self._work_off(waiting, requests, outcomes, tasks))

    async def _work_off(
        self,
        waiting: Iterator[str],
        requests: SignedRequests,
        outcomes: dict[str, Outcome],
        tasks: asyncio.TaskGroup,
    ) -> None:
        """Takes one waiting connection after the other; one that must wait for a retry holds up no other."""
        async with self._in_flight:
            for connection_id in waiting:
                outcomes[connection_id] = outcome = await self._outcome(requests.request(connection_id))
                if _is_transient(outcome):
                    tasks.create_task(self._try_again(connection_id, requests, outcomes))

    async def _try_again(
        self, connection_id: str, requests: SignedRequests, outcomes: dict[str, Outcome]
    ) -> None:
        for retry in range(1, self._retry_policy.attempts):
            await asyncio.sleep(self._retry_policy.delay(retry, random.random()))  # noqa: S311 - jitter
            async with self._in_flight:
                outcomes[connection_id] = outcome = await self._outcome(requests.request(connection_id))
            if not _is_transient(outcome):
                return

    async def _outcome(self, request: bytes) -> Outcome:
        try:
            response = await self._send_on_kept_connection(request) or await self._send_on_new_one(request)
        except OSError as error:
            return outcome_of_error(error)
        return outcome_of(response)

    async def _send_on_kept_connection(self, request: bytes) -> Response | None:
        """The response; None when no connection is kept that still works."""
        connection = self._take_unused()
        if connection is None:
            return None
        try:
            return await self._send(connection, request)
        except ConnectionError:
            return None

    async def _send_on_new_one(self, request: bytes) -> Response:
        connection = await open_connection(self._endpoint, self._tls, time_out=self._time_out)
        return await self._send(connection, request)

    async def _send(self, connection: HttpConnection, request: bytes) -> Response:
        response = await connection.exchange(request, time_out=self._time_out)
        if connection.is_open:
            self._unused.append(connection)
        return response

    def _take_unused(self) -> HttpConnection | None:
        too_old = asyncio.get_running_loop().time() - _KEPT_FOR
        while self._unused:
            connection = self._unused.pop()
            if connection.is_open and connection.last_used > too_old:
                return connection
            connection.abort()
        return None

    async def _close_connections(self) -> None:
        while self._unused:
            self._unused.pop().abort()
        await asyncio.sleep(0)  # lets the transports close their sockets


@cache
def management_api(endpoint: str) -> ManagementApi:
    """The API at an endpoint, with this function's region and credentials; kept for the life of the process."""
    return ManagementApi(
        endpoint,
        environment.region(),
        environment.credentials,
        connections=environment.post_connections(),
    )


def _is_transient(outcome: Outcome) -> bool:
    return isinstance(outcome, Failed) and outcome.transient


def _trusted_certificates() -> ssl.SSLContext:
    """Trusts whom the SDK trusts."""
    return ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or get_cert_path(True))
