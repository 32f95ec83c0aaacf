"""wscat, the client of AWS's own walk-throughs, against the gateway."""

import pytest

from tests.contract.clients.told import Told
from tests.contract.clients.wscat import wscat
from tests.contract.sdk.sdks import Boto3, Succeeded, why_not
from tests.small_api import SmallApi

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
CONNECTED = "Connected"
CLOSED = r'Disconnected \((code: \d+, reason: ".*")\)'


@pytest.mark.aws("T-2")
def test_messages_go_and_come(api: SmallApi, told: Told) -> None:
    with wscat(api.url) as client:
        client.shows(CONNECTED)
        for message in ("hello", '{"action":"subscribe"}', "κόσμε"):
            client.type(message)
            assert client.shows(r"< (.*)\r\n") == ">" + message
        client.leave()
        told.next_closing()


@pytest.mark.aws("X-2")
def test_leaving_without_a_code_is_1005(api: SmallApi, told: Told) -> None:
    with wscat(api.url) as client:
        client.shows(CONNECTED)
        client.leave()
        assert told.next_closing() == (1005, "Client-side close frame status not set")


@pytest.mark.aws("X-3")
def test_leaving_with_a_code_is_that_code(api: SmallApi, told: Told) -> None:
    with wscat(api.url, "--slash") as client:
        client.shows(CONNECTED)
        client.type("/close 4001 enough")
        assert client.shows(CLOSED) == 'code: 4001, reason: "enough"'
        assert told.next_closing() == (4001, "enough")


def test_a_ping_is_answered(api: SmallApi, told: Told) -> None:
    with wscat(api.url, "--slash", "--show-ping-pong") as client:
        client.shows(CONNECTED)
        client.type("/ping there")
        client.shows(r'Received pong \(data: "there"\)')
        client.leave()
        told.next_closing()


@pytest.mark.aws("M-4", "X-4")
def test_a_deleted_connection_is_closed_normally(api: SmallApi, told: Told) -> None:
    with wscat(api.url) as client:
        client.shows(CONNECTED)
        client.type("who am I")
        connection = client.shows(r"< (\S{16})\r\n")
        deleted = Boto3().call(api.management_endpoint, "DeleteConnection", {"ConnectionId": connection})
        assert deleted == Succeeded({})
        assert client.shows(CLOSED) == 'code: 1000, reason: "Connection Closed Normally"'
        assert told.next_closing() == (1000, "Connection Closed Normally")


@pytest.mark.aws("Q-4")
def test_a_line_over_32_kb_closes_the_connection(api: SmallApi, told: Told) -> None:
    with wscat(api.url) as client:
        client.shows(CONNECTED)
        client.type("x" * 32_769)
        assert client.shows(CLOSED) == 'code: 1009, reason: ""'
        assert told.next_closing() == (1009, "")


@pytest.mark.aws("C-3", "C-2")
@pytest.mark.parametrize("status", [301, 400, 401, 403, 501])
def test_a_refused_handshake_shows_the_status(api: SmallApi, status: int) -> None:
    with wscat(f"{api.url}?status={status}") as client:
        client.shows(f"error: Unexpected server response: {status}")


@pytest.mark.aws("C-8")
def test_a_subprotocol_that_the_function_agrees_to_is_taken(api: SmallApi, told: Told) -> None:
    with wscat(f"{api.url}?agree=feed.v2", "--subprotocol", "feed.v1", "--subprotocol", "feed.v2") as client:
        client.shows(CONNECTED)
        client.leave()
        told.next_closing()


@pytest.mark.aws("C-8")
def test_a_subprotocol_that_nobody_agrees_to_fails(api: SmallApi, told: Told) -> None:
    with wscat(api.url, "--subprotocol", "feed.v1") as client:
        client.shows("error: Server sent no subprotocol")
        told.next_event()
