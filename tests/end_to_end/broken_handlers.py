"""The exchange's handlers, each broken in one way: what a team ships by accident, and a check must turn red."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dex.ws import connections_table, environment
from dex.ws import fan_out as real
from dex.ws.channels import channels_of
from dex.ws.connections_table import open_table
from dex.ws.lambda_events import LambdaContext, SnsEvent
from dex.ws.management_api import management_api
from dex.ws.post_outcomes import PostReport

Event = Mapping[str, Any]


def _events(event: SnsEvent) -> Iterable[Event]:
    return (json.loads(record["Sns"]["Message"]) for record in event["Records"])


def _post(connection_ids: Iterable[str], matcher_event: Event) -> PostReport:
    api = management_api(environment.management_endpoint())
    return api.post_to_connections(connection_ids, json.dumps(matcher_event).encode())


def _subscribers(channel: str) -> list[str]:
    return sorted(open_table().subscribers(channel, lookup="query"))


def _deliver(
    event: SnsEvent,
    receivers: Callable[[Event], Iterable[str]],
    payload: Callable[[Event], Event] = lambda one: one,
) -> None:
    """The fan-out in short: posts each event to the receivers, and purges who is gone."""
    for matcher_event in _events(event):
        report = _post(receivers(matcher_event), payload(matcher_event))
        for connection_id in report.gone:
            open_table().delete(connection_id)


def _rightful(matcher_event: Event) -> list[str]:
    return [one for channel in channels_of(matcher_event) for one in _subscribers(channel)]


def sends_to_all(event: SnsEvent, context: LambdaContext) -> None:
    """Forgets the channel."""
    everyone = ("market.BTC-PERP", "market.ETH-PERP", "trader.11111111-1111-4111-8111-111111111111")
    _deliver(event, lambda _: [one for channel in everyone for one in _subscribers(channel)])


def drops_one_in_a_hundred(event: SnsEvent, context: LambdaContext) -> None:
    """Of every tenth event, the first of ten subscribers gets nothing."""

    def receivers(matcher_event: Event) -> list[str]:
        rightful = _rightful(matcher_event)
        return rightful[1:] if int(matcher_event.get("number", 1)) % 10 == 0 else rightful

    _deliver(event, receivers)


def sends_twice(event: SnsEvent, context: LambdaContext) -> None:
    """Retries what had succeeded."""
    for matcher_event in _events(event):
        _post(_rightful(matcher_event), matcher_event)
    real.handler(event, context)


def leaks_private_events(event: SnsEvent, context: LambdaContext) -> None:
    """Takes a private event that names a market for a market event too."""

    def receivers(matcher_event: Event) -> set[str]:
        return {*_rightful(matcher_event), *_subscribers(f"market.{matcher_event.get('market')}")}

    _deliver(event, receivers)


def alters_the_payload(event: SnsEvent, context: LambdaContext) -> None:
    """Rounds the price on its way."""
    _deliver(event, _rightful, lambda matcher_event: {**matcher_event, "price": "64523"})


def never_purges(event: SnsEvent, context: LambdaContext) -> None:
    """Ignores the 410."""
    for matcher_event in _events(event):
        _post(_rightful(matcher_event), matcher_event)


def purges_a_live_row(event: SnsEvent, context: LambdaContext) -> None:
    """Takes a subscriber of the last event for gone."""
    real.handler(event, context)
    for matcher_event in _events(event):
        if matcher_event["type"] == "last":
            open_table().delete(_rightful(matcher_event)[0])


def is_slow(event: SnsEvent, context: LambdaContext) -> None:
    """Waits for something else first, when the event is a funding."""
    if any(matcher_event["type"] == "funding" for matcher_event in _events(event)):
        time.sleep(15.0)
    real.handler(event, context)


_held_back: list[SnsEvent] = []


def reorders(event: SnsEvent, context: LambdaContext) -> None:
    """Sends the first event after the second."""
    if not _held_back:
        _held_back.append(event)
        return
    real.handler(event, context)
    real.handler(_held_back[0], context)


def raises_after_posting(event: SnsEvent, context: LambdaContext) -> None:
    """Delivers, then fails in its bookkeeping."""
    real.handler(event, context)
    if any(matcher_event["type"] == "last" for matcher_event in _events(event)):
        raise RuntimeError("the metrics server is not there")


def lets_anybody_subscribe(event: Mapping[str, Any], context: LambdaContext) -> dict[str, int]:
    """`subscribe` without the question whose channel it is."""
    connection_id = event["requestContext"]["connectionId"]
    connections_table.open_table()._client.update_item(
        TableName=environment.table_name(),
        Key={"pk": {"S": f"WS#{connection_id}"}, "sk": {"S": "META"}},
        UpdateExpression="SET channel = :channel",
        ExpressionAttributeValues={":channel": {"S": json.loads(event["body"])["channel"]}},
    )
    return {"statusCode": 200}


def raises(event: object, context: LambdaContext) -> None:
    """A defect on every call."""
    raise ValueError("the symbol table is empty")
