"""A connect that is cancelled at any moment leaves nothing that anybody would wait for, and was not refused."""

import asyncio
import socket

import pytest

from harness.clients.client import Client
from harness.clock import RealClock
from harness.event_loop import run
from harness.record.observation import ClientConnecting, Observation
from harness.scenario.feed import Feed
from tests.patience import WAIT


@pytest.mark.parametrize("turns", range(12))
def test_a_client_can_be_cut_after_its_connect_was_cancelled(turns: int) -> None:
    noted: list[Observation] = []

    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:  # accepts, and never answers the handshake
            url = f"ws://127.0.0.1:{server.getsockname()[1]}/prod"
            client = Client("alice", url, feed=Feed(), clock=RealClock(), note=noted.append)
            connecting = asyncio.ensure_future(client.connect())
            for _ in range(turns):
                await asyncio.sleep(0)
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting
            async with asyncio.timeout(WAIT):
                await client.cut()

    run(test())
    assert [one for one in noted if not isinstance(one, ClientConnecting)] == []
