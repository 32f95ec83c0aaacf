"""The emulator's process, from the runner's side: its start, its end, and its death."""

import asyncio
import signal
import socket

import pytest

from harness.backends import embedded
from harness.backends.embedded import EmbeddedBackend
from harness.errors import BackendError, DeploymentFailed
from tests.patience import WAIT


def test_an_interrupted_start_leaves_no_process() -> None:
    async def scenario() -> int | None:
        backend = EmbeddedBackend(region="us-east-1")
        starting = asyncio.create_task(backend.__aenter__())
        await asyncio.sleep(0)
        process = backend._process
        assert process is not None
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        return process.returncode

    assert asyncio.run(scenario()) is not None


def test_a_port_that_is_taken_is_told_by_the_emulator() -> None:
    async def scenario(port: int) -> None:
        async with EmbeddedBackend(region="us-east-1", port=port):
            raise AssertionError("it started")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BackendError, match=f"port {port} on 127.0.0.1 cannot be opened"):
            asyncio.run(scenario(port))


def test_a_running_emulator_answers_until_it_dies() -> None:
    async def scenario() -> None:
        async with EmbeddedBackend(region="us-east-1") as backend:
            assert await backend.quiet(WAIT)
            assert (await backend.seen()).lines == b""
            with pytest.raises(DeploymentFailed, match="'stranger' does not start: NoSuchFunction"):
                await backend.prewarm("stranger", 1)
            assert backend._process is not None
            backend._process.kill()
            await asyncio.to_thread(backend._process.wait, WAIT)
            with pytest.raises(BackendError, match="the emulator ended unexpectedly, with signal 9"):
                await backend.seen()

    asyncio.run(scenario())


@pytest.mark.parametrize("interrupted", [False, True], ids=["after its time", "when nobody waits any more"])
def test_an_emulator_that_does_not_end_is_killed(interrupted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "STOP_TIMEOUT", 3600.0 if interrupted else 0.1)

    async def scenario() -> int | None:
        backend = EmbeddedBackend(region="us-east-1")
        await backend.start()
        process = backend._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        closing = asyncio.create_task(backend.close())
        if interrupted:
            await asyncio.sleep(0)
            closing.cancel()
        await asyncio.wait((closing,))
        return await asyncio.to_thread(process.wait, 30.0)

    assert asyncio.run(scenario()) == -signal.SIGKILL
