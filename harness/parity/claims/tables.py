"""Table that claims about DynamoDB share: an index over connections by channel, and a time to live."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from harness.parity.doors import Doors

INDEX = "ByChannel"
EXPIRES = "expireAt"


@dataclass(frozen=True, slots=True)
class Table:
    """A table by its name, and a client of it."""

    name: str
    dynamodb: Any

    def put(self, **attributes: Mapping[str, object]) -> str:
        """Writes a row with a key of its own and returns the key."""
        key = f"WS#{uuid.uuid4().hex}"
        self.dynamodb.put_item(
            TableName=self.name, Item={"pk": {"S": key}, "sk": {"S": "META"}, **attributes}
        )
        return key

    def by_channel(self, channel: str, **asked: object) -> Any:
        """The answer of a query of the index."""
        return self.dynamodb.query(
            TableName=self.name,
            IndexName=INDEX,
            KeyConditionExpression="channel = :c",
            ExpressionAttributeValues={":c": {"S": channel}},
            **asked,
        )

    def found(self, channel: str) -> list[str]:
        """The keys that a query of the index finds, page after page, sorted."""
        keys: list[str] = []
        asked: dict[str, object] = {}
        while True:
            page = self.by_channel(channel, **asked)
            keys += [item["pk"]["S"] for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return sorted(keys)
            asked = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def table(doors: Doors) -> Table:
    """The table, made when it is first asked for; NotCarried where there is no DynamoDB."""

    def make() -> object:
        dynamodb, name = doors.client("dynamodb"), doors.name("table")
        doors.make(
            "dynamodb",
            "create_table",
            TableName=name,
            KeySchema=_keys("pk", "sk"),
            AttributeDefinitions=[
                {"AttributeName": one, "AttributeType": "S"} for one in ("pk", "sk", "channel")
            ],
            BillingMode="PAY_PER_REQUEST",
            GlobalSecondaryIndexes=[
                {
                    "IndexName": INDEX,
                    "KeySchema": _keys("channel", "pk"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        return Table(name, dynamodb)

    made = doors.once("table", make)
    assert isinstance(made, Table)
    return made


def _keys(hash_key: str, range_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": hash_key, "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


def error_of(call: Callable[[], object]) -> object:
    """The status, the code and the message of a call that is refused; "no error" otherwise."""
    try:
        call()
    except ClientError as error:
        response: Any = error.response
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        return {
            "status": status,
            "code": response["Error"]["Code"],
            "message": response["Error"].get("Message"),
        }
    return "no error"
