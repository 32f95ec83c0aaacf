"""Lambda's API through boto3, because the SDK is the contract, and by hand where boto3 would not ask."""

import asyncio
import base64
import io
import json
import socket
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import boto3
import httptools
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from harness.clock import RealClock
from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.lambda_runtime.api import LambdaApi
from harness.emulator.lambda_runtime.runtime import LambdaRuntime
from harness.emulator.port.http import Headers, Request, Response
from tests.patience import WAIT

# Requests here are wrong on purpose too, and boto3's type stubs would refuse those.
LambdaClient: TypeAlias = Any

ARN = "arn:aws:lambda:eu-west-1:000000000000:function:f"
ROLE = "arn:aws:iam::000000000000:role/lambda"
SOURCE = """
import os
def handler(event, context):
    if event == "raise":
        raise ValueError("no")
    print("said", event)
    return [event, os.environ.get("N"), context.client_context and context.client_context.custom]
"""


async def s3_object(bucket: str, key: str, version: str | None) -> bytes | None:
    return a_zip(SOURCE) if (bucket, key) == ("code", "f.zip") else None


def a_zip(source: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", source)
    return content.getvalue()


class _Port(asyncio.Protocol):
    """Just enough of the one port for boto3: HTTP/1.1 over a LambdaApi."""

    def __init__(self, api: LambdaApi, open_ports: set["_Port"]) -> None:
        self._api, self._open_ports = api, open_ports
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open_ports.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_ports.discard(self)

    def close(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url, self._body = b"", b""
        self._headers: list[tuple[str, str]] = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode(), value.decode()))

    def on_headers_complete(self) -> None:
        if ("Expect", "100-continue") in self._headers:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode().partition("?")
        method = self._parser.get_method().decode()
        request = Request(method, path, query, Headers(tuple(self._headers)), self._body)
        self._answering = asyncio.get_running_loop().create_task(self._answer(request))

    async def _answer(self, request: Request) -> None:
        answer = self._api.answer(AwsCall("lambda", "", "eu-west-1"), request)
        response = answer if isinstance(answer, Response) else await answer
        fields = "".join(f"{name}: {value}\r\n" for name, value in response.headers)
        head = f"HTTP/1.1 {response.status} X\r\n{fields}Content-Length: {len(response.body)}\r\n\r\n"
        self._transport.write(head.encode() + response.body)


class _Served:
    """A LambdaApi on a free port of loopback, in a thread of its own."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(WAIT)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        clock, random = RealClock(), Random(3)
        ports: set[_Port] = set()
        runtime = LambdaRuntime(
            endpoint=self.url,
            region="eu-west-1",
            account="000000000000",
            clock=clock,
            random=random,
            note=lambda _: None,
            scratch=self._scratch,
        )
        api = LambdaApi(runtime, clock=clock, random=random, read_object=s3_object)
        server = await self._loop.create_server(lambda: _Port(api, ports), sock=self._listening)
        self._ready.set()
        await self._stop.wait()
        server.close()
        for port in ports:
            port.close()
        await runtime.close()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(WAIT)
        assert not self._thread.is_alive()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Served]:
    served = _Served(tmp_path_factory.mktemp("scratch"))
    yield served
    served.close()


@pytest.fixture
def client(served: _Served) -> Iterator[LambdaClient]:
    client = boto3.client(
        "lambda",
        endpoint_url=served.url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    for function in client.list_functions()["Functions"]:
        client.delete_function(FunctionName=function["FunctionName"])
    client.close()


def create(client: LambdaClient, name: str = "f", **more: object) -> None:
    arguments: dict[str, object] = {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Role": ROLE,
        "Handler": "app.handler",
        "Code": {"ZipFile": a_zip(SOURCE)},
        **more,
    }
    client.create_function(**arguments)


def invoke(client: LambdaClient, payload: object, name: str = "f") -> object:
    return json.loads(client.invoke(FunctionName=name, Payload=json.dumps(payload))["Payload"].read())


def refusal(error: ClientError) -> tuple[str, int, str]:
    response = error.response
    return (
        response["Error"]["Code"],
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"]["Message"],
    )


def test_a_created_function_is_active_and_shown_with_all_its_settings(client: LambdaClient) -> None:
    create(client, Timeout=7, MemorySize=256, Environment={"Variables": {"N": "1"}}, Tags={"team": "dex"})
    client.get_waiter("function_active_v2").wait(FunctionName="f")
    client.get_waiter("function_updated_v2").wait(FunctionName="f")
    shown = client.get_function(FunctionName=ARN)
    configuration = shown["Configuration"]
    changing = {"LastModified", "RevisionId", "CodeSha256", "CodeSize"}
    assert {name: value for name, value in configuration.items() if name not in changing} == {
        "FunctionName": "f",
        "FunctionArn": ARN,
        "Runtime": "python3.13",
        "Role": ROLE,
        "Handler": "app.handler",
        "Description": "",
        "Timeout": 7,
        "MemorySize": 256,
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
        "Environment": {"Variables": {"N": "1"}},
    }
    assert shown["Tags"] == {"team": "dex"}


def test_an_invocation_returns_the_payload(client: LambdaClient) -> None:
    create(client)
    answer = client.invoke(FunctionName="f", Payload=b'{"a":1}')
    assert (answer["StatusCode"], answer["ExecutedVersion"], "FunctionError" in answer) == (
        200,
        "$LATEST",
        False,
    )
    assert json.loads(answer["Payload"].read()) == [{"a": 1}, None, None]


def test_an_invocation_carries_its_client_context_and_returns_its_log(client: LambdaClient) -> None:
    create(client)
    context = base64.b64encode(b'{"custom":{"k":"v"}}').decode()
    answer = client.invoke(FunctionName="f", Payload=b"1", ClientContext=context, LogType="Tail")
    assert json.loads(answer["Payload"].read()) == [1, None, {"k": "v"}]
    request = answer["ResponseMetadata"]["RequestId"]
    log = base64.b64decode(answer["LogResult"]).decode().splitlines()
    assert log[:3] == [f"START RequestId: {request} Version: $LATEST", "said 1", f"END RequestId: {request}"]
    assert log[3].startswith(f"REPORT RequestId: {request}\t")


@pytest.mark.aws("L-20")
def test_a_function_error_is_a_success_with_a_function_error(client: LambdaClient) -> None:
    create(client)
    answer = client.invoke(FunctionName="f", Payload=b'"raise"')
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.loads(answer["Payload"].read())["errorType"] == "ValueError"


@pytest.mark.parametrize(
    ("kind", "status"), [pytest.param("Event", 202, marks=pytest.mark.aws("L-26", "S-9")), ("DryRun", 204)]
)
def test_an_invocation_that_is_not_waited_for_answers_nothing(
    client: LambdaClient, kind: str, status: int
) -> None:
    create(client)
    answer = client.invoke(FunctionName="f", InvocationType=kind, Payload=b"1")
    assert (answer["StatusCode"], answer["Payload"].read()) == (status, b"")


def test_changed_code_and_configuration_are_used_at_once(client: LambdaClient) -> None:
    create(client)
    assert invoke(client, 1) == [1, None, None]
    client.update_function_configuration(FunctionName="f", Environment={"Variables": {"N": "2"}})
    assert invoke(client, 1) == [1, "2", None]
    client.update_function_code(
        FunctionName="f", ZipFile=a_zip("def handler(event, context):\n    return 3\n")
    )
    assert invoke(client, 1) == 3


def test_code_is_loaded_from_the_developers_folder(client: LambdaClient, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return __file__\n")
    create(client, Code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)})
    assert invoke(client, 1) == str(tmp_path / "app.py")


def test_code_is_loaded_from_s3(client: LambdaClient) -> None:
    create(client, Code={"S3Bucket": "code", "S3Key": "f.zip"})
    assert invoke(client, 1) == [1, None, None]


@pytest.mark.parametrize(
    ("settings", "code", "status", "message"),
    [
        pytest.param(
            {"Runtime": "ruby3.3"},
            "InvalidParameterValueException",
            400,
            "Value ruby3.3 at 'runtime' failed to satisfy constraint: not a runtime of Lambda",
            id="a runtime that is not here",
        ),
        pytest.param(
            {"Code": {"ZipFile": b"x"}},
            "InvalidParameterValueException",
            400,
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
            id="a broken zip",
        ),
        pytest.param(
            {"Code": {"S3Bucket": "code", "S3Key": "g.zip"}},
            "InvalidParameterValueException",
            400,
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
            "S3 Error Message: The specified key does not exist.",
            id="a missing object",
        ),
        pytest.param(
            {"Timeout": 901},
            "ValidationException",
            400,
            "1 validation error detected: Value '901' at 'Timeout' failed to satisfy constraint: 1 to 900",
            id="a time-out that is too long",
            marks=pytest.mark.aws("L-9"),
        ),
        pytest.param(
            {"Layers": ["arn:aws:lambda:eu-west-1:000000000000:layer:l:1"]},
            "NotImplementedException",
            501,
            "lambda:Layers of a function is not emulated by fanout-harness; nothing was done.",
            id="layers",
        ),
        pytest.param(
            {"Publish": True},
            "NotImplementedException",
            501,
            "lambda:Publish (a version besides $LATEST) is not emulated by fanout-harness; nothing was done.",
            id="versions",
        ),
    ],
)
def test_a_function_that_cannot_run_here_is_refused(
    client: LambdaClient, settings: dict[str, Any], code: str, status: int, message: str
) -> None:
    with pytest.raises(ClientError) as refused:
        create(client, **settings)
    assert refusal(refused.value) == (code, status, message)
    assert client.list_functions()["Functions"] == []


@pytest.mark.aws("L-9")
def test_an_environment_over_four_kilobytes_is_refused(client: LambdaClient) -> None:
    with pytest.raises(ClientError, match="exceeded the 4KB limit"):
        create(client, Environment={"Variables": {"N": "x" * 4096}})


def test_a_name_is_given_once(client: LambdaClient) -> None:
    create(client)
    with pytest.raises(client.exceptions.ResourceConflictException) as refused:
        create(client)
    assert refusal(refused.value) == ("ResourceConflictException", 409, "Function already exist: f")


@pytest.mark.parametrize("name", ["f", "f:live", ARN])
def test_a_function_that_is_not_there_is_not_found(client: LambdaClient, name: str) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException) as refused:
        client.invoke(FunctionName=name)
    arn = name if name == ARN else f"arn:aws:lambda:eu-west-1:000000000000:function:{name}"
    assert refusal(refused.value) == ("ResourceNotFoundException", 404, f"Function not found: {arn}")


@pytest.mark.aws("L-28", "S-16")
def test_a_throttled_invocation_says_why(client: LambdaClient) -> None:
    create(client)
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException) as refused:
        client.invoke(FunctionName="f")
    assert refusal(refused.value) == ("TooManyRequestsException", 429, "Rate Exceeded.")
    assert refused.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_reserved_concurrency_is_kept_and_taken_back(client: LambdaClient) -> None:
    create(client)
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=5)
    shown = client.get_function(FunctionName="f")
    assert shown["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    client.delete_function_concurrency(FunctionName="f")
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName="f")


def test_permissions_are_added_shown_and_removed(client: LambdaClient) -> None:
    create(client)
    permission = {
        "FunctionName": "f",
        "StatementId": "api",
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
    }
    added = json.loads(client.add_permission(**permission)["Statement"])
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.add_permission(**permission)
    shown = json.loads(client.get_policy(FunctionName="f")["Policy"])
    assert shown["Statement"] == [added]
    assert added == {
        "Sid": "api",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
    }
    client.remove_permission(FunctionName="f", StatementId="api")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName="f")


def test_tags_are_added_and_removed(client: LambdaClient) -> None:
    create(client, Tags={"a": "1"})
    client.tag_resource(Resource=ARN, Tags={"b": "2", "c": "3"})
    client.untag_resource(Resource=ARN, TagKeys=["a", "b"])
    assert client.list_tags(Resource=ARN)["Tags"] == {"c": "3"}


def test_functions_are_listed_in_pages(client: LambdaClient) -> None:
    for name in ("a", "b", "c"):
        create(client, name)
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    assert [[each["FunctionName"] for each in page["Functions"]] for page in pages] == [["a", "b"], ["c"]]


def test_latest_is_the_only_version(client: LambdaClient) -> None:
    create(client)
    versions = client.list_versions_by_function(FunctionName="f")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST"]


def test_an_update_of_an_older_revision_is_refused(client: LambdaClient) -> None:
    create(client)
    with pytest.raises(client.exceptions.PreconditionFailedException):
        client.update_function_configuration(FunctionName="f", Timeout=5, RevisionId="another")


@pytest.mark.aws("L-10")
def test_a_payload_that_is_no_json_or_too_large_is_refused(client: LambdaClient) -> None:
    create(client)
    with pytest.raises(
        client.exceptions.InvalidRequestContentException, match="Could not parse request body"
    ):
        client.invoke(FunctionName="f", Payload=b"{")
    with pytest.raises(ClientError, match=r"1048578 byte payload .* Event .*\(limit 1048576 bytes\)"):
        client.invoke(FunctionName="f", InvocationType="Event", Payload=b'"' + b"x" * 1_048_576 + b'"')


def test_what_is_not_emulated_is_refused_by_name(client: LambdaClient) -> None:
    create(client)
    with pytest.raises(ClientError) as refused:
        client.publish_version(FunctionName="f")
    assert refusal(refused.value) == (
        "NotImplementedException",
        501,
        "lambda:PublishVersion is not emulated by fanout-harness; nothing was done.",
    )


def test_what_infrastructure_tools_ask_of_every_function_is_answered(client: LambdaClient) -> None:
    create(client)
    assert client.get_function_code_signing_config(FunctionName="f")["FunctionName"] == "f"
    assert client.get_runtime_management_config(FunctionName="f")["UpdateRuntimeOn"] == "Auto"
    assert client.get_function_recursion_config(FunctionName="f")["RecursiveLoop"] == "Terminate"


@pytest.mark.aws("S-11")
def test_an_event_invoke_config_is_put_updated_listed_and_deleted(client: LambdaClient) -> None:
    create(client)
    queue, topic = "arn:aws:sqs:eu-west-1:000000000000:q", "arn:aws:sns:eu-west-1:000000000000:t"
    destinations = {"OnSuccess": {"Destination": topic}, "OnFailure": {"Destination": queue}}

    client.put_function_event_invoke_config(FunctionName="f", DestinationConfig=destinations)
    client.update_function_event_invoke_config(
        FunctionName="f", MaximumRetryAttempts=0, MaximumEventAgeInSeconds=60
    )
    shown = client.get_function_event_invoke_config(FunctionName="f", Qualifier="$LATEST")
    (listed,) = client.list_function_event_invoke_configs(FunctionName=ARN)["FunctionEventInvokeConfigs"]
    assert {name: value for name, value in shown.items() if name != "ResponseMetadata"} == listed
    assert {name: value for name, value in listed.items() if name != "LastModified"} == {
        "FunctionArn": f"{ARN}:$LATEST",
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": destinations,
    }
    client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    put = client.get_function_event_invoke_config(FunctionName="f")
    assert put["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    client.delete_function_event_invoke_config(FunctionName="f")
    assert client.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"] == []


def test_an_event_invoke_config_that_is_not_there_is_not_found(client: LambdaClient) -> None:
    create(client)
    refusals = []
    for ask in (
        client.get_function_event_invoke_config,
        client.delete_function_event_invoke_config,
        lambda **names: client.update_function_event_invoke_config(MaximumRetryAttempts=1, **names),
    ):
        with pytest.raises(client.exceptions.ResourceNotFoundException) as refused:
            ask(FunctionName="f")
        refusals.append(refusal(refused.value))
    message = f"The function {ARN}:$LATEST doesn't have an EventInvokeConfig"
    assert refusals == [("ResourceNotFoundException", 404, message)] * 3


def test_an_event_invoke_config_outlives_new_code_and_goes_with_its_function(client: LambdaClient) -> None:
    create(client)
    client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    client.update_function_code(FunctionName="f", ZipFile=a_zip(SOURCE))
    assert client.get_function_event_invoke_config(FunctionName="f")["MaximumRetryAttempts"] == 1
    client.delete_function(FunctionName="f")
    create(client)
    assert client.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"] == []


def test_a_dead_letter_target_is_set_shown_and_taken_away(client: LambdaClient) -> None:
    queue = "arn:aws:sqs:eu-west-1:000000000000:q"
    create(client, DeadLetterConfig={"TargetArn": queue})
    shown = client.get_function_configuration(FunctionName="f")
    assert shown["DeadLetterConfig"] == {"TargetArn": queue}
    client.update_function_configuration(FunctionName="f", DeadLetterConfig={"TargetArn": ""})
    assert "DeadLetterConfig" not in client.get_function_configuration(FunctionName="f")
    with pytest.raises(ClientError, match="is not the ARN of an SQS queue or SNS topic"):
        client.update_function_configuration(FunctionName="f", DeadLetterConfig={"TargetArn": ARN})


@pytest.mark.aws("L-8")
def test_a_hundred_of_the_accounts_thousand_cannot_be_reserved(client: LambdaClient) -> None:
    create(client, "f")
    create(client, "g")
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=400)
    client.put_function_concurrency(FunctionName="g", ReservedConcurrentExecutions=500)
    limit = client.get_account_settings()["AccountLimit"]
    assert (limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]) == (1000, 100)
    with pytest.raises(client.exceptions.InvalidParameterValueException) as refused:
        client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=401)
    assert refusal(refused.value) == (
        "InvalidParameterValueException",
        400,
        "Specified ReservedConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [100].",
    )


@pytest.mark.aws("L-10")
def test_a_payload_over_six_megabytes_is_refused(client: LambdaClient) -> None:
    create(client)
    with pytest.raises(
        ClientError, match=r"6291557 byte payload .* RequestResponse .*\(limit 6291556 bytes\)"
    ) as refused:
        client.invoke(FunctionName="f", Payload=b'"' + b"x" * 6_291_555 + b'"')
    assert refusal(refused.value)[:2] == ("RequestEntityTooLargeException", 413)
