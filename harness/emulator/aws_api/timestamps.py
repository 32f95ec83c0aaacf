"""Timestamps, as AWS's messages and events write them. A code such as S-6 is a row of docs/aws-rows.csv."""

from datetime import UTC, datetime


def iso_milliseconds(at: float) -> str:
    """`2025-10-06T12:00:00.123Z` (S-6)."""
    seconds, milliseconds = divmod(int(at * 1000), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"


def iso_seconds(at: float) -> str:
    """`2026-11-22T12:00:00Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
