"""Variants of a fan-out that are as right as the original: other ways to the same deliveries.

Deployed beside the backend's own module, as `faults` is, and of the same form; a rate means nothing here.
"""

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from botocore.exceptions import ClientError

App: TypeAlias = Any
Nth: TypeAlias = Callable[[], bool]
Variant: TypeAlias = Callable[[App, Nth], None]
Event: TypeAlias = Mapping[str, Any]


def _ordering(order: Callable[[list[str]], list[str]]) -> Variant:
    """The receivers of an event are posted to in another order."""

    def variant(app: App, _: Nth) -> None:
        receivers = app.receivers
        app.receivers = lambda room: order(receivers(room))

    return variant


def threads(app: App, _: Nth) -> None:
    """The posts of an event are made side by side."""
    pool = ThreadPoolExecutor(max_workers=4)

    def broadcast(text: str) -> None:
        message, connections = app.payload(text), app.receivers(json.loads(text)["room"])
        list(pool.map(lambda connection: app.deliver(connection, message), connections))

    app.broadcast = broadcast


def gathered(app: App, _: Nth) -> None:
    """All lookups of an invocation come first, then all its posts."""
    fan_out, deliver = app.fan_out, app.deliver
    waiting: list[tuple[str, str]] = []

    def gathering(event: Event, context: object) -> None:
        fan_out(event, context)
        for connection, text in waiting:
            deliver(connection, text)
        waiting.clear()

    app.deliver = lambda connection, text: waiting.append((connection, text))
    app.fan_out = gathering


def scan(app: App, _: Nth) -> None:
    """Receivers are found by a Scan of the table."""

    def receivers(room: str) -> list[str]:
        return [row["id"] for row in app.table.scan()["Items"] if row["room"] == room]

    app.receivers = receivers


def retries(app: App, _: Nth) -> None:
    """A push that fails is tried again; who is gone is not."""
    send = app.send

    def patient(connection: str, text: str) -> None:
        for left in (2, 1, 0):
            try:
                send(connection, text)
                break
            except ClientError as error:
                if isinstance(error, app.api.exceptions.GoneException) or not left:
                    raise
                time.sleep(0.1)

    app.send = patient


def asks_first(app: App, _: Nth) -> None:
    """@connections is asked whether a connection is there before it is posted to."""
    send = app.send

    def careful(connection: str, text: str) -> None:
        app.api.get_connection(ConnectionId=connection)
        send(connection, text)

    app.send = careful


def once(app: App, _: Nth) -> None:
    """Who writes the message's row first sends it: SNS may deliver twice."""
    fan_out = app.fan_out

    def first_only(event: Event, context: object) -> None:
        for record in event["Records"]:
            row = {"id": f"sent:{record['Sns']['MessageId']}", app.EXPIRY: int(time.time()) + 3600}
            try:
                app.table.put_item(Item=row, ConditionExpression="attribute_not_exists(id)")
            except app.table.meta.client.exceptions.ConditionalCheckFailedException:
                continue
            fan_out({"Records": [record]}, context)

    app.fan_out = first_only


def deletes_twice(app: App, _: Nth) -> None:
    """A row is deleted again, to be sure."""
    forget = app.forget

    def sure(connection: str) -> None:
        forget(connection)
        forget(connection)

    app.forget = sure


def replies(app: App, _: Nth) -> None:
    """Who subscribes is told so, by a post to its own connection."""
    subscribe = app.subscribe

    def polite(event: Event, context: object) -> object:
        answered = subscribe(event, context)
        app.send(event["requestContext"]["connectionId"], '{"type": "subscribed"}')
        return answered

    app.subscribe = polite


def _saying(change: Callable[[str], str]) -> Variant:
    """The same value, written another way."""

    def variant(app: App, _: Nth) -> None:
        payload = app.payload
        app.payload = lambda text: change(payload(text))

    return variant


VARIANTS: Mapping[str, Variant] = {
    "backwards": _ordering(lambda found: found[::-1]),
    "sorted": _ordering(sorted),
    "threads": threads,
    "gathered": gathered,
    "scan": scan,
    "retries": retries,
    "asks-first": asks_first,
    "once": once,
    "deletes-twice": deletes_twice,
    "replies": replies,
    "members-sorted": _saying(lambda text: json.dumps(json.loads(text), sort_keys=True, indent=1)),
    "trailing-zero": _saying(lambda text: text.replace("0.1,", "0.10,")),
    "in-a-batch": _saying(lambda text: f'{{"batch": [{text}]}}'),
}
"""Every variant by its name."""
