"""Stream of a table: what it holds, and where in it a reader stands.

A stream has one shard. Its records are kept for 24 hours; a stream that was disabled can still be read that long.
"""

import base64
import binascii
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from harness.emulator.dynamodb.attribute_values import Item, size_of
from harness.emulator.dynamodb.errors import (
    expired_iterator,
    invalid_parameters,
    resource_not_found,
    trimmed_data,
    validation,
)
from harness.emulator.dynamodb.key_schema import KeySchema

RETENTION = 24 * 3600.0
"""Seconds for which a record can be read."""
ITERATOR_LIFETIME = 15 * 60.0
"""Seconds for which a shard iterator can be used."""

_FIRST_NUMBER = 300_000_000_000_000_000_001
_SERVICE = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


@dataclass(slots=True)
class Stream:
    """One stream of one table. Times are seconds since the epoch; positions count records from 0."""

    arn: str
    label: str
    table: str
    schema: KeySchema
    view_type: str
    region: str
    created_at: float
    disabled_at: float | None = None
    _records: deque[tuple[float, dict[str, Any]]] = field(default_factory=deque)
    _written: int = 0

    @property
    def shard_id(self) -> str:
        return f"shardId-{int(self.created_at * 1000):020d}-{self.label_digest():08x}"

    def label_digest(self) -> int:
        """Tells apart the shards of streams that were made in the same millisecond."""
        return binascii.crc32(self.arn.encode())

    def is_gone(self, at: float) -> bool:
        """Whether the stream was disabled so long ago that AWS forgot it."""
        return self.disabled_at is not None and at - self.disabled_at > RETENTION

    # --- writing --------------------------------------------------------------------------------------------

    def record(
        self, old: Item | None, new: Item | None, *, at: float, event_id: str, by_service: bool = False
    ) -> bool:
        """Adds what a write did, and says whether it did anything. `by_service`: a TTL deletion (D-44)."""
        if old == new:
            return False
        self.trim(at)
        record: dict[str, Any] = {
            "eventID": event_id,
            "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self.region,
            "dynamodb": self._change(old, new, at),
        }
        if by_service:
            record["userIdentity"] = _SERVICE
        self._records.append((at, record))
        self._written += 1
        return True

    def _change(self, old: Item | None, new: Item | None, at: float) -> dict[str, Any]:
        keys = self.schema.key_of(new if new is not None else old or {})
        change: dict[str, Any] = {"ApproximateCreationDateTime": int(at), "Keys": keys}
        if new is not None and self.view_type in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
            change["NewImage"] = new
        if old is not None and self.view_type in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
            change["OldImage"] = old
        images = (change.get("NewImage", {}), change.get("OldImage", {}))
        change["SequenceNumber"] = sequence_number(self._written)
        change["SizeBytes"] = size_of(keys) + sum(size_of(image) for image in images)
        change["StreamViewType"] = self.view_type
        return change

    def trim(self, at: float) -> None:
        """Forgets records that are too old."""
        while self._records and at - self._records[0][0] > RETENTION:
            self._records.popleft()

    # --- reading --------------------------------------------------------------------------------------------

    @property
    def horizon(self) -> int:
        """The position of the oldest record that is kept."""
        return self._written - len(self._records)

    @property
    def end(self) -> int:
        """The position that the next record will have."""
        return self._written

    def read(self, position: int, most: int) -> tuple[list[dict[str, Any]], int]:
        """At most `most` records from the position on, and the position after them."""
        if position < self.horizon:
            raise trimmed_data("The operation attempted to read past the oldest stream record in a shard.")
        start = position - self.horizon
        records = [self._records[number][1] for number in range(start, min(start + most, len(self._records)))]
        return records, position + len(records)

    def position_of(self, kind: str, number: str | None) -> int:
        """Where a GetShardIterator of this ShardIteratorType begins."""
        match kind:
            case "TRIM_HORIZON":
                return self.horizon
            case "LATEST":
                return self.end
        if number is None or not number.isdecimal():
            raise invalid_parameters("Invalid SequenceNumber")
        position = int(number) - _FIRST_NUMBER + (kind == "AFTER_SEQUENCE_NUMBER")
        if not 0 <= position <= self.end:
            raise invalid_parameters("Invalid SequenceNumber")
        return position

    def described(self) -> dict[str, Any]:
        """The StreamDescription."""
        numbers = {"StartingSequenceNumber": sequence_number(self.horizon)}
        if self.disabled_at is not None:
            numbers["EndingSequenceNumber"] = sequence_number(max(self.horizon, self.end - 1))
        return {
            "StreamArn": self.arn,
            "StreamLabel": self.label,
            "StreamStatus": "ENABLED" if self.disabled_at is None else "DISABLED",
            "StreamViewType": self.view_type,
            "CreationRequestDateTime": self.created_at,
            "TableName": self.table,
            "KeySchema": self.schema.described(),
            "Shards": [{"ShardId": self.shard_id, "SequenceNumberRange": numbers}],
        }

    def iterator(self, position: int, at: float) -> str:
        """The ShardIterator that stands at the position."""
        return f"{self.arn}|1|{base64.b64encode(f'{position}|{at!r}'.encode()).decode()}"


def sequence_number(position: int) -> str:
    """21 digits, as on AWS, rising with the position."""
    return str(_FIRST_NUMBER + position)


def parse_iterator(text: str, at: float) -> tuple[str, int]:
    """(stream ARN, position) of a ShardIterator; raises for one that is no such thing or too old."""
    arn, _, place = text.partition("|1|")
    try:
        position, _, issued = base64.b64decode(place, validate=True).decode().partition("|")
        if at - float(issued) > ITERATOR_LIFETIME:
            raise expired_iterator()
        return arn, int(position)
    except ValueError as error:
        raise validation("Invalid ShardIterator") from error


def stream_not_found(arn: str) -> Exception:
    """No stream has this ARN."""
    return resource_not_found(f"Requested resource not found: Stream: {arn} not found")
