"""DynamoDB, in memory: the engine that answers each request by its operation.

Pure but for the clock and the chance that are passed in: bodies in, bodies out; `wire` is the protocol around it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from harness.chance import Chance
from harness.clock import Clock
from harness.emulator.dynamodb.database import Changed, Database, nobody_watches
from harness.emulator.dynamodb.errors import unknown_operation
from harness.emulator.dynamodb.operations import (
    batches,
    reads,
    single_items,
    streams,
    table_settings,
    tables,
    transactions,
)
from harness.emulator.dynamodb.request_shapes import check_request
from harness.emulator.dynamodb.settings import DynamoDbSettings
from harness.emulator.dynamodb.stream import Stream

Operation = Callable[[Database, Mapping[str, Any]], dict[str, Any]]

OPERATIONS: Mapping[str, Operation] = {
    "BatchGetItem": batches.batch_get_item,
    "BatchWriteItem": batches.batch_write_item,
    "CreateTable": tables.create_table,
    "DeleteItem": single_items.delete_item,
    "DeleteTable": tables.delete_table,
    "DescribeContinuousBackups": table_settings.describe_continuous_backups,
    "DescribeEndpoints": table_settings.describe_endpoints,
    "DescribeLimits": table_settings.describe_limits,
    "DescribeTable": tables.describe_table,
    "DescribeTimeToLive": table_settings.describe_time_to_live,
    "GetItem": single_items.get_item,
    "ListTables": tables.list_tables,
    "ListTagsOfResource": table_settings.list_tags_of_resource,
    "PutItem": single_items.put_item,
    "Query": reads.query,
    "Scan": reads.scan,
    "TagResource": table_settings.tag_resource,
    "TransactGetItems": transactions.transact_get_items,
    "TransactWriteItems": transactions.transact_write_items,
    "UntagResource": table_settings.untag_resource,
    "UpdateItem": single_items.update_item,
    "UpdateTable": tables.update_table,
    "UpdateTimeToLive": table_settings.update_time_to_live,
}
"""The operations of DynamoDB_20120810."""

STREAM_OPERATIONS: Mapping[str, Operation] = {
    "DescribeStream": streams.describe_stream,
    "GetRecords": streams.get_records,
    "GetShardIterator": streams.get_shard_iterator,
    "ListStreams": streams.list_streams,
}
"""The operations of DynamoDBStreams_20120810."""


class DynamoDb:
    """The DynamoDB of one account in one region.

    Takes an operation's name and a request's body, gives the answer's body, raises DynamoDbError; a request that was
    refused has changed nothing, but for the throughput that it took. `changed` is told of every row that is written
    or deleted, once for each, in the order in which it happens.
    """

    def __init__(
        self,
        *,
        region: str,
        account: str,
        clock: Clock,
        random: Chance,
        changed: Changed = nobody_watches,
    ) -> None:
        self._database = Database(region=region, account=account, clock=clock, random=random, changed=changed)

    @property
    def settings(self) -> DynamoDbSettings:
        """How it behaves where AWS leaves that to luck."""
        return self._database.settings

    def configure(self, settings: DynamoDbSettings) -> None:
        """Behaves so from now on."""
        self._database.configure(settings)

    def stream(self, arn: str) -> Stream | None:
        """The stream with this ARN, without the records that are too old; None when there is none."""
        stream, at = self._database.streams.get(arn), self._database.clock.time()
        if stream is None or stream.is_gone(at):
            return None
        stream.trim(at)
        return stream

    def handle(self, operation: str, body: Mapping[str, Any], *, by: str | None = None) -> dict[str, Any]:
        """The answer's body; raises DynamoDbError. `by` is told with what the request changes."""
        if operation in OPERATIONS:
            return self._answer("dynamodb", OPERATIONS[operation], operation, body, by)
        if operation in STREAM_OPERATIONS:
            return self._answer("dynamodbstreams", STREAM_OPERATIONS[operation], operation, body, by)
        raise unknown_operation(operation)

    def _answer(
        self, api: str, answer: Operation, operation: str, body: Mapping[str, Any], by: str | None
    ) -> dict[str, Any]:
        check_request(api, operation, body)
        database = self._database
        database.catch_up()
        database.caller = by
        return answer(database, body)
