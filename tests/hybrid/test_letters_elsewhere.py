"""Letters whose queue or topic is elsewhere: what functions leave behind, and queues that listen to topics."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from harness.backends.embedded import EmbeddedBackend, emulator_client
from harness.emulator.wiring import Emulator
from tests.hybrid.conftest import REGION
from tests.patience import LONGEST_POLL, WAIT

QUEUE = "arn:aws:sqs:us-east-1:000000000000:left"
FAILS = "def handler(event, context):\n    raise ValueError('as always')\n"
ROLE = "arn:aws:iam::000000000000:role/lambda"


@pytest.fixture(scope="module")
def backend(runner: asyncio.Runner, elsewhere: str) -> Iterator[EmbeddedBackend]:
    """An emulator whose topics and queues are elsewhere."""
    one = EmbeddedBackend(region=REGION, elsewhere={"sns": elsewhere, "sqs": elsewhere})
    try:
        runner.run(one.start())
        yield one
    finally:
        runner.run(one.close())


def received(sqs: Any, url: str) -> Any:
    """The body and the attributes of the next message in the queue, in its own time."""
    (message,) = sqs.receive_message(
        QueueUrl=url, WaitTimeSeconds=LONGEST_POLL, MessageAttributeNames=["All"]
    )["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return message


@pytest.mark.aws("S-13")
def test_a_dead_letter_reaches_its_queue_elsewhere(
    backend: EmbeddedBackend, elsewhere: str, tmp_path: Path
) -> None:
    (tmp_path / "fails.py").write_text(FAILS)
    here: Any = backend.client("lambda")
    there: Any = emulator_client("sqs", elsewhere, REGION)
    url = there.create_queue(QueueName="left")["QueueUrl"]
    here.create_function(
        FunctionName="fails",
        Runtime="python3.11",
        Role=ROLE,
        Handler="fails.handler",
        Code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)},
        DeadLetterConfig={"TargetArn": QUEUE},
    )
    here.put_function_event_invoke_config(FunctionName="fails", MaximumRetryAttempts=0)
    here.invoke(FunctionName="fails", InvocationType="Event", Payload=b'{"a":1}')
    message = received(there, url)
    assert json.loads(message["Body"]) == {"a": 1}
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "200"
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "as always"


def test_a_destination_reaches_its_topic_elsewhere_and_from_there_a_queue(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    (tmp_path / "works.py").write_text("def handler(event, context):\n    return 'done'\n")
    here: Any = backend.client("lambda")
    sns: Any = backend.client("sns")
    sqs: Any = backend.client("sqs")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    topic_arn = sns.create_topic(Name="told")["TopicArn"]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:told")
    here.create_function(
        FunctionName="works",
        Runtime="python3.11",
        Role=ROLE,
        Handler="works.handler",
        Code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)},
    )
    here.put_function_event_invoke_config(
        FunctionName="works", DestinationConfig={"OnSuccess": {"Destination": topic_arn}}
    )
    here.invoke(FunctionName="works", InvocationType="Event", Payload=b"{}")
    letter = json.loads(json.loads(received(sqs, url)["Body"])["Message"])
    assert letter["responsePayload"] == "done"


# --- an SQS that takes its time -----------------------------------------------------------------------------


class SlowSqs(BaseHTTPRequestHandler):
    """Answers nothing before `server.may_answer` is set."""

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        server = self.server
        assert isinstance(server, SlowServer)
        server.asked.append(form)
        server.may_answer.wait(WAIT)
        body = b"<QueueUrl>http://127.0.0.1/left</QueueUrl>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the test asks the server."""


class SlowServer(ThreadingHTTPServer):
    """An SQS of its own; `asked` holds the forms of all requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SlowSqs)
        self.may_answer = threading.Event()
        self.asked: list[dict[str, str]] = []


@pytest.fixture
def slow() -> Iterator[SlowServer]:
    with SlowServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.may_answer.set()
        server.shutdown()
        thread.join()


def test_it_is_quiet_once_a_letter_has_arrived(slow: SlowServer) -> None:
    async def scenario() -> list[bool]:
        url = f"http://127.0.0.1:{slow.server_port}"
        async with Emulator(region=REGION, elsewhere={"sns": url, "sqs": url}) as emulator:
            events: Any = emulator_client("events", await emulator.listen("127.0.0.1", 0), REGION)
            await asyncio.to_thread(events.put_rule, Name="r", EventPattern='{"source":["matcher"]}')
            await asyncio.to_thread(events.put_targets, Rule="r", Targets=[{"Id": "1", "Arn": QUEUE}])
            entry = {"Source": "matcher", "DetailType": "trade", "Detail": "{}"}
            await asyncio.to_thread(events.put_events, Entries=[entry])
            quiet = [await emulator.quiet(0.1)]
            slow.may_answer.set()
            return [*quiet, await emulator.quiet(WAIT)]

    assert asyncio.run(scenario()) == [False, True]
    assert [one["Action"] for one in slow.asked] == ["GetQueueUrl", "SendMessage"]
