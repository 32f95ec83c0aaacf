"""What a function finds in its execution environment, what is left of it after a crash, and how much it may use."""

import asyncio
import json
import os
import re
from pathlib import Path

import pytest

from harness.clock import ManualClock
from harness.emulator.lambda_runtime.node import node_problem
from harness.emulator.lambda_runtime.outcome import FunctionError, Returned
from harness.record.observation import FunctionLogged, InvocationStarted, PlatformLogged
from tests.emulator.lambda_runtime.running import ECHO, PATIENCE, PID, Lambda, a_lambda, run

# Returns what earlier invocations left in /tmp and in the module, then leaves something itself, then does as asked.
TRACES = """
import os, pathlib, threading
tmp, seen = pathlib.Path(os.environ["TMPDIR"]), []
def handler(event, context):
    found = [sorted(file.name for file in tmp.iterdir()), list(seen), os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]]
    (tmp / event["leave"]).write_text("")
    seen.append(event["leave"])
    if event.get("then") == "exit":
        os._exit(1)
    if event.get("then") == "hang":
        print("hangs")
        threading.Event().wait()
    return found
"""


async def traces(aws: Lambda) -> tuple[list[str], list[str], str]:
    found = await aws.value({"leave": "b"})
    assert isinstance(found, list)
    files, seen, stream = found
    return files, seen, stream


@pytest.mark.aws("L-7")
def test_a_crash_loses_the_module_and_keeps_tmp_and_the_log_stream(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(TRACES)
            _, _, stream = await traces(aws)
            assert isinstance(await aws.invoke({"leave": "a", "then": "exit"}), FunctionError)
            assert await traces(aws) == (["a", "b"], [], stream)
            assert [started.cold for started in aws.observations.of(InvocationStarted)] == [True, False, True]

    run(test)


@pytest.mark.aws("L-7", "L-23")
def test_a_time_out_loses_the_module_and_keeps_tmp(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(TRACES, timeout=3)
            hanging = asyncio.create_task(aws.invoke({"leave": "a", "then": "hang"}))
            await aws.observations.seen(FunctionLogged)
            clock.advance(3)
            assert isinstance(await hanging, FunctionError)
            files, seen, _ = await traces(aws)
            assert (files, seen) == (["a"], [])

    run(test)


@pytest.mark.aws("L-7")
def test_another_environment_has_a_tmp_of_its_own(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            folder = aws.deploy(TRACES)
            assert isinstance(await aws.invoke({"leave": "a", "then": "exit"}), FunctionError)
            os.utime(folder / "app.py", (9e9, 9e9))  # new code gets a new environment
            clock.advance(1)
            files, seen, _ = await traces(aws)
            assert (files, seen) == ([], [])

    run(test)


async def ended(end: int) -> None:
    """Returns when the process of this pidfd has ended."""
    loop = asyncio.get_running_loop()
    gone = loop.create_future()
    loop.add_reader(end, gone.set_result, None)
    try:
        await asyncio.wait_for(gone, PATIENCE)
    finally:
        loop.remove_reader(end)
        os.close(end)


SEGFAULT = "import ctypes\ndef handler(event, context):\n    ctypes.string_at(0)\n"


@pytest.mark.aws("L-24")
def test_a_segmentation_fault_is_a_time_out(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(SEGFAULT, timeout=1)
            outcome = await aws.invoke()
            assert isinstance(outcome, FunctionError)
            assert json.loads(outcome.payload) == {
                "errorType": "Sandbox.Timedout",
                "errorMessage": f"RequestId: {outcome.request} Error: Task timed out after 1.00 seconds",
            }

    run(test)


RUNTIMES = (
    "python3.13",
    pytest.param(
        "nodejs20.x", marks=pytest.mark.skipif(node_problem() is not None, reason="Node is missing")
    ),
)
OPEN_FILES = {
    "python3.13": "import resource\ndef handler(event, context):\n"
    "    return resource.getrlimit(resource.RLIMIT_NOFILE)\n",
    "nodejs20.x": "import { execSync } from 'node:child_process';\nexport const handler = async () =>\n"
    "  ['-S', '-H'].map((kind) => Number(execSync(`ulimit ${kind} -n`)));\n",
}


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.aws("L-9")
def test_a_function_has_1024_open_files(tmp_path: Path, runtime: str) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(OPEN_FILES[runtime], runtime=runtime)
            assert await aws.value() == [1024, 1024]

    run(test)


# --- memory -------------------------------------------------------------------------------------------------

GREEDY = {
    "python3.13": "kept = []\ndef handler(event, context):\n"
    "    kept.append(b'x' * (event * 1_048_576))\n    return len(kept)\n",
    "nodejs20.x": "const kept = [];\nexport const handler = async (megabytes) =>\n"
    "  kept.push(Buffer.alloc(megabytes * 1_048_576, 'x'));\n",
}


def used(report: str) -> int:
    found = re.search(r"\tMax Memory Used: (\d+) MB", report)
    assert found is not None, report
    return int(found[1])


def reports(aws: Lambda) -> list[str]:
    return [seen.line for seen in aws.observations.of(PlatformLogged) if seen.line.startswith("REPORT")]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.aws("L-24")
def test_a_function_that_uses_more_than_its_memory_is_killed(tmp_path: Path, runtime: str) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(GREEDY[runtime], runtime=runtime, memory_size=256)
            assert await aws.value(1) == 1
            outcome = await aws.invoke(300)
            assert isinstance(outcome, FunctionError)
            assert json.loads(outcome.payload) == {
                "errorType": "Runtime.ExitError",
                "errorMessage": f"RequestId: {outcome.request} Error: Runtime exited with error: signal: killed",
            }
            assert await aws.value(1) == 1, "a new process"
            _, killed, _ = reports(aws)
            assert killed.endswith("\tMemory Size: 256 MB\tMax Memory Used: 256 MB\tStatus: error")

    run(test)


def test_a_function_that_uses_more_than_its_memory_in_init_does_not_start(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(f"kept = b'x' * {200 * 1_048_576}\n{ECHO}", memory_size=128)
            outcome = await aws.invoke()
            assert isinstance(outcome, FunctionError)
            assert json.loads(outcome.payload)["errorMessage"].endswith("signal: killed")

    run(test)


def test_a_function_that_grows_without_end_is_stopped_on_its_way(tmp_path: Path) -> None:
    async def test() -> None:
        source = (
            "kept = []\ndef handler(event, context):\n    while True:\n        kept.append(b'x' * 100_000)\n"
        )
        async with a_lambda(tmp_path) as aws:
            aws.deploy(source, timeout=900)
            outcome = await aws.invoke()
            assert isinstance(outcome, FunctionError)
            assert json.loads(outcome.payload)["errorType"] == "Runtime.ExitError"

    run(test)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_memory_of_a_report_is_measured_and_never_falls(tmp_path: Path, runtime: str) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(GREEDY[runtime], runtime=runtime, memory_size=1024)
            for megabytes in (1, 100, 1):
                await aws.value(megabytes)
            small, large, after = map(used, reports(aws))
            assert 10 <= small < 100
            assert 90 <= large - small <= 130
            assert large <= after <= large + 5

    run(test)


# --- environments that nobody asked for -----------------------------------------------------------------------


def test_a_function_can_be_tried_without_keeping_its_environment(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(f"import os\nprint(os.getpid(), flush=True)\n{PID}")
            ends: list[int] = []
            aws.observations.on_log = lambda seen: ends.append(os.pidfd_open(int(seen.line)))
            assert await aws.runtime.prewarm("f", 0) is None
            (end,) = ends
            await ended(end)
            await aws.invoke()
            (started,) = aws.observations.of(InvocationStarted)
            assert started.cold is True

    run(test)


def test_a_function_that_is_only_tried_tells_its_failed_init(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy("import nothing_of_this_name")
            error = await aws.runtime.prewarm("f", 0)
            assert isinstance(error, bytes)
            assert json.loads(error)["errorType"] == "Runtime.ImportModuleError"

    run(test)


def test_a_reservation_is_how_many_environments_a_function_may_have(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path, max_environments=1) as aws:
            aws.deploy(PID, reserved_concurrency=3)
            assert await aws.runtime.prewarm("f", 3) is None
            outcomes = await asyncio.gather(*(aws.value(n) for n in range(3)))
            assert len(set(map(str, outcomes))) == 3
            aws.runtime.set_reserved_concurrency("f", None)

    run(test)


# --- the Runtime API of an on-demand function -------------------------------------------------------------------

RESTORE = """
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
answers = []
for method, path in (("GET", "next"), ("POST", "error")):
    api.request(method, f"/2018-06-01/runtime/restore/{path}")
    answer = api.getresponse()
    answers.append([answer.status, answer.read().decode()])
def handler(event, context):
    return [os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], *answers]
"""


@pytest.mark.aws("L-44")
def test_an_environment_on_demand_is_not_restored(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(RESTORE)
            not_found = [404, "404 page not found\n"]
            assert await aws.value() == ["on-demand", not_found, not_found]

    run(test)


# --- new code while the old one runs ----------------------------------------------------------------------------


def test_code_that_is_half_written_when_it_is_loaded_costs_no_invocation(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            folder = aws.deploy("def handler(event, context):\n    return 'old'\n")
            assert await aws.value() == "old"
            (folder / "app.py").write_text("print('half', flush=True)\nraise ValueError\n")
            os.utime(folder / "app.py", (8e9, 8e9))
            clock.advance(1)

            def finish(_: FunctionLogged) -> None:  # while INIT runs on the first half
                (folder / "app.py").write_text("def handler(event, context):\n    return 'new'\n")
                os.utime(folder / "app.py", (9e9, 9e9))

            aws.observations.on_log = finish
            assert await aws.value() == "new"

    run(test)


def test_an_idle_environment_of_a_stopped_runtime_keeps_nobody_waiting(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(PID)
            outcome = await aws.invoke()
            assert isinstance(outcome, Returned)
            await aws.runtime.close()
            assert not list((tmp_path / "scratch" / "tmp").iterdir())

    run(test)
