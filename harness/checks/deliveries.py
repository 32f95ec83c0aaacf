"""Deliveries: what became of each published event at each client, gathered in one pass over a history.

Routing, order and latency judge the same deliveries; they are made once for all of them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import inf

from harness.checks import wording
from harness.checks.alike import Alike, Case
from harness.checks.attribution import Attributed, Attribution, Is
from harness.checks.completeness import Completeness, completeness_of
from harness.checks.expected import Expected, expected, subscribed
from harness.checks.lineage import Lineage, lineage_of
from harness.checks.needs import CONNECTIONS, INVOCATIONS, POSTS, PUBLISHES, Need, messages_of
from harness.checks.payload import Fit
from harness.checks.received import Received
from harness.checks.sequences import Sequences
from harness.checks.timings import Timings
from harness.record.history import History
from harness.record.observation import (
    ConnectionPosted,
    EventPublished,
    Observation,
    RowWritten,
    Settled,
)
from harness.scenario.model import Scenario


@dataclass(slots=True)
class Wrongs:
    """What is wrong with messages that arrived, those alike together; by kind, in the order they were met."""

    completeness: Completeness
    _found: dict[tuple[str, tuple[str, ...], str], tuple[Alike, Attributed]] = field(default_factory=dict)

    def add(self, kind: str, case: Case, attributed: Attributed) -> None:
        """One more of a kind."""
        key = kind, case.key, self.completeness.lacks_any(case.needs)
        if key not in self._found:
            self._found[key] = Alike(case), attributed
        self._found[key][0].add(case)

    def of(self, kind: str) -> Iterator[tuple[Alike, Attributed]]:
        """Those of a kind, each with the first of them."""
        return (found for (one, _, _), found in self._found.items() if one == kind)

    def count(self, kind: str) -> int:
        """How many there are of a kind."""
        return sum(alike.count for alike, _ in self.of(kind))


@dataclass(slots=True)
class Deliveries:
    """All that arrived, put against all that was expected.

    `wrapped` counts the messages that held their event inside something else. `replies` answer the client's own
    messages, `others` have a shape that the feed says is no push. `unarrived` are posts that were answered 200 and
    whose message no client received. Nothing was in flight any more at `settled_at`, infinite when that was never so.
    """

    expected: Sequence[Expected]
    attribution: Attribution
    received: Received
    timings: Timings
    sequences: Sequences
    wrongs: Wrongs
    settled_at: float
    arrived: int = 0
    wrapped: int = 0
    replies: int = 0
    others: int = 0
    unarrived: Sequence[ConnectionPosted] = ()

    @property
    def lineage(self) -> Lineage:
        """Who was handed what."""
        return self.attribution.lineage

    def lost(self) -> Iterator[tuple[int, str]]:
        """The events, by number, and who must have received them and did not; in the order of both."""
        for number in range(len(self.expected)):
            for client in sorted(self.received.missing(number), key=wording.by_number):
                yield number, client


@dataclass(frozen=True, slots=True)
class _Asked:
    """A scenario and a history as a key: the same only when they are the very same."""

    scenario: Scenario = field(compare=False)
    history: History
    _scenario: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_scenario", id(self.scenario))


def deliveries_of(scenario: Scenario, history: History) -> Deliveries:
    """The deliveries of a history; not to be changed. Those of the last one that was asked for are remembered."""
    return _made(_Asked(scenario, history))


@lru_cache(maxsize=1)
def _made(asked: _Asked) -> Deliveries:
    return _Gathering(asked.scenario, asked.history).gathered()


class _Gathering:
    """Goes through a history's messages once."""

    def __init__(self, scenario: Scenario, history: History) -> None:
        lineage = lineage_of(history)
        awaited = expected(scenario, history, lineage)
        attribution = Attribution(scenario.feed, history, lineage)
        self._scenario, self._history = scenario, history
        self._lineage, self._expected = lineage, awaited
        self._published = attribution.published
        self._found = Deliveries(
            awaited,
            attribution,
            Received(awaited),
            Timings(self._published),
            Sequences(self._published),
            Wrongs(completeness_of(history)),
            settled_at=next(
                (one.at for one in history.of(Settled) if one.phase == "end" and one.complete), inf
            ),
        )
        self._undecided: list[Attributed] = []
        self._writers: frozenset[str | None] | None = None

    def gathered(self) -> Deliveries:
        """All of it."""
        ways = self._found.attribution.ways()
        for one in self._found.attribution.each(ways):
            self._take(one)
        self._found.unarrived = tuple(one for one in ways.left if isinstance(one, ConnectionPosted))
        for one in self._undecided:
            self._decide(one)
        for event, client in self._found.lost():
            self._found.timings.never_arrived(event, client)
        return self._found

    def _take(self, one: Attributed) -> None:
        if one.message.at > self._found.settled_at and one.what is not Is.UNSURE:
            self._wrong("after the end", one, key=("after the end", self._function(one)))
        match one.what:
            case Is.REPLY:
                self._replied(one)
            case Is.OTHER:
                self._found.others += 1
            case Is.UNSURE:
                pass  # SNS may have taken the event after all: its message is nobody's fault
            case Is.STRAY:
                self._wrong("stray", one, key=("stray", self._function(one)), needs=_ALL_SEEN)
            case Is.NAMES_NONE | Is.OF_ANOTHER:
                self._foreign(one)
            case Is.CARRIES:
                self._carried(one)
            case Is.ALTERED:
                self._altered(one)

    def _replied(self, one: Attributed) -> None:
        """A reply may replay events, but not those of a private channel that its client was never on."""
        self._found.replies += 1
        for event in one.candidates:
            if self._is_private(event) and not self._ever_on(self._published[event], one.message.client):
                self._leaked(event, one)

    def _ever_on(self, published: EventPublished, client: str) -> bool:
        return any((client, channel) in self._subscribed for channel in published.channels)

    @cached_property
    def _subscribed(self) -> frozenset[tuple[str, str]]:
        """Who was ever on which channel; looked for once, when a first reply holds an event of a private one."""
        return frozenset((one.client, one.channel) for one in subscribed(self._scenario, self._history))

    # --- what carries an event ---

    def _carried(self, one: Attributed) -> None:
        event = self._meant(one)
        if not self._may(event, one):
            self._leaked(event, one)
        elif one.comparison.fit is Fit.ALTERED:
            self._spoilt(event, one)
        else:
            self._arrived(event, one)

    def _meant(self, one: Attributed) -> int:
        """Of candidates that are as likely the first that the client still waits for; else the first it may have."""
        if len(one.candidates) == 1:
            return one.candidates[0]
        mine = [event for event in one.candidates if self._may(event, one)]
        waited = (event for event in mine if not self._found.received.has(event, one.message.client))
        return next(waited, mine[0] if mine else one.candidates[0])

    def _may(self, event: int, one: Attributed) -> bool:
        return one.message.client in self._expected[event].may

    def _arrived(self, event: int, one: Attributed) -> None:
        found, message = self._found, one.message
        is_first = not found.received.has(event, message.client)
        is_new = found.received.is_missing(event, message.client)
        found.arrived += 1
        found.received.add(event, message.client)
        if is_new and message.client in self._expected[event].must:
            found.timings.arrived(event, message)
        if is_first:
            found.sequences.take(event, message)
        if isinstance(one.way, ConnectionPosted):
            found.timings.came_by(event, one.way, message)
        if one.comparison.fit is Fit.WRAPPED:
            found.wrapped += 1

    def _spoilt(self, event: int, one: Attributed) -> None:
        self._spoil(event, one)
        self._wrong(
            "altered", one, event, key=("altered", self._function(one), one.comparison.place), needs=()
        )

    def _spoil(self, event: int, one: Attributed) -> None:
        """The client got something that the event had been made into, and need not get it any more."""
        found, message = self._found, one.message
        if found.received.is_missing(event, message.client) and message.client in self._expected[event].must:
            found.timings.arrived(event, message)
        found.received.spoil(event, message.client)

    # --- what is made of one of several events, or names another -----------------------------------------

    def _altered(self, one: Attributed) -> None:
        if len(one.candidates) == 1:
            self._carried(one)
        else:
            self._undecided.append(one)

    def _decide(self, one: Attributed) -> None:
        """Once all has arrived: it was made of an event that the client still waits for."""
        client = one.message.client
        waited = (event for event in one.candidates if client in self._found.received.missing(event))
        mine = (event for event in one.candidates if self._may(event, one))
        event = next(waited, next(mine, one.candidates[0]))
        if self._may(event, one):
            self._spoilt(event, one)
        else:
            self._leaked(event, one)

    def _foreign(self, one: Attributed) -> None:
        """A message that is, or names, what its invocation was not handed."""
        whole = one.comparison.fit is not Fit.ALTERED
        event = self._meant(one) if one.candidates else None
        if event is not None and whole and not self._may(event, one):
            self._leaked(event, one)
        elif event is not None and whole and self._found.received.is_missing(event, one.message.client):
            self._arrived_of_another(event, one)
        elif not whole and one.handed and not any(self._may(handed, one) for handed in one.handed):
            self._leaked(one.handed[0], one)
        else:
            self._misnamed(one)

    def _arrived_of_another(self, event: int, one: Attributed) -> None:
        self._arrived(event, one)
        if any(attempt.request in self._rows_written_by for attempt in self._lineage.attempts[event]):
            return  # its own invocation has handed it on through a table
        if one.way is not None and -inf < self._lineage.ended_at(event) < one.way.at:
            self._wrong("late", one, event, key=("late", self._function(one)), needs=(PUBLISHES,))
        else:
            self._wrong("wrong event", one, event, key=("wrong event", self._function(one)))

    def _misnamed(self, one: Attributed) -> None:
        if one.handed:
            waited = (
                event for event in one.handed if self._found.received.is_missing(event, one.message.client)
            )
            if (event := next(waited, None)) is not None and self._may(event, one):
                self._spoil(event, one)
        if one.what is Is.NAMES_NONE:
            key = ("never published", self._function(one))
            self._wrong("stray", one, key=key, needs=(PUBLISHES,))
        else:
            event = one.candidates[0]
            self._wrong("wrong event", one, event, key=("wrong event", self._function(one)))

    @property
    def _rows_written_by(self) -> frozenset[str | None]:
        """The invocations that wrote rows; looked for once, when a first message is not of its own invocation."""
        if self._writers is None:
            self._writers = frozenset(one.request for one in self._history.each(RowWritten))
        return self._writers

    # --- what is wrong ----------------------------------------------------------------------------------

    def _leaked(self, event: int, one: Attributed) -> None:
        kind = "privacy leak" if self._is_private(event) else "leak"
        shape = one.comparison.fit.value if one.comparison.fit is Fit.ALTERED else ""
        at = one.message.at
        needs = {
            messages_of(one.message.client, at),
            PUBLISHES.up_to(at),
            INVOCATIONS.up_to(at).where_shown(),
            CONNECTIONS.up_to(at).where_shown(),
        }
        self._wrong(kind, one, event, key=(kind, self._function(one), shape), needs=needs)

    def _is_private(self, event: int) -> bool:
        return any(map(self._scenario.feed.is_private, self._published[event].channels))

    def _function(self, one: Attributed) -> str:
        """The function that posted it; "" where nobody knows."""
        return self._lineage.function_of(one.request)

    def _wrong(
        self,
        kind: str,
        one: Attributed,
        event: int | None = None,
        *,
        key: tuple[str, ...],
        needs: Iterable[Need] = (),
    ) -> None:
        event = event if event is not None or not one.candidates else one.candidates[0]
        published = None if event is None else self._published[event]
        case = Case(
            key=key,
            event=None if published is None else published.event,
            client=one.message.client,
            type="" if published is None else published.type,
            needs=frozenset(needs),
            proof=_proof(published, one),
            request=one.request,
        )
        self._found.wrongs.add(kind, case, one)


_ALL_SEEN = (PUBLISHES, INVOCATIONS, POSTS)


def _proof(published: EventPublished | None, one: Attributed) -> Callable[[], Iterable[Observation]]:
    return lambda: tuple(seen for seen in (published, one.way, one.message) if seen is not None)
