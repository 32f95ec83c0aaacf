"""The Python library `websockets`, blocking and asynchronous, against the gateway."""

import asyncio

import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, InvalidStatus, NegotiationError
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.contract.clients.told import Told
from tests.patience import WAIT
from tests.small_api import SmallApi


@pytest.mark.aws("T-2", "C-11")
@pytest.mark.parametrize("compression", ["deflate", None])
def test_messages_go_and_come(api: SmallApi, told: Told, compression: str | None) -> None:
    with connect(api.url, open_timeout=WAIT, compression=compression, proxy=None) as client:
        for message in ("hello", '{"action":"subscribe"}', "κόσμε" * 1000):
            client.send(message)
            assert client.recv(WAIT) == ">" + message
    assert told.next_closing() == (1000, "")


@pytest.mark.aws("Q-12")
def test_a_message_in_fragments_comes_back_whole(api: SmallApi, told: Told) -> None:
    async def scenario() -> str | bytes:
        async with connect_async(api.url, proxy=None) as client:
            await client.send(["frag", "ment", "ed"])
            async with asyncio.timeout(WAIT):
                return await client.recv()

    assert asyncio.run(scenario()) == ">fragmented"
    told.next_closing()


@pytest.mark.aws("C-3")
def test_a_refused_handshake_raises_with_the_status(api: SmallApi) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"{api.url}?status=401", proxy=None)
    assert (refused.value.response.status_code, refused.value.response.body) == (401, b"")


@pytest.mark.aws("C-8")
def test_the_subprotocol_that_the_function_agrees_to_is_taken(api: SmallApi, told: Told) -> None:
    offered = [Subprotocol("feed.v1"), Subprotocol("feed.v2")]
    with connect(f"{api.url}?agree=feed.v2", subprotocols=offered, proxy=None) as client:
        assert client.subprotocol == "feed.v2"
    told.next_closing()


@pytest.mark.aws("C-8")
def test_a_subprotocol_that_was_not_offered_fails(api: SmallApi, told: Told) -> None:
    with pytest.raises(NegotiationError):
        connect(f"{api.url}?agree=feed.v9", subprotocols=[Subprotocol("feed.v1")], proxy=None)
    told.next_event()


@pytest.mark.aws("Q-5")
def test_a_binary_message_closes_the_connection(api: SmallApi, told: Told) -> None:
    with connect(api.url, proxy=None) as client:
        client.send(b"binary")
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(WAIT)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1003, "")
    assert told.next_closing() == (1003, "")
