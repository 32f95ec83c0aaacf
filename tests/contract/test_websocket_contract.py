"""A WebSocket API with real functions behind it, from outside."""

import json
import re
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.contract.conftest import Clients, Deployed, refused
from tests.patience import WAIT

GONE_ID = "H111mc0HywMCEEf="


@pytest.fixture
def management(client: Clients, deployed: Deployed) -> Any:
    return client("apigatewaymanagementapi", url=deployed.management_endpoint)


def test_connect_message_and_disconnect_reach_their_functions(deployed: Deployed) -> None:
    with connect(f"{deployed.url}?traderId=t-1", open_timeout=WAIT) as websocket:
        connected = deployed.recorded()
        websocket.send('{"action":"unknown"}')
        message = deployed.recorded()
        websocket.close(4001, "bye")
    disconnected = deployed.recorded()

    contexts = [event["requestContext"] for event in (connected, message, disconnected)]
    assert [(one["routeKey"], one["eventType"]) for one in contexts] == [
        ("$connect", "CONNECT"),
        ("$default", "MESSAGE"),
        ("$disconnect", "DISCONNECT"),
    ]
    assert len({one["connectionId"] for one in contexts}) == 1
    assert connected["queryStringParameters"] == {"traderId": "t-1"}
    assert message["body"] == '{"action":"unknown"}'
    assert (contexts[2]["disconnectStatusCode"], contexts[2]["disconnectReason"]) == (4001, "bye")


@pytest.mark.parametrize(
    ("sent", "route_key"),
    [
        ('{"action":"echo"}', "echo"),
        ('{"action":"Echo"}', "$default"),
        ('{"action":"$connect"}', "$default"),
        ('{"other":"echo"}', "$default"),
        ("echo", "$default"),
    ],
    ids=["equal", "another case", "a reserved key", "no such field", "no JSON"],
)
def test_routes_are_selected_by_the_body(deployed: Deployed, sent: str, route_key: str) -> None:
    with deployed.connected() as (websocket, _):
        websocket.send(sent)
        event = deployed.recorded()

    assert (event["requestContext"]["routeKey"], event["body"]) == (route_key, sent)


def test_a_two_way_route_answers_with_the_functions_body(deployed: Deployed) -> None:
    with deployed.connected() as (websocket, _):
        websocket.send('{"action":"echo"}')
        deployed.recorded()
        assert websocket.recv(WAIT) == 'answer to {"action":"echo"}'


def test_a_function_that_fails_is_an_error_message_and_the_connection_stays(deployed: Deployed) -> None:
    with deployed.connected() as (websocket, connection_id):
        websocket.send('{"action":"fail"}')
        deployed.recorded()
        text = str(websocket.recv(WAIT))
        assert re.fullmatch(
            r'\{"message": "Internal server error", "connectionId":"'
            + re.escape(connection_id)
            + r'", "requestId":"[\w-]{15}="\}',
            text,
        )
        websocket.send('{"action":"echo"}')
        deployed.recorded()
        assert websocket.recv(WAIT) == 'answer to {"action":"echo"}'


@pytest.mark.parametrize("status", [401, 403, 500])
def test_connect_refuses_with_the_functions_status(deployed: Deployed, status: int) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"{deployed.url}?refuse={status}", open_timeout=WAIT),
    ):
        pass

    assert refused.value.response.status_code == status
    assert deployed.recorded()["requestContext"]["routeKey"] == "$connect"


def test_an_unknown_stage_is_forbidden(deployed: Deployed) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(deployed.url + "x", open_timeout=WAIT):
        pass

    assert refused.value.response.status_code == 403


def test_a_browser_at_a_websocket_url_is_told_to_upgrade(deployed: Deployed) -> None:
    url = urlsplit(deployed.url)
    http = HTTPConnection(url.netloc, timeout=WAIT)
    http.request("GET", url.path)
    status = http.getresponse().status
    http.close()

    assert status == 426


def test_a_post_arrives_verbatim(deployed: Deployed, management: Any) -> None:
    with deployed.connected() as (websocket, connection_id):
        answer = management.post_to_connection(ConnectionId=connection_id, Data=b'{"price": "1\xc3\xa9"}')
        assert websocket.recv(WAIT) == '{"price": "1é"}'

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_get_describes_a_connection(deployed: Deployed, management: Any) -> None:
    with deployed.connected() as (_, connection_id):
        described = management.get_connection(ConnectionId=connection_id)

    assert described["Identity"]["SourceIp"] == "127.0.0.1"
    assert described["LastActiveAt"] >= described["ConnectedAt"]


def test_delete_closes_a_connection(deployed: Deployed, management: Any) -> None:
    with connect(deployed.url, open_timeout=WAIT) as websocket:
        connection_id = deployed.recorded()["requestContext"]["connectionId"]
        answer = management.delete_connection(ConnectionId=connection_id)
        with pytest.raises(ConnectionClosed):
            websocket.recv(WAIT)
    context = deployed.recorded()["requestContext"]

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (
        1000,
        "Connection Closed Normally",
    )


@pytest.mark.parametrize("operation", ["post_to_connection", "get_connection", "delete_connection"])
def test_an_unknown_connection_is_gone(management: Any, operation: str) -> None:
    data = {"Data": b"x"} if operation.startswith("post") else {}
    with pytest.raises(management.exceptions.GoneException) as gone:
        getattr(management, operation)(ConnectionId=GONE_ID, **data)

    assert gone.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410


def test_a_post_to_a_closed_connection_is_gone(deployed: Deployed, management: Any) -> None:
    with deployed.connected() as (_, connection_id):
        pass

    with pytest.raises(management.exceptions.GoneException):
        management.post_to_connection(ConnectionId=connection_id, Data=b"x")


def test_a_malformed_connection_id_is_a_bad_request(management: Any) -> None:
    assert refused(management.post_to_connection, ConnectionId="test", Data=b"x") == (
        400,
        "BadRequestException",
        "Invalid connectionId: test",
    )


def test_a_post_that_is_too_large_is_refused_by_name(deployed: Deployed, management: Any) -> None:
    with (
        deployed.connected() as (_, connection_id),
        pytest.raises(management.exceptions.PayloadTooLargeException) as failed,
    ):
        management.post_to_connection(ConnectionId=connection_id, Data=b"x" * 131_073)

    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_an_unsigned_post_is_forbidden(client: Clients, deployed: Deployed) -> None:
    unsigned = client("apigatewaymanagementapi", url=deployed.management_endpoint, signed=False)

    assert refused(unsigned.post_to_connection, ConnectionId=GONE_ID, Data=b"x") == (
        403,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    )


@pytest.mark.parametrize("operation", ["post_to_connection", "get_connection"])
def test_an_endpoint_without_its_stage_is_forbidden(
    client: Clients, deployed: Deployed, operation: str
) -> None:
    staged = client("apigatewaymanagementapi", url=deployed.management_endpoint.removesuffix("/test"))
    data = {"Data": b"x"} if operation.startswith("post") else {}

    assert refused(getattr(staged, operation), ConnectionId=GONE_ID, **data) == (
        403,
        "ForbiddenException",
        "Forbidden",
    )


def test_messages_of_many_clients_come_from_their_own_connections(
    deployed: Deployed, management: Any
) -> None:
    with deployed.connected() as (first, first_id), deployed.connected() as (second, second_id):
        for connection_id, text in ((second_id, "two"), (first_id, "one")):
            management.post_to_connection(ConnectionId=connection_id, Data=json.dumps(text).encode())
        assert (first.recv(WAIT), second.recv(WAIT)) == ('"one"', '"two"')
