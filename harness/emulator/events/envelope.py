"""Events of EventBridge, and which entries of PutEvents become one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import orjson

from harness.emulator.aws_api.timestamps import iso_seconds

MOST_ENTRIES = 10
LARGEST_EVENT = 1_048_576
"""Bytes of all entries of a PutEvents together (256 KB until January 2026)."""

Event: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """An entry that becomes no event, with AWS's error; the others of its request do."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where and when an event comes in; `at` in seconds since the epoch."""

    account: str
    region: str
    at: float


def event_of(entry: Mapping[str, object], origin: Origin, *, event_id: str) -> Event | RefusedEntry:
    """The event of an entry of PutEvents, key for key as rules see it."""
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return RefusedEntry("InvalidArgument", reason)
    try:
        detail = orjson.loads(str(entry["Detail"]))
    except orjson.JSONDecodeError:
        detail = None
    if not isinstance(detail, dict):
        return RefusedEntry("MalformedDetail", "Detail is malformed.")
    if str(entry["Source"]).startswith("aws."):
        return RefusedEntry("NotAuthorizedForSourceException", "Not authorized for the source.")
    at = entry.get("Time")
    return _event(
        origin,
        event_id,
        at=float(at) if isinstance(at, int | float) else origin.at,
        detail_type=str(entry["DetailType"]),
        source=str(entry["Source"]),
        resources=entry.get("Resources") or [],
        detail=detail,
    )


def scheduled_event(rule_arn: str, origin: Origin, *, event_id: str) -> Event:
    """The event of a rule's schedule."""
    return _event(
        origin,
        event_id,
        at=origin.at,
        detail_type="Scheduled Event",
        source="aws.events",
        resources=[rule_arn],
        detail={},
    )


def size_of(entry: Mapping[str, object]) -> int:
    """The bytes that an entry counts: its text, and 14 for a time."""
    texts = [str(entry.get(name) or "") for name in ("Source", "DetailType", "Detail")]
    resources = entry.get("Resources")
    texts += [str(one) for one in resources] if isinstance(resources, list) else []
    return sum(len(text.encode()) for text in texts) + (14 if entry.get("Time") is not None else 0)


def _event(
    origin: Origin,
    event_id: str,
    *,
    at: float,
    detail_type: str,
    source: str,
    resources: object,
    detail: object,
) -> Event:
    return {
        "version": "0",
        "id": event_id,
        "detail-type": detail_type,
        "source": source,
        "account": origin.account,
        "time": iso_seconds(at),
        "region": origin.region,
        "resources": resources,
        "detail": detail,
    }
