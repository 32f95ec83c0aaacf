"""Which rows a relayed request changed."""

from typing import Any

import pytest

from harness.emulator.elsewhere.row_changes import (
    ChangedRow,
    asking_for_the_old_row,
    changed_rows,
    without_the_old_row,
)

A, B = {"id": {"S": "a"}}, {"id": {"S": "b"}}
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/Rooms"

CHANGES = [
    pytest.param(
        "PutItem",
        {"TableName": "Rooms", "Item": A},
        {},
        [ChangedRow("Rooms", "PutItem", A)],
        id="a put",
    ),
    pytest.param(
        "UpdateItem",
        {"TableName": ARN, "Key": A},
        {},
        [ChangedRow("Rooms", "UpdateItem", A)],
        id="a table that is named by its ARN",
    ),
    pytest.param("DeleteItem", {"TableName": "Rooms", "Key": A}, {}, [], id="a delete of nothing"),
    pytest.param(
        "DeleteItem",
        {"TableName": "Rooms", "Key": A},
        {"Attributes": A},
        [ChangedRow("Rooms", "DeleteItem", A)],
        id="a delete of a row",
    ),
    pytest.param(
        "BatchWriteItem",
        {"RequestItems": {"Rooms": [{"PutRequest": {"Item": A}}, {"DeleteRequest": {"Key": B}}]}},
        {"UnprocessedItems": {"Rooms": [{"PutRequest": {"Item": A}}]}},
        [ChangedRow("Rooms", "DeleteItem", B)],
        id="a batch of which a part was not processed",
    ),
    pytest.param(
        "TransactWriteItems",
        {
            "TransactItems": [
                {"ConditionCheck": {"TableName": "Rooms", "Key": A}},
                {"Delete": {"TableName": "Rooms", "Key": B}},
            ]
        },
        {},
        [ChangedRow("Rooms", "DeleteItem", B)],
        id="a transaction with a check, which changes nothing",
    ),
    pytest.param("Query", {"TableName": "Rooms"}, {"Items": [A]}, [], id="reading"),
]


@pytest.mark.parametrize(("operation", "body", "answer", "changed"), CHANGES)
def test_changes_are_read_from_request_and_answer(
    operation: str, body: dict[str, Any], answer: dict[str, Any], changed: list[ChangedRow]
) -> None:
    assert list(changed_rows(operation, body, answer)) == changed


@pytest.mark.parametrize(
    ("attributes", "key"),
    [({"id": {"S": "a"}}, "a"), ({"id": {"N": "7"}, "sk": {"S": "x"}}, "7"), ({"id": {"B": "AAE="}}, "AAE=")],
    ids=["text", "a number, beside a sort key", "binary"],
)
def test_a_key_is_the_text_of_its_partition(attributes: dict[str, Any], key: str) -> None:
    assert ChangedRow("Rooms", "PutItem", attributes).key("id") == key


@pytest.mark.parametrize(
    ("operation", "body", "asking"),
    [
        ("DeleteItem", {"Key": A}, {"Key": A, "ReturnValues": "ALL_OLD"}),
        ("DeleteItem", {"Key": A, "ReturnValues": "NONE"}, {"Key": A, "ReturnValues": "ALL_OLD"}),
        ("DeleteItem", {"Key": A, "ReturnValues": "ALL_OLD"}, None),
        ("DeleteItem", {"Key": A, "ReturnValues": "nonsense"}, None),
        ("PutItem", {"Item": A}, None),
    ],
    ids=["nothing said", "none wanted", "wanted already", "a mistake stays one", "a put"],
)
def test_only_a_delete_has_to_be_asked_for_its_row(
    operation: str, body: dict[str, Any], asking: dict[str, Any] | None
) -> None:
    assert asking_for_the_old_row(operation, body) == asking


def test_what_was_asked_for_the_harness_is_taken_out_again() -> None:
    assert without_the_old_row({"Attributes": A, "ConsumedCapacity": {}}) == {"ConsumedCapacity": {}}
