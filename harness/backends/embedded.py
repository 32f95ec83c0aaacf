"""Embedded backend, the default: our own emulator, in a process of its own, on a free port of loopback."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import boto3
import orjson
import urllib3
from botocore.config import Config

from harness.backends.backend import Seen, Traits
from harness.emulator.elsewhere.services import read_elsewhere
from harness.emulator.lambda_runtime.debugging import PATIENCE, Debugging
from harness.emulator.lambda_runtime.node import package_advice
from harness.errors import BackendError, DeploymentFailed, UsageError

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from harness.stack.model import Function

START_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0
PREWARM_TIMEOUT = 60.0
_PYTHON_PLACE = re.compile(r'File "([^"<>]+)",? line (\d+)', re.IGNORECASE)
_NODE_PLACE = re.compile(r"\b(?:file://)?(/[^\s()]+?):(\d+)")
AS_ON_AWS: Mapping[str, int] = {}


@cache
def _session() -> boto3.Session:
    return boto3.Session()


def does_not_start(function: str, init_error: bytes) -> DeploymentFailed:
    """The failure of a function whose INIT ended with this error JSON."""
    error = orjson.loads(init_error)
    what = f"{error.get('errorType')}: {error.get('errorMessage')}{_raised_at(error.get('stackTrace'))}"
    advice = package_advice(str(error.get("errorMessage")))
    return DeploymentFailed(f"function {function!r} does not start: {what}" + (advice and f"\n{advice}"))


def _raised_at(trace: object) -> str:
    """` (app.py:3)`: the innermost place of a stack trace, which Python tells last and Node first."""
    lines = "\n".join(map(str, trace)) if isinstance(trace, list) else ""
    places = _PYTHON_PLACE.findall(lines)[-1:] or _NODE_PLACE.findall(lines)[:1]
    return "".join(f" ({file}:{line})" for file, line in places)


def emulator_client(service: str, endpoint: str, region: str) -> "BaseClient":
    """A boto3 client of an emulator; any credentials do there."""
    return _session().client(  # type: ignore[call-overload,no-any-return]  # any service
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's own
        config=Config(max_pool_connections=32, retries={"mode": "standard", "total_max_attempts": 3}),
    )


def emulator_urls(endpoint: str, api_id: str, stage: str) -> Mapping[str, str]:
    """`url` for WebSocket clients and `management_endpoint` for @connections."""
    path = f"/_aws/execute-api/{api_id}/{stage}"
    return {"url": endpoint.replace("http", "ws", 1) + path, "management_endpoint": endpoint + path}


def hot_reload_code(function: "Function") -> Mapping[str, object]:
    """The handlers from where they lie: LocalStack's convention for code that is never packed."""
    return {"S3Bucket": "hot-reload", "S3Key": str(Path(function.code).resolve())}


class EmbeddedBackend:
    """An emulator process, started by `start` and ended by `close`.

    The process holds the reading end of a pipe whose writing end is ours: if this process dies, however it dies,
    the emulator sees the pipe close and ends, and its functions end with it.
    """

    name = "embedded"

    def __init__(
        self,
        *,
        region: str,
        host: str = "127.0.0.1",
        port: int = 0,
        verify_signatures: bool = False,
        observations: int | None = None,
        execution: Mapping[str, int] = AS_ON_AWS,
        debugging: Debugging | None = None,
        elsewhere: Mapping[str, str] | None = None,
        callback_host: str | None = None,
    ) -> None:
        """`observations` is how many of these the emulator keeps until they are read; None for its default.

        `execution` may hold `account_concurrency` and `max_environments`; `debugging` says which functions are
        debugged, and how. `elsewhere` holds the endpoints of services that the emulator relays, by signing name:
        {"sns": "http://..."}; `callback_host` is the name by which these reach the emulator, None for where it
        listens.
        """
        self._elsewhere, self._callback_host = read_elsewhere((elsewhere or {}).items()), callback_host
        self._observations = observations
        self._execution, self._debugging = execution, debugging
        self._region = region
        self._verify_signatures = verify_signatures
        self._host, self._port = host, port
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline = -1
        self._seen = 0
        self._endpoint = ""
        self._http = urllib3.PoolManager(maxsize=32)

    async def start(self) -> None:
        """Starts the emulator and returns once it listens; BackendError when it cannot."""
        held_by_emulator, self._lifeline = os.pipe()
        command = [sys.executable, "-m", "harness.emulator", "--host", self._host, "--port", str(self._port)]
        command += ["--region", self._region, "--lifeline", str(held_by_emulator)]
        command += ["--verify-signatures"] if self._verify_signatures else []
        command += [] if self._observations is None else ["--observations", str(self._observations)]
        command += [f"--elsewhere={service}={url}" for service, url in self._elsewhere.items()]
        command += [] if self._callback_host is None else ["--callback-host", self._callback_host]
        for name, most in self._execution.items():
            command += [f"--{name.replace('_', '-')}", str(most)]
        command += [] if self._debugging is None else ["--debugging", orjson.dumps(self._debugging).decode()]
        self._process = subprocess.Popen(  # noqa: ASYNC220 - returns at once; what takes time is awaited below
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            pass_fds=(held_by_emulator,),
            start_new_session=True,  # Ctrl-C is for the harness, which then ends the emulator in order
        )
        os.close(held_by_emulator)
        self._endpoint = await self._ready(self._process)

    async def _ready(self, process: subprocess.Popen[bytes]) -> str:
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), START_TIMEOUT)
        except TimeoutError as error:
            process.kill()
            raise BackendError(f"the emulator did not start within {START_TIMEOUT:.0f} s") from error
        answer = orjson.loads(line) if line else {}
        if "endpoint" not in answer:
            await asyncio.to_thread(process.wait)
            raise BackendError(answer.get("error", "the emulator ended while it was starting; see above"))
        return str(answer["endpoint"])

    async def close(self) -> None:
        """Ends the emulator and everything it started, and waits until it is gone.

        One that has not ended after STOP_TIMEOUT seconds, or when the wait is cancelled, is killed.
        """
        process, self._process = self._process, None
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
        if process is None:
            return
        assert process.stdout is not None
        try:
            await asyncio.to_thread(_end, process)
        finally:
            process.kill()  # one for which nobody waits any more has no time left
            process.stdout.close()
            self._http.clear()

    async def __aenter__(self) -> "EmbeddedBackend":
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def traits(self) -> Traits:
        return Traits()

    @property
    def endpoint(self) -> str:
        return self._endpoint

    def client(self, service: str) -> "BaseClient":
        return emulator_client(service, self._endpoint, self._region)

    def urls(self, api_id: str, stage: str) -> Mapping[str, str]:
        return emulator_urls(self._endpoint, api_id, stage)

    def code(self, function: "Function") -> Mapping[str, object]:
        return hot_reload_code(function)

    async def prewarm(self, function: str, environments: int) -> None:
        asked = orjson.dumps({"function": function, "environments": environments})
        # An INIT that is debugged takes as long as its debugger.
        patience = PREWARM_TIMEOUT if self._debugging is None else PATIENCE
        answer = await self._ask("POST", "prewarm", asked, timeout=patience)
        if answer.status != 200:
            raise does_not_start(function, answer.data)

    async def set_gateway(self, configuration: Mapping[str, object]) -> None:
        answer = await self._ask("PUT", "gateway", orjson.dumps(configuration))
        if answer.status != 200:
            raise UsageError(f"gateway: {orjson.loads(answer.data)['message']}")

    async def set_dynamodb(self, configuration: Mapping[str, object]) -> None:
        answer = await self._ask("PUT", "dynamodb", orjson.dumps(configuration))
        if answer.status != 200:
            raise UsageError(f"dynamodb: {orjson.loads(answer.data)['message']}")

    async def set_sns(self, configuration: Mapping[str, object]) -> None:
        answer = await self._ask("PUT", "sns", orjson.dumps(configuration))
        if answer.status != 200:
            raise UsageError(f"sns: {orjson.loads(answer.data)['message']}")

    async def quiet(self, timeout: float) -> bool:
        answer = await self._ask("GET", f"quiet?timeout={timeout}", timeout=timeout + 10.0)
        return answer.status == 200

    async def end_left_over(self) -> None:
        await self._ask("POST", "end-left-over", timeout=60.0)

    async def forget_retries(self) -> Sequence[str]:
        answer = await self._ask("POST", "forget-retries")
        given_up: Sequence[str] = orjson.loads(answer.data)["given_up"]
        return given_up

    async def seen(self) -> Seen:
        lines, lost = bytearray(), 0
        while True:
            answer = await self._ask("GET", f"observations?since={self._seen}")
            lines += answer.data
            lost += int(answer.headers["x-harness-lost"])
            self._seen = int(answer.headers["x-harness-next"])
            if answer.headers["x-harness-more"] == "no":
                return Seen(bytes(lines), lost, self._seen)

    async def _ask(
        self, method: str, page: str, body: bytes | None = None, *, timeout: float = 10.0
    ) -> urllib3.BaseHTTPResponse:
        url = f"{self._endpoint}/_harness/{page}"
        try:
            answer = await asyncio.to_thread(
                self._http.request, method, url, body=body, timeout=timeout, retries=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise BackendError(self._silence(error)) from error
        if answer.status == 502:
            raise BackendError(orjson.loads(answer.data)["message"])
        if answer.status >= 500:
            raise BackendError(f"the emulator answered {answer.status} to {method} {url}: {answer.data!r}")
        return answer

    def _silence(self, error: Exception) -> str:
        """Why the emulator does not answer: it has ended, or what the connection says."""
        status = None if self._process is None else self._process.poll()
        if status is None:
            return f"the emulator at {self._endpoint} does not answer any more: {error}"
        how = f"signal {-status}" if status < 0 else f"exit code {status}"
        return f"the emulator ended unexpectedly, with {how}; what it said stands above"


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
