"""Timings: how long each expected delivery took, eight bytes apiece, and the parts of the way."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from statistics import median
from typing import TypeAlias

from harness.checks import wording
from harness.checks.lineage import Attempt
from harness.record.observation import ConnectionPosted, EventPublished, MessageReceived

Key: TypeAlias = tuple[str, str]
"""An event's type, and its channel in words."""


@dataclass(slots=True)
class Row:
    """The deliveries of one type on one channel: `latencies` of those that arrived, with the publisher's lateness.

    `missing` holds the lateness of each that never did; `slowest` is the slowest that arrived, `lost` the first that
    did not, each with whom it was for.
    """

    channels: tuple[str, ...]
    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    lateness: "array[float]" = field(default_factory=lambda: array("d"))
    missing: "array[float]" = field(default_factory=lambda: array("d"))
    slowest: tuple[float, EventPublished, MessageReceived] | None = None
    latest: EventPublished | None = None
    lost: tuple[EventPublished, str] | None = None
    begins_at: float = inf
    ends_at: float = -inf

    def arrived(self, published: EventPublished, message: MessageReceived) -> None:
        """A delivery that was expected."""
        latency = message.at - published.intended_at
        self.latencies.append(latency)
        self.lateness.append(self._published(published))
        self.ends_at = max(self.ends_at, message.at)
        if self.slowest is None or latency > self.slowest[0]:
            self.slowest = latency, published, message

    def never_arrived(self, published: EventPublished, client: str) -> None:
        """A delivery that was expected, and that did not come."""
        self.missing.append(self._published(published))
        self.lost = self.lost or (published, client)

    def _published(self, published: EventPublished) -> float:
        """How late the publisher itself was."""
        self.begins_at = min(self.begins_at, published.intended_at)
        lateness = published.at - published.intended_at
        if self.latest is None or lateness > self.latest.at - self.latest.intended_at:
            self.latest = published
        return lateness


@dataclass(slots=True)
class Timings:
    """Rows of deliveries by type and channel, and what is known of the parts of the way."""

    published: Sequence[EventPublished]
    rows: dict[Key, Row] = field(default_factory=dict)
    _floors: "array[float]" = field(default_factory=lambda: array("d"))
    _last_posts: "array[float]" = field(init=False)
    _last_arrivals: "array[float]" = field(init=False)

    def __post_init__(self) -> None:
        self._last_posts = array("d", [-inf]) * len(self.published)
        self._last_arrivals = array("d", [-inf]) * len(self.published)

    def arrived(self, event: int, message: MessageReceived) -> None:
        """An expected delivery."""
        published = self.published[event]
        self._row(published).arrived(published, message)
        self._last_arrivals[event] = message.at

    def never_arrived(self, event: int, client: str) -> None:
        """An expected delivery that did not come."""
        published = self.published[event]
        self._row(published).never_arrived(published, client)

    def came_by(self, event: int, posted: ConnectionPosted, message: MessageReceived) -> None:
        """The post by which the event arrived: what gateway and crowd add is from its answer to the arrival."""
        self._floors.append(max(message.at - posted.at, 0.0))
        self._last_posts[event] = max(self._last_posts[event], posted.at)

    def _row(self, published: EventPublished) -> Row:
        key = published.type, wording.channels_of(published)
        if key not in self.rows:
            self.rows[key] = Row(published.channels)
        return self.rows[key]

    def breakdown(self, attempts: Sequence[Sequence[Attempt]]) -> dict[str, float]:
        """Medians in seconds of the parts of the way; a part that the history never shows is left out."""
        parts = {
            "publish_to_invocation_s": self._to_invocations(attempts),
            "invocation_s": _spans(attempts),
            "last_post_to_last_arrival_s": self._from_last_posts(),
            "harness_floor_s": self._floors,
        }
        return {name: median(seconds) for name, seconds in parts.items() if seconds}

    def _to_invocations(self, attempts: Sequence[Sequence[Attempt]]) -> Sequence[float]:
        return [
            of_event[0].started_at - one.at
            for one, of_event in zip(self.published, attempts, strict=True)
            if of_event
        ]

    def _from_last_posts(self) -> Sequence[float]:
        """For each event, from its last successful post to its last arrival."""
        return [
            max(arrived_at - posted_at, 0.0)
            for posted_at, arrived_at in zip(self._last_posts, self._last_arrivals, strict=True)
            if posted_at > -inf and arrived_at > -inf
        ]


def _spans(attempts: Sequence[Sequence[Attempt]]) -> Sequence[float]:
    return list(_each_once(attempts))


def _each_once(attempts: Sequence[Sequence[Attempt]]) -> Iterator[float]:
    """How long each attempt took that was seen to end, once however many events it was handed."""
    told: set[int] = set()
    for one in (one for of_event in attempts for one in of_event):
        if one.ended_at < inf and id(one) not in told:
            told.add(id(one))
            yield one.ended_at - one.started_at
