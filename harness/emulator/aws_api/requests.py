"""Calls to AWS: which service, operation and region a request is meant for, and who makes it.

An AWS client signs its requests, and the signature's credential scope names region and service:
`Credential=AKID/20261122/us-east-1/sns/aws4_request` (AWS Signature Version 4).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias
from urllib.parse import parse_qs

from harness.emulator.port.http import MaybeLater, Request

ACCOUNT = "000000000000"
"""The one account that the emulator has."""

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request")
_ACTION = re.compile(rb"(?:^|&)Action=([A-Za-z0-9]+)")


@dataclass(frozen=True, slots=True)
class AwsCall:
    """A call to an AWS service, by its signing name; `operation` is "" where only the path tells it (REST protocols).

    `caller` is the id of the invocation whose function calls, None for whoever calls from outside.
    """

    service: str
    operation: str
    region: str
    access_key_id: str = ""
    account: str = ACCOUNT
    caller: str | None = None


class Service(Protocol):
    """The face of a room that answers the calls of a service, or of several."""

    def answer(self, call: AwsCall, request: Request) -> MaybeLater:
        """The response, at once or awaited; what the caller did wrong is a response too, by AWS's name for it."""


InvocationOf: TypeAlias = Callable[[str], str | None]
"""The id of the invocation that has an access key id; None for anybody else's."""


def _nobodys(access_key_id: str) -> str | None:
    return None


def credential_of(request: Request) -> tuple[str, str, str] | None:
    """(access key id, region, service) of a signed request, header or presigned; None for an unsigned one."""
    text = request.headers.get("authorization")
    match = _CREDENTIAL.search(text)
    if match is None and "X-Amz-Credential=" in request.query:
        presigned = parse_qs(request.query).get("X-Amz-Credential", [""])[0]
        match = _CREDENTIAL.search(f"Credential={presigned}")
    return None if match is None else (match[1], match[3], match[4])


def aws_call(request: Request, invocation_of: InvocationOf = _nobodys) -> AwsCall | None:
    """What the request calls, and for whom; None for an unsigned one, which AWS refuses too."""
    credential = credential_of(request)
    if credential is None:
        return None
    access_key_id, region, service = credential
    prefix, _, target = request.headers.get("x-amz-target").rpartition(".")
    if prefix.startswith("DynamoDBStreams"):
        service = "dynamodbstreams"  # signed as `dynamodb`
    operation = target or _query_action(request)
    return AwsCall(service, operation, region, access_key_id, caller=invocation_of(access_key_id))


def is_query(request: Request) -> bool:
    """Whether the client speaks an AWS Query protocol, and so understands XML only."""
    return "x-www-form-urlencoded" in request.headers.get("content-type").lower()


def _query_action(request: Request) -> str:
    # Python's SDK writes Action first, that of JavaScript last.
    if is_query(request) and (match := _ACTION.search(request.body)) is not None:
        return match[1].decode()
    return next((value for name, value in request.query_items() if name == "Action"), "")
