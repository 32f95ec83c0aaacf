"""An engine with a manual clock, and a table in it: what tests of DynamoDB's operations build on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from harness.clock import ManualClock
from harness.emulator.dynamodb.database import Change
from harness.emulator.dynamodb.engine import DynamoDb
from harness.emulator.dynamodb.errors import DynamoDbError

Body = dict[str, Any]

ACCOUNT = "000000000000"
REGION = "us-east-1"


@dataclass
class Engine:
    """A DynamoDb, its clock, and the changes that it told of."""

    clock: ManualClock
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dynamodb = DynamoDb(
            region=REGION,
            account=ACCOUNT,
            clock=self.clock,
            random=Random(1),
            changed=self.changes.append,
        )

    def __call__(self, operation: str, **body: Any) -> Body:
        """The answer to an operation."""
        return self.dynamodb.handle(operation, body)

    def refusal(self, operation: str, **body: Any) -> DynamoDbError:
        """The error that an operation gives; it must give one."""
        with pytest.raises(DynamoDbError) as refused:
            self.dynamodb.handle(operation, body)
        return refused.value

    def message(self, operation: str, **body: Any) -> str:
        """The message of the ValidationException that an operation gives."""
        error = self.refusal(operation, **body)
        assert error.code == "ValidationException"
        return error.message


def an_engine(*tables: Body) -> Engine:
    """An engine that has these tables."""
    engine = Engine(ManualClock())
    for table in tables:
        engine("CreateTable", **table)
    return engine


def a_table(
    name: str = "Things",
    key: str = "pk sk",
    *,
    types: Mapping[str, str] | None = None,
    global_indexes: Mapping[str, Body] | None = None,
    local_indexes: Mapping[str, Body] | None = None,
    **more: Any,
) -> Body:
    """A CreateTable request; keys are given as `hash` or `hash range`, and are strings unless `types` says so."""
    body: Body = {"TableName": name, "KeySchema": key_schema(key)}
    if "BillingMode" not in more and "ProvisionedThroughput" not in more:
        body["BillingMode"] = "PAY_PER_REQUEST"
    names = key.split()
    for member, indexes in (
        ("GlobalSecondaryIndexes", global_indexes),
        ("LocalSecondaryIndexes", local_indexes),
    ):
        if indexes:
            body[member] = [{"IndexName": index, **asked} for index, asked in indexes.items()]
            names += [one["AttributeName"] for asked in indexes.values() for one in asked["KeySchema"]]
    kinds = types or {}
    body["AttributeDefinitions"] = [
        {"AttributeName": one, "AttributeType": kinds.get(one, "S")} for one in dict.fromkeys(names)
    ]
    return body | more


def an_index(key: str, projection: str = "ALL", include: str = "") -> Body:
    """The parts of an index besides its name."""
    projected: Body = {"ProjectionType": projection}
    if include:
        projected["NonKeyAttributes"] = include.split()
    return {"KeySchema": key_schema(key), "Projection": projected}


def key_schema(key: str) -> list[Body]:
    """The KeySchema of `hash` or `hash range`."""
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(key.split(), ("HASH", "RANGE"), strict=False)
    ]


def item(**attributes: str | int | Body) -> Body:
    """An item: strings are S, integers N, anything else as it is."""
    return {name: _value(value) for name, value in attributes.items()}


def _value(value: str | int | Body) -> Body:
    match value:
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
    return value
