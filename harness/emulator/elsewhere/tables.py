"""DynamoDB elsewhere: requests are relayed, and which rows they changed is told as our own tables would tell it."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.dynamodb.database import Change, Changed, table_name
from harness.emulator.dynamodb.expiry import ttl_text
from harness.emulator.elsewhere.relay import Relay
from harness.emulator.elsewhere.row_changes import (
    WRITES,
    ChangedRow,
    asking_for_the_old_row,
    changed_rows,
    without_the_old_row,
)
from harness.emulator.port.http import Headers, Request, Response

_log = logging.getLogger(__name__)

_DESCRIBE = Headers(
    (
        ("X-Amz-Target", "DynamoDB_20120810.DescribeTable"),
        ("Content-Type", "application/x-amz-json-1.0"),
    )
)


class TablesElsewhere:
    """Relays requests to DynamoDB; `changed` is told of each row that they changed.

    What over there refuses comes back as it is, and nobody is told of it.
    """

    def __init__(self, relay: Relay, changed: Changed) -> None:
        self._relay, self._changed = relay, changed
        self._hash_keys: dict[tuple[str, str], str] = {}
        self._ttl_attributes: dict[tuple[str, str], str | None] = {}

    async def answer(self, call: AwsCall, request: Request) -> Response:
        """The answer from elsewhere; the caller is told with what the request changed."""
        if call.operation == "DeleteTable":
            self._hash_keys.clear()
        if call.operation not in WRITES:
            response = await self._relay.send(call, request)
            if call.operation == "UpdateTimeToLive" and response.status == 200:
                self._follow_time_to_live(call, _object(request.body))
            return response
        body = _object(request.body)
        asking = asking_for_the_old_row(call.operation, body)
        response = await self._relay.send(
            call, request if asking is None else replace(request, body=orjson.dumps(asking))
        )
        if response.status != 200:
            return response
        answer = _object(response.body)
        await self._tell(call, body, answer)
        return response if asking is None else _answer(response, without_the_old_row(answer))

    async def _tell(self, call: AwsCall, body: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        for row in changed_rows(call.operation, body, answer):
            hash_key = await self._hash_key(call, row.table)
            if hash_key is not None:
                ttl = self._ttl(call, row)
                self._changed(Change(row.table, row.key(hash_key), row.kind, call.caller, ttl=ttl))

    def _ttl(self, call: AwsCall, row: ChangedRow) -> str | None:
        """What the row has for time to live, where the request holds all of the row."""
        return (
            ttl_text(row.attributes, self._ttl_attributes.get((call.region, row.table)))
            if row.is_whole
            else None
        )

    def _follow_time_to_live(self, call: AwsCall, body: Mapping[str, Any]) -> None:
        wanted = body["TimeToLiveSpecification"]
        attribute = wanted["AttributeName"] if wanted["Enabled"] else None
        self._ttl_attributes[call.region, table_name(body["TableName"])] = attribute

    async def _hash_key(self, call: AwsCall, table: str) -> str | None:
        """The attribute that is the table's partition key, asked for once; None if the table is gone by now."""
        if (call.region, table) not in self._hash_keys:
            request = Request("POST", "/", headers=_DESCRIBE, body=orjson.dumps({"TableName": table}))
            response = await self._relay.send(call, request)
            if response.status != 200:
                _log.warning("a change of table %s goes unrecorded: %s", table, response.body.decode())
                return None
            schema = orjson.loads(response.body)["Table"]["KeySchema"]
            self._hash_keys[call.region, table] = schema[0]["AttributeName"]  # HASH comes first
        return self._hash_keys[call.region, table]


def _object(content: bytes) -> Mapping[str, Any]:
    body = orjson.loads(content or b"{}")
    return body if isinstance(body, dict) else {}


def _answer(response: Response, body: Mapping[str, Any]) -> Response:
    """The checksum of the longer body is left out, as it would make SDKs refuse this one."""
    headers = tuple(field for field in response.headers if field[0].lower() != "x-amz-crc32")
    return replace(response, headers=headers, body=orjson.dumps(body))
