"""A stack whose table and topic are elsewhere: what each test of that talks to.

Elsewhere is a second emulator; another backend takes its place by overriding the fixture `elsewhere`.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.backends.embedded import EmbeddedBackend, emulator_client
from harness.record.observation import Observation
from harness.stack.model import Api, Function, Route, Stack, Table, Topic
from harness.testbed import Testbed, deploy
from tests.observed import observations_in
from tests.patience import WAIT

REGION = "us-east-1"

# Invoked by hand it does what it is told to the table; by a topic, it sends the event to whoever is connected.
WORKER = """
import json, os
import boto3

client = boto3.client("dynamodb")
table = os.environ["TABLE"]
api = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["API"])


def connect(event, context):
    client.put_item(TableName=table, Item={"id": {"S": event["requestContext"]["connectionId"]}})
    return {"statusCode": 200}


def disconnect(event, context):
    client.delete_item(TableName=table, Key={"id": {"S": event["requestContext"]["connectionId"]}})
    return {"statusCode": 200}


def fan_out(event, context):
    for row in client.scan(TableName=table)["Items"]:
        api.post_to_connection(ConnectionId=row["id"]["S"], Data=json.dumps(event))


def call(event, context):
    answer = getattr(client, event["operation"])(**event["arguments"])
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
"""


@dataclass(frozen=True, slots=True)
class Hybrid:
    """Gateway and functions in an emulator of their own, the table `Rooms` and the topic `Messages` elsewhere."""

    testbed: Testbed
    elsewhere: str
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    @property
    def backend(self) -> EmbeddedBackend:
        assert isinstance(self.testbed.backend, EmbeddedBackend)
        return self.testbed.backend

    @property
    def topic_arn(self) -> str:
        return self.testbed.deployment.topic_arn("messages")

    def client(self, service: str) -> Any:
        """A client of the emulator, which relays."""
        return self.backend.client(service)

    def there(self, service: str) -> Any:
        """A client of the endpoint elsewhere."""
        return emulator_client(service, self.elsewhere, REGION)

    def call(self, operation: str, **arguments: object) -> Any:
        """What a function gets that calls this operation of DynamoDB."""
        payload = json.dumps({"operation": operation, "arguments": arguments})
        answer = self.client("lambda").invoke(FunctionName="hybrid-call", Payload=payload)
        return json.loads(answer["Payload"].read())

    def quiet(self, timeout: float = WAIT) -> bool:
        return bool(self.run(self.backend.quiet(timeout)))

    def seen(self) -> list[Observation]:
        """What the emulator saw since the last call."""
        return observations_in(self.run(self.backend.seen()).lines)

    def page(self, name: str) -> Any:
        """One of the emulator's own pages."""
        return json.loads(self.run(self.backend._ask("GET", name)).data)


def a_stack(code: Path) -> Stack:
    (code / "worker.py").write_text(WORKER)
    environment = {"TABLE": "${tables.rooms.name}", "API": "${api.management_endpoint}"}
    functions = {
        name: Function(
            handler=f"worker.{name}",
            code=code,
            environment=environment,
            subscribed_to=("messages",) if name == "fan_out" else (),
        )
        for name in ("connect", "disconnect", "fan_out", "call")
    }
    routes = {name: Route(function=name[1:]) for name in ("$connect", "$disconnect")}
    return Stack(
        name="hybrid",
        tables={"rooms": Table(name="Rooms", hash_key="id")},
        topics={"messages": Topic(name="Messages")},
        functions=functions,
        api=Api(name="hybrid", routes=routes),
    )


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as one:
        yield one


@pytest.fixture(scope="session")
def elsewhere(runner: asyncio.Runner) -> Iterator[str]:
    """The endpoint of another emulator."""
    backend = EmbeddedBackend(region=REGION)
    runner.run(backend.start())
    try:
        yield backend.endpoint
    finally:
        runner.run(backend.close())


@pytest.fixture(scope="session")
def hybrid(
    runner: asyncio.Runner, elsewhere: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hybrid]:
    backend = EmbeddedBackend(region=REGION, elsewhere={"dynamodb": elsewhere, "sns": elsewhere})
    try:
        runner.run(backend.start())
        testbed = runner.run(deploy(a_stack(tmp_path_factory.mktemp("code")), backend))
        yield Hybrid(testbed, elsewhere, runner.run)
    finally:
        runner.run(backend.close())
