"""Functions in real processes, over the Runtime API, with AWS's own runtime client."""

import asyncio
import json
import os
import re
from pathlib import Path

import pytest

from harness.clock import ManualClock
from harness.emulator.lambda_runtime.event_invoke_config import EventInvokeConfig
from harness.emulator.lambda_runtime.function import function_arn
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    FunctionError,
    NoSuchFunction,
    Returned,
    Throttled,
)
from harness.errors import BackendError
from harness.record.observation import FunctionLogged, InvocationEnded, InvocationStarted
from tests.emulator.lambda_runtime.running import (
    ACCOUNT,
    DEAD,
    ECHO,
    HANG,
    NO_CAUSE,
    PATIENCE,
    PID,
    RAISE,
    REGION,
    a_lambda,
    run,
    stopped,
)


def test_a_function_returns_its_json(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(ECHO)
            assert await aws.value({"a": ["ü", 1.5, None]}) == {"a": ["ü", 1.5, None]}

    run(test)


@pytest.mark.aws("L-60")
def test_a_handler_in_a_submodule_is_named_with_slashes(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            folder = aws.deploy("", handler="orders/ws/fan_out.handler")
            (folder / "orders/ws").mkdir(parents=True)
            (folder / "orders/ws/fan_out.py").write_text(ECHO)
            assert await aws.value("x") == "x"

    run(test)


@pytest.mark.aws("L-2")
def test_the_context_is_lambdas(tmp_path: Path) -> None:
    async def test() -> None:
        source = (
            "def handler(event, context):\n"
            "    left = context.get_remaining_time_in_millis()\n"
            "    return [context.aws_request_id, context.function_name, context.function_version,\n"
            "            context.invoked_function_arn, context.memory_limit_in_mb,\n"
            "            context.log_group_name, context.log_stream_name[:10].count('/'),\n"
            "            context.identity.cognito_identity_id, context.client_context, 0 < left <= 30_000]\n"
        )
        async with a_lambda(tmp_path) as aws:
            aws.deploy(source)
            outcome = await aws.invoke()
            assert isinstance(outcome, Returned)
            assert json.loads(outcome.payload) == [
                outcome.request,
                "f",
                "$LATEST",
                function_arn(REGION, ACCOUNT, "f"),
                "128",
                "/aws/lambda/f",
                2,
                None,
                None,
                True,
            ]

    run(test)


def test_a_process_sees_nothing_of_the_emulators_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMULATORS_SECRET", "x")
    monkeypatch.setenv("AWS_PROFILE", "production")

    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(
                "import os\ndef handler(event, context):\n    return dict(os.environ)\n",
                environment={"TABLE": "t"},
            )
            seen = await aws.value()
            assert isinstance(seen, dict)
            assert {"EMULATORS_SECRET", "AWS_PROFILE", "PYTHONPATH"} & seen.keys() == set()
            assert (seen["TABLE"], seen["AWS_ENDPOINT_URL"]) == ("t", "http://127.0.0.1:4566")
            assert re.fullmatch("ASIA[A-Z2-7]{16}", seen["AWS_ACCESS_KEY_ID"])
            assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};.*", seen["_X_AMZN_TRACE_ID"])

    run(test)


def test_a_process_works_in_its_code_folder_and_imports_from_there_first(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            folder = aws.deploy(
                "import os, sys\ndef handler(event, context):\n    return [os.getcwd(), sys.path[0]]\n"
            )
            assert await aws.value() == [str(folder), str(folder)]
            assert [entry.name for entry in folder.iterdir()] == ["app.py"]

    run(test)


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


def test_a_line_belongs_to_the_invocation_that_wrote_it(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(
                "import sys\nprint('init')\n"
                "def handler(event, context):\n"
                "    print(event)\n    print('err', file=sys.stderr)\n    sys.stdout.write('no feed')\n"
            )
            requests = [
                outcome.request
                for outcome in [await aws.invoke(1), await aws.invoke(2)]
                if isinstance(outcome, Returned)
            ]
            logged = [(seen.request, seen.line) for seen in aws.observations.of(FunctionLogged)]
            assert logged == [
                (None, "init"),
                (requests[0], "1"),
                (requests[0], "err"),
                (requests[0], "no feed"),
                (requests[1], "2"),
                (requests[1], "err"),
                (requests[1], "no feed"),
            ]

    run(test)


def test_an_observation_tells_why_a_function_was_invoked(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(ECHO)
            cause = Cause("L0SM9cOFvHcCIhw=", "$connect", ("m-1",))
            outcome = await aws.invoke(cause=cause)
            assert isinstance(outcome, Returned)
            (started,) = aws.observations.of(InvocationStarted)
            assert started == InvocationStarted(
                started.at, outcome.request, "f", True, "L0SM9cOFvHcCIhw=", "$connect", ("m-1",)
            )

    run(test)


def test_an_access_key_tells_which_invocation_is_running(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(
                "import os\ndef handler(event, context):\n    print(os.environ['AWS_ACCESS_KEY_ID'])\n"
            )
            while_running: list[str | None] = []
            aws.observations.on_log = lambda seen: while_running.append(aws.runtime.request_of(seen.line))
            outcome = await aws.invoke()
            assert isinstance(outcome, Returned)
            (logged,) = aws.observations.of(FunctionLogged)
            assert while_running == [outcome.request]
            assert aws.runtime.request_of(logged.line) is None
            assert aws.runtime.request_of("ASIAOFSOMEBODYELSEXX") is None

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


@pytest.mark.aws("S-10")
def test_an_event_is_tried_three_times_with_the_same_request_id(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(RAISE)
            request = aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            for attempt, delay in ((1, 60), (2, 120), (3, 100_000)):
                ended = await aws.observations.seen(InvocationEnded, attempt)
                assert aws.runtime.in_flight() == 0
                clock.advance(delay)
            assert [(each.request, each.error) for each in ended] == [(request, "ValueError: no")] * 3
            assert [each.request for each in aws.observations.of(InvocationStarted)] == [request] * 3
            (dead,) = aws.letters
            assert (dead.target, dead.body, dead.attributes["RequestID"].value) == (DEAD, "{}", request)

    run(test)


def test_an_event_that_succeeds_is_not_tried_again(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(ECHO)
            aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            assert aws.runtime.in_flight() == 1
            (ended,) = await aws.observations.seen(InvocationEnded)
            clock.advance(400)
            assert (ended.error, aws.runtime.in_flight(), aws.letters) == (None, 0, [])

    run(test)


@pytest.mark.aws("L-28")
def test_invocations_over_the_reserved_concurrency_are_throttled(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(HANG, reserved_concurrency=1)
            first = asyncio.create_task(aws.invoke())
            await aws.observations.seen(InvocationStarted)
            assert await aws.invoke() == Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
            await aws.runtime.close()
            assert isinstance(await first, FunctionError)

    run(test)


@pytest.mark.aws("S-12")
def test_a_throttled_event_is_tried_again_after_a_second(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(HANG, reserved_concurrency=1, timeout=1)
            first = asyncio.create_task(aws.invoke())
            await aws.observations.seen(FunctionLogged)
            request = aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            clock.advance(1)
            await first
            clock.advance(1)
            started = await aws.observations.seen(InvocationStarted, 2)
            assert started[1].request == request

    run(test)


@pytest.mark.aws("S-16")
def test_an_event_for_a_function_with_no_concurrency_is_dropped(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(ECHO, reserved_concurrency=0)
            request = aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            (ended,) = aws.observations.of(InvocationEnded)
            reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
            assert (ended.request, ended.error) == (request, f"TooManyRequestsException: {reason}")
            assert [(dead.target, dead.body) for dead in aws.letters] == [(DEAD, "{}")]

    run(test)


@pytest.mark.aws("L-25")
def test_a_function_that_returns_nothing_returns_null(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy("def handler(event, context):\n    pass\n")
            outcome = await aws.invoke()
            assert isinstance(outcome, Returned)
            assert outcome.payload == b"null"

    run(test)


@pytest.mark.aws("S-11", "S-15")
@pytest.mark.parametrize(
    ("config", "attempts"),
    [
        pytest.param(EventInvokeConfig(maximum_retry_attempts=0), 1, id="no retries"),
        pytest.param(EventInvokeConfig(maximum_retry_attempts=1), 2, id="one retry"),
        pytest.param(EventInvokeConfig(maximum_event_age=150), 2, id="too old for the second retry"),
    ],
)
def test_an_event_is_tried_as_its_functions_config_says(
    tmp_path: Path, config: EventInvokeConfig, attempts: int
) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(RAISE, event_invoke_config=config)
            aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            for attempt in range(1, attempts + 1):
                await aws.observations.seen(InvocationEnded, attempt)
                assert len(aws.letters) == (attempt == attempts)
                clock.advance(60)
            assert len(aws.observations.of(InvocationStarted)) == attempts

    run(test)


@pytest.mark.aws("L-8", "L-28", "S-12")
def test_invocations_over_the_accounts_concurrency_are_throttled(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock, account_concurrency=1) as aws:
            aws.deploy(HANG, timeout=1)
            aws.deploy(ECHO, name="g")
            first = asyncio.create_task(aws.invoke())
            await aws.observations.seen(FunctionLogged)
            assert await aws.invoke(name="g") == Throttled("ConcurrentInvocationLimitExceeded")
            request = aws.runtime.invoke_event("g", b"{}", cause=NO_CAUSE)
            clock.advance(1)
            await first
            clock.advance(2)
            started = await aws.observations.seen(InvocationStarted, 2)
            assert (started[1].request, started[1].function) == (request, "g")

    run(test)


@pytest.mark.aws("S-11", "S-12", "S-15")
def test_an_event_that_is_throttled_until_it_is_too_old_is_a_dead_letter(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        config = EventInvokeConfig(maximum_event_age=60, on_failure=f"{DEAD}-record")
        async with a_lambda(tmp_path, clock, account_concurrency=0) as aws:
            aws.deploy(ECHO, event_invoke_config=config)
            aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            clock.advance(30)
            assert aws.letters == []
            clock.advance(30)
            dead, record = aws.letters
            assert (dead.target, record.target) == (DEAD, f"{DEAD}-record")
            assert json.loads(record.body)["requestContext"]["condition"] == "EventAgeExceeded"
            (ended,) = aws.observations.of(InvocationEnded)
            assert ended.error == "TooManyRequestsException: ConcurrentInvocationLimitExceeded"

    run(test)


def test_an_event_whose_function_is_deleted_meanwhile_is_dropped(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock) as aws:
            aws.deploy(RAISE)
            aws.runtime.invoke_event("f", b"{}", cause=NO_CAUSE)
            await aws.observations.seen(InvocationEnded)
            aws.runtime.delete_function("f")
            clock.advance(60)
            _, dropped = aws.observations.of(InvocationEnded)
            arn = function_arn(REGION, ACCOUNT, "f")
            assert dropped.error == f"ResourceNotFoundException: Function not found: {arn}"
            assert aws.letters == []

    run(test)


@pytest.mark.parametrize(
    "reference",
    [
        "g",
        "f:live",
        "arn:aws:lambda:us-east-1:000000000000:function:f",
        "arn:aws:lambda:eu-west-1:111111111111:function:f",
    ],
)
def test_no_function_of_this_name_version_region_or_account(tmp_path: Path, reference: str) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(ECHO)
            arn = reference if reference.startswith("arn:") else function_arn(REGION, ACCOUNT, reference)
            assert await aws.invoke(name=reference) == NoSuchFunction(arn)
            assert aws.runtime.invoke_event(reference, b"", cause=NO_CAUSE) == NoSuchFunction(arn)

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


def test_a_scratch_folder_that_cannot_be_written_fails_the_invocation(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy(ECHO)
            (tmp_path / "scratch").write_text("a file where a folder should be")
            outcome = await aws.invoke()
            assert isinstance(outcome, FunctionError)
            assert json.loads(outcome.payload)["errorType"] == "Runtime.InvalidEntrypoint"

    run(test)
