"""Speed of our DynamoDB, side by side with others: `python -m bench.dynamodb` prints a table in Markdown.

The table is the exchange's: WSConnections with the index ByChannel. Server times are those of a raw HTTP request, so
that no SDK's parsing counts; CPU is the server process's own, from /proc. `--write` puts the table into
docs/performance.md; `--only NAME` measures some servers (repeatable).
"""

import argparse
import http.client
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from botocore.config import Config

from bench.dynamodb_peers import SERVERS, PeerMissing, Running, running
from bench.page import write

HEADING = "## DynamoDB\n\n`python -m bench.dynamodb --write`: medians, all servers in one run."
OURS = next(iter(SERVERS))
TABLE = "WSConnections"
ROWS, SUBSCRIBED, OTHERS = 10_000, 3_000, 300
LOADS_WITHIN = 60.0
"""Seconds; a server that takes longer is not asked to hold more rows."""

_HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Date": "20260101T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64,
}
Body = dict[str, Any]


@dataclass(slots=True)
class Measured:
    """What a server did; times in milliseconds, CPU in microseconds, memory in bytes; absent is not measured."""

    name: str
    figures: dict[str, float] = field(default_factory=dict)
    note: str = ""


class Raw:
    """Sends signed requests over one kept connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def call(self, operation: str, body: Body) -> Body:
        answer: Body = json.loads(self.send(operation, json.dumps(body).encode()))
        return answer

    def send(self, operation: str, body: bytes) -> bytes:
        """The answer's bytes; raises for anything but 200."""
        target = f"DynamoDB_20120810.{operation}"
        self._connection.request("POST", "/", body, {**_HEADERS, "X-Amz-Target": target})
        response = self._connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise RuntimeError(f"{operation}: {response.status} {content[:300]!r}")
        return content


# --- the table --------------------------------------------------------------------------------------------


def create_table(raw: Raw) -> None:
    """WSConnections, empty."""
    if TABLE in raw.call("ListTables", {})["TableNames"]:
        raw.call("DeleteTable", {"TableName": TABLE})
        while TABLE in raw.call("ListTables", {})["TableNames"]:
            time.sleep(0.05)
    raw.call(
        "CreateTable",
        {
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": _schema("pk", "sk"),
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "channel")
            ],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "ByChannel",
                    "KeySchema": _schema("channel", "pk"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        },
    )
    while raw.call("DescribeTable", {"TableName": TABLE})["Table"]["TableStatus"] != "ACTIVE":
        time.sleep(0.05)


def _schema(hash_key: str, range_key: str) -> list[Body]:
    return [{"AttributeName": hash_key, "KeyType": "HASH"}, {"AttributeName": range_key, "KeyType": "RANGE"}]


def load(raw: Raw, rows: range, channel_of: Callable[[int], str]) -> float:
    """Writes these rows and returns the seconds that it took."""
    started = time.perf_counter()
    for first in range(rows.start, rows.stop, 25):
        chunk = range(first, min(first + 25, rows.stop))
        raw.call(
            "BatchWriteItem",
            {"RequestItems": {TABLE: [{"PutRequest": {"Item": row(n, channel_of(n))}} for n in chunk]}},
        )
    return time.perf_counter() - started


def row(number: int, channel: str) -> Body:
    """A connection, as dex/ws writes it."""
    return {
        "pk": {"S": f"WS#L0SM9cOFvHcCI{number:06}="},
        "sk": {"S": "META"},
        "connectedAt": {"N": str(1_790_000_000_000 + number)},
        "expireAt": {"N": str(1_790_086_400 + number)},
        "traderId": {"S": f"3f2b8c1e-5d0a-4c1b-9e57-{number:012}"},
        "channel": {"S": channel},
    }


def _asked(channel: str) -> Body:
    return {
        "TableName": TABLE,
        "ProjectionExpression": "pk",
        "ExpressionAttributeNames": {"#channel": "channel"},
        "ExpressionAttributeValues": {":channel": {"S": channel}},
    }


def query_of(channel: str) -> Body:
    return _asked(channel) | {"IndexName": "ByChannel", "KeyConditionExpression": "#channel = :channel"}


def scan_of(channel: str) -> Body:
    return _asked(channel) | {"FilterExpression": "#channel = :channel"}


# --- measuring --------------------------------------------------------------------------------------------


def measure(server: Running, *, quick: bool) -> Measured:
    """Everything about one server."""
    raw, found = Raw(server.port), Measured(server.name)
    figures = found.figures
    create_table(raw)
    raw.call("PutItem", {"TableName": TABLE, "Item": row(0, "market.BTC-PERP")})
    before = resident(server.pid)
    took = load(raw, range(ROWS), lambda n: "market.BTC-PERP" if n < SUBSCRIBED else f"market.X{n % 20}")
    figures["memory"] = (resident(server.pid) - before) / ROWS
    times = 5 if took > LOADS_WITHIN / 3 else 25
    figures["query"] = time_of(lambda: pages(raw, "Query", query_of("market.BTC-PERP")), times)
    figures["query, boto3"] = time_of(by_boto3(server), max(5, times // 3))
    figures["scan"] = time_of(lambda: pages(raw, "Scan", scan_of("market.BTC-PERP")), max(5, times // 3))
    assert pages(raw, "Query", query_of("market.BTC-PERP")) == SUBSCRIBED
    for name, operation, bodies in (("put", "PutItem", puts()), ("update", "UpdateItem", updates())):
        many = [json.dumps(next(bodies)).encode() for _ in range(300 if times == 5 else 3_000)]
        figures[name], figures[f"{name}, CPU"] = cost_of(server, raw, operation, many)
    _sizes(raw, figures, quick=quick or took > LOADS_WITHIN / 3)
    return found


def _sizes(raw: Raw, figures: dict[str, float], *, quick: bool) -> None:
    """The same 300 rows out of ever larger tables, loaded on from 0 again."""
    create_table(raw)
    held = 0
    for size in (1_000, 10_000) if quick else (1_000, 10_000, 100_000):
        load(raw, range(held, size), lambda n: "market.BTC-PERP" if n < OTHERS else f"market.X{n % 997}")
        held = size
        figures[f"query of {size}"] = time_of(lambda: pages(raw, "Query", query_of("market.BTC-PERP")), 15)


def pages(raw: Raw, operation: str, body: Body) -> int:
    """Reads every page and returns the number of items."""
    count, start = 0, b""
    while True:
        content = raw.send(operation, json.dumps(body | (json.loads(start) if start else {})).encode())
        tail = re.search(rb'"LastEvaluatedKey":\s*(\{(?:[^{}]|\{[^{}]*\})*\})', content)
        counted = re.search(rb'"Count":\s*(\d+)', content)
        count += int(counted[1]) if counted else 0
        if tail is None:
            return count
        start = b'{"ExclusiveStartKey":' + tail[1] + b"}"


def by_boto3(server: Running) -> Callable[[], int]:
    """The Query through the SDK, its parsing included."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    return lambda: len(client.query(**query_of("market.BTC-PERP"))["Items"])


def puts() -> Iterator[Body]:
    number = ROWS
    while True:
        number += 1
        yield {"TableName": TABLE, "Item": row(number, f"market.X{number % 20}")}


def updates() -> Iterator[Body]:
    number = 0
    while True:
        number = (number + 1) % SUBSCRIBED
        yield {
            "TableName": TABLE,
            "Key": {name: row(number, "")[name] for name in ("pk", "sk")},
            "UpdateExpression": "SET #channel = :channel",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeNames": {"#channel": "channel"},
            "ExpressionAttributeValues": {":channel": {"S": f"market.X{number % 20}"}},
        }


def time_of(work: Callable[[], object], times: int) -> float:
    """The median of some runs after a warm one, in milliseconds."""
    work()
    return median(_once(work) for _ in range(times)) * 1000


def _once(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def cost_of(server: Running, raw: Raw, operation: str, bodies: Sequence[bytes]) -> tuple[float, float]:
    """The median milliseconds of a request, and the microseconds of the server's CPU for each."""
    for body in bodies[:50]:
        raw.send(operation, body)
    before = cpu(server.pid)
    took = [_once(lambda body=body: raw.send(operation, body)) for body in bodies]  # type: ignore[misc]
    return median(took) * 1000, (cpu(server.pid) - before) / len(bodies) * 1e6


def cpu(pid: int) -> float:
    """Seconds of CPU that the process has used, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes of memory that the process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# --- the table in Markdown --------------------------------------------------------------------------------

LINES: Sequence[tuple[str, str, str]] = (
    ("query", f"Query of {SUBSCRIBED:,} keys, server", "ms"),
    ("query, boto3", "the same through boto3", "ms"),
    ("scan", "Scan with a filter, all pages", "ms"),
    ("put", "PutItem, latency", "ms"),
    ("put, CPU", "PutItem, server's CPU", "µs"),
    ("update", "UpdateItem, latency", "ms"),
    ("update, CPU", "UpdateItem, server's CPU", "µs"),
    ("query of 1000", f"Query of {OTHERS} keys of 1,000 rows", "ms"),
    ("query of 10000", "... of 10,000 rows", "ms"),
    ("query of 100000", "... of 100,000 rows", "ms"),
    ("memory", "memory for a row", "bytes"),
)


def markdown(all_measured: Sequence[Measured]) -> str:
    """The table: a line for each figure, a column for each server, and how much better ours is than the best peer."""
    names = [one.name for one in all_measured]
    lines = [
        f"| {ROWS:,} rows | " + " | ".join(names) + " | best peer / ours |",
        "|---" * (len(names) + 2) + "|",
    ]
    for figure, words, unit in LINES:
        cells = [_cell(one.figures.get(figure), unit) for one in all_measured]
        lines.append(f"| {words} | " + " | ".join(cells) + f" | {_ratio(all_measured, figure)} |")
    notes = [f"{one.name} was left out: {one.note}." for one in all_measured if one.note]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def _cell(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return f"{value:.0f} {unit}" if value >= 20 else f"{value:.2f} {unit}"


def _ratio(all_measured: Sequence[Measured], figure: str) -> str:
    our = next((one.figures.get(figure) for one in all_measured if one.name == OURS), None)
    others = [one.figures[figure] for one in all_measured if one.name != OURS and figure in one.figures]
    return f"{min(others) / our:.1f}" if our and others else "-"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.dynamodb", description=__doc__)
    parser.add_argument("--only", action="append", choices=SERVERS, help="measure this server")
    parser.add_argument("--quick", action="store_true", help="without the table of 100,000 rows")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    found = [_measured(name, quick=options.quick) for name in options.only or SERVERS]
    table = markdown(found)
    print(table)
    if options.write:
        write(table, mark="bench/dynamodb.py", heading=HEADING)


def _measured(name: str, *, quick: bool) -> Measured:
    try:
        with running(name) as server:
            return measure(server, quick=quick)
    except (PeerMissing, RuntimeError, OSError) as missing:
        return Measured(name, note=str(missing))


if __name__ == "__main__":
    main()
