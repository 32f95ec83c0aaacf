"""Histories for tests of checks: builders that let a test state only what matters to it.

Their times are those of one small run: clients join before 10.0, the timeline begins at 10.0, all has settled at
100.0. Every builder gives observations; `a_history` puts them together.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import orjson

from harness.record.history import History
from harness.record.observation import (
    ClientConnected,
    ClientConnecting,
    ConnectionOpened,
    ConnectionPosted,
    EventPublished,
    InvocationEnded,
    InvocationStarted,
    MessageReceived,
    Observation,
    Settled,
    SubscriptionSent,
    digest_of,
)
from harness.scenario.model import Scenario

TIMELINE_AT = 10.0
SETTLED_AT = 100.0
MARKET = "market.BTC-PERP"

Observations: TypeAlias = Observation | Iterable[Observation]


def a_scenario(**members: object) -> Scenario:
    """A scenario with one client, alice, on the market's channel; `members` replace what a file would say."""
    said = {"scenario": "the claim", "clients": {"alice": {"subscribe": MARKET}}, **members}
    return Scenario.model_validate(said)


def a_history(*observations: Observations, settled: bool = True, torn: bool = False) -> History:
    """A history of these; it has settled at the start and at the end unless told otherwise."""
    ends = (Settled(TIMELINE_AT, "start", True), Settled(SETTLED_AT, "end", True)) if settled else ()
    return History((*ends, *_flat(observations)), torn=torn)


def a_client(name: str, *, at: float = 1.0, channel: str | None = MARKET) -> tuple[Observation, ...]:
    """The client connects at `at`, and asks for the channel 0.2 s later."""
    asked = () if channel is None else (SubscriptionSent(at + 0.2, name, channel),)
    return (ClientConnecting(at, name), ClientConnected(at + 0.1, name), *asked)


def its_connection(
    client: str, *, connection: str = "", at: float = 1.0, subscribed_at: float | None = None
) -> tuple[Observation, ...]:
    """What the inside shows of `a_client` at `at`: its connection, `c-<client>`, and its subscribe invocation.

    The invocation ends at `subscribed_at`, 0.1 s after the client asked when that is not given.
    """
    connection = connection or f"c-{client}"
    request = f"subscribe-{connection}"
    ended_at = at + 0.3 if subscribed_at is None else subscribed_at
    return (
        ConnectionOpened(at + 0.05, connection, client),
        InvocationStarted(at + 0.21, request, "subscribe", connection=connection, route="subscribe"),
        InvocationEnded(ended_at, request, "subscribe"),
    )


def an_event(
    name: str = "e1",
    *,
    at: float = 11.0,
    intended_at: float | None = None,
    kind: str = "trade",
    channel: str = MARKET,
) -> EventPublished:
    """A published event; its SNS message id is `m-<name>`."""
    text = orjson.dumps({"eventId": name, "type": kind}).decode()
    meant_at = at if intended_at is None else intended_at
    return EventPublished(at, meant_at, name, kind, (channel,), text, f"m-{name}")


def a_message(client: str, published: EventPublished, *, after: float = 0.05) -> MessageReceived:
    """The event's message at the client, `after` seconds after it was published."""
    return MessageReceived(published.at + after, client, published.text, published.event)


def a_post(
    connection: str, text: str, *, at: float, status: int = 200, request: str | None = None
) -> ConnectionPosted:
    """A post of this text, as the gateway notes it."""
    payload = text.encode()
    return ConnectionPosted(at, connection, status, request, len(payload), digest_of(payload))


def a_fan_out(
    published: EventPublished,
    posts: Mapping[str, int],
    *,
    text: str | None = None,
    after: float = 0.01,
    ends_after: float = 0.04,
) -> tuple[Observation, ...]:
    """The invocation `r-<event>` that was handed the event, and its posts: statuses by connection.

    They are posts of the event's own text unless another is given.
    """
    request, said = f"r-{published.event}", published.text if text is None else text
    at = published.at + after
    return (
        InvocationStarted(at, request, "fan_out", messages=(published.message_id,)),
        *(
            a_post(connection, said, at=at + 0.01, status=status, request=request)
            for connection, status in posts.items()
        ),
        InvocationEnded(published.at + ends_after, request, "fan_out"),
    )


def _flat(observations: Iterable[Observations]) -> Iterator[Observation]:
    for one in observations:
        if isinstance(one, Iterable):
            yield from one
        else:
            yield one
