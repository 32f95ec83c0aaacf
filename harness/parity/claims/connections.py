"""Claims about @connections: posts, looks and deletions, by boto3, since SDKs are the contract (1.10)."""

from typing import Any

from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed

from harness.parity.claim import Area
from harness.parity.deployment import STAGE
from harness.parity.doors import Client, Doors

CONNECTIONS = Area("@connections")
_claim = CONNECTIONS.claim
UNKNOWN_ID = "H111mc0HywMCEEf="  # M-7: well formed, and nobody's
MAX_POST = 131_072  # M-10


def refused(call: Any, **arguments: object) -> dict[str, object]:
    """How a call ends: its status, and the error's code and the name of its class where it fails."""
    try:
        answer = call(**arguments)
    except ClientError as error:
        response: Any = error.response
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        return {"status": status, "code": response["Error"]["Code"], "class": type(error).__name__}
    return {"status": answer["ResponseMetadata"]["HTTPStatusCode"]}


def post(client: Client, data: bytes) -> dict[str, object]:
    """How a post to the client ends."""
    return refused(client.management.post_to_connection, ConnectionId=client.connection_id, Data=data)


@_claim(
    "a post arrives verbatim, as one text message",
    *("M-1", "M-16"),
    aws={"post": {"status": 200}, "message": '{"price":  "1é"}'},
)
def _verbatim(doors: Doors) -> object:
    with doors.connected() as client:
        posted = post(client, '{"price":  "1é"}'.encode())
        return {"post": posted, "message": client.receive()}


@_claim(
    "a post reaches its connection and nobody else",
    "M-1",
    "M-16",
    aws={"first": "for one", "second": "for two"},
)
def _addressed(doors: Doors) -> object:
    with doors.connected() as first, doors.connected() as second:
        post(second, b"for two")
        post(first, b"for one")
        return {"first": first.receive(), "second": second.receive()}


@_claim(
    "a connection is described with its times and its client's identity",
    *("M-2", "M-3"),
    aws={
        "ConnectedAt": "datetime",
        "Identity": {"SourceIp": "<IP address>", "UserAgent": "<this client>"},
        "LastActiveAt": "datetime",
    },
)
def _described(doors: Doors) -> object:
    with doors.connected() as client:
        answer = client.management.get_connection(ConnectionId=client.connection_id)
    times = {name: type(answer.get(name)).__name__ for name in ("ConnectedAt", "LastActiveAt")}
    return {"Identity": client.named(answer.get("Identity")), **times}


@_claim(
    "a deletion answers 204 and closes the connection",
    "M-4",
    aws={"delete": {"status": 204}, "closed": True},
)
def _deleted(doors: Doors) -> object:
    with doors.connected() as client:
        answer = refused(client.management.delete_connection, ConnectionId=client.connection_id)
        try:
            client.receive()
        except ConnectionClosed:
            return {"delete": answer, "closed": True}
        return {"delete": answer, "closed": False}


@_claim(
    "an id that is none is 400 BadRequestException",
    "M-6",
    aws={"status": 400, "code": "BadRequestException", "class": "ClientError"},
)
def _malformed_id(doors: Doors) -> object:
    return refused(doors.management().post_to_connection, ConnectionId="test", Data=b"x")


@_claim("a post of 128 KB is delivered whole", "M-10", aws={"post": {"status": 200}, "length": MAX_POST})
def _largest(doors: Doors) -> object:
    with doors.connected() as client:
        posted = post(client, b"x" * MAX_POST)
        return {"post": posted, "length": len(client.receive())}


@_claim(
    "a post of more than 128 KB is 413 PayloadTooLargeException",
    "M-10",
    aws={"status": 413, "code": "PayloadTooLargeException", "class": "PayloadTooLargeException"},
)
def _too_large(doors: Doors) -> object:
    with doors.connected() as client:
        return post(client, b"x" * (MAX_POST + 1))


@_claim(
    "an endpoint with the wrong stage, or none, is 403 ForbiddenException",
    *("M-8", "K-13"),
    aws={
        stage: {"status": 403, "code": "ForbiddenException", "class": "ForbiddenException"}
        for stage in ("another", "none")
    },
)
def _wrong_stage(doors: Doors) -> object:
    without = doors.full.management_endpoint.removesuffix(f"/{STAGE}")
    shown = {}
    for stage, endpoint in (("another", f"{without}/another"), ("none", without)):
        management = doors.client("apigatewaymanagementapi", endpoint)
        shown[stage] = refused(management.post_to_connection, ConnectionId=UNKNOWN_ID, Data=b"x")
    return shown
