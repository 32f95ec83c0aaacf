"""Functions that fail in real processes: exceptions, INIT, processes that end, and time-outs."""

import asyncio
import json
from pathlib import Path

import pytest

from harness.clock import ManualClock
from harness.emulator.lambda_runtime.outcome import (
    FunctionError,
)
from harness.record.observation import FunctionLogged, InvocationEnded, InvocationStarted
from tests.emulator.lambda_runtime.running import (
    ECHO,
    HANG,
    RAISE,
    a_lambda,
    run,
)


@pytest.mark.aws("L-20", "L-21")
def test_an_exception_is_an_error_with_its_stack_trace(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            folder = aws.deploy(RAISE)
            outcome = await aws.invoke()
            assert isinstance(outcome, FunctionError)
            assert json.loads(outcome.payload) == {
                "errorMessage": "no",
                "errorType": "ValueError",
                "requestId": outcome.request,
                "stackTrace": [
                    f"  File \"{folder}/app.py\", line 2, in handler\n    raise ValueError('no')\n"
                ],
            }
            (ended,) = aws.observations.of(InvocationEnded)
            assert (ended.request, ended.function, ended.error) == (outcome.request, "f", "ValueError: no")

    run(test)


@pytest.mark.parametrize(
    ("source", "handler", "error_type", "message"),
    [
        pytest.param(
            "import nothing_of_this_name",
            "app.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'nothing_of_this_name'",
            id="missing dependency",
        ),
        pytest.param(
            "",
            "app.handler",
            "Runtime.HandlerNotFound",
            "Handler 'handler' missing on module 'app'",
            id="no such function",
        ),
        pytest.param(
            "",
            "app",
            "Runtime.MalformedHandlerName",
            "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
            id="no dot",
        ),
    ],
)
@pytest.mark.aws("L-61")
def test_a_failed_init_is_what_the_invoker_gets(
    tmp_path: Path, source: str, handler: str, error_type: str, message: str
) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(source, handler=handler)
            error = await aws.error()
            assert error == {
                "errorType": error_type,
                "errorMessage": message,
                "requestId": "",
                "stackTrace": [],
            }
            (ended,) = aws.observations.of(InvocationEnded)
            assert ended.error == f"{error_type}: {message}"

    run(test)


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        pytest.param("os._exit(0)", "exited without providing a reason", id="status 0"),
        pytest.param("os._exit(3)", "exited with error: exit status 3", id="status 3"),
        pytest.param("os.kill(os.getpid(), 9)", "exited with error: signal: killed", id="killed"),
    ],
)
@pytest.mark.aws("L-24")
def test_a_process_that_ends_fails_its_invocation_and_the_next_starts_anew(
    tmp_path: Path, statement: str, text: str
) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(f"import os\ndef handler(event, context):\n    if event: {statement}\n")
            outcome = await aws.invoke(1)
            assert isinstance(outcome, FunctionError)
            assert json.loads(outcome.payload) == {
                "errorType": "Runtime.ExitError",
                "errorMessage": f"RequestId: {outcome.request} Error: Runtime {text}",
            }
            assert await aws.value(0) is None
            assert [started.cold for started in aws.observations.of(InvocationStarted)] == [True, True]

    run(test)


@pytest.mark.aws("L-24")
def test_a_process_that_ends_in_init_fails_the_invocation(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy("import os; os._exit(4)")
            outcome = await aws.invoke()
            assert isinstance(outcome, FunctionError)
            assert json.loads(outcome.payload)["errorMessage"] == (
                f"RequestId: {outcome.request} Error: Runtime exited with error: exit status 4"
            )

    run(test)


def test_a_code_folder_that_is_gone_fails_the_invocation(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            folder = aws.deploy(ECHO)
            (folder / "app.py").unlink()
            folder.rmdir()
            outcome = await aws.invoke()
            assert isinstance(outcome, FunctionError)
            assert json.loads(outcome.payload)["errorType"] == "Runtime.InvalidEntrypoint"

    run(test)


@pytest.mark.aws("L-23")
def test_a_function_is_killed_when_its_time_is_up(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(HANG, timeout=900)
            invoking = asyncio.create_task(aws.invoke())
            await aws.observations.seen(FunctionLogged)
            clock.advance(900)
            outcome = await invoking
            assert isinstance(outcome, FunctionError)
            assert json.loads(outcome.payload) == {
                "errorType": "Sandbox.Timedout",
                "errorMessage": f"RequestId: {outcome.request} Error: Task timed out after 900.00 seconds",
            }
            lines = [line.line for line in aws.runtime.log.lines("f", outcome.request)]
            assert lines[0] == f"START RequestId: {outcome.request} Version: $LATEST"
            assert lines[1:3] == ["here", f"END RequestId: {outcome.request}"]
            assert lines[3].startswith(f"REPORT RequestId: {outcome.request}\tDuration: 900000.00 ms")
            assert lines[4].endswith(f" {outcome.request} Task timed out after 900.00 seconds")

    run(test)


SLOW_FIRST_INIT = """
import os, threading
def handler(event, context):
    return os.path.exists("tried")
if not os.path.exists("tried"):
    open("tried", "w").close()
    print("first")
    threading.Event().wait()
"""


@pytest.mark.aws("L-4")
def test_an_init_over_ten_seconds_is_run_again_under_the_functions_time_out(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(SLOW_FIRST_INIT)
            invoking = asyncio.create_task(aws.value())
            await aws.observations.seen(FunctionLogged)
            clock.advance(10)
            assert await invoking is True

    run(test)


@pytest.mark.aws("L-4", "L-23")
def test_an_init_that_takes_all_of_the_functions_time_too_is_a_time_out(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy("import threading\nprint('init')\nthreading.Event().wait()\n", timeout=3)
            invoking = asyncio.create_task(aws.error())
            await aws.observations.seen(FunctionLogged, 1)
            clock.advance(10)
            await aws.observations.seen(FunctionLogged, 2)
            clock.advance(3)
            error = await invoking
            assert isinstance(error, dict)
            assert error["errorType"] == "Sandbox.Timedout"

    run(test)


@pytest.mark.aws("L-10", "L-27")
def test_a_response_over_six_megabytes_is_too_large(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy("def handler(event, context):\n    return 'x' * event\n")
            assert await aws.value(6_291_554) == "x" * 6_291_554
            assert await aws.error(6_291_555) == {
                "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
                "errorType": "Function.ResponseSizeTooLarge",
            }
            assert await aws.value(1) == "x"

    run(test)


def test_a_scratch_folder_that_cannot_be_written_fails_the_invocation(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(ECHO)
            (tmp_path / "scratch").write_text("a file where a folder should be")
            outcome = await aws.invoke()
            assert isinstance(outcome, FunctionError)
            assert json.loads(outcome.payload)["errorType"] == "Runtime.InvalidEntrypoint"

    run(test)
