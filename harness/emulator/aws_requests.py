"""Which AWS service, operation and region a request is meant for.

An AWS client signs its requests, and the signature's credential scope names region and service:
`Credential=AKID/20261122/us-east-1/sns/aws4_request` (AWS Signature Version 4).
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from harness.emulator.http import Request

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request")
_JSON_TARGETS = {"DynamoDB_20120810": "dynamodb", "DynamoDBStreams_20120810": "dynamodb"}


@dataclass(frozen=True, slots=True)
class AwsCall:
    """A call to an AWS service; `operation` is "" where only the path tells it (REST protocols)."""

    service: str
    operation: str
    region: str
    access_key_id: str


def credential_of(request: Request) -> tuple[str, str, str] | None:
    """(access key id, region, service) of a signed request, header or presigned; None for an unsigned one."""
    text = request.headers.get("authorization")
    match = _CREDENTIAL.search(text)
    if match is None and "X-Amz-Credential=" in request.query:
        presigned = parse_qs(request.query).get("X-Amz-Credential", [""])[0]
        match = _CREDENTIAL.search(f"Credential={presigned}")
    return None if match is None else (match[1], match[3], match[4])


def aws_call(request: Request, *, default_region: str) -> AwsCall | None:
    """What the request calls; None when nothing in it names a service."""
    prefix, _, target = request.headers.get("x-amz-target").rpartition(".")
    credential = credential_of(request)
    if credential is not None:
        access_key_id, region, service = credential
    elif prefix in _JSON_TARGETS:
        access_key_id, region, service = "", default_region, _JSON_TARGETS[prefix]
    else:
        return None
    return AwsCall(service, target or _query_action(request), region, access_key_id)


def _query_action(request: Request) -> str:
    if "x-www-form-urlencoded" in request.headers.get("content-type"):
        head = request.body[:4096].decode("utf-8", "replace")
        match = re.search(r"(?:^|&)Action=([A-Za-z0-9]+)", head)
        return match[1] if match else ""
    return next((value for name, value in request.query_items() if name == "Action"), "")
