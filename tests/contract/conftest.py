"""Where the contract is tested: an endpoint, clients of it, and one deployment that the tests share.

Everything goes through boto3 and `websockets`. Another backend takes the place of the emulator by overriding the
fixture `endpoint`.
"""

import asyncio
import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from websockets.sync.client import ClientConnection, connect

from harness.backends.embedded import EmbeddedBackend, emulator_urls
from harness.emulator.lambda_runtime.node import installed_packages
from tests.patience import LONGEST_POLL, WAIT

REGION = "us-east-1"
ROLE = "arn:aws:iam::000000000000:role/lambda"
PLACES = (installed_packages(), Path(__file__).parent / "sdk/node_modules")
ESBUILD = next((place for place in PLACES if (place / "esbuild").is_dir()), None)
"""The packages that functions in TypeScript are made with here."""
Event: TypeAlias = dict[str, Any]
Clients: TypeAlias = Callable[..., Any]

# What each function was invoked with is sent to a queue: the tests read it there, on any backend.
RECORDER = """
import json, os
import boto3

sqs = boto3.client("sqs", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))

def handler(event, context):
    sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(event))
    if event.get("requestContext", {}).get("eventType") == "CONNECT":
        refused = event.get("queryStringParameters", {}).get("refuse")
        return {"statusCode": int(refused) if refused else 200}
    if event.get("body") == '{"action":"fail"}':
        raise ValueError("as asked")
    return {"statusCode": 200, "body": "answer to " + event.get("body", "")}
"""


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """An emulator of its own, on a free port."""
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        if ESBUILD is not None:
            patch.setenv("FANOUT_HARNESS_NODE_MODULES", str(ESBUILD))
        backend = EmbeddedBackend(region=REGION)
        runner.run(backend.start())
        try:
            yield backend.endpoint
        finally:
            runner.run(backend.close())


@pytest.fixture(scope="session")
def client(endpoint: str) -> Iterator[Clients]:
    """A boto3 client of a service; `signed=False` for one without credentials."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    made = []

    def make(service: str, *, url: str = endpoint, signed: bool = True) -> Any:
        config = Config(retries={"total_max_attempts": 1})
        config = config if signed else config.merge(Config(signature_version=UNSIGNED))
        made.append(session.client(service, endpoint_url=url, config=config))  # type: ignore[call-overload]
        return made[-1]

    yield make
    for one in made:
        one.close()


@dataclass(frozen=True, slots=True)
class Deployed:
    """One WebSocket API whose routes all invoke the recorder, and the recorder's queue."""

    api_id: str
    url: str
    management_endpoint: str
    function_arn: str
    queue_url: str
    sqs: Any

    def recorded(self) -> Event:
        """The next event that the recorder got."""
        received = self.sqs.receive_message(QueueUrl=self.queue_url, WaitTimeSeconds=LONGEST_POLL)
        (message,) = received["Messages"]
        self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        event: Event = json.loads(message["Body"])
        return event

    def recorded_nothing(self) -> bool:
        """Whether no event waits. Ask only after an event that came later was read."""
        return "Messages" not in self.sqs.receive_message(QueueUrl=self.queue_url)

    @contextmanager
    def connected(self) -> Iterator[tuple[ClientConnection, str]]:
        """A client and its connection id; its CONNECT and DISCONNECT are taken out of the queue."""
        with connect(self.url, open_timeout=WAIT, close_timeout=WAIT) as websocket:
            yield websocket, str(self.recorded()["requestContext"]["connectionId"])
        assert self.recorded()["requestContext"]["eventType"] == "DISCONNECT"


@pytest.fixture(scope="session")
def recorder_zip() -> bytes:
    return zipped({"recorder.py": RECORDER})


@pytest.fixture(scope="session")
def deployed(client: Clients, endpoint: str, recorder_zip: bytes) -> Deployed:
    """The shared API, with the routes `$connect`, `$disconnect`, `$default`, `echo` (two-way) and `fail`."""
    sqs, functions, apis = client("sqs"), client("lambda"), client("apigatewayv2")
    queue_url = sqs.create_queue(QueueName=a_name("recorded"))["QueueUrl"]
    function_arn = functions.create_function(
        FunctionName=a_name("recorder"),
        Runtime="python3.11",
        Role=ROLE,
        Handler="recorder.handler",
        Code={"ZipFile": recorder_zip},
        Timeout=20,
        Environment={"Variables": {"QUEUE_URL": queue_url}},
    )["FunctionArn"]
    api_id = apis.create_api(
        Name=a_name("api"), ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    integration = a_lambda_integration(apis, api_id, function_arn)
    for route_key in ("$connect", "$disconnect", "$default", "echo", "fail"):
        answers = {"RouteResponseSelectionExpression": "$default"} if route_key == "echo" else {}
        route = apis.create_route(ApiId=api_id, RouteKey=route_key, Target=integration, **answers)
        if answers:
            apis.create_route_response(ApiId=api_id, RouteId=route["RouteId"], RouteResponseKey="$default")
    apis.create_stage(ApiId=api_id, StageName="test", AutoDeploy=True)
    urls = emulator_urls(endpoint, api_id, "test")
    return Deployed(api_id, urls["url"], urls["management_endpoint"], function_arn, queue_url, sqs)


def zipped(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def a_lambda_integration(apis: Any, api_id: str, function_arn: str) -> str:
    """The target of routes that invoke the function."""
    created = apis.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationMethod="POST",
        IntegrationUri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function_arn}/invocations",
    )
    return f"integrations/{created['IntegrationId']}"


def a_name(kind: str) -> str:
    """A name that nothing else has."""
    return f"{kind}-{uuid.uuid4().hex[:8]}"
