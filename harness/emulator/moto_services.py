"""moto, in process: the control plane and every service that need be neither fast nor exact.

moto is synchronous and takes one request at a time, so it lives in a thread of its own and the event loop that
carries the WebSocket traffic never waits for it.
"""

import asyncio
import logging
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Protocol, TypeVar

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.model import OperationNotFoundError

from harness.emulator.aws_api.errors import aws_error, not_emulated
from harness.emulator.aws_api.requests import ACCOUNT, AwsCall
from harness.emulator.port.http import Request, Response

os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT

from moto.backends import get_backend
from moto.core.exceptions import ServiceException as ServiceException
from moto.core.request import normalize_request
from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)
T = TypeVar("T")

# Signing names that moto files under another name.
_MOTO_NAMES = {"monitoring": "cloudwatch", "states": "stepfunctions", "email": "ses"}

# A moto response: status, headers, body.
_Answer = tuple[int, Mapping[str, object], str | bytes]


class AsksMoto(Protocol):
    """Who answers what a room leaves to moto."""

    async def answer(self, call: AwsCall, request: Request) -> Response:
        """moto's answer."""


class MotoThread(Protocol):
    """Where moto's state may be touched."""

    def run(self, work: Callable[[], T]) -> Awaitable[T]:
        """Runs the work there and returns what it returns."""

    def submit(self, work: Callable[[], None]) -> None:
        """Runs the work there some time soon."""


class Moto(AsksMoto, MotoThread, Protocol):
    """Both, for a room that answers over moto's state."""


class MotoServices:
    """Answers AWS requests from moto's backends, for one account and any region.

    What `run` raises is what the work raised; moto's state is then as the work left it, and the next work runs.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="moto")

    async def answer(self, call: AwsCall, request: Request) -> Response:
        """moto's answer, or 501 with the operation's name for what moto does not have."""
        return await self.run(lambda: _answer(call, request))

    async def run(self, work: Callable[[], T]) -> T:
        """Runs `work` in the thread where moto's state may be changed."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def submit(self, work: Callable[[], None]) -> None:
        """Runs `work` there some time soon; what it raises is logged."""
        self._thread.submit(work).add_done_callback(_log_failure)

    def close(self) -> None:
        """Ends the thread, after the work that it is at."""
        self._thread.shutdown(wait=True, cancel_futures=True)


def _log_failure(done: "Future[None]") -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.error("work in moto's thread failed", exc_info=error)


def backend_of(service: str, region: str) -> object | None:
    """moto's backend object of a service, for reading what is deployed; None for a region that AWS lacks."""
    regions = get_backend(service)[ACCOUNT]  # type: ignore[call-overload]
    return regions[region] if region in regions else None  # noqa: SIM401 - subscription creates it


def _answer(call: AwsCall, request: Request) -> Response:
    scheme = "https" if request.secure else "http"  # moto builds the URLs of queues from it
    url = f"{scheme}://{_aws_host(call, request)}{request.target}"
    operation = call.operation or f"{request.method} {request.path}"
    method = _moto_method(_moto_name(call.service, request.path), call.region, url.partition("?")[0])
    if method is None:
        return not_emulated(call.service, operation)
    prepared = normalize_request(_prepared(request, url))
    try:
        return _response(method(prepared, prepared.raw_url, prepared.headers), request.method)
    except HTTPException as refused:
        return _response(
            (refused.code or 500, dict(refused.get_headers()), refused.get_body()), request.method
        )
    except (NotImplementedError, OperationNotFoundError):
        return not_emulated(call.service, operation)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # moto checks little before it reads a parameter; the client must hear of it all the same.
        log.warning("moto broke on %s:%s", call.service, operation, exc_info=True)
        text = f"moto could not answer {operation}: {type(error).__name__}: {error}"
        return aws_error(call.service, 500, "InternalFailure", text)


def _aws_host(call: AwsCall, request: Request) -> str:
    """The host that the call would have on AWS; that of S3 may name the bucket."""
    host = request.headers.get("host").lower()
    if call.service == "s3" and host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return host
    return f"{call.service}.{call.region}.amazonaws.com"


def _moto_name(service: str, path: str) -> str:
    if service == "apigateway" and path.startswith("/v2/"):
        return "apigatewayv2"
    return _MOTO_NAMES.get(service, service)


def _moto_method(service: str, region: str, url: str) -> Callable[..., _Answer] | None:
    for pattern, method in _url_methods(service, region):
        if pattern.match(url):
            return method
    return None


@lru_cache(maxsize=256)
def _url_methods(service: str, region: str) -> tuple[tuple[re.Pattern[str], Callable[..., _Answer]], ...]:
    try:
        regions = get_backend(service)[ACCOUNT]  # type: ignore[call-overload]
    except ModuleNotFoundError:
        return ()
    backend = regions[region] if region in regions else regions["aws"]
    return tuple((re.compile(url), method) for url, method in backend.urls.items())


def _prepared(request: Request, url: str) -> AWSPreparedRequest:
    headers = HTTPHeaders()
    for name, value in request.headers.fields:
        headers[name] = value
    return AWSPreparedRequest(
        method=request.method, url=url, headers=headers, body=request.body, stream_output=False
    )


def _response(answer: _Answer, method: str) -> Response:
    status, headers, body = answer
    dropped = ["date", "connection", "transfer-encoding"]
    if method != "HEAD":  # whose Content-Length is an answer (HeadObject)
        dropped.append("content-length")
    fields = tuple((name, str(value)) for name, value in dict(headers).items() if name.lower() not in dropped)
    return Response(int(status), fields, body.encode() if isinstance(body, str) else body)
