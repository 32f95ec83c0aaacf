"""Lineage: which published events an invocation was handed, through whichever services, and by which attempts.

What an invocation was handed is followed back to its roots: a published event, or a message that a client sent
itself. Where the way cannot be followed, that is a root too, so that nobody takes the unknown for nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from sys import intern
from typing import TypeAlias

from harness.record.history import History
from harness.record.observation import (
    EventPublished,
    InvocationEnded,
    InvocationStarted,
    Observation,
    Sent,
)

UNFOLLOWED = "?"
"""The root of what came from where the history does not show."""

_MOST_ROOTS = 1000
"""Roots of one thing that are told apart; of what has more the rest counts as not followed."""

Roots: TypeAlias = tuple[int | str, ...]
"""Events by their place in the order of publishing, connections whose own message it was, or UNFOLLOWED."""


@dataclass(slots=True)
class Attempt:
    """One attempt of an invocation; `ended_at` is infinite when its end was not seen."""

    request: str
    function: str
    started_at: float
    ended_at: float = inf


@dataclass(frozen=True, slots=True)
class Lineage:
    """The roots of every request, and the attempts that were handed each event, in time order.

    `unfollowed` says whether any attempt was handed something whose origin the history does not show.
    `other_functions` are those of the requests that were handed no event.
    """

    roots: Mapping[str, Roots]
    attempts: Sequence[Sequence[Attempt]]
    other_functions: Mapping[str, str]
    unfollowed: bool

    def events_of(self, request: str | None) -> tuple[int, ...]:
        """The events that the invocation was handed, by their place in the order of publishing."""
        return _events(self.roots.get(request or "", ()))

    def connections_of(self, request: str | None) -> frozenset[str]:
        """The connections whose own message, connect or disconnect the invocation answers."""
        return _connections(self.roots.get(request or "", ()))

    def is_unfollowed(self, request: str | None) -> bool:
        """Whether nobody can tell all of what the invocation was handed."""
        return UNFOLLOWED in self.roots.get(request or "", (UNFOLLOWED,))

    def function_of(self, request: str | None) -> str:
        """The function of the request; "" when nobody knows."""
        handed = (one for event in self.events_of(request)[:1] for one in self.attempts[event])
        known = (one.function for one in handed if one.request == request)
        return next(known, self.other_functions.get(request or "", ""))

    def ended_at(self, event: int) -> float:
        """When the last attempt that was handed the event had ended; minus infinity when there was none."""
        return max((one.ended_at for one in self.attempts[event]), default=-inf)


def lineage_of(history: History) -> Lineage:
    """The lineage of all that was invoked in this history; empty where it does not show the inside."""
    found = _Follower()
    # An event is noted when SNS has answered, which may be after a function was handed it.
    for published in history.of(EventPublished):
        found.take(published)
    for seen in history.each(Sent, InvocationStarted, InvocationEnded):
        found.take(seen)
    return Lineage(found.requests, found.attempts, found.other_functions, found.unfollowed)


@dataclass(slots=True)
class _Follower:
    """Follows in time order: whatever is handed on came to be before."""

    ids: dict[str, Roots] = field(default_factory=dict)
    requests: dict[str, Roots] = field(default_factory=dict)
    attempts: list[list[Attempt]] = field(default_factory=list)
    other_functions: dict[str, str] = field(default_factory=dict)
    unfollowed: bool = False
    _open: dict[str, list[Attempt]] = field(default_factory=dict)

    def take(self, seen: Observation) -> None:
        match seen:
            case EventPublished():
                self.ids[seen.message_id] = (len(self.attempts),)
                self.attempts.append([])
            case Sent():
                self.ids[seen.id] = self._roots_of_sent(seen)
            case InvocationStarted():
                self._start(seen)
            case InvocationEnded(request=request) if self._open.get(request):
                attempts = self._open[request]
                attempts.pop(0).ended_at = seen.at
                if not attempts:
                    del self._open[request]
            case _:
                pass

    def _roots_of_sent(self, sent: Sent) -> Roots:
        earlier = [] if sent.origin is None else [self.ids.get(sent.origin, (UNFOLLOWED,))]
        earlier += [] if sent.request is None else [self.requests.get(sent.request, (UNFOLLOWED,))]
        return _united((*earlier, self.ids.get(sent.id, ())))

    def _start(self, started: InvocationStarted) -> None:
        roots = _united(self._handed(started))
        self.requests[started.request] = roots
        self.unfollowed = self.unfollowed or UNFOLLOWED in roots
        attempt = Attempt(started.request, intern(started.function), started.at)
        self._open.setdefault(started.request, []).append(attempt)
        events = _events(roots)
        if not events:
            self.other_functions[started.request] = started.function
        for event in events:
            self.attempts[event].append(attempt)

    def _handed(self, started: InvocationStarted) -> Iterable[Roots]:
        if started.connection is not None:
            yield (started.connection,)
        if started.caller is not None:
            yield self.requests.get(started.caller, (UNFOLLOWED,))
        yield from (self.ids.get(message, (UNFOLLOWED,)) for message in started.messages)


def _united(all_of_them: Iterable[Roots]) -> Roots:
    each = [one for one in dict.fromkeys(all_of_them) if one]
    if len(each) < 2:
        return each[0] if each else ()
    roots = tuple(dict.fromkeys(root for one in each for root in one))
    return roots if len(roots) <= _MOST_ROOTS else (*roots[:_MOST_ROOTS], UNFOLLOWED)


@lru_cache(maxsize=256)
def _events(roots: Roots) -> tuple[int, ...]:
    return tuple(root for root in roots if isinstance(root, int))


@lru_cache(maxsize=256)
def _connections(roots: Roots) -> frozenset[str]:
    return frozenset(root for root in roots if isinstance(root, str) and root != UNFOLLOWED)
