"""Queues and streams that functions read, by event source mappings."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from botocore.exceptions import ClientError

from tests.contract.conftest import ROLE, WAIT, Clients, a_name, zipped

# Says what it was invoked with, then does what the records ask for.
SOURCE = """
import json, os
import boto3

sqs = boto3.client("sqs", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))

def asked(record):
    if "body" in record:
        return record["messageId"], record["body"]
    change = record["dynamodb"]
    return change["SequenceNumber"], change.get("NewImage", {}).get("do", {}).get("S", "")

def handler(event, context):
    sqs.send_message(QueueUrl=os.environ["TOLD"], MessageBody=json.dumps(event))
    failed = [identifier for identifier, text in map(asked, event["Records"]) if text.startswith("fail")]
    if os.environ.get("REPORT"):
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}
    if failed:
        raise ValueError("as asked")
"""
Event: TypeAlias = dict[str, Any]


class Queue:
    """A queue of its own, by URL and ARN."""

    def __init__(self, sqs: Any, **attributes: str) -> None:
        self._sqs = sqs
        suffix = ".fifo" if "FifoQueue" in attributes else ""
        name = a_name("queue") + suffix
        self.url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        told = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn: str = told["Attributes"]["QueueArn"]

    def send(self, *texts: str, **more: Any) -> list[str]:
        """Sends the messages as one batch; their ids."""
        entries = [{"Id": str(number), "MessageBody": text, **more} for number, text in enumerate(texts)]
        sent = self._sqs.send_message_batch(QueueUrl=self.url, Entries=entries)["Successful"]
        return [one["MessageId"] for one in sorted(sent, key=lambda one: int(one["Id"]))]

    def message(self) -> Any:
        """The next message."""
        received = self._sqs.receive_message(
            QueueUrl=self.url, WaitTimeSeconds=int(WAIT), MessageAttributeNames=["All"]
        )
        (message,) = received["Messages"]
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return message

    def event(self) -> Event:
        """The next message as JSON."""
        event: Event = json.loads(self.message()["Body"])
        return event

    def counts(self) -> tuple[int, int]:
        """(messages that can be received, messages that are received and not deleted)"""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(told[names[0]]), int(told[names[1]])
