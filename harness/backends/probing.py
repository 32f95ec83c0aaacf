"""Probing an endpoint for what it has: it is asked for its name, and with one harmless call of each service."""

import asyncio
import socket
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import boto3
import orjson
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from harness.backends.capabilities import Answers
from harness.errors import BackendError

if TYPE_CHECKING:
    from botocore.client import BaseClient

CALLS: Mapping[str, str] = MappingProxyType(
    {
        "dynamodb": "list_tables",
        "sns": "list_topics",
        "sqs": "list_queues",
        "apigatewayv2": "get_apis",
        "lambda": "list_functions",
    }
)
"""Of each service, a call that changes nothing."""

CONNECT_TIMEOUT = 5.0
ANSWER_TIMEOUT = 60.0
"""Seconds: a service may be started by its first call, DynamoDB in LocalStack for example."""


async def probe(url: str, *, region: str) -> Answers:
    """What the endpoint has; BackendError when nothing answers there."""
    await assert_answers(url, f"the endpoint at {url}", ever=False)
    name, is_localstack = await asyncio.to_thread(_described, url)
    missing: dict[str, str] = {}
    for service in CALLS:
        # One after the other: LocalStack loads a service with its first call, and two at once can lock it for good.
        if refusal := await asyncio.to_thread(_refusal, service, url, region):
            missing[service] = refusal
    return Answers(url, name, frozenset(CALLS) - missing.keys(), missing, is_localstack)


async def assert_answers(url: str, what: str, *, ever: bool = True) -> None:
    """Returns when a TCP connection to the endpoint opens; BackendError with what the system says when none does.

    A server that is too busy to answer a request still takes a connection, so this tells "gone" from "slow".
    """
    try:
        await asyncio.to_thread(_connect, url)
    except OSError as error:
        any_more = " any more" if ever else ""
        raise BackendError(f"{what} does not answer{any_more}: {error.strerror or error}") from error


def _connect(url: str) -> None:
    parts = urllib3.util.parse_url(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with socket.create_connection(((parts.host or "").strip("[]"), port), CONNECT_TIMEOUT):
        return


def endpoint_client(service: str, url: str, region: str, *, attempts: int = 3) -> "BaseClient":
    """A boto3 client of an AWS-compatible endpoint.

    Its credentials are always `test`: what somebody's environment holds may be real, and is not for an emulator.
    """
    return boto3.Session().client(  # type: ignore[call-overload,no-any-return]  # any service
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - what emulators take
        config=Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=ANSWER_TIMEOUT,
            max_pool_connections=32,
            retries={"mode": "standard", "total_max_attempts": attempts},
        ),
    )


def _refusal(service: str, url: str, region: str) -> str:
    """Why the service is not there; empty when it answered."""
    try:
        getattr(endpoint_client(service, url, region, attempts=1), CALLS[service])()
    except ClientError as error:
        answer = error.response
        said = answer.get("Error", {}).get("Message") or answer.get("Error", {}).get("Code", "")
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return f"{status} {' '.join(str(said).split())[:120]}".rstrip()
    except BotoCoreError as error:
        return " ".join(str(error).split())[:120]
    return ""


def _described(url: str) -> tuple[str, bool]:
    """The endpoint's name as far as it tells it, and whether it is a LocalStack."""
    if version := _page(f"{url}/_localstack/info").get("version"):
        return f"LocalStack {str(version).partition(':')[0]}", True
    if version := _page(f"{url}/_harness/health").get("version"):
        return f"fanout-harness {version}", False
    if version := _page(f"{url}/_ministack/health").get("version"):
        return f"ministack {version}", False
    return "an endpoint", False


def _page(url: str) -> Mapping[str, object]:
    """A JSON object that may be there; empty when it is not."""
    try:
        answer = urllib3.request("GET", url, timeout=CONNECT_TIMEOUT, retries=False)
        page = orjson.loads(answer.data) if answer.status == 200 else {}
    except (urllib3.exceptions.HTTPError, orjson.JSONDecodeError):
        return {}  # it is some other kind of endpoint, which is all that was asked
    return page if isinstance(page, dict) else {}
