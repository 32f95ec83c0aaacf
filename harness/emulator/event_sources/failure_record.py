"""Failure records: what the destination of a stream's mapping is told of records that were given up.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-errors.html: where the records are, not what is in them.
"""

from typing import cast

import orjson

from harness.emulator.aws_api.timestamps import iso_milliseconds, iso_seconds
from harness.emulator.event_sources.shard import Condition, GivenUp, Record
from harness.emulator.lambda_runtime.function import LATEST
from harness.emulator.letters import Letter


def failure_letter(
    given_up: GivenUp,
    *,
    destination: str,
    function_arn: str,
    stream_arn: str,
    shard_id: str,
    request_id: str,
    at: float,
) -> Letter:
    """The on-failure record; `request_id` is that of the last invocation, `at` in seconds since the epoch."""
    batch = given_up.batch
    first, last = batch.records[0], batch.records[-1]
    record: dict[str, object] = {
        "requestContext": {
            "requestId": request_id,
            "functionArn": function_arn,
            "condition": given_up.condition.value,
            "approximateInvokeCount": batch.invocations,
        }
    }
    if given_up.condition is Condition.RETRY_ATTEMPTS_EXHAUSTED:
        # Not recorded on AWS yet: the response in the record of records that were too old; ours has none.
        context = {"statusCode": 200, "executedVersion": LATEST, "functionError": "Unhandled"}
        record["responseContext"] = context
    record |= {
        "version": "1.0",
        "timestamp": iso_milliseconds(at),
        "DDBStreamBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": sequence_number(first),
            "endSequenceNumber": sequence_number(last),
            "approximateArrivalOfFirstRecord": iso_seconds(first.written_at),
            "approximateArrivalOfLastRecord": iso_seconds(last.written_at),
            "batchSize": len(batch.records),
            "streamArn": stream_arn,
        },
    }
    return Letter(destination, orjson.dumps(record).decode(), request=request_id)


def sequence_number(record: Record) -> str:
    """The record's SequenceNumber, by which a function names it."""
    change = cast("dict[str, object]", record.body["dynamodb"])
    return str(change["SequenceNumber"])
