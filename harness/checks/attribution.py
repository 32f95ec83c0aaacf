"""Attribution: which published event a message that a client received carries, and what tells so.

Two witnesses are heard. The way: the message is the next of its digest on its connection, so it is a post's, the post
is an invocation's, and the invocation was handed events (`harness.checks.lineage`). And the payload: what it holds,
and the id that it names. Where the inside is hidden there is the payload alone. Checks never look into payloads
themselves.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property, lru_cache
from typing import TypeAlias

from harness.checks.inside import Connections, connections
from harness.checks.lineage import Lineage, lineage_of
from harness.checks.payload import SAME, Comparison, Fit, compare, has_shape, ids_in
from harness.record.history import History
from harness.record.observation import (
    ConnectionPosted,
    EventPublished,
    MessageReceived,
    PublishFailed,
    ReplySent,
    digest_of,
)
from harness.scenario.feed import NO_ID, Feed, PayloadRule

Way: TypeAlias = ConnectionPosted | ReplySent
"""What the gateway wrote to a connection, and who asked it to."""


class Is(Enum):
    """What a message is to an event."""

    CARRIES = auto()
    """It is the event, or holds it whole; of several candidates that say the same it is any one."""
    ALTERED = auto()
    """It comes of one of the candidates, and is none of them any more."""
    OF_ANOTHER = auto()
    """It is, or names, the candidate; the invocation that posted it was handed others."""
    NAMES_NONE = auto()
    """It names an event that was never published."""
    UNSURE = auto()
    """It names an event of which nobody knows whether it was published: SNS may have taken it."""
    REPLY = auto()
    """It answers what the client itself sent; the candidates are the events that it holds besides."""
    OTHER = auto()
    """It has a shape that the feed says is no push."""
    STRAY = auto()
    """Nothing tells where it comes from."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """A message and what it is to the `candidates`, which are events by their place in the order of publishing.

    `way` is what the gateway wrote, None where that was not seen. `handed` are the events that its invocation was
    handed. `names` is the id that it names where that matters. A message that holds several events is attributed
    to each of them.
    """

    message: MessageReceived
    what: Is
    candidates: tuple[int, ...] = ()
    comparison: Comparison = SAME
    way: Way | None = None
    handed: tuple[int, ...] = ()
    names: str | None = None

    @property
    def request(self) -> str | None:
        """The invocation that posted it."""
        return None if self.way is None else self.way.request


class Attribution:
    """Attributes the messages of a history under a feed; memory grows with what is under way, not with messages."""

    def __init__(self, feed: Feed, history: History, lineage: Lineage | None = None) -> None:
        self._feed, self._history = feed, history
        self.published: Sequence[EventPublished] = history.of(EventPublished)
        self.lineage = lineage_of(history) if lineage is None else lineage
        self.connections = connections(history)
        self._unsure = frozenset(one.event for one in history.of(PublishFailed))
        self._ids = lru_cache(maxsize=1024)(self._ids_in)

    def __iter__(self) -> Iterator[Attributed]:
        """Every message with each event that it carries, in the order of arrival; as often as it is asked for."""
        return self.each(self.ways())

    def ways(self) -> "Ways":
        """What `each` is to keep the ways in; what is left there afterwards never arrived."""
        return Ways(self.connections)

    def each(self, ways: "Ways") -> Iterator[Attributed]:
        """As iterating does."""
        for seen in self._history.each(ConnectionPosted, ReplySent, MessageReceived):
            match seen:
                case MessageReceived():
                    yield from self._attributed(seen, ways.taken_by(seen))
                case ConnectionPosted() | ReplySent():
                    ways.note(seen)
                case _:
                    raise AssertionError(seen)

    def _attributed(self, message: MessageReceived, way: Way | None) -> Iterable[Attributed]:
        handed = () if way is None else self.lineage.events_of(way.request)
        if handed:
            return self._of_invocation(message, way, handed)
        if isinstance(way, ReplySent) or self._is_own(message, way):
            return (Attributed(message, Is.REPLY, self._told(message), way=way),)
        return self._by_payload(message, way)

    def _is_own(self, message: MessageReceived, way: Way | None) -> bool:
        """Whether the invocation answers what this very connection sent."""
        return way is not None and way.connection in self.lineage.connections_of(way.request)

    def _told(self, message: MessageReceived) -> tuple[int, ...]:
        """The events that a reply names and holds whole, as one that replays them does."""
        named = (self._published_as.get(name, ()) for name in self._ids(message.text))
        return tuple(event for events in named for held in self._held(message, events) for event in held)

    # --- where the invocation tells ---

    def _of_invocation(
        self, message: MessageReceived, way: Way | None, handed: tuple[int, ...]
    ) -> list[Attributed]:
        if len(handed) == 1 and message.text == self.published[handed[0]].text:
            return [Attributed(message, Is.CARRIES, handed, way=way, handed=handed)]
        found = [
            Attributed(message, Is.CARRIES, alike, self._judged(alike[0], message), way, handed)
            for alike in self._held(message, handed)
        ]
        found += self._of_others(message, way, handed, found)
        return found or [self._altered(message, way, handed)]

    def _held(self, message: MessageReceived, events: Iterable[int]) -> Iterator[tuple[int, ...]]:
        """The events whose value the message holds; those of one text together, as often as they are held."""
        by_text: dict[str, list[int]] = {}
        for event in events:
            by_text.setdefault(self.published[event].text, []).append(event)
        for text, alike in by_text.items():
            held = compare(text, message.text, self._searching)
            if held.fit is not Fit.ALTERED:
                for _ in range(min(held.times, len(alike))):
                    yield tuple(alike)

    @property
    def _searching(self) -> PayloadRule:
        """The rule by which an event is found in a payload, whatever the payload must be."""
        return "contains" if self._feed.payload == "contains" else "json"

    def _judged(self, event: int, message: MessageReceived) -> Comparison:
        return compare(self.published[event].text, message.text, self._feed.payload)

    def _of_others(
        self, message: MessageReceived, way: Way | None, handed: tuple[int, ...], found: list[Attributed]
    ) -> Iterator[Attributed]:
        """What it holds of events that its invocation was not handed, or names in place of what it was handed."""
        known = {self.published[event].event for event in handed}
        for name in self._ids(message.text):
            if name in known or name in self._unsure:
                continue
            named = self._published_as.get(name, ())
            held = next(self._held(message, named), None)
            if held is not None:
                judged = self._judged(held[0], message)
                yield Attributed(message, Is.OF_ANOTHER, held, judged, way, handed, name)
            elif not found:
                what = Is.OF_ANOTHER if named else Is.NAMES_NONE
                altered = Comparison(Fit.ALTERED, 0)
                yield Attributed(message, what, named, altered, way, handed, name)

    def _altered(self, message: MessageReceived, way: Way | None, handed: tuple[int, ...]) -> Attributed:
        """Of the events handed, those it names; else one of them all."""
        named = tuple(event for event in handed if self.published[event].event in self._ids(message.text))
        if not named and self._is_other(message):
            return Attributed(message, Is.OTHER, way=way, handed=handed)
        candidates = named or handed
        judged = self._judged(candidates[0], message)
        what = Is.CARRIES if judged.fit is not Fit.ALTERED else Is.ALTERED
        return Attributed(message, what, candidates, judged, way, handed)

    # --- where the payload alone tells ---

    def _by_payload(self, message: MessageReceived, way: Way | None) -> list[Attributed]:
        names = self._ids(message.text)
        found = [one for name in names for one in self._named(message, way, name)]
        if not found and (alike := self._with_text.get(message.text)) is not None:
            found = [Attributed(message, Is.CARRIES, alike, self._judged(alike[0], message), way)]
        if found:
            return found
        what = Is.OTHER if self._is_other(message) else Is.STRAY
        return [Attributed(message, what, way=way)]

    def _named(self, message: MessageReceived, way: Way | None, name: str) -> Iterator[Attributed]:
        named = self._published_as.get(name, ())
        if not named:
            what = Is.UNSURE if name in self._unsure else Is.NAMES_NONE
            yield Attributed(message, what, way=way, names=name)
            return
        alike = next(self._held(message, named), named)
        judged = self._judged(alike[0], message)
        what = Is.ALTERED if judged.fit is Fit.ALTERED else Is.CARRIES
        yield Attributed(message, what, alike, judged, way, names=name)

    def _is_other(self, message: MessageReceived) -> bool:
        return any(has_shape(message.text, shape) for shape in self._feed.others)

    def _ids_in(self, text: str) -> tuple[str, ...]:
        return () if self._feed.event_id == NO_ID else ids_in(text, self._feed.event_id)

    @cached_property
    def _published_as(self) -> Mapping[str, tuple[int, ...]]:
        """Events by id; an id may have been published again."""
        return _grouped((one.event, number) for number, one in enumerate(self.published))

    @cached_property
    def _with_text(self) -> Mapping[str, tuple[int, ...]]:
        return _grouped((one.text, number) for number, one in enumerate(self.published))


def _grouped(pairs: Iterable[tuple[str, int]]) -> Mapping[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for key, number in pairs:
        found[key] = (*found.get(key, ()), number)
    return found


class Ways:
    """What was written to each connection and has not arrived yet, by digest, in the order of writing."""

    def __init__(self, whose: Connections) -> None:
        self._whose = whose
        self._waiting: dict[tuple[str, str], list[Way]] = {}

    @property
    def left(self) -> Iterator[Way]:
        """What never arrived."""
        return (way for ways in self._waiting.values() for way in ways)

    def note(self, way: Way) -> None:
        """Something was written, or refused, which arrives nowhere."""
        is_written = isinstance(way, ReplySent) or way.status == 200
        if is_written and way.digest and way.connection in self._whose.clients:
            self._waiting.setdefault((way.connection, way.digest), []).append(way)

    def taken_by(self, message: MessageReceived) -> Way | None:
        """The first that can have arrived as this message, which is not waited for any more."""
        connection = self._whose.of(message.client, message.at)
        if connection is None:
            return None
        key = connection, _digest(message.text)
        waiting = self._waiting.get(key)
        if waiting is None:
            return None
        way = waiting.pop(0)
        if not waiting:
            del self._waiting[key]
        return way


@lru_cache(maxsize=256)
def _digest(text: str) -> str:
    return digest_of(text.encode(errors="surrogatepass"))
