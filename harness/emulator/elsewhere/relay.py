"""Relay of AWS requests to the endpoints where their services are, and of the answers back.

A request is signed anew: the endpoint knows nothing of the functions' credentials, and what it derives from an
access key (LocalStack the account, DynamoDB Local the place of its tables) has to be the same for every caller.
"""

import os
from collections.abc import Iterable, Mapping

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from yarl import URL

from harness.emulator.aws_api.errors import aws_error
from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.elsewhere.services import service_elsewhere
from harness.emulator.port.http import Request, Response

CONNECT_TIMEOUT = 5.0
ANSWER_TIMEOUT = 60.0  # seconds: a ReceiveMessage may wait for 20
PROBE_TIMEOUT = 5.0

_CREDENTIALS = Credentials("test", "test")
_SIGNED_ANEW = {"authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}
_OF_ONE_HOP = {"host", "connection", "keep-alive", "transfer-encoding", "content-length", "expect", "date"}
_NOT_RELAYED = _SIGNED_ANEW | _OF_ONE_HOP | {"accept-encoding"}


class Relay:
    """Requests to services elsewhere: `endpoints` by signing name. Needs a running event loop to `send`.

    An endpoint that does not answer raises nothing: it is a response, and `trouble` until it answers again.
    """

    def __init__(self, endpoints: Mapping[str, str]) -> None:
        self.endpoints = endpoints
        self._silent: dict[str, str] = {}
        self._opened: aiohttp.ClientSession | None = None

    def __contains__(self, service: str) -> bool:
        return service_elsewhere(service) in self.endpoints

    @property
    def trouble(self) -> str:
        """Which endpoints did not answer when last asked, and why; "" when all did."""
        return "; ".join(self._words(endpoint, why) for endpoint, why in self._silent.items())

    def silence(self, service: str) -> str:
        """Why the service's endpoint did not answer when last asked; "" when it did, or there is none."""
        return self._silent.get(self.endpoints.get(service, ""), "")

    async def send(self, call: AwsCall, request: Request) -> Response:
        """The answer of the service elsewhere; 503 with our own words when there is none."""
        endpoint = self.endpoints[service_elsewhere(call.service)]
        try:
            response = await self._fresh_if_stale(_signed(call, request, endpoint))
        except aiohttp.ClientConnectionError as error:
            self._silent[endpoint] = _why(error)
            return aws_error(
                call.service, 503, "ServiceUnavailable", self._words(endpoint, self._silent[endpoint])
            )
        except (TimeoutError, aiohttp.ClientError) as error:
            text = self._words(endpoint, str(error) or f"no answer within {ANSWER_TIMEOUT:.0f} s")
            return aws_error(call.service, 504, "GatewayTimeout", text)
        self._silent.pop(endpoint, None)
        return response

    async def probe(self) -> None:
        """Asks every endpoint for a sign of life; `trouble` tells what came of it."""
        for endpoint in set(self.endpoints.values()):
            try:
                await self._fresh_if_stale(AWSRequest("HEAD", endpoint, data=b""), PROBE_TIMEOUT)
            except (aiohttp.ClientError, TimeoutError) as error:
                self._silent[endpoint] = _why(error)
            else:
                self._silent.pop(endpoint, None)

    async def close(self) -> None:
        """Closes the connections."""
        if self._opened is not None:
            await self._opened.close()

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, limit_per_host=64),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type"),
            )
        return self._opened

    async def _fresh_if_stale(self, asked: AWSRequest, timeout: float = ANSWER_TIMEOUT) -> Response:
        """A kept connection may have been closed at the other end just now; SDKs send again then, and so do we."""
        try:
            return await self._exchange(asked, timeout)
        except aiohttp.ClientConnectionError:
            return await self._exchange(asked, timeout)

    async def _exchange(self, asked: AWSRequest, timeout: float) -> Response:
        async with self._session.request(
            str(asked.method),
            URL(str(asked.url), encoded=True),
            data=asked.data,
            headers=dict(asked.headers.items()),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_TIMEOUT),
        ) as answer:
            body = await answer.read()
        fields = ((name, value) for name, value in answer.headers.items() if name.lower() not in _OF_ONE_HOP)
        return Response(answer.status, tuple(fields), body)

    def _words(self, endpoint: str, why: str) -> str:
        return f"{self._services_at(endpoint)} at {endpoint} cannot be reached: {why}"

    def _services_at(self, endpoint: str) -> str:
        return _listed(service for service, one in self.endpoints.items() if one == endpoint)


def _signed(call: AwsCall, request: Request, endpoint: str) -> AWSRequest:
    headers = {name: value for name, value in request.headers.fields if name.lower() not in _NOT_RELAYED}
    headers["Accept-Encoding"] = "identity"
    signed = AWSRequest(request.method, endpoint + request.target, data=request.body, headers=headers)
    name = "dynamodb" if call.service == "dynamodbstreams" else call.service
    SigV4Auth(_CREDENTIALS, name, call.region).add_auth(signed)
    return signed


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return os.strerror(error.os_error.errno) if error.os_error.errno else str(error)
    if isinstance(error, TimeoutError):
        return "it takes too long to answer"
    return "it closed the connection"


def _listed(names: Iterable[str]) -> str:
    return " and ".join(sorted(names))
