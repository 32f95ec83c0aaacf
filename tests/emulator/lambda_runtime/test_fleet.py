"""The fleet of execution environments: how many there are, started ahead, outdated by new code, ended in time."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from harness.clock import ManualClock
from harness.emulator.lambda_runtime.function import function_arn
from harness.emulator.lambda_runtime.outcome import (
    FunctionError,
    NoSuchFunction,
)
from harness.errors import BackendError
from harness.record.observation import FunctionLogged, InvocationStarted
from tests.emulator.lambda_runtime.running import (
    ACCOUNT,
    HANG,
    PATIENCE,
    PID,
    REGION,
    a_lambda,
    run,
    stopped,
)


@pytest.mark.aws("L-3")
def test_globals_persist_in_a_warm_environment(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy("seen = []\ndef handler(event, context):\n    seen.append(event)\n    return seen\n")
            await aws.invoke(1)
            assert await aws.value(2) == [1, 2]
            assert [started.cold for started in aws.observations.of(InvocationStarted)] == [True, False]

    run(test)


@pytest.mark.aws("L-5")
def test_an_environment_is_frozen_between_invocations(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(PID)
            pid = await aws.value()
            assert isinstance(pid, int)
            await stopped(pid)
            assert await aws.value() == pid

    run(test)


def test_environments_are_bounded_and_everything_gets_its_turn(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path, max_environments=2) as aws:
            aws.deploy(PID)
            pids = await asyncio.gather(*[aws.value(number) for number in range(20)])
            assert len(set(pids)) <= 2
            assert aws.runtime.in_flight() == 0
            assert aws.idle.is_set()

    run(test)


@pytest.mark.aws("L-3")
def test_concurrent_invocations_run_in_environments_of_their_own(tmp_path: Path) -> None:
    async def test() -> None:
        both_run = "\n".join(
            [
                "import os, socket",
                "def handler(event, context):",
                "    with socket.create_connection(('127.0.0.1', event)) as peer:",
                "        peer.recv(1)",
                "    return os.getpid()",
            ]
        )
        writers: list[asyncio.StreamWriter] = []

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            if len(writers) == 2:
                for each in writers:
                    each.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        async with a_lambda(tmp_path) as aws, server:
            aws.deploy(both_run)
            port = server.sockets[0].getsockname()[1]
            first, second = await asyncio.gather(aws.value(port), aws.value(port))
            assert first != second

    run(test)


def test_prewarmed_environments_start_warm(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(PID)
            assert await aws.runtime.prewarm("f", 3) is None
            await aws.invoke()
            (started,) = aws.observations.of(InvocationStarted)
            assert started.cold is False

    run(test)


def test_prewarming_stops_at_the_limit(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path, max_environments=1) as aws:
            aws.deploy(PID)
            assert await aws.runtime.prewarm("f", 3) is None
            pids = {await aws.value(), *await asyncio.gather(aws.value(), aws.value())}
            assert len(pids) == 1

    run(test)


def test_prewarming_reports_a_failed_init(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy("import nothing_of_this_name")
            error = await aws.runtime.prewarm("f", 2)
            assert isinstance(error, bytes)
            assert json.loads(error)["errorType"] == "Runtime.ImportModuleError"
            assert isinstance(await aws.runtime.prewarm("g", 1), NoSuchFunction)

    run(test)


def test_changed_code_is_loaded_for_the_next_invocation(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            folder = aws.deploy("def handler(event, context):\n    return 'old'\n")
            assert await aws.value() == "old"
            (folder / "app.py").write_text("def handler(event, context):\n    return 'new'\n")
            os.utime(folder / "app.py", (9e9, 9e9))
            assert await aws.value() == "old"
            clock.advance(0.5)
            assert await aws.value() == "new"

    run(test)


def test_a_new_configuration_is_used_for_the_next_invocation(tmp_path: Path) -> None:
    async def test() -> None:
        source = "import os\ndef handler(event, context):\n    return os.environ['N']\n"
        async with a_lambda(tmp_path) as aws:
            aws.deploy(source, environment={"N": "1"})
            assert await aws.value() == "1"
            aws.deploy(source, environment={"N": "2"})
            assert await aws.value() == "2"

    run(test)


def test_an_environment_that_nobody_needs_ends_after_ten_minutes(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(PID)
            first = await aws.value()
            assert isinstance(first, int)
            for seconds in (599, 599):
                await stopped(first)
                clock.advance(seconds)
                assert await aws.value() == first
            await stopped(first)
            clock.advance(600)
            assert await aws.value() != first

    run(test)


def test_a_deleted_function_is_gone_for_those_that_wait(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path, max_environments=1) as aws:
            aws.deploy(HANG)
            running = asyncio.create_task(aws.invoke())
            await aws.observations.seen(FunctionLogged)
            waiting = asyncio.create_task(aws.invoke())
            await asyncio.sleep(0)
            assert aws.runtime.delete_function("f") is True
            assert await waiting == NoSuchFunction(function_arn(REGION, ACCOUNT, "f"))
            assert (aws.runtime.function("f"), running.done()) == (None, False)
            await aws.runtime.close()
            assert isinstance(await running, FunctionError)

    run(test)


def test_closing_ends_every_process_and_what_they_started(tmp_path: Path) -> None:
    async def test() -> None:
        source = (
            "import os, subprocess\n"
            "def handler(event, context):\n"
            "    return [os.getpid(), subprocess.Popen(['sleep', '600']).pid]\n"
        )
        async with a_lambda(tmp_path) as aws:
            aws.deploy(source)
            pids = await aws.value()
            assert isinstance(pids, list)
            ends = [os.pidfd_open(pid) for pid in pids]
            await aws.runtime.close()
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(PATIENCE):
                for end in ends:
                    ended = loop.create_future()
                    loop.add_reader(end, ended.set_result, None)
                    await ended
                    loop.remove_reader(end)
                    os.close(end)
            with pytest.raises(BackendError, match="closed"):
                await aws.invoke()

    run(test)
