"""A stack with queues, a stream and rules, deployed as any stack is, does what its file says."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.backends.embedded import emulator_urls
from harness.stack.loader import load_stack
from harness.stack.provision import Deployment, provision
from tests.contract.conftest import Clients, a_name, zipped
from tests.patience import LONGEST_POLL

SOURCE = """
import json, os
import boto3

sqs = boto3.client("sqs", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))

def tell(event, context):
    sqs.send_message(QueueUrl=os.environ["TOLD"], MessageBody=json.dumps(event))
"""
STACK = """\
name: NAME
tables:
  orders: {name: NAME-orders, hash_key: id, stream: NEW_IMAGE}
topics:
  news: {name: NAME-news}
queues:
  jobs:
    name: NAME-jobs
    dead_letters: {queue: failed, after: 1}
    subscribed_to: [{topic: news, raw: true, filter_policy: {kind: [trade]}}]
  failed: {name: NAME-failed}
  told: {name: NAME-told}
functions:
  tell:
    handler: app.tell
    environment: {TOLD: "${queues.told.url}"}
    queues: [jobs]
    streams: [orders]
rules:
  trades: {pattern: {source: [NAME]}, functions: [tell], queues: [failed], input_path: $.detail}
api:
  name: NAME
  routes: {$default: tell}
"""


class Deployed:
    """The deployment, and what its function was told."""

    def __init__(self, deployment: Deployment, name: str, client: Clients) -> None:
        self.outputs, self.name, self.client = deployment.outputs, name, client
        self._sqs = client("sqs")

    def next_in(self, queue: str) -> Any:
        """The next message in a queue, as JSON."""
        url = self.outputs[f"queues.{queue}.url"]
        received = self._sqs.receive_message(QueueUrl=url, WaitTimeSeconds=LONGEST_POLL)
        (message,) = received["Messages"]
        self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return json.loads(message["Body"])


@pytest.fixture(scope="module")
def deployed(client: Clients, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    folder: Path = tmp_path_factory.mktemp("deployed")
    name = a_name("events")
    (folder / "app.py").write_text(SOURCE)
    (folder / "stack.yaml").write_text(STACK.replace("NAME", name))
    deployment = provision(
        load_stack(folder / "stack.yaml"),
        client=client,
        urls=lambda api_id, stage: emulator_urls(endpoint, api_id, stage),
        code=lambda function: {"ZipFile": zipped({"app.py": SOURCE})},
    )
    return Deployed(deployment, name, client)


def test_topic_reaches_the_function_by_the_queue(deployed: Deployed) -> None:
    sns, topic = deployed.client("sns"), deployed.outputs["topics.news.arn"]
    for kind in ("other", "trade"):
        attribute = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=topic, Message=f"a {kind}", MessageAttributes=attribute)

    (record,) = deployed.next_in("told")["Records"]
    assert (record["body"], record["eventSourceARN"]) == ("a trade", deployed.outputs["queues.jobs.arn"])


def test_row_reaches_the_function_by_the_stream(deployed: Deployed) -> None:
    deployed.client("dynamodb").put_item(
        TableName=deployed.outputs["tables.orders.name"], Item={"id": {"S": "1"}}
    )
    (record,) = deployed.next_in("told")["Records"]
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "1"}}
    assert record["eventSourceARN"] == deployed.outputs["tables.orders.stream_arn"]


def test_event_reaches_the_function_and_the_queue_by_the_rule(deployed: Deployed) -> None:
    detail = {"market": "BTC-PERP"}
    entry = {"Source": deployed.name, "DetailType": "Trade", "Detail": json.dumps(detail)}
    deployed.client("events").put_events(Entries=[entry])

    assert (deployed.next_in("told"), deployed.next_in("failed")) == (detail, detail)
