"""Where the contract is tested: an endpoint, clients of it, and one deployment that the tests share.

Everything goes through boto3 and `websockets`. Another backend takes the place of the emulator by overriding the
fixture `endpoint`.
"""

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
from botocore.exceptions import ClientError
from websockets.sync.client import ClientConnection, connect

from harness.backends.embedded import emulator_urls
from harness.emulator.lambda_runtime.node import installed_packages
from tests.patience import LONGEST_POLL, WAIT
from tests.small_api import an_emulator

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
    with pytest.MonkeyPatch.context() as patch:
        if ESBUILD is not None:
            patch.setenv("FANOUT_HARNESS_NODE_MODULES", str(ESBUILD))
        with an_emulator() as (backend, _):
            yield backend.endpoint


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


@pytest.fixture(scope="session")
def dynamodb(client: Clients) -> Any:
    return client("dynamodb")


@pytest.fixture(scope="session")
def lambda_(client: Clients) -> Any:
    return client("lambda")


@pytest.fixture(scope="session")
def sns(client: Clients) -> Any:
    return client("sns")


@pytest.fixture(scope="session")
def sqs(client: Clients) -> Any:
    return client("sqs")


class Queue:
    """A queue of its own, by URL and ARN."""

    def __init__(self, sqs: Any, **attributes: str) -> None:
        self._sqs = sqs
        name = a_name("queue") + (".fifo" if "FifoQueue" in attributes else "")
        self.url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        told = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn: str = told["Attributes"]["QueueArn"]

    def send(self, *texts: str, **more: Any) -> list[str]:
        """Sends the messages as one batch; their ids."""
        entries = [{"Id": str(number), "MessageBody": text, **more} for number, text in enumerate(texts)]
        sent = self._sqs.send_message_batch(QueueUrl=self.url, Entries=entries)["Successful"]
        return [one["MessageId"] for one in sorted(sent, key=lambda one: int(one["Id"]))]

    def message(self) -> Any:
        """The next message, with all its attributes; it is deleted."""
        received = self._sqs.receive_message(
            QueueUrl=self.url,
            WaitTimeSeconds=LONGEST_POLL,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        (message,) = received["Messages"]
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return message

    def event(self) -> Event:
        """The next message as JSON."""
        event: Event = json.loads(self.message()["Body"])
        return event

    def texts(self) -> tuple[str, dict[str, tuple[str, str]]]:
        """The body of the next message, and its attributes' types and values."""
        message = self.message()
        attributes = message["MessageAttributes"]
        return message["Body"], {
            name: (one["DataType"], one["StringValue"]) for name, one in attributes.items()
        }

    def bring_back(self, record: dict[str, Any]) -> dict[str, Any]:
        """Ends the invisibility of a message that a function was invoked with, and returns its record."""
        self._sqs.change_message_visibility(
            QueueUrl=self.url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
        )
        return record

    def counts(self) -> tuple[int, int]:
        """(messages that can be received, messages that are received and not deleted)"""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(told[names[0]]), int(told[names[1]])


@pytest.fixture
def queue(sqs: Any) -> Queue:
    return Queue(sqs)


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


def refused(call: Callable[..., object], **arguments: object) -> tuple[int, str, str]:
    """The status, code and message of a call that fails."""
    with pytest.raises(ClientError) as failed:
        call(**arguments)
    response: Any = failed.value.response
    error = response["Error"]
    return response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error.get("Message", "")


def error_of(call: Callable[..., object], **arguments: object) -> tuple[str, str]:
    """The code and message of a call that fails."""
    return refused(call, **arguments)[1:]


def a_name(kind: str) -> str:
    """A name that nothing else has."""
    return f"{kind}-{uuid.uuid4().hex[:8]}"
