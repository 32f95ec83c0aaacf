"""Who must receive an event, who may, and who must not? A pure model of what clients are subscribed to, when.

A subscription takes effect somewhere between the client's asking and the end of the invocation that stores it, and
the fan-out looks the receivers up somewhere between the publishing and the end of the invocation that posts. In
between, nobody outside can tell: whoever *may* receive an event neither has to nor leaks it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TypeAlias, assert_never

from harness.scenario.model import Scenario, query_of

# --- what clients did ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connecting:
    """The client began its opening handshake: from here on `$connect` may have stored its row."""

    at: float
    client: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The handshake was answered 101, so `$connect` has returned (C-1)."""

    at: float
    client: str


@dataclass(frozen=True, slots=True)
class Subscribing:
    """The client asked for a channel; `done_at` is when that was surely in place, infinity if never seen."""

    at: float
    done_at: float
    client: str
    channel: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Leaving:
    """The client began to leave."""

    at: float
    client: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The client's connection is closed, whoever began it."""

    at: float
    client: str


Act: TypeAlias = Connecting | Connected | Subscribing | Leaving | Closed


@dataclass(frozen=True, slots=True)
class Interval:
    """The client is surely subscribed within [sure_from, sure_until), possibly within [maybe_from, maybe_until).

    Never surely: `sure_from` and `sure_until` are both infinite.
    """

    client: str
    channel: str
    maybe_from: float
    sure_from: float
    sure_until: float
    maybe_until: float


# --- subscriptions from acts --------------------------------------------------------------------------------


def subscriptions(scenario: Scenario, acts: Iterable[Act]) -> tuple[Interval, ...]:
    """The intervals of every client, sorted by client, then by `maybe_from`; acts come in any order of time.

    KeyError for a client that the scenario does not know.
    """
    by_client: dict[str, list[Act]] = {}
    for act in sorted(acts, key=lambda act: act.at):
        by_client.setdefault(act.client, []).append(act)
    return tuple(
        interval
        for client in sorted(by_client)
        for connection in _connections(by_client[client], _channel_at_connect(scenario, client))
        for interval in connection.intervals(client)
    )


def _channel_at_connect(scenario: Scenario, client: str) -> str | None:
    return scenario.feed.subscribed_at_connect(query_of(scenario, client))


@dataclass(slots=True)
class _Write:
    """One change of a connection's channel, in effect from some moment in [begun_at, done_at] on."""

    channel: str
    begun_at: float
    done_at: float


@dataclass(slots=True)
class _Connection:
    """One connection of a client: what was written to its row, and when it ended."""

    at_connect: _Write | None
    writes: list[_Write] = field(default_factory=list)
    connected: bool = False
    left_at: float = inf
    gone_at: float = inf

    def note(self, act: Act) -> None:
        match act:
            case Connected(at=at):
                self.connected = True
                if self.at_connect is not None:
                    self.at_connect.done_at = min(self.at_connect.done_at, at)
            case Subscribing(at=at, done_at=done_at, channel=channel, refused=False):
                self.writes.append(_Write(channel, at, max(at, done_at)))
            case Leaving(at=at):
                self.left_at = min(self.left_at, at)
            case Closed(at=at):
                self.gone_at = min(self.gone_at, at)
            case Connecting() | Subscribing():
                pass  # It began the connection, or it was refused and changed nothing.
            case _:
                assert_never(act)

    def replaced_at(self, at: float) -> None:
        """The client connects anew, so it has given this connection up."""
        self.left_at = min(self.left_at, at)
        if not self.connected:
            # A handshake that was never answered 101 holds no connection (C-1, C-6).
            self.gone_at = min(self.gone_at, at)

    def intervals(self, client: str) -> Iterator[Interval]:
        writes = [write for write in (self.at_connect, *self.writes) if write is not None]
        for write in writes:
            maybe_until = min(self.gone_at, _surely_replaced_at(write, writes))
            sure_until = min(self.left_at, self.gone_at, _possibly_replaced_at(write, writes))
            sure = (write.done_at, sure_until) if write.done_at < sure_until else (inf, inf)
            if write.begun_at < maybe_until:
                yield Interval(client, write.channel, write.begun_at, *sure, maybe_until)


def _connections(acts: Iterable[Act], channel_at_connect: str | None) -> list[_Connection]:
    """A client's connections in order; acts before its first `Connecting` count as a connection too."""
    connections: list[_Connection] = []
    for act in acts:
        if isinstance(act, Connecting) or not connections:
            if connections:
                connections[-1].replaced_at(act.at)
            at_connect = None if channel_at_connect is None else _Write(channel_at_connect, act.at, inf)
            connections.append(_Connection(at_connect))
        connections[-1].note(act)
    return connections


def _surely_replaced_at(write: _Write, writes: Sequence[_Write]) -> float:
    """When the first other channel that was surely asked for later was surely in place."""
    others = _of_other_channels(write, writes)
    return min((other.done_at for other in others if _surely_after(other, write)), default=inf)


def _possibly_replaced_at(write: _Write, writes: Sequence[_Write]) -> float:
    """When the first other channel was asked for that did not surely come before this one.

    Messages of one connection may be handled side by side (R-21), so of two that overlap either may be the last.
    """
    others = _of_other_channels(write, writes)
    return min((other.begun_at for other in others if not _surely_after(write, other)), default=inf)


def _of_other_channels(write: _Write, writes: Sequence[_Write]) -> Iterator[_Write]:
    """Asking again for the channel one has takes nothing away."""
    return (other for other in writes if other.channel != write.channel)


def _surely_after(later: _Write, earlier: _Write) -> bool:
    return later.begun_at >= earlier.done_at


# --- receivers from subscriptions ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reach:
    """Who must receive an event and who may; `must` is part of `may`, and nobody else may receive it."""

    must: frozenset[str]
    may: frozenset[str]


NOBODY = Reach(frozenset(), frozenset())


def reach(
    channels: Sequence[str], published_at: float, handled_at: float, intervals: Iterable[Interval]
) -> Reach:
    """The receivers of one event whose lookup happened within [published_at, handled_at].

    For many events, make one `SubscriptionIndex` and ask it.
    """
    return SubscriptionIndex(intervals).reach(channels, published_at, handled_at)


class SubscriptionIndex:
    """Subscriptions by channel, made once and asked for thousands of events."""

    def __init__(self, intervals: Iterable[Interval]) -> None:
        by_channel: dict[str, list[Interval]] = {}
        for interval in intervals:
            by_channel.setdefault(interval.channel, []).append(interval)
        self._channels = {channel: _Channel(found) for channel, found in by_channel.items()}

    def reach(self, channels: Sequence[str], published_at: float, handled_at: float) -> Reach:
        """The receivers of an event of these channels, looked up within [published_at, handled_at].

        ValueError when the window ends before it begins.
        """
        if handled_at < published_at:
            raise ValueError(f"handled at {handled_at}, before it was published at {published_at}")
        known = [self._channels[channel] for channel in channels if channel in self._channels]
        reaches = [channel.reach(published_at, handled_at) for channel in known]
        match reaches:
            case []:
                return NOBODY
            case [only]:
                return only
        return Reach(
            frozenset().union(*(one.must for one in reaches)),
            frozenset().union(*(one.may for one in reaches)),
        )


class _Channel:
    """One channel's intervals, and the answers already given.

    An answer changes only where a window's edge crosses the edge of an interval: between those, every event of the
    channel has the same receivers, and its set is made once.
    """

    def __init__(self, intervals: Sequence[Interval]) -> None:
        self._sure = [(one.sure_from, one.sure_until, one.client) for one in intervals if one.sure_from < inf]
        self._maybe = [(one.maybe_from, one.maybe_until, one.client) for one in intervals]
        self._sure_from = sorted(begin for begin, _, _ in self._sure)
        self._sure_until = sorted(until for _, until, _ in self._sure)
        self._maybe_from = sorted(begin for begin, _, _ in self._maybe)
        self._maybe_until = sorted(until for _, until, _ in self._maybe)
        self._musts: dict[tuple[int, int], frozenset[str]] = {}
        self._mays: dict[tuple[int, int], frozenset[str]] = {}

    def reach(self, start: float, end: float) -> Reach:
        return Reach(self._must(start, end), self._may(start, end))

    def _must(self, start: float, end: float) -> frozenset[str]:
        """Whoever is surely subscribed over the whole window."""
        key = bisect_right(self._sure_from, start), bisect_right(self._sure_until, end)
        if key not in self._musts:
            self._musts[key] = frozenset(
                [client for begin, until, client in self._sure if begin <= start and end < until]
            )
        return self._musts[key]

    def _may(self, start: float, end: float) -> frozenset[str]:
        """Whoever is possibly subscribed at some moment of the window."""
        key = bisect_right(self._maybe_from, end), bisect_right(self._maybe_until, start)
        if key not in self._mays:
            self._mays[key] = frozenset(
                [client for begin, until, client in self._maybe if begin <= end and start < until]
            )
        return self._mays[key]
