"""ListStreams, DescribeStream, GetShardIterator, GetRecords: what happened to a table's items."""

from collections.abc import Mapping
from typing import Any

from harness.emulator.dynamodb.database import Database
from harness.emulator.dynamodb.errors import invalid_parameters, resource_not_found
from harness.emulator.dynamodb.stream import Stream, parse_iterator, stream_not_found

MAX_RECORDS = 1000
MAX_STREAMS = 100


def list_streams(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    table, start = body.get("TableName"), body.get("ExclusiveStartStreamArn") or ""
    limit = min(body.get("Limit") or MAX_STREAMS, MAX_STREAMS)
    streams = [one for arn, one in sorted(database.streams.items()) if arn > start]
    streams = [one for one in streams if table is None or one.table == table]
    streams = [one for one in streams if not one.is_gone(database.clock.time())]
    told = [
        {"StreamArn": one.arn, "TableName": one.table, "StreamLabel": one.label} for one in streams[:limit]
    ]
    answer: dict[str, Any] = {"Streams": told}
    if len(streams) > limit:
        answer["LastEvaluatedStreamArn"] = told[-1]["StreamArn"]
    return answer


def describe_stream(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    described = _stream(database, body["StreamArn"]).described()
    if body.get("ExclusiveStartShardId") is not None:
        described["Shards"] = []  # there is one shard only
    return {"StreamDescription": described}


def get_shard_iterator(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    stream = _stream(database, body["StreamArn"])
    if body["ShardId"] != stream.shard_id:
        raise resource_not_found(
            f"Requested resource not found: Shard: {body['ShardId']} in Stream: {stream.arn} not found"
        )
    position = stream.position_of(body["ShardIteratorType"], body.get("SequenceNumber"))
    return {"ShardIterator": stream.iterator(position, database.clock.time())}


def get_records(database: Database, body: Mapping[str, Any]) -> dict[str, Any]:
    limit = body.get("Limit") or MAX_RECORDS
    if limit > MAX_RECORDS:
        raise invalid_parameters(f"Limit should be less than or equal to {MAX_RECORDS}")
    at = database.clock.time()
    arn, position = parse_iterator(body["ShardIterator"], at)
    stream = _stream(database, arn)
    records, position = stream.read(position, limit)
    answer: dict[str, Any] = {"Records": records}
    if stream.disabled_at is None or position < stream.end:
        answer["NextShardIterator"] = stream.iterator(position, at)
    return answer


def _stream(database: Database, arn: str) -> Stream:
    stream, at = database.streams.get(arn), database.clock.time()
    if stream is None or stream.is_gone(at):
        raise stream_not_found(arn)
    stream.trim(at)
    return stream
