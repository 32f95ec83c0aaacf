"""Load: what a scenario puts on the system under test at most. Pure: counted from its actions, before any is done."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

import orjson

from harness.clients.schedule import (
    Action,
    ConnectClient,
    LeaveClient,
    PublishEvent,
    SubscribeClient,
    VanishClient,
    initial,
)
from harness.scenario.model import Scenario, channel_of
from harness.scenario.receivers import (
    Act,
    Closed,
    Connected,
    Connecting,
    Leaving,
    Subscribing,
    SubscriptionIndex,
    subscriptions,
)

LOOKUP = 1.0
"""Seconds after an event in which a client that comes may still be found for it."""

_BEFORE = -1.0


@dataclass(frozen=True, slots=True)
class Published:
    """One event: the size of its message in bytes, and to how many clients it may go."""

    size: int
    receivers: int


@dataclass(frozen=True, slots=True)
class Load:
    """Opening handshakes, messages that clients send, the events; `seconds` is how long it takes at most."""

    connections: int
    messages: int
    events: tuple[Published, ...]
    seconds: float

    @property
    def received(self) -> int:
        """The messages that clients receive: events, and an answer to each message of theirs."""
        return self.messages + sum(one.receivers for one in self.events)


def load(scenario: Scenario, actions: Sequence[Action]) -> Load:
    """The upper bound: every handshake succeeds, nobody who may receive an event goes without it.

    A client that vanished is posted to as long as the gateway has not noticed, so it counts until it is back.
    """
    acts = tuple(_acts(scenario, actions))
    index = SubscriptionIndex(subscriptions(scenario, acts))
    events = [action for action in actions if isinstance(action, PublishEvent)]
    return Load(
        connections=sum(isinstance(act, Connecting) for act in acts),
        messages=sum(isinstance(act, Subscribing) for act in acts),
        events=tuple(_published(scenario, event, index) for event in events),
        seconds=(actions[-1].at if actions else 0.0) + 3 * scenario.settle,
    )


def _published(scenario: Scenario, event: PublishEvent, index: SubscriptionIndex) -> Published:
    channels = scenario.feed.channels_of(event.payload)
    reached = index.reach(channels, event.at, event.at + LOOKUP)
    size = len(orjson.dumps(scenario.feed.identified(event.payload, event.event_id)))
    return Published(size, len(reached.may))


def _acts(scenario: Scenario, actions: Iterable[Action]) -> Iterator[Act]:
    for client, channel in initial(scenario):
        yield from _connecting(client, channel, _BEFORE)
    for action in actions:
        match action:
            case ConnectClient(at=at, client=client):
                yield from _connecting(client, channel_of(scenario, client), at)
            case SubscribeClient(at=at, client=client, channel=channel):
                yield Subscribing(at, at + LOOKUP, client, channel, action.refused is not None)
            case LeaveClient(at=at, client=client):
                yield Leaving(at, client)
                yield Closed(at, client)
            case VanishClient() | PublishEvent():
                pass
            case _:
                assert_never(action)


def _connecting(client: str, channel: str | None, at: float) -> Iterator[Act]:
    yield Connecting(at, client)
    yield Connected(at, client)
    if channel is not None:
        yield Subscribing(at, at + LOOKUP, client, channel)
