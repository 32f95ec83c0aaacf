"""Queues and tables elsewhere, functions and rules here: rules reach them, functions cannot read them."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.backends.embedded import EmbeddedBackend, emulator_client
from harness.errors import BackendError
from harness.stack.model import Api, Function, Queue, QueueSource, Route, Rule, Stack
from harness.testbed import Testbed, deploy
from tests.hybrid.conftest import REGION
from tests.patience import WAIT

ROLE = "arn:aws:iam::000000000000:role/lambda"


def a_stack(code: Path, *, reads: bool) -> Stack:
    (code / "app.py").write_text("def hello(event, context):\n    return {'statusCode': 200}\n")
    sources = (QueueSource(queue="jobs"),) if reads else ()
    return Stack(
        name="ruled",
        queues={"jobs": Queue(name="jobs"), "steps": Queue(name="steps.fifo")},
        functions={"hello": Function(handler="app.hello", code=code, queues=sources)},
        rules={
            "trades": Rule(pattern={"source": ["matcher"]}, queues=("jobs", "steps"), input_path="$.detail")
        },
        api=Api(name="ruled", routes={"$default": Route(function="hello")}),
    )


@pytest.fixture(scope="module")
def backend(runner: asyncio.Runner, elsewhere: str) -> Iterator[EmbeddedBackend]:
    """An emulator whose tables, topics and queues are elsewhere."""
    endpoints = dict.fromkeys(("dynamodb", "sns", "sqs"), elsewhere)
    one = EmbeddedBackend(region=REGION, elsewhere=endpoints)
    try:
        runner.run(one.start())
        yield one
    finally:
        runner.run(one.close())


@pytest.fixture(scope="module")
def testbed(
    runner: asyncio.Runner, backend: EmbeddedBackend, tmp_path_factory: pytest.TempPathFactory
) -> Testbed:
    return runner.run(deploy(a_stack(tmp_path_factory.mktemp("code"), reads=False), backend))


def test_a_rule_reaches_its_queues_elsewhere(
    runner: asyncio.Runner, backend: EmbeddedBackend, elsewhere: str, testbed: Testbed
) -> None:
    events: Any = backend.client("events")
    entry = {"Source": "matcher", "DetailType": "trade", "Detail": '{"price":1}'}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    assert runner.run(backend.quiet(WAIT))
    there: Any = emulator_client("sqs", elsewhere, REGION)
    found = {
        name: there.receive_message(
            QueueUrl=testbed.deployment.outputs[f"queues.{name}.url"],
            MessageSystemAttributeNames=["MessageGroupId"],
        )["Messages"]
        for name in ("jobs", "steps")
    }
    assert {name: [json.loads(one["Body"]) for one in messages] for name, messages in found.items()} == {
        "jobs": [{"price": 1}],
        "steps": [{"price": 1}],
    }
    assert found["steps"][0]["Attributes"] == {"MessageGroupId": "rule"}


@pytest.mark.parametrize(
    ("source", "more"),
    [
        pytest.param("arn:aws:sqs:us-east-1:000000000000:jobs", {}, id="a queue"),
        pytest.param(
            "arn:aws:dynamodb:us-east-1:000000000000:table/Rooms/stream/2026-01-01T00:00:00.000",
            {"StartingPosition": "LATEST"},
            id="a table's stream",
        ),
    ],
)
def test_a_mapping_of_what_is_elsewhere_is_refused_by_name(
    backend: EmbeddedBackend, elsewhere: str, testbed: Testbed, source: str, more: dict[str, str]
) -> None:
    client: Any = backend.client("lambda")
    with pytest.raises(ClientError) as caught:
        client.create_event_source_mapping(FunctionName="ruled-hello", EventSourceArn=source, **more)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert answer["Error"] == {
        "Code": "NotImplementedException",
        "Message": f"lambda:CreateEventSourceMapping of {source}, which is elsewhere (at {elsewhere}) while the "
        "function is here, is not emulated by fanout-harness; nothing was done.",
    }
    assert client.list_event_source_mappings()["EventSourceMappings"] == []


def test_a_queue_that_is_here_is_read_although_tables_are_elsewhere(
    runner: asyncio.Runner, elsewhere: str, tmp_path: Path
) -> None:
    backend = EmbeddedBackend(region=REGION, elsewhere={"dynamodb": elsewhere})
    try:
        runner.run(backend.start())
        runner.run(deploy(a_stack(tmp_path, reads=True), backend))
        client: Any = backend.client("lambda")
        (mapping,) = client.list_event_source_mappings()["EventSourceMappings"]
    finally:
        runner.run(backend.close())
    assert mapping["EventSourceArn"] == "arn:aws:sqs:us-east-1:000000000000:jobs"


def test_deploying_what_reads_a_queue_elsewhere_says_which(
    runner: asyncio.Runner, backend: EmbeddedBackend, testbed: Testbed, tmp_path: Path
) -> None:
    stack = a_stack(tmp_path, reads=True)
    reader = stack.functions["hello"].model_copy(update={"name": "reader"})
    stack = stack.model_copy(update={"functions": {"hello": reader}, "rules": {}})
    with pytest.raises(BackendError, match=r"^event source arn:aws:sqs:\S+:jobs of reader .* is elsewhere"):
        runner.run(deploy(stack, backend))
