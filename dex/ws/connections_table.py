"""Connections table: what it holds, and how it is read and changed.

One row per connection: `pk = WS#<connectionId>`, `sk = META`, `connectedAt` (milliseconds), `expireAt` (epoch
seconds, the table's TTL attribute), and, only where known, `traderId` and `channel`. The index by channel is
sparse: a row without `channel` is not in it (D-10), and an attribute is left out rather than written as null
(D-11). Every operation raises botocore's `ClientError` or `BotoCoreError` when the table does not do as told.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, partial
from typing import Protocol, TypeAlias, TypedDict, cast

from botocore.config import Config
from botocore.exceptions import ClientError

from dex.ws import environment
from dex.ws.channels import Channel

LIFETIME = 24 * 3600
"""Seconds until a row expires that nobody deleted; a connection itself ends after two hours at most (Q-2)."""

_PREFIX = "WS#"
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 5},
    tcp_keepalive=True,
)

Attributes: TypeAlias = dict[str, dict[str, str]]


class _Page(TypedDict, total=False):
    Items: list[Attributes]
    LastEvaluatedKey: Attributes


class DynamoDb(Protocol):
    """The part of the SDK's DynamoDB client that is used here."""

    def put_item(self, **parameters: object) -> object: ...

    def update_item(self, **parameters: object) -> object: ...

    def delete_item(self, **parameters: object) -> object: ...

    def query(self, **parameters: object) -> _Page: ...

    def scan(self, **parameters: object) -> _Page: ...


@dataclass(frozen=True, slots=True)
class Connection:
    """A row. `connected_at` is in milliseconds, `expire_at` in seconds, both since the epoch."""

    connection_id: str
    connected_at: int
    expire_at: int
    trader_id: str | None = None
    channel: Channel | None = None


class Subscribed(Enum):
    """What came of storing a channel."""

    STORED = "stored"
    FORBIDDEN = "the connection is not bound to the channel's trader"
    ABSENT = "the connection has no row"


class ConnectionsTable:
    """The table, through a DynamoDB client."""

    def __init__(self, client: DynamoDb, table: str, index: str) -> None:
        self._client = client
        self._table = table
        self._index = index

    def put(self, connection: Connection) -> None:
        """Writes a new connection's row."""
        self._client.put_item(TableName=self._table, Item=_item_of(connection))

    def subscribe(self, connection_id: str, channel: Channel) -> Subscribed:
        """Stores the channel on the row in one conditional write, so that a check cannot be outrun.

        A row that is gone stays gone: UpdateItem alone would create one (D-21, D-22).
        """
        condition, values = "attribute_exists(pk)", {":channel": {"S": str(channel)}}
        if channel.trader_id is not None:
            condition += " AND traderId = :trader"
            values[":trader"] = {"S": channel.trader_id}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key_of(connection_id),
                UpdateExpression="SET #channel = :channel",
                ConditionExpression=condition,
                ExpressionAttributeNames={"#channel": "channel"},
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            _reraise_unless_condition_failed(error)
            # The row comes with the refusal, if there is one (D-22).
            return Subscribed.FORBIDDEN if "Item" in error.response else Subscribed.ABSENT
        return Subscribed.STORED

    def delete(self, connection_id: str, *, connected_before: int | None = None) -> bool:
        """Deletes the row, and says whether it is gone; one that was gone before is as good (D-23).

        With `connected_before` (milliseconds) a row that is not that old stays.
        """
        condition: Mapping[str, object] = {}
        if connected_before is not None:
            condition = {
                "ConditionExpression": "attribute_not_exists(connectedAt) OR connectedAt < :before",
                "ExpressionAttributeValues": {":before": {"N": str(connected_before)}},
            }
        try:
            self._client.delete_item(TableName=self._table, Key=_key_of(connection_id), **condition)
        except ClientError as error:
            _reraise_unless_condition_failed(error)
            return False
        return True

    def subscribers(self, channel: str, *, lookup: environment.Lookup) -> list[str]:
        """The ids of all connections whose row names the channel, in no particular order."""
        match lookup:
            case "query":
                pages = self._query(channel)
            case "scan":
                pages = self._scan(channel)
        return [row["pk"]["S"].removeprefix(_PREFIX) for page in pages for row in page.get("Items", ())]

    def _query(self, channel: str) -> Iterator[_Page]:
        return _pages(
            partial(
                self._client.query,
                **self._reading(channel),
                IndexName=self._index,
                KeyConditionExpression="#channel = :channel",
            )
        )

    def _scan(self, channel: str) -> Iterator[_Page]:
        return _pages(
            partial(self._client.scan, **self._reading(channel), FilterExpression="#channel = :channel")
        )

    def _reading(self, channel: str) -> Mapping[str, object]:
        return {
            "TableName": self._table,
            "ProjectionExpression": "pk",
            "ExpressionAttributeNames": {"#channel": "channel"},
            "ExpressionAttributeValues": {":channel": {"S": channel}},
        }


@cache
def open_table() -> ConnectionsTable:
    """The table of this function's environment, opened once per process."""
    client = environment.aws_session().create_client(
        "dynamodb", region_name=environment.region(), config=_CONFIG
    )
    return ConnectionsTable(cast(DynamoDb, client), environment.table_name(), environment.index_name())


def _pages(read: Callable[..., _Page]) -> Iterator[_Page]:
    """Every page; one may be empty and still not be the last (D-2)."""
    page = read()
    yield page
    while "LastEvaluatedKey" in page:
        page = read(ExclusiveStartKey=page["LastEvaluatedKey"])
        yield page


def _key_of(connection_id: str) -> Attributes:
    return {"pk": {"S": _PREFIX + connection_id}, "sk": {"S": "META"}}


def _item_of(connection: Connection) -> Attributes:
    item = _key_of(connection.connection_id)
    item["connectedAt"] = {"N": str(connection.connected_at)}
    item["expireAt"] = {"N": str(connection.expire_at)}
    if connection.trader_id is not None:
        item["traderId"] = {"S": connection.trader_id}
    if connection.channel is not None:
        item["channel"] = {"S": str(connection.channel)}
    return item


def _reraise_unless_condition_failed(error: ClientError) -> None:
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error


if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # On Lambda the client is built while the environment starts, which has a burst of CPU (L-4), and not while
    # the first client waits for its answer.
    open_table()
