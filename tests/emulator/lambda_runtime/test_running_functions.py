"""Functions in real processes, over the Runtime API, with AWS's own runtime client: what they see and return."""

import json
import re
from pathlib import Path

import pytest

from harness.emulator.lambda_runtime.function import function_arn
from harness.emulator.lambda_runtime.outcome import (
    Cause,
    NoSuchFunction,
    Returned,
)
from harness.record.observation import FunctionLogged, InvocationStarted
from tests.emulator.lambda_runtime.running import (
    ACCOUNT,
    ECHO,
    NO_CAUSE,
    REGION,
    a_lambda,
    run,
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


@pytest.mark.aws("L-25")
def test_a_function_that_returns_nothing_returns_null(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path) as aws:
            aws.deploy("def handler(event, context):\n    pass\n")
            outcome = await aws.invoke()
            assert isinstance(outcome, Returned)
            assert outcome.payload == b"null"

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
