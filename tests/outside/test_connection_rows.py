from collections.abc import Iterator
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from harness.errors import BackendError
from harness.outside.connection_rows import ConnectionRows


class RecordedTable:
    """A table of pages of rows; hands back one request of the first batch, as DynamoDB may."""

    def __init__(self, *pages: list[str], refuses: bool = False) -> None:
        self._pages, self._refuses = pages, refuses
        self.batches: list[list[str]] = []

    def get_paginator(self, operation: str) -> "RecordedTable":
        assert operation == "scan"
        return self

    def paginate(self, *, TableName: str, ConsistentRead: bool) -> Iterator[dict[str, Any]]:  # noqa: N803 - AWS's
        assert (TableName, ConsistentRead) == ("Rows", True)
        if self._refuses:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "gone"}}, "Scan")
        return ({"Items": [{"pk": {"S": pk}, "n": {"N": "1"}} for pk in page]} for page in self._pages)

    def describe_table(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803
        return {"Table": {"TableName": TableName, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}}

    def batch_write_item(self, *, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: N803
        requests = RequestItems["Rows"]
        self.batches.append([request["DeleteRequest"]["Key"]["pk"]["S"] for request in requests])
        return {"UnprocessedItems": {"Rows": requests[-1:]} if len(self.batches) == 1 else {}}


def rows_of(table: RecordedTable) -> ConnectionRows:
    return ConnectionRows(cast(Any, table), "Rows", attribute="pk", prefix="WS#")


def test_connections_are_found_on_every_page_by_their_prefix() -> None:
    table = RecordedTable(["WS#b=", "USER#1"], ["WS#a=", "WS#"])
    assert rows_of(table).connections() == ("a=", "b=")


def test_every_row_is_deleted_in_batches_and_again_when_handed_back() -> None:
    table = RecordedTable([f"WS#{number}" for number in range(20)], [f"X#{number}" for number in range(8)])

    assert rows_of(table).clear(opened=20) == 28

    assert [len(batch) for batch in table.batches] == [25, 1, 3]
    assert table.batches[1] == ["X#4"]


def test_a_refusal_is_told_with_the_table() -> None:
    with pytest.raises(
        BackendError, match=r"^the rows of Rows cannot be reached: .*ResourceNotFoundException"
    ):
        rows_of(RecordedTable(refuses=True)).connections()
