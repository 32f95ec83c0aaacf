"""Expected receivers: who must and who may receive each event, computed from what was seen, never listed by hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from harness.checks.inside import Connections, connections, ends_of_messages, is_visible
from harness.checks.lineage import Lineage, lineage_of
from harness.checks.subscribing import demanded_refusals
from harness.record.history import History
from harness.record.observation import (
    ClientClosed,
    ClientConnected,
    ClientConnecting,
    ClientLeft,
    ClientRefused,
    ConnectionClosed,
    EventPublished,
    Observation,
    Settled,
    SubscriptionSent,
)
from harness.scenario.model import Scenario
from harness.scenario.receivers import (
    Act,
    Closed,
    Connected,
    Connecting,
    Interval,
    Leaving,
    Subscribing,
    SubscriptionIndex,
    subscriptions,
)

GRACE = 1.0
"""Seconds until an effect is taken as done when the history does not show the inside."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One published event; `may` holds everybody who may receive it, those who must included.

    The function looked up its receivers between `published.at` and `handled_at`.
    """

    published: EventPublished
    handled_at: float
    must: frozenset[str]
    may: frozenset[str]


def expected(scenario: Scenario, history: History, lineage: Lineage | None = None) -> tuple[Expected, ...]:
    """Every published event with its receivers, in the order of publishing; `lineage` is the history's, if known."""
    index = SubscriptionIndex(subscribed(scenario, history))
    handled = _handled(history, lineage)
    end = ended_at(history)
    return tuple(
        _reached(one, one.at + GRACE if handled is None else handled[number], index, end)
        for number, one in enumerate(history.of(EventPublished))
    )


def subscribed(scenario: Scenario, history: History) -> tuple[Interval, ...]:
    """When each client was subscribed to which channel, as far as the history can tell."""
    return subscriptions(scenario, acts(scenario, history))


def acts(scenario: Scenario, history: History) -> tuple[Act, ...]:
    """What the clients did that changes their subscriptions, in time order."""
    told = _Acts(connections(history), iter(_subscribings(scenario, history)), set())
    return tuple(act for seen in history.each(*_ACTS) if (act := told.act(seen)) is not None)


def ended_at(history: History) -> float:
    """When the run had settled; the history's end when it never did."""
    return next((one.at for one in history.of(Settled) if one.phase == "end"), history.ends_at)


_ACTS: tuple[type[Observation], ...] = (
    ClientConnecting,
    ClientConnected,
    SubscriptionSent,
    ClientLeft,
    ClientClosed,
    ClientRefused,
    ConnectionClosed,
)


@dataclass(frozen=True, slots=True)
class _Acts:
    """Turns observations into acts; `present` holds the clients whose connection is open on both sides."""

    connections: Connections
    subscribings: Iterator[Subscribing]
    present: set[str]

    def act(self, seen: object) -> Act | None:
        match seen:
            case ClientConnecting():
                return Connecting(seen.at, seen.client)
            case ClientConnected():
                self.present.add(seen.client)
                return Connected(seen.at, seen.client)
            case SubscriptionSent():
                return next(self.subscribings)
            case ClientLeft():
                self.present.discard(seen.client)
                return Leaving(seen.at, seen.client)
            case ClientClosed() | ClientRefused():
                self.present.discard(seen.client)
                return Closed(seen.at, seen.client)
            case ConnectionClosed():
                return self._closed_by_gateway(seen)
            case _:
                return None

    def _closed_by_gateway(self, closed: ConnectionClosed) -> Act | None:
        """From here on a post is gone, although the client learns of the close only later."""
        client = self.connections.clients.get(closed.connection)
        if client not in self.present or self.connections.of(client, closed.at) != closed.connection:
            return None
        self.present.discard(client)
        return Leaving(closed.at, client)


def _subscribings(scenario: Scenario, history: History) -> tuple[Subscribing, ...]:
    sent = history.of(SubscriptionSent)
    refusals = demanded_refusals(scenario, history)
    return tuple(
        Subscribing(one.at, done_at, one.client, one.channel, refused is not None)
        for one, done_at, refused in zip(sent, _done(history), refusals, strict=True)
    )


def _done(history: History) -> tuple[float, ...]:
    """When each subscribe message had surely taken effect: settling settles all that were sent before it."""
    sent = history.of(SubscriptionSent)
    done = _done_inside(history) if is_visible(history) else tuple(one.at + GRACE for one in sent)
    settled_at = next((one.at for one in history.of(Settled) if one.phase == "start" and one.complete), None)
    if settled_at is None:
        return done
    return tuple(
        min(done_at, settled_at) if one.at < settled_at else done_at
        for one, done_at in zip(sent, done, strict=True)
    )


def _done_inside(history: History) -> tuple[float, ...]:
    """The end of the route invocation of each subscribe message: a connection's k-th message is its k-th one."""
    whose = connections(history)
    ends = {connection: iter(each) for connection, each in ends_of_messages(history).items()}
    return tuple(_next_end(ends, whose.of(sent.client, sent.at)) for sent in history.of(SubscriptionSent))


def _next_end(ends: Mapping[str, Iterator[float]], connection: str | None) -> float:
    return inf if connection is None or connection not in ends else next(ends[connection], inf)


def _handled(history: History, lineage: Lineage | None) -> Sequence[float] | None:
    """When the last invocation that was handed each event had ended; None where that is hidden.

    An event that nobody was seen to be handed has been looked up after `GRACE`, if at all.
    """
    if not is_visible(history):
        return None
    known = lineage_of(history) if lineage is None else lineage
    published = history.of(EventPublished)
    return [
        known.ended_at(number) if known.attempts[number] else one.at + GRACE
        for number, one in enumerate(published)
    ]


def _reached(published: EventPublished, handled_at: float, index: SubscriptionIndex, end: float) -> Expected:
    until = max(published.at, min(handled_at, end))
    reached = index.reach(published.channels, published.at, until)
    return Expected(published, until, reached.must, reached.may)
