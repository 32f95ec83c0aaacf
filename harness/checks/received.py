"""Received: how often each client got each event, kept small however many messages there were.

An event that everybody who must have it has got once shares one set of clients with all others like it, so that
memory grows with clients, and with events that are not through yet.
"""

from collections.abc import Iterator, Sequence, Set
from typing import TypeAlias

from harness.checks.expected import Expected

_Levels: TypeAlias = list[Set[str]]
"""Who got an event at least once, at least twice, and so on."""


class Received:
    """How often each client got each event; who got only what the event had been made into is `spoilt`."""

    def __init__(self, expected: Sequence[Expected]) -> None:
        self._expected = expected
        self._is_through = bytearray(
            len(expected)
        )  # whether exactly those who must have it have got it, once
        self._levels: dict[int, _Levels] = {}
        self._spoilt: dict[int, Set[str]] = {}

    def has(self, event: int, client: str) -> bool:
        """Whether the client got the event itself."""
        levels = self._levels_of(event)
        return bool(levels) and client in levels[0]

    def is_missing(self, event: int, client: str) -> bool:
        """Whether the client got nothing of the event so far."""
        return not self.has(event, client) and client not in self._spoilt.get(event, ())

    def add(self, event: int, client: str) -> None:
        """The client got the event, once more or for the first time."""
        levels = self._levels_of(event)
        number = next((n for n, level in enumerate(levels) if client not in level), len(levels))
        if number == len(levels):
            levels.append(set())
        must = self._expected[event].must
        levels[number] = _with(levels[number], client, must)
        self._is_through[event] = len(levels) == 1 and levels[0] is must
        if self._is_through[event]:
            self._levels.pop(event, None)
        else:
            self._levels[event] = levels

    def spoil(self, event: int, client: str) -> None:
        """The client got what the event had been made into."""
        if self.is_missing(event, client):
            must = self._expected[event].must
            self._spoilt[event] = _with(self._spoilt.get(event, set()), client, must)

    def missing(self, event: int) -> Set[str]:
        """Who must have the event and got nothing of it."""
        if self._is_through[event]:
            return frozenset()
        levels = self._levels_of(event)
        got = levels[0] if levels else frozenset()
        return self._expected[event].must - got - self._spoilt.get(event, frozenset())

    def more_than(self, event: int, times: float) -> Iterator[tuple[str, int]]:
        """Who got the event more often than that, and how often."""
        levels = self._levels_of(event)
        if len(levels) > times:
            for client in levels[int(times)]:
                yield client, sum(client in level for level in levels)

    def _levels_of(self, event: int) -> _Levels:
        return [self._expected[event].must] if self._is_through[event] else self._levels.get(event, [])


def _with(clients: Set[str], client: str, everybody: frozenset[str]) -> Set[str]:
    """The clients and this one; the shared set where that makes `everybody`. `clients` may be changed."""
    grown: Set[str] = clients if isinstance(clients, set) else set(clients)
    assert isinstance(grown, set)
    grown.add(client)
    return everybody if len(grown) == len(everybody) and grown == everybody else grown
