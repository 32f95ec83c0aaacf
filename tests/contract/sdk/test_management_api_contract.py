"""@connections, with boto3 and with AWS SDK for JavaScript v2 and v3: the same cases, each SDK's own errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection, connect

from tests.conformance.raw_client import RawClient, Text, text
from tests.contract.sdk.sdks import Failed, Sdk, Succeeded
from tests.patience import WAIT
from tests.small_api import SmallApi

UNKNOWN_ID = "H111mc0HywMCEEf="
OPERATIONS = {"PostToConnection": {"Data": "x"}, "GetConnection": {}, "DeleteConnection": {}}


@contextmanager
def connected(api: SmallApi, user_agent: str | None = "UA") -> Iterator[tuple[ClientConnection, str]]:
    """A client and its connection id."""
    with connect(
        api.url, open_timeout=WAIT, close_timeout=WAIT, user_agent_header=user_agent, proxy=None
    ) as client:
        client.send("who am I")
        yield client, str(client.recv(WAIT))


# --- what succeeds ----------------------------------------------------------------------------------------

POSTED = {
    "JSON": '{"type": "trade", "price": "64523.5"}',
    "text in many scripts": "κόσμε 漢字 🚀",
    "what only looks like an escape": "%7B%22a%22%3A1%7D+&=",
    "white space": " \r\n\t",
    "the largest": "x" * 131_072,
}


@pytest.mark.aws("M-1", "M-16", "I-4", "M-14")
@pytest.mark.parametrize("data", POSTED.values(), ids=POSTED)
def test_post_arrives_verbatim_as_one_text_message(sdk: Sdk, api: SmallApi, data: str) -> None:
    with connected(api) as (client, connection):
        answer = sdk.call(
            api.management_endpoint, "PostToConnection", {"ConnectionId": connection, "Data": data}
        )

        assert answer == Succeeded({})
        assert client.recv(WAIT) == data


@pytest.mark.aws("M-2", "M-3")
@pytest.mark.parametrize("user_agent", ["UA/1.0", None])
def test_get_tells_since_when_a_connection_is_open_and_whose_it_is(
    sdk: Sdk, api: SmallApi, user_agent: str | None
) -> None:
    before = datetime.now(UTC)
    with connected(api, user_agent) as (_, connection):
        answer = sdk.call(api.management_endpoint, "GetConnection", {"ConnectionId": connection})
    after = datetime.now(UTC)

    assert isinstance(answer, Succeeded)
    connected_at, last_active_at = (answer.result[key] for key in ("ConnectedAt", "LastActiveAt"))
    millisecond = timedelta(milliseconds=1)
    assert before - millisecond <= connected_at <= last_active_at <= after + millisecond
    identity = answer.result["Identity"]
    assert identity["SourceIp"] == "127.0.0.1"
    assert identity.get("UserAgent") == user_agent
    assert set(answer.result) == {"ConnectedAt", "Identity", "LastActiveAt"}


@pytest.mark.aws("M-4", "X-4")
def test_delete_closes_the_connection_normally(sdk: Sdk, api: SmallApi) -> None:
    with connected(api) as (client, connection):
        answer = sdk.call(api.management_endpoint, "DeleteConnection", {"ConnectionId": connection})

        assert answer == Succeeded({})
        with pytest.raises(ConnectionClosedOK) as closed:
            client.recv(WAIT)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "Connection Closed Normally")


# --- what is refused --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that is refused: where it goes, and what every SDK reports; `message` None where SDKs differ."""

    status: int
    code: str
    message: str | None
    connection: str = UNKNOWN_ID
    endpoint: str = "{management_endpoint}"
    signed: bool = True


REFUSALS = {
    "unknown": (("M-5", "M-7"), Refusal(410, "GoneException", None)),
    "malformed": (
        ("M-6",),
        Refusal(400, "BadRequestException", "Invalid connectionId: test", connection="test"),
    ),
    "a uuid": (
        ("M-6",),
        Refusal(
            400,
            "BadRequestException",
            "Invalid connectionId: 9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
            connection="9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
        ),
    ),
    "encoded already": (
        ("K-12",),
        Refusal(
            400,
            "BadRequestException",
            f"Invalid connectionId: {quote(UNKNOWN_ID)}",
            connection=quote(UNKNOWN_ID),
        ),
    ),
    "another stage": (
        ("M-8",),
        Refusal(403, "ForbiddenException", "Forbidden", endpoint="{endpoint}/_aws/execute-api/{api_id}/prod"),
    ),
    "no stage": (
        ("M-8", "K-13"),
        Refusal(403, "ForbiddenException", "Forbidden", endpoint="{endpoint}/_aws/execute-api/{api_id}"),
    ),
    "another API": (
        ("M-8",),
        Refusal(
            403, "ForbiddenException", "Forbidden", endpoint="{endpoint}/_aws/execute-api/aaaaaaaaaa/dev"
        ),
    ),
    "not signed": (
        (),
        Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token", signed=False),
    ),
}


def refused(sdk: Sdk, api: SmallApi, refusal: Refusal, operation: str) -> Failed:
    where = {name: getattr(api, name) for name in ("endpoint", "api_id", "management_endpoint")}
    answer = sdk.call(
        refusal.endpoint.format(**where),
        operation,
        {"ConnectionId": refusal.connection, **OPERATIONS[operation]},
        signed=refusal.signed,
    )
    assert isinstance(answer, Failed)
    return answer


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(refusal, id=name, marks=[pytest.mark.aws(*rows)] if rows else [])
        for name, (rows, refusal) in REFUSALS.items()
    ],
)
def test_call_is_refused_with_its_status_and_class(
    sdk: Sdk, api: SmallApi, refusal: Refusal, operation: str
) -> None:
    failed = refused(sdk, api, refusal, operation)

    assert (failed.status, failed.code) == (refusal.status, refusal.code)
    if refusal.message is not None:
        assert failed.message == refusal.message


@pytest.mark.aws("M-10")
def test_post_over_128_kb_is_too_large(sdk: Sdk, api: SmallApi) -> None:
    with connected(api) as (_, connection):
        parameters = {"ConnectionId": connection, "Data": "x" * 131_073}
        failed = sdk.call(api.management_endpoint, "PostToConnection", parameters)

    assert isinstance(failed, Failed)
    assert (failed.status, failed.code) == (413, "PayloadTooLargeException")


@pytest.mark.aws("M-11")
def test_post_to_a_client_that_does_not_read_is_limited(sdk: Sdk, api: SmallApi) -> None:
    """The poster is told once the client's buffer is full; others are served meanwhile."""
    with RawClient(api.address, receive_buffer=4096) as stuck, connected(api) as (other, other_id):
        stuck.shake_hands(api.path)
        stuck.send(text("who am I"))
        answered = stuck.receive()
        assert isinstance(answered, Text)
        post = {"ConnectionId": answered.text, "Data": "x" * 131_072}

        answers = (sdk.call(api.management_endpoint, "PostToConnection", post) for _ in range(400))
        failed = next(answer for answer in answers if isinstance(answer, Failed))

        assert (failed.status, failed.code) == (429, "LimitExceededException")
        assert failed.message.endswith("or the WebSocket client side buffer is full.")
        post = {"ConnectionId": other_id, "Data": "still served"}
        assert sdk.call(api.management_endpoint, "PostToConnection", post) == Succeeded({})
        assert other.recv(WAIT) == "still served"


@pytest.mark.aws("M-18", "M-5")
def test_post_after_the_client_closed_is_gone(sdk: Sdk, api: SmallApi) -> None:
    with connected(api) as (client, connection):
        client.close()
    post = {"ConnectionId": connection, "Data": "x"}

    failed = sdk.call(api.management_endpoint, "PostToConnection", post)

    assert isinstance(failed, Failed)
    assert failed.code == "GoneException"


# --- how each SDK says gone -------------------------------------------------------------------------------

GONE: Mapping[str, Mapping[str, object]] = {
    "boto3": {"class": "GoneException", "Code": "GoneException", "Message": ""},  # K-1
    "v2": {  # K-10
        "name": "GoneException",
        "code": "GoneException",
        "statusCode": 410,
        "message": "410",
        "retryable": False,
    },
    "v3": {  # K-6, K-7, K-9
        "name": "GoneException",
        "message": "UnknownError",
        "fault": "client",
        "httpStatusCode": 410,
        "isOfItsClass": True,
        "hasStatusCode": False,
    },
}


@pytest.mark.aws("K-1", "K-6", "K-7", "K-9", "K-10", "K-11")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_gone_is_the_exception_that_callers_catch(sdk: Sdk, api: SmallApi, operation: str) -> None:
    """boto3's and v3's `GoneException`, v3's without a `statusCode`; v2's `code`, with the status as its message."""
    failed = refused(sdk, api, Refusal(410, "GoneException", None), operation)

    assert (failed.status, failed.seen) == (410, GONE[sdk.name])
