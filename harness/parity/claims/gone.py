"""Claims about connections that are gone: 410 by its name, so that stale rows are purged (1.10, SDK surfacing)."""

from typing import Any

from botocore.exceptions import ClientError

from harness.parity.claim import Area
from harness.parity.claims.connections import UNKNOWN_ID, post, refused
from harness.parity.doors import Doors

GONE = Area("410")
_claim = GONE.claim

_GONE = {"status": 410, "code": "GoneException", "class": "GoneException"}


@_claim("a post to a closed connection is 410 GoneException", "M-5", "M-18", "K-1", aws=_GONE)
def _closed(doors: Doors) -> object:
    with doors.connected() as client:
        client.leave()
        return post(client, b"x")


@_claim("a look at a closed connection is 410 GoneException", "M-5", aws=_GONE)
def _look(doors: Doors) -> object:
    with doors.connected() as client:
        client.leave()
        return refused(client.management.get_connection, ConnectionId=client.connection_id)


@_claim("the deletion of a closed connection is 410 GoneException", "M-5", aws=_GONE)
def _deletion(doors: Doors) -> object:
    with doors.connected() as client:
        client.leave()
        return refused(client.management.delete_connection, ConnectionId=client.connection_id)


@_claim("a post to a connection that was deleted is 410 GoneException", "M-5", "M-4", aws=_GONE)
def _deleted(doors: Doors) -> object:
    with doors.connected() as client:
        client.management.delete_connection(ConnectionId=client.connection_id)
        client.next_event("DISCONNECT")
        return post(client, b"x")


@_claim(
    "a well-formed id that nobody ever had is 410 GoneException, whatever is asked",
    "M-7",
    aws=dict.fromkeys(("post_to_connection", "get_connection", "delete_connection"), _GONE),
)
def _unknown(doors: Doors) -> object:
    management = doors.management()
    return {
        operation: refused(
            getattr(management, operation),
            ConnectionId=UNKNOWN_ID,
            **({"Data": b"x"} if operation == "post_to_connection" else {}),
        )
        for operation in ("post_to_connection", "get_connection", "delete_connection")
    }


@_claim(
    "410 names its error in x-amzn-ErrorType and has no message",
    *("M-5", "K-1", "K-2"),
    aws={"x-amzn-errortype": "GoneException", "message": ""},
)
def _named(doors: Doors) -> object:
    try:
        doors.management().post_to_connection(ConnectionId=UNKNOWN_ID, Data=b"x")
    except ClientError as error:
        response: Any = error.response
        headers = response["ResponseMetadata"]["HTTPHeaders"]
        kind = headers.get("x-amzn-errortype")
        return {
            "x-amzn-errortype": kind and kind.partition(":")[0],  # K-3
            "message": response["Error"].get("Message"),
        }
    return "no error"


@_claim(
    "a $disconnect that posts to its own connection is told 410",
    "X-7",
    aws={"status": 410, "code": "GoneException"},
)
def _own_disconnect(doors: Doors) -> object:
    with doors.connected() as client:
        return client.leave().post
