"""Three SDKs behind one call: boto3 in this process, the SDKs for JavaScript v2 and v3 in one of their own."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.patience import WAIT

FOLDER = Path(__file__).parent
REGION = "us-east-1"

Call: TypeAlias = Mapping[str, object]
"""`endpoint`, `signed`, `operation` and `parameters`: what a driver reads from one line."""


@dataclass(frozen=True, slots=True)
class Succeeded:
    """What the operation gave; times are datetimes."""

    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """An error as calling code sees it.

    `code` is what that SDK's users compare with, `seen` all that the error says, by the SDK's own names.
    """

    code: str
    status: int
    message: str
    seen: Mapping[str, Any]


Answer: TypeAlias = Succeeded | Failed


class Sdk(Protocol):
    """One SDK. Nothing is retried."""

    name: str

    def call(
        self, endpoint: str, operation: str, parameters: Mapping[str, object], *, signed: bool = True
    ) -> Answer:
        """Calls the operation at `https://.../{stage}`."""


class Boto3:
    """AWS SDK for Python."""

    name = "boto3"

    def call(
        self, endpoint: str, operation: str, parameters: Mapping[str, object], *, signed: bool = True
    ) -> Answer:
        """As `Sdk.call`."""
        with _boto3_client(endpoint, signed=signed) as client:
            method = {
                "PostToConnection": client.post_to_connection,
                "GetConnection": client.get_connection,
                "DeleteConnection": client.delete_connection,
            }[operation]
            try:
                result = method(**parameters)
            except ClientError as error:
                return _failed_in_boto3(error)
        metadata = result.pop("ResponseMetadata")
        assert metadata["RetryAttempts"] == 0
        return Succeeded(result)


class JavaScript:
    """AWS SDK for JavaScript, behind a driver that reads a call per line and writes an answer per line."""

    def __init__(self, name: str, process: "subprocess.Popen[str]") -> None:
        self.name = name
        self._process = process

    def call(
        self, endpoint: str, operation: str, parameters: Mapping[str, object], *, signed: bool = True
    ) -> Answer:
        """As `Sdk.call`."""
        call = {"endpoint": endpoint, "signed": signed, "operation": operation, "parameters": parameters}
        answer = self._exchange(json.dumps(call))
        if "error" not in answer:
            return Succeeded(_with_times(answer["result"]))
        error = answer["error"]
        if self.name == "v2":
            return Failed(error["code"], error["statusCode"], error["message"], error)
        return Failed(error["name"], error["httpStatusCode"], error["message"], error)

    def _exchange(self, line: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        overdue = threading.Timer(WAIT, self._process.kill)
        overdue.start()
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        finally:
            overdue.cancel()
        assert answer, f"the driver of SDK {self.name} ended, or gave no answer in {WAIT:.0f} s"
        return json.loads(answer)


@contextmanager
def javascript_sdk(name: str) -> Iterator[JavaScript]:
    """The SDK `v2` or `v3`; its process ends with the context. Look at `why_not` first."""
    driver = FOLDER / {"v2": "driver_v2.cjs", "v3": "driver_v3.mjs"}[name]
    process = subprocess.Popen(
        ["node", driver], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield JavaScript(name, process)
        finally:
            process.kill()


def why_not() -> str | None:
    """Why programs of npm's packages cannot be run here; None when they can."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (FOLDER / "node_modules" / ".installed").exists():
        return "npm's packages are not installed: make tests/contract/sdk/node_modules/.installed"
    return None


@contextmanager
def _boto3_client(endpoint: str, *, signed: bool) -> Iterator[Any]:
    config = Config(retries={"total_max_attempts": 1})
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    client = session.client(
        "apigatewaymanagementapi",
        endpoint_url=endpoint,
        config=config if signed else config.merge(Config(signature_version=UNSIGNED)),
    )
    try:
        yield client
    finally:
        client.close()


def _failed_in_boto3(error: ClientError) -> Failed:
    response: Any = error.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    said = response["Error"]
    seen = {"class": type(error).__name__, **said}
    return Failed(said["Code"], status, said.get("Message", ""), seen)


def _with_times(result: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        key: datetime.fromisoformat(value) if key.endswith("At") else value for key, value in result.items()
    }
